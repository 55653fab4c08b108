"""What becomes of a package that somebody deletes, and how it comes back."""

import pytest

from nugetlite import Deletion, hookimpl
from nugetlite.testing import nupkg


@pytest.mark.parametrize(("policy", "restorable"), [("unlist", True), ("soft", False), ("hard", False)])
def test_a_deleted_version_is_out_of_search(make_client, policy, restorable):
    client = make_client(delete_policy=policy)
    client.push(nupkg("Contoso.Json", "1.2.0"))

    answer = client.delete("Contoso.Json", "1.2.0")

    assert answer.status_code == 204
    assert answer.headers["X-NuGetLite-Deletion"] == policy
    assert client.search("contoso") == []
    assert client.can_restore("Contoso.Json", "1.2.0") is restorable


@pytest.mark.parametrize("policy", ["soft", "hard"])
def test_who_misses_a_removed_version_is_told_what_became_of_it(make_client, policy):
    client = make_client(delete_policy=policy)
    client.push(nupkg("Contoso.Json", "1.2.0"))
    client.delete("Contoso.Json", "1.2.0", reason="superseded by 1.2.1")

    answer = client.download("Contoso.Json", "1.2.0")

    assert answer.status_code == 404
    assert answer.headers["X-NuGet-Warning"].startswith("Contoso.Json 1.2.0 was removed on 20")
    assert answer.headers["X-NuGet-Warning"].endswith(": superseded by 1.2.1")


@pytest.mark.parametrize("policy", ["unlist", "soft"])
def test_a_relist_brings_it_back_byte_by_byte(make_client, policy):
    client = make_client(delete_policy=policy)
    content = nupkg("Contoso.Json", "1.2.0")
    client.push(content)
    client.delete("Contoso.Json", "1.2.0")

    assert client.relist("Contoso.Json", "1.2.0").status_code == 200

    assert client.search("contoso") == ["Contoso.Json"]
    assert client.download("Contoso.Json", "1.2.0").data == content


def test_a_hard_deleted_version_does_not_come_back(make_client):
    client = make_client(delete_policy="hard")
    client.push(nupkg("Contoso.Json", "1.2.0"))
    client.delete("Contoso.Json", "1.2.0")

    assert client.relist("Contoso.Json", "1.2.0").status_code == 404


def test_a_soft_deleted_name_stays_reserved_and_a_hard_deleted_one_does_not(make_client):
    client = make_client(delete_policy={"*": "soft", "Contoso.Ci.*": "hard"})
    for id in ("Contoso.Json", "Contoso.Ci.Build"):
        client.push(nupkg(id, "1.0.0"))
        client.delete(id, "1.0.0")

    assert client.push(nupkg("Contoso.Json", "1.0.0")).status_code == 409
    assert client.push(nupkg("Contoso.Ci.Build", "1.0.0")).status_code == 201
    assert client.can_restore("Contoso.Ci.Build", "1.0.0")


def test_the_most_specific_pattern_chooses_the_policy(make_client):
    client = make_client(
        delete_policy={
            "*": "unlist",
            "Contoso.*": "soft",
            "Contoso.Ci.*": "hard",
            "Contoso.Ci.Keep": "unlist",
        }
    )
    told = {}
    for id in ("Fabrikam", "Contoso.Json", "Contoso.Ci.Build", "Contoso.Ci.Keep"):
        client.push(nupkg(id, "1.0.0"))
        told[id] = client.delete(id, "1.0.0").headers["X-NuGetLite-Deletion"]

    assert told == {
        "Fabrikam": "unlist",
        "Contoso.Json": "soft",
        "Contoso.Ci.Build": "hard",
        "Contoso.Ci.Keep": "unlist",
    }


@pytest.mark.parametrize(
    ("type", "deletion"), [("Unlist", "unlist"), ("SoftDelete", "soft"), ("HardDelete", "hard")]
)
def test_a_request_may_ask_for_another_deletion(make_client, type, deletion):
    client = make_client(delete_policy="soft")
    client.push(nupkg("Contoso.Json", "1.0.0"))

    assert client.delete("Contoso.Json", "1.0.0", type=type).headers["X-NuGetLite-Deletion"] == deletion


def test_a_deletion_that_nobody_knows_is_refused(client):
    client.push(nupkg("Contoso.Json", "1.0.0"))

    assert client.delete("Contoso.Json", "1.0.0", type="Shred").status_code == 400
    assert client.search("contoso") == ["Contoso.Json"]


def test_a_soft_deleted_version_can_still_be_erased(make_client, share):
    client = make_client(delete_policy="soft")
    client.push(nupkg("Contoso.Json", "1.0.0"))
    client.delete("Contoso.Json", "1.0.0")

    assert client.delete("Contoso.Json", "1.0.0", type="HardDelete").status_code == 204

    assert not list(share.rglob("*.nupkg"))
    assert client.push(nupkg("Contoso.Json", "1.0.0")).status_code == 201


def test_to_unlist_twice_is_no_error(client):
    client.push(nupkg("Contoso.Json", "1.0.0"))

    assert [client.delete("Contoso.Json", "1.0.0").status_code for _ in range(2)] == [204, 204]
    assert [client.relist("Contoso.Json", "1.0.0").status_code for _ in range(2)] == [200, 200]


def test_what_is_not_there_cannot_be_deleted(client):
    assert client.delete("Contoso.Json", "1.0.0").status_code == 404


def test_registration_shows_an_unlisted_version_as_old_clients_know_it(client):
    client.push(nupkg("Contoso.Json", "1.0.0"))
    client.delete("Contoso.Json", "1.0.0")

    entry = client.registered("Contoso.Json")["1.0.0"]

    assert entry["listed"] is False
    assert entry["published"].startswith("1900-01-01")


def test_the_latest_version_is_the_newest_that_is_listed(client):
    for version in ("1.0.0", "2.0.0"):
        client.push(nupkg("Contoso.Json", version, description=f"number {version}"))
    client.delete("Contoso.Json", "2.0.0")

    found = client.get(f"{client.resources['SearchQueryService']}?q=contoso").json["data"]

    assert [(result["version"], result["description"]) for result in found] == [("1.0.0", "number 1.0.0")]


def test_a_plugin_may_have_a_policy_of_its_own(make_client):
    class KeepReleases:
        @hookimpl
        def nugetlite_delete_policy(self, name):
            if name == "keep-releases":
                return lambda request: Deletion.HARD if request.package.is_prerelease else Deletion.UNLIST
            return None

    client = make_client([KeepReleases()], delete_policy="keep-releases")
    for version in ("1.0.0", "1.1.0-beta"):
        client.push(nupkg("Contoso.Json", version))
        client.delete("Contoso.Json", version)

    assert client.versions("Contoso.Json") == ["1.0.0"]
