"""The feeds of V2: all packages, those of one id, what answers a search, what is newer than what somebody has."""

from __future__ import annotations

from dataclasses import replace

from flask.typing import ResponseReturnValue
from werkzeug.exceptions import NotFound

from nugetlite.errors import BadQuery
from nugetlite.odata.entity import Entry, Property
from nugetlite.odata.selection import Selected, Selection
from nugetlite.package.identity import Identity
from nugetlite.web.access import sees, sight
from nugetlite.web.current import feed
from nugetlite.web.document import Document
from nugetlite.web.links import V2Links
from nugetlite.web.named import named
from nugetlite.web.nupkg import send_nupkg
from nugetlite.web.refusals import warning
from nugetlite.web.v2 import atom
from nugetlite.web.v2.address import Address
from nugetlite.web.v2.asked import Options
from nugetlite.web.v2.entity import Page, told
from nugetlite.web.v2.form import document, form

PACKAGES = "Packages"
TEXT = "text/plain;charset=utf-8"
COUNT = ("$count",)
NOTHING = Selected((), 0, None)


def packages(address: Address, options: Options, here: V2Links) -> ResponseReturnValue:
    """All versions, listed or not; or the one that a key names, or a property of it, or its bytes."""
    if not address.key:
        return _answer(PACKAGES, options.packages(), address, options, here)
    identity = _named(address)
    match [part.lower() for part in address.rest]:
        case ["download"] | ["$value"]:
            return send_nupkg(identity)
        case []:
            found = feed().entry(identity, semver2=options.semver2)
            return document(form().entry(found, here, options.select), identity.id.key)
        case [name] if property := Property.named(name):
            found = feed().entry(identity, semver2=options.semver2)
            return document(form().value(property, told(property, found, here)), identity.id.key)
        case [name, "$value"] if property := Property.named(name):
            return _bare(property, feed().entry(identity, semver2=options.semver2), here)
    raise NotFound


def find_packages_by_id(address: Address, options: Options, here: V2Links) -> ResponseReturnValue:
    """All versions of one package, listed or not; of an unknown one, none.

    A client that misses one asks for nothing else, so here it hears what became of it.
    """
    selection = options.of_one_id()
    if not selection or not selection.id:
        return _answer("FindPackagesById()", None, address, options, here)
    removals = feed().recent_removals(selection.id) if sees(selection.id) else ()
    news = tuple(warning(str(removal)) for removal in removals)
    return _answer("FindPackagesById()", selection, address, options, here, selection.id.key, news)


def search(address: Address, options: Options, here: V2Links) -> ResponseReturnValue:
    """The listed versions of packages that answer some words."""
    return _answer("Search()", options.search(), address, options, here)


def get_updates(address: Address, options: Options, here: V2Links) -> ResponseReturnValue:
    """What is newer than what somebody has."""
    return _answer("GetUpdates()", options.updates(), address, options, here)


def _answer(
    name: str,
    selection: Selection | None,
    address: Address,
    options: Options,
    here: V2Links,
    subject: str = "",
    news: tuple[tuple[str, str], ...] = (),
) -> ResponseReturnValue:
    """A page of a feed, or how much there is of it; ``None`` selects nothing."""
    if address.key:
        raise BadQuery(f"{name} is asked by query options, such as ?id='an id', and not in its parentheses")
    select = options.select
    if selection:
        selection = _seen(selection)
    if tuple(part.lower() for part in address.rest) == COUNT:
        count = feed().count_selected(selection) if selection else 0
        return document((str(count).encode(), TEXT), subject, news)
    if address.rest:
        raise NotFound
    found = feed().select(selection) if selection else NOTHING
    further = options.next_page(found.next) if found.next else None
    page = Page(
        name.removesuffix("()"),
        here,
        select,
        found.entries,
        found.total,
        here.resource(name, further) if further else "",
    )
    return document(form().feed(page), subject, news)


def _seen(selection: Selection) -> Selection:
    """Only what the client sees of it; one that did not say who it is, and names what it does not see, is asked to."""
    for id in selection.named_ids:
        sees(id)
    return replace(selection, sight=sight())


def _named(address: Address) -> Identity:
    """The version that a key names: whatever names none is not here."""
    if address.key.keys() != {"id", "version"}:
        raise BadQuery("A package is named by both parts of its key: Packages(Id='an id',Version='1.0')")
    return named(address.key["id"], address.key["version"])


def _bare(property: Property, entry: Entry, here: V2Links) -> Document:
    """A property's value and nothing around it; a null has none."""
    value = told(property, entry, here)
    if value is None:
        raise NotFound
    return document((atom.text(value).encode(errors="replace"), TEXT), entry.package.identity.id.key)
