"""Makes a folder out of sight that holds files and survives a loss of power."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator, Mapping
from contextlib import suppress
from typing import BinaryIO

from nugetlite import File
from nugetlite.builtin.file_share import folders
from nugetlite.builtin.file_share.folders import NEW, opened
from nugetlite.builtin.file_share.staged import Staged
from nugetlite.builtin.file_share.visit import TheirError, Visit

BLOCK = 256 * 1024
SMALL = 1024 * 1024


def fill(visit: Visit, draft: str, files: Mapping[str, BinaryIO]) -> tuple[File, ...]:
    """Make the folder ``draft`` out of sight, holding ``files``, and tell what a listing will say of them."""
    os.mkdir(draft, dir_fd=visit.incoming)
    descriptors: dict[str, int] = {}
    try:
        with opened(visit.incoming, [draft]) as folder:
            for name, stream in files.items():
                descriptors[name] = _put_in(folder, name, stream)
            for descriptor in descriptors.values():  # after all were written: a journal commits them together
                os.fsync(descriptor)
            folders.sync(folder)
            return tuple([_told(name, descriptor) for name, descriptor in sorted(descriptors.items())])
    finally:
        for descriptor in descriptors.values():
            os.close(descriptor)


def _put_in(folder: int, name: str, stream: BinaryIO) -> int:
    """Put one file into a folder and answer its descriptor, still to be synced."""
    handed_over = stream.hand_over(folder, name) if isinstance(stream, Staged) else None
    descriptor = os.open(name, NEW, 0o666, dir_fd=folder) if handed_over is None else handed_over
    try:
        if handed_over is None:
            _copy(stream, descriptor)
        _date(descriptor)
        _begin_to_write(descriptor)
    except BaseException:
        os.close(descriptor)
        raise
    return descriptor


def _copy(stream: BinaryIO, descriptor: int) -> None:
    for block in _blocks(stream):
        rest = memoryview(block)
        while rest:
            rest = rest[os.write(descriptor, rest) :]


def _blocks(stream: BinaryIO) -> Iterator[bytes]:
    try:
        if stream.seekable():
            stream.seek(0)
        while block := stream.read(BLOCK):
            yield block
    except OSError as error:
        raise TheirError(error) from error


def _date(descriptor: int) -> None:
    """Date a file more finely than the kernel does by itself, so that two replacements in a row differ in it."""
    now = time.time_ns()
    with suppress(OSError):  # not every network share lets us; then its own date has to do
        os.utime(descriptor, ns=(now, now))


def _begin_to_write(descriptor: int) -> None:
    """Send a small file on its way to the disk, so that the syncs to come wait once and not one by one."""
    if hasattr(os, "posix_fadvise") and os.fstat(descriptor).st_size < SMALL:
        with suppress(OSError):  # it was only a hint
            os.posix_fadvise(descriptor, 0, 0, os.POSIX_FADV_DONTNEED)


def _told(name: str, descriptor: int) -> File:
    told = os.fstat(descriptor)
    return File(name, told.st_size, told.st_mtime)
