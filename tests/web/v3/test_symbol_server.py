"""Symbols: pushed beside their package, found by debuggers."""

import struct
from uuid import UUID

import pytest

from nugetlite.testing import nupkg

GUID = UUID("684a1e69-ff32-4135-aedd-fb3dbb570574")
KEY = f"{GUID.hex}ffffffff"
PDB = f"/v3/symbols/contoso.json.pdb/{KEY}/contoso.json.pdb"
WINDOWS_PDB = b"Microsoft C/C++ MSF 7.00\r\n\x1aDS\0\0\0" + b"\0" * 500


def portable_pdb(guid=GUID, more=b""):
    """A PDB as compilers write it: a metadata root with one stream, which begins with the id."""
    version = b"PDB v1.0\0\0\0\0"
    root = struct.pack("<4s2H2L", b"BSJB", 1, 1, 0, len(version)) + version + struct.pack("<2H", 0, 1)
    stream = struct.pack("<2L", len(root) + 16, 32) + b"#Pdb\0\0\0\0"
    return root + stream + guid.bytes_le + b"\1\2\3\4" + b"\0" * 12 + more


def snupkg(id="Contoso.Json", version="1.0.0", types=("SymbolsPackage",), **pdbs):
    files = {f"lib/net8.0/{name}.pdb": content for name, content in pdbs.items()}
    return nupkg(
        id, version, package_types=types, files=files or {"lib/net8.0/Contoso.Json.pdb": portable_pdb()}
    )


@pytest.fixture
def here(client):
    """A feed that has Contoso.Json 1.0.0 and its symbols."""
    client.push(nupkg("Contoso.Json", "1.0.0"))
    assert client.push_symbols(snupkg()).status_code == 201
    return client


@pytest.mark.parametrize(
    "path",
    [
        f"contoso.json.pdb/{KEY}/contoso.json.pdb",
        f"Contoso.Json.pdb/{KEY.upper()}/Contoso.Json.PDB",
        f"CONTOSO.JSON.PDB/{GUID.hex.upper()}FFFFFFFF/contoso.json.pdb",
        f"co/contoso.json.pdb/{KEY}/contoso.json.pdb",
        f"anything/Contoso.Json.pdb/{KEY}/Contoso.Json.pdb",
        f"contoso.json.pdb/{KEY}/contoso.json.pdb/",
    ],
)
def test_a_debugger_finds_a_pdb_in_any_letter_case(here, path):
    answer = here.get(f"/v3/symbols/{path}", headers={"SymbolChecksum": "SHA256:00"})

    assert (answer.status_code, answer.data) == (200, portable_pdb())
    assert answer.content_type == "application/octet-stream"
    assert answer.content_length == len(portable_pdb())
    assert answer.headers["X-Content-Type-Options"] == "nosniff"


@pytest.mark.parametrize(
    "path",
    [
        f"contoso.json.pdb/{UUID(int=1).hex}ffffffff/contoso.json.pdb",
        f"contoso.json.pdb/{KEY}/contoso.other.pdb",
        f"contoso.other.pdb/{KEY}/contoso.other.pdb",
        f"contoso.json.pdb/{GUID.hex}/contoso.json.pdb",
        f"contoso.json.pdb/{GUID}ffffffff/contoso.json.pdb",
        f"contoso.json.pdb/{KEY}/contoso.json.pd_",
        f"contoso.json.pdb/{KEY}",
        "contoso.json.pdb",
        f"a/b/contoso.json.pdb/{KEY}/contoso.json.pdb",
        "pingme.txt",
        "index2.txt",
        f"..%2f..%2fcontoso.json.pdb/{KEY}/contoso.json.pdb",
        f"%00/{KEY}/%00",
        "",
    ],
)
def test_what_is_not_there_is_told_in_json(here, path):
    for method in (here.http.get, here.http.head):
        answer = method(f"/v3/symbols/{path}")
        assert (answer.status_code, answer.content_type) == (404, "application/json")


def test_a_pdb_is_asked_for_as_any_other_file(here):
    whole, head = here.get(PDB), here.http.head(PDB)

    assert (head.status_code, head.data, head.content_length) == (200, b"", len(whole.data))
    assert head.headers["ETag"] == whole.headers["ETag"]
    assert "immutable" in whole.headers["Cache-Control"]
    assert here.get(PDB, headers={"If-None-Match": whole.headers["ETag"]}).status_code == 304
    assert "Content-Encoding" not in here.get(PDB, headers={"Accept-Encoding": "gzip"}).headers
    assert here.get(PDB, headers={"Range": "bytes=0-3"}).data in (whole.data, whole.data[:4])


def test_a_large_pdb_comes_whole(client):
    large = portable_pdb(more=bytes(range(256)) * 8192)
    client.push(nupkg())
    client.push_symbols(snupkg(**{"Contoso.Json": large}))

    assert client.get(PDB).data == large


def test_the_file_is_closed_when_the_answer_is_sent(make_client, tmp_path, watch_files):
    client = make_client(packages=str(tmp_path))
    client.push(nupkg())
    client.push_symbols(snupkg(**{"Contoso.Json": portable_pdb(more=bytes(200_000))}))
    opened = watch_files()

    client.get(PDB)
    client.http.head(PDB, buffered=True)
    client.get(PDB, headers={"If-None-Match": client.get(PDB).headers["ETag"]})
    client.http.get(PDB).close()  # went away before it read anything

    assert len(opened) == 5
    assert [stream.closed for stream in opened] == [True] * 5


