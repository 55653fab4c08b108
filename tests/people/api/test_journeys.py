"""People managed over HTTP. Every answer is held against the OpenAPI document by the client of these tests."""

import pytest

from nugetlite import OPERATOR, Pattern
from nugetlite.people.values import Kind, Role
from nugetlite.testing import nupkg


class TestAccounts:
    def test_are_made_shown_changed_and_ended(self, root, town):
        made = root("POST", "/accounts", {"name": "Alice", "password": "battery staple"}, status=201)
        assert (made["grants"], made["hasPassword"]) == ({"*": "reader"}, True)
        assert [each["name"] for each in root("GET", "/accounts")["accounts"]] == ["Alice", "root"]

        changed = root("PATCH", "/accounts/alice", {"grants": {"Contoso.*": "publisher"}, "enabled": False})
        assert (changed["grants"], changed["enabled"]) == ({"contoso.*": "publisher"}, False)
        assert root("PATCH", "/accounts/alice", {"enabled": True})["grants"] == {"contoso.*": "publisher"}
        again = root("POST", "/accounts", {"name": "ALICE"}, status=409)
        assert again == {"error": "There is an account ALICE already"}

        town.client(town.key("alice")).push(nupkg("Contoso.Json", "1.0.0"))
        assert root("DELETE", "/accounts/alice") == {"ownerless": ["Contoso.Json"]}
        assert root("GET", "/accounts/alice", status=404) == {"error": 'There is no account "alice"'}

    def test_tell_who_asks_and_what_they_may(self, town, api):
        town.account("alice", "reader", "Contoso.*=publisher", password="battery staple")
        key = api(town.key("alice", "ci", "Contoso.*"))("GET", "/me")
        password = api(("alice", "battery staple"))("GET", "/me?id=Fabrikam.Json")

        assert (key["name"], key["key"]["name"], key["manages"]) == ("alice", "ci", False)
        assert key["actions"] == ["read", "create", "push"]
        assert (password["key"], password["actions"]) == (None, ["read"])

    def test_of_the_settings_is_none(self, make_town, api):
        me = type(api())(make_town(api_key="the-key-of-the-settings").app, "the-key-of-the-settings")(
            "GET", "/me"
        )

        assert (me["name"], me["account"], me["manages"]) == ("administrator", None, True)

    def test_see_only_themselves_and_learn_nothing_of_others(self, town, person):
        town.account("bob")
        alice = person("alice", "reader")
        town.organization("contoso", "alice")

        assert [each["name"] for each in alice("GET", "/accounts")["accounts"]] == ["alice", "contoso"]
        assert alice("GET", "/accounts/contoso")["members"] == [{"name": "alice", "leads": True}]
        for url in ("/accounts/{}", "/accounts/{}/keys", "/accounts/{}/packages"):
            there, missing = (alice("GET", url.format(name), status=403) for name in ("bob", "nobody"))
            assert there == missing
        assert alice("GET", "/everybody/grants", status=403)
        assert alice("PATCH", "/accounts/alice", {"grants": {"*": "administrator"}}, status=403)
        assert alice("POST", "/accounts", {"name": "carol"}, status=403)

    def test_give_themselves_a_password_by_the_old_one(self, root, town, api):
        town.account("alice", "reader", password="battery staple")
        alice = api(("alice", "battery staple"))

        refused = alice("PUT", "/accounts/alice/password", {"password": "another one"}, status=403)
        assert refused == {"error": "The old password is not right"}
        alice("PUT", "/accounts/alice/password", {"password": "another one", "old": "battery staple"})

        alice("GET", "/me", status=403)
        assert api(("alice", "another one"))("GET", "/me")["name"] == "alice"
        root("PUT", "/accounts/alice/password", {"password": "given by root"})
        assert api(("alice", "given by root"))("GET", "/me")["name"] == "alice"

    def test_cannot_guess_an_old_password_for_long(self, town, api):
        town.account("alice", "reader", password="battery staple")
        alice = api(("alice", "battery staple"))
        for _ in range(20):
            town.app.extensions["nugetlite"].guesses.count("127.0.0.1")

        assert (
            alice.ask("PUT", "/accounts/alice/password", {"password": "x" * 9, "old": "?"}).status_code == 429
        )

    def test_lead_their_organizations(self, town, person):
        alice, bob = person("alice"), person("bob")
        town.organization("contoso", "alice")

        alice("PUT", "/accounts/contoso/members/bob", {})
        bob("PUT", "/accounts/contoso/members/bob", {"leads": True}, status=403)
        group = bob("DELETE", "/accounts/contoso/members/bob")

        assert group["members"] == [{"name": "alice", "leads": True}]

    def test_that_are_disabled_organizations_give_their_members_nothing(self, root, town):
        town.account("alice")
        town.organization("contoso", "alice", grants=["Contoso.*=publisher"])
        own, acting = town.client(town.key("alice", "own")), town.client(town.key("alice", behalf="contoso"))
        assert own.push(nupkg("Contoso.Json", "1.0.0")).status_code == 201

        root("PATCH", "/accounts/contoso", {"enabled": False})

        assert own.push(nupkg("Contoso.Xml", "1.0.0")).status_code == 403
        assert "not one that this feed knows" in acting.push(nupkg("Contoso.Xml", "1.0.0")).json["error"]


