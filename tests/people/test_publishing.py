"""Who may push what: grants by pattern, scoped keys, owners, reserved ids; and what those hear who may not."""

from datetime import timedelta

import pytest

from nugetlite import OPERATOR, Deletion, Pattern
from nugetlite.people.values import Kind
from nugetlite.testing import nupkg


def refusal(answer):
    """The reason of a 403, which has to stand in all three places."""
    assert answer.status_code == 403
    reason = answer.status.removeprefix("403 ")
    assert reason == answer.headers["X-NuGet-Warning"] == answer.json["error"]
    return reason


class TestAPublisher:
    def test_pushes_what_fits_the_pattern_and_nothing_else(self, town):
        town.account("alice", "Contoso.*=publisher")
        client = town.client(town.key("alice"))

        assert client.push(nupkg("Contoso.Json", "1.0.0")).status_code == 201
        assert refusal(client.push(nupkg("Fabrikam.Json", "1.0.0"))) == (
            "alice may not push Fabrikam.Json on this feed; ask an administrator for the right to"
        )
        assert client.search() == ["Contoso.Json"]

    def test_may_not_delete(self, town):
        town.account("alice", "publisher")
        client = town.client(town.key("alice", scopes=["create push delete"]))
        client.push(nupkg("Contoso.Json", "1.0.0"))

        assert "alice may not delete Contoso.Json" in refusal(client.delete("Contoso.Json", "1.0.0"))

    def test_owns_what_is_new_and_keeps_others_out(self, town):
        town.account("alice", "publisher")
        town.account("bob", "publisher")
        alice, bob = town.client(town.key("alice")), town.client(town.key("bob"))

        alice.push(nupkg("Contoso.Json", "1.0.0"))

        assert town.owners("Contoso.Json") == ["alice"]
        assert refusal(bob.push(nupkg("Contoso.Json", "1.0.1"))) == (
            "Contoso.Json belongs to alice; ask them to make bob an owner of it"
        )
        assert alice.push(nupkg("Contoso.Json", "1.0.1")).status_code == 201

    def test_may_not_take_an_id_that_nobody_owns(self, town):
        town.account("root", "administrator")
        town.account("alice", "publisher")
        root, alice = town.client(town.key("root")), town.client(town.key("alice"))
        root.push(nupkg("Contoso.Json", "1.0.0"))
        town.management.accounts.delete(OPERATOR, "root")

        assert "Contoso.Json has no owner" in refusal(alice.push(nupkg("Contoso.Json", "1.0.1")))

    def test_pushes_reserved_ids_only_if_they_are_reserved_for_them(self, town):
        town.account("alice", "publisher")
        town.account("bob", "publisher")
        town.organization("contoso", "bob")
        town.management.prefixes.reserve(OPERATOR, Pattern.parse("Contoso.*"), "contoso")
        alice, bob = town.client(town.key("alice")), town.client(town.key("bob"))

        assert refusal(alice.push(nupkg("Contoso.Json"))) == (
            "Ids like contoso.* are reserved for contoso; alice may not push Contoso.Json"
        )
        assert bob.push(nupkg("Contoso.Json")).status_code == 201
        assert alice.push(nupkg("Fabrikam.Json")).status_code == 201

    def test_acts_for_an_organization_through_its_key(self, town):
        town.account("alice", "publisher")
        town.account("bob", "publisher")
        town.organization("contoso", "alice", "bob")
        alice = town.client(town.key("alice", behalf="contoso"))

        alice.push(nupkg("Contoso.Json", "1.0.0"))

        assert town.owners("Contoso.Json") == ["contoso"]
        assert town.client(town.key("bob")).push(nupkg("Contoso.Json", "1.0.1")).status_code == 201


