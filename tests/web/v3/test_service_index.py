"""The service index: every client generation finds what it looks for, under the URL by which it came."""

from base64 import b64encode

import pytest

from nugetlite.testing import KEY, nupkg

# What clients look up, from their sources (NuGet.Client ServiceTypes.cs, PSResourceGet, Renovate, Paket, Sleet).
TYPES = {
    "SearchQueryService": "search",
    "SearchQueryService/3.0.0-beta": "search",
    "SearchQueryService/3.0.0-rc": "search",
    "SearchQueryService/3.5.0": "search",
    "SearchAutocompleteService": "autocomplete",
    "SearchAutocompleteService/3.0.0-beta": "autocomplete",
    "SearchAutocompleteService/3.0.0-rc": "autocomplete",
    "SearchAutocompleteService/3.5.0": "autocomplete",
    "RegistrationsBaseUrl": "registration/",
    "RegistrationsBaseUrl/3.0.0-beta": "registration/",
    "RegistrationsBaseUrl/3.0.0-rc": "registration/",
    "RegistrationsBaseUrl/3.4.0": "registration-gz/",
    "RegistrationsBaseUrl/3.6.0": "registration-gz-semver2/",
    "RegistrationsBaseUrl/Versioned": "registration-gz-semver2/",
    "PackageBaseAddress/3.0.0": "content/",
    "PackagePublish/2.0.0": "package",
    "SymbolPackagePublish/4.9.0": "symbolpackage",
    "Catalog/3.0.0": "catalog/index.json",
    "ReadmeUriTemplate/Versioned": "content/{lower_id}/{lower_version}/readme",
    "ReadmeUriTemplate/6.13.0": "content/{lower_id}/{lower_version}/readme",
}


def resources(answer):
    return {each["@type"]: each for each in answer.json["resources"]}


def urls_in(document):
    """Every URL of ours in a JSON document."""
    found = set()

    def look(value):
        match value:
            case dict():
                for each in value.values():
                    look(each)
            case list():
                for each in value:
                    look(each)
            case str() if value.startswith(("http://", "https://")) and "schema.nuget.org" not in value:
                found.add(value)

    look(document)
    return found


def test_every_type_that_a_client_looks_up_is_there(client):
    answer = client.get("/v3/index.json")

    found = resources(answer)
    assert answer.json["version"] == "3.0.0"
    assert len(found) == len(answer.json["resources"])
    assert {type: found[type]["@id"] for type in TYPES} == {
        type: f"http://localhost/v3/{path}" for type, path in TYPES.items()
    }
    assert found["PackageDetailsUriTemplate/5.1.0"]["@id"] == "http://localhost/packages/{id}/{version}"


def test_clients_that_are_too_old_for_the_versioned_hive_are_told_so(client):
    found = resources(client.get("/v3/index.json"))

    assert found["RegistrationsBaseUrl/Versioned"]["clientVersion"] == "4.3.0-alpha"
    assert [type for type, each in found.items() if "clientVersion" in each] == [
        "RegistrationsBaseUrl/Versioned"
    ]


@pytest.mark.parametrize("type", ["VulnerabilityInfo", "RepositorySignatures", "OwnerDetailsUriTemplate"])
def test_what_the_feed_does_not_have_is_not_promised(client, type):
    assert not [each for each in resources(client.get("/v3/index.json")) if each.startswith(type)]


ORIGINS = {
    "the host that the client used": ({}, {"Host": "feed.test:8080"}, "http://feed.test:8080"),
    "base_url": (
        {"base_url": "https://feed.test/nuget"},
        {"Host": "evil.test", "X-Forwarded-Host": "evil.test"},
        "https://feed.test/nuget",
    ),
    "a trusted proxy": (
        {"trusted_proxies": 1},
        {
            "Host": "10.0.0.1:5000",
            "X-Forwarded-Proto": "https",
            "X-Forwarded-Host": "feed.test",
            "X-Forwarded-Prefix": "/nuget",
        },
        "https://feed.test/nuget",
    ),
    "the last of two values, of one trusted proxy": (
        {"trusted_proxies": 1},
        {"X-Forwarded-Proto": "ftp, https", "X-Forwarded-Host": "evil.test, feed.test"},
        "https://feed.test",
    ),
    "no proxy that is not trusted": (
        {},
        {
            "Host": "feed.test",
            "X-Forwarded-Proto": "https",
            "X-Forwarded-Host": "evil.test",
            "X-Forwarded-Prefix": "/evil",
            "Forwarded": "host=evil.test",
            "X-Original-URL": "/evil",
        },
        "http://feed.test",
    ),
}


