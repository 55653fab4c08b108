"""Tells what is on the share, as fast as a directory tree can be read."""

from __future__ import annotations

import os
from collections.abc import Iterator
from functools import partial
from typing import NamedTuple

from nugetlite import Entry, File, NoSuchPath, ShareUnavailable
from nugetlite.builtin.file_share import folders
from nugetlite.builtin.file_share.folders import ABSENT, FOLDER, is_still_at, opened
from nugetlite.builtin.file_share.visit import INCOMING, OWN, LookAgain, Visit

DEEPEST = 16  #: folders further down than this are left out, so that a scan ends


class _Look(NamedTuple):
    """What was in a folder while it was in its place, and so whole; the folder is still open."""

    folder: int
    files: tuple[File, ...]
    names: list[str]


def scan(visit: Visit, parts: tuple[str, ...]) -> Iterator[Entry]:
    """Every folder at or below ``parts`` that holds files, as ``Storage.scan`` promises.

    Raises ``OSError`` if the first one cannot be read.
    """
    try:
        look = visit.surely(parts, partial(_look_from_root, visit, parts))
    except NoSuchPath:
        return
    yield from _walk(visit, look, parts, with_hidden=bool(parts))
    yield from _halfway(visit, parts)


def _walk(visit: Visit, look: _Look, parts: tuple[str, ...], *, with_hidden: bool) -> Iterator[Entry]:
    try:
        if look.files and parts != (OWN,):  # the files there are the server's own
            yield Entry("/".join(parts), look.files)
        for name in look.names if len(parts) < DEEPEST else ():
            below = (*parts, name)
            if below == INCOMING or (name.startswith(".") and not with_hidden):
                continue
            try:
                found = _find(visit, look.folder, below)
            except (OSError, ShareUnavailable):
                yield _unreadable(below)
            else:
                if found:
                    yield from _walk(visit, found, below, with_hidden=with_hidden)
    finally:
        os.close(look.folder)


def _find(visit: Visit, above: int, parts: tuple[str, ...]) -> _Look | None:
    """Look into a folder that was there a moment ago, or is gone now."""
    try:
        return _look(visit, above, parts)
    except LookAgain:
        pass
    except OSError as error:
        if error.errno not in ABSENT:
            raise
    try:
        return visit.surely(parts, partial(_look_from_root, visit, parts))
    except NoSuchPath:
        return None


def _look_from_root(visit: Visit, parts: tuple[str, ...]) -> _Look:
    with opened(visit.root, parts[:-1]) as above:
        return _look(visit, above, parts)


def _look(visit: Visit, above: int, parts: tuple[str, ...]) -> _Look:
    folder = os.open(parts[-1] if parts else ".", FOLDER, dir_fd=above)
    try:
        look = _Look(folder, *folders.listing(folder))
        if not is_still_at(visit.root, parts, folder):
            raise LookAgain
    except BaseException:
        os.close(folder)
        raise
    return look


def _halfway(visit: Visit, under: tuple[str, ...]) -> Iterator[Entry]:
    """What is neither here nor there, while it is replaced in two steps, must not look as if it were gone.

    It may have been told before it came to that.
    """
    for parts in list(visit.halfway()):
        is_within = parts[: len(under)] == under != parts
        if is_within and (under or not any(part.startswith(".") for part in parts)):
            try:
                with opened(visit.root, parts):
                    pass
            except OSError:
                yield _unreadable(parts)


def _unreadable(parts: tuple[str, ...]) -> Entry:
    return Entry("/".join(parts), (), readable=False)
