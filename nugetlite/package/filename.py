"""Which package a file is, by its name: ``Acme.Web.1.2.0-beta.tar.gz`` is ``Acme.Web``, ``1.2.0-beta``, ``.tar.gz``.

    id         words, joined by single . - or _
    version    one to four numbers, labels after -, metadata after +
    extension  one of those in EXTENSIONS, in any letter case

The shortest id that fits wins, so a hyphen before a version does not begin it: ``Foo-1.2.3.zip`` is ``Foo-1``,
``2.3``. Source: the file name parser of Octopus's workers; where it would take a part of the name for an extension
that nobody knows, the next longer id is tried, as Octopus's clients do.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from nugetlite.errors import BadFileName, BadVersion, quoted
from nugetlite.package.identity import Identity, PackageId
from nugetlite.package.version import NUMBER_LIMIT, Version

NUPKG = ".nupkg"  #: its manifest says what it is, not its name
EXTENSIONS = (
    *(".zip", ".jar", ".war", ".ear", ".rar"),
    *(".tar", ".tgz", ".tar.gz", ".tar.Z", ".tar.bz2", ".tar.bz", ".tbz"),
)
VERSION_LIMIT = 128  #: characters: with id and extension it is the name of a file
NAME_LIMIT = 255  #: characters

_WORDS = r"[0-9A-Za-z-]+(?:\.[0-9A-Za-z-]+)*"
_VERSION = re.compile(rf"([0-9]+(?:\.[0-9]+){{0,3}})(?:-({_WORDS}))?(?:\+({_WORDS}))?")
_ID_AND_VERSION = re.compile(
    rf"(\w+(?:[.-]\w+)*?)\.({_VERSION.pattern})"
)  # which ids are fit, PackageId says
_EXTENSION = re.compile(r"\.tar(?:\.[0-9A-Za-z]+)?\Z|\.[0-9A-Za-z]+\Z", re.IGNORECASE)
_KNOWN = frozenset(extension.lower() for extension in (NUPKG, *EXTENSIONS))


class ArchiveVersion(Version):
    """A version of an archive: shown as it was written, with all its zeros, and however many labels it has.

    ``1.2`` and ``1.02.0`` are one version, as NuGet has it. But ``1.2+one`` and ``1.2+two`` are two, in this
    order, and a label may begin with zeros.
    """

    __slots__ = ()

    def __post_init__(self) -> None:
        super().__post_init__()
        key = f"{self.key}+{self.metadata.lower()}" if self.metadata else self.key
        object.__setattr__(self, "key", key)
        object.__setattr__(self, "sort_key", f"{self.sort_key} {key}")  # a blank comes before all else in it

    @classmethod
    def parse(cls, text: str) -> ArchiveVersion:
        """Read a version. Raises ``BadVersion``."""
        if len(text) > VERSION_LIMIT:
            raise BadVersion(f"{quoted(text)} is not a version: it has more than {VERSION_LIMIT} characters")
        found = _VERSION.fullmatch(text)
        if not found:
            raise BadVersion(f"{quoted(text)} is not a version such as 1.2.0 or 1.2.0-beta.3+build.5")
        numbers, labels, metadata = found.groups("")
        major, minor, patch, revision = [*map(int, numbers.split(".")), 0, 0, 0][:4]
        if max(major, minor, patch, revision) > NUMBER_LIMIT:
            raise BadVersion(f"{quoted(text)} is not a version: a number in it is more than {NUMBER_LIMIT}")
        return cls(
            (major, minor, patch, revision), tuple(labels.split(".")) if labels else (), metadata, text
        )

    @property
    def full(self) -> str:
        """As it was written."""
        return self.original


class ArchiveIdentity(Identity):
    """One version of what is in archives of one id: ``Acme.Web 1.02``."""

    __slots__ = ()

    @classmethod
    def parse(cls, id: str, version: str) -> ArchiveIdentity:
        """Read both parts. Raises ``BadPackageId`` or ``BadVersion``."""
        return cls(PackageId.parse(id), ArchiveVersion.parse(version))


@dataclass(frozen=True, slots=True)
class FileName:
    """The name of a file that can be pushed, made by ``parse``."""

    identity: ArchiveIdentity
    extension: str  #: as it was written, with its dot

    @classmethod
    def parse(cls, name: str) -> FileName:
        """Read a file name; folders in front of it do not count.

        Raises ``BadFileName``, and ``BadPackageId`` or ``BadVersion`` for an id or version that is too much.
        """
        base = base_name(name)
        extension = extension_of(base)
        found = _ID_AND_VERSION.fullmatch(base.removesuffix(extension))
        if not found:
            raise BadFileName(
                f"No id and version follow from the name {quoted(base)}; name it as in Acme.Web.1.2.0.zip"
            )
        return cls(ArchiveIdentity.parse(found[1], found[2]), extension)

    def __str__(self) -> str:
        return f"{self.identity.id}.{self.identity.version}{self.extension}"


def base_name(name: str) -> str:
    """A file name without the folders of the client, of whatever system that is."""
    return re.split(r"[/\\]", name)[-1]


def extension_of(name: str) -> str:
    """The extension of a file that can be pushed, as it is written: ``.tar.gz``. Raises ``BadFileName``."""
    found = _EXTENSION.search(name) if len(name) <= NAME_LIMIT else None
    if not found or found[0].lower() not in _KNOWN:
        raise BadFileName(
            f"{quoted(name)} is no file of a kind that can be pushed; these are {' '.join((NUPKG, *EXTENSIONS))}"
        )
    return found[0]


def is_nupkg(name: str) -> bool:
    """Whether a file is a NuGet package by its name; which one, its manifest says."""
    return name.lower().endswith(NUPKG)
