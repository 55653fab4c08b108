"""NuGet V2: OData, of which a client needs three requests and a handful of fields."""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import quote, urljoin, urlsplit

from lxml import etree

from nugetlite.client.connection import printable, shown
from nugetlite.client.errors import Answered, Puzzling
from nugetlite.client.publishing import NuGetSource, told_hash
from nugetlite.client.remote import Found, Place
from nugetlite.package.version import Version
from nugetlite.package.xml import harmless_parser

ATOM = "{http://www.w3.org/2005/Atom}"
DATA = "{http://schemas.microsoft.com/ado/2007/08/dataservices}"
METADATA = "{http://schemas.microsoft.com/ado/2007/08/dataservices/metadata}"
NOT_FOUND = 404
PAGE = 100
PAGES = 10_000  #: that are followed; a feed that links on for ever ends here

Entry = etree._Element


class V2Source(NuGetSource):
    """A source whose URL is that of an OData feed, or of the place where packages are pushed to."""

    @property
    def description(self) -> str:
        """What it is."""
        return f"the NuGet V2 source {shown(self.url)}"

    @property
    def publish_url(self) -> str:
        """The source itself; for a bare host, as NuGet's clients have it, ``/api/v2/package``."""
        bare = urlsplit(self.url).path in ("", "/")
        return urljoin(self.url, "/api/v2/package") if bare else self.url

    @property
    def symbols_url(self) -> str:
        """Where nuget.org has it; a V2 source has no word to say where else."""
        base, is_gallery, _ = self.publish_url.partition("/api/v2")
        return f"{base}/api/v2/symbolpackage" if is_gallery else ""

    def find(self, words: str, *, prerelease: bool, all_versions: bool) -> Iterator[Found]:
        """By ``Search()``, page by page."""
        newest = "IsAbsoluteLatestVersion" if prerelease else "IsLatestVersion"
        options = {
            "searchTerm": _literal(words),
            "targetFramework": "''",
            "includePrerelease": str(prerelease).lower(),
            "$orderby": "Id",
            "$top": str(PAGE),
            "semVerLevel": "2.0.0",
        } | ({} if all_versions else {"$filter": newest})
        skip = 0
        for _ in range(PAGES):
            entries = self._entries("Search()", {**options, "$skip": str(skip)}, most=PAGE)
            yield from map(_found, entries)
            if len(entries) < PAGE:
                return
            skip += len(entries)

    def locate(self, id: str, version: str, *, prerelease: bool) -> Place:
        """Where the entry of that version says."""
        if version:
            entry = self._root(f"Packages(Id={_literal(id)},Version={_literal(version)})", {})
        else:
            entry = self._newest(id, prerelease)
        content = entry.find(f"{ATOM}content")
        url = urljoin(f"{self._base}/", content.get("src") or "") if content is not None else ""
        if urlsplit(url).scheme not in ("http", "https") or content is None:
            raise Puzzling(f"{self.description} does not say where {id} {version} is".rstrip())
        found = _found(entry)
        hash = told_hash(_property(entry, "PackageHashAlgorithm"), _property(entry, "PackageHash"))
        exact = Version.parse(found.version or version)
        name = f"{(found.id or id).lower()}.{exact.key}.nupkg"
        return Place(found.id or id, exact.normalized, name, url, self.reading(url), hash)

    @property
    def _base(self) -> str:
        return self.publish_url.removesuffix("/").removesuffix("/package")

    def _newest(self, id: str, prerelease: bool) -> Entry:
        asked = {"id": _literal(id), "semVerLevel": "2.0.0"}
        entries = [
            (Version.parse(_found(entry).version), entry)
            for entry in self._entries("FindPackagesById()", asked, most=PAGES * PAGE)
        ]
        wanted = [(version, entry) for version, entry in entries if prerelease or not version.is_prerelease]
        if not wanted:
            raise Answered(NOT_FOUND, f"{id} is not at {self.description}, or only as a prerelease")
        return max(wanted, key=lambda pair: pair[0])[1]

    def _entries(self, operation: str, options: dict[str, str], most: int) -> list[Entry]:
        """The entries of a feed, those behind its links to further pages included, until there are ``most``."""
        root = self._root(operation, options)
        entries = root.findall(f"{ATOM}entry")
        seen: set[str] = set()
        while len(entries) < most and (next := _next_page(root)) and next not in seen and len(seen) < PAGES:
            seen.add(next)
            root = self._read(urljoin(f"{self._base}/", next))
            entries += root.findall(f"{ATOM}entry")
        return entries

    def _root(self, operation: str, options: dict[str, str]) -> Entry:
        query = "&".join(f"{name}={quote(value, safe='')}" for name, value in options.items())
        return self._read(f"{self._base}/{quote(operation, safe='()=,$')}{'?' if query else ''}{query}")

    def _read(self, url: str) -> Entry:
        answer = self.connection.ask("GET", url, self.reading(url))
        try:
            return etree.fromstring(answer.body, harmless_parser())
        except etree.XMLSyntaxError as error:
            raise Puzzling(f"{shown(url)} answered something that is not XML") from error


def _literal(text: str) -> str:
    quoted = text.replace("'", "''")
    return f"'{quoted}'"


def _next_page(root: Entry) -> str:
    links = [link.get("href") or "" for link in root.findall(f"{ATOM}link") if link.get("rel") == "next"]
    return links[0] if links else ""


def _property(entry: Entry, name: str) -> str:
    # beside content, or in it: both are OData
    return printable(entry.findtext(f".//{METADATA}properties/{DATA}{name}") or "")


def _found(entry: Entry) -> Found:
    def number(name: str) -> int:
        text = _property(entry, name)
        return int(text) if text.isdecimal() else 0

    id = _property(entry, "Id") or printable(entry.findtext(f"{ATOM}title") or "")
    version = _property(entry, "NormalizedVersion") or _property(entry, "Version")
    about = _property(entry, "Description")
    return Found(id, version, about, number("PackageSize"), number("DownloadCount"))
