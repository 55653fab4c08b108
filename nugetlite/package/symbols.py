"""The debugging symbols in a ``.snupkg``, and the keys under which debuggers ask a symbol server for them."""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import TYPE_CHECKING
from uuid import UUID

from nugetlite.errors import BadArchive, quoted

if TYPE_CHECKING:
    from nugetlite.package.archive import Archive

ALLOWED = frozenset({"pdb", "nuspec", "xml", "psmdcp", "rels", "p7s"})  #: extensions, as on nuget.org
SEARCH_LIMIT = 512 * 1024 * 1024  #: bytes of PDBs that are unpacked in search of their ids, in one package

_HEAD = 4096  # bytes; so many hold all headers of a PDB
_BLOCK = 64 * 1024
_ROOT = struct.Struct("<4s2H2L")
_STREAMS = struct.Struct("<2H")
_STREAM = struct.Struct("<2L")
_ID_SIZE = 20  # a GUID, and a stamp that keys do not show
_ANY_STAMP = "ffffffff"


@dataclass(frozen=True, slots=True)
class PdbFile:
    """One PDB of a symbol package."""

    entry: str  #: its path in the package
    name: str  #: of the file, lower-case: ``contoso.json.pdb``
    key: str  #: what debuggers ask for: ``contoso.json.pdb/497b72f6390a44fc878e5a2d63b6cc4bffffffff``, or ""


def read_symbols(archive: Archive) -> tuple[PdbFile, ...]:
    """The PDBs of a symbol package. Those in Windows' own format, whose ids are elsewhere, have no key.

    Raises ``BadArchive`` if it is no symbol package, holds what does not belong in one, or is damaged as far
    as it is read: whole PDBs are not.
    """
    _check(archive)
    pdbs = [name for name in archive.names if _extension(name) == "pdb"]
    places = [_find_id(archive, pdb) for pdb in pdbs]
    if sum(places) > SEARCH_LIMIT:
        raise BadArchive(f"The ids of the PDBs lie behind more than {SEARCH_LIMIT} bytes of other data")
    return tuple([_pdb(archive, pdb, place) for pdb, place in zip(pdbs, places, strict=True)])


def _check(archive: Archive) -> None:
    if not archive.manifest.is_symbols:
        raise BadArchive(
            "The package is no symbol package: its manifest does not name the type SymbolsPackage"
        )
    for name in archive.names:
        if _extension(name) not in ALLOWED:
            raise BadArchive(f"{quoted(name)} does not belong in a symbol package")


def _extension(name: str) -> str:
    return name.rpartition(".")[2].lower()


def _pdb(archive: Archive, entry: str, place: int) -> PdbFile:
    name = entry.rpartition("/")[2].lower()
    id = _read_id(archive, entry, place) if place else ""
    return PdbFile(entry, name, f"{name}/{id}{_ANY_STAMP}" if id else "")


# A portable PDB is a metadata root (ECMA-335, II.24.2.1) that lists streams by name and place; the stream
# "#Pdb" begins with the id (Portable PDB v1.0 of dotnet/runtime). How that becomes a key: SSQP key
# conventions of dotnet/symstore.


def _find_id(archive: Archive, entry: str) -> int:
    """Where in a PDB its id is, or 0 if it is no portable PDB."""
    with archive.open(entry) as pdb:
        head = pdb.read(_HEAD)
    try:
        return _streams(head).get(b"#Pdb", 0)
    except (struct.error, ValueError):
        return 0


def _streams(head: bytes) -> dict[bytes, int]:
    """Where the streams of a portable PDB are, by name. Raises ``ValueError`` or ``struct.error``."""
    signature, _, _, _, version_length = _ROOT.unpack_from(head)
    if signature != b"BSJB":
        raise ValueError("no metadata root")
    at = _ROOT.size + version_length
    _, count = _STREAMS.unpack_from(head, at)
    at += _STREAMS.size
    streams = {}
    for _ in range(count):
        place, _ = _STREAM.unpack_from(head, at)
        name_ends = head.index(b"\0", at + _STREAM.size)
        streams[head[at + _STREAM.size : name_ends]] = place
        at = name_ends + 4 - name_ends % 4  # names are filled up with zeros to a multiple of four
    return streams


def _read_id(archive: Archive, entry: str, place: int) -> str:
    """The GUID at one place of a PDB, or "" if the PDB ends before. What is before it is not kept."""
    with archive.open(entry) as pdb:
        left = place
        while left and (skipped := pdb.read(min(left, _BLOCK))):
            left -= len(skipped)
        id = pdb.read(_ID_SIZE)
    return UUID(bytes_le=id[:16]).hex if len(id) == _ID_SIZE else ""
