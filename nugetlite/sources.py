"""Where packages are imported from: folders, and other V3 feeds."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO, Protocol, cast
from urllib.parse import urlencode, urljoin

import urllib3

from nugetlite.errors import NotUnderstood
from nugetlite.package.identity import Identity, PackageId
from nugetlite.package.version import Version

SEARCH_PAGE = 100
TIMEOUT = urllib3.Timeout(connect=10, read=60)


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
        self._http = urllib3.PoolManager(
            timeout=TIMEOUT, retries=urllib3.Retry(5, connect=1, backoff_factor=0.5)
        )
        self._resources: dict[str, str] = {}
        for resource in self._json(index).get("resources", []):
            types = resource.get("@type", [])
            for type in [types] if isinstance(types, str) else types:
                self._resources.setdefault(type, resource["@id"])
        self._index = index

    def offers(self) -> Iterator[Offer]:
        """Listed and unlisted versions; of each id, the oldest first."""
        for id in self._ids():
            listed = self._listed(id)
            url = urljoin(self._resource("PackageBaseAddress/3.0.0"), f"{id.key}/index.json")
            for text in self._json(url, missing={"versions": []})["versions"]:
                identity = Identity(id, Version.parse(text))
                yield Offer(str(identity), identity, listed.get(identity.version, True))

    @contextmanager
    def open(self, offer: Offer) -> Iterator[BinaryIO]:
        """The download, streamed."""
        identity = cast(Identity, offer.identity)
        id, version = identity.id.key, identity.version.key
        url = urljoin(self._resource("PackageBaseAddress/3.0.0"), f"{id}/{version}/{id}.{version}.nupkg")
        response = self._http.request("GET", url, preload_content=False)
        try:
            if response.status != 200:
                raise SourceUnusable(f"{url} answered {response.status} {response.reason or ''}".strip())
            yield cast(BinaryIO, response)
        finally:
            response.release_conn()

    def _ids(self) -> Iterator[PackageId]:
        ids = self._ids_of_catalog() if "Catalog/3.0.0" in self._resources else self._ids_of_search()
        seen: set[PackageId] = set()
        for id in ids:
            if id not in seen:
                seen.add(id)
                yield id

    def _ids_of_catalog(self) -> Iterator[PackageId]:
        for page in self._json(self._resource("Catalog/3.0.0"))["items"]:
            for item in self._json(page["@id"])["items"]:
                yield PackageId.parse(item["nuget:id"])

    def _ids_of_search(self) -> Iterator[PackageId]:
        url, skip = self._resource("SearchQueryService"), 0
        while True:
            asked = {"q": "", "skip": skip, "take": SEARCH_PAGE, "prerelease": "true", "semVerLevel": "2.0.0"}
            found = self._json(f"{url}?{urlencode(asked)}")["data"]
            if not found:
                return
            for result in found:
                yield PackageId.parse(result["id"])
            skip += len(found)

    def _listed(self, id: PackageId) -> dict[Version, bool]:
        url = urljoin(self._resource("RegistrationsBaseUrl"), f"{id.key}/index.json")
        listed: dict[Version, bool] = {}
        for page in self._json(url, missing={"items": []})["items"]:
            for leaf in page.get("items") or self._json(page["@id"])["items"]:
                entry = leaf["catalogEntry"]
                listed[Version.parse(entry["version"])] = entry.get("listed", True)
        return listed

    def _resource(self, type: str) -> str:
        found = [url for name, url in sorted(self._resources.items(), reverse=True) if name.startswith(type)]
        if not found:
            raise SourceUnusable(f"{self._index} offers no {type}")
        return found[0]

    def _json(self, url: str, missing: dict[str, Any] | None = None) -> dict[str, Any]:
        try:
            response = self._http.request("GET", url, headers={"Accept-Encoding": "gzip"})
            if response.status == 404 and missing is not None:
                return missing
            if response.status != 200:
                raise SourceUnusable(f"{url} answered {response.status} {response.reason or ''}".strip())
            return cast(dict[str, Any], response.json())
        except urllib3.exceptions.HTTPError as error:
            raise SourceUnusable(f"{url} cannot be reached: {error}") from error
        except ValueError as error:
            raise SourceUnusable(f"{url} is not JSON") from error
