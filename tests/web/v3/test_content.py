"""The flat container: what can be restored, byte by byte, however a client spells it."""

import os
import zlib
from base64 import urlsafe_b64decode
from hashlib import sha512
from time import perf_counter

import pytest

from nugetlite.testing import nupkg, nuspec

PNG = b"\x89PNG\r\n\x1a\n" + b"\0" * 400
LIST = "/v3/content/contoso.json/index.json"
NUPKG = "/v3/content/contoso.json/1.0.0/contoso.json.1.0.0.nupkg"


@pytest.fixture(scope="module")
def package():
    """A package that does not become smaller when packed, so its ranges can be told apart."""
    return nupkg("Contoso.Json", "1.0.0", files={"lib/net8.0/Contoso.Json.dll": os.urandom(5000)})


@pytest.fixture(scope="module")
def http(make_lasting_client, package):
    """The HTTP client of a feed that has ``package``, for tests that only read."""
    client = make_lasting_client()
    client.push(package)
    return client.http


# What is there, under which names


@pytest.mark.parametrize(
    "path",
    [
        "contoso.json/1.2.0-beta/contoso.json.1.2.0-beta.nupkg",
        "Contoso.JSON/1.2.0-BETA/CONTOSO.json.1.2.0-Beta.nupkg",
        "contoso.json/1.2-beta/contoso.json.1.2-beta.nupkg",
        "contoso.json/1.2.0.0-beta/contoso.json.1.2-beta.nupkg",
        "contoso.json/01.02.00-beta/contoso.json.1.2.0-beta.nupkg",
        "contoso.json/1.2.0-beta+build.5/contoso.json.1.2.0-beta.nupkg",
        "contoso.json/1.2.0-beta%2Bbuild.5/contoso.json.1.2.0-beta+build.5.nupkg",
        "contoso.json/1.2.0-beta/contoso.json.nuspec",
        "Contoso.Json/1.2-Beta/Contoso.Json.nuspec",
        "Contoso.Json/1.2-Beta/readme",
        "contoso.json/1.2.0-beta+other/icon",
        "CONTOSO.JSON/1.2.0-beta/license",
        "CONTOSO.JSON/index.json",
    ],
)
def test_any_letter_case_and_any_spelling_of_a_version_is_served_directly(client, path):
    more = {"readme": "docs/R.md", "icon": "i.png", "license": ("file", "L.txt")}
    files = {"docs/R.md": b"# Contoso", "i.png": PNG, "L.txt": b"Do as you like."}
    client.push(nupkg("Contoso.Json", "1.2.0-Beta+build.5", files=files, **more))

    for method in (client.http.get, client.http.head):
        assert method(f"/v3/content/{path}", buffered=True).status_code == 200


@pytest.mark.parametrize(
    "path",
    [
        "contoso.nothing/index.json",
        "contoso.json/2.0.0/contoso.json.2.0.0.nupkg",
        "contoso.json/1.0.0/contoso.json.2.0.0.nupkg",
        "contoso.json/1.0.0/contoso.other.1.0.0.nupkg",
        "contoso.json/1.0.0/contoso.json.1.0.0.0.0.nupkg",
        "contoso.json/1.0.0/contoso.json..nupkg",
        "contoso.json/1.0.0/.nupkg",
        "contoso.json/1.0.0/contoso.other.nuspec",
        "contoso.json/1.0.0/contoso.json.1.0.0.nupkg.sha512",
        "contoso.json/1.0.0/readme",
        "contoso.json/1.0.0/icon",
        "contoso.json/1.0.0/license",
        "contoso.json/1.0.0/",
        "contoso.json/1.0.0",
        "contoso.json/",
        "contoso.json",
        "contoso.json/one/readme",
        "con/index.json",
        "..%2f..%2fetc/index.json",
        ".nugetlite/index.json",
        "contoso.json/1.0.0/..%2fcontoso.json.nuspec",
        "",
    ],
)
def test_what_is_not_there_is_told_in_json(http, path):
    for answer in (http.get(f"/v3/content/{path}"), http.head(f"/v3/content/{path}")):
        assert answer.status_code == 404
        assert answer.content_type == "application/json"
        assert "Location" not in answer.headers
    assert http.get(f"/v3/content/{path}").json["error"]


@pytest.mark.parametrize(
    "path",
    [
        "/v3",
        "/v3/nothing",
        "/v3/index.xml",
        "/v3/package/Contoso.Json",
        "/v3/registration/x/y.json",
        "/v3/symbols",
    ],
)
def test_every_unknown_thing_of_v3_is_told_in_json(http, path):
    answer = http.get(path)

    assert answer.status_code in (404, 405)
    assert answer.json["error"]


