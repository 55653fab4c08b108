"""A delta as bytes: what to take from the old file, and what is new.

OCTODELTA 01   04 SHA1   int32 20   20 bytes SHA-1 of the whole new file   >>>
60   int64 offset in the old file, int64 length
80   int64 length, as many bytes                          commands, to the end of the file; little-endian
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from nugetlite.errors import BadDelta, NotADelta

if TYPE_CHECKING:
    from nugetlite.package.archive import Readable

BLOCK = 256 * 1024  #: bytes of new data that are read at a time

_HEADER = struct.Struct("<9sB5sl20s3s")
_MARKS = (b"OCTODELTA", 1, b"\4SHA1", 20, b">>>")
_COPY, _DATA = b"\x60", b"\x80"
_RANGE, _LENGTH = struct.Struct("<qq"), struct.Struct("<q")


@dataclass(frozen=True, slots=True)
class Copy:
    """A piece of the old file comes next."""

    offset: int  #: in the old file
    length: int

    def __bytes__(self) -> bytes:
        return _COPY + _RANGE.pack(self.offset, self.length)


@dataclass(frozen=True, slots=True)
class Data:
    """So many new bytes come next, and follow the command."""

    length: int

    def __bytes__(self) -> bytes:
        return _DATA + _LENGTH.pack(self.length)


def header(sha1: bytes) -> bytes:
    """How a delta begins that leads to a file of this hash."""
    name, version, algorithm, length, end = _MARKS
    return _HEADER.pack(name, version, algorithm, length, sha1, end)


class Commands:
    """The commands of a delta that somebody sent, read once, from front to back.

    Making it raises ``NotADelta`` if it does not begin like one; reading it raises ``BadDelta``.
    """

    def __init__(self, delta: Readable) -> None:
        self._delta = delta
        start = self._up_to(_HEADER.size)
        if len(start) < _HEADER.size:
            raise NotADelta
        name, version, algorithm, length, self.sha1, end = _HEADER.unpack(start)
        if (name, version, algorithm, length, end) != _MARKS:
            raise NotADelta

    def __iter__(self) -> Iterator[Copy | Data]:
        """The commands; the ``blocks`` of each ``Data`` must be read before the next one."""
        while kind := self._up_to(1):
            if kind == _COPY:
                command: Copy | Data = Copy(*_RANGE.unpack(self._just(_RANGE.size)))
            elif kind == _DATA:
                command = Data(*_LENGTH.unpack(self._just(_LENGTH.size)))
            else:
                raise BadDelta(f"it has a command {kind.hex()}, which does not exist")
            if command.length < 0:
                raise BadDelta("it has a command with a negative length")
            yield command

    def blocks(self, data: Data) -> Iterator[bytes]:
        """The bytes that follow a command, as they come in."""
        return pieces(self._delta, data.length, "it breaks off")

    def _just(self, size: int) -> bytes:
        data = self._up_to(size)
        if len(data) < size:
            raise BadDelta("it breaks off")
        return data

    def _up_to(self, size: int) -> bytes:
        """So many bytes, or what there is before the end."""
        data = b""
        while len(data) < size and (more := self._delta.read(size - len(data))):
            data += more
        return data


def pieces(source: Readable, length: int, if_short: str) -> Iterator[bytes]:
    """So many bytes, as they can be had; raises ``BadDelta`` if the source ends before."""
    while length:
        block = source.read(min(length, BLOCK))
        if not block:
            raise BadDelta(if_short)
        length -= len(block)
        yield block
