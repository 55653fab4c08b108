"""What V2 has beside OData, as nuget.org's gallery has it: downloads, and the names that a console completes."""

from __future__ import annotations

from flask.typing import ResponseReturnValue
from werkzeug.exceptions import NotFound

from nugetlite.package.query import Query, parse_terms
from nugetlite.web.access import sight
from nugetlite.web.current import feed
from nugetlite.web.document import json_document
from nugetlite.web.links import V2Links
from nugetlite.web.named import known_id, named, named_id
from nugetlite.web.nupkg import send_nupkg
from nugetlite.web.v2.address import Address
from nugetlite.web.v2.asked import Options
from nugetlite.web.v2.form import OF_V2

MOST_IDS = 30


def package(address: Address, options: Options, here: V2Links) -> ResponseReturnValue:
    """The bytes of one version, or of the newest one that most want."""
    match address.rest:
        case [id, version]:
            return send_nupkg(named(id, version))
        case [id]:
            newest = feed().newest(named_id(id))
            return send_nupkg(newest.identity, lasting=False)
    raise NotFound


def package_ids(address: Address, options: Options, here: V2Links) -> ResponseReturnValue:
    """Ids that go on as typed."""
    if address.rest:
        raise NotFound
    query = Query(
        parse_terms(options.text("partialid")),
        prerelease=options.flag("includeprerelease"),
        semver2=options.semver2,
        take=MOST_IDS,
        sight=sight(),
    )
    return json_document(feed().complete(query).ids, headers=(OF_V2,))


def package_versions(address: Address, options: Options, here: V2Links) -> ResponseReturnValue:
    """The listed versions of one package, oldest first; of an unknown one, none."""
    if len(address.rest) != 1:
        raise NotFound
    if not (id := known_id(address.rest[0])):
        return json_document([], headers=(OF_V2,))
    versions = feed().listed_versions(
        id, prerelease=options.flag("includeprerelease"), semver2=options.semver2
    )
    return json_document(versions, subject=id.key, headers=(OF_V2,))
