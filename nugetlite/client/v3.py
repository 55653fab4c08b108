"""NuGet V3: everything is found in the service index."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Self
from urllib.parse import quote, urlencode, urljoin, urlsplit

from nugetlite.client.connection import Connection, printable, shown
from nugetlite.client.document import Document
from nugetlite.client.errors import Answered, ClientError, NotOffered, Puzzling
from nugetlite.client.publishing import NuGetSource, told_hash
from nugetlite.client.remote import Credentials, Found, Hash, Place
from nugetlite.package.identity import Identity, PackageId
from nugetlite.package.version import Version

PAGE = 100
NOT_FOUND = 404


class V3Source(NuGetSource):
    """A source whose URL is that of a service index; ``open`` it first."""

    def __init__(self, url: str, connection: Connection, credentials: Credentials) -> None:
        super().__init__(url, connection, credentials)
        self._resources: dict[str, str] = {}

    @property
    def description(self) -> str:
        """What it is."""
        return f"the NuGet V3 source {shown(self.url)}"

    @property
    def publish_url(self) -> str:
        """Where packages are pushed to."""
        return self.resource("PackagePublish/2.0.0", "PackagePublish")

    @property
    def symbols_url(self) -> str:
        """Where symbols are pushed to."""
        return self._resources.get("SymbolPackagePublish/4.9.0", "")

    def find(self, words: str, *, prerelease: bool, all_versions: bool) -> Iterator[Found]:
        """By the search service, in its order."""
        search = self.resource("SearchQueryService/3.5.0", "SearchQueryService")
        skip = 0
        while True:
            asked = {"q": words, "skip": skip, "take": PAGE, "semVerLevel": "2.0.0"}
            asked["prerelease"] = str(prerelease).lower()
            page = self.get(f"{search}?{urlencode(asked)}")
            found = list(page.documents("data"))
            for each in found:
                id, text = printable(each.text("id")), printable(each.text("description"))
                versions = each.documents("versions") if all_versions else [each]
                for one in versions:
                    downloads = one.number("downloads") if all_versions else each.number("totalDownloads")
                    yield Found(id, printable(one.text("version")), text, downloads=downloads)
            skip += len(found)
            if not found or skip >= page.number("totalHits") > 0:
                return

    def locate(self, id: str, version: str, *, prerelease: bool) -> Place:
        """In the flat container; the hash as the catalog has it, where there is one."""
        key = PackageId.parse(id).key
        wanted = Version.parse(version) if version else self._newest(key, prerelease)
        identity = Identity(PackageId(id), wanted)
        url = self.nupkg_url(identity)
        return Place(
            id, wanted.normalized, url.rpartition("/")[2], url, self.reading(url), self._hash(identity)
        )

    def nupkg_url(self, identity: Identity) -> str:
        """Where a version is in the flat container."""
        id, version = identity.id.key, identity.version.key
        return urljoin(self._content, f"{id}/{version}/{id}.{version}.nupkg")

    def versions(self, key: str) -> list[Version]:
        """All versions of a package that can be had, as the source orders them; none if it is not known."""
        url = urljoin(self._content, f"{key}/index.json")
        return [Version.parse(text) for text in self.get(url, missing_is_empty=True).texts("versions")]

    def resource(self, *types: str) -> str:
        """The URL of the first of these types that there is, the last one in any version; raises ``NotOffered``."""
        for type in types:
            if url := self._resources.get(type):
                return url
        of_any_version = [url for name, url in sorted(self._resources.items()) if name.startswith(types[-1])]
        if not of_any_version:
            raise NotOffered(f"{self.description} offers no {types[-1]}")
        return of_any_version[-1]

    def offers(self, type: str) -> bool:
        """Whether there is a resource of that type."""
        return type in self._resources

    def get(self, url: str, *, missing_is_empty: bool = False) -> Document:
        """A document of the source; raises ``ClientError``."""
        allow = (NOT_FOUND,) if missing_is_empty else ()
        answer = self.connection.ask("GET", url, self.reading(url), allow=allow)
        return answer.document if answer.ok else Document()

    @property
    def _content(self) -> str:
        return f"{self.resource('PackageBaseAddress/3.0.0', 'PackageBaseAddress').rstrip('/')}/"

    def open(self) -> Self:
        """Read the service index, once; raises ``ClientError``."""
        return self.enter(self.get(self.url))

    def enter(self, index: Document) -> Self:
        """Take the service index from somebody who has read it; raises ``Puzzling``."""
        if not index.text("version").startswith("3."):
            raise Puzzling(f"{shown(self.url)} is not the service index of a NuGet V3 source")
        for resource in index.documents("resources"):
            url = resource.text("@id")
            if urlsplit(url).scheme in ("http", "https"):
                for type in resource.texts("@type"):
                    self._resources.setdefault(type, url)
        return self

    def _newest(self, key: str, prerelease: bool) -> Version:
        versions = self.versions(key)
        if not versions:
            raise Answered(NOT_FOUND, f"{key} is not at {self.description}")
        listed = [version for version in versions if prerelease or not version.is_prerelease]
        if not listed:
            raise Answered(NOT_FOUND, f"{key} has prereleases only; name a version, or allow --prerelease")
        return max(listed)

    def _hash(self, identity: Identity) -> Hash | None:
        """The hash that registration's catalog entry tells, which not every source has."""
        try:
            base = self.resource("RegistrationsBaseUrl/3.6.0", "RegistrationsBaseUrl").rstrip("/")
            leaf = self.get(f"{base}/{identity.id.key}/{quote(identity.version.key)}.json")
            entry = self.get(leaf.text("catalogEntry")) if leaf.text("catalogEntry") else Document()
        except ClientError:
            return None
        return told_hash(entry.text("packageHashAlgorithm"), entry.text("packageHash"))
