"""What one can do with a feed that is somewhere else, whatever protocol it speaks."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path

from nugetlite.client.upload import Watch, unwatched
from nugetlite.package.package import Deletion


class OverwriteMode(StrEnum):
    """What a push does if that version is there already: Octopus's three words."""

    FAIL = "FailIfExists"
    OVERWRITE = "OverwriteExisting"
    IGNORE = "IgnoreIfExists"


class Outcome(StrEnum):
    """What came of a push."""

    PUSHED = "pushed"
    IGNORED = "was there already"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Credentials:
    """Who asks: a key, or a user and a password; or nobody."""

    api_key: str = field(default="", repr=False)
    user: str = ""
    password: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class Wish:
    """How files are to be pushed."""

    mode: OverwriteMode = OverwriteMode.FAIL
    delta: bool = True  #: send only what has changed since the version before, where the feed can use it


@dataclass(frozen=True, slots=True)
class Pushed:
    """What a feed made of a file."""

    outcome: Outcome
    sent: int  #: bytes
    note: str = ""


@dataclass(frozen=True, slots=True)
class Hash:
    """What a feed says that the bytes of a file come to."""

    algorithm: str  #: as ``hashlib`` names it
    hex: str  #: lower-case


@dataclass(frozen=True, slots=True)
class Found:
    """One version that a feed lists."""

    id: str
    version: str
    description: str = ""
    size: int = 0  #: bytes; 0 where the feed does not say
    downloads: int = 0


@dataclass(frozen=True, slots=True)
class Place:
    """Where the bytes of a version are."""

    id: str
    version: str
    filename: str
    url: str
    headers: dict[str, str] = field(default_factory=dict, repr=False)
    hash: Hash | None = None


class Remote(ABC):
    """A feed, over HTTP. Every verb raises ``ClientError``; several threads may use one at once."""

    @property
    @abstractmethod
    def description(self) -> str:
        """What it is, and where, for the person who asked for it."""

    @abstractmethod
    def push(self, file: Path, wish: Wish, watch: Watch = unwatched) -> Pushed:
        """Put a file on the feed."""

    @abstractmethod
    def delete(self, id: str, version: str, deletion: Deletion | None, reason: str, *, force: bool) -> str:
        """Delete a version, as the feed does it unless a way is asked for; answers what was done.

        ``force`` does so even if others need it.
        """

    @abstractmethod
    def relist(self, id: str, version: str) -> None:
        """Show a version again that was deleted in a way that can be taken back."""

    @abstractmethod
    def find(self, words: str, *, prerelease: bool, all_versions: bool) -> Iterator[Found]:
        """What the feed lists for some words; of each package the newest version, unless all are wanted."""

    @abstractmethod
    def locate(self, id: str, version: str, *, prerelease: bool) -> Place:
        """Where a version is; without one, the newest."""
