"""Packages made to hurt, through the front door: each is refused with a sentence, and leaves nothing behind."""

import gzip
import random
import re
import struct
from io import BytesIO
from zipfile import ZIP_DEFLATED, ZIP_STORED, ZipFile

import pytest

from nugetlite.testing import nupkg, nuspec

NAME = "Contoso.Json.nuspec"
GOOD = nupkg("Contoso.Json", "1.0.0", files={"lib/a.dll": b"MZ" * 400})


def zipped(*entries, method=ZIP_DEFLATED):
    archive = BytesIO()
    with ZipFile(archive, "w", method) as zip:
        for name, content in entries:
            zip.writestr(name, content)
    return archive.getvalue()


def with_manifest(manifest):
    return zipped((NAME, manifest))


def said(id="Contoso.Json", version="1.0.0", **more):
    return with_manifest(nuspec(id, version, **more))


def patched(content, signature, offset, field, value):
    """With another number in each record of a kind."""
    data = bytearray(content)
    for found in re.finditer(re.escape(signature), content):
        struct.pack_into(field, data, found.start() + offset, value)
    return bytes(data)


MANIFEST = nuspec("Contoso.Json", "1.0.0")
XML = "<package><metadata><id>Contoso.Json</id><version>1.0.0</version>{}</metadata></package>"
LAUGHS = (
    '<!DOCTYPE p [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;&a;&a;"><!ENTITY c "&b;&b;&b;&b;&b;">]>'
    + XML.format("<description>&c;</description>")
)
EXTERNAL = '<!DOCTYPE p [<!ENTITY x SYSTEM "file:///etc/passwd">]>' + XML.format(
    "<description>&x;</description>"
)

