"""A package as the feed knows it: what its manifest says, what its bytes are, and how it stands on the feed."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from nugetlite.package.identity import Identity
    from nugetlite.package.manifest import Manifest


UNLISTED = datetime(
    1900, 1, 1, tzinfo=UTC
)  #: clients older than `listed` know an unlisted version by this time


class Embedded(StrEnum):
    """A file inside the package that the manifest names, and that clients show."""

    ICON = "icon"
    README = "readme"
    LICENSE = "license"


class Deletion(StrEnum):
    """What a delete comes to."""

    UNLIST = "unlist"  #: restorable by exact version, out of search and latest
    SOFT = "soft"  #: not restorable; the name stays reserved; a relist brings it back
    HARD = "hard"  #: the bytes are gone; a mark says who, when and why


@dataclass(frozen=True, slots=True)
class Package:
    """One version of a package on the feed."""

    manifest: Manifest
    size: int  #: bytes of the .nupkg
    sha512: str  #: of the .nupkg, base64, as NuGet writes it
    published: datetime  #: when it came to the feed, UTC
    listed: bool = True
    embedded: frozenset[Embedded] = (
        frozenset()
    )  #: which of the files that its manifest names are really in it

    @property
    def identity(self) -> Identity:
        """Its id and version."""
        return self.manifest.identity

    def __hash__(self) -> int:
        """By its bytes and its state: quick, and hardly ever equal for different packages."""
        return hash((self.sha512, self.listed))

    @property
    def announced(self) -> datetime:
        """When it was published, as clients are told."""
        return self.published if self.listed else UNLISTED

    @property
    def is_prerelease(self) -> bool:
        """Whether only those who ask for prereleases see it."""
        return self.identity.version.is_prerelease


@dataclass(frozen=True, slots=True)
class Removal:
    """What became of a version that is no longer there."""

    identity: Identity
    deletion: Deletion  #: SOFT or HARD
    when: datetime  #: UTC
    by: str  #: the actor's name
    why: str = ""

    def __str__(self) -> str:
        because = f": {self.why}" if self.why else ""
        return f"{self.identity} was removed on {self.when.astimezone(UTC):%Y-%m-%d}{because}"
