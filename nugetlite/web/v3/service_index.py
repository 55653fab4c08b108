"""The service index: where everything of V3 is.

Client generations look for different type strings and take the first they know, so every string that any
of them looks for is there (NuGet.Client ``ServiceTypes.cs``; for the bare ones PSResourceGet, Renovate, Paket).
"""

from __future__ import annotations

from collections.abc import Iterator

from flask import Blueprint
from flask.typing import ResponseReturnValue

from nugetlite.web.access import guard_reads
from nugetlite.web.current import links
from nugetlite.web.document import json_document
from nugetlite.web.links import Hive, Links

service_index = guard_reads(Blueprint("service_index", __name__))


@service_index.get("/v3/index.json")
def index() -> ResponseReturnValue:
    """What a client reads first, and keeps for 40 minutes."""
    return json_document({"version": "3.0.0", "resources": list(_resources(links()))})


def _resources(links: Links) -> Iterator[dict[str, str]]:
    for suffix in ("", "/3.0.0-beta", "/3.0.0-rc", "/3.5.0"):
        yield _resource(links.search, f"SearchQueryService{suffix}", "Search for packages")
    for suffix in ("", "/3.0.0-beta", "/3.0.0-rc", "/3.5.0"):
        yield _resource(links.autocomplete, f"SearchAutocompleteService{suffix}", "Complete package ids")
    for suffix in ("", "/3.0.0-beta", "/3.0.0-rc"):
        yield _resource(
            links.hive(Hive.PLAIN), f"RegistrationsBaseUrl{suffix}", "Metadata without SemVer 2 packages"
        )
    yield _resource(links.hive(Hive.GZIP), "RegistrationsBaseUrl/3.4.0", "The same, compressed")
    yield _resource(
        links.hive(Hive.SEMVER2), "RegistrationsBaseUrl/3.6.0", "Metadata of all packages, compressed"
    )
    yield {
        **_resource(
            links.hive(Hive.SEMVER2), "RegistrationsBaseUrl/Versioned", "Metadata of all packages, compressed"
        ),
        "clientVersion": "4.3.0-alpha",  # older clients skip it, as on nuget.org
    }
    yield _resource(links.content, "PackageBaseAddress/3.0.0", "Version lists and packages")
    yield _resource(links.publish, "PackagePublish/2.0.0", "Push and delete packages")
    yield _resource(links.symbol_publish, "SymbolPackagePublish/4.9.0", "Push symbols")
    yield _resource(links.catalog, "Catalog/3.0.0", "Everything that happened, in order")
    for suffix in ("/Versioned", "/2.0.0"):  # `nuget list` on a V3 source goes there
        yield _resource(links.legacy_gallery, f"LegacyGallery{suffix}", "The same packages by V2")
    yield _resource(links.details_template, "PackageDetailsUriTemplate/5.1.0", "A package's page")
    for suffix in ("/Versioned", "/6.13.0"):
        yield _resource(links.readme_template, f"ReadmeUriTemplate{suffix}", "A package's readme")


def _resource(url: str, type: str, comment: str) -> dict[str, str]:
    return {"@id": url, "@type": type, "comment": comment}
