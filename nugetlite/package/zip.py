"""How a zip is read when nobody vouches for it: each number in it is checked before it is used.

    local header, bytes       of each entry, one after the other, from the first byte of the file on
    directory                 a record for each entry: name, sizes, checksum, where its local header is
    end64, locator            only in a zip64, for numbers that the end record has no room for
    end record                how many entries, where the directory is; a comment, and the file ends

Two readers that go by its directory must not see two different archives in one file. So what the file says
twice has to agree: how many entries there are, where the directory is and ends, what is in the local header
of each entry. Sources: PKWARE's APPNOTE.TXT 6.3.10; .NET's System.IO.Compression.ZipArchive for what clients
check and what they put up with.
"""

from __future__ import annotations

import io
import struct
import zlib
from typing import TYPE_CHECKING, BinaryIO, NamedTuple

from nugetlite.errors import BadArchive, quoted

if TYPE_CHECKING:
    from collections.abc import Iterator

ENTRY_LIMIT = 50_000
DIRECTORY_LIMIT = 16 * 1024 * 1024  #: bytes
BLOCK = 64 * 1024  #: bytes read or inflated at a time
SMALL = 64 * 1024  #: bytes of a file that is read at once

_LOCAL = struct.Struct("<4s5H3L2H")
_RECORD = struct.Struct("<4s6H3L5H2L")
_END64 = struct.Struct("<4sQ2H2L4Q")
_LOCATOR = struct.Struct("<4sLQL")
_END = struct.Struct("<4s4H2LH")
_EXTRA = struct.Struct("<2H")
_COMMENT_LIMIT = 0xFFFF

_FULL16 = 0xFFFF  # in place of a number that has no room here: it stands in the zip64 part
_FULL32 = 0xFFFFFFFF
_NO_ROOM = (_FULL16, _FULL32, _FULL32)  # for the three numbers of an end record
_ZIP64_EXTRA = 1

_ENCRYPTED = 0x0001  # bits of the flags
_SIZES_FOLLOW = 0x0008
_STORED = 0
_DEFLATED = 8


class ZipEntry(NamedTuple):
    """One entry, its place checked, its bytes not yet."""

    name: str  #: as it stands in the zip
    flags: int
    method: int
    checksum: int  #: CRC-32 of its bytes, if the zip does not lie
    packed: int  #: bytes in the zip
    size: int  #: bytes when inflated, if the zip does not lie
    start: int  #: where its packed bytes are


class Zip:
    """The entries of a zip, in the order of its directory.

    Making one raises ``BadArchive`` unless the frame of the file is sound; all local headers are looked at.
    An ``OSError`` of the stream passes through. The stream must be seekable, and stays the caller's to close.
    """

    def __init__(self, stream: BinaryIO) -> None:
        self._file = _File(stream)
        end = _find_end(self._file)
        self.entries = _located(self._file, _read_directory(self._file, end), end.offset)

    def read(self, entry: ZipEntry, limit: int) -> bytes:
        """All bytes of an entry. Raises ``BadArchive`` as ``blocks`` does, and above ``limit`` bytes."""
        if entry.size > limit:
            raise BadArchive(f"{quoted(entry.name)} in the package is larger than {limit} bytes")
        return b"".join(self.blocks(entry))

    def open(self, entry: ZipEntry) -> BinaryIO:
        """The bytes of an entry as a stream, inflated on the way. Reading raises what ``blocks`` raises."""
        return io.BufferedReader(_EntryStream(self.blocks(entry)), BLOCK)

    def blocks(self, entry: ZipEntry) -> Iterator[bytes]:
        """The bytes of an entry, block by block, never more than the zip says.

        Raises ``BadArchive`` where they cannot be unpacked, and after the last block if their number or their
        checksum is not what the zip says.
        """
        length = checksum = 0
        for block in self._unpacked(entry):
            length += len(block)
            checksum = zlib.crc32(block, checksum)
            if length > entry.size:
                raise _lies(entry, "is larger than its header says")
            yield block
        if length < entry.size:
            raise _lies(entry, "is smaller than its header says")
        if checksum != entry.checksum:
            raise _lies(entry, "does not have the checksum that its header says")

    def _unpacked(self, entry: ZipEntry) -> Iterator[bytes]:
        if entry.flags & _ENCRYPTED:
            raise _lies(entry, "is encrypted")
        if entry.method == _STORED:
            return self._packed(entry)
        if entry.method == _DEFLATED:
            return self._inflated(entry)
        raise _lies(entry, f"is packed by method {entry.method}; NuGet reads 0 (stored) and 8 (deflated)")

    def _packed(self, entry: ZipEntry) -> Iterator[bytes]:
        at, left = entry.start, entry.packed
        while left:
            block = self._file.at(at, min(BLOCK, left))
            yield block
            at, left = at + len(block), left - len(block)

    def _inflated(self, entry: ZipEntry) -> Iterator[bytes]:
        inflater = zlib.decompressobj(-zlib.MAX_WBITS)
        taken = given = 0
        for packed in self._packed(entry):
            taken += len(packed)
            try:
                # one byte more than there should be is enough to know that there is too much
                while block := inflater.decompress(packed, min(BLOCK, entry.size - given + 1)):
                    given += len(block)
                    yield block
                    packed = inflater.unconsumed_tail
            except zlib.error as error:
                raise _lies(entry, "cannot be inflated") from error
            if inflater.unused_data or taken > 2 * given + 2 * BLOCK:
                raise _lies(entry, "takes more room in the zip than its bytes need")
        if not inflater.eof:
            raise _lies(entry, "cannot be inflated: it is cut short")


