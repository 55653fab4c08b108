"""The feed as Atom, in the shape that WCF Data Services gave it, which the oldest clients are made for."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from functools import lru_cache

from lxml import etree
from lxml.etree import _Element as Element

from nugetlite.odata.entity import Edm, Entry, Property, Value, version_text
from nugetlite.web import shown
from nugetlite.web.links import V2Links
from nugetlite.web.refusals import Told
from nugetlite.web.v2.entity import TYPE, Page, told

ATOM = "http://www.w3.org/2005/Atom"
APP = "http://www.w3.org/2007/app"
D = "http://schemas.microsoft.com/ado/2007/08/dataservices"
M = f"{D}/metadata"
XML_BASE = "{http://www.w3.org/XML/1998/namespace}base"
XML_LANG = "{http://www.w3.org/XML/1998/namespace}lang"
ZIP = "application/zip"  #: what a package is said to be; Paket takes no other

FEED = "application/atom+xml;type=feed;charset=utf-8"
ENTRY = "application/atom+xml;type=entry;charset=utf-8"
XML = "application/xml;charset=utf-8"

BEGINNING = datetime(2010, 1, 1, tzinfo=UTC)  #: the time of a feed in which there is nothing

_NAMESPACES = {"": ATOM, "d": D, "m": M}
_NO_XML = re.compile("[^\t\n\r -\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")  # XML has no spelling of them
_SEAM = b"<!--entries-->"  # no text looks like this once it is serialized: its "<" is escaped
_NULL = f"{{{M}}}null"
_TYPE = f"{{{M}}}type"
_TAGS = {each: f"{{{D}}}{each.value}" for each in Property}


def feed(page: Page) -> Told:
    """One page."""
    root = document(f"{{{ATOM}}}feed", {XML_BASE: page.here.base}, _NAMESPACES)
    _atom(root, "id", f"{page.here.base}{page.title}")
    _atom(root, "title", page.title, type="text")
    newest = max((entry.package.published for entry in page.entries), default=BEGINNING)
    _atom(root, "updated", f"{_time(newest)}Z")  # not "now": what is the same, has the same ETag
    _atom(root, "link", rel="self", title=page.title, href=page.title)
    if page.total is not None:
        etree.SubElement(root, f"{{{M}}}count").text = str(page.total)
    root.append(etree.Comment("entries"))  # they are serialized already
    if page.next:
        _atom(root, "link", rel="next", href=page.next)
    before, behind = serialized(root).split(_SEAM)
    entries = [_inside_a_feed(_entry(entry, page.here, page.select)) for entry in page.entries]
    return b"".join((before, *entries, behind)), FEED


def entry(entry: Entry, here: V2Links, select: tuple[Property, ...]) -> Told:
    """One version."""
    return _entry(entry, here, select), ENTRY


def value(property: Property, value: Value) -> Told:
    """One property of a version."""
    root = document(_TAGS[property], {}, {"d": D, "m": M})
    _fill(root, property, value)
    return serialized(root), XML


def service(here: V2Links) -> Told:
    """What there is: packages."""
    root = document(f"{{{APP}}}service", {XML_BASE: here.base}, {"": APP, "atom": ATOM})
    workspace = etree.SubElement(root, f"{{{APP}}}workspace")
    etree.SubElement(workspace, f"{{{ATOM}}}title").text = "Default"
    collection = etree.SubElement(workspace, f"{{{APP}}}collection", href="Packages")
    etree.SubElement(collection, f"{{{ATOM}}}title").text = "Packages"
    return serialized(root), XML


def refusal(sentence: str) -> Told:
    """A sentence that says no."""
    root = document(f"{{{M}}}error", {}, {"m": M})
    etree.SubElement(root, f"{{{M}}}code")
    message = etree.SubElement(root, f"{{{M}}}message", {XML_LANG: "en-US"})
    message.text = _fit(sentence)
    return serialized(root), XML


def text(value: Value) -> str:
    """A value as XML and ``$value`` spell it."""
    match value:
        case bool():
            return "true" if value else "false"
        case datetime():
            return _time(value)
    return str(value)


def document(name: str, attributes: dict[str, str], namespaces: dict[str, str]) -> Element:
    """The root of a document, with the prefixes of its namespaces; "" is that of the default one."""
    prefixes = {prefix or None: namespace for prefix, namespace in namespaces.items()}
    return etree.Element(name, attributes, prefixes)  # type: ignore[arg-type]  # lxml-stubs know no default one


def serialized(root: Element) -> bytes:
    """Its bytes."""
    return etree.tostring(root, xml_declaration=True, encoding="utf-8")


def _entry(entry: Entry, here: V2Links, select: tuple[Property, ...]) -> bytes:
    render = _kept if shown.is_short(entry.package) else _rendered
    return render(entry, here, select)


def _rendered(entry: Entry, here: V2Links, select: tuple[Property, ...]) -> bytes:
    package = entry.package
    manifest = package.manifest
    me = here.entry(package.identity.id.text, version_text(package))
    root = document(f"{{{ATOM}}}entry", {XML_BASE: here.base}, _NAMESPACES)
    _atom(root, "id", here.base + me)
    _atom(root, "category", term=TYPE, scheme=f"{D}/scheme")
    _atom(root, "link", rel="edit", title="V2FeedPackage", href=me)
    _atom(root, "title", package.identity.id.text, type="text")
    _atom(root, "summary", manifest.summary, type="text")
    _atom(root, "updated", f"{_time(package.published)}Z")
    _atom(_atom(root, "author"), "name", manifest.authors)
    _atom(root, "link", rel="edit-media", title="V2FeedPackage", href=f"{me}/$value")
    _atom(root, "content", type=ZIP, src=here.nupkg(package.identity))
    properties = etree.SubElement(root, f"{{{M}}}properties")
    for each in select:
        _fill(etree.SubElement(properties, _TAGS[each]), each, told(each, entry, here))
    return serialized(root)


_kept = lru_cache(maxsize=shown.MOST_KEPT)(_rendered)  # of the versions of a package, few change at a time


def _inside_a_feed(entry: bytes) -> bytes:
    """An entry's document without what the feed around it says for all: the declaration, namespaces and base."""
    return b"<entry" + entry[entry.index(b">", entry.index(b"<entry")) :]


def _fill(element: Element, property: Property, value: Value) -> None:
    if property.type is not Edm.STRING:
        element.set(_TYPE, property.type)
    if value is None:
        element.set(_NULL, "true")
    else:
        element.text = _fit(text(value))


def _atom(parent: Element, name: str, text: str = "", /, **attributes: str) -> Element:
    element = etree.SubElement(parent, f"{{{ATOM}}}{name}", attributes)
    if text:
        element.text = _fit(text)
    return element


def _fit(text: str) -> str:
    return _NO_XML.sub("\ufffd", text)


def _time(when: datetime) -> str:
    """Without its zone, which is UTC: Edm.DateTime has none."""
    return when.astimezone(UTC).replace(tzinfo=None).isoformat()
