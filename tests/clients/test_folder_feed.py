"""The share is a folder feed that clients use directly, while the server runs and when it is off."""

import shutil

import pytest

from nugetlite.testing.packages import nupkg

pytestmark = pytest.mark.client


def test_a_package_that_nuget_adds_to_the_share_is_served(feed, workspace, packages):
    assert workspace.nuget.add(packages("Contoso.Greeting", "1.1.0"), feed.share).ok

    feed.wait_until(lambda: feed.versions("Contoso.Greeting") == ["1.1.0"])
    app = workspace.app({"Contoso.Greeting": "1.1.0"})
    assert app.restore().ok
    assert app.build().ok
    assert app.run().output == "Hello, world, from Contoso.Greeting 1.1.0\n"


def test_a_package_that_dotnet_pushes_to_the_share_is_served(feed, workspace, packages):
    for version in ("1.0.0", "1.1.0"):  # the second meets the layout that the first one left
        assert workspace.dotnet.push(packages("Contoso.Greeting", version), source=feed.share, key="").ok
        feed.wait_until(lambda version=version: version in feed.versions("Contoso.Greeting"))

    assert workspace.app({"Contoso.Greeting": "1.1.0"}).restore().ok
    assert workspace.holds(packages("Contoso.Greeting", "1.1.0"), "Contoso.Greeting", "1.1.0")


def test_a_package_that_somebody_drops_into_the_share_is_served(feed, workspace, packages):
    shutil.copy(packages("Contoso.Greeting", "1.1.0"), feed.share / "greeting.nupkg")

    feed.wait_until(lambda: feed.versions("Contoso.Greeting") == ["1.1.0"])
    assert workspace.app({"Contoso.Greeting": "1.1.0"}).restore().ok
    assert workspace.holds(packages("Contoso.Greeting", "1.1.0"), "Contoso.Greeting", "1.1.0")


def test_a_version_that_somebody_takes_from_the_share_is_gone(feed, workspace, packages):
    for version in ("1.0.0", "1.1.0"):
        assert workspace.dotnet.push(packages("Contoso.Greeting", version)).ok

    shutil.rmtree(feed.share / "contoso.greeting" / "1.1.0")

    feed.wait_until(lambda: feed.versions("Contoso.Greeting") == ["1.0.0"])
    assert workspace.app({"Contoso.Greeting": "1.*"}).restore().ok


@pytest.mark.parametrize("server_is_on", [True, False])
def test_dotnet_restores_straight_from_the_share(server_is_on, feed, workspace, make_workspace, packages):
    assert workspace.dotnet.push(packages("Contoso.Greeting", "1.1.0")).ok
    assert workspace.dotnet.push(packages("Contoso.Chatter", "1.0.0")).ok
    if not server_is_on:
        feed.stop()

    neighbour = make_workspace(feed.share)
    app = neighbour.app()

    assert app.add_package("Contoso.Chatter").ok
    assert app.restore("--no-cache").ok
    assert app.build().ok
    assert app.run().output == "Hello, world, from Contoso.Greeting 1.1.0\n"
    assert neighbour.holds(packages("Contoso.Chatter", "1.0.0"), "Contoso.Chatter", "1.0.0")


@pytest.mark.parametrize("server_is_on", [True, False])
def test_nuget_exe_installs_straight_from_the_share(server_is_on, feed, workspace, make_workspace):
    # In lower case, because on a disk that tells A from a, nuget.exe 3.4.4 finds nothing else in a folder feed,
    # not even one that its own `nuget add` made.
    for version in ("1.0.0", "1.1.0"):
        package = workspace.folder / f"contoso.json.{version}.nupkg"
        package.write_bytes(nupkg("contoso.json", version, files={"content/read.me": b"read me"}))
        assert workspace.nuget.push(package).ok
    if not server_is_on:
        feed.stop()

    neighbour = make_workspace(feed.share)

    assert neighbour.nuget.install("contoso.json").ok
    assert neighbour.nuget.installed == ["contoso.json.1.1.0"]


@pytest.mark.parametrize("policy", ["soft", "hard"])
def test_what_the_server_removed_is_not_on_the_share_either(policy, make_feed, make_workspace, packages):
    feed = make_feed(delete_policy=policy)
    dotnet = make_workspace(feed.index).dotnet
    for version in ("1.0.0", "1.1.0"):
        assert dotnet.push(packages("Contoso.Greeting", version)).ok
    assert dotnet.delete("Contoso.Greeting", "1.1.0").ok

    app = make_workspace(feed.share).app({"Contoso.Greeting": "*"})

    assert app.restore().ok
    assert app.resolved("Contoso.Greeting") == "1.0.0"


def test_a_server_that_comes_back_knows_what_happened_meanwhile(feed, workspace, packages):
    assert workspace.dotnet.push(packages("Contoso.Greeting", "1.0.0")).ok
    feed.stop()
    assert workspace.nuget.add(packages("Contoso.Greeting", "1.1.0"), feed.share).ok
    shutil.rmtree(feed.share / "contoso.greeting" / "1.0.0")

    feed.start()

    feed.wait_until(lambda: feed.versions("Contoso.Greeting") == ["1.1.0"])
    assert workspace.app({"Contoso.Greeting": "1.1.0"}).restore().ok
