"""The signature of a file: checksum and hash of each of its chunks, enough to find them in another file.

    OCTOSIG 01                                    a string is its length in one byte, then UTF-8
    04 SHA1   07 Adler32 or 09 Adler32V2   >>>
    int16 length, uint32 checksum, 20 bytes SHA-1     of each chunk, little-endian, to the end of the file

All chunks are of one length, only the last may be shorter.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from hashlib import sha1
from typing import TYPE_CHECKING

from nugetlite.errors import BadSignature
from nugetlite.octodiff.checksum import Checksum

if TYPE_CHECKING:
    from nugetlite.package.archive import Readable

CHUNK = 2048  #: bytes; what both of Octopus's libraries use
CHUNKS = range(128, 31744 + 1)  #: the sizes that they allow

_BLOCK = 128  # chunks that are read at once
_RECORD = struct.Struct("<hL20s")
_HEADERS = {f"OCTOSIG\1\4SHA1{chr(len(name))}{name}>>>".encode(): name for name in Checksum}


def sign(old: Readable, chunk_size: int = CHUNK, checksum: Checksum = Checksum.V1) -> Iterator[bytes]:
    """The signature of a file, in blocks, while it is read once."""
    yield next(header for header, name in _HEADERS.items() if name is checksum)
    for block in _exact_blocks(old, chunk_size * _BLOCK):
        chunks = [block[start : start + chunk_size] for start in range(0, len(block), chunk_size)]
        sums = checksum.of_chunks(chunks)
        yield b"".join(
            [
                _RECORD.pack(len(chunk), sum, sha1(chunk, usedforsecurity=False).digest())
                for chunk, sum in zip(chunks, sums, strict=True)
            ]
        )


@dataclass(frozen=True, slots=True)
class Signature:
    """A signature that was read and is sound; made by ``Signature.parse``."""

    checksum: Checksum
    chunk_size: int  #: bytes, of all chunks but perhaps the last; 0 if there are none
    old_size: int  #: bytes of the file that it is of
    _records: bytes

    @classmethod
    def parse(cls, content: bytes) -> Signature:
        """Read a signature of either version. Raises ``BadSignature``."""
        header = next(filter(content.startswith, _HEADERS), None)
        if header is None:
            raise BadSignature("This is no Octodiff signature of a kind that is known here")
        records = content[len(header) :]
        if len(records) % _RECORD.size:
            raise BadSignature("This Octodiff signature breaks off within a chunk")
        lengths = [length for length, _, _ in _RECORD.iter_unpack(records)]
        size = lengths[0] if lengths else 0
        if any(length != size for length in lengths[:-1]) or (lengths and not 0 < lengths[-1] <= size):
            raise BadSignature("The chunks of this Octodiff signature are not of one length")
        return cls(_HEADERS[header], size, sum(lengths), records)

    def __len__(self) -> int:
        """How many chunks there are."""
        return len(self._records) // _RECORD.size

    def __iter__(self) -> Iterator[tuple[int, int, bytes]]:
        """Length, checksum and hash of each chunk."""
        return _RECORD.iter_unpack(self._records)

    def chunk(self, index: int) -> tuple[int, bytes]:
        """Length and hash of one chunk."""
        length, _, digest = _RECORD.unpack_from(self._records, index * _RECORD.size)
        return length, digest


def _exact_blocks(stream: Readable, size: int) -> Iterator[bytes]:
    """All of a stream in blocks of just that size, the last one excepted."""
    block = b""
    while more := stream.read(size - len(block)):
        block += more
        if len(block) == size:
            yield block
            block = b""
    if block:
        yield block
