"""Prereleases go for good, releases are only hidden."""

import pytest

from nugetlite.testing import nupkg


@pytest.mark.parametrize(
    ("version", "asked", "deletion"),
    [
        ("1.0.0", {}, "unlist"),
        ("1.0.0", {"type": "HardDelete"}, "unlist"),
        ("1.0.0-beta.1", {}, "hard"),
        ("1.0.0-beta.1", {"type": "SoftDelete"}, "soft"),
    ],
)
def test_a_release_stays_restorable_and_a_prerelease_does_not(make_site, version, asked, deletion):
    client = make_site(delete_policy="keep-releases")
    client.push(nupkg("Contoso.Json", version))

    answer = client.delete("Contoso.Json", version, **asked)

    assert answer.headers["X-NuGetLite-Deletion"] == deletion
    assert client.search("contoso") == []
    assert client.can_restore("Contoso.Json", version) is (deletion == "unlist")


def test_it_may_be_the_policy_of_some_ids_only(make_site):
    client = make_site(delete_policy={"*": "soft", "Contoso.*": "keep-releases"})
    deletions = {}

    for id in ("Contoso.Json", "Fabrikam"):
        client.push(nupkg(id, "1.0.0-rc.1"))
        deletions[id] = client.delete(id, "1.0.0-rc.1").headers["X-NuGetLite-Deletion"]

    assert deletions == {"Contoso.Json": "hard", "Fabrikam": "soft"}
