"""Symbol packages, and the keys of the PDBs in them."""

import struct
from contextlib import suppress
from io import BytesIO
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nugetlite.errors import BadArchive, FeedError
from nugetlite.package import symbols
from nugetlite.package.archive import Archive
from nugetlite.package.symbols import PdbFile, read_symbols
from nugetlite.testing.packages import nupkg

GUID = UUID("684a1e69-ff32-4135-aedd-fb3dbb570574")

# The start of a PDB by csc of the .NET SDK 3.1.102; its assembly has the same GUID in its debug directory.
BY_CSC = bytes.fromhex(
    "42534a4201000100000000000c00000050444220 76312e30 00000000 00000600"
    "7c000000 40000000 2350646200000000 bc000000 48000000 237e0000 04010000"
    "04000000 23537472 696e677300000000 08010000 04000000 23555300 0c010000"
    "20000000 23475549 44000000 2c010000 04010000 23426c6f 62000000 691e4a68"
    "32ff3541 aeddfb3d bb570574 4207799b 00000000 47140000 09000000 01000000"
)
BY_WINDOWS = b"Microsoft C/C++ MSF 7.00\r\n\x1aDS\0\0\0" + b"\0" * 500


def portable_pdb(guid=GUID, before=b"", version=b"PDB v1.0\0\0\0\0", streams=(b"#Pdb",)):
    """A PDB whose stream #Pdb comes behind ``before``."""
    headers = struct.pack("<2H", 0, len(streams))
    names = [name + b"\0" * (4 - len(name) % 4) for name in streams]
    root = struct.pack("<4s2H2L", b"BSJB", 1, 1, 0, len(version)) + version
    place = len(root) + len(headers) + sum(8 + len(name) for name in names)
    for stream, name in zip(streams, names, strict=True):
        headers += struct.pack("<2L", place + (len(before) if stream == b"#Pdb" else 0), 32) + name
    return root + headers + before + guid.bytes_le + b"\1\2\3\4" + b"\0" * 12


def snupkg(files, package_types=("SymbolsPackage",)):
    return Archive(BytesIO(nupkg(package_types=package_types, files=files)))


def key(pdb):
    [found] = read_symbols(snupkg({"lib/net8.0/a.pdb": pdb}))
    return found.key


def test_each_pdb_has_the_key_that_debuggers_ask_for():
    other = UUID("00112233-4455-6677-8899-aabbccddeeff")
    archive = snupkg(
        {
            "lib/netstandard2.0/Contoso.Json.pdb": BY_CSC,
            "lib/net472/Contoso.Json.PDB": portable_pdb(other),
            "lib/net8.0/My%20Tool.pdb": portable_pdb(),
            "lib/net472/Contoso.Json.xml": b"<doc/>",
            "_rels/.rels": b"<Relationships/>",
            "package/services/metadata/core-properties/1.psmdcp": b"<coreProperties/>",
            ".signature.p7s": b"?",
        }
    )

    assert read_symbols(archive) == (
        PdbFile(
            "lib/netstandard2.0/Contoso.Json.pdb",
            "contoso.json.pdb",
            "contoso.json.pdb/684a1e69ff324135aeddfb3dbb570574ffffffff",
        ),
        PdbFile(
            "lib/net472/Contoso.Json.PDB",
            "contoso.json.pdb",
            "contoso.json.pdb/00112233445566778899aabbccddeeffffffffff",
        ),
        PdbFile(
            "lib/net8.0/My Tool.pdb",
            "my tool.pdb",
            "my tool.pdb/684a1e69ff324135aeddfb3dbb570574ffffffff",
        ),
    )


@pytest.mark.parametrize("before", [0, 1, 4096, 65536, 3_000_000])
def test_the_id_is_found_wherever_it_is(before):
    assert key(portable_pdb(before=b"x" * before)) == f"a.pdb/{GUID.hex}ffffffff"


@pytest.mark.parametrize(
    "streams", [(b"#~", b"#Pdb"), (b"#Strings", b"#GUID", b"#US", b"#Pdb"), (b"#Pdb", b"#-")]
)
def test_streams_may_come_in_any_order(streams):
    assert key(portable_pdb(streams=streams)) == f"a.pdb/{GUID.hex}ffffffff"


@pytest.mark.parametrize(
    "pdb",
    [
        BY_WINDOWS,
        b"",
        b"BSJB",
        b"not a PDB at all",
        portable_pdb(streams=(b"#~", b"#Blob")),
        portable_pdb()[:50],
        portable_pdb()[:-15],
        portable_pdb(version=b"x" * 5000),
        portable_pdb(streams=[b"#"] * 1000),
        struct.pack("<4s2H2L", b"BSJB", 1, 1, 0, 0xFFFFFFFF),
    ],
    ids=lambda pdb: repr(pdb[:40]),
)
def test_a_pdb_without_an_id_is_kept_and_has_no_key(pdb):
    assert key(pdb) == ""


def test_a_package_that_is_none_of_symbols_is_refused():
    with pytest.raises(BadArchive, match="SymbolsPackage"):
        read_symbols(snupkg({"lib/a.pdb": BY_CSC}, package_types=()))


@pytest.mark.parametrize(
    "name", ["lib/net8.0/a.dll", "tools/install.ps1", "README.md", "lib/a.pdb.exe", "LICENSE"]
)
def test_what_does_not_belong_is_named(name):
    with pytest.raises(BadArchive, match="does not belong") as refusal:
        read_symbols(snupkg({"lib/net8.0/a.pdb": BY_CSC, name: b""}))
    assert name in str(refusal.value)


def test_ids_behind_mountains_of_data_are_not_searched_for(monkeypatch):
    monkeypatch.setattr(symbols, "SEARCH_LIMIT", 1_000_000)
    near, far = portable_pdb(before=b"x" * 400_000), portable_pdb(before=b"x" * 900_000)

    assert len(read_symbols(snupkg({"a.pdb": near, "b.pdb": near}))) == 2
    with pytest.raises(BadArchive, match="more than 1000000 bytes"):
        read_symbols(snupkg({"a.pdb": near, "b.pdb": far}))


@given(st.data())
@settings(max_examples=100)
def test_a_broken_symbol_package_is_read_or_refused_and_nothing_else(data):
    pdb = bytearray(portable_pdb(before=b"x" * 20))
    for _ in range(data.draw(st.integers(1, 4))):
        at = data.draw(st.integers(0, len(pdb)))
        pdb[at : at + data.draw(st.integers(0, 4))] = data.draw(st.binary(max_size=6))
    content = bytearray(nupkg(package_types=["SymbolsPackage"], files={"a.pdb": bytes(pdb)}))
    if data.draw(st.booleans()):
        content[data.draw(st.integers(0, len(content) - 1))] ^= data.draw(st.integers(1, 255))

    with suppress(FeedError):
        for found in read_symbols(Archive(BytesIO(content))):
            assert found.key == "" or len(found.key) == len("a.pdb/") + 40