class TestAKey:
    def test_is_for_its_patterns(self, town):
        town.account("alice", "publisher")
        client = town.client(town.key("alice", "ci", "Contoso.*", "Acme"))

        assert client.push(nupkg("Contoso.Json")).status_code == 201
        assert client.push(nupkg("acme")).status_code == 201
        assert refusal(client.push(nupkg("Fabrikam.Json"))) == (
            "The API key ci is for contoso.*, acme, and not for Fabrikam.Json"
        )

    @pytest.mark.parametrize(
        ("scopes", "new", "next"), [("create", 201, 403), ("push", 403, 201), ("create push", 201, 201)]
    )
    def test_is_for_new_ids_or_new_versions(self, town, scopes, new, next):
        town.account("alice", "publisher")
        town.client(town.key("alice", "all")).push(nupkg("Contoso.Json", "1.0.0"))
        client = town.client(town.key("alice", scopes=[scopes]))

        assert client.push(nupkg("Contoso.Xml", "1.0.0")).status_code == new
        assert client.push(nupkg("Contoso.Json", "1.0.1")).status_code == next

    def test_that_may_only_be_read_with_does_not_push(self, town):
        town.account("alice", "publisher")
        client = town.client(town.key("alice", scopes=["read"]))

        assert refusal(client.push(nupkg("Contoso.Json"))) == (
            "The API key ci may not be used to push, only to read"
        )

    def test_gives_no_rights_that_its_account_has_not(self, town):
        town.account("alice", "reader")
        client = town.client(town.key("alice", scopes=["create push replace delete erase manage read"]))

        assert "alice may not push" in refusal(client.push(nupkg("Contoso.Json")))

    def test_expires_and_says_so_and_is_regenerated(self, town):
        town.account("alice", "publisher")
        old = town.key("alice", life=timedelta(days=30))
        town.days_later(31)

        reason = refusal(town.client(old).push(nupkg("Contoso.Json")))
        assert reason.startswith("The API key ci of alice expired on ")
        new = town.management.keys.regenerate(OPERATOR, "alice", "ci").text
        assert town.client(new).push(nupkg("Contoso.Json")).status_code == 201

    def test_that_is_revoked_or_regenerated_stops_working_at_once(self, town):
        town.account("alice", "publisher")
        first = town.key("alice")
        assert town.client(first).push(nupkg("Contoso.Json", "1.0.0")).status_code == 201

        second = town.management.keys.regenerate(OPERATOR, "alice", "ci").text
        assert "not one that this feed knows" in refusal(
            town.client(first).push(nupkg("Contoso.Json", "1.0.1"))
        )
        assert town.client(second).push(nupkg("Contoso.Json", "1.0.1")).status_code == 201

        town.management.keys.revoke(OPERATOR, "alice", "ci")
        assert "was revoked on" in refusal(town.client(second).push(nupkg("Contoso.Json", "1.0.2")))

    def test_that_is_mistyped_is_told_as_such(self, town):
        town.account("alice", "publisher")
        key = town.key("alice")
        wrong = key[:-1] + ("A" if key[-1] != "A" else "B")

        assert "is mistyped" in refusal(town.client(wrong).push(nupkg("Contoso.Json")))

    def test_tells_its_user_when_it_is_about_to_expire(self, make_town):
        town = make_town(anonymous_read=False)
        town.account("alice", "publisher")
        client = town.client(town.key("alice", life=timedelta(days=30)), signs_in=True)
        town.days_later(25)

        answers = client.push(nupkg("Contoso.Json")), client.get("/v3/search")

        for answer in answers:
            assert answer.status_code in (200, 201)
            assert answer.headers["X-NuGet-Warning"].startswith("The API key ci of alice expires on ")

    def test_that_is_bound_to_a_deletion_has_each_delete_come_to_that(self, town):
        town.account("root", "administrator")
        scopes = ["create push delete erase"]
        client = town.client(town.key("root", scopes=scopes, deletion=Deletion.SOFT))
        client.push(nupkg("Contoso.Json", "1.0.0"))

        assert "deletes by soft" in refusal(client.delete("Contoso.Json", "1.0.0", type="HardDelete"))
        answer = client.delete("Contoso.Json", "1.0.0")

        assert answer.headers["X-NuGetLite-Deletion"] == "soft"

    def test_of_a_service_works_and_a_service_has_no_password(self, town):
        town.account("build", "publisher", kind=Kind.SERVICE)

        assert town.client(town.key("build")).push(nupkg("Contoso.Json")).status_code == 201