@pytest.mark.parametrize(("settings", "headers", "origin"), ORIGINS.values(), ids=ORIGINS)
def test_every_url_in_every_document_leads_back_to(make_client, settings, headers, origin):
    client = make_client(**settings)
    package = nupkg(
        dependencies={"": {"Contoso.Base": "1.0"}}, license=("file", "L.txt"), files={"L.txt": b"L"}
    )
    pushed = client.http.put(
        "/v3/package",
        data=package,
        headers={**headers, "X-NuGet-ApiKey": KEY, "Content-Type": "application/zip"},
    )
    assert pushed.headers["Location"].startswith(f"{origin}/v3/content/")

    for path in (
        "/v3/index.json",
        "/v3/search",
        "/v3/registration/contoso.json/index.json",
        "/v3/registration-gz-semver2/contoso.json/1.0.0.json",
        "/v3/catalog/index.json",
        "/v3/catalog/page0.json",
        "/v3/catalog/newest/contoso.json/1.0.0.json",
    ):
        for _ in range(2):  # made, and kept
            answer = client.get(path, headers=headers)
            urls = urls_in(answer.json)
            assert answer.status_code == 200
            assert urls
            assert {url for url in urls if not url.startswith(f"{origin}/")} == set()
            assert "evil" not in answer.text

    for url in urls_in(client.get("/v3/registration/contoso.json/index.json", headers=headers).json):
        if "contoso.base" not in url:
            path = url.removeprefix(origin)
            assert client.get(path, headers=headers).status_code == 200, url


def test_two_origins_never_share_an_answer(client):
    hosts = ["one.test", "two.test", "one.test", "two.test"]

    answers = [client.get("/v3/index.json", headers={"Host": host}) for host in hosts]

    assert [next(iter(urls_in(answer.json))).split("/")[2] for answer in answers] == hosts


HOSTILE = [
    'feed.test"><script>alert(1)</script>',
    "user:secret@feed.test",
    "feed.test/path?x=",
    "feed.test\\evil.test",
    "feed test",
    "",
    "é.test".encode().decode("latin-1"),
]


@pytest.mark.parametrize("host", HOSTILE)
def test_a_host_that_is_none_is_refused(make_client, host):
    client = make_client()

    for path in ("/v3/index.json", "/"):
        answer = client.get(path, headers={"Host": host})
        assert answer.status_code == 400
        assert "Host" in answer.json["error"]
        assert "script" not in answer.text


@pytest.mark.parametrize("host", [*HOSTILE, "evil.test"])
def test_with_a_base_url_the_host_is_nowhere(make_client, host):
    client = make_client(base_url="https://feed.test")

    for path in ("/v3/index.json", "/", "/v3/search"):
        answer = client.get(path, headers={"Host": host})
        assert answer.status_code == 200
        assert not host or host not in answer.text


def test_a_host_that_is_too_long_for_one_is_refused(client):
    assert client.get("/v3/index.json", headers={"Host": "x" * 5000}).status_code == 400


def test_a_private_feed_asks_already_at_the_service_index(make_app):
    http = make_app(anonymous_read=False).test_client()

    answer = http.get("/v3/index.json")

    assert answer.status_code == 401
    assert answer.headers["WWW-Authenticate"].startswith("Basic ")
    assert answer.headers["Cache-Control"] == "no-store"


@pytest.mark.parametrize(
    "credentials",
    [
        {"X-NuGet-ApiKey": KEY},
        {"Authorization": f"Bearer {KEY}"},
        {"Authorization": "Basic " + b64encode(f"me:{KEY}".encode()).decode()},
    ],
    ids=["key", "bearer", "basic"],
)
@pytest.mark.parametrize("anonymous_read", [True, False])
def test_no_cache_gives_to_others_what_was_told_to_one(make_app, anonymous_read, credentials):
    http = make_app(anonymous_read=anonymous_read).test_client()
    http.put("/v3/package", data=nupkg(), headers={"X-NuGet-ApiKey": KEY, "Content-Type": "application/zip"})

    for path in (
        "/v3/index.json",
        "/v3/search",
        "/v3/content/contoso.json/index.json",
        "/v3/content/contoso.json/1.0.0/contoso.json.1.0.0.nupkg",
        "/v3/registration-gz/contoso.json/index.json",
        "/packages/Contoso.Json/1.0.0",
    ):
        answer = http.get(path, headers=credentials, buffered=True)
        assert answer.status_code == 200
        assert answer.headers["Cache-Control"].startswith("private, ")
        assert "public" not in answer.headers["Cache-Control"]
        assert ("Authorization" in answer.headers.get("Vary", "")) is (not anonymous_read)
