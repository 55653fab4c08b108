"""The new file, made of the old one and a delta from somebody unknown; the hash decides at its end."""

from __future__ import annotations

import os
from collections.abc import Iterator
from hashlib import sha1
from itertools import repeat
from typing import TYPE_CHECKING, BinaryIO

from nugetlite.errors import BadDelta
from nugetlite.octodiff.commands import Commands, Copy, pieces

if TYPE_CHECKING:
    from nugetlite.package.archive import Readable


class Rebuilt:
    """The new file as a stream, to be read once, to its end: only there is it known to be the right one.

    Making it raises ``NotADelta`` if ``delta`` is none; reading raises ``BadDelta`` if it does not fit ``old``,
    breaks off, or leads to another file than it says; then there is nothing more to read. What it could come to at
    most is the reader's to limit.
    """

    def __init__(self, delta: Readable, old: BinaryIO) -> None:
        self._old = old
        self._old_size = old.seek(0, os.SEEK_END)
        self._commands = Commands(delta)
        self._blocks = self._checked()
        self._rest = b""

    def read(self, size: int, /) -> bytes:
        """At most ``size`` bytes; none at the end, and only there."""
        if not self._rest:
            self._rest = next(self._blocks)
        data, self._rest = self._rest[:size], self._rest[size:]
        return data

    def _checked(self) -> Iterator[bytes]:
        hash = sha1(usedforsecurity=False)
        for command in self._commands:
            for block in (
                self._copied(command) if isinstance(command, Copy) else self._commands.blocks(command)
            ):
                hash.update(block)
                yield block
        if hash.digest() != self._commands.sha1:
            raise BadDelta("what it leads to is not the file that it was made from")
        yield from repeat(b"")

    def _copied(self, piece: Copy) -> Iterator[bytes]:
        if not 0 <= piece.offset <= self._old_size - piece.length:
            raise BadDelta("it copies what is not in the old file")
        self._old.seek(piece.offset)
        return pieces(self._old, piece.length, "the old file became shorter")