class _EntryStream(io.RawIOBase):
    def __init__(self, blocks: Iterator[bytes]) -> None:
        self._blocks = blocks
        self._rest = memoryview(b"")

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]  # the stubs want any buffer
        if not self._rest:
            self._rest = memoryview(next(self._blocks, b""))
        count = min(len(buffer), len(self._rest))
        buffer[:count] = self._rest[:count]
        self._rest = self._rest[count:]
        return count


class _File:
    """Any part of a file by its place. A small file is read once; of a large one only what is asked for."""

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream
        self.size = stream.seek(0, io.SEEK_END)
        self._whole = self._read(0, self.size) if self.size <= SMALL else None

    def at(self, offset: int, length: int) -> bytes:
        """Just so many bytes. Raises ``BadArchive`` where the file does not have them."""
        if offset + length > self.size:
            raise _no_zip("It is cut short")
        return self._read(offset, length) if self._whole is None else self._whole[offset : offset + length]

    def _read(self, offset: int, length: int) -> bytes:
        self._stream.seek(offset)
        found = self._stream.read(length)
        if len(found) < length:
            raise _no_zip("It is cut short")
        return found


class _End(NamedTuple):
    """What an end record says of the directory."""

    entries: int
    size: int
    offset: int


class _Record(NamedTuple):
    """One entry, as the directory has it."""

    raw_name: bytes
    flags: int
    method: int
    checksum: int
    packed: int
    size: int
    offset: int


def _no_zip(why: str) -> BadArchive:
    return BadArchive(f"The package is not a valid zip file. {why}.")


def _lies(entry: ZipEntry, how: str) -> BadArchive:
    return BadArchive(f"{quoted(entry.name)} in the package {how}")


def _find_end(file: _File) -> _End:
    """The end record, behind which the file must end, or the zip64 one before it."""
    at, record = _end_record(file)
    _, disk, directory_disk, here, count, size, offset, comment = _END.unpack_from(record)
    if len(record) != _END.size + comment:
        raise _no_zip("It goes on after its end record")
    end, until = _End(count, size, offset), at
    if at >= _LOCATOR.size and file.at(at - _LOCATOR.size, 4) == b"PK\6\7":
        until, whole = _zip64_end(file, at - _LOCATOR.size)
        if any(said not in (real, full) for said, real, full in zip(end, whole, _NO_ROOM, strict=True)):
            raise _no_zip("Its two end records do not agree")
        end = whole
    elif (disk, directory_disk) != (0, 0) or here != count:
        raise _no_zip("It is one part of several")
    if end.offset + end.size != until:
        raise _no_zip("Its directory is not where its end record says")
    return end


def _end_record(file: _File) -> tuple[int, bytes]:
    """Where the last end record is, which clients take, and all bytes from there on."""
    at = file.size - _END.size
    tail = file.at(at, _END.size) if at >= 0 else b""
    if not tail.startswith(b"PK\5\6"):
        length = min(file.size, _END.size + _COMMENT_LIMIT)
        tail = file.at(file.size - length, length)
        tail = tail[tail.rfind(b"PK\5\6") :] if b"PK\5\6" in tail else b""
    if len(tail) < _END.size:
        raise _no_zip("It has no end record; perhaps it was not sent whole")
    return file.size - len(tail), tail


def _zip64_end(file: _File, locator: int) -> tuple[int, _End]:
    """The end record of a zip64 and where it is: right before its locator, which points at it."""
    _, _, at, disks = _LOCATOR.unpack(file.at(locator, _LOCATOR.size))
    _, length, _, _, disk, directory_disk, here, count, size, offset = record = _END64.unpack(
        file.at(at, _END64.size)
    )
    if record[0] != b"PK\6\6" or at + 12 + length != locator:
        raise _no_zip("Its zip64 end record is not where it should be")
    if (disk, directory_disk) != (0, 0) or disks > 1 or here != count:
        raise _no_zip("It is one part of several")
    return at, _End(count, size, offset)


