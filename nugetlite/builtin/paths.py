"""Which paths the built-in storages take, so that none of them can lead out of its place."""

from __future__ import annotations

import os
from collections.abc import Iterable

from nugetlite import NoSuchPath


def parts_of(path: str) -> tuple[str, ...]:
    """The names that a path is made of, each of them one step down.

    Raises ``NoSuchPath`` for text that names no place in any storage: empty, absolute, climbing, unspeakable.
    """
    parts = tuple(path.split("/"))
    if not all(map(is_name, parts)):
        raise NoSuchPath(path)
    return parts


def check_names(names: Iterable[str]) -> None:
    """Raise ``ValueError`` unless these are names for the files of a folder, one at least."""
    names = list(names)
    if not names:
        raise ValueError("a folder holds at least one file")
    for name in names:
        if not is_name(name):
            raise ValueError(f"{name!r} is no name for a file")


def is_name(text: str) -> bool:
    """Whether a file or a folder may be called so."""
    try:
        os.fsencode(text)
    except UnicodeEncodeError:  # half a surrogate pair: no file system has that
        return False
    return text not in ("", ".", "..") and "/" not in text and "\0" not in text
