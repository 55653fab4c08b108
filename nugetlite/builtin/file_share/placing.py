"""Puts a filled folder in its place, so that readers see what was there before, or all of the new one."""

from __future__ import annotations

import os
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace as changed

from nugetlite import FolderTaken, ShareUnavailable
from nugetlite.builtin.file_share import folders
from nugetlite.builtin.file_share.exchange import CANNOT, exchange
from nugetlite.builtin.file_share.folders import TAKEN, made, opened, prune
from nugetlite.builtin.file_share.visit import BUSY, Visit
from nugetlite.builtin.paths import parts_of

TRIES = 64  #: how often to start again when other processes get in the way


def publish(visit: Visit, draft: str, parts: tuple[str, ...], *, replace: bool) -> None:
    """Put the folder ``draft`` where ``parts`` say; raises ``FolderTaken``, unless ``replace``.

    What was there before, if anything, is called ``draft`` then, or is gone.
    """
    for _ in range(TRIES):
        try:
            land(visit, visit.incoming, draft, parts)
        except FolderTaken:
            if not replace:
                raise
        else:
            return
        with suppress(FileNotFoundError):  # somebody removed it meanwhile: then the place is free
            _swap(visit, draft, parts)
            return
    raise ShareUnavailable(BUSY)


def land(visit: Visit, source: int, name: str, parts: tuple[str, ...], also: Sequence[int] = ()) -> None:
    """Rename a folder to where ``parts`` say, and make that last, in the folders ``also`` too.

    Raises ``FolderTaken`` if anything is there, ``FileNotFoundError`` if the folder itself is missing.
    """
    try:
        for _ in range(TRIES):
            with suppress(FileNotFoundError), made(visit.root, parts[:-1]) as place:
                to_sync = (*place.to_sync, *also)
                folders.rename(name, parts[-1], source=source, target=place.fd, sync_after=to_sync)
                return
            # Another process removed the empty folder that we were about to use; or is this one missing?
            os.stat(name, dir_fd=source, follow_symlinks=False)
        raise ShareUnavailable(BUSY)
    except OSError as error:
        prune(visit.root, parts[:-1])
        if error.errno in TAKEN:
            raise FolderTaken("/".join(parts)) from error
        raise


def _swap(visit: Visit, draft: str, parts: tuple[str, ...]) -> None:
    """Let a filled folder and the one in place change places; raises ``FileNotFoundError`` if none is."""
    with opened(visit.root, parts[:-1]) as parent:
        try:
            exchange(draft, parts[-1], one_in=visit.incoming, other_in=parent)
        except OSError as error:
            if error.errno not in CANNOT:
                raise
            _swap_in_two_steps(visit, draft, parts)
            return
        try:
            folders.sync(parent)
        except OSError:
            with suppress(OSError):
                exchange(draft, parts[-1], one_in=visit.incoming, other_in=parent)
            raise


# Where the file system cannot exchange, which every host is told before the first time. A folder {maker}.swap
# holds the note "folder", which says where; the folder "new" until it is in place; and "old0", what was there,
# once it is out.


def _swap_in_two_steps(visit: Visit, draft: str, parts: tuple[str, ...]) -> None:
    """Take the old folder out, put the new one in; a note tells everybody until it is done or undone."""
    visit.say_two_steps()
    swap = visit.maker.name("swap")
    try:
        os.mkdir(swap, dir_fd=visit.incoming)
        with opened(visit.incoming, [swap]) as note:
            folders.write_text(note, "folder", "/".join(parts))
            os.rename(draft, "new", src_dir_fd=visit.incoming, dst_dir_fd=note)
            folders.sync(note, visit.incoming)
            _turn_over(visit, note, parts)
    except BaseException:
        settle(visit, swap)
        raise
    visit.discard(swap)


def _turn_over(visit: Visit, note: int, parts: tuple[str, ...]) -> None:
    for count in range(TRIES):
        with suppress(FileNotFoundError), opened(visit.root, parts[:-1]) as parent:
            os.rename(parts[-1], f"old{count}", src_dir_fd=parent, dst_dir_fd=note)
        with suppress(FolderTaken):  # an add was quick enough to get in between; it is replaced as well
            land(visit, note, "new", parts, also=[note])
            return
    raise ShareUnavailable(BUSY)


def settle(visit: Visit, swap: str) -> None:
    """Undo a replacement in two steps that was cut short, unless it was as good as done.

    If that fails too, it is left as one of a dead process, for the next ``tidy``.
    """
    with suppress(OSError, ShareUnavailable), opened(visit.incoming, [swap]) as note:
        inside = folders.names(note)
        if "new" in inside and "folder" in inside:  # else it was done, or not begun
            parts = parts_of(folders.read_text(note, "folder"))
            for old in sorted((name for name in inside if name.startswith("old")), reverse=True):
                with suppress(FolderTaken):  # it had not been taken out yet, or a later one is back already
                    land(visit, note, old, parts, also=[note])
        visit.discard(swap)
        return
    with suppress(OSError):
        visit.rename(swap, changed(visit.maker, started=1).name("swap"))