class TestKeys:
    def test_are_made_used_listed_made_anew_and_ended(self, town, api):
        town.account("alice", "publisher", password="battery staple")
        alice = api(("alice", "battery staple"))

        made = alice(
            "POST",
            "/accounts/alice/keys",
            {"name": "ci/main?", "patterns": ["Contoso.*"], "actions": ["push", "create"], "days": 30},
            status=201,
        )
        assert (made["patterns"], made["actions"]) == (["contoso.*"], ["create", "push"])
        assert town.client(made["key"]).push(nupkg("Contoso.Json", "1.0.0")).status_code == 201

        (listed,) = alice("GET", "/accounts/alice/keys")["keys"]
        assert (listed["lastUsedFrom"], "key" in listed) == ("127.0.0.1", False)
        second = alice("POST", "/accounts/alice/keys/ci%2Fmain%3F/regenerate")["key"]
        assert town.client(made["key"]).push(nupkg("Contoso.Json", "1.0.1")).status_code == 403
        assert town.client(second).push(nupkg("Contoso.Json", "1.0.1")).status_code == 201
        assert alice("DELETE", "/accounts/alice/keys/ci%2Fmain%3F")["revoked"]
        assert town.client(second).push(nupkg("Contoso.Json", "1.0.2")).status_code == 403

    def test_that_leaked_make_no_others_and_change_nothing(self, town, api):
        town.account("root", "administrator")
        town.account("bob")
        leaked = api(town.key("root", scopes=["read create push replace delete erase"]))
        town.client(town.key("root", "other")).push(nupkg("Contoso.Json", "1.0.0"))

        for method, url, told in (
            ("POST", "/accounts/root/keys", {"name": "mine"}),
            ("POST", "/accounts/root/keys/other/regenerate", {}),
            ("DELETE", "/accounts/root/keys/other", None),
            ("POST", "/accounts", {"name": "mallory"}),
            ("PUT", "/accounts/root/password", {"password": "mallory's"}),
            ("PUT", "/packages/Contoso.Json/owners/bob", {}),
            ("DELETE", "/packages/Contoso.Json/owners/root", None),
            ("POST", "/packages/Contoso.Json/transfer", {"to": "bob"}),
            ("PUT", "/prefixes/Contoso.*/bob", {}),
            ("PUT", "/everybody/grants", {"grants": {"*": "none"}}),
        ):
            assert "manage" in leaked(method, url, told, status=403)["error"]
        assert leaked("DELETE", "/accounts/root/keys/ci")["name"] == "ci"  # but itself it may end

    def test_that_manage_make_none_that_may_do_more(self, town, api):
        town.account("alice", "publisher")
        town.key("alice", "wide")
        through = api(town.key("alice", "manager", "Contoso.*", scopes=["push manage"]))
        wanted = {"name": "new", "patterns": ["Contoso.Ci.*"], "actions": ["push"]}
        make = lambda status=403, **more: through(  # noqa: E731
            "POST", "/accounts/alice/keys", wanted | more, status=status
        )

        assert "may do more than itself" in make(actions=["push", "create"])["error"]
        assert "may do more than itself" in make(patterns=["*.Ci.*"])["error"]
        assert "may do more than itself" in make(patterns=[])["error"]
        through("POST", "/accounts/alice/keys/wide/regenerate", status=403)
        assert make(status=201)["patterns"] == ["contoso.ci.*"]

    def test_for_some_ids_do_not_manage_the_feed(self, town, api):
        town.account("root", "administrator")
        through = api(town.key("root", "manager", "Contoso.*", scopes=["manage"]))

        assert (
            "not for the whole feed" in through("POST", "/accounts", {"name": "carol"}, status=403)["error"]
        )

    def test_for_an_organization_do_not_decide_for_their_account(self, town, api):
        town.account("alice")
        town.account("bob")
        town.organization("contoso", "alice")
        through = api(town.key("alice", scopes=["manage"], behalf="contoso"))

        through("GET", "/accounts/alice/keys", status=403)
        assert len(through("PUT", "/accounts/contoso/members/bob")["members"]) == 2


