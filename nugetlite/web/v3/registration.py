"""Registration: the metadata of every version of a package, in three trees for three client generations.

Below 128 versions the pages stand in the index; from there on each page is a document of its own, as on
nuget.org. A client skips the pages whose bounds do not fit, so bounds are exact.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import lru_cache, partial
from itertools import islice
from typing import TYPE_CHECKING, Any

import orjson
from flask import Blueprint
from flask.typing import ResponseReturnValue

from nugetlite.errors import NoSuchPackage
from nugetlite.package.identity import Identity, PackageId
from nugetlite.package.package import Package
from nugetlite.package.version import Version
from nugetlite.web.access import guard_reads
from nugetlite.web.current import feed, links
from nugetlite.web.document import Document, json_document, renewable
from nugetlite.web.links import Hive, Links
from nugetlite.web.shown import MOST_KEPT, is_short
from nugetlite.web.v3 import describe

if TYPE_CHECKING:
    from nugetlite.feed import Feed

registration = guard_reads(Blueprint("registration", __name__, url_prefix="/v3/<hive:hive>"))

PAGE_SIZE = 64
INLINE_BELOW = 128  #: versions

Json = dict[str, Any]


@registration.get("/<id:package_id>/index.json")
def index(hive: Hive, package_id: PackageId) -> ResponseReturnValue:
    """All versions, or the pages on which they are."""
    return renewable(_shelf(hive, package_id).index)


@registration.get("/<id:package_id>/page/<version:lower>/<version:upper>.json")
def page(hive: Hive, package_id: PackageId, lower: Version, upper: Version) -> ResponseReturnValue:
    """One page, named by its bounds."""
    return renewable(partial(_shelf(hive, package_id).page, lower, upper))


@registration.get("/<id:package_id>/<version:version>.json")
def leaf(hive: Hive, package_id: PackageId, version: Version) -> ResponseReturnValue:
    """One version."""
    return renewable(partial(_shelf(hive, package_id).leaf, version))


def _shelf(hive: Hive, package_id: PackageId) -> Shelf:
    return Shelf(hive, package_id, links(), feed())


class Shelf:
    """The documents of one package in one hive, for clients of one origin; each tells how the feed stands now."""

    def __init__(self, hive: Hive, id: PackageId, links: Links, feed: Feed) -> None:
        self._hive = hive
        self._id = id
        self._links = links
        self._feed = feed

    def index(self) -> Document:
        """The registration index."""
        packages = self._visible()
        inline = len(packages) < INLINE_BELOW
        pages = [self._page(part, inline=inline) for part in _parts(packages)]
        return self._document(
            {
                "@id": self._links.registration(self._hive, self._id),
                "@type": ["catalog:CatalogRoot", "PackageRegistration", "catalog:Permalink"],
                "count": len(pages),
                "items": pages,
            }
        )

    def page(self, lower: Version, upper: Version) -> Document:
        """A page by its bounds. Raises ``NoSuchPackage`` if nothing is within them."""
        within = [package for package in self._visible() if lower <= package.identity.version <= upper]
        if not within:
            raise NoSuchPackage(f"{self._id} {lower} to {upper}")
        return self._document(self._page(within, inline=True))

    def leaf(self, version: Version) -> Document:
        """The document of one version by itself. Its ``catalogEntry`` is a URL, for early PSResourceGet."""
        package = self._feed.find(Identity(self._id, version))
        if package.manifest.is_semver2 and not self._hive.semver2:
            raise NoSuchPackage(package.identity)
        return self._document(
            {
                "@id": self._links.leaf(self._hive, package.identity),
                "@type": ["Package", "http://schema.nuget.org/catalog#Permalink"],
                "catalogEntry": self._links.catalog_entry(package.identity),
                "listed": package.listed,
                "packageContent": self._links.nupkg(package.identity),
                "published": describe.published(package),
                "registration": self._links.registration(self._hive, self._id),
            }
        )

    def _visible(self) -> list[Package]:
        """The versions that clients of this hive can read, oldest first."""
        packages = self._feed.versions(self._id)
        visible = [each for each in packages if self._hive.semver2 or not each.manifest.is_semver2]
        if not visible:
            raise NoSuchPackage(self._id)
        return visible

    def _page(self, packages: Sequence[Package], *, inline: bool) -> Json:
        """With its leaves, or only with their number and bounds."""
        lower, upper = (packages[end].identity.version.normalized for end in (0, -1))
        found: Json = {
            "@id": self._links.registration_page(self._hive, self._id, lower, upper),
            "@type": "catalog:CatalogPage",
            "count": len(packages),
            "lower": lower,
            "upper": upper,
            "parent": self._links.registration(self._hive, self._id),
        }
        if not inline:
            return found
        owners = self._feed.owners([self._id])[self._id.key]
        items = [_item(package, self._hive, self._links, owners) for package in packages]
        return {**found, "items": items}

    def _document(self, content: Json) -> Document:
        return json_document(content, compressible=self._hive.compressed, subject=self._id.key)


def _item(package: Package, hive: Hive, links: Links, owners: tuple[str, ...]) -> orjson.Fragment:
    """A version on a page, rendered."""
    render = _kept if is_short(package) else _rendered
    return render(package, hive, links, owners)


def _rendered(package: Package, hive: Hive, links: Links, owners: tuple[str, ...]) -> orjson.Fragment:
    told = {
        "@id": links.leaf(hive, package.identity),
        "@type": "Package",
        "catalogEntry": describe.catalog_entry(package, links, hive, owners),
        "packageContent": links.nupkg(package.identity),
        "registration": links.registration(hive, package.identity.id),
    }
    roomy = orjson.dumps(told)  # it has up to ten times the room of what was written
    return orjson.Fragment(bytes(memoryview(roomy)))


_kept = lru_cache(maxsize=MOST_KEPT)(_rendered)  # of the versions of a package, few change at a time


def _parts(packages: Sequence[Package]) -> Iterator[Sequence[Package]]:
    rest = iter(packages)
    while part := list(islice(rest, PAGE_SIZE)):
        yield part
