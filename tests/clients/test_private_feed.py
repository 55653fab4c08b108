"""A feed that only those may read who show a credential."""

from http import HTTPStatus

import pytest

pytestmark = pytest.mark.client


@pytest.fixture
def feed(make_feed):
    """A private feed."""
    return make_feed(anonymous_read=False)


@pytest.fixture
def member(feed, make_workspace):
    """A machine whose nuget.config holds the credential."""
    return make_workspace(feed.index, user="anybody", password=feed.key)


def test_a_member_pushes_and_restores(member, packages):
    assert member.dotnet.push(packages("Contoso.Greeting", "1.1.0")).ok

    app = member.app()
    assert app.add_package("Contoso.Greeting").ok
    assert app.restore("--no-cache").ok
    assert app.build().ok
    assert app.run().output == "Hello, world, from Contoso.Greeting 1.1.0\n"
    assert app.list_packages("--outdated").ok


def test_the_credential_alone_is_enough_to_push(member, packages):
    assert member.dotnet.push(packages("Contoso.Greeting", "1.1.0"), key="").ok


def test_nuget_exe_installs_and_pushes_with_the_credential(member, packages):
    assert member.nuget.push(packages("Contoso.Greeting", "1.1.0")).ok
    assert member.nuget.push(packages("Contoso.Chatter", "1.0.0")).ok

    assert member.nuget.install("Contoso.Chatter").ok
    assert member.nuget.installed == ["Contoso.Chatter.1.0.0", "Contoso.Greeting.1.1.0"]


def test_a_stranger_is_told_that_a_credential_is_wanted(feed, make_workspace, packages):
    stranger = make_workspace(feed.index)

    restored = stranger.app({"Contoso.Greeting": "1.1.0"}).restore()
    pushed = stranger.dotnet.push(packages("Contoso.Greeting", "1.1.0"))

    assert not restored.ok
    assert restored.gives_reason(HTTPStatus.UNAUTHORIZED)
    assert not pushed.ok  # the service index, which the client reads first, is private too
    assert pushed.gives_reason(HTTPStatus.UNAUTHORIZED)


def test_a_wrong_password_is_refused_with_the_reason(feed, make_workspace):
    guest = make_workspace(feed.index, user="anybody", password="a-guess")

    restored = guest.app({"Contoso.Greeting": "1.1.0"}).restore()

    assert not restored.ok
    assert restored.gives_reason(HTTPStatus.UNAUTHORIZED) or restored.gives_reason(HTTPStatus.FORBIDDEN)
    assert "a-guess" not in restored.output + feed.log
