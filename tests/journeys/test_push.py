"""From a push to everything that clients then see."""

import hashlib
from base64 import b64encode

import pytest

from nugetlite.testing import nupkg

URLS = [
    "/v3/package",
    "/v3/package/",
    "/api/v2/package",
    "/api/v2/package/",
    "/api/v2",
    "/api/v2/",
    "/nuget",
    "/nuget/",
    "/nuget/packages",
    "/nuget/packages/",
    "/nuget/api/v2/package",
    "/nuget/api/v2/package/",
    "/",
]


@pytest.mark.parametrize("url", URLS)
def test_every_url_that_a_client_makes_of_its_source_takes_a_push(client, url):
    answer = client.push(nupkg("Contoso.Json", "1.2.0"), url)

    assert answer.status_code == 201
    assert client.can_restore("Contoso.Json", "1.2.0")


def test_a_pushed_package_is_served_byte_by_byte(client):
    content = nupkg("Contoso.Json", "1.2.0")
    client.push(content)

    answer = client.download("Contoso.Json", "1.2.0")

    assert answer.data == content
    assert answer.headers["Content-Type"] == "application/octet-stream"
    assert answer.headers["Content-Length"] == str(len(content))
    assert "immutable" in answer.headers["Cache-Control"]


def test_a_pushed_package_lies_on_the_share_as_nuget_reads_it(client, share):
    content = nupkg("Contoso.Json", "1.2.0-Beta")
    client.push(content)

    folder = share / "contoso.json" / "1.2.0-beta"
    assert sorted(path.name for path in folder.iterdir()) == [
        "contoso.json.1.2.0-beta.nupkg",
        "contoso.json.1.2.0-beta.nupkg.sha512",
        "contoso.json.nuspec",
    ]
    assert (folder / "contoso.json.1.2.0-beta.nupkg").read_bytes() == content
    declared = (folder / "contoso.json.1.2.0-beta.nupkg.sha512").read_text()
    assert declared == b64encode(hashlib.sha512(content).digest()).decode()


@pytest.mark.parametrize("again", ["1.0", "1.0.0", "1.0.0.0", "1.00.0", "1.0.0+other"])
def test_the_same_version_in_another_spelling_is_a_conflict(client, again):
    first = nupkg("Contoso.Json", "1.0.0", description="the first")
    client.push(first)

    answer = client.push(nupkg("contoso.JSON", again, description="another"))

    assert answer.status_code == 409
    assert "already exists" in answer.status
    assert "already exists" in answer.headers["X-NuGet-Warning"]
    assert "already exists" in answer.json["error"]
    assert client.download("Contoso.Json", "1.0.0").data == first


def test_the_version_list_is_ascending_normalized_and_whole(client):
    for version in ["2.0.0", "1.0", "1.10.0", "1.2.0-Beta", "1.2.0+build.5", "1.2.0-alpha.1"]:
        client.push(nupkg("Contoso.Json", version))

    assert client.versions("contoso.json") == [
        "1.0.0",
        "1.2.0-alpha.1",
        "1.2.0-beta",
        "1.2.0",
        "1.10.0",
        "2.0.0",
    ]


@pytest.mark.parametrize(
    ("overwrite", "version", "status"),
    [
        ("never", "1.0.0", 409),
        ("never", "1.0.0-beta", 409),
        ("prerelease", "1.0.0", 409),
        ("prerelease", "1.0.0-beta", 201),
        ("always", "1.0.0", 201),
    ],
)
def test_the_operator_says_what_may_be_replaced(make_client, overwrite, version, status):
    client = make_client(overwrite=overwrite)
    old, new = (nupkg("Contoso.Json", version, description=words) for words in ("old", "new"))
    client.push(old)

    assert client.push(new).status_code == status

    now = new if status == 201 else old
    assert client.download("Contoso.Json", version).data == now
    assert client.registered("Contoso.Json")[version]["description"] == ("new" if now is new else "old")


def test_a_package_without_a_body_is_told_so(client):
    answer = client.http.put("/v3/package/", headers={"X-NuGet-ApiKey": client.key})

    assert answer.status_code == 400
    assert answer.json["error"]


def test_what_is_no_package_leaves_nothing_behind(client, share):
    before = sorted(share.rglob("*"))

    answer = client.push(b"this is no zip")

    assert answer.status_code == 400
    assert sorted(path for path in share.rglob("*") if ".db" not in path.name) == [
        path for path in before if ".db" not in path.name
    ]


def test_a_package_that_is_too_large_is_refused(make_client):
    client = make_client(max_package_size=1000)

    answer = client.push(nupkg(files={"big.bin": bytes(range(256)) * 100}))

    assert answer.status_code == 413
    assert client.versions("Contoso.Json") == []


def test_a_push_is_seen_by_every_other_worker_at_once(make_client):
    one, other = make_client(), make_client()
    one.push(nupkg("Contoso.Json", "1.0.0"))
    assert other.versions("Contoso.Json") == ["1.0.0"]

    one.push(nupkg("Contoso.Json", "1.1.0"))

    assert other.versions("Contoso.Json") == ["1.0.0", "1.1.0"]
