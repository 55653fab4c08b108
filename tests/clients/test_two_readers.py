"""Two readers of one private feed: one sees everything, for the other Contoso.Chatter is not there."""

import pytest

from nugetlite import Config
from nugetlite.actor import OPERATOR
from nugetlite.app import build
from nugetlite.package.patterns import ALL, Pattern
from nugetlite.people.values import Kind, Role

pytestmark = pytest.mark.client

PASSWORD = "the password of both"
CHATTER = Pattern.parse("Contoso.Chat*")
GRANTS = {"colleague": {ALL: Role.READER}, "partner": {ALL: Role.READER, CHATTER: Role.NONE}}


@pytest.fixture
def feed(make_feed, make_workspace, packages):
    """A private feed of Contoso.Greeting and of Contoso.Chatter, which needs it."""
    feed = make_feed(anonymous_read=False)
    publisher = make_workspace(feed.index, user="anybody", password=feed.key).dotnet
    for id, version in (("Contoso.Greeting", "1.1.0"), ("Contoso.Chatter", "1.0.0")):
        assert publisher.push(packages(id, version)).ok
    accounts = build(Config(packages=str(feed.share))).management.accounts
    for name, grants in GRANTS.items():
        accounts.create(OPERATOR, name, Kind.PERSON, grants, PASSWORD)
    return feed


@pytest.fixture
def machine(feed, make_workspace):
    """``machine("partner")`` is the machine of somebody."""
    return lambda user: make_workspace(feed.index, user=user, password=PASSWORD)


def test_each_restores_what_they_may_see(machine):
    colleague, partner = machine("colleague"), machine("partner")

    theirs = colleague.app({"Contoso.Chatter": "1.0.0"})
    assert theirs.restore("--no-cache").ok
    assert theirs.resolved("Contoso.Greeting") == "1.1.0"

    app = partner.app({"Contoso.Greeting": "1.1.0"})
    assert app.restore("--no-cache").ok
    assert app.build().ok

    app.refer({"Contoso.Chatter": "1.0.0"})
    refused = app.restore("--no-cache")
    assert not refused.ok
    assert "NU1101" in refused.output  # as if nobody had ever pushed such a package
    assert not app.add_package("Contoso.Chatter").ok


def test_nuget_exe_installs_what_they_may_see(machine):
    colleague, partner = machine("colleague").nuget, machine("partner").nuget

    assert colleague.install("Contoso.Chatter").ok
    assert not partner.install("Contoso.Chatter").ok
    assert partner.install("Contoso.Greeting").ok
    assert partner.installed == ["Contoso.Greeting.1.1.0"]


def test_a_stranger_restores_nothing(feed, make_workspace):
    assert not make_workspace(feed.index).app({"Contoso.Greeting": "1.1.0"}).restore().ok
