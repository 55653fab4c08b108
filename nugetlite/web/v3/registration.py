"""Registration: the metadata of every version of a package, in three trees for three client generations.

Below 128 versions the pages stand in the index; from there on each page is a document of its own, as on
nuget.org. A client skips the pages whose bounds do not fit, so bounds are exact.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import lru_cache
from itertools import islice
from typing import Any

import orjson
from flask import Blueprint
from flask.typing import ResponseReturnValue

from nugetlite.errors import NoSuchPackage
from nugetlite.package.identity import Identity, PackageId
from nugetlite.package.package import Package
from nugetlite.package.version import Version
from nugetlite.web.access import guard_reads
from nugetlite.web.current import feed, links
from nugetlite.web.document import json_document
from nugetlite.web.links import Hive, Links
from nugetlite.web.shown import MOST_KEPT, is_short
from nugetlite.web.v3 import describe

registration = guard_reads(Blueprint("registration", __name__, url_prefix="/v3/<hive:hive>"))

PAGE_SIZE = 64
INLINE_BELOW = 128  #: versions

Json = dict[str, Any]


@registration.get("/<id:package_id>/index.json")
def index(hive: Hive, package_id: PackageId) -> ResponseReturnValue:
    """All versions, or the pages on which they are."""
    shelf = _shelf(hive, package_id)
    return _document(shelf.index(_visible(hive, package_id)), hive, package_id)


@registration.get("/<id:package_id>/page/<version:lower>/<version:upper>.json")
def page(hive: Hive, package_id: PackageId, lower: Version, upper: Version) -> ResponseReturnValue:
    """One page, named by its bounds."""
    within = [package for package in _visible(hive, package_id) if lower <= package.identity.version <= upper]
    if not within:
        raise NoSuchPackage(f"{package_id} {lower} to {upper}")
    shelf = _shelf(hive, package_id)
    return _document(shelf.page(within, inline=True), hive, package_id)


@registration.get("/<id:package_id>/<version:version>.json")
def leaf(hive: Hive, package_id: PackageId, version: Version) -> ResponseReturnValue:
    """One version."""
    package = feed().find(Identity(package_id, version))
    if package.manifest.is_semver2 and not hive.semver2:
        raise NoSuchPackage(package.identity)
    shelf = _shelf(hive, package_id)
    return _document(shelf.leaf(package), hive, package_id)


def _shelf(hive: Hive, package_id: PackageId) -> Shelf:
    return Shelf(hive, package_id, links(), feed().owners([package_id])[package_id.key])


def _document(content: Json, hive: Hive, package_id: PackageId) -> ResponseReturnValue:
    return json_document(content, compressible=hive.compressed, subject=package_id.key)


def _visible(hive: Hive, package_id: PackageId) -> list[Package]:
    packages = [each for each in feed().versions(package_id) if hive.semver2 or not each.manifest.is_semver2]
    if not packages:
        raise NoSuchPackage(package_id)
    return packages


class Shelf:
    """The documents of one package in one hive, for clients of one origin."""

    def __init__(self, hive: Hive, id: PackageId, links: Links, owners: tuple[str, ...]) -> None:
        self._hive = hive
        self._id = id
        self._links = links
        self._owners = owners

    def index(self, packages: Sequence[Package]) -> Json:
        """The registration index of these versions, in ascending order."""
        inline = len(packages) < INLINE_BELOW
        pages = [self.page(part, inline=inline) for part in _parts(packages)]
        return {
            "@id": self._links.registration(self._hive, self._id),
            "@type": ["catalog:CatalogRoot", "PackageRegistration", "catalog:Permalink"],
            "count": len(pages),
            "items": pages,
        }

    def page(self, packages: Sequence[Package], *, inline: bool) -> Json:
        """One page; with its leaves, or only with their number and bounds."""
        lower, upper = (packages[end].identity.version.normalized for end in (0, -1))
        index = self._links.registration(self._hive, self._id)
        separate = self._links.registration_page(self._hive, self._id, lower, upper)
        found: Json = {
            "@id": separate,
            "@type": "catalog:CatalogPage",
            "count": len(packages),
            "lower": lower,
            "upper": upper,
            "parent": index,
        }
        if not inline:
            return found
        items = [_item(package, self._hive, self._links, self._owners) for package in packages]
        return {**found, "items": items}

    def leaf(self, package: Package) -> Json:
        """The document of one version by itself. Its ``catalogEntry`` is a URL, for early PSResourceGet."""
        return {
            "@id": self._links.leaf(self._hive, package.identity),
            "@type": ["Package", "http://schema.nuget.org/catalog#Permalink"],
            "catalogEntry": self._links.catalog_entry(package.identity),
            "listed": package.listed,
            "packageContent": self._links.nupkg(package.identity),
            "published": describe.published(package),
            "registration": self._links.registration(self._hive, self._id),
        }


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
