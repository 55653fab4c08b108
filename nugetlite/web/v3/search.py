"""Search and autocomplete."""

from __future__ import annotations

import re
from typing import Any

from flask import Blueprint
from flask.typing import ResponseReturnValue

from nugetlite.index import Hit
from nugetlite.package.identity import Identity
from nugetlite.package.query import Query, knows_semver2, parse_terms
from nugetlite.package.version import Version
from nugetlite.web.access import guard_reads, sight
from nugetlite.web.current import feed, links, parameters
from nugetlite.web.document import json_document
from nugetlite.web.links import Hive, Links
from nugetlite.web.named import known_id
from nugetlite.web.v3 import describe

search = guard_reads(Blueprint("search", __name__, url_prefix="/v3"))

TAKE = 20
MOST_TAKEN = 1000
MOST_SKIPPED = 3000  #: both as on nuget.org; who skips more has come to the end
TYPE_NAMES = ("packagetype", "packagetypes", "packagetypefilter")  #: one filter, named by three generations

Json = dict[str, Any]


@search.get("/search")
def find() -> ResponseReturnValue:
    """Packages that answer ``q``, one result an id, best first."""
    query, here = asked(), links()
    hits = feed().search(query)
    hive = Hive.SEMVER2 if query.semver2 else Hive.GZIP
    owners = feed().owners([hit.package.identity.id for hit in hits.hits])
    found = [_result(hit, here, hive, owners[hit.package.identity.id.key]) for hit in hits.hits]
    return json_document({"totalHits": hits.total, "data": found})


@search.get("/autocomplete")
def autocomplete() -> ResponseReturnValue:
    """Ids that go on as typed (``q``), or the listed versions of one ``id``; of an unknown one, none."""
    query = asked()
    if (id := parameters().get("id")) is None:
        completion = feed().complete(query)
        return json_document({"totalHits": completion.total, "data": completion.ids})
    if not (package_id := known_id(id)):
        return json_document({"totalHits": 0, "data": []})
    versions = feed().listed_versions(package_id, prerelease=query.prerelease, semver2=query.semver2)
    return json_document({"totalHits": len(versions), "data": versions})


def asked() -> Query:
    """The query in the current request's parameters; what is not understood counts as not given."""
    told = parameters()
    skip = _number(told.get("skip", ""), 0)
    take = _number(told.get("take", ""), TAKE) if skip <= MOST_SKIPPED else 0
    return Query(
        terms=parse_terms(told.get("q", "")),
        prerelease=told.get("prerelease", "").strip().lower() == "true",
        semver2=knows_semver2(told.get("semverlevel", "")),
        package_type=next((type for name in TYPE_NAMES if (type := told.get(name, "").strip())), ""),
        skip=min(skip, MOST_SKIPPED),
        take=min(take, MOST_TAKEN),
        sight=sight(),
    )


def _result(hit: Hit, links: Links, hive: Hive, owners: tuple[str, ...]) -> Json:
    manifest = hit.package.manifest
    identity = manifest.identity
    return {
        "@id": links.registration(hive, identity.id),
        "@type": "Package",
        "registration": links.registration(hive, identity.id),
        "id": identity.id.text,
        "version": identity.version.full,
        "description": manifest.description,
        "authors": [manifest.authors] if manifest.authors else [],
        "tags": list(manifest.tags),
        "packageTypes": describe.package_types(manifest),
        "totalDownloads": hit.downloads,
        "owners": owners,
        "verified": feed().is_reserved(identity.id),
        **describe.looks(hit.package, links),
        "versions": [
            {
                "@id": links.leaf(hive, Identity(identity.id, Version.parse(version))),
                "version": version,
                "downloads": downloads,
            }
            for version, downloads in hit.versions
        ],
    }


def _number(text: str, default: int) -> int:
    """A number as somebody gave it, not below 0; more than 12 digits of it say nothing more."""
    if not (number := re.fullmatch(r"([+-]?)0*([0-9]+)", text.strip())):
        return default
    return 0 if number[1] == "-" else int(number[2][:12])
