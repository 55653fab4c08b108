"""A private feed: who reads it, and that what is kept for one is not given to another."""

from base64 import b64encode

import pytest

from nugetlite import OPERATOR, Actor, hookimpl
from nugetlite.feed import Feed
from nugetlite.people.values import parse_grants
from nugetlite.testing import Client, nupkg

LIST = "/v3/content/secret.json/index.json"
PASSWORD = "correct horse"


@pytest.fixture
def closed(make_town):
    """A feed that is read only by those who may, with a package that not all of them may see."""
    town = make_town(anonymous_read=False)
    town.account("root", "administrator")
    town.account("alice", "reader", password=PASSWORD)
    town.account("bob", "reader,Secret.*=none", password=PASSWORD)
    root = town.client(town.key("root"), signs_in=True)
    for id in ("Contoso.Json", "Secret.Json"):
        assert root.push(nupkg(id, "1.0.0")).status_code == 201
    return town


def get(town, url, name="", password=PASSWORD, **headers):
    """GET as somebody, by name and password."""
    if name:
        headers["Authorization"] = "Basic " + b64encode(f"{name}:{password}".encode()).decode()
    return Client(town.app, "").http.get(url, headers=headers)


class TestAPrivateFeed:
    def test_asks_who_is_there(self, closed):
        answer = get(closed, LIST)

        assert answer.status_code == 401
        assert answer.headers["WWW-Authenticate"].startswith("Basic ")

    def test_is_read_by_name_and_password_by_key_and_by_bearer(self, closed):
        key = closed.key("alice")

        for headers in ({"X-NuGet-ApiKey": key}, {"Authorization": f"Bearer {key}"}):
            assert get(closed, LIST, **headers).json == {"versions": ["1.0.0"]}
        assert get(closed, LIST, "alice").json == {"versions": ["1.0.0"]}
        assert get(closed, LIST, "ALICE").status_code == 200
        assert get(closed, LIST, "whoever", key).status_code == 200

    def test_refuses_a_wrong_password_and_does_not_say_who_exists(self, closed):
        known, unknown = get(closed, LIST, "alice", "wrong"), get(closed, LIST, "nobody", "wrong")

        assert known.status_code == unknown.status_code == 403
        assert known.json == unknown.json

    def test_logs_each_wrong_key_in_one_line_with_its_address(self, closed, caplog):
        get(closed, "/v3/content/secret.json/1.0.0/a%0Ab.nupkg", "alice", "wrong")

        assert caplog.messages == [
            "127.0.0.1, GET /v3/content/secret.json/1.0.0/a b.nupkg: The user name or the password is not right"
        ]

    def test_has_ids_that_not_everybody_sees(self, closed):
        hidden, unknown = get(closed, LIST, "bob"), get(closed, LIST.replace("secret", "no.such"), "bob")

        assert (hidden.status_code, unknown.status_code) == (404, 404)
        assert get(closed, LIST.replace("secret", "contoso"), "bob").status_code == 200

    def test_gives_each_reader_what_they_may_see_however_often_it_was_asked(self, closed):
        for _ in range(3):
            assert get(closed, LIST, "alice").status_code == 200
            assert get(closed, LIST, "bob").status_code == 404
            assert get(closed, LIST).status_code == 401

    def test_tells_caches_that_an_answer_is_for_one_client(self, closed):
        for _ in range(2):
            answer = get(closed, LIST, "alice")
            assert answer.headers["Cache-Control"] == "private, no-cache"
            assert "Authorization" in answer.headers["Vary"]

    def test_lets_a_reader_go_at_the_next_request(self, closed):
        assert get(closed, LIST, "alice").status_code == 200

        closed.management.accounts.grant(OPERATOR, "alice", parse_grants(["reader,Secret.*=none"]))
        assert get(closed, LIST, "alice").status_code == 404

        closed.management.accounts.enable(OPERATOR, "alice", enabled=False)
        assert get(closed, LIST, "alice").status_code == 403

    def test_makes_an_answer_again_for_those_only_who_still_may_see_it(self, closed):
        root = closed.client(closed.key("root", "again"), signs_in=True)
        seen = ["1.0.0"]
        for taken_from, version in [("nobody", "1.1.0"), ("alice", "1.2.0")]:
            assert get(closed, LIST, "alice").json == {"versions": seen}
            assert root.push(nupkg("Secret.Json", version)).status_code == 201
            seen.append(version)
            if taken_from == "alice":
                closed.management.accounts.grant(OPERATOR, "alice", parse_grants(["reader,Secret.*=none"]))

        assert get(closed, LIST, "alice").status_code == 404
        assert root.get(LIST).json == {"versions": seen}

    def test_keeps_for_nobody_what_was_asked_for_by_rights_that_were_just_taken(self, closed, monkeypatch):
        """The right was there when it was asked for, and gone when it was known who had asked."""
        really = Feed.version_list

        def taken_meanwhile(feed, id):
            closed.management.accounts.grant(OPERATOR, "alice", parse_grants(["reader,Secret.*=none"]))
            return really(feed, id)

        with monkeypatch.context() as patch:
            patch.setattr(Feed, "version_list", taken_meanwhile)
            get(closed, LIST, "alice")

        for name in ("alice", "bob"):
            get(closed, "/v3/index.json", name)
            assert get(closed, LIST, name).status_code == 404

    def test_lets_a_key_go_at_the_next_request_also_where_the_answer_is_kept(self, closed):
        key = closed.key("alice")
        for _ in range(2):
            assert get(closed, LIST, "any", key).status_code == 200

        closed.management.keys.revoke(OPERATOR, "alice", "ci")

        answer = get(closed, LIST, "any", key)
        assert (answer.status_code, "was revoked" in answer.status) == (403, True)

    def test_notes_when_a_key_was_used_last_also_where_the_answer_is_kept(self, closed):
        key = closed.key("alice")
        for _ in range(2):
            get(closed, LIST, "any", key)
        ((_, use),) = closed.people.keys("alice")

        get(closed, LIST, "any", key)

        ((_, later),) = closed.people.keys("alice")
        assert later.address == use.address == "127.0.0.1"
        assert later.when > use.when

    def test_slows_down_who_guesses_passwords_also_of_those_whose_answers_are_kept(self, closed):
        for _ in range(2):
            assert get(closed, LIST, "alice").status_code == 200
        for number in range(20):
            get(closed, LIST, "bob", f"guess {number}")

        assert get(closed, LIST, "alice").status_code == 429