@pytest.mark.parametrize("url", ["/v3/symbolpackage", "/v3/symbolpackage/", "/api/v2/symbolpackage"])
@pytest.mark.parametrize("method", ["put", "post"])
def test_every_url_that_a_client_makes_takes_symbols(client, url, method):
    client.push(nupkg())

    answer = getattr(client.http, method)(
        url, data=snupkg(), headers={"X-NuGet-ApiKey": client.key, "Content-Type": "application/octet-stream"}
    )

    assert answer.status_code == 201
    assert client.get(PDB).status_code == 200


@pytest.mark.parametrize("version", ["1.0", "1.0.0.0", "1.0.0+build"])
def test_symbols_know_their_package_in_any_spelling(client, version):
    client.push(nupkg("Contoso.Json", "1.0.0"))

    assert client.push_symbols(snupkg("CONTOSO.json", version)).status_code == 201
    assert client.get(PDB).status_code == 200


def test_symbols_without_their_package_are_refused(client):
    client.push(nupkg("Contoso.Json", "2.0.0"))

    answer = client.push_symbols(snupkg("Contoso.Json", "1.0.0"))

    assert answer.status_code == 404
    assert "Contoso.Json 1.0.0" in answer.status
    assert "Contoso.Json 1.0.0" in answer.headers["X-NuGet-Warning"]
    assert client.get(PDB).status_code == 404


def test_symbols_that_are_pushed_again_replace_the_earlier_ones(here):
    other = UUID(int=7)

    assert here.push_symbols(snupkg(**{"Contoso.Json": portable_pdb(other)})).status_code == 201

    assert here.get(PDB).status_code == 404
    assert here.get(PDB.replace(GUID.hex, other.hex)).data == portable_pdb(other)


def test_symbols_that_are_replaced_by_others_of_the_same_id_have_another_etag(here):
    before = here.get(PDB).headers["ETag"]

    here.push_symbols(snupkg(**{"Contoso.Json": portable_pdb(more=b"signed")}))

    answer = here.get(PDB, headers={"If-None-Match": before})
    assert (answer.status_code, answer.data) == (200, portable_pdb(more=b"signed"))


def test_a_symbols_package_is_no_package(client):
    answer = client.push(snupkg())

    assert answer.status_code == 400
    assert "symbol" in answer.status
    assert client.versions("Contoso.Json") == []


def test_a_package_is_no_symbols_package(client):
    client.push(nupkg())

    answer = client.push_symbols(snupkg(types=()))

    assert answer.status_code == 400
    assert "SymbolsPackage" in answer.status


@pytest.mark.parametrize(
    "content",
    [b"", b"no zip", nupkg(package_types=["SymbolsPackage"], files={"lib/a.dll": b"MZ"})],
    ids=["empty", "no zip", "a dll"],
)
def test_what_is_no_symbols_package_is_refused_and_the_earlier_ones_stay(here, content):
    answer = here.push_symbols(content)

    assert answer.status_code == 400
    assert here.get(PDB).data == portable_pdb()


def test_a_windows_pdb_is_taken_although_nobody_can_ask_for_it(client):
    client.push(nupkg())

    assert (
        client.push_symbols(snupkg(Native=WINDOWS_PDB, **{"Contoso.Json": portable_pdb()})).status_code == 201
    )
    assert client.get(PDB).status_code == 200


@pytest.mark.parametrize("key", ["", "wrong"])
def test_symbols_need_the_key(client, key):
    client.push(nupkg())

    answer = client.push(snupkg(), "/v3/symbolpackage/", key=key)

    assert answer.status_code == (403 if key else 401)
    assert client.get(PDB).status_code == 404


def test_who_may_not_push_does_not_learn_what_is_here(client):
    client.push(nupkg())

    answers = [
        client.push(snupkg(id), "/v3/symbolpackage", key="wrong") for id in ("Contoso.Json", "Contoso.No")
    ]

    assert answers[0].status == answers[1].status


@pytest.mark.parametrize(
    ("type", "there", "after_relist"),
    [("Unlist", 200, 200), ("SoftDelete", 404, 200), ("HardDelete", 404, 404)],
)
def test_symbols_go_and_come_with_their_package(here, type, there, after_relist):
    here.delete("Contoso.Json", "1.0.0", type=type)
    assert here.get(PDB).status_code == there

    here.relist("Contoso.Json", "1.0.0")
    assert here.get(PDB).status_code == after_relist


def test_symbols_of_an_erased_version_do_not_come_back_with_its_name(here):
    here.delete("Contoso.Json", "1.0.0", type="HardDelete")

    assert here.push(nupkg("Contoso.Json", "1.0.0", description="another")).status_code == 201

    assert here.get(PDB).status_code == 404


def test_one_of_two_packages_with_the_same_pdb_may_go(client):
    """The same assembly may be in two packages."""
    for id in ("Contoso.A", "Contoso.Json"):
        client.push(nupkg(id, "1.0.0"))
        client.push(nupkg(id, "2.0.0"))
        client.push_symbols(snupkg(id, "1.0.0", **{"Contoso.Json": portable_pdb()}))

    for id in ("Contoso.A", "Contoso.Json"):
        assert client.get(PDB).status_code == 200
        client.delete(id, "1.0.0", type="SoftDelete")

    assert client.get(PDB).status_code == 404


def test_symbols_are_no_packages_to_anybody_else(here):
    assert here.search("contoso") == ["Contoso.Json"]
    assert here.versions("Contoso.Json") == ["1.0.0"]
    assert here.get("/v3/catalog/index.json").json["items"][0]["count"] == 1
