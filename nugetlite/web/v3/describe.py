"""A package in the words of V3's JSON, the same in registration, search and catalog."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from nugetlite.package.package import Embedded, Package
from nugetlite.web.links import Hive, Links

if TYPE_CHECKING:
    from nugetlite.package.manifest import DependencyGroup, Manifest

Json = dict[str, Any]

UNLISTED_DATE = "1900-01-01T00:00:00+00:00"  #: by this clients older than `listed` know an unlisted version
LICENSE_EXPRESSION_VERSION = "1.0.0"


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
    told["licenseUrl"] = _inside(package, Embedded.LICENSE, links) or _license_url(manifest)
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
                "range": dependency.range or "(, )",
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
    """The URL if a browser may follow it: a client refuses an entry whose icon is no absolute URL."""
    stripped = url.strip()
    return stripped if stripped.lower().startswith(("http://", "https://")) else ""


def _inside(package: Package, which: Embedded, links: Links) -> str:
    return f"{links.version(package.identity)}{which}" if which in package.embedded else ""


def _license_url(manifest: Manifest) -> str:
    """Where there is a licence file, packers fill ``licenseUrl`` with a placeholder, which is not told."""
    return "" if manifest.license and manifest.license.kind == "file" else web_url(manifest.license_url)
