"""People with keys of their own: who may push what, and what a client prints for those who may not."""

from http import HTTPStatus

import pytest

pytestmark = pytest.mark.client

GREETING = ("Contoso.Greeting", "1.1.0")


@pytest.fixture
def feed(make_feed):
    """A feed without the administrator's one key: it has people."""
    return make_feed(api_key="")


def key_for(feed, account, *grants, name="ci", options=()):
    """An account with these grants, and a key of its own."""
    told = [option for grant in grants for option in ("--grant", grant)]
    feed.operate("users", "create", account, "--service", *told)
    return feed.operate("keys", "create", account, name, *options)


@pytest.fixture
def publisher(feed):
    """The key of a build server that may push Contoso.G*."""
    return key_for(feed, "build", "Contoso.G*=publisher")


def test_a_publishers_key_is_refused_elsewhere_and_dotnet_prints_why(
    feed, publisher, make_workspace, packages
):
    dotnet = make_workspace(feed.index).dotnet

    pushed = dotnet.push(packages(*GREETING), key=publisher)
    refused = dotnet.push(packages("Contoso.Chatter", "1.0.0"), key=publisher)

    assert pushed.ok, pushed.output
    assert refused.gives_reason(HTTPStatus.FORBIDDEN)
    assert "build may not push Contoso.Chatter" in refused.output
    assert feed.versions("Contoso.Greeting") == ["1.1.0"]


def test_nuget_exe_prints_why_too(feed, publisher, make_workspace, packages):
    workspace = make_workspace(feed.index)

    refused = workspace.nuget.push(packages("Contoso.Chatter", "1.0.0"), key=publisher)

    assert not refused.ok
    assert "build may not push Contoso.Chatter" in refused.output


def test_another_publisher_hears_whose_the_package_is(feed, publisher, make_workspace, packages):
    other = key_for(feed, "other", "publisher")
    dotnet = make_workspace(feed.index).dotnet
    assert dotnet.push(packages(*GREETING), key=publisher).ok

    refused = dotnet.push(packages("Contoso.Greeting", "2.0.0-beta"), key=other)

    assert refused.gives_reason(HTTPStatus.FORBIDDEN)
    assert "Contoso.Greeting belongs to build" in refused.output


def test_a_key_that_was_regenerated_or_revoked_stops_working_at_once(
    feed, publisher, make_workspace, packages
):
    dotnet = make_workspace(feed.index).dotnet
    assert dotnet.push(packages(*GREETING), key=publisher).ok

    new = feed.operate("keys", "regenerate", "build", "ci")
    assert dotnet.push(packages("Contoso.Greeting", "1.0.0"), key=publisher).gives_reason(
        HTTPStatus.FORBIDDEN
    )
    assert dotnet.push(packages("Contoso.Greeting", "1.0.0"), key=new).ok

    feed.operate("keys", "revoke", "build", "ci")
    refused = dotnet.push(packages("Contoso.Greeting", "2.0.0-beta"), key=new)
    assert refused.gives_reason(HTTPStatus.FORBIDDEN)
    assert "was revoked on" in refused.output


def test_an_administrators_delete_is_in_the_record_with_the_key(feed, make_workspace, packages):
    key = key_for(feed, "root", "administrator", options=("--may", "create,push,read,delete,erase"))
    dotnet = make_workspace(feed.index).dotnet
    assert dotnet.push(packages(*GREETING), key=key).ok

    assert dotnet.delete(*GREETING, key=key).ok

    record = feed.operate("audit", "--about", "Contoso.Greeting")
    assert "root" in record
    assert "ci" in record
    assert key not in record + feed.log
    assert "are as they were written" in feed.operate("audit", "--verify")
