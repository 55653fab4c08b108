"""What is left of a version after ``dotnet nuget delete``, by each delete policy, and how it comes back."""

import re
from http import HTTPStatus

import pytest

pytestmark = pytest.mark.client

RELEASES = ("1.0.0", "1.1.0")


@pytest.fixture(params=["unlist", "soft", "hard"])
def policy(request):
    """The delete policy of the feed."""
    return request.param


@pytest.fixture
def deleted(policy, make_feed, make_workspace, packages):
    """A feed on which 1.1.0 was pushed after 1.0.0, and then deleted."""
    feed = make_feed(delete_policy=policy)
    dotnet = make_workspace(feed.index).dotnet
    for version in RELEASES:
        assert dotnet.push(packages("Contoso.Greeting", version)).ok
    assert dotnet.delete("Contoso.Greeting", "1.1.0").ok
    return feed


def test_only_an_unlisted_version_is_still_restored(deleted, policy, make_workspace):
    app = make_workspace(deleted.index).app({"Contoso.Greeting": "[1.1.0]"})

    restored = app.restore()

    assert restored.ok is (policy == "unlist")
    assert ("NU1102" in restored.output) is (policy != "unlist")
    app.refer({"Contoso.Greeting": "1.0.0"})
    assert app.restore().ok
    assert app.resolved("Contoso.Greeting") == "1.0.0"


def test_no_deleted_version_is_offered_as_an_update(deleted, make_workspace):
    app = make_workspace(deleted.index).app({"Contoso.Greeting": "1.0.0"})
    assert app.restore().ok

    assert app.latest("Contoso.Greeting") == ""


def test_only_a_hard_deleted_version_may_be_pushed_again(deleted, policy, make_workspace, packages):
    again = make_workspace(deleted.index).dotnet.push(packages("Contoso.Greeting", "1.1.0"))

    assert again.ok is (policy == "hard")
    assert again.gives_reason(HTTPStatus.CONFLICT) is (policy != "hard")


def test_relisting_brings_back_what_is_not_gone(deleted, policy, make_workspace, packages):
    answer = deleted.relist("Contoso.Greeting", "1.1.0")

    workspace = make_workspace(deleted.index)
    app = workspace.app({"Contoso.Greeting": "1.0.0"})
    assert app.restore().ok
    if policy == "hard":
        assert answer.status == HTTPStatus.NOT_FOUND
        assert app.latest("Contoso.Greeting") == ""
    else:
        assert answer.status == HTTPStatus.OK
        assert app.latest("Contoso.Greeting") == "1.1.0"
        app.refer({"Contoso.Greeting": "1.1.0"})
        assert app.restore("--no-cache").ok
        assert workspace.holds(packages("Contoso.Greeting", "1.1.0"), "Contoso.Greeting", "1.1.0")


@pytest.mark.parametrize("policy", ["soft", "hard"], indirect=True)
def test_a_developer_who_asks_for_a_removed_version_reads_what_became_of_it(
    deleted, make_workspace, packages
):
    workspace = make_workspace(deleted.index)
    assert workspace.dotnet.push(packages("Contoso.Greeting", "1.2.0")).ok
    app = workspace.app({"Contoso.Greeting": "1.0.0"})
    assert app.restore().ok  # NuGet keeps the list of versions for half an hour
    assert workspace.dotnet.delete("Contoso.Greeting", "1.2.0").ok

    app.refer({"Contoso.Greeting": "1.2.0"})
    restored = app.restore()

    assert not restored.ok
    assert re.search(r"warning : Contoso\.Greeting 1\.2\.0 was removed on \d{4}-\d\d-\d\d", restored.output)


@pytest.mark.parametrize("policy", ["soft", "hard"], indirect=True)
def test_a_package_of_which_nothing_is_left_is_not_found(deleted, make_workspace):
    workspace = make_workspace(deleted.index)
    assert workspace.dotnet.delete("Contoso.Greeting", "1.0.0").ok

    restored = workspace.app({"Contoso.Greeting": "1.0.0"}).restore()

    assert not restored.ok
    assert "NU1101" in restored.output


def test_what_is_not_there_cannot_be_deleted(workspace):
    refused = workspace.dotnet.delete("Contoso.Nothing", "1.0.0")

    assert not refused.ok
    assert refused.gives_reason(HTTPStatus.NOT_FOUND)


def test_a_wrong_key_deletes_nothing(feed, workspace, packages):
    assert workspace.dotnet.push(packages("Contoso.Greeting", "1.0.0")).ok

    refused = workspace.dotnet.delete("Contoso.Greeting", "1.0.0", key="another-key")

    assert not refused.ok
    assert refused.gives_reason(HTTPStatus.FORBIDDEN)
    assert feed.versions("Contoso.Greeting") == ["1.0.0"]


def test_each_id_may_have_a_policy_of_its_own(make_feed, make_workspace, packages):
    feed = make_feed(delete_policy="*=unlist,Contoso.Chat*=hard")
    dotnet = make_workspace(feed.index).dotnet
    assert dotnet.push(packages("Contoso.Greeting", "1.1.0")).ok
    assert dotnet.push(packages("Contoso.Chatter", "1.0.0")).ok

    assert dotnet.delete("Contoso.Greeting", "1.1.0").ok
    assert dotnet.delete("Contoso.Chatter", "1.0.0").ok

    assert feed.versions("Contoso.Greeting") == ["1.1.0"]
    assert feed.versions("Contoso.Chatter") == []
