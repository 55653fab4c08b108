"""Makes a delta: finds the chunks of an old file, known by their signature only, in a new file.

Most of a new version is where one expects it, one chunk of the old file behind the other, so that is tried
first, by hash alone. Only where it fails is the checksum rolled on byte by byte, which in Python takes a
hundred times as long. A long stretch without a match is not worth all that: from then on, samples are looked at,
each long enough to hold the beginning of a chunk if anything of the old file is there, and from what is found
in one it goes backwards, chunk by chunk, to where it began.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from hashlib import sha1
from typing import TYPE_CHECKING, BinaryIO, NamedTuple

from nugetlite.octodiff.commands import BLOCK, Copy, Data, header

if TYPE_CHECKING:
    from nugetlite.octodiff.signature import Signature

THOROUGH = 1024 * 1024  #: bytes without a match that are looked at one by one
SAMPLE = 16  #: after that, one of so many
_PIECE = 64 * 1024  # bytes that are looked at together


class Match(NamedTuple):
    """A chunk of the old file, found in the new one."""

    at: int  #: in the new file
    number: int  #: of the chunk, from 0
    length: int


class Delta:
    """What leads from the file of a signature to ``new``; as bytes, in blocks."""

    def __init__(self, signature: Signature, new: BinaryIO) -> None:
        self._signature = signature
        self._new = new
        self._size = new.seek(0, os.SEEK_END)
        self._chunk = signature.chunk_size
        self._by_hash: dict[bytes, int] = {}
        checksums = set()
        for number, (length, checksum, digest) in enumerate(signature):
            if length == self._chunk:
                self._by_hash.setdefault(digest, number)
                checksums.add(checksum)
        self._checksums = frozenset(checksums)

    def __iter__(self) -> Iterator[bytes]:
        """The delta. It reads ``new`` twice: first for its hash."""
        hash = sha1(usedforsecurity=False)
        for block in self._blocks(0, self._size):
            hash.update(block)
        yield header(hash.digest())
        at = 0
        for command in self.commands():
            yield bytes(command)
            if isinstance(command, Data):
                yield from self._blocks(at, command.length)
            at += command.length

    def commands(self) -> Iterator[Copy | Data]:
        """The commands, in order; neighbours in both files are one."""
        done = 0
        copy = Copy(0, 0)
        for at, number, length in self._matches():
            offset = number * self._chunk
            if at == done and offset == copy.offset + copy.length:
                copy = Copy(copy.offset, copy.length + length)
            else:
                if copy.length:
                    yield copy
                if at > done:
                    yield Data(at - done)
                copy = Copy(offset, length)
            done = at + length
        if copy.length:
            yield copy
        if self._size > done:
            yield Data(self._size - done)

    def _matches(self) -> Iterator[Match]:
        """Chunks of the old file in the new one, ascending, none over another."""
        at, expected = 0, 0
        while at < self._size:
            found = self._following(at, expected) or self._search(at)
            for match in found:
                yield match
                at, expected = match.at + match.length, match.number + 1
            if not found:
                return

    def _following(self, at: int, number: int) -> list[Match]:
        """What is expected there."""
        return [match] if (match := self._match(at, number)) else []

    def _search(self, start: int) -> list[Match]:
        """The first match from there on, with those before it that were skipped; or none."""
        chunk = self._chunk
        last = self._size - chunk
        at = min(start + THOROUGH, last + 1)
        if chunk and (match := self._find(start, at)):
            return [match]
        while chunk and at <= last:
            sample = max(at, min(at + (SAMPLE - 1) * chunk, last + 1 - chunk))
            if match := self._find(sample, min(sample + chunk, last + 1)):
                return self._with_those_before(match, start)
            at = sample + chunk
        return self._tail(start)

    def _find(self, start: int, stop: int) -> Match | None:
        """The first whole chunk that begins between two places."""
        for begin in range(start, stop, _PIECE):
            data = self._read(begin, min(_PIECE, stop - begin) + self._chunk - 1)
            for at in self._candidates(data):
                number = self._by_hash.get(sha1(data[at : at + self._chunk], usedforsecurity=False).digest())
                if number is not None:
                    return Match(begin + at, number, self._chunk)
        return None

    def _candidates(self, data: bytes) -> Iterable[int]:
        """Where in ``data`` a chunk begins that has a checksum of the signature."""
        known, size, modulus = self._checksums, self._chunk, self._signature.checksum.modulus
        first = self._signature.checksum.of(data[:size])
        if first in known:
            yield 0
        b, a = divmod(first, 65536)
        for at, (leaving, coming) in enumerate(zip(data, data[size:], strict=False), 1):
            a = (a - leaving + coming) % modulus
            b = (b - size * leaving + a - 1) % modulus
            if b << 16 | a in known:
                yield at

    def _with_those_before(self, match: Match, start: int) -> list[Match]:
        found = [match]
        while (before := found[-1]).number and before.at - self._chunk >= start:
            match_before = self._match(before.at - self._chunk, before.number - 1)
            if not match_before:
                break
            found.append(match_before)
        return found[::-1]

    def _tail(self, start: int) -> list[Match]:
        """The last chunk of the old file, which may be a short one, at the end of the new one."""
        last = len(self._signature) - 1
        at = self._size - (self._signature.chunk(last)[0] if last >= 0 else self._size)
        return self._following(at, last) if at >= start else []

    def _match(self, at: int, number: int) -> Match | None:
        if not 0 <= number < len(self._signature):
            return None
        length, digest = self._signature.chunk(number)
        is_same = sha1(self._read(at, length), usedforsecurity=False).digest() == digest
        return Match(at, number, length) if is_same else None

    def _read(self, at: int, length: int) -> bytes:
        self._new.seek(at)
        return self._new.read(length)

    def _blocks(self, at: int, length: int) -> Iterator[bytes]:
        for begin in range(at, at + length, BLOCK):
            yield self._read(begin, min(BLOCK, at + length - begin))