def test_an_unknown_package_is_told_without_delay_and_without_a_warning(client):
    """A restore asks every source for every package, so a slow "no" would slow down everybody."""
    client.push(nupkg())
    began = perf_counter()

    answers = [client.http.get(f"/v3/content/contoso.nothing{n}/index.json") for n in range(100)]

    assert {answer.status_code for answer in answers} == {404}
    assert "X-NuGet-Warning" not in answers[0].headers
    assert (perf_counter() - began) / 100 < 0.03


def test_the_list_has_unlisted_versions_and_lacks_removed_ones(make_client):
    client = make_client()
    for version in ("1.0.0", "1.1.0", "1.2.0", "1.3.0"):
        client.push(nupkg("Contoso.Json", version))

    for version, type in [("1.1.0", "Unlist"), ("1.2.0", "SoftDelete"), ("1.3.0", "HardDelete")]:
        client.delete("Contoso.Json", version, type=type)

    assert client.versions("Contoso.Json") == ["1.0.0", "1.1.0"]
    assert all(client.can_restore("Contoso.Json", version) for version in ("1.0.0", "1.1.0"))
    assert client.get(LIST).headers.getlist("X-NuGet-Warning")[0].startswith("Contoso.Json 1.2.0 was removed")


@pytest.mark.parametrize("policy", ["soft", "hard"])
def test_who_misses_the_only_version_of_a_package_hears_what_became_of_it(make_client, policy):
    """A client asks for the list, and for nothing else if there is none."""
    client = make_client(delete_policy=policy)
    client.push(nupkg())
    client.delete("Contoso.Json", "1.0.0", reason="use Contoso.Text")

    answer = client.get(LIST)

    assert answer.status_code == 404
    assert answer.headers["X-NuGet-Warning"].endswith(": use Contoso.Text")


def test_a_list_that_was_given_out_before_is_not_given_again_when_it_is_wrong(make_client):
    client = make_client(delete_policy="hard")
    other = nupkg("Contoso.Other", "1.0.0")
    for version in ("1.0.0", "2.0.0"):
        client.push(nupkg("Contoso.Json", version))
        assert client.versions("Contoso.Json")[-1] == version
        client.push(other)  # changes something else
        assert client.versions("Contoso.Json")[-1] == version

    for version in ("2.0.0", "1.0.0"):
        client.delete("Contoso.Json", version)
        assert version not in client.versions("Contoso.Json")
    assert client.get(LIST).status_code == 404


# The files inside a package


def test_the_manifest_is_served_byte_by_byte(client):
    manifest = nuspec("Contoso.Json", "1.0.0").replace(b"?>", b"?>\r\n<!-- as it was packed -->")
    client.push(nupkg(manifest=manifest))

    answer = client.get("/v3/content/contoso.json/1.0.0/contoso.json.nuspec")

    assert answer.data == manifest
    assert answer.mimetype == "application/xml"
    assert answer.headers["Content-Security-Policy"] == "sandbox"  # XML can be a page with scripts


@pytest.mark.parametrize(
    ("content", "content_type", "shown"),
    [
        (PNG, "image/png", True),
        (b"\xff\xd8\xff\xe0" + b"\0" * 20, "image/jpeg", True),
        (b"GIF89a" + b"\0" * 20, "image/gif", True),
        (b'<svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"/>', "application/octet-stream", False),
        (b"<!doctype html><script>alert(1)</script>", "application/octet-stream", False),
        (b"", "application/octet-stream", False),
    ],
    ids=["png", "jpeg", "gif", "svg", "html", "empty"],
)
def test_an_icon_is_a_picture_by_what_is_in_it_or_no_picture(client, content, content_type, shown):
    client.push(nupkg(icon="images/icon.png", files={"images/icon.png": content}))

    answer = client.get("/v3/content/contoso.json/1.0.0/icon")

    assert answer.data == content
    assert answer.content_type == content_type
    assert answer.headers.get("Content-Disposition") == (None if shown else "attachment")
    assert answer.headers["Content-Security-Policy"] == "sandbox"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert "Content-Encoding" not in answer.headers


@pytest.mark.parametrize(
    ("path", "content_type"),
    [("readme", "text/markdown; charset=utf-8"), ("license", "text/plain; charset=utf-8")],
)
def test_readme_and_licence_are_text_whatever_is_in_them(client, path, content_type):
    text = b"<script>alert(1)</script>\n" * 50
    client.push(nupkg(readme="R.md", license=("file", "L.html"), files={"R.md": text, "L.html": text}))

    answer = client.get(f"/v3/content/contoso.json/1.0.0/{path}")

    assert answer.data == text
    assert answer.content_type == content_type
    assert answer.headers["Content-Security-Policy"] == "sandbox"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"


