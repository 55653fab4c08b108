"""Shelves: how the versions of one kind stand on a storage, each a folder that is in one of a few places.

Every verb here is one step, or a few whose order leaves a state that a later scan understands if the power
goes out between them: bytes go out of sight first, the mark that says why comes second.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from io import BytesIO
from typing import TYPE_CHECKING, BinaryIO

import orjson

from nugetlite import layout
from nugetlite.errors import (
    FeedError,
    FolderTaken,
    NoSuchPackage,
    NoSuchPath,
    PackageExists,
    ShareUnavailable,
)
from nugetlite.package.package import Deletion, Removal

if TYPE_CHECKING:
    from nugetlite.layout import Places
    from nugetlite.package.identity import Identity
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
            spelt = type(identity).parse(told["id"], told["version"])
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


class Shelf(ABC):
    """The versions of one kind in one storage."""

    def __init__(self, storage: Storage, places: Places) -> None:
        self.storage = storage
        self.places = places

    @abstractmethod
    def version(self, identity: Identity) -> Entry | None:
        """The folder of a version as it stands; ``None`` if there is none, or not what one comes for."""

    def folder(self, identity: Identity) -> str:
        """Where a version lies that is neither deleted nor on its way out."""
        return layout.version_folder(identity, self.places.home)

    def withdraw(self, entry: Entry) -> None:
        """Undo a ``put`` of which nobody was told yet, unless others have changed the version since."""
        if self.stands(entry):
            self.drop(entry.folder)

    def stands(self, entry: Entry) -> bool:
        """Whether a folder is still just as it was told."""
        now = self.look(entry.folder)
        return now is not None and now.stamp == entry.stamp

    def unlist(self, mark: Mark) -> None:
        """Hide it from search. To do so again changes nothing."""
        self._put_mark(self.places.unlisted, mark)

    def relist(self, identity: Identity) -> None:
        """Show it in search. To do so again changes nothing."""
        self.drop(layout.version_folder(identity, self.places.unlisted))

    def soft_delete(self, mark: Mark) -> None:
        """Take it out of sight, bytes unchanged; raises ``NoSuchPackage``."""
        identity = mark.identity
        self._move(identity, self.folder(identity), layout.version_folder(identity, self.places.deleted))
        self._put_mark(self.places.gone, mark)

    def bring_back(self, identity: Identity) -> Entry:
        """Undo ``soft_delete``; raises ``NoSuchPackage`` when it is not soft-deleted."""
        entry = self._move(
            identity, layout.version_folder(identity, self.places.deleted), self.folder(identity)
        )
        self.drop(layout.version_folder(identity, self.places.gone))
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
        self._put_mark(self.places.gone, mark)
        self._empty_trash(identity)

    def finish_hard_delete(self, mark: Mark) -> None:
        """What is left to do when the version lies in the trash; a mark that is there already stays."""
        with suppress(FolderTaken):
            self._put_mark(self.places.gone, mark, replace=False)
        self._empty_trash(mark.identity)

    def forget_removal(self, identity: Identity) -> None:
        """Drop the mark of a removal: the version is there again."""
        self.drop(layout.version_folder(identity, self.places.gone))

    def soft_deleted(self, identity: Identity) -> Entry | None:
        """The version among the soft-deleted, where it keeps its name reserved."""
        return self.look(layout.version_folder(identity, self.places.deleted))

    def is_soft_deleted(self, identity: Identity) -> bool:
        """Whether it is among them."""
        return self.soft_deleted(identity) is not None

    def is_unlisted(self, identity: Identity) -> bool:
        """Whether it is hidden from search."""
        return self.look(layout.version_folder(identity, self.places.unlisted)) is not None

    def is_removed(self, identity: Identity) -> bool:
        """Whether there is a mark that says so, or the version itself among the soft-deleted."""
        return self.look(
            layout.version_folder(identity, self.places.gone)
        ) is not None or self.is_soft_deleted(identity)

    def states(self, under: str) -> Iterator[tuple[Identity, Entry]]:
        """Which versions have a folder below one of the layout's own folders, such as ``places.unlisted``."""
        yield from self.named(self.storage.scan(under), under)

    def named(self, entries: Iterable[Entry], under: str) -> Iterator[tuple[Identity, Entry]]:
        """Those of some folders below ``under`` that are a version's, and of which."""
        for entry in entries:
            if identity := layout.identity_at(entry.folder, under, self.places.names):
                yield identity, entry

    def removal_mark(self, identity: Identity) -> Mark:
        """The mark that its removal left."""
        try:
            path = f"{layout.version_folder(identity, self.places.gone)}/{layout.MARK}"
            with self.storage.open(path) as stream:
                return Mark.from_json(stream.read(MARK_LIMIT), identity)
        except NoSuchPath:
            return Mark.unknown(identity)

    def look(self, folder: str) -> Entry | None:
        """One folder as it stands; ``None`` if there is nothing in it."""
        for entry in self.storage.scan(folder):
            if not entry.readable:
                raise ShareUnavailable("A folder of the share cannot be looked into; try again later")
            if entry.folder == folder:
                return entry
        return None

    def _move_to_trash(self, identity: Identity) -> None:
        trash = layout.version_folder(identity, self.places.trash)
        try:
            self._move(identity, self.folder(identity), trash)
        except NoSuchPackage:
            self._move(identity, layout.version_folder(identity, self.places.deleted), trash)

    def _empty_trash(self, identity: Identity) -> None:
        """Remove what goes with a version, unless it was pushed anew, and its bytes last: they tell a later scan."""
        if not self.version(identity):
            for rest in self.places.beside:
                self.drop(layout.version_folder(identity, rest))
        self.drop(layout.version_folder(identity, self.places.trash))

    def _put_mark(self, under: str, mark: Mark, *, replace: bool = True) -> None:
        folder = layout.version_folder(mark.identity, under)
        self.storage.add(folder, {layout.MARK: BytesIO(mark.to_json())}, replace=replace)

    def drop(self, folder: str) -> None:
        """Take a folder or file away, if it is there."""
        with suppress(NoSuchPath):  # to drop what is not there is what was wanted
            self.storage.remove(folder)

    def _move(self, identity: Identity, folder: str, to: str) -> Entry:
        try:
            return self.storage.move(folder, to)
        except NoSuchPath as error:
            raise NoSuchPackage(identity) from error
        except FolderTaken as error:
            raise PackageExists(identity, "delete it or the other one of that name first") from error

    # Octodiff signatures

    def put_signature(self, identity: Identity, hash: str, signature: BinaryIO) -> None:
        """Keep the signature of a version's file, which has that hash; earlier ones are of no use any more."""
        folder = layout.version_folder(identity, self.places.signatures)
        self.storage.add(folder, {layout.signature_name(hash): signature}, replace=True)

    def open_signature(self, identity: Identity, hash: str) -> BinaryIO | None:
        """The signature of the file with that hash, if it was kept."""
        folder = layout.version_folder(identity, self.places.signatures)
        try:
            return self.storage.open(f"{folder}/{layout.signature_name(hash)}")
        except NoSuchPath:
            return None


def within_reason(modified: float) -> datetime:
    """The date of a file, as the day on which it came."""
    return datetime.fromtimestamp(min(max(modified, NUGET_BEGAN), DATES_END), UTC)


def dated(entry: Entry, name: str) -> datetime:
    """That of one file of a folder, which copying tools keep."""
    return within_reason(next((file.modified for file in entry.files if file.name == name), 0.0))
