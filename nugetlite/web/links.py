"""Every absolute URL that the feed gives out. The only room that makes them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING
from urllib.parse import quote, urlencode

if TYPE_CHECKING:
    from collections.abc import Mapping

    from nugetlite.package.identity import Identity, PackageId
    from nugetlite.package.package import Embedded


_PLAIN = re.compile(r"[a-z0-9_.-]+")  # what needs no quoting


class Hive(StrEnum):
    """One of the three registration trees that client generations look for, by its part of the URL."""

    PLAIN = "registration"  #: uncompressed, without SemVer 2 packages
    GZIP = "registration-gz"  #: compressed, without SemVer 2 packages
    SEMVER2 = "registration-gz-semver2"  #: compressed, with all packages

    @property
    def compressed(self) -> bool:
        """Whether answers may be gzipped."""
        return self is not Hive.PLAIN

    @property
    def semver2(self) -> bool:
        """Whether SemVer 2 packages are in it."""
        return self is Hive.SEMVER2


@dataclass(frozen=True, slots=True)
class Links:
    """URLs under one root: ``https://feed.example.com/prefix`` as one client sees it.

    Pages for people have ``../..`` as their root, so that they work behind any prefix, known or not.
    """

    root: str  #: without a slash at the end

    @classmethod
    def from_page(cls, path: str) -> Links:
        """URLs as a page at ``path`` writes them: relative to itself."""
        return cls("/".join([".."] * (path.count("/") - 1)) or ".")

    # For people

    @property
    def home(self) -> str:
        """What this feed is, and search."""
        return f"{self.root}/"

    def static(self, name: str) -> str:
        """A file that all pages share."""
        return f"{self.root}/static/{name}"

    # The service index and what it names

    @property
    def service_index(self) -> str:
        """What a client is given as its source."""
        return f"{self.root}/v3/index.json"

    @property
    def content(self) -> str:
        """The flat container."""
        return f"{self.root}/v3/content/"

    @property
    def search(self) -> str:
        """Search."""
        return f"{self.root}/v3/search"

    @property
    def autocomplete(self) -> str:
        """Autocomplete."""
        return f"{self.root}/v3/autocomplete"

    @property
    def publish(self) -> str:
        """Push and delete."""
        return f"{self.root}/v3/package"

    @property
    def symbol_publish(self) -> str:
        """Push of symbols."""
        return f"{self.root}/v3/symbolpackage"

    @property
    def symbols(self) -> str:
        """The symbol server."""
        return f"{self.root}/v3/symbols"

    @property
    def catalog(self) -> str:
        """The catalog's index."""
        return f"{self.root}/v3/catalog/index.json"

    @property
    def legacy_gallery(self) -> str:
        """The V2 feed; PSResourceGet knows one by this end of its URL."""
        return f"{self.root}/api/v2"

    @property
    def details_template(self) -> str:
        """A package's page, for people; filled in by clients."""
        return f"{self.root}/packages/{{id}}/{{version}}"

    @property
    def readme_template(self) -> str:
        """A package's readme; filled in by clients."""
        return f"{self.content}{{lower_id}}/{{lower_version}}/readme"

    # One package

    def versions(self, id: PackageId) -> str:
        """Its version list."""
        return f"{self.content}{id.key}/index.json"

    def version(self, identity: Identity) -> str:
        """The folder of one version in the flat container; ends in a slash."""
        return f"{self.content}{identity.id.key}/{identity.version.key}/"

    def nupkg(self, identity: Identity) -> str:
        """The package itself."""
        return f"{self.version(identity)}{identity.id.key}.{identity.version.key}.nupkg"

    def embedded(self, identity: Identity, which: Embedded) -> str:
        """A file in the package that clients show."""
        return f"{self.version(identity)}{which}"

    def details(self, identity: Identity) -> str:
        """Its page, for people."""
        return f"{self.root}/packages/{identity.id}/{identity.version.normalized}"

    def published(self, identity: Identity) -> str:
        """Where it is deleted and relisted."""
        return f"{self.publish}/{identity.id}/{identity.version.normalized}"

    # Registration

    def hive(self, hive: Hive) -> str:
        """The base of a registration tree; ends in a slash."""
        return f"{self.root}/v3/{hive}/"

    def registration(self, hive: Hive, id: PackageId) -> str:
        """The registration index of a package."""
        return f"{self.hive(hive)}{id.key}/index.json"

    def registration_page(self, hive: Hive, id: PackageId, lower: str, upper: str) -> str:
        """One page of it, from one version to another."""
        return f"{self.hive(hive)}{id.key}/page/{quote(lower.lower())}/{quote(upper.lower())}.json"

    def leaf(self, hive: Hive, identity: Identity) -> str:
        """The registration leaf of one version, in the shape that clients build themselves."""
        return f"{self.hive(hive)}{identity.id.key}/{identity.version.key}.json"

    def registration_of(self, hive: Hive, id: str) -> str:
        """As ``registration``, for an id as some manifest spells it: it may be garbage."""
        key = id.lower()
        return f"{self.hive(hive)}{key if _PLAIN.fullmatch(key) else quote(key, safe='')}/index.json"

    # Catalog

    def catalog_entry(self, identity: Identity) -> str:
        """The newest that the catalog has to say of one version."""
        return f"{self.root}/v3/catalog/newest/{identity.id.key}/{identity.version.key}.json"

    def catalog_page(self, number: int) -> str:
        """One page of the catalog, from 0."""
        return f"{self.root}/v3/catalog/page{number}.json"

    def catalog_leaf(self, sequence: int) -> str:
        """What happened as the journal's event number ``sequence``."""
        return f"{self.root}/v3/catalog/data/{sequence}.json"


@dataclass(frozen=True, slots=True)
class V2Links:
    """URLs of the V2 feed. It has more than one root, and a client stays under the one by which it came."""

    site: Links
    path: str  #: of the root below ``site``: ``/nuget``

    @property
    def base(self) -> str:
        """What the relative URLs in its documents are relative to; ends in a slash."""
        return f"{self.site.root}{self.path}/"

    def resource(self, name: str, options: Mapping[str, str]) -> str:
        """A resource with query options. Only what needs no escaping anywhere is not escaped."""
        return f"{self.base}{name}?{urlencode(options, safe='$', quote_via=quote)}"

    def entry(self, id: str, version: str) -> str:
        """One version in ``Packages``, relative to ``base``."""
        return f"Packages(Id='{quote(id, safe='')}',Version='{quote(version, safe='')}')"

    def nupkg(self, identity: Identity) -> str:
        """The package itself."""
        return f"{self.base}package/{identity.id}/{identity.version.normalized}"