def _read_directory(file: _File, end: _End) -> list[_Record]:
    """All records, as many as the end record counts; the limits are looked at before any list is made."""
    if end.entries > ENTRY_LIMIT:
        raise BadArchive(f"The package has {end.entries} entries; at most {ENTRY_LIMIT} are taken")
    if end.size > DIRECTORY_LIMIT:
        raise BadArchive(
            f"The package has a directory of {end.size} bytes; at most {DIRECTORY_LIMIT} are taken"
        )
    directory = file.at(end.offset, end.size)
    records: list[_Record] = []
    at = 0
    try:
        for _ in range(end.entries):
            record, at = _read_record(directory, at)
            records.append(record)
    except struct.error as error:
        raise _no_zip("It has fewer entries than its end record counts") from error
    if at != end.size:
        raise _no_zip("It has more entries than its end record counts")
    return records


def _read_record(directory: bytes, at: int) -> tuple[_Record, int]:
    """The record at one place of the directory, and the place after it."""
    (
        signature, _, _, flags, method, _, _, checksum, packed, size,
        name_length, extra_length, comment_length, disk, _, _, offset,
    ) = _RECORD.unpack_from(directory, at)  # fmt: skip
    if signature != b"PK\1\2":
        raise _no_zip("Its directory cannot be read")
    name_ends = at + _RECORD.size + name_length
    extra_ends = name_ends + extra_length
    if _FULL32 in (size, packed, offset):
        size, packed, offset = _with_zip64(directory[name_ends:extra_ends], size, packed, offset)
    if disk not in (0, _FULL16):
        raise _no_zip("It is one part of several")
    raw_name = directory[at + _RECORD.size : name_ends]
    return _Record(raw_name, flags, method, checksum, packed, size, offset), extra_ends + comment_length


def _with_zip64(extra: bytes, *numbers: int) -> list[int]:
    """The numbers; those that had no room stand, in the same order, in the zip64 part of the extra field."""
    large = _zip64_numbers(extra)
    if len(large) < numbers.count(_FULL32):
        raise _no_zip("It is a zip64 that lacks a number")
    more = iter(large)
    return [next(more) if number == _FULL32 else number for number in numbers]


def _zip64_numbers(extra: bytes) -> list[int]:
    at = 0
    while at + 4 <= len(extra):
        kind, length = _EXTRA.unpack_from(extra, at)
        at += _EXTRA.size
        if kind == _ZIP64_EXTRA:
            field = extra[at : at + length]
            return [int.from_bytes(field[n : n + 8], "little") for n in range(0, len(field) - 7, 8)]
        at += length
    return []


def _located(file: _File, records: list[_Record], directory: int) -> tuple[ZipEntry, ...]:
    """The entries, each in a place of its own between the start of the file and the directory."""
    if not records:
        return ()
    offsets = sorted([record.offset for record in records])
    if offsets[0] != 0:
        raise _no_zip("It does not start with its first entry")
    ends = dict(zip(offsets, [*offsets[1:], directory], strict=True))
    if len(ends) < len(records):
        raise _no_zip("Its entries overlap")
    return tuple([_entry(file, record, ends[record.offset]) for record in records])


def _decoded(raw_name: bytes) -> str:
    """A name as .NET reads it: UTF-8, flagged or not; else in the code page that zips began with."""
    try:
        return raw_name.decode()
    except UnicodeDecodeError:
        return raw_name.decode("cp437")


def _entry(file: _File, record: _Record, end: int) -> ZipEntry:
    """One entry, whose bytes are behind its local header, which must say what the directory says."""
    raw_name, flags, method, checksum, packed, size, offset = record
    name_ends = offset + _LOCAL.size + len(raw_name)
    header = file.at(offset, name_ends - offset)
    (
        signature, _, flags_here, method_here, _, _,
        checksum_here, packed_here, size_here, name_length, extra_length,
    ) = _LOCAL.unpack_from(header)  # fmt: skip
    if (
        signature != b"PK\3\4"
        or (name_length, header[_LOCAL.size :]) != (len(raw_name), raw_name)
        or method_here != method
        or (flags_here ^ flags) & _ENCRYPTED
    ):
        raise _no_zip("An entry is another one than its directory says")
    start = name_ends + extra_length
    if start + packed > end:
        raise _no_zip("Its entries overlap")
    if not flags_here & _SIZES_FOLLOW:
        if _FULL32 in (size_here, packed_here):
            size_here, packed_here = _with_zip64(file.at(name_ends, extra_length), size_here, packed_here)
        if (checksum_here, packed_here, size_here) != (checksum, packed, size):
            raise _no_zip("An entry is another one than its directory says")
    return ZipEntry(_decoded(raw_name), flags, method, checksum, packed, size, start)