class TestOwners:
    @pytest.fixture
    def people(self, town, person):
        """alice, who owns Contoso.Json, and bob."""
        alice, bob = person("alice", "publisher"), person("bob", "publisher")
        town.client(town.key("alice")).push(nupkg("Contoso.Json", "1.0.0"))
        return alice, bob

    def test_ask_others_who_confirm(self, people, town):
        alice, bob = people
        push = lambda version: town.client(town.key("bob", version)).push(nupkg("Contoso.Json", version))  # noqa: E731
        bob("PUT", "/packages/Contoso.Json/owners/bob", status=403)

        assert alice("PUT", "/packages/Contoso.Json/owners/bob")["confirmed"] is False
        assert [each["confirmed"] for each in alice("GET", "/packages/Contoso.Json/owners")["owners"]] == [
            True,
            False,
        ]
        assert push("1.0.1").status_code == 403
        assert bob("GET", "/accounts/bob/packages")["owners"][0]["confirmed"] is False
        assert bob("POST", "/packages/contoso.json/owners/bob/confirm")["confirmed"] is True

        assert push("1.0.2").status_code == 201
        assert [each["owner"] for each in bob("DELETE", "/packages/Contoso.Json/owners/alice")["owners"]] == [
            "bob"
        ]
        assert "the last owner" in bob("DELETE", "/packages/Contoso.Json/owners/bob", status=409)["error"]

    def test_hand_over(self, people, town):
        alice, bob = people
        alice("POST", "/packages/Contoso.Json/transfer", {"to": "bob"})
        assert town.owners("Contoso.Json") == ["alice"]

        bob("POST", "/packages/Contoso.Json/owners/bob/confirm")

        assert town.owners("Contoso.Json") == ["bob"]
        alice("POST", "/packages/Contoso.Json/owners/bob/confirm", status=404)

    def test_are_asked_without_others_seeing_it(self, people, person):
        alice, _ = people
        alice("PUT", "/packages/Contoso.Json/owners/bob")

        seen = person("carol", "reader")("GET", "/packages/Contoso.Json/owners")["owners"]

        assert [each["owner"] for each in seen] == ["alice"]

    def test_are_recovered_by_an_administrator(self, people, root, town):
        assert root("DELETE", "/accounts/alice") == {"ownerless": ["Contoso.Json"]}
        bob = town.client(town.key("bob"))
        assert "has no owner" in bob.push(nupkg("Contoso.Json", "1.0.1")).json["error"]

        assert root("PUT", "/packages/Contoso.Json/owners/bob")["confirmed"] is True

        assert bob.push(nupkg("Contoso.Json", "1.0.1")).status_code == 201

    def test_of_ids_that_one_does_not_see_are_not_told(self, town, person):
        alice = person("alice", "reader", "Secret.*=none")
        town.management.accounts.grant(OPERATOR, "everybody", {Pattern.parse("Secret.*"): Role.NONE})

        alice("GET", "/packages/Secret.Json/owners", status=404)


