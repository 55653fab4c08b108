"""Who may do what, in the simple case of one key."""

from base64 import b64encode

import pytest

from nugetlite.testing import nupkg


def basic(name, password):
    return {"Authorization": "Basic " + b64encode(f"{name}:{password}".encode()).decode()}


@pytest.mark.parametrize(
    "headers",
    [
        {"X-NuGet-ApiKey": "test-key"},
        {"X-Octopus-ApiKey": "test-key"},
        {"Authorization": "Bearer test-key"},
        basic("anybody", "test-key"),
    ],
)
def test_a_key_counts_wherever_clients_put_it(client, headers):
    answer = client.http.put(
        "/v3/package/", data=nupkg(), headers={**headers, "Content-Type": "application/octet-stream"}
    )

    assert answer.status_code == 201


def test_without_a_key_a_client_is_asked_for_one(client):
    answer = client.push(nupkg(), key="")

    assert answer.status_code == 401
    assert answer.headers["WWW-Authenticate"].startswith("Basic ")


@pytest.mark.parametrize("key", ["wrong", "test-key2", "tést", "\N{SNOWMAN}".encode().decode("latin-1")])
def test_a_wrong_key_is_refused_with_the_reason(client, key):
    answer = client.push(nupkg(), key=key)

    assert answer.status_code == 403
    assert "API key" in answer.status
    assert key not in answer.json["error"]
    assert client.versions("Contoso.Json") == []


def test_a_feed_without_a_key_takes_nothing_and_says_how_to_set_one(make_client):
    client = make_client(api_key="")

    for key in ("", "anything"):
        answer = client.push(nupkg(), key=key)
        assert answer.status_code == 403
        assert "NUGETLITE_API_KEY" in answer.status


def test_a_key_in_the_url_is_no_key(client):
    assert client.push(nupkg(), "/v3/package?apikey=test-key", key="").status_code == 401


@pytest.mark.parametrize("method", ["put", "delete", "post"])
def test_a_read_only_feed_refuses_every_write(make_client, method, share):
    make_client().push(nupkg("Contoso.Json", "1.0.0"))
    client = make_client(read_only=True)
    url = "/v3/package" if method == "put" else "/v3/package/Contoso.Json/1.0.0"

    for headers in ({"X-NuGet-ApiKey": "test-key"}, {"X-NuGet-ApiKey": "wrong"}, {}):
        answer = getattr(client.http, method)(url, headers=headers)
        assert answer.status_code == 405
        assert "read-only" in answer.status
    assert client.can_restore("Contoso.Json", "1.0.0")


READS = [
    "/v3/index.json",
    "/v3/content/contoso.json/index.json",
    "/v3/content/contoso.json/1.0.0/contoso.json.1.0.0.nupkg",
    "/v3/registration/contoso.json/index.json",
    "/v3/search",
    "/v3/autocomplete",
    "/v3/catalog/index.json",
    "/packages/Contoso.Json/1.0.0",
    "/",
]


@pytest.mark.parametrize("url", READS)
def test_a_private_feed_asks_who_reads(make_app, url):
    http = make_app(anonymous_read=False).test_client()
    package = {"data": nupkg("Contoso.Json", "1.0.0"), "content_type": "application/octet-stream"}
    assert http.put("/v3/package", headers={"X-NuGet-ApiKey": "test-key"}, **package).status_code == 201

    stranger, friend, liar = (
        http.get(url, headers=headers, buffered=True)
        for headers in ({}, basic("me", "test-key"), basic("me", "no"))
    )

    assert (stranger.status_code, friend.status_code, liar.status_code) == (401, 200, 403)
    assert stranger.headers["WWW-Authenticate"].startswith("Basic ")
    assert (
        "private" in friend.headers.get("Cache-Control", "private")
        or "no-cache" in friend.headers["Cache-Control"]
    )


def test_a_private_feed_is_still_open_to_its_operators_tools(make_app):
    http = make_app(anonymous_read=False).test_client()

    assert http.get("/health/live").status_code == 200
    assert http.get("/health/ready").status_code == 200
    assert "Contoso" not in http.get("/metrics").text


def test_who_tries_keys_has_to_wait(client):
    statuses = [client.push(nupkg(), key=f"guess {number}").status_code for number in range(25)]

    assert statuses == [403] * 20 + [429] * 5
    assert client.push(nupkg()).headers["Retry-After"]


def test_a_refused_delete_does_not_tell_what_is_there(client):
    client.push(nupkg("Contoso.Json", "1.0.0"))

    here, nowhere = (client.delete(id, "1.0.0", key="wrong") for id in ("Contoso.Json", "Contoso.Nothing"))

    assert (here.status, here.data) == (nowhere.status, nowhere.data)


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Sec-Fetch-Site": "cross-site"}, 403),
        ({"Sec-Fetch-Site": "same-site"}, 403),
        ({"Sec-Fetch-Site": "same-origin", "Origin": "http://localhost"}, 204),
        ({"Sec-Fetch-Site": "none"}, 204),
        ({"Origin": "https://evil.example"}, 403),
        ({"Origin": "null"}, 403),
        ({"Origin": "http://["}, 403),
        ({"Origin": "http://localhost"}, 204),
    ],
)
def test_a_page_of_another_site_changes_nothing_whatever_a_browser_adds(client, headers, status):
    client.push(nupkg("Contoso.Json", "1.0.0"))

    answer = client.http.delete(
        "/v3/package/Contoso.Json/1.0.0", headers={**headers, **basic("any", "test-key")}
    )

    assert answer.status_code == status
    assert (client.search() == []) is (status == 204)
