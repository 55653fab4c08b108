"""A package in the words of V3's JSON, the same in registration, search and catalog."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from functools import lru_cache
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from nugetlite.errors import BadVersionRange
from nugetlite.package.package import Embedded, Package
from nugetlite.package.range import VersionRange
from nugetlite.web.links import Hive, Links

if TYPE_CHECKING:
    from nugetlite.package.manifest import DependencyGroup, Manifest

Json = dict[str, Any]

UNLISTED_DATE = "1900-01-01T00:00:00+00:00"  #: by this clients older than `listed` know an unlisted version
LICENSE_EXPRESSION_VERSION = "1.0.0"
ANY_VERSION = "(, )"
LONGEST_RANGE = 160  #: characters; what has more is none, for a version has at most 64

_HOST = re.compile(r"[\w-]+(\.[\w-]+)*\.?|\[[0-9a-f:.]+\]", re.IGNORECASE)
_UNSEEN = re.compile(r"[\x00-\x1f\x7f-\x9f]")


def time(when: datetime) -> str:
    """ISO 8601 in UTC."""
    return when.astimezone(UTC).isoformat()


def published(package: Package) -> str:
    """When it was published, as clients want to be told."""
    return time(package.published) if package.listed else UNLISTED_DATE


def catalog_entry(package: Package, links: Links, hive: Hive) -> Json:
    """All metadata of one version. Absent texts are left out, ``tags`` never (for PSResourceGet 1.0.3)."""
    manifest = package.manifest
    told: Json = {
        "@id": links.catalog_entry(package.identity),
        "@type": "PackageDetails",
        "id": manifest.identity.id.text,
        "version": manifest.identity.version.full,
        "authors": manifest.authors,
        "description": manifest.description,
        "listed": package.listed,
        "published": published(package),
        "packageContent": links.nupkg(package.identity),
        "requireLicenseAcceptance": manifest.require_license_acceptance,
        "tags": list(manifest.tags),
        "packageTypes": package_types(manifest),
        "dependencyGroups": [dependency_group(group, links, hive) for group in manifest.dependency_groups],
        **shown(package, links),
        "language": manifest.language,
        "minClientVersion": manifest.min_client_version,
        "releaseNotes": manifest.release_notes,
    }
    return {name: value for name, value in told.items() if value != ""}


def shown(package: Package, links: Links) -> Json:
    """What registration and search both show; URLs of what lies in the package lead to our copy of it."""
    manifest = package.manifest
    told: Json = {
        "title": manifest.title,
        "summary": manifest.summary,
        "projectUrl": web_url(manifest.project_url),
    }
    told["iconUrl"] = _inside(package, Embedded.ICON, links) or web_url(manifest.icon_url)
    told["readmeUrl"] = _inside(package, Embedded.README, links)
    told["licenseUrl"] = _license_url(package, links)
    if manifest.license and manifest.license.kind == "expression":
        told["licenseExpression"] = manifest.license.text
        told["licenseExpressionVersion"] = manifest.license.version or LICENSE_EXPRESSION_VERSION
    return {name: value for name, value in told.items() if value}


def dependency_group(group: DependencyGroup, links: Links, hive: Hive) -> Json:
    """One group; an empty one says that the framework is supported."""
    told: Json = {"targetFramework": group.framework} if group.framework else {}
    if group.dependencies:
        told["dependencies"] = [
            {
                "@type": "PackageDependency",
                "id": dependency.id,
                "range": _range(dependency.range) if len(dependency.range) <= LONGEST_RANGE else ANY_VERSION,
                "registration": links.registration_of(hive, dependency.id),
            }
            for dependency in group.dependencies
        ]
    return told


def package_types(manifest: Manifest) -> list[Json]:
    """Its package types; a package that names none is a dependency."""
    if not manifest.package_types:
        return [{"name": "Dependency"}]
    return [
        {"name": each.name, "version": each.version} if each.version else {"name": each.name}
        for each in manifest.package_types
    ]


def web_url(url: str) -> str:
    """The URL if it is one of the web, "" if not: a client refuses all versions when an icon's URL is none."""
    bare = _UNSEEN.sub("", url).strip()
    try:
        parts = urlsplit(bare)
        has_host = _HOST.fullmatch(parts.netloc.rpartition("@")[2].removesuffix(f":{parts.port}"))
    except ValueError:  # a port that is no number, a bracket that is not closed
        return ""
    return bare if has_host and parts.scheme in ("http", "https") else ""


def _inside(package: Package, which: Embedded, links: Links) -> str:
    return links.embedded(package.identity, which) if which in package.embedded else ""


def _license_url(package: Package, links: Links) -> str:
    """Where the licence can be read.

    Beside an expression or a file, packers fill the old ``licenseUrl`` with a placeholder that leads nowhere
    useful (``aka.ms/deprecateLicenseUrl``, ``licenses.nuget.org``). Ours leads to the file, or to our page.
    """
    license = package.manifest.license
    if not license:
        return web_url(package.manifest.license_url)
    if license.kind == "expression":
        return links.details(package.identity)
    return _inside(package, Embedded.LICENSE, links)


@lru_cache(maxsize=4096)
def _range(text: str) -> str:
    """A range as clients read it. One that they cannot read costs them all versions, so it says "any" instead."""
    try:
        VersionRange.parse(text)
    except BadVersionRange:
        return ANY_VERSION
    return text or ANY_VERSION