class TestReservedIds:
    def test_are_reserved_seen_and_released(self, root, person):
        alice = person("alice")
        expected = {"prefixes": [{"pattern": "contoso.*", "owners": ["root"]}]}

        assert root("PUT", "/prefixes/Contoso.*/root") == root("GET", "/prefixes") == expected
        assert alice("GET", "/prefixes") == {"prefixes": []}
        assert alice("PUT", "/prefixes/Fabrikam.*/alice", status=403)
        assert root("DELETE", "/prefixes/Contoso.*/root") == {"prefixes": []}


def test_what_everybody_may_do_is_changed(root, town):
    assert root("GET", "/everybody/grants")["grants"] == {"*": "reader"}

    root("PUT", "/everybody/grants", {"grants": {"*": "reader", "Secret.*": "none"}})

    assert root("GET", "/everybody/grants")["grants"] == {"*": "reader", "secret.*": "none"}
    assert root("PUT", "/everybody/grants", {"grants": {"*": "publisher"}}, status=400)
    assert root("PATCH", "/accounts/everybody", {"grants": {"*": "reader"}}, status=400)


def test_a_secret_is_in_no_other_answer(root, town):
    town.account("alice", "publisher", password="battery staple")
    key = root("POST", "/accounts/alice/keys", {"name": "ci"}, status=201)["key"]

    told = [
        root.ask("GET", url).text
        for url in (
            "/accounts",
            "/accounts/alice",
            "/accounts/alice/keys",
            "/me",
            "/openapi.json",
            "/prefixes",
        )
    ]

    stored = town.people.known().account("alice").password
    assert not any(secret in text for text in told for secret in (key, "battery staple", stored))


def test_what_shows_an_owner_is_made_anew_when_they_are_deleted(root, town):
    town.account("alice", "publisher")
    town.client(town.key("alice")).push(nupkg("Contoso.Json", "1.0.0"))
    revision = town.app.extensions["nugetlite"].feed.revision_of
    before = revision("contoso.json")

    root("DELETE", "/accounts/alice")

    assert revision("contoso.json") > before


def test_what_is_done_and_what_is_refused_is_on_record(root, town, api):
    town.account("alice", "publisher")
    leaked = api(town.key("alice", "leaked"))

    root("POST", "/accounts/alice/keys", {"name": "ci"}, status=201)
    leaked("POST", "/accounts/alice/keys", {"name": "mine"}, status=403)

    refused, done = (
        each for each, _ in zip(town.app.extensions["nugetlite"].audit.backwards(), range(2), strict=False)
    )
    assert (done.actor, done.key, done.action, done.subject) == ("root", "all", "create key", "alice")
    assert done.address == "127.0.0.1"
    assert (refused.actor, refused.key, refused.action, refused.outcome) == (
        "alice",
        "leaked",
        "manage",
        "refused",
    )


def test_a_service_signs_in_by_its_key_only(root, town):
    town.account("build", "reader", kind=Kind.SERVICE)

    refused = root("PUT", "/accounts/build/password", {"password": "battery staple"}, status=400)

    assert refused == {"error": "A service has no password; make it an API key instead"}


class TestTrusts:
    def test_are_made_shown_and_ended(self, root, town):
        town.account("build", "publisher", kind=Kind.SERVICE)
        wanted = {
            "name": "release",
            "github": "contoso/json",
            "workflow": "release.yml",
            "audience": "https://feed.example.com",
            "patterns": ["Contoso.*"],
            "actions": ["create", "push"],
        }

        made = root("POST", "/accounts/build/trusts", wanted, status=201)

        assert made["claims"]["repository"] == "contoso/json"
        assert made["binds"] == ["repository_id", "repository_owner_id"]
        assert root("GET", "/accounts/build/trusts") == {"trusts": [made]}
        assert root("POST", "/accounts/build/trusts", wanted, status=409)
        assert root("POST", "/accounts/build/trusts", {"name": "x"}, status=400)
        assert root("DELETE", "/accounts/build/trusts/release") == made
        assert root("GET", "/accounts/build/trusts") == {"trusts": []}

    def test_are_everybodys_own(self, person, town):
        town.account("bob", "publisher")
        alice = person("alice", "publisher")

        assert alice("GET", "/accounts/alice/trusts") == {"trusts": []}
        assert alice("GET", "/accounts/bob/trusts", status=403)