@pytest.mark.parametrize("path", ["../../../etc/passwd", "/etc/passwd", "missing.md", "docs"])
def test_a_readme_that_is_not_in_the_package_is_none(client, path):
    client.push(nupkg(readme=path, files={"docs/R.md": b"#"}))

    assert client.get("/v3/content/contoso.json/1.0.0/readme").status_code == 404
    assert "readmeUrl" not in client.registered("Contoso.Json")["1.0.0"]


# How HTTP is spoken


def test_a_package_says_all_that_a_client_wants_to_know_before_it_takes_it(http, package):
    got, head = http.get(NUPKG, buffered=True), http.head(NUPKG, buffered=True)

    assert (got.data, head.data) == (package, b"")
    for answer in (got, head, http.get(NUPKG, buffered=True)):
        assert answer.content_type == "application/octet-stream"
        assert answer.content_length == len(package)
        assert answer.headers["Accept-Ranges"] == "bytes"
        assert answer.headers["Cache-Control"] == "public, max-age=31536000, immutable"
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert answer.headers["ETag"] == got.headers["ETag"]
        assert answer.last_modified
        assert "Content-Encoding" not in answer.headers


def test_the_etag_of_a_package_is_its_hash_on_every_server(make_client, http, package):
    other = make_client()
    other.push(package)

    etag, _ = http.get(NUPKG, buffered=True).get_etag()

    assert urlsafe_b64decode(f"{etag}==") == sha512(package).digest()
    assert other.get(NUPKG).get_etag() == (etag, False)


@pytest.mark.parametrize("overwrite", ["prerelease", "always"])
def test_where_a_version_may_be_replaced_caches_ask_again(make_client, overwrite):
    client = make_client(overwrite=overwrite)
    client.push(nupkg())

    assert client.get(NUPKG).headers["Cache-Control"] == "public, no-cache"


RANGES = [
    ("bytes=0-9", slice(0, 10)),
    ("bytes=10-19", slice(10, 20)),
    ("bytes=5-", slice(5, None)),
    ("bytes=-7", slice(-7, None)),
    ("bytes=0-99999999", slice(0, None)),
    ("Bytes=3-3", slice(3, 4)),
]


@pytest.mark.parametrize(("asked", "part"), RANGES)
def test_one_range_is_sent_as_one(http, package, asked, part):
    answer = http.get(NUPKG, headers={"Range": asked}, buffered=True)

    start, end, _ = part.indices(len(package))
    assert answer.status_code == 206
    assert answer.data == package[part]
    assert answer.headers["Content-Range"] == f"bytes {start}-{end - 1}/{len(package)}"
    assert answer.content_length == end - start


@pytest.mark.parametrize(
    "asked",
    [
        "bytes=0-1,3-4",
        "bytes=" + ",".join(f"{n}-{n}" for n in range(0, 40, 2)),
        "bytes=0-,0-,0-,0-",
        "items=0-9",
        "bytes",
        "bytes=",
        "bytes=-",
        "bytes=a-b",
        "bytes=1-2-3",
        "bytes=-99999999",
        "bytes=0x1-5",
        "bytes=1_0-20",
        "bytes=" + "9" * 5000 + "-",
        "\N{ARABIC-INDIC DIGIT ONE}".encode().decode("latin-1"),
    ],
    ids=lambda asked: asked[:20],
)
def test_what_is_no_single_range_is_answered_whole(http, package, asked):
    answer = http.get(NUPKG, headers={"Range": asked}, buffered=True)

    assert (answer.status_code, answer.data) == (200, package)


@pytest.mark.parametrize("asked", ["bytes=999999-", "bytes=999999-1000000", "bytes=9-5", "bytes=-0"])
def test_a_range_past_the_end_is_refused_with_the_size(http, package, asked):
    answer = http.get(NUPKG, headers={"Range": asked}, buffered=True)

    assert answer.status_code == 416
    assert answer.headers["Content-Range"] == f"bytes */{len(package)}"
    assert len(answer.data) < 500


def test_the_file_is_closed_whatever_is_answered(make_client, tmp_path, package, watch_files):
    client = make_client(packages=str(tmp_path))
    client.push(package)
    etag = client.get(NUPKG).headers["ETag"]
    opened = watch_files()

    asked = [
        {},
        {"Range": "bytes=0-9"},
        {"Range": "bytes=999999-"},
        {"If-None-Match": etag},
        {"If-None-Match": etag, "Range": "bytes=0-9"},
        {"If-Match": '"other"', "Range": "bytes=0-9"},
    ]
    statuses = [client.get(NUPKG, headers=headers).status_code for headers in asked]
    client.http.head(NUPKG, buffered=True)
    client.http.get(NUPKG, headers={"Range": "bytes=0-9"}).close()  # went away before it read anything

    assert statuses == [200, 206, 416, 304, 304, 412]
    assert [stream.closed for stream in opened] == [True] * 8


