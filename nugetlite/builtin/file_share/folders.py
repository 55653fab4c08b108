"""Folders by descriptor: steps down a path that no link and no remount can lead astray.

A descriptor goes on meaning the same folder, whatever is renamed or mounted meanwhile. POSIX only.
"""

from __future__ import annotations

import errno
import os
import shutil
import stat
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import IO

from nugetlite import File


def _flag(name: str) -> int:
    return int(getattr(os, name, 0))


ROOT = os.O_RDONLY | _flag("O_DIRECTORY") | _flag("O_CLOEXEC")  #: to open the folder that the operator named
FOLDER = ROOT | _flag("O_NOFOLLOW")
READ = os.O_RDONLY | _flag("O_NOFOLLOW") | _flag("O_CLOEXEC") | _flag("O_NONBLOCK")
NEW = os.O_RDWR | os.O_CREAT | os.O_EXCL | _flag("O_NOFOLLOW") | _flag("O_CLOEXEC")


def codes(*names: str) -> frozenset[int]:
    """Error numbers by name; not every system has all of them."""
    return frozenset(getattr(errno, name) for name in names if hasattr(errno, name))


#: how a system says that there is no such thing: none, a file or a link on the way, a name beyond its limits
ABSENT = codes("ENOENT", "ENOTDIR", "ELOOP", "ENAMETOOLONG")
#: how a rename says that something is there already
TAKEN = codes("EEXIST", "ENOTEMPTY", "ENOTDIR", "ELOOP")
#: how a file system says that it has no fsync for folders
_NO_SYNC = codes("EINVAL", "ENOTSUP", "EBADF")


@dataclass(frozen=True, slots=True)
class Place:
    """A folder into which something is about to be put."""

    fd: int
    made_in: tuple[int, ...]  #: the folders above it in which one was made on the way

    @property
    def to_sync(self) -> tuple[int, ...]:
        """The folders to sync, for what was put there and the way to it to survive a loss of power."""
        return (self.fd, *self.made_in)


@contextmanager
def opened(start: int, parts: Sequence[str]) -> Iterator[int]:
    """The folder that ``parts`` lead to from ``start``. Raises an ``OSError`` of ``ABSENT`` if none is."""
    fd = start
    try:
        for part in parts:
            below = os.open(part, FOLDER, dir_fd=fd)
            if fd != start:
                os.close(fd)
            fd = below
        yield fd
    finally:
        if fd != start:
            os.close(fd)


@contextmanager
def made(start: int, parts: Sequence[str]) -> Iterator[Place]:
    """As ``opened``, but what is missing is made.

    Raises ``FileNotFoundError`` when another process removes an empty folder on the way that we just stepped
    into: then start again.
    """
    way, made_in = [start], []
    try:
        for part in parts:
            above = way[-1]
            try:
                way.append(os.open(part, FOLDER, dir_fd=above))
            except FileNotFoundError:
                with suppress(FileExistsError):
                    os.mkdir(part, dir_fd=above)
                made_in.append(above)  # also if another process made it: it may not have synced yet
                way.append(os.open(part, FOLDER, dir_fd=above))
        yield Place(way[-1], tuple(made_in))
    finally:
        for fd in way[1:]:
            os.close(fd)


def is_still_at(start: int, parts: Sequence[str], folder: int) -> bool:
    """Whether a folder that was opened there still is, so that nobody has begun to delete what is in it.

    Raises ``OSError`` with one of ``ABSENT`` if nothing is there any more.
    """
    there = os.stat("/".join(parts) or ".", dir_fd=start, follow_symlinks=False)
    return os.path.samestat(there, os.fstat(folder))


def prune(start: int, parts: Sequence[str]) -> None:
    """Remove the folders on a path that are empty, from below; those that others are using stay."""
    with suppress(OSError):
        for depth in range(len(parts), 0, -1):
            with opened(start, parts[: depth - 1]) as above:
                os.rmdir(parts[depth - 1], dir_fd=above)


def rename(name: str, to: str, *, source: int, target: int, sync_after: Iterable[int]) -> None:
    """Rename and make that last; if it cannot be made to last, everything is named as before."""
    os.rename(name, to, src_dir_fd=source, dst_dir_fd=target)
    try:
        sync(*sync_after)
    except OSError:
        with suppress(OSError):
            os.rename(to, name, src_dir_fd=target, dst_dir_fd=source)
        raise


def sync(*folders: int) -> None:
    """Make the names in folders survive a loss of power, where the file system has a way to."""
    for folder in folders:
        try:
            os.fsync(folder)
        except OSError as error:
            if error.errno not in _NO_SYNC:
                raise


def listing(folder: int) -> tuple[tuple[File, ...], list[str]]:
    """The plain files of a folder, and the names of the folders in it; links and the like are neither."""
    files, folders = [], []
    with os.scandir(folder) as entries:
        for entry in entries:
            if entry.is_dir(follow_symlinks=False):
                folders.append(entry.name)
                continue
            with suppress(FileNotFoundError):  # it went while we looked
                told = entry.stat(follow_symlinks=False)
                if stat.S_ISREG(told.st_mode):
                    files.append(File(entry.name, told.st_size, told.st_mtime))
    files.sort(key=lambda file: file.name)
    return tuple(files), folders


def names(folder: int) -> list[str]:
    """The names of all that is in a folder."""
    with os.scandir(folder) as entries:
        return [entry.name for entry in entries]


def read_text(folder: int, name: str) -> str:
    """The text of a small file of our own."""
    with _file(folder, name, READ, "rb") as file:
        return str(file.read(4096).decode(errors="surrogateescape").strip())


def write_text(folder: int, name: str, text: str) -> None:
    """Write a small file of our own, to last; raises ``FileExistsError``."""
    with _file(folder, name, NEW, "wb") as file:
        file.write(text.encode(errors="surrogateescape") + b"\n")
        file.flush()
        os.fsync(file.fileno())


def delete(folder: int, name: str) -> None:
    """Delete a file, or a folder and all that is in it, without following links. What resists is left."""
    for _ in range(2):  # a passing fault should not leave anything
        with suppress(OSError):
            os.unlink(name, dir_fd=folder)
            return
        with suppress(OSError):
            shutil.rmtree(name, ignore_errors=True, dir_fd=folder)


def _file(folder: int, name: str, flags: int, mode: str) -> IO[bytes]:
    return os.fdopen(os.open(name, flags, 0o666, dir_fd=folder), mode)
