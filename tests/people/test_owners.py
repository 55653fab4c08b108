"""Whose an id is: asked, confirmed, handed over, recovered; and where it shows."""

import pytest

from nugetlite import OPERATOR, Actor, PackageId, Pattern, Refused
from nugetlite.errors import InTheWay, NotThere
from nugetlite.testing import Client, nupkg

JSON = PackageId.parse("Contoso.Json")
ALICE, BOB, CAROL = Actor("alice"), Actor("bob"), Actor("carol")


@pytest.fixture
def owned(make_town):
    """A feed on which alice owns Contoso.Json; there are bob and carol, too."""
    town = make_town(api_key="test-key")
    for name in ("alice", "bob", "carol"):
        town.account(name, "publisher")
    town.client(town.key("alice")).push(nupkg("Contoso.Json", "1.0.0", owners="Contoso Ltd"))
    return town


class TestAnOwner:
    def test_asks_somebody_who_owns_it_once_they_confirm(self, owned):
        owners = owned.management.owners
        owners.add(ALICE, JSON, "bob")
        assert owned.owners("Contoso.Json") == ["alice"]

        owners.confirm(BOB, JSON)

        assert owned.owners("Contoso.Json") == ["alice", "bob"]
        assert owned.client(owned.key("bob")).push(nupkg("Contoso.Json", "1.0.1")).status_code == 201

    def test_is_made_by_owners_only_and_confirms_for_nobody_else(self, owned):
        owners = owned.management.owners
        with pytest.raises(Refused, match="bob is no owner"):
            owners.add(BOB, JSON, "bob")
        owners.add(ALICE, JSON, "bob")
        with pytest.raises(NotThere, match="Nobody asked carol"):
            owners.confirm(CAROL, JSON)
        with pytest.raises(InTheWay, match="already"):
            owners.add(ALICE, JSON, "alice")

    def test_hands_over_what_the_other_confirms(self, owned):
        owners = owned.management.owners
        owners.transfer(ALICE, JSON, "bob")
        assert owned.owners("Contoso.Json") == ["alice"]

        owners.confirm(BOB, JSON)

        assert owned.owners("Contoso.Json") == ["bob"]

    def test_gives_to_an_organization_of_theirs_at_once(self, owned):
        owned.organization("contoso", "alice")

        owned.management.owners.transfer(ALICE, JSON, "contoso")

        assert owned.owners("Contoso.Json") == ["contoso"]
        assert (
            owned.client(owned.key("alice", "again")).push(nupkg("Contoso.Json", "1.0.1")).status_code == 201
        )

    def test_lets_go_unless_they_are_the_last(self, owned):
        owners = owned.management.owners
        with pytest.raises(InTheWay, match="last owner"):
            owners.remove(ALICE, JSON, "alice")
        owners.add(OPERATOR, JSON, "bob")

        owners.remove(ALICE, JSON, "alice")

        assert owned.owners("Contoso.Json") == ["bob"]

    def test_may_be_recovered_by_who_manages_the_feed(self, owned):
        assert owned.management.accounts.delete(OPERATOR, "alice") == ["Contoso.Json"]
        assert owned.owners("Contoso.Json") == []
        assert owned.client(owned.key("bob")).push(nupkg("Contoso.Json", "1.0.1")).status_code == 403

        owned.management.owners.add(OPERATOR, JSON, "bob")

        assert owned.client(owned.key("bob", "again")).push(nupkg("Contoso.Json", "1.0.1")).status_code == 201


class TestOwnersShow:
    def test_in_search_in_registration_in_v2_and_in_the_portal(self, owned):
        client = Client(owned.app)
        for expected in (["alice"], ["alice", "bob"]):
            (found,) = client.get("/v3/search?q=contoso").json["data"]
            assert found["owners"] == expected
            (page,) = client.get("/v3/registration/contoso.json/index.json").json["items"]
            assert page["items"][0]["catalogEntry"]["owners"] == expected
            v2 = client.get("/nuget/FindPackagesById()?id='Contoso.Json'").text
            assert f"<d:Owners>{', '.join(expected)}</d:Owners>" in v2
            assert ", ".join(expected) in client.get("/packages/Contoso.Json").text
            owned.management.owners.add(OPERATOR, JSON, "bob") if len(expected) == 1 else None

    def test_as_the_manifest_has_them_where_no_account_owns_it(self, client):
        client.push(nupkg("Contoso.Json", "1.0.0", owners="Contoso Ltd"))

        assert "<d:Owners>Contoso Ltd</d:Owners>" in client.get("/nuget/Packages").text
        assert client.get("/v3/search").json["data"][0]["owners"] == []

    def test_and_what_is_reserved_is_told_as_verified(self, owned):
        client = Client(owned.app)
        assert client.get("/v3/search").json["data"][0]["verified"] is False

        owned.management.prefixes.reserve(OPERATOR, Pattern.parse("Contoso.*"), "alice")

        assert client.get("/v3/search").json["data"][0]["verified"] is True
