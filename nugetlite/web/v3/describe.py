"""A package in the words of V3's JSON, the same in registration, search and catalog."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from nugetlite.package.package import Package
from nugetlite.web import shown
from nugetlite.web.links import Hive, Links

if TYPE_CHECKING:
    from nugetlite.package.manifest import DependencyGroup, Manifest

Json = dict[str, Any]

LICENSE_EXPRESSION_VERSION = "1.0.0"


def time(when: datetime) -> str:
    """ISO 8601 in UTC."""
    return when.astimezone(UTC).isoformat()


def published(package: Package) -> str:
    """When it was published, as clients want to be told."""
    return time(package.announced)


def catalog_entry(package: Package, links: Links, hive: Hive, owners: tuple[str, ...] = ()) -> Json:
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
        **looks(package, links),
        "language": manifest.language,
        "minClientVersion": manifest.min_client_version,
        "releaseNotes": manifest.release_notes,
    }
    if owners:
        told["owners"] = owners
    return {name: value for name, value in told.items() if value != ""}


def looks(package: Package, links: Links) -> Json:
    """What registration and search both show; URLs of what lies in the package lead to our copy of it."""
    manifest = package.manifest
    told: Json = {
        "title": manifest.title,
        "summary": manifest.summary,
        "projectUrl": shown.project_url(package),
    }
    told["iconUrl"] = shown.icon_url(package, links)
    told["readmeUrl"] = shown.readme_url(package, links)
    told["licenseUrl"] = shown.license_url(package, links)
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
                "range": str(shown.readable_range(dependency.range)),
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
