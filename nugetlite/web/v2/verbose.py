"""The feed as JSON, in the form that OData calls verbose: the only one that V2 has."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Any

import orjson

from nugetlite.odata.entity import Edm, Entry, Property, Value, version_text
from nugetlite.web import shown
from nugetlite.web.links import V2Links
from nugetlite.web.refusals import Told
from nugetlite.web.v2.atom import ZIP
from nugetlite.web.v2.entity import TYPE, Page, told

CONTENT_TYPE = "application/json;charset=utf-8"
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

Json = dict[str, Any]


def feed(page: Page) -> Told:
    """One page."""
    found: Json = {"results": [_entry(entry, page.here, page.select) for entry in page.entries]}
    if page.total is not None:
        found["__count"] = str(page.total)
    if page.next:
        found["__next"] = page.next
    return _document(found)


def entry(entry: Entry, here: V2Links, select: tuple[Property, ...]) -> Told:
    """One version."""
    return _document(_entry(entry, here, select))


def value(property: Property, value: Value) -> Told:
    """One property of a version."""
    return _document({property.value: _value(property, value)})


def service(here: V2Links) -> Told:
    """What there is: packages."""
    return _document({"EntitySets": ["Packages"]})


def refusal(sentence: str) -> Told:
    """A sentence that says no."""
    error = {"code": "", "message": {"lang": "en-US", "value": sentence}}
    return orjson.dumps({"error": error}), CONTENT_TYPE


def _entry(entry: Entry, here: V2Links, select: tuple[Property, ...]) -> orjson.Fragment:
    render = _kept if shown.is_short(entry.package) else _rendered
    return render(entry, here, select)


def _rendered(entry: Entry, here: V2Links, select: tuple[Property, ...]) -> orjson.Fragment:
    package = entry.package
    me = here.base + here.entry(package.identity.id.text, version_text(package))
    metadata = {
        "id": me,
        "uri": me,
        "type": TYPE,
        "edit_media": f"{me}/$value",
        "media_src": here.nupkg(package.identity),
        "content_type": ZIP,
    }
    properties = {each.value: _value(each, told(each, entry, here)) for each in select}
    roomy = orjson.dumps({"__metadata": metadata, **properties})  # it has several times the room of its text
    return orjson.Fragment(bytes(memoryview(roomy)))


_kept = lru_cache(maxsize=shown.MOST_KEPT)(_rendered)  # of the versions of a package, few change at a time


def _value(property: Property, value: Value) -> object:
    if isinstance(value, datetime):
        milliseconds = (value - EPOCH) // timedelta(milliseconds=1)
        return orjson.Fragment(rf'"\/Date({milliseconds})\/"')  # the bars are how clients know it from a text
    if property.type is Edm.INT64 and value is not None:
        return str(value)  # more than a number of JavaScript can be trusted with
    return value


def _document(content: object) -> Told:
    return orjson.dumps({"d": content}), CONTENT_TYPE
