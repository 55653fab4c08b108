"""What the index answers."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import NamedTuple

from nugetlite.package.identity import Identity
from nugetlite.package.package import Package


@dataclass(frozen=True, slots=True)
class Hit:
    """One package that answers a search."""

    package: Package  #: its newest version among those that were searched
    versions: tuple[tuple[str, int], ...]  #: all of those, ascending: full text and downloads
    downloads: int  #: of all versions that the package ever had


@dataclass(frozen=True, slots=True)
class Hits:
    """One page of the answer to a search."""

    total: int  #: on all pages
    hits: tuple[Hit, ...]


@dataclass(frozen=True, slots=True)
class Completion:
    """One page of ids that go on as typed."""

    total: int
    ids: tuple[str, ...]


class Known(NamedTuple):
    """One version that the index knows to be on the share. There may be a million of these at a time."""

    id: str  #: in lower case, as in paths
    version: str  #: normalized, in lower case
    listed: bool
    stamp: str  #: what its folder looked like when it was read

    @property
    def identity(self) -> Identity:
        """The same as a value."""
        return Identity.parse(self.id, self.version)

    @property
    def folder(self) -> str:
        """Where it lies, as ``layout.version_folder`` says: here without making a value first."""
        return f"{self.id}/{self.version}"


@dataclass(frozen=True, slots=True)
class Trace:
    """What is known of a version; another value as soon as it came, went, or came back."""

    there: int | None  #: a number, if it can be restored
    removed: int | None  #: a revision, if it was removed
    package: int | None = field(compare=False)  #: a number, if any version of the package can be restored

    @property
    def id_is_new(self) -> bool:
        """Whether there is no version of the package at all."""
        return self.package is None


@dataclass(frozen=True, slots=True)
class Counts:
    """How much there is."""

    packages: int  #: ids
    versions: int  #: that can be restored
    unlisted: int  #: of those
    removed: int  #: versions of which only a mark is left


@dataclass(frozen=True, slots=True)
class FoundPdb:
    """Where a PDB is."""

    identity: Identity  #: of the package whose symbols hold it
    entry: str  #: its path in the symbol package