ARCHIVES = {
    "nothing": b"",
    "text": b"This is no package, however long one looks at it.",
    "gzip": gzip.compress(GOOD),
    "noise": random.Random(1).randbytes(50_000),
    "the first half": GOOD[: len(GOOD) // 2],
    "all but the end": GOOD[:-4],
    "too many entries promised": patched(GOOD, b"PK\5\6", 10, "<H", 9),
    "a directory that is nowhere": patched(GOOD, b"PK\5\6", 16, "<L", 0x7FFFFFFF),
    "no manifest": zipped(("lib/a.dll", b"MZ")),
    "a manifest in a folder": zipped((f"tools/{NAME}", MANIFEST)),
    "a folder for a manifest": zipped((f"{NAME}/", b"")),
    "two manifests": zipped((NAME, MANIFEST), ("Other.nuspec", MANIFEST)),
    "a manifest that inflates": zipped((NAME, MANIFEST + b" " * 3_000_000)),
    "a manifest that is not as long as it says": patched(GOOD, b"PK\1\2", 24, "<L", 10),
    "a wrong checksum": patched(GOOD, b"PK\1\2", 16, "<L", 0x12345678),
    "a manifest that is encrypted": patched(patched(GOOD, b"PK\1\2", 8, "<H", 1), b"PK\3\4", 6, "<H", 1),
    "a method that nobody knows": patched(patched(GOOD, b"PK\1\2", 10, "<H", 99), b"PK\3\4", 8, "<H", 99),
    "two names for one entry": GOOD.replace(b"lib/a.dll", b"lib/b.dll", 1),
    "a name that leads out": zipped((NAME, MANIFEST), ("../../evil.dll", b"MZ")),
    "a name that leads out, escaped": zipped((NAME, MANIFEST), ("lib/%2e%2e/%2E%2E/evil.dll", b"MZ")),
    "a name that leads out, for Windows": zipped((NAME, MANIFEST), ("..\\..\\evil.dll", b"MZ")),
    "an absolute name": zipped((NAME, MANIFEST), ("/etc/cron.d/evil", b"MZ")),
    "a name with a drive": zipped((NAME, MANIFEST), ("C:/evil.dll", b"MZ")),
    "a package in a zip": zipped(("Contoso.Json.1.0.0.nupkg", GOOD), method=ZIP_STORED),
}
MANIFESTS = {
    "no XML": with_manifest(b"id: Contoso.Json"),
    "empty": with_manifest(b""),
    "unclosed": with_manifest(MANIFEST[:-8]),
    "another root": with_manifest(b"<html><body/></html>"),
    "no metadata": with_manifest(b"<package/>"),
    "laughs": with_manifest(LAUGHS),
    "an external entity": with_manifest(EXTERNAL),
    "a doctype": with_manifest("<!DOCTYPE package>" + XML.format("")),
    "bytes that are no UTF-8": with_manifest(MANIFEST.replace(b"<authors>", b"<authors>\xff\xfe")),
    "a character that is none": with_manifest(XML.format("<description>&#0;</description>")),
    "deep": with_manifest(XML.format("<a>" * 2000 + "</a>" * 2000)),
    "no id": said(id=""),
    "no version": said(version=""),
    "an id that leads out": said(id="../../evil"),
    "an id with a slash": said(id="Contoso/Json"),
    "an id with a line feed": with_manifest(MANIFEST.replace(b"<id>Contoso.Json", b"<id>Contoso.&#10;Json")),
    "a reserved id": said(id="con"),
    "a reserved id, with more": said(id="LPT1.Contoso"),
    "an id in another script": said(id="Сontoso"),
    "an id that is too long": said(id="a" * 101),
    "five numbers": said(version="1.2.3.4.5"),
    "a letter before the version": said(version="v1.0.0"),
    "a range": said(version="[1.0.0]"),
    "a star": said(version="1.*"),
    "an empty label": said(version="1.0.0-"),
    "a number that is too large": said(version="1.0.2147483648"),
    "digits of another script": said(version="١.0.0"),
    "a sign": said(version="+1.0.0"),
}


@pytest.mark.parametrize("content", [*ARCHIVES.values(), *MANIFESTS.values()], ids=[*ARCHIVES, *MANIFESTS])
def test_what_is_no_good_package_is_refused_in_one_sentence(client, share, content):
    answer = client.push(content)

    assert answer.status_code == 400, answer.status
    reason = answer.status.partition(" ")[2]
    assert re.fullmatch(r"[ -~]{10,200}", reason)
    assert "/tmp" not in answer.json["error"]
    assert "Traceback" not in answer.json["error"]
    assert [path.name for path in share.iterdir()] == [".nugetlite"]
    assert not list(share.glob(".nugetlite/incoming/*"))
    assert client.search("") == []
    assert client.push(GOOD).status_code == 201


ODD = {
    "a manifest of another name": zipped(("whatever.nuspec", MANIFEST)),
    "a comment": GOOD[:-2] + b"\5\0hello",
    "stored entries": zipped((NAME, MANIFEST), ("lib/a.dll", b"MZ"), method=ZIP_STORED),
    "garbage in dependencies": said(dependencies={"net8.0": {"Contoso.Core": "[oops", "<b>": "1.*"}}),
    "markup everywhere": said(
        description="<script>alert(1)</script> ]]> \u202e \U0001f4a9", title="x" * 100_000
    ),
    "UTF-16": with_manifest(MANIFEST.decode().replace("utf-8", "utf-16").encode("utf-16")),
    "no namespace": said(namespace=""),
}


@pytest.mark.parametrize("content", ODD.values(), ids=ODD)
def test_what_is_only_odd_is_taken_and_told_in_documents_that_can_be_read(client, content):
    assert client.push(content).status_code == 201

    assert client.registered("Contoso.Json").keys() == {"1.0.0"}
    assert client.search("contoso") == ["Contoso.Json"]
    assert client.download("Contoso.Json", "1.0.0").data == content
    assert b"<script>alert" not in client.get("/packages/Contoso.Json/1.0.0").data
