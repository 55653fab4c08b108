"""Look at, fetch and delete what is on a feed somewhere else."""

from __future__ import annotations

from itertools import islice
from pathlib import Path

import click

from nugetlite.cli.calling import Call
from nugetlite.cli.dialect import ClientCommand
from nugetlite.client.downloading import download as fetch
from nugetlite.client.errors import Answered
from nugetlite.package.package import Deletion

LIMIT = 100
NOT_FOUND = 404
ABOUT = 70  #: characters of a description in a table


@click.command(cls=ClientCommand, what="Delete at")
@click.argument("id")
@click.argument("version")
@click.option(
    "--policy",
    type=click.Choice([str(deletion) for deletion in Deletion], case_sensitive=False),
    help="What the delete is to come to, where the feed lets one choose; else its own policy.",
)
@click.option("--reason", default="", metavar="TEXT", help="Why; whoever misses the version is told.")
@click.option("--force", is_flag=True, help="Delete it even if other packages there need it.")
def delete(call: Call, id: str, version: str, policy: str | None, reason: str, force: bool) -> None:
    """Delete a version of a package."""
    remote = call.remote(nuget_first=bool(policy or reason or force))
    done = remote.delete(id, version, Deletion(policy.lower()) if policy else None, reason, force=force)
    call.telling.say(f"Deleted {id} {version}{f' ({done})' if done else ''}")
    call.telling.json({"Id": id, "Version": version, "Deletion": done or None})


@click.command(cls=ClientCommand, what="Relist at")
@click.argument("id")
@click.argument("version")
def relist(call: Call, id: str, version: str) -> None:
    """Show a version again that was unlisted, or bring back one that was soft-deleted."""
    try:
        call.remote(nuget_first=True).relist(id, version)
    except Answered as refusal:
        if refusal.code != NOT_FOUND or call.source or call.is_anonymous:
            raise
        call.remote().relist(id, version)  # what is no NuGet package, only an Octopus API knows
    call.telling.say(f"Relisted {id} {version}")
    call.telling.json({"Id": id, "Version": version})


@click.command("list", cls=ClientCommand, what="List what is at")
@click.argument("words", nargs=-1)
@click.option("--prerelease", is_flag=True, help="Prereleases too.")
@click.option("--all-versions", is_flag=True, help="Every version, not only the newest of each package.")
@click.option(
    "--limit",
    type=click.IntRange(1),
    default=LIMIT,
    show_default=True,
    metavar="N",
    help="How many at most.",
)
def list_packages(
    call: Call, words: tuple[str, ...], prerelease: bool, all_versions: bool, limit: int
) -> None:
    """List the packages that words find; without words, all of them."""
    remote = call.remote(nuget_first=call.is_anonymous)
    found = remote.find(" ".join(words), prerelease=prerelease, all_versions=all_versions)
    shown = list(islice(found, limit))
    rows = [(each.id, each.version, _short(each.description)) for each in shown]
    call.telling.table(("Id", "Version", "Description"), rows)
    call.telling.json(
        {
            "Packages": [
                {
                    "Id": each.id,
                    "Version": each.version,
                    "Description": each.description,
                    "SizeBytes": each.size or None,
                    "Downloads": each.downloads,
                }
                for each in shown
            ]
        }
    )
    if next(found, None):
        call.telling.say(f"There are more than these {limit}; --limit=N shows them")
    elif not shown:
        call.telling.say("Nothing was found")


@click.command(cls=ClientCommand, what="Download from")
@click.argument("id")
@click.argument("version", default="")
@click.option("--prerelease", is_flag=True, help="Without VERSION, the newest may be a prerelease.")
@click.option(
    "--output",
    type=click.Path(path_type=Path, file_okay=False),
    default=Path(),
    metavar="FOLDER",
    help="Where to put the file; else the current folder.",
)
def download(call: Call, id: str, version: str, prerelease: bool, output: Path) -> None:
    """Download a version of a package; without VERSION, the newest.

    A download that was cut short goes on where it stopped. The file gets its name when it is whole, and has the
    hash that the feed tells, if it tells one.
    """
    remote = call.remote(nuget_first=call.is_anonymous)
    place = remote.locate(id, version, prerelease=prerelease)
    with call.telling.bars() as bars, bars.bar(place.filename) as watch:
        got = fetch(place, output, call.connection, watch)
    checked = f"{place.hash.algorithm} as the feed tells it" if place.hash else "the feed tells no hash"
    how = "Was there already:" if got.was_there else "Downloaded"
    call.telling.say(f"{how} {got.file} ({got.size:,} bytes, {checked})")
    call.telling.json(
        {
            "Id": place.id,
            "Version": place.version,
            "File": str(got.file.absolute()),
            "SizeBytes": got.size,
            "Checked": got.checked,
        }
    )


def _short(text: str) -> str:
    return text if len(text) <= ABOUT else f"{text[: ABOUT - 1]}…"
