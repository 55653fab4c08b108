"""The storage behind ``file://``: a folder on a local disk or a network share.

    contoso.json/1.2.0/…            what was added
    .nugetlite/share.id             by which the share is known again, written once
    .nugetlite/incoming/            out of sight, on the same file system; a maker is a host and a process
        {maker}.part                    a staged file
        {maker}.new/                    a folder being filled
        {maker}.old/                    a folder taken out, until that is sure to last
        {maker}.swap/                   a folder being replaced in two steps
        {maker}.gone/                   nobody's any more
    .nugetlite/two-steps/           there if a host of this share has to replace folders in two steps

A folder is filled out of sight, synced, and renamed into place. The rename refuses a folder that holds
anything, so of two adds one wins, without a lock, across processes and hosts. To replace, the two folders
change places in one step. Where the file system cannot do that (NFS, SMB), the old one is taken out and the
new one put in, with a note of what is under way: meanwhile a reader waits for a moment and a scan says "not
readable", and after a crash in between, ``tidy`` puts the old one back.

Each verb opens the root once, sees that it is the share and not an empty mount point, and does all its work
below that descriptor. No link is followed.
"""

from __future__ import annotations

import errno
import io
import os
import stat
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path
from typing import BinaryIO, cast
from urllib.parse import unquote_to_bytes, urlsplit

from nugetlite import (
    ConfigError,
    Entry,
    File,
    FolderTaken,
    NoSuchPath,
    ShareUnavailable,
    Storage,
    hookimpl,
)
from nugetlite.builtin.file_share import folders
from nugetlite.builtin.file_share.again import OpenedBefore
from nugetlite.builtin.file_share.filling import fill
from nugetlite.builtin.file_share.folders import ABSENT, READ, ROOT, is_still_at, opened, prune
from nugetlite.builtin.file_share.maker import Maker
from nugetlite.builtin.file_share.placing import land, publish
from nugetlite.builtin.file_share.scanning import scan
from nugetlite.builtin.file_share.staged import Staged
from nugetlite.builtin.file_share.tidying import tidy
from nugetlite.builtin.file_share.visit import INCOMING, MARKER, OWN, LookAgain, Visit, plainly
from nugetlite.builtin.paths import check_names, is_name, parts_of

AWAY = "The share is away, or another one is in its place; nothing is lost, try again when it is back"


@hookimpl
def nugetlite_open_storage(url: str) -> Storage | None:
    """``file:///srv/packages`` is that folder."""
    parts = urlsplit(url)
    if parts.scheme != "file":
        return None
    if parts.netloc not in ("", "localhost") or not parts.path or parts.query or parts.fragment:
        raise ConfigError(f"packages: {url} names no folder; expected a path, or file:///path/to/folder")
    root = Path(os.fsdecode(unquote_to_bytes(parts.path)))
    with suppress(OSError):  # who may not look will hear of it
        if root.is_file():
            raise ConfigError(f"packages: {root} is a file; name a folder")
    return FileStorage(root)


