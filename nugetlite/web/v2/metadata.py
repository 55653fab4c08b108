"""``$metadata``: what the feed's entity is made of, and what can be asked, for clients that look before they ask.

NuGet's clients look for three things in it: that the first entity set is ``Packages``, the function ``Search``,
and the property ``IsAbsoluteLatestVersion``. Without them they fall back to long filters (NuGet.Client
``ODataServiceDocumentUtils``, nuget.exe 2.8).
"""

from __future__ import annotations

from functools import cache

from lxml import etree
from lxml.etree import _Element as Element

from nugetlite.odata.entity import Property
from nugetlite.web.v2.atom import D, M, document, serialized
from nugetlite.web.v2.entity import NAMESPACE, TYPE

EDMX = "http://schemas.microsoft.com/ado/2007/06/edmx"
EDM = "http://schemas.microsoft.com/ado/2006/04/edm"

KEY = (Property.ID, Property.VERSION)
IN_ATOM = {  # what Atom has an element of its own for
    Property.ID: "SyndicationTitle",
    Property.AUTHORS: "SyndicationAuthorName",
    Property.LAST_UPDATED: "SyndicationUpdated",
    Property.SUMMARY: "SyndicationSummary",
}
TEXT, TRUTH = "Edm.String", "Edm.Boolean"
FUNCTIONS = {
    "Search": {
        "searchTerm": TEXT,
        "targetFramework": TEXT,
        "includePrerelease": TRUTH,
        "includeDelisted": TRUTH,
        "semVerLevel": TEXT,
    },
    "FindPackagesById": {"id": TEXT, "semVerLevel": TEXT},
    "GetUpdates": {
        "packageIds": TEXT,
        "versions": TEXT,
        "includePrerelease": TRUTH,
        "includeAllVersions": TRUTH,
        "targetFrameworks": TEXT,
        "versionConstraints": TEXT,
        "semVerLevel": TEXT,
    },
}


@cache
def metadata() -> bytes:
    """The document; the same for everybody."""
    root = document(f"{{{EDMX}}}Edmx", {"Version": "1.0"}, {"edmx": EDMX, "m": M, "d": D})
    services = etree.SubElement(root, f"{{{EDMX}}}DataServices", {f"{{{M}}}DataServiceVersion": "2.0"})
    schema = document(f"{{{EDM}}}Schema", {"Namespace": NAMESPACE}, {"": EDM})
    services.append(schema)
    _tell_entity(schema)
    _tell_container(schema)
    return serialized(root)


def _tell_entity(schema: Element) -> None:
    entity = _edm(schema, "EntityType", {"Name": TYPE.rpartition(".")[2], f"{{{M}}}HasStream": "true"})
    key = _edm(entity, "Key")
    for property in KEY:
        _edm(key, "PropertyRef", {"Name": property.value})
    for property in Property:
        told = {"Name": property.value, "Type": property.type.value}
        if not property.nullable:
            told["Nullable"] = "false"
        if place := IN_ATOM.get(property):
            told |= {
                f"{{{M}}}FC_TargetPath": place,
                f"{{{M}}}FC_ContentKind": "text",
                f"{{{M}}}FC_KeepInContent": "false",
            }
        _edm(entity, "Property", told)


def _tell_container(schema: Element) -> None:
    container = _edm(
        schema, "EntityContainer", {"Name": "V2FeedContext", f"{{{M}}}IsDefaultEntityContainer": "true"}
    )
    _edm(container, "EntitySet", {"Name": "Packages", "EntityType": TYPE})
    for name, parameters in FUNCTIONS.items():
        told = {
            "Name": name,
            "EntitySet": "Packages",
            "ReturnType": f"Collection({TYPE})",
            f"{{{M}}}HttpMethod": "GET",
        }
        function = _edm(container, "FunctionImport", told)
        for parameter, type in parameters.items():
            _edm(function, "Parameter", {"Name": parameter, "Type": type, "Mode": "In"})


def _edm(parent: Element, name: str, attributes: dict[str, str] | None = None) -> Element:
    return etree.SubElement(parent, f"{{{EDM}}}{name}", attributes or {})
