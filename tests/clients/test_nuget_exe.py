"""nuget.exe 3.4.4 under mono, for those who have no ``dotnet``. It knows V3, but no SemVer 2."""

from http import HTTPStatus

import pytest

pytestmark = pytest.mark.client

PACKAGES_CONFIG = (
    '<packages><package id="Contoso.Greeting" version="{version}" targetFramework="net45"/></packages>'
)


def test_it_pushes_installs_and_deletes(make_feed, make_workspace, packages):
    feed = make_feed(delete_policy="hard")
    nuget = make_workspace(feed.index).nuget
    assert nuget.push(packages("Contoso.Greeting", "1.1.0")).ok

    assert nuget.install("Contoso.Greeting").ok
    assert nuget.installed == ["Contoso.Greeting.1.1.0"]
    assert nuget.delete("Contoso.Greeting", "1.1.0").ok

    assert feed.versions("Contoso.Greeting") == []


@pytest.mark.parametrize("spelling", ["/nuget", "/api/v2/package", ""])
def test_it_pushes_to_a_url_without_a_service_index(feed, workspace, packages, spelling):
    assert workspace.nuget.push(packages("Contoso.Greeting", "1.1.0"), source=feed.url + spelling).ok
    assert feed.versions("Contoso.Greeting") == ["1.1.0"]


def test_it_installs_the_newest_release_and_what_that_needs(reader):
    assert reader.nuget.install("Contoso.Greeting").ok
    assert reader.nuget.install("Contoso.Chatter").ok

    assert reader.nuget.installed == [
        "Contoso.Chatter.1.0.0",
        "Contoso.Greeting.1.1.0",
        "Contoso.Greeting.1.2.0",
    ]


def test_it_installs_the_version_that_is_asked_for(reader):
    assert reader.nuget.install("contoso.greeting", "-Version", "1.0").ok

    assert [name.lower() for name in reader.nuget.installed] == ["contoso.greeting.1.0.0"]


def test_it_is_not_shown_a_version_that_it_cannot_read(reader):
    assert reader.nuget.install("Contoso.Greeting", "-Prerelease").ok

    assert reader.nuget.installed == ["Contoso.Greeting.2.0.0-beta"]


def test_it_restores_a_packages_config(reader):
    (reader.folder / "packages.config").write_text(PACKAGES_CONFIG.format(version="1.2.0"))

    assert reader.nuget.run("restore", "packages.config", "-PackagesDirectory", "installed", "-NoCache").ok
    assert reader.nuget.installed == ["Contoso.Greeting.1.2.0"]


@pytest.mark.parametrize(
    ("policy", "newest"),
    [
        ("unlist", "1.1.0"),
        ("soft", "1.0.0"),
        ("hard", "1.0.0"),
    ],  # it does not ask whether a version is listed
)
def test_it_installs_the_newest_version_that_is_left(make_feed, make_workspace, packages, policy, newest):
    nuget = make_workspace(make_feed(delete_policy=policy).index).nuget
    for version in ("1.0.0", "1.1.0"):
        assert nuget.push(packages("Contoso.Greeting", version)).ok
    assert nuget.delete("Contoso.Greeting", "1.1.0").ok

    assert nuget.install("Contoso.Greeting").ok
    assert nuget.installed == [f"Contoso.Greeting.{newest}"]


def test_what_is_not_there_is_not_found(reader):
    installed = reader.nuget.install("Contoso.Nothing")

    assert not installed.ok
    assert "Unable to find package 'Contoso.Nothing'" in installed.output


def test_it_prints_why_a_push_is_refused(workspace, packages):
    package = packages("Contoso.Greeting", "1.1.0")
    assert workspace.nuget.push(package).ok

    again, unknown = workspace.nuget.push(package), workspace.nuget.push(package, key="another-key")

    assert not again.ok
    assert again.gives_reason(HTTPStatus.CONFLICT)
    assert not unknown.ok
    assert unknown.gives_reason(HTTPStatus.FORBIDDEN)
