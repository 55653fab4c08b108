"""Look after a share: rebuild the index from it, check its files."""

from __future__ import annotations

import click

from nugetlite.cli.here import feed_here
from nugetlite.package.sight import EVERYTHING
from nugetlite.upkeep.verify import verify as verify_share


@click.command()
@click.argument("packages", required=False)
def reindex(packages: str | None) -> None:
    """Rebuild the index from the share: packages, flags and marks. The server may answer meanwhile.

    PACKAGES is a folder or storage URL; without it, the one of the settings.
    """
    parts = feed_here(packages, mend=True)
    with click.progressbar(
        length=parts.feed.counts(EVERYTHING).versions, label="Reading packages", show_pos=True
    ) as bar:
        report = parts.upkeep.scan(afresh=True, progress=bar.update)
    click.echo(report)
    for folder, why in sorted(report.problems.items()):
        click.echo(f"{folder}: {why}", err=True)


@click.command()
@click.argument("packages", required=False)
@click.pass_context
def verify(context: click.Context, packages: str | None) -> None:
    """Compare every package on the share with its hash; exits with 1 if one is not as it should be.

    PACKAGES is a folder or storage URL; without it, the one of the settings.
    """
    parts = feed_here(packages)
    bad = sound = 0
    for folder, problem in verify_share(parts.share):
        sound += not problem
        bad += bool(problem)
        if problem:
            click.echo(f"{folder}: {problem}")
    click.echo(f"Sound: {sound}. Not as they should be: {bad}")
    context.exit(1 if bad else 0)
