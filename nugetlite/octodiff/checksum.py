"""The rolling checksums of Octodiff: sums that can follow a window through a file byte by byte.

    a = 1 + z₁ + z₂ + … + zₙ                 modulo m
    b = n + n·z₁ + (n-1)·z₂ + … + 1·zₙ       modulo m; and the checksum is b·2¹⁶ + a

With m = 65521 that is Adler-32 as zlib has it (``Adler32V2``). Octodiff's first version, which clients prefer, has
m = 65536 instead (``Adler32``).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from enum import StrEnum
from functools import lru_cache
from itertools import accumulate, repeat
from struct import Struct
from zlib import adler32

_STEP = 16  # bytes; up to 22 of them no sum reaches 65521, so so what zlib answers is the sum itself
_PRIME = 65521


class Checksum(StrEnum):
    """Which of the two, by its name in a signature."""

    V1 = "Adler32"
    V2 = "Adler32V2"

    @property
    def modulus(self) -> int:
        """The m above."""
        return 65536 if self is Checksum.V1 else _PRIME

    def of_chunks(self, chunks: Iterable[bytes]) -> Iterator[int]:
        """Those of some chunks, each by itself."""
        return map(_sum_v1 if self is Checksum.V1 else adler32, chunks)

    def of(self, chunk: bytes) -> int:
        """That of one chunk."""
        return next(self.of_chunks([chunk]))


def _sum_v1(chunk: bytes) -> int:
    """The first version, by means of zlib's: several times as fast as adding up bytes in Python.

    Sums over a few bytes are the same with both moduli, and those over the chunk are put together from them.
    """
    padded = bytes(-len(chunk) % _STEP) + chunk  # zeros in front add nothing
    sums = list(map(adler32, _steps(len(padded) // _STEP)(padded), repeat(0)))
    both = sum(sums)  # of all a, and 65536 times of all b
    low = both & 0xFFFF
    carried = (
        ((adler32(chunk, 0) & 0xFFFF) - low) % _PRIME // (65536 - _PRIME)
    )  # from both remainders of one sum
    a = low + carried * 65536
    b = (both - a >> 16) + _STEP * (sum(accumulate(sums)) - a) + len(chunk)
    return (b & 0xFFFF) << 16 | (a + 1) & 0xFFFF


@lru_cache(maxsize=16)
def _steps(count: int) -> Callable[[bytes], tuple[bytes, ...]]:
    return Struct(f"{_STEP}s" * count).unpack