class TestAnOpenFeedWithSecrets:
    def test_asks_for_credentials_only_about_what_is_hidden(self, make_town):
        town = make_town(api_key="test-key")
        town.account("alice", "reader", password=PASSWORD)
        Client(town.app).push(nupkg("Secret.Json", "1.0.0"))
        town.management.accounts.grant(OPERATOR, "everybody", parse_grants(["Secret.*=none"]))

        for _ in range(2):
            assert get(town, LIST).status_code == 401
            assert get(town, LIST, "alice").status_code == 200
            assert get(town, "/v3/content/other/index.json").status_code == 404


class TestASession:
    """Of Octopus's clients, which sign in by name and password and get a cookie."""

    def sign_in(self, town, password=PASSWORD):
        client = Client(town.app, "").http
        told = {"Username": "alice", "Password": password}
        return client, client.post("/api/users/login", json=told)

    def test_is_somebodys(self, closed):
        client, answer = self.sign_in(closed)

        assert answer.status_code == 200
        assert client.get("/api/users/me").json["Username"] == "alice"

    @pytest.mark.parametrize(
        "end",
        [
            lambda accounts: accounts.set_password(OPERATOR, "alice", "battery staple"),
            lambda accounts: accounts.enable(OPERATOR, "alice", enabled=False),
            lambda accounts: accounts.delete(OPERATOR, "alice"),
        ],
    )
    def test_ends_with_the_password_and_with_the_account(self, closed, end):
        client, _ = self.sign_in(closed)

        end(closed.management.accounts)

        assert client.get("/api/users/me").status_code == 401

    def test_is_not_given_for_a_key_which_would_lose_its_limits(self, closed):
        _, answer = self.sign_in(closed, closed.key("alice"))

        assert (answer.status_code, "X-Octopus-ApiKey" in answer.status) == (401, True)


class TestSomebodyWhomAPluginLetsIn:
    """They have no account here, so nobody granted them anything; the plugin answers for them."""

    @pytest.mark.parametrize("anonymous_read", [True, False])
    def test_sees_what_is_hidden_from_nobody(self, make_town, anonymous_read):
        class Reader:
            @hookimpl
            def nugetlite_identify(self, request):
                return Actor("neighbour") if request.headers.get("X-Neighbour") else None

            @hookimpl
            def nugetlite_authorize(self, actor, action):
                return True if actor.name == "neighbour" and not action.writes else None

        town = make_town([Reader()], anonymous_read=anonymous_read)
        town.account("root", "administrator")
        root = town.client(town.key("root"), signs_in=True)
        for id in ("Contoso.Json", "Secret.Json"):
            assert root.push(nupkg(id, "1.0.0")).status_code == 201
        town.management.accounts.grant(OPERATOR, "everybody", parse_grants(["Secret.*=none"]))

        found = get(town, "/v3/search", **{"X-Neighbour": "yes"}).json["data"]

        assert [each["id"] for each in found] == ["Contoso.Json"]
