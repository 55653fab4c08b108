"""An archive of another format than NuGet's, as the feed knows it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import datetime

    from nugetlite.package.filename import FileName
    from nugetlite.package.identity import Identity


@dataclass(frozen=True, slots=True)
class StoredArchive:
    """One version of what its makers deploy: a ``.zip``, ``.tar.gz``, ``.jar``, …; nobody looks into it."""

    name: FileName
    size: int  #: bytes
    sha1: str  #: hexadecimal, lower-case, as Octopus has it
    published: datetime  #: when it came to the feed, UTC
    listed: bool = True

    @property
    def identity(self) -> Identity:
        """Its id and version."""
        return self.name.identity

    @property
    def is_prerelease(self) -> bool:
        """Whether its version has labels."""
        return self.identity.version.is_prerelease
