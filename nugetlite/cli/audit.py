"""Read the record of who did what, watch it grow, and check that nobody has changed it."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from itertools import islice

import click

from nugetlite.audit import Audit, Record
from nugetlite.audit.record import printable
from nugetlite.cli.here import feed_here

LAST = 50  #: records that are shown if nobody says how many
PAUSE = 0.2  #: seconds between two looks whether there is more
LONG_WORD = 40  #: characters, such as a hash has; of a longer word the beginning is shown
SHOWN = 12  #: characters of it
UNITS = {"m": "minutes", "h": "hours", "d": "days"}


def point_in_time(context: click.Context, parameter: click.Parameter, value: str | None) -> datetime | None:
    """What an option says of when: a time, in UTC if no zone is told, or how long ago it was."""
    if value is None:
        return None
    if ago := re.fullmatch(r"(\d{1,6})([mhd])", value):
        return datetime.now(UTC) - timedelta(**{UNITS[ago[2]]: int(ago[1])})
    try:
        told = datetime.fromisoformat(value)
    except ValueError:
        raise click.BadParameter(
            f"{value!r} is no time; give one as 2026-11-20, 2026-11-20T12:00 or 90m, 12h, 7d"
        ) from None
    return told if told.tzinfo else told.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which records somebody wants to see."""

    since: datetime | None = None
    about: str = ""
    by: str = ""

    def __contains__(self, record: Record) -> bool:
        return (
            (self.since is None or record.when >= self.since)
            and self.about.lower() in ("", record.subject.lower(), record.subject.lower().partition(" ")[0])
            and self.by.lower() in ("", record.actor.lower(), record.key.lower())
        )


@click.command("audit")
@click.argument("packages", required=False)
@click.option("--last", type=click.IntRange(0), metavar="N", help=f"Only the last N records (else {LAST}).")
@click.option("--all", "all_of_them", is_flag=True, help="All records.")
@click.option(
    "--since",
    metavar="TIME",
    callback=point_in_time,
    help="Those since a time (UTC), or since 90m, 12h or 7d ago.",
)
@click.option("--about", default="", metavar="ID", help="Those about one package, account, key or owner.")
@click.option("--by", default="", metavar="NAME", help="What one actor did, or somebody with one key.")
@click.option("--follow", is_flag=True, help="Go on to show what is added, until Ctrl-C.")
@click.option(
    "--format", "form", type=click.Choice(["text", "json"]), default="text", help="JSON: one object a line."
)
@click.option("--verify", is_flag=True, help="Check that nothing was changed; exits with 1 if something was.")
@click.option(
    "--head", default="", metavar="DIGEST", help="A head that --verify told before, to be found again."
)
@click.pass_context
def audit(
    context: click.Context,
    packages: str | None,
    last: int | None,
    all_of_them: bool,
    since: datetime | None,
    about: str,
    by: str,
    follow: bool,
    form: str,
    verify: bool,
    head: str,
) -> None:
    """Show who did what, when, from where and with which key; newest last. The server may go on meanwhile.

    PACKAGES is a folder or storage URL; without it, the one of the settings.
    """
    if head and not verify:
        raise click.UsageError("--head goes with --verify")
    record = feed_here(packages).audit
    if verify:
        context.exit(_verify(record, head.strip().lower(), form))
    wanted = Wanted(since, about, by)
    most = last if last is not None else None if all_of_them or since else LAST
    begun = record.newest
    seen = begun.seq if begun else 0
    shown = False
    for each in _chosen(record, wanted, most, seen):
        shown = True
        _show(each, form)
    if not shown and not follow and form != "json":
        click.echo("There is no such record", err=True)
    if follow:
        with suppress(KeyboardInterrupt):
            for each in _growing(record, seen):
                if each in wanted:
                    _show(each, form)


def _verify(record: Audit, head: str, form: str) -> int:
    """Tell what was found, and answer the exit code."""
    found = record.verify(head)
    if form == "json":
        click.echo(json.dumps({"sound": found.is_sound, **asdict(found)}))
    elif found.is_sound:
        click.echo(f"{found.count} records are as they were written. Keep the head elsewhere: {found.head}")
    else:
        click.echo(f"{found.problem}. The {found.count} before it are as they were written.")
    return 0 if found.is_sound else 1


def _chosen(record: Audit, wanted: Wanted, most: int | None, seen: int) -> Iterable[Record]:
    """Those records up to number ``seen`` that are wanted, oldest first."""
    if most is None:
        return (each for each in record.onwards() if each.seq <= seen and each in wanted)
    newest_first = (each for each in record.backwards() if each.seq <= seen and each in wanted)
    return reversed(list(islice(newest_first, most)))


def _growing(record: Audit, seen: int) -> Iterator[Record]:
    """What is added after number ``seen``, as it comes."""
    change: object = None
    while True:
        if change == (change := record.change()):
            time.sleep(PAUSE)
            continue
        for each in record.onwards(seen):
            seen = each.seq
            yield each


def _show(record: Record, form: str) -> None:
    click.echo(record.to_json() if form == "json" else _line(record))


def _line(record: Record) -> str:
    """A record as a person reads it."""
    who = f"{record.actor} (key {record.key})" if record.key else record.actor
    done = record.action if record.outcome == "done" else f"{record.outcome}: {record.action}"
    told = [f"{name}={_short(text)}" for name, text in sorted(record.detail.items())]
    words = [f"{record.when:%Y-%m-%d %H:%M:%SZ}", who, record.address or "-", done, record.subject, *told]
    return "  ".join(printable(word) for word in words if word)


def _short(text: str) -> str:
    return f"{text[:SHOWN]}…" if len(text) > LONG_WORD and " " not in text else text
