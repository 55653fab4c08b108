"""What a package says about itself: the ``.nuspec`` at its root, read once and kept in a compact form.

Elements are known by their local name, so every namespace that NuGet ever gave them will do, and none. What a
feed cannot do without (an id, a version) is checked; all else is kept as text, or left out if it makes no
sense.
"""

from __future__ import annotations

import codecs
import re
import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, fields
from functools import lru_cache
from operator import attrgetter
from typing import TYPE_CHECKING, Any, cast

import orjson
from lxml import etree

from nugetlite.errors import BadManifest, BadVersion, BadVersionRange, quoted
from nugetlite.package.framework import short_framework
from nugetlite.package.identity import Identity
from nugetlite.package.range import VersionRange
from nugetlite.package.version import Version
from nugetlite.package.xml import harmless_parser

if TYPE_CHECKING:
    from collections.abc import Callable

    from lxml.etree import _Element as Element

    _Attributes = tuple[tuple[str, str], ...]

MANIFEST_LIMIT = 1024 * 1024  #: bytes


@dataclass(frozen=True, slots=True)
class License:
    """What one may do with a package: an SPDX expression, or a file inside the package."""

    kind: str  #: "expression" or "file"
    text: str  #: the expression, or the file's path
    version: str = ""  #: of the licence expression's syntax


@dataclass(frozen=True, slots=True)
class Repository:
    """Where the source of a package is."""

    type: str = ""
    url: str = ""
    branch: str = ""
    commit: str = ""


@dataclass(frozen=True, slots=True)
class PackageType:
    """What a package is for: ``DotnetTool``, ``Template``, …; none at all means ``Dependency``."""

    name: str
    version: str = ""


@dataclass(frozen=True, slots=True)
class Dependency:
    """Another package that this one needs."""

    id: str  #: as it was written, which need not be a package id
    range: str = "(, )"  #: normalized; what is no version range is kept as it was written
    include: str = ""
    exclude: str = ""


@dataclass(frozen=True, slots=True)
class DependencyGroup:
    """What a package needs on one framework; a group of nothing says that it runs there and needs nothing."""

    framework: str = ""  #: the short name, "" for any
    dependencies: tuple[Dependency, ...] = ()


@dataclass(frozen=True, slots=True)
class FrameworkAssembly:
    """An assembly of .NET Framework itself that a package needs."""

    name: str
    frameworks: tuple[str, ...] = ()  #: short names; none means all


@dataclass(frozen=True, slots=True)
class FrameworkReferenceGroup:
    """The shared frameworks that a package needs on one framework."""

    framework: str = ""
    names: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ReferenceGroup:
    """The assemblies of a package that a project on one framework is to reference, if not all."""

    framework: str = ""
    files: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ContentFiles:
    """How a project is to take in some of a package's content files."""

    include: str
    exclude: str = ""
    build_action: str = ""
    copy_to_output: bool = False
    flatten: bool = False


@dataclass(frozen=True, slots=True)
class Manifest:
    """One ``.nuspec``. A text that it does not have is ``""``."""

    identity: Identity
    title: str = ""
    authors: str = ""
    owners: str = ""
    description: str = ""
    summary: str = ""
    release_notes: str = ""
    copyright: str = ""
    language: str = ""
    project_url: str = ""
    icon_url: str = ""
    license_url: str = ""
    icon: str = ""  #: a path inside the package, as it was written
    readme: str = ""  #: the same
    min_client_version: str = ""  #: of NuGet's clients
    require_license_acceptance: bool = False
    development_dependency: bool = False
    serviceable: bool = False
    semver2_dependencies: bool = False  #: whether a bound of a dependency is a SemVer 2 version
    license: License | None = None
    repository: Repository | None = None
    tags: tuple[str, ...] = ()
    package_types: tuple[PackageType, ...] = ()
    dependency_groups: tuple[DependencyGroup, ...] = ()
    framework_assemblies: tuple[FrameworkAssembly, ...] = ()
    framework_references: tuple[FrameworkReferenceGroup, ...] = ()
    references: tuple[ReferenceGroup, ...] = ()
    content_files: tuple[ContentFiles, ...] = ()

    @property
    def is_semver2(self) -> bool:
        """Whether only clients that know SemVer 2 may see it, for its own version or that of a dependency."""
        return self.identity.version.is_semver2 or self.semver2_dependencies

    @property
    def is_symbols(self) -> bool:
        """Whether it is that of a symbol package."""
        return any(type.name.lower() == "symbolspackage" for type in self.package_types)

    @classmethod
    def parse(cls, xml: bytes) -> Manifest:
        """Read a ``.nuspec``. Raises ``BadManifest``, ``BadPackageId`` or ``BadVersion``."""
        if len(xml) > MANIFEST_LIMIT:
            raise _bad(f"is larger than {MANIFEST_LIMIT} bytes")
        if len(xml) <= _FEW_NAMES:
            return _read(xml)
        with ThreadPoolExecutor(max_workers=1) as thread:  # its memory of names ends with it
            return thread.submit(_read, xml).result()

    def to_json(self) -> bytes:
        """The compact form, for ``from_json``: no empty field, each small value as the list of its fields."""
        told: dict[str, object] = {"id": self.identity.id.text, "version": self.identity.version.original}
        told |= {name: value for name, value in zip(_TOLD, _values_of(self), strict=True) if value}
        return orjson.dumps(told, default=_row, option=orjson.OPT_PASSTHROUGH_DATACLASS)

    @classmethod
    def from_json(cls, text: bytes | str) -> Manifest:
        """What ``to_json`` was asked of."""
        told = orjson.loads(text)
        for name, made_again in _MADE_AGAIN.items():
            if name in told:
                told[name] = made_again(told[name])
        return cls(Identity.parse(told.pop("id"), told.pop("version")), **told)


