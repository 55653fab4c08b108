"""The catalog: everything that happened to packages, in order, for mirrors and other followers.

Its times only ever grow, and are the cursors by which a follower knows where it was; only the newest page
changes.
Who does not see every package has a catalog of those that they see: the same pages and numbers, with gaps.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid5

from flask import Blueprint
from flask.typing import ResponseReturnValue
from werkzeug.exceptions import NotFound

from nugetlite.history import Event
from nugetlite.package.identity import Identity, PackageId
from nugetlite.package.package import UNLISTED, Package
from nugetlite.package.version import Version
from nugetlite.web.access import guard_reads, sight
from nugetlite.web.current import feed, links
from nugetlite.web.document import json_document
from nugetlite.web.links import Hive, Links
from nugetlite.web.v3 import describe

catalog = guard_reads(Blueprint("catalog", __name__, url_prefix="/v3/catalog"))

COMMITS = UUID("6b0c9a52-5d2f-4f6e-9f39-1f0d4b3f7a11")  #: the name space of our commit ids
BEGINNING = datetime(2010, 1, 1, tzinfo=UTC)  #: the time of a catalog in which nothing has happened

Json = dict[str, Any]


@catalog.get("/index.json")
def index() -> ResponseReturnValue:
    """The pages, and how far the last one reaches."""
    here, pages = links(), feed().journal_pages(sight())
    told: Json = {
        "@id": here.catalog,
        "@type": ["CatalogRoot", "AppendOnlyCatalog", "Permalink"],
        **_commit(pages[-1].last_seq if pages else 0, pages[-1].last_when if pages else BEGINNING),
        "count": len(pages),
        "items": [
            {
                "@id": here.catalog_page(page.number),
                "@type": "CatalogPage",
                **_commit(page.last_seq, page.last_when),
                "count": page.count,
            }
            for page in pages
        ],
    }
    return json_document(told)


@catalog.get("/page<int(max=999999999):number>.json")
def page(number: int) -> ResponseReturnValue:
    """One page: what happened, and where each event is told in full."""
    here, events = links(), feed().journal_page(number, sight())
    if not events:
        raise NotFound
    told: Json = {
        "@id": here.catalog_page(number),
        "@type": "CatalogPage",
        **_commit(events[-1].seq, events[-1].when),
        "count": len(events),
        "parent": here.catalog,
        "items": [_item(event, here) for event in events],
    }
    return json_document(told)


@catalog.get("/data/<int(max=999999999999):seq>.json")
def leaf(seq: int) -> ResponseReturnValue:
    """One event. What a package says of itself is told while it is here, and only its name and hash later."""
    event = feed().journal_event(seq, sight())
    return json_document(_leaf(event, feed().peek(event.identity), links()))


@catalog.get("/newest/<id:package_id>/<version:version>.json")
def newest(package_id: PackageId, version: Version) -> ResponseReturnValue:
    """The newest event about one version, as a lasting URL."""
    package = feed().find(Identity(package_id, version))
    here = links()
    told = {"@id": here.catalog_entry(package.identity), "@type": ["PackageDetails", "catalog:Permalink"]}
    return json_document({**_details(package, here), **told}, subject=package_id.key)


def _item(event: Event, here: Links) -> Json:
    return {
        "@id": here.catalog_leaf(event.seq),
        "@type": f"nuget:{_type(event)}",
        **_commit(event.seq, event.when),
        "nuget:id": event.identity.id.text,
        "nuget:version": event.identity.version.full,
    }


def _leaf(event: Event, package: Package | None, here: Links) -> Json:
    commit = _commit(event.seq, event.when)
    told: Json = {"id": event.identity.id.text, "version": event.identity.version.full}
    if event.removes:
        told["published"] = describe.time(event.when)  # as on nuget.org: when it was deleted
    else:
        told |= {
            "published": describe.time(event.published if event.listed else UNLISTED),
            "created": describe.time(event.published),
            "listed": event.listed,
            "isPrerelease": event.identity.version.is_prerelease,
            "packageHash": event.sha512,
            "packageHashAlgorithm": "SHA512",
            "packageSize": event.size,
            "verbatimVersion": event.identity.version.original,
        }
        if package and package.sha512 == event.sha512:
            told = {**_details(package, here), **told}
    return {
        **told,
        "@id": here.catalog_leaf(event.seq),
        "@type": [_type(event), "catalog:Permalink"],
        "nugetlite:actor": event.by,
        "catalog:commitId": commit["commitId"],
        "catalog:commitTimeStamp": commit["commitTimeStamp"],
    }


def _details(package: Package, here: Links) -> Json:
    return {
        **describe.catalog_entry(package, here, Hive.SEMVER2),
        "created": describe.time(package.published),
        "isPrerelease": package.is_prerelease,
        "packageHash": package.sha512,
        "packageHashAlgorithm": "SHA512",
        "packageSize": package.size,
        "verbatimVersion": package.identity.version.original,
    }


def _type(event: Event) -> str:
    return "PackageDelete" if event.removes else "PackageDetails"


def _commit(seq: int, when: datetime) -> Json:
    return {
        "commitId": str(uuid5(COMMITS, f"{seq} {when.isoformat()}")),
        "commitTimeStamp": when.astimezone(UTC).isoformat(timespec="microseconds"),  # sorted as text, too
    }
