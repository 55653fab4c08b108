"""Push files to a feed: this server, any NuGet source, any Octopus server."""

from __future__ import annotations

from contextlib import AbstractContextManager
from pathlib import Path

import click

from nugetlite.cli.calling import Call, reads
from nugetlite.cli.dialect import ClientCommand, Synonym, exit_code, leave
from nugetlite.client.errors import BadOption
from nugetlite.client.options import overwrite_mode
from nugetlite.client.publishing import SYMBOLS
from nugetlite.client.pushing import Result, chosen_files, push_all
from nugetlite.client.remote import Outcome, OverwriteMode, Wish
from nugetlite.client.upload import Watch

AT_A_TIME = 4


@click.command(cls=ClientCommand, what="Push to")
@click.argument("files", nargs=-1, metavar="[FILES...]")
@click.option(
    "--package", "packages", multiple=True, metavar="FILE", help="A file or pattern to push; may be repeated."
)
@click.option(
    "--overwrite-mode",
    "mode",
    metavar="MODE",
    callback=reads(overwrite_mode),
    default=OverwriteMode.FAIL.value,
    show_default=True,
    help=f"If it is there already: {', '.join(OverwriteMode)}.",
)
@click.option("--replace-existing", cls=Synonym, stands_for=f"overwrite-mode={OverwriteMode.OVERWRITE}")
@click.option("--skip-duplicate", cls=Synonym, stands_for=f"overwrite-mode={OverwriteMode.IGNORE}")
@click.option(
    "--use-delta-compression",
    "delta",
    type=click.BOOL,
    metavar="BOOLEAN",
    default=True,
    show_default=True,
    help="Send an Octopus server only what changed since the version that it has.",
)
@click.option("--symbols", is_flag=True, help="Push the .snupkg beside each .nupkg too.")
@click.option(
    "--parallel",
    "at_a_time",
    type=click.IntRange(1, 32),
    metavar="N",
    default=AT_A_TIME,
    show_default=True,
    help="How many files to push at a time.",
)
@click.option("--exit-zero", is_flag=True, help="With Json, exit with 0 even if files failed, as octo does.")
@click.pass_context
def push(
    context: click.Context,
    call: Call,
    files: tuple[str, ...],
    packages: tuple[str, ...],
    mode: OverwriteMode,
    delta: bool,
    symbols: bool,
    at_a_time: int,
    exit_zero: bool,
) -> None:
    """Push files and patterns to a feed, and say what came of each.

    Exits with 0 if all of them are there now, and with what octo exits with if not.
    """
    telling = call.telling
    if exit_zero and not telling.is_json:
        raise BadOption("--exit-zero goes with --outputFormat=Json, where the answer says what failed")
    chosen = chosen_files([*packages, *files], symbols=symbols)
    if not chosen:
        raise BadOption("Say what to push: files or patterns, as they are or as --package=FILE")
    remote = call.remote(nuget_first=any(file.suffix.lower() == SYMBOLS for file in chosen))
    with telling.bars() as bars:

        def watcher(file: Path) -> AbstractContextManager[Watch]:
            telling.say(f"Pushing package: {file}...")
            return bars.bar(file.name)

        results = push_all(remote, chosen, Wish(mode, delta), at_a_time=at_a_time, watcher=watcher)
    _report(call, results)
    failures = [result.error for result in results if result.error]
    if failures and not exit_zero:
        leave(context, telling, exit_code(failures[0]))


def _report(call: Call, results: list[Result]) -> None:
    telling = call.telling
    for result in results:
        news = f"{result.file.name} {result.pushed.outcome}"
        telling.announce(f"{news}: {result.error}" if result.error else news, is_bad=result.error is not None)
    telling.table(("File", "Result", "Sent", "Note"), [_row(result) for result in results])
    telling.json(
        {
            "SuccessfulPackages": [str(result.file) for result in results if not result.error],
            "FailedPackages": [
                {"Package": str(result.file), "Reason": str(result.error)}
                for result in results
                if result.error
            ],
        }
    )
    if not any(result.error for result in results):
        telling.say("Push successful")


def _row(result: Result) -> tuple[str, str, str, str]:
    pushed = result.pushed
    sent = f"{pushed.sent:,}" if pushed.outcome is Outcome.PUSHED else ""
    return result.file.name, pushed.outcome, sent, pushed.note
