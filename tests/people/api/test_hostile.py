"""What is sent to the API by mistake or with intent is refused by name, and nothing comes of it."""

import json

import pytest

from nugetlite.people.values import Scope


@pytest.fixture(scope="module")
def town(make_lasting_town):
    """One feed for all of these tests, as they change nothing."""
    return make_lasting_town()


@pytest.fixture(scope="module")
def key(town):
    """The key of its administrator."""
    town.account("root", "administrator")
    return town.key("root", "all", scopes=list(Scope))


@pytest.fixture
def root(api, key):
    """The API for that one."""
    return api(key)


JSON = {"content_type": "application/json"}


def send(root, data, method="POST", url="/accounts", **options):
    """Send these bytes, and hold the answer against the document."""
    answer = root.ask(method, url, data=data, **(JSON | options))
    root.check(method, url, answer)
    return answer


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (b"[]", "Expected `object`"),
        (b"null", "Expected `object`"),
        (b'"alice"', "Expected `object`"),
        (b"", "missing required field `name`"),
        (b"{", "cannot be taken"),
        (b"\xff\xfe", "cannot be taken"),
        (b'{"name": "\xff"}', "cannot be taken"),
        (b'{"name": 1}', "Expected `str`"),
        (b'{"name": null}', "Expected `str`"),
        (b'{"name": ["alice"]}', "Expected `str`"),
        (b'{"nmae": "alice"}', "unknown field `nmae`"),
        (b'{"name": "alice", "isAdmin": true}', "unknown field `isAdmin`"),
        (b'{"name": "alice", "name": "bob"}', '"name" is there twice'),
        (b'{"name": "alice", "grants": {"a": "reader", "a": "publisher"}}', '"a" is there twice'),
        (b'{"name": "alice", "grants": {"*": "owner"}}', "Invalid enum value"),
        (b'{"name": "alice", "grants": {"/etc": "reader"}}', "is no pattern"),
        (b'{"name": "alice", "grants": [["*", "reader"]]}', "Expected `object"),
        (b'{"name": "alice", "kind": "god"}', "Invalid enum value"),
        (b'{"name": "al\\u0000ice"}', "is no name"),
        (b'{"name": "../alice"}', "is no name"),
        (b'{"name": "operator"}', "is kept for the feed"),
        (b'{"name": "%s"}' % (b"a" * 65), "is no name"),
        (
            b'{"name": "alice", "password": "\\u0000\\u0000\\u0000\\u0000\\u0000\\u0000\\u0000\\u0000"}',
            "printable",
        ),
        (b'{"name": "alice", "password": "\\ud800 battery"}', "cannot be taken"),
        (b'{"name": "alice", "password": "API-%s"}' % (b"A" * 32), "does not look like an API key"),
        (b'{"name": "alice"} {}', "cannot be taken"),
        (b'{"name": NaN}', "cannot be taken"),
        (b"[" * 60_000, "cannot be taken"),
        (b'{"name":' * 8_000, "cannot be taken"),
        (b'{"grants":' + b'{"a":' * 10_000, "cannot be taken"),
        (b'{"name": "alice", "grants": {"*": %s1}}' % (b"9" * 50_000), "cannot be taken"),
    ],
)
def test_a_body_that_cannot_be_meant_is_refused_by_name(root, town, body, said):
    answer = send(root, body)

    assert answer.status_code == 400
    assert said in answer.json["error"]
    assert sorted(town.people.known().accounts) == ["root"]


