"""Where packages are imported from: folders, and other V3 feeds."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Protocol, cast
from urllib.parse import urljoin

from nugetlite.client.connection import Connection, Line
from nugetlite.client.errors import ClientError
from nugetlite.client.remote import Credentials
from nugetlite.client.v3 import V3Source
from nugetlite.errors import NotUnderstood
from nugetlite.package.identity import Identity, PackageId
from nugetlite.package.version import Version


@dataclass(frozen=True, slots=True)
class Offer:
    """One package that a source has; of a loose file only the name is known before it is read."""

    name: str
    identity: Identity | None
    listed: bool = True


class Source(Protocol):
    """Something that packages can be taken from."""

    def offers(self) -> Iterator[Offer]:
        """What there is."""

    def open(self, offer: Offer) -> AbstractContextManager[BinaryIO]:
        """The bytes of one package."""


class SourceUnusable(NotUnderstood):
    """A source that cannot be read."""


def open_source(place: str) -> Source:
    """The source that a path or URL names; raises ``SourceUnusable``."""
    if place.startswith(("http://", "https://")):
        return FeedSource(place)
    if Path(place).exists():
        return FolderSource(Path(place))
    raise SourceUnusable(f"There is no folder or file {place}")


class FolderSource:
    """Every ``.nupkg`` at or below a path."""

    def __init__(self, root: Path) -> None:
        self._root = root

    def offers(self) -> Iterator[Offer]:
        """The files, in the order of their names."""
        found = [self._root] if self._root.is_file() else sorted(self._root.rglob("*.nupkg"))
        for path in found:
            if path.is_file() and not path.name.lower().endswith(".symbols.nupkg"):
                yield Offer(str(path), None)

    @contextmanager
    def open(self, offer: Offer) -> Iterator[BinaryIO]:
        """The file."""
        with Path(offer.name).open("rb") as stream:
            yield stream


class FeedSource:
    """Every version of every package of a V3 feed: by its catalog if it has one, else by its search."""

    def __init__(self, index: str) -> None:
        connection = Connection(Line(seconds=60))
        try:
            self._feed = V3Source(index, connection, Credentials()).open()
        except ClientError as error:
            raise SourceUnusable(str(error)) from error

    def offers(self) -> Iterator[Offer]:
        """Listed and unlisted versions; of each id, the oldest first."""
        for id in self._ids():
            listed = self._listed(id)
            for version in self._feed.versions(id.key):
                identity = Identity(id, version)
                yield Offer(str(identity), identity, listed.get(version, True))

    @contextmanager
    def open(self, offer: Offer) -> Iterator[BinaryIO]:
        """The download, streamed."""
        identity = cast(Identity, offer.identity)
        url = self._feed.nupkg_url(identity)
        connection = self._feed.connection
        with connection.open("GET", url, {"Accept-Encoding": "identity"}) as response:
            if response.status != 200:
                raise connection.read(url, response).refusal()
            yield cast(BinaryIO, response)

    def _ids(self) -> Iterator[PackageId]:
        ids = self._ids_of_catalog() if self._feed.offers("Catalog/3.0.0") else self._ids_of_search()
        seen: set[PackageId] = set()
        for id in ids:
            if id not in seen:
                seen.add(id)
                yield id

    def _ids_of_catalog(self) -> Iterator[PackageId]:
        for page in self._feed.get(self._feed.resource("Catalog/3.0.0")).documents("items"):
            for item in self._feed.get(page.text("@id")).documents("items"):
                yield PackageId.parse(item.text("nuget:id"))

    def _ids_of_search(self) -> Iterator[PackageId]:
        for found in self._feed.find("", prerelease=True, all_versions=False):
            yield PackageId.parse(found.id)

    def _listed(self, id: PackageId) -> dict[Version, bool]:
        base = self._feed.resource("RegistrationsBaseUrl/3.6.0", "RegistrationsBaseUrl")
        index = self._feed.get(urljoin(base, f"{id.key}/index.json"), missing_is_empty=True)
        listed: dict[Version, bool] = {}
        for page in index.documents("items"):
            inlined = page if "items" in page else self._feed.get(page.text("@id"))
            for leaf in inlined.documents("items"):
                entry = leaf.document("catalogEntry")
                listed[Version.parse(entry.text("version"))] = "listed" not in entry or entry.is_true(
                    "listed"
                )
        return listed
