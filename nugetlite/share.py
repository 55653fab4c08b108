"""The share: which versions there are and how they stand, as folders of a storage. The truth about packages.

Every verb here is one step, or a few whose order leaves a state that a later scan understands if the power
goes out between them: bytes go out of sight first, the mark that says why comes second.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import blake2b
from io import BytesIO
from typing import TYPE_CHECKING, BinaryIO

import orjson

from nugetlite import layout
from nugetlite.errors import (
    Damaged,
    FeedError,
    FolderTaken,
    NoSuchPackage,
    NoSuchPath,
    PackageExists,
    ShareUnavailable,
)
from nugetlite.package.archive import Archive, digest, read_package
from nugetlite.package.identity import Identity
from nugetlite.package.package import Deletion, Package, Removal

if TYPE_CHECKING:
    from nugetlite.storage import Entry, Storage


NUGET_BEGAN = datetime(2010, 1, 1, tzinfo=UTC).timestamp()  #: no package is older
MARK_LIMIT = 64 * 1024  #: bytes
DATES_END = datetime(2100, 1, 1, tzinfo=UTC).timestamp()  #: or comes from after this: some clock was wrong


@dataclass(frozen=True, slots=True)
class Mark:
    """Who did something to a version, when and why; as a file beside it, so that the share remembers."""

    identity: Identity
    when: datetime
    by: str
    why: str = ""
    deletion: Deletion = Deletion.UNLIST

    def to_json(self) -> bytes:
        """The file's content, for people to read as well."""
        told = {
            "id": self.identity.id.text,
            "version": self.identity.version.full,
            "deletion": self.deletion,
            "when": self.when.isoformat(),
            "by": self.by,
            "why": self.why,
        }
        return orjson.dumps(told, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE)

    @classmethod
    def from_json(cls, content: bytes, identity: Identity) -> Mark:
        """Read what ``to_json`` wrote about ``identity``; a mark that somebody garbled still marks."""
        try:
            told = orjson.loads(content)
            spelt = Identity.parse(told["id"], told["version"])
            when = datetime.fromisoformat(told["when"]).astimezone(UTC)
            mark = cls(spelt, when, str(told["by"]), str(told["why"]), Deletion(told["deletion"]))
        except (ValueError, KeyError, TypeError, FeedError):
            return cls.unknown(identity)
        return mark if mark.identity == identity else cls.unknown(identity)

    @classmethod
    def unknown(cls, identity: Identity) -> Mark:
        """The mark of something of which nothing is known but that it was done."""
        return cls(identity, datetime.fromtimestamp(0, UTC), "unknown", deletion=Deletion.SOFT)

    def removal(self) -> Removal:
        """What became of the version, if this is the mark of a removal."""
        return Removal(self.identity, self.deletion, self.when, self.by, self.why)


@dataclass(frozen=True, slots=True)
class Reading:
    """A version folder, read whole. Close it."""

    package: Package
    archive: Archive
    nupkg: BinaryIO
    is_complete: (
        bool  #: the hash and the manifest stand beside the package, so clients can read the folder directly
    )

    def close(self) -> None:
        """Let go of the file."""
        self.nupkg.close()