_TOLD = tuple(field.name for field in fields(Manifest) if field.name != "identity")
_values_of = attrgetter(*_TOLD)
_FIELDS_OF = {
    each: attrgetter(*[field.name for field in fields(each)])
    for each in (
        *(License, Repository, PackageType, Dependency, DependencyGroup, FrameworkAssembly),
        *(FrameworkReferenceGroup, ReferenceGroup, ContentFiles),
    )
}


def _row(value: Any) -> tuple[object, ...]:
    row: tuple[object, ...] = _FIELDS_OF[type(value)](value)
    return row


def _groups(rows: list[Any]) -> tuple[DependencyGroup, ...]:
    return tuple(
        [DependencyGroup(framework, tuple([Dependency(*row) for row in inner])) for framework, inner in rows]
    )


_MADE_AGAIN: dict[str, Callable[[Any], object]] = {
    "license": lambda row: License(*row),
    "repository": lambda row: Repository(*row),
    "tags": tuple,
    "package_types": lambda rows: tuple(PackageType(*row) for row in rows),
    "dependency_groups": _groups,
    "framework_assemblies": lambda rows: tuple(FrameworkAssembly(name, tuple(of)) for name, of in rows),
    "framework_references": lambda rows: tuple(
        FrameworkReferenceGroup(of, tuple(names)) for of, names in rows
    ),
    "references": lambda rows: tuple(ReferenceGroup(of, tuple(files)) for of, files in rows),
    "content_files": lambda rows: tuple(ContentFiles(*row) for row in rows),
}


# From here on: how XML becomes a manifest.

# lxml remembers each name that it reads (of an element, an attribute, a namespace) as long as the thread
# lives that reads it. Of small manifests that is little; a large one could be made of nothing but names, and
# be pushed again and again with new ones, so it is read in a thread of its own.
_FEW_NAMES = 8 * 1024  #: bytes


class _Parsers(threading.local):
    """The parser of each thread: to make one takes nearly as long as to read a manifest."""

    def __init__(self) -> None:
        self.own = harmless_parser("utf-8")


_parsers = _Parsers()

_DECLARED_ENCODING = re.compile(rb"""<\?xml\s[^>]*?\bencoding\s*=\s*["']([A-Za-z0-9._-]+)""")
_ENCODINGS = frozenset(
    [
        "utf-8",
        "ascii",
        "koi8-r",
        "koi8-u",
        "shift_jis",
        "euc_jp",
        "euc_kr",
        "gb2312",
        "gbk",
        "gb18030",
        "big5",
    ]
    + [f"iso8859-{part}" for part in range(1, 17)]
    + [f"cp{page}" for page in range(1250, 1259)]
)
_DOCTYPE = re.compile(rb"(?:\xef\xbb\xbf)?+(?:\s|<!--.*?-->|<\?.*?\?>)*+<!DOCTYPE", re.DOTALL | re.IGNORECASE)


def _read(xml: bytes) -> Manifest:
    package = _root(_as_utf8(xml))
    if _name(package) != "package":
        raise _bad(f"starts with <{_name(package)[:40]}> at line {package.sourceline}, not with <package>")
    metadata = _children(package).get("metadata")
    if metadata is None:
        raise _bad("has no <metadata>")
    return _manifest(metadata)