class FileStorage(Storage):
    """Folders below ``root``. Nothing is touched before the first verb.

    With ``expected``, only the share of that ``share_id`` is served, and nothing is ever made in its stead.
    """

    def __init__(self, root: Path, expected: str = "") -> None:
        if os.name != "posix":
            raise ConfigError("packages: a folder can be served on Linux and other POSIX systems only")
        self.root = Path.cwd() / root
        self._known = expected
        self._recognized: tuple[str, tuple[int, ...]] = ("", ())  # the name, and the marker it was read from
        self._maker = Maker.here()
        self._opened = OpenedBefore(self.root)

    def add(self, folder: str, files: Mapping[str, BinaryIO], *, replace: bool = False) -> Entry:
        """As any storage. A file from ``stage`` is put in place without being copied, and reads on."""
        parts = _parts(folder)
        check_names(files)
        with self._visit(writing=True) as visit, visit.out_of_sight("new") as draft:
            told = fill(visit, draft, files)
            publish(visit, draft, parts, replace=replace)
        return Entry(folder, told)

    def open(self, path: str) -> BinaryIO:
        """As any storage; what it answers is a real file."""
        if again := self._opened.open(path):
            return again
        *folder, name = _parts(path)
        found = self._open_in(folder, [name])
        if name not in found:
            raise NoSuchPath(path)
        self._opened.remember(path, found[name], self._recognized[1])
        return found[name]

    def open_files(self, folder: str, names: Iterable[str]) -> dict[str, BinaryIO]:
        """As any storage; all of them are of one state of the folder."""
        try:
            parts = _parts(folder)
        except NoSuchPath:
            return {}
        return self._open_in(parts, list(filter(is_name, names)))

    def move(self, folder: str, to: str) -> Entry:
        """As any storage."""
        parts, target = _parts(folder), _parts(to)
        if target[: len(parts)] == parts:
            raise FolderTaken(to)
        with self._visit(writing=True) as visit:
            files = visit.surely(parts, lambda: _move(visit, parts, target))
            prune(visit.root, parts[:-1])
        return Entry(to, files)

    def remove(self, path: str) -> None:
        """As any storage."""
        parts = _parts(path)
        with self._visit(writing=True) as visit:
            if visit.surely_lacks(parts):
                raise NoSuchPath(path)
            with visit.out_of_sight("old") as old:
                visit.surely(parts, lambda: _take_out(visit, parts, old))
            prune(visit.root, parts[:-1])

    def scan(self, under: str = "") -> Iterator[Entry]:
        """As any storage. Folders more than 16 deep are left out."""
        try:
            parts = parts_of(under) if under else ()
        except NoSuchPath:
            return
        if parts[: len(INCOMING)] != INCOMING:
            with self._visit() as visit:
                if not visit.surely_lacks(parts):
                    yield from scan(visit, parts)

    def stage(self) -> BinaryIO:
        """A file on the share itself, out of sight, that ``add`` takes over."""
        with self._visit(writing=True) as visit:
            return cast(BinaryIO, Staged(visit.incoming, visit.maker.name("part")))

    def share_id(self) -> str:
        """The name in ``.nugetlite/share.id``; at first use it is written, and a missing root made."""
        with self._visit(writing=True):
            return self._known

    def expect(self, share_id: str) -> None:
        """As any storage; the same as ``expected`` from the beginning."""
        self._known = share_id
        self._opened.forget()

    def tidy(self) -> None:
        """As any storage. What other hosts left is removed after an hour without a change."""
        with self._visit(writing=True) as visit:
            tidy(visit)

    @contextmanager
    def _visit(self, *, writing: bool = False) -> Iterator[Visit]:
        """The share, open for one verb, once it is sure to be the one. Says plainly what the system says."""
        if self._maker.pid != os.getpid():  # a worker that was forked off
            self._maker = Maker.here()
        with plainly(), Visit(self._open_root(make=writing and not self._known), self._maker) as visit:
            self._recognize(visit, mark=writing and not self._known)
            yield visit

    def _open_in(self, folder: Sequence[str], names: Iterable[str]) -> dict[str, BinaryIO]:
        """Those files of a folder that are there."""
        with self._visit() as visit:
            try:
                return visit.surely(folder, partial(_open_files, visit, folder, names))
            except NoSuchPath:
                return {}

    def _open_root(self, *, make: bool) -> int:
        try:
            return os.open(self.root, ROOT)
        except (FileNotFoundError, NotADirectoryError) as error:
            if not make:
                raise ShareUnavailable(AWAY) from error
        self.root.mkdir(parents=True, exist_ok=True)
        return os.open(self.root, ROOT)

    def _recognize(self, visit: Visit, *, mark: bool) -> None:
        """Raise ``ShareUnavailable`` unless this is the share."""
        seen = visit.marker_stamp()
        if seen and (self._known, seen) == self._recognized:
            return
        if mark and not seen:
            visit.write_marker()
            seen = visit.marker_stamp()
        name = visit.read_marker() if seen else ""
        if self._known not in ("", name):
            raise ShareUnavailable(AWAY)
        self._known = self._known or name
        self._recognized = (name, seen)


def _parts(path: str) -> tuple[str, ...]:
    """The parts of a path to use; what is the storage's own is no path of its users."""
    parts = parts_of(path)
    if parts in ((OWN,), (OWN, MARKER)) or parts[:2] == INCOMING:
        raise NoSuchPath(path)
    return parts


def _open_files(visit: Visit, parts: Sequence[str], names: Iterable[str]) -> dict[str, BinaryIO]:
    files: dict[str, BinaryIO] = {}
    with opened(visit.root, parts) as folder:
        try:
            for name in names:
                try:
                    files[name] = _open_file(folder, name)
                except OSError as error:
                    if error.errno not in ABSENT:
                        raise
                    if not is_still_at(visit.root, parts, folder):
                        raise LookAgain from None
        except BaseException:
            for file in files.values():
                file.close()
            raise
    return files


def _open_file(folder: int, name: str) -> BinaryIO:
    if not _is_plain(folder, name):  # looked at first: to open a device can do things
        raise _absent()
    return io.BufferedReader(io.FileIO(os.open(name, READ, dir_fd=folder)))


def _move(visit: Visit, parts: tuple[str, ...], target: tuple[str, ...]) -> tuple[File, ...]:
    with opened(visit.root, parts[:-1]) as parent:
        with opened(parent, parts[-1:]) as folder:
            files, below = folders.listing(folder)
        if not files and not below:
            raise _absent()
        land(visit, parent, parts[-1], target, also=[parent])
    return files


def _take_out(visit: Visit, parts: tuple[str, ...], old: str) -> None:
    with opened(visit.root, parts[:-1]) as parent:
        if not _is_plain(parent, parts[-1]):
            with opened(parent, parts[-1:]):
                pass  # it is a folder
        folders.rename(parts[-1], old, source=parent, target=visit.incoming, sync_after=[parent])


def _is_plain(folder: int, name: str) -> bool:
    return stat.S_ISREG(os.stat(name, dir_fd=folder, follow_symlinks=False).st_mode)


def _absent() -> OSError:
    return FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT))