class Share:
    """The packages in one storage."""

    def __init__(self, storage: Storage) -> None:
        self.storage = storage

    def put(self, package: Package, manifest: bytes, nupkg: BinaryIO, *, replace: bool = False) -> Entry:
        """Make ``package`` be there, in the layout that NuGet's own folder reader wants.

        Raises ``PackageExists``, unless ``replace``.
        """
        identity = package.identity
        folder = layout.version_folder(identity)
        files = {
            layout.nupkg_name(identity): nupkg,
            layout.sha512_name(identity): BytesIO(package.sha512.encode()),
            layout.nuspec_name(identity): BytesIO(manifest),
        }
        for _ in range(2):
            try:
                return self.storage.add(folder, files, replace=replace)
            except FolderTaken:
                if not self._clear_leftovers(identity):
                    break
        raise PackageExists(identity)

    def withdraw(self, entry: Entry) -> None:
        """Undo a ``put`` of which nobody was told yet, unless others have changed the version since."""
        if self.stands(entry):
            self._drop(entry.folder)

    def version(self, identity: Identity) -> Entry | None:
        """The folder of a version as it stands; ``None`` if there is none, or no package in it."""
        entry = self._look(layout.version_folder(identity))
        return entry if entry and layout.nupkg_name(identity) in entry.names else None

    def stands(self, entry: Entry) -> bool:
        """Whether a folder is still just as it was told."""
        now = self._look(entry.folder)
        return now is not None and now.stamp == entry.stamp

    def open(self, package: Package) -> BinaryIO:
        """The bytes of its ``.nupkg``, sure to be those that were indexed: by size and time, or else by hash.

        Raises ``NoSuchPackage`` if somebody removed it, ``Damaged`` if somebody changed it.
        """
        identity = package.identity
        try:
            stream = self.storage.open(f"{layout.version_folder(identity)}/{layout.nupkg_name(identity)}")
        except NoSuchPath as error:
            raise NoSuchPackage(identity) from error
        try:
            if not self._is_as_indexed(stream, package):
                raise Damaged(
                    f"The file of {identity} was changed on the share; its operator has to look into it"
                )
            stream.seek(0)
        except BaseException:
            stream.close()
            raise
        return stream

    def check(self) -> None:
        """Return if the share is there; raises ``ShareUnavailable``."""
        self.storage.share_id()

    def tidy(self) -> None:
        """Clear away what crashed processes have left."""
        self.storage.tidy()

    def read(self, entry: Entry, under: str = "") -> Reading:
        """The package in a version folder, read and hashed whole, as if it had just been pushed.

        ``under`` is the folder of the layout in which it lies, if that is not the root.

        Raises ``FeedError`` for what could not have been pushed, ``Damaged`` if it is not what its folder or
        the hash beside it says. The caller closes the reading.
        """
        identity = layout.identity_at(entry.folder, under)
        if identity is None:
            raise NoSuchPackage(entry.folder)
        nupkg = self.storage.open(f"{entry.folder}/{layout.nupkg_name(identity)}")
        try:
            package, archive = read_package(nupkg, digest(nupkg), arrival(entry, identity))
            if package.identity != identity:
                raise Damaged(f"The folder of {identity} holds {package.identity}")
            return Reading(package, archive, nupkg, self._is_complete(entry, package))
        except BaseException:
            nupkg.close()
            raise

    def repair(self, reading: Reading) -> Entry:
        """Write a version folder anew, with the files that NuGet's own folder reader wants beside the package."""
        return self.put(reading.package, reading.archive.manifest_bytes, reading.nupkg, replace=True)

    def unlist(self, mark: Mark) -> None:
        """Hide it from search. To do so again changes nothing."""
        self._put_mark(layout.UNLISTED, mark)

    def relist(self, identity: Identity) -> None:
        """Show it in search. To do so again changes nothing."""
        self._drop(layout.version_folder(identity, layout.UNLISTED))

    def soft_delete(self, mark: Mark) -> None:
        """Take it out of sight, bytes unchanged; raises ``NoSuchPackage``."""
        identity = mark.identity
        self._move(identity, layout.version_folder(identity), layout.version_folder(identity, layout.DELETED))
        self._put_mark(layout.GONE, mark)

    def bring_back(self, identity: Identity) -> Entry:
        """Undo ``soft_delete``; raises ``NoSuchPackage`` when it is not soft-deleted."""
        entry = self._move(
            identity, layout.version_folder(identity, layout.DELETED), layout.version_folder(identity)
        )
        self._drop(layout.version_folder(identity, layout.GONE))
        return entry

    def hard_delete(self, mark: Mark) -> None:
        """Take it away for good, from where it is or from among the soft-deleted, and leave a mark.

        The bytes go out of sight, then the mark is written, then they are removed: whenever that is cut
        short, there is either a version or a mark (``finish_hard_delete`` does the rest). Raises ``NoSuchPackage``.
        """
        identity = mark.identity
        try:
            self._move_to_trash(identity)
        except PackageExists:  # one of that name lies there whose delete was cut short
            self.finish_hard_delete(mark)
            self._move_to_trash(identity)
        self._put_mark(layout.GONE, mark)
        self._empty_trash(identity)

    def finish_hard_delete(self, mark: Mark) -> None:
        """What is left to do when the version lies in the trash; a mark that is there already stays."""
        with suppress(FolderTaken):
            self._put_mark(layout.GONE, mark, replace=False)
        self._empty_trash(mark.identity)

    def forget_removal(self, identity: Identity) -> None:
        """Drop the mark of a removal: the version is there again."""
        self._drop(layout.version_folder(identity, layout.GONE))

    def soft_deleted(self, identity: Identity) -> Entry | None:
        """The version among the soft-deleted, where it keeps its name reserved."""
        return self._look(layout.version_folder(identity, layout.DELETED))

    def is_soft_deleted(self, identity: Identity) -> bool:
        """Whether it is among them."""
        return self.soft_deleted(identity) is not None

    def is_unlisted(self, identity: Identity) -> bool:
        """Whether it is hidden from search."""
        return self._look(layout.version_folder(identity, layout.UNLISTED)) is not None

    def is_removed(self, identity: Identity) -> bool:
        """Whether there is a mark that says so, or the version itself among the soft-deleted."""
        return self._look(layout.version_folder(identity, layout.GONE)) is not None or self.is_soft_deleted(
            identity
        )

    def reject(self, path: str, why: str) -> None:
        """Put a stray file aside, with the reason beside it, so that clients do not stumble over it."""
        aside = (
            f"{layout.REJECTED}/{blake2b(path.encode(errors='surrogateescape'), digest_size=8).hexdigest()}"
        )
        with self.storage.open(path) as stream:
            self.storage.add(
                aside,
                {"dropped.nupkg": stream, "reason.txt": BytesIO(f"{path}\n{why}\n".encode(errors="replace"))},
                replace=True,
            )
        self.storage.remove(path)

    def put_symbols(self, identity: Identity, snupkg: BinaryIO) -> Entry:
        """Keep its symbols; later ones take the place of earlier ones."""
        files = {layout.snupkg_name(identity): snupkg}
        return self.storage.add(layout.version_folder(identity, layout.SYMBOLS), files, replace=True)

    def open_symbols(self, identity: Identity) -> BinaryIO:
        """The bytes of its ``.snupkg``; raises ``NoSuchPackage``."""
        try:
            return self.storage.open(
                f"{layout.version_folder(identity, layout.SYMBOLS)}/{layout.snupkg_name(identity)}"
            )
        except NoSuchPath as error:
            raise NoSuchPackage(f"{identity} (symbols)") from error

    def states(self, under: str) -> Iterator[tuple[Identity, Entry]]:
        """Which versions have a folder below one of the layout's own folders, such as ``layout.UNLISTED``."""
        for entry in self.storage.scan(under):
            if identity := layout.identity_at(entry.folder, under):
                yield identity, entry

    def removal_mark(self, identity: Identity) -> Mark:
        """The mark that its removal left."""
        try:
            path = f"{layout.version_folder(identity, layout.GONE)}/{layout.MARK}"
            with self.storage.open(path) as stream:
                return Mark.from_json(stream.read(MARK_LIMIT), identity)
        except NoSuchPath:
            return Mark.unknown(identity)

    def _is_complete(self, entry: Entry, package: Package) -> bool:
        """Whether the side files are as clients want them; raises ``Damaged`` if they speak of other bytes."""
        identity = package.identity
        try:
            with self.storage.open(f"{entry.folder}/{layout.sha512_name(identity)}") as stream:
                declared = stream.read(1024).decode("ascii", "replace")
        except NoSuchPath:
            return False
        if declared.strip() != package.sha512:
            raise Damaged(f"The file of {identity} is not the one whose hash stands beside it")
        return declared == package.sha512 and layout.nuspec_name(identity) in entry.names

    def _is_as_indexed(self, stream: BinaryIO, package: Package) -> bool:
        """Whether these are the bytes of ``package``.

        The index, the folder and an open file may tell of three different packages while one is replaced.
        """
        if stream.seek(0, os.SEEK_END) != package.size:
            return False
        if package.published == _dated(stream):
            return True
        # Not every storage opens files of its own with dates of their own. And somebody may have touched it, or
        # restored it from a backup.
        return (
            package.published == self._dated_here(package.identity) or digest(stream).sha512 == package.sha512
        )

    def _dated_here(self, identity: Identity) -> datetime | None:
        """The date of the file that is there now; what was opened before is that one, or older."""
        entry = self.version(identity)
        return arrival(entry, identity) if entry else None

    def _look(self, folder: str) -> Entry | None:
        """One folder as it stands; ``None`` if there is nothing in it."""
        for entry in self.storage.scan(folder):
            if not entry.readable:
                raise ShareUnavailable("A folder of the share cannot be looked into; try again later")
            if entry.folder == folder:
                return entry
        return None

    def _clear_leftovers(self, identity: Identity) -> bool:
        """Remove what stands beside a package, where somebody took just that away; ``False`` if there is more."""
        entry = self._look(layout.version_folder(identity))
        names = entry.names if entry else ()
        for name in names:
            if name not in (layout.sha512_name(identity), layout.nuspec_name(identity)):
                return False
        for name in names:
            self._drop(f"{layout.version_folder(identity)}/{name}")
        return True

    def _move_to_trash(self, identity: Identity) -> None:
        trash = layout.version_folder(identity, layout.TRASH)
        try:
            self._move(identity, layout.version_folder(identity), trash)
        except NoSuchPackage:
            self._move(identity, layout.version_folder(identity, layout.DELETED), trash)

    def _empty_trash(self, identity: Identity) -> None:
        """Remove what goes with a version, unless it was pushed anew, and its bytes last: they tell a later scan."""
        if not self.version(identity):
            for rest in (layout.UNLISTED, layout.SYMBOLS):
                self._drop(layout.version_folder(identity, rest))
        self._drop(layout.version_folder(identity, layout.TRASH))

    def _put_mark(self, under: str, mark: Mark, *, replace: bool = True) -> None:
        folder = layout.version_folder(mark.identity, under)
        self.storage.add(folder, {layout.MARK: BytesIO(mark.to_json())}, replace=replace)

    def _drop(self, folder: str) -> None:
        with suppress(NoSuchPath):  # to drop what is not there is what was wanted
            self.storage.remove(folder)

    def _move(self, identity: Identity, folder: str, to: str) -> Entry:
        try:
            return self.storage.move(folder, to)
        except NoSuchPath as error:
            raise NoSuchPackage(identity) from error
        except FolderTaken as error:
            raise PackageExists(identity, "delete it or the other one of that name first") from error


def arrival(entry: Entry, identity: Identity) -> datetime:
    """When the package came to the share: the date of its file, which copying tools keep, within reason."""
    name = layout.nupkg_name(identity)
    return _within_reason(next((file.modified for file in entry.files if file.name == name), 0.0))


def _dated(stream: BinaryIO) -> datetime | None:
    """The date of an open file, if it is one."""
    try:
        return _within_reason(os.fstat(stream.fileno()).st_mtime)
    except OSError:
        return None


def _within_reason(modified: float) -> datetime:
    return datetime.fromtimestamp(min(max(modified, NUGET_BEGAN), DATES_END), UTC)
