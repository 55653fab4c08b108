"""Bring many packages to the feed at once."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterable

import click
from urllib3.exceptions import HTTPError

from nugetlite import app, config
from nugetlite.actor import OPERATOR
from nugetlite.errors import FeedError, NoSuchPackage, PackageExists
from nugetlite.feed import Feed
from nugetlite.package.package import Deletion
from nugetlite.sources import Offer, Source, open_source


@click.command("import")
@click.argument("places", nargs=-1, required=True, metavar="PATH|URL...")
@click.option(
    "--to", "packages", metavar="PACKAGES", help="Folder or storage URL to import into; else the settings'."
)
@click.pass_context
def import_packages(context: click.Context, places: tuple[str, ...], packages: str | None) -> None:
    """Import packages from folders of .nupkg files, or from the service index of another V3 feed.

    What is here already is left alone, so an import that was cut short goes on when it is run again. Unlisted
    versions stay unlisted. Exits with 1 if a package was refused.
    """
    feed = app.build(config.load(os.environ, {"packages": packages})).feed
    tally: Counter[str] = Counter()
    for place in places:
        source = open_source(place)
        offers = list(source.offers())
        with click.progressbar(
            offers, label=f"Importing {place}", show_pos=True, item_show_func=_name
        ) as bar:
            tally += _import(feed, source, bar)
    click.echo(f"{tally['imported']} imported, {tally['here']} were here already, {tally['refused']} refused")
    context.exit(1 if tally["refused"] else 0)


def _import(feed: Feed, source: Source, offers: Iterable[Offer]) -> Counter[str]:
    tally: Counter[str] = Counter()
    for offer in offers:
        try:
            tally["imported" if _import_one(feed, source, offer) else "here"] += 1
        except (FeedError, OSError, HTTPError) as error:
            click.echo(f"\n{offer.name}: {error}", err=True)
            tally["refused"] += 1
    return tally


def _import_one(feed: Feed, source: Source, offer: Offer) -> bool:
    """Whether it was not here yet."""
    if offer.identity and _is_here(feed, offer):
        return False
    try:
        with source.open(offer) as stream:
            package = feed.push(stream, OPERATOR).package
    except PackageExists:
        return False
    if not offer.listed:
        feed.delete(package.identity, OPERATOR, Deletion.UNLIST, "it was unlisted where it was imported from")
    return True


def _is_here(feed: Feed, offer: Offer) -> bool:
    assert offer.identity is not None  # noqa: S101 -- the caller looked
    try:
        return bool(feed.find(offer.identity))
    except NoSuchPackage:
        return False


def _name(offer: Offer | None) -> str:
    return offer.name[-60:] if offer else ""
