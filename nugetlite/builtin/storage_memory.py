"""The storage behind ``memory://``: for tests and for trying things out. It ends with its process."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from io import BytesIO
from itertools import count
from threading import Lock
from typing import BinaryIO

from nugetlite import Entry, File, FolderTaken, NoSuchPath, Storage, hookimpl
from nugetlite.builtin.paths import check_names, parts_of

BLOCK = 256 * 1024


@hookimpl
def nugetlite_open_storage(url: str) -> Storage | None:
    """``memory://`` is a new and empty one."""
    return MemoryStorage() if url.partition(":")[0] == "memory" else None


@dataclass(frozen=True, slots=True)
class _Content:
    """One file: what a listing tells of it, and its bytes."""

    file: File
    content: bytes


class MemoryStorage(Storage):
    """Folders in a dictionary, swapped for another one by every change, so that readers need no lock."""

    def __init__(self, clock: Callable[[], float] = time.time) -> None:
        self._clock = clock
        self._folders: dict[str, dict[str, _Content]] = {}
        self._changing = Lock()
        self._tags = count(1)

    def add(self, folder: str, files: Mapping[str, BinaryIO], *, replace: bool = False) -> Entry:
        """As any storage."""
        parts_of(folder)
        check_names(files)
        contents = {name: self._content(name, stream) for name, stream in files.items()}
        with self._changing:
            others = _without(self._folders, folder) if replace else self._folders
            if _is_taken(others, folder):
                raise FolderTaken(folder)
            self._folders = {**others, folder: contents}
        return _entry(folder, contents)

    def open(self, path: str) -> BinaryIO:
        """As any storage."""
        folder, _, name = path.rpartition("/")
        try:
            return BytesIO(self._folders[folder][name].content)
        except KeyError as error:
            raise NoSuchPath(path) from error

    def move(self, folder: str, to: str) -> Entry:
        """As any storage."""
        parts_of(folder), parts_of(to)
        with self._changing:
            moved = _below(self._folders, folder)
            if not moved:
                raise NoSuchPath(folder)
            if _is_taken(self._folders, to) or f"{to}/".startswith(f"{folder}/"):
                raise FolderTaken(to)
            renamed = {to + path.removeprefix(folder): contents for path, contents in moved.items()}
            self._folders = {**_without(self._folders, folder), **renamed}
        return _entry(to, renamed.get(to, {}))

    def remove(self, path: str) -> None:
        """As any storage."""
        parts_of(path)
        folder, _, name = path.rpartition("/")
        with self._changing:
            if _below(self._folders, path):
                self._folders = _without(self._folders, path)
            elif name in self._folders.get(folder, {}):
                rest = {other: kept for other, kept in self._folders[folder].items() if other != name}
                others = {other: kept for other, kept in self._folders.items() if other != folder}
                self._folders = {**others, folder: rest} if rest else others
            else:
                raise NoSuchPath(path)

    def scan(self, under: str = "") -> Iterator[Entry]:
        """As any storage; tells what was there when it was called."""
        found = _below(self._folders, under) if under else self._folders
        for folder, contents in found.items():
            if under or not any(part.startswith(".") for part in folder.split("/")):
                yield _entry(folder, contents)

    def _content(self, name: str, stream: BinaryIO) -> _Content:
        if stream.seekable():
            stream.seek(0)
        content = b"".join(iter(lambda: stream.read(BLOCK), b""))
        return _Content(File(name, len(content), self._clock(), str(next(self._tags))), content)


def _entry(folder: str, contents: Mapping[str, _Content]) -> Entry:
    return Entry(folder, tuple(contents[name].file for name in sorted(contents)))


def _is_at_or_below(path: str, folder: str) -> bool:
    return f"{path}/".startswith(f"{folder}/")


def _below(folders: Mapping[str, dict[str, _Content]], folder: str) -> dict[str, dict[str, _Content]]:
    return {path: contents for path, contents in folders.items() if _is_at_or_below(path, folder)}


def _without(folders: Mapping[str, dict[str, _Content]], folder: str) -> dict[str, dict[str, _Content]]:
    return {path: contents for path, contents in folders.items() if not _is_at_or_below(path, folder)}


def _is_taken(folders: Mapping[str, dict[str, _Content]], folder: str) -> bool:
    """Whether it is there, or one below it, or a file where it or one above it would have to be."""
    if _below(folders, folder):
        return True
    parts = folder.split("/")
    return any(parts[depth] in folders.get("/".join(parts[:depth]), {}) for depth in range(1, len(parts)))