def _root(xml: bytes) -> Element:
    if _DOCTYPE.match(xml):
        raise _bad("has a DOCTYPE; leave it out, nothing in it would be read")
    try:
        return etree.fromstring(xml, _parsers.own)
    except etree.XMLSyntaxError as error:
        raise _bad(f"is not XML at line {error.lineno}: {_what_is_wrong(error)}") from error


def _what_is_wrong(error: etree.XMLSyntaxError) -> str:
    sentence = " ".join((error.msg or "").partition(", line ")[0].split())
    return sentence if len(sentence) <= 100 else f"{sentence[:97]}..."


def _bad(why: str) -> BadManifest:
    return BadManifest(f"The manifest (.nuspec) {why}")


def _as_utf8(xml: bytes) -> bytes:
    """The text in the one encoding that the parser is told, so that nobody can read it as another text."""
    if xml.startswith(codecs.BOM_UTF8):
        return xml
    if xml.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return _transcoded(xml, "utf-16")
    declared = _DECLARED_ENCODING.match(xml)
    return _transcoded(xml, _known_encoding(declared[1].decode())) if declared else xml


def _known_encoding(declared: str) -> str:
    try:
        encoding = codecs.lookup(declared).name
    except LookupError:
        encoding = ""
    if encoding not in _ENCODINGS:
        raise _bad(f"is in the encoding {quoted(declared)}; save it as UTF-8")
    return encoding


def _transcoded(xml: bytes, encoding: str) -> bytes:
    if encoding == "utf-8":
        return xml
    try:
        return xml.decode(encoding).encode()
    except UnicodeDecodeError as error:
        raise _bad(f"holds bytes that are not {encoding}") from error


def _manifest(metadata: Element) -> Manifest:
    elements = _children(metadata)
    told: dict[str, Any] = {
        _TEXTS[name]: text
        for name, element in elements.items()
        if name in _TEXTS and (text := _text(element))
    }
    told |= {_TRUTHS[name]: _truth(_text(element)) for name, element in elements.items() if name in _TRUTHS}
    told |= {
        _PARTS[name][0]: _PARTS[name][1](element) for name, element in elements.items() if name in _PARTS
    }
    for name in ("id", "version"):
        if name not in told:
            raise _bad(f"has no <{name}>")
    groups, semver2 = _dependency_groups(elements.get("dependencies"))
    return Manifest(
        identity=Identity.parse(told.pop("id"), told.pop("version")),
        min_client_version=_version_or_nothing(_attribute(metadata, "minClientVersion")),
        dependency_groups=groups,
        semver2_dependencies=semver2,
        **told,
    )


def _name(element: Element) -> str:
    return element.tag.rpartition("}")[2]


def _children(parent: Element) -> dict[str, Element]:
    """Its children by name; of two, the first."""
    children: dict[str, Element] = {}
    for child in parent:
        children.setdefault(child.tag.rpartition("}")[2], child)
    return children


def _each(parent: Element, name: str) -> list[Element]:
    return list(parent.iterchildren(f"{{*}}{name}"))


def _text(element: Element) -> str:
    text = "".join(map(str, element.itertext())) if len(element) else element.text
    return text.strip() if text else ""


def _attribute(element: Element, name: str) -> str:
    return element.get(name, "").strip()


def _truth(text: str) -> bool:
    return text.lower() in ("true", "1")


def _version_or_nothing(text: str) -> str:
    try:
        return Version.parse(text).original if text else ""
    except BadVersion:
        return ""


def _license(element: Element) -> License | None:
    kind = _attribute(element, "type").lower()
    text = _text(element)
    known = kind in ("expression", "file") and text
    return License(kind, text, _attribute(element, "version")) if known else None


def _repository(element: Element) -> Repository | None:
    repository = Repository(*[_attribute(element, name) for name in ("type", "url", "branch", "commit")])
    return repository if repository != Repository() else None


def _tags(element: Element) -> tuple[str, ...]:
    return tuple(_text(element).replace(",", " ").split())


def _package_types(parent: Element) -> tuple[PackageType, ...]:
    return tuple(
        [
            PackageType(name, _attribute(element, "version"))
            for element in _each(parent, "packageType")
            if (name := _attribute(element, "name"))
        ]
    )


def _dependency_groups(parent: Element | None) -> tuple[tuple[DependencyGroup, ...], bool]:
    """The dependencies by framework, and whether a bound of any is a SemVer 2 version.

    A flat list is for any framework, and counts if there is no group.
    """
    if parent is None:
        return (), False
    groups = _each(parent, "group")
    flat = [] if groups else _dependencies(parent)
    found = [("", flat)] if flat else [(_framework(group), _dependencies(group)) for group in groups]
    told = tuple([DependencyGroup(of, tuple([each for each, _ in within])) for of, within in found])
    return told, any(semver2 for _, within in found for _, semver2 in within)