@pytest.mark.parametrize(
    ("told", "said"),
    [
        ({"days": 0}, ">= 1"),
        ({"days": 3651}, "<= 3650"),
        ({"days": 10**30}, "<= 3650"),
        ({"days": 1.5}, "Expected `int | null`"),
        ({"days": True}, "Expected `int | null`"),
        ({"patterns": [f"a{n}" for n in range(51)]}, "1 to 50 patterns"),
        ({"patterns": [""], "actions": ["fly"]}, "Invalid enum value"),
        ({"deletion": "shred"}, "Invalid enum value"),
        ({"behalf": "nobody"}, 'There is no account "nobody"'),
        ({"name": ".."}, "first a letter or digit"),
        ({"name": "a/"}, "at the end no slash"),
        ({"name": "a\x00"}, "printable ASCII"),
    ],
)
def test_a_key_that_cannot_be_meant_is_not_made(root, town, told, said):
    answer = send(root, json.dumps({"name": "ci", **told}), url="/accounts/root/keys")

    assert answer.status_code in (400, 404)
    assert said in answer.json["error"]


def test_a_large_body_is_not_read(root):
    answer = send(root, json.dumps({"name": "a", "password": "x" * 70_000}))

    assert answer.status_code == 413
    assert "64 KB" in answer.json["error"]


@pytest.mark.parametrize(
    "content_type", ["", "text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x"]
)
@pytest.mark.parametrize(
    ("method", "url"), [("POST", "/accounts"), ("PUT", "/packages/Contoso.Json/owners/root")]
)
def test_what_a_form_of_another_site_could_send_is_no_json(root, content_type, method, url):
    answer = send(root, b"{}", method, url, content_type=content_type)

    assert answer.status_code == 415
    assert answer.json == {"error": "Send this as application/json"}


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Sec-Fetch-Site": "cross-site"}, 403),
        ({"Sec-Fetch-Site": "same-site"}, 403),
        ({"Origin": "https://evil.example"}, 403),
        ({"Origin": "null"}, 403),
        ({"Origin": "http://localhost.evil.example"}, 403),
        ({"Sec-Fetch-Site": "cross-site", "Origin": "http://localhost"}, 403),
        ({"Sec-Fetch-Site": "same-origin", "Origin": "http://localhost"}, 200),
        ({"Sec-Fetch-Site": "none"}, 200),
        ({"Origin": "http://localhost"}, 200),
        ({}, 200),
    ],
)
@pytest.mark.parametrize("method", ["PUT", "DELETE"])
def test_a_page_of_another_site_changes_nothing(root, method, headers, status):
    reserved = lambda: root("GET", "/prefixes")["prefixes"]  # noqa: E731
    root("PUT", "/prefixes/Contoso.*/root")
    if method == "PUT":
        root("DELETE", "/prefixes/Contoso.*/root")
    before = reserved()

    answer = root.ask(method, "/prefixes/Contoso.*/root", headers=headers)

    assert answer.status_code == status
    assert (reserved() != before) is (status == 200)


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_nobody_is_asked_who_they_are(api, method):
    answer = api().ask(method, "/accounts", {"name": "alice"})

    assert answer.status_code == 401
    assert answer.headers["WWW-Authenticate"].startswith("Basic ")
    api().check(method, "/accounts", answer)


def test_no_other_site_is_let_in_and_no_other_method(root):
    assert root.ask("OPTIONS", "/accounts").status_code == 405
    assert root.ask("PATCH", "/prefixes").status_code == 405
    for url in ("", "/", "/nothing", "/accounts/root/nothing", "/packages/no%20id%21/owners"):
        answer = root.ask("GET", url)
        assert (answer.status_code, answer.content_type) == (404, "application/json")


@pytest.mark.parametrize("name", ["%00", "..%2f..", "%F0%9F%98%80", "a" * 5000, "%ED%A0%80", "'%20or%201=1"])
@pytest.mark.parametrize(
    "url", ["/accounts/{}", "/accounts/{}/keys", "/accounts/root/keys/{}", "/packages/{}/owners"]
)
def test_an_odd_name_is_nobodys(root, url, name):
    assert root.ask("GET", url.format(name)).status_code in (404, 405)
    assert root.ask("DELETE", f"/prefixes/{name}/root").status_code in (400, 404)
