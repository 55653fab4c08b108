"""What the feed tells of one version, property by property: what the entity knows, and what only the web does."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

from nugetlite.odata.entity import Edm, Entry, Property, Value
from nugetlite.package.manifest import DependencyGroup
from nugetlite.package.package import Package
from nugetlite.web import shown
from nugetlite.web.links import V2Links

NAMESPACE = "NuGetGallery"
TYPE = f"{NAMESPACE}.V2FeedPackage"  #: PackageManagement and others look for this very name

_MOST = 2**31 - 1  #: of an Edm.Int32
_SEPARATORS = re.compile(r"[:|]")  # of ``Dependencies``; no id and no framework has them


@dataclass(frozen=True, slots=True)
class Page:
    """One page of a feed."""

    title: str  #: the resource: ``Packages``
    here: V2Links
    select: tuple[Property, ...]
    entries: tuple[Entry, ...]
    total: int | None = None  #: on all pages, if it was wanted
    next: str = ""  #: the URL of the next one, "" on the last


def told(property: Property, entry: Entry, here: V2Links) -> Value:
    """What a property of a version says. An empty text is null, as clients expect of what there is not."""
    tell = _BY_THE_WEB.get(property)
    value = tell(entry.package, here) or None if tell else property.of(entry)
    if property.type is Edm.INT32 and isinstance(value, int):
        return min(value, _MOST)
    return value


def dependencies(groups: tuple[DependencyGroup, ...]) -> str:
    """The dependencies as NuGet 2 reads them: ``Contoso.Log:1.0.0:net45|Contoso.Text:[1.0.0, 2.0.0):``.

    A group of nothing is ``::net45``, and one of nothing on any framework, by itself, is "".
    """
    if len(groups) == 1 and not groups[0].framework and not groups[0].dependencies:
        return ""
    return "|".join(item for group in groups for item in _items(group))


def _items(group: DependencyGroup) -> list[str]:
    framework = _SEPARATORS.sub("", group.framework)
    if not group.dependencies:
        return [f"::{framework}"]
    return [
        f"{_SEPARATORS.sub('', each.id)}:{shown.readable_range(each.range).short}:{framework}"
        for each in group.dependencies
    ]


_BY_THE_WEB: dict[Property, Callable[[Package, V2Links], str]] = {
    Property.DEPENDENCIES: lambda package, _: dependencies(package.manifest.dependency_groups),
    Property.ICON_URL: lambda package, here: shown.icon_url(package, here.site),
    Property.LICENSE_URL: lambda package, here: shown.license_url(package, here.site),
    Property.PROJECT_URL: lambda package, _: shown.project_url(package),
    Property.GALLERY_DETAILS_URL: lambda package, here: here.site.details(package.identity),
    Property.REPORT_ABUSE_URL: lambda _, __: "",
}
