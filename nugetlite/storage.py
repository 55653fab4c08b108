"""Storage: what the feed needs of a place that keeps packages. Five verbs on folders of files.

Whoever writes one subclasses ``Storage``, answers ``nugetlite_open_storage`` for its URL scheme, and runs
``nugetlite.testing.StorageContract`` against it.
"""

from __future__ import annotations

import tempfile
from abc import ABC, abstractmethod
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from hashlib import blake2b
from typing import TYPE_CHECKING, BinaryIO, cast

from nugetlite.errors import NoSuchPath

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping


@dataclass(frozen=True, slots=True)
class File:
    """One file of a folder, as a listing tells it without opening the file."""

    name: str
    size: int  #: bytes
    modified: float  #: seconds since 1970-01-01 UTC
    tag: str = ""  #: whatever else changes when the bytes do (an object store's ETag, say)


@dataclass(frozen=True, slots=True)
class Entry:
    """One folder as it stands: its path, ``/``-separated and relative to the storage, and its files."""

    folder: str
    files: tuple[File, ...]
    readable: bool = True  #: if not, nothing is known just now of this folder and of what is below it

    @property
    def names(self) -> tuple[str, ...]:
        """The names of its files."""
        return tuple(file.name for file in self.files)

    @property
    def stamp(self) -> str:
        """Text that is another one as soon as any file came, went or changed."""
        told = sorted(f"{file.name}|{file.size}|{file.modified!r}|{file.tag}" for file in self.files)
        return blake2b("\n".join(told).encode(errors="surrogateescape"), digest_size=12).hexdigest()


class Storage(ABC):
    """Folders of files. A folder appears and disappears as a whole. Used by many threads at once.

    Paths are ``/``-separated, relative, and come from ``nugetlite.layout`` only: lower-case ASCII letters,
    digits and ``._+-``, never ``..``. Two processes on two hosts may use one storage at the same time.
    Any method raises ``ShareUnavailable`` when the place cannot be reached (never ``NoSuchPath``: "cannot
    read" is not "not there"), and those that write raise ``ShareFull`` when there is no room.
    """

    @abstractmethod
    def add(self, folder: str, files: Mapping[str, BinaryIO], *, replace: bool = False) -> Entry:
        """Make ``folder`` hold just these files (one at least); a reader sees all of them or none.

        The answer is what a ``scan`` would tell of it. Each stream is read from its start. When this returns,
        the folder has survived a loss of power. Raises ``FolderTaken`` if it is there already, unless
        ``replace``; of two adds at the same time one wins. If reading a stream fails, everything is as it was
        before.
        """

    @abstractmethod
    def open(self, path: str) -> BinaryIO:
        """Open one file for reading, seekable; it stays readable when its folder is removed meanwhile.

        Raises ``NoSuchPath``.
        """

    @abstractmethod
    def move(self, folder: str, to: str) -> Entry:
        """Give a folder another path, bytes and times unchanged; a reader sees it at one of the two.

        Raises ``NoSuchPath`` if it is not there, ``FolderTaken`` if something is at ``to``.
        """

    @abstractmethod
    def remove(self, path: str) -> None:
        """Take a folder and all below it, or one file, away; at once for readers.

        When this returns, it stays away after a loss of power. Raises ``NoSuchPath``.
        """

    @abstractmethod
    def scan(self, under: str = "") -> Iterator[Entry]:
        """Every folder at or below ``under`` that holds files itself, in no order.

        ``""`` means the root, and then folders whose path has a part that starts with a dot are left out;
        name such a folder to see what is in it. Nothing there is no entry, not an error. What is not a
        plain file (a link, a pipe) is left out.

        A folder that cannot be looked into is an entry that is not ``readable``, and the scan goes on: whatever
        was known of it and of what is below it is neither confirmed nor gone, also if it was told before.
        ``ShareUnavailable`` means that nothing can be said at all.
        """

    def open_files(self, folder: str, names: Iterable[str]) -> dict[str, BinaryIO]:
        """Open several files of one folder, by name, as ``open`` does; those that are not there are left out.

        A storage may have a way to do so that takes less than to open one after the other, as the default does.
        """
        files: dict[str, BinaryIO] = {}
        with ExitStack() as opened:
            for name in names:
                with suppress(NoSuchPath):
                    files[name] = opened.enter_context(self.open(f"{folder}/{name}"))
            opened.pop_all()
        return files

    def stage(self) -> BinaryIO:
        """A file to fill, for bytes on their way in; gone when closed.

        A storage may lend one that ``add`` can take over without copying. The default is any temporary file.
        """
        return cast(BinaryIO, tempfile.TemporaryFile())

    def share_id(self) -> str:
        """A lasting name of this place, made at first use, by which it is known again after it was away.

        A place that cannot vanish and leave an empty one behind (memory, a bucket) answers ``""``.
        Raises ``ShareUnavailable`` when the place is away.
        """
        return ""

    def expect(self, share_id: str) -> None:  # noqa: B027 -- most places have nothing to expect
        """Take this place for the share only if it is the one that ``share_id()`` named in an earlier life.

        From then on nothing new is made in its stead, and while another place, or an empty one, is found
        there, every method raises ``ShareUnavailable``. A place that has no lasting name ignores this.
        """

    def tidy(self) -> None:  # noqa: B027 -- most places leave nothing behind
        """Clear away, or finish, what crashed processes have left; called at start and from time to time.

        Never touches what a living process is still at, on whatever host.
        """