def test_a_range_is_for_get_only(http, package):
    answer = http.head(NUPKG, headers={"Range": "bytes=0-9"}, buffered=True)

    assert (answer.status_code, answer.content_length) == (200, len(package))


def test_a_range_of_what_changed_meanwhile_is_the_whole(make_client):
    client = make_client(overwrite="always")
    old, new = (nupkg(description=words) for words in ("old", "new and longer"))
    client.push(old)
    first = client.download("Contoso.Json", "1.0.0", headers={"Range": "bytes=0-99"})
    etag = client.download("Contoso.Json", "1.0.0").headers["ETag"]

    same = client.download("Contoso.Json", "1.0.0", headers={"Range": "bytes=100-", "If-Range": etag})
    client.push(new)
    changed = client.download("Contoso.Json", "1.0.0", headers={"Range": "bytes=100-", "If-Range": etag})

    assert first.data + same.data == old
    assert (changed.status_code, changed.data) == (200, new)


@pytest.mark.parametrize("known", ["{etag}", "W/{etag}", '"other", {etag}', "{etag}, {etag}"])
@pytest.mark.parametrize(
    "path",
    [
        NUPKG,
        LIST,
        "/v3/index.json",
        "/v3/registration/contoso.json/index.json",
        "/v3/search",
        "/v3/catalog/index.json",
    ],
)
def test_what_a_client_has_is_not_sent_again(http, path, known):
    for _ in range(2):  # made, and kept
        etag = http.get(path, buffered=True).headers["ETag"]
        for method in (http.get, http.head):
            answer = method(path, headers={"If-None-Match": known.format(etag=etag)}, buffered=True)
            assert (answer.status_code, answer.data) == (304, b"")
            assert answer.headers["ETag"] == etag
            assert "Content-Length" not in answer.headers


def test_what_a_client_has_is_not_sent_in_parts_either(http):
    etag = http.get(NUPKG, buffered=True).headers["ETag"]

    answer = http.get(NUPKG, headers={"If-None-Match": etag, "Range": "bytes=0-9"}, buffered=True)

    assert answer.status_code == 304


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"If-None-Match": '"other"'}, 200),
        ({"If-None-Match": 'nonsense, ,,"', "Range": "bytes=0-1"}, 206),
        ({"If-Match": '"other"', "Range": "bytes=0-1"}, 412),
        ({"If-Modified-Since": "Thu, 01 Jan 2099 00:00:00 GMT", "Range": "bytes=0-1"}, 304),
        ({"If-Modified-Since": "yesterday", "Range": "bytes=0-1"}, 206),
        ({"If-Range": "yesterday", "Range": "bytes=0-1"}, 200),
        ({"Accept": "garbage/;;q=x", "Accept-Encoding": ";;q=,", "Cookie": "=;=;"}, 200),
    ],
)
def test_conditions_are_kept_and_garbage_does_no_harm(http, package, headers, status):
    answer = http.get(NUPKG, headers=headers, buffered=True)

    assert answer.status_code == status
    assert answer.data == {200: package, 206: package[:2]}.get(status, answer.data)
    assert len(answer.data) < 500 or status == 200


@pytest.fixture(scope="module")
def many(make_lasting_client):
    """A feed with so many versions that their list is worth compressing."""
    client = make_lasting_client()
    for number in range(30):
        client.push(nupkg("Contoso.Json", f"1.{number}.0-beta"))
    return client


@pytest.mark.parametrize(
    ("accepted", "zipped"),
    [
        ("gzip", True),
        ("gzip, deflate", True),
        ("deflate, GZIP;q=0.5", True),
        ("*", True),
        ("gzip;q=0", False),
        ("identity", False),
        ("x-gzipped", False),
        ("", False),
    ],
)
def test_a_document_is_compressed_for_who_takes_it(many, accepted, zipped):
    plain = many.get(LIST)

    answer = many.get(LIST, headers={"Accept-Encoding": accepted})

    assert (answer.headers.get("Content-Encoding") == "gzip") is zipped
    assert (zlib.decompress(answer.data, 31) if zipped else answer.data) == plain.data
    assert answer.headers["Vary"] == "Accept-Encoding"
    again = many.get(LIST, headers={"Accept-Encoding": accepted, "If-None-Match": answer.headers["ETag"]})
    assert again.status_code == 304
    assert again.headers["ETag"] == answer.headers["ETag"]
    assert (answer.headers["ETag"] == plain.headers["ETag"]) is (not zipped)


@pytest.mark.parametrize("path", [NUPKG, "/v3/content/contoso.json/1.0.0/icon"])
def test_what_is_compressed_already_is_not_compressed_again(client, path):
    client.push(nupkg(icon="i.png", files={"i.png": PNG}))

    for _ in range(2):
        answer = client.get(path, headers={"Accept-Encoding": "gzip"})
        assert answer.status_code == 200
        assert "Content-Encoding" not in answer.headers