def _dependencies(parent: Element) -> list[tuple[Dependency, bool]]:
    found = [_dependency(_attributes(element)) for element in _each(parent, "dependency")]
    return [each for each in found if each[0].id]


def _attributes(element: Element) -> _Attributes:
    return tuple(cast("list[tuple[str, str]]", element.items()))


def _dependency(attributes: _Attributes) -> tuple[Dependency, bool]:
    """One, and whether a bound of it is a SemVer 2 version."""
    length = sum([len(name) + len(value) for name, value in attributes])
    return _known_dependency(attributes) if length <= _USUAL_LENGTH else _read_dependency(attributes)


_USUAL_LENGTH = 200  #: characters; what is remembered must not become large


def _read_dependency(attributes: _Attributes) -> tuple[Dependency, bool]:
    told = {name: value.strip() for name, value in attributes}
    range, semver2 = _range(told.get("version", ""))
    return Dependency(told.get("id", ""), range, told.get("include", ""), told.get("exclude", "")), semver2


_known_dependency = lru_cache(maxsize=4096)(_read_dependency)  # packages of one feed share most of theirs


def _range(text: str) -> tuple[str, bool]:
    """The range of versions that will do, and whether a bound of it is a SemVer 2 version."""
    try:
        versions = VersionRange.parse(text)
    except BadVersionRange:
        return text, False
    return str(versions), versions.is_semver2


def _framework(element: Element) -> str:
    return short_framework(_attribute(element, "targetFramework"))


def _framework_assemblies(parent: Element) -> tuple[FrameworkAssembly, ...]:
    return tuple(
        [
            FrameworkAssembly(name, _frameworks(_attribute(element, "targetFramework")))
            for element in _each(parent, "frameworkAssembly")
            if (name := _attribute(element, "assemblyName"))
        ]
    )


def _frameworks(listed: str) -> tuple[str, ...]:
    """Several frameworks in one attribute, between commas; a long name has its own, before ``Version=``."""
    names = map(str.strip, re.split(r",(?!\s*\w+=)", listed))
    return tuple([short_framework(name) for name in names if name])


def _framework_references(parent: Element) -> tuple[FrameworkReferenceGroup, ...]:
    return tuple(
        [
            FrameworkReferenceGroup(_framework(group), _names(group, "frameworkReference", "name"))
            for group in _each(parent, "group")
        ]
    )


def _references(parent: Element) -> tuple[ReferenceGroup, ...]:
    """The references of each framework; a flat list is for any framework, and counts if there is no group."""
    groups = [
        ReferenceGroup(_framework(of), _names(of, "reference", "file")) for of in _each(parent, "group")
    ]
    flat = () if groups else _names(parent, "reference", "file")
    return (ReferenceGroup("", flat),) if flat else tuple(groups)


def _names(parent: Element, element: str, attribute: str) -> tuple[str, ...]:
    return tuple([name for child in _each(parent, element) if (name := _attribute(child, attribute))])


def _content_files(parent: Element) -> tuple[ContentFiles, ...]:
    return tuple(
        [
            ContentFiles(
                _attribute(files, "include"),
                _attribute(files, "exclude"),
                _attribute(files, "buildAction"),
                copy_to_output=_truth(_attribute(files, "copyToOutput")),
                flatten=_truth(_attribute(files, "flatten")),
            )
            for files in _each(parent, "files")
        ]
    )


# Where each element goes, and how it is read.

_TEXTS = {
    "id": "id",
    "version": "version",
    "title": "title",
    "authors": "authors",
    "owners": "owners",
    "description": "description",
    "summary": "summary",
    "releaseNotes": "release_notes",
    "copyright": "copyright",
    "language": "language",
    "projectUrl": "project_url",
    "iconUrl": "icon_url",
    "licenseUrl": "license_url",
    "icon": "icon",
    "readme": "readme",
}
_TRUTHS = {
    "requireLicenseAcceptance": "require_license_acceptance",
    "developmentDependency": "development_dependency",
    "serviceable": "serviceable",
}
_PARTS: dict[str, tuple[str, Callable[[Element], object]]] = {
    "license": ("license", _license),
    "repository": ("repository", _repository),
    "tags": ("tags", _tags),
    "packageTypes": ("package_types", _package_types),
    "frameworkAssemblies": ("framework_assemblies", _framework_assemblies),
    "frameworkReferences": ("framework_references", _framework_references),
    "references": ("references", _references),
    "contentFiles": ("content_files", _content_files),
}
