"""What a developer does with ``dotnet nuget push``, and what they read when it is refused."""

from http import HTTPStatus
from os import urandom

import pytest

from nugetlite.testing.packages import nupkg

pytestmark = pytest.mark.client

SPELLINGS = [
    "/v3/index.json",
    "/v3/package",
    "/v3/package/",
    "/nuget",
    "/nuget/",
    "/nuget/packages",
    "/nuget/api/v2/package",
    "/api/v2",
    "/api/v2/package",
    "/api/v2/package/",
    "",
    "/",
]


def test_a_library_goes_from_one_developer_to_another(feed, make_workspace, packages):
    author, user = make_workspace(feed.index), make_workspace(feed.index)

    assert author.dotnet.push(packages("Contoso.Greeting", "1.1.0")).ok

    app = user.app()
    (app.folder / "App.csproj").unlink()
    program = (app.folder / "Program.cs").read_text()
    assert user.dotnet.run("new", "console", "-f", "netcoreapp3.1", "-o", "App", "--force", "--no-restore").ok
    (app.folder / "Program.cs").write_text(program)
    assert app.add_package("Contoso.Greeting").ok
    assert app.restore().ok
    assert app.build().ok
    assert app.run().output == "Hello, world, from Contoso.Greeting 1.1.0\n"
    assert "> Contoso.Greeting" in app.list_packages().output


def test_the_symbols_follow_their_package(workspace, packages):
    pushed = workspace.dotnet.push(packages("Contoso.Greeting", "1.1.0"))

    assert pushed.ok
    assert pushed.output.count("Your package was pushed.") == 2
    assert "Contoso.Greeting.1.1.0.snupkg" in pushed.output


def test_symbols_may_be_pushed_later_and_again(workspace, packages):
    package = packages("Contoso.Greeting", "1.1.0")
    symbols = package.with_suffix(".snupkg")
    assert workspace.dotnet.push(package, "--no-symbols", "true").output.count("was pushed") == 1

    assert workspace.dotnet.push(symbols).ok
    assert workspace.dotnet.push(symbols).ok


def test_symbols_of_nothing_are_refused(workspace, packages):
    refused = workspace.dotnet.push(packages("Contoso.Greeting", "1.1.0").with_suffix(".snupkg"))

    assert not refused.ok
    assert refused.gives_reason(HTTPStatus.NOT_FOUND)


def test_every_spelling_of_the_url_takes_a_push_and_a_delete(make_feed, make_workspace, packages):
    feed = make_feed(delete_policy="hard")
    dotnet = make_workspace(feed.index).dotnet
    for spelling in SPELLINGS:
        source = feed.url + spelling
        assert dotnet.push(packages("Contoso.Greeting", "1.1.0"), source=source).ok, spelling
        assert feed.versions("Contoso.Greeting") == ["1.1.0"], spelling
        assert dotnet.delete("Contoso.Greeting", "1.1.0", source=source).ok, spelling
        assert feed.versions("Contoso.Greeting") == [], spelling


def test_a_version_is_pushed_once(workspace, packages):
    package = packages("Contoso.Greeting", "1.1.0")
    assert workspace.dotnet.push(package).ok

    again = workspace.dotnet.push(package)
    assert not again.ok
    assert again.gives_reason(HTTPStatus.CONFLICT)
    assert "--skip-duplicate" in again.output


def test_many_packages_are_pushed_and_those_already_there_skipped(feed, workspace, packages):
    assert workspace.dotnet.push(packages("Contoso.Greeting", "1.1.0")).ok

    everything = workspace.dotnet.push(packages("Contoso.Greeting", "*"), "--skip-duplicate")

    assert everything.ok
    assert everything.output.count("already exists at feed") == 1
    assert feed.versions("Contoso.Greeting") == ["1.0.0", "1.1.0", "1.2.0", "2.0.0-beta", "2.0.0-beta.2"]


def test_prereleases_may_be_replaced_where_the_operator_says_so(make_feed, make_workspace, packages):
    dotnet = make_workspace(make_feed(overwrite="prerelease").index).dotnet
    for version in ("1.1.0", "2.0.0-beta"):
        assert dotnet.push(packages("Contoso.Greeting", version)).ok

    assert dotnet.push(packages("Contoso.Greeting", "2.0.0-beta")).ok
    assert dotnet.push(packages("Contoso.Greeting", "1.1.0")).gives_reason(HTTPStatus.CONFLICT)


def test_a_wrong_key_is_refused_with_the_reason(feed, workspace, packages):
    refused = workspace.dotnet.push(packages("Contoso.Greeting", "1.1.0"), key="another-key")

    assert not refused.ok
    assert refused.gives_reason(HTTPStatus.FORBIDDEN)
    assert "another-key" not in refused.output + feed.log
    assert feed.versions("Contoso.Greeting") == []


def test_a_push_without_a_key_is_asked_for_one(workspace, packages):
    refused = workspace.dotnet.push(packages("Contoso.Greeting", "1.1.0"), key="")

    assert not refused.ok
    assert refused.gives_reason(HTTPStatus.UNAUTHORIZED)


def test_a_feed_without_a_key_says_how_to_set_one(make_feed, make_workspace, packages):
    feed = make_feed(api_key="")

    refused = make_workspace(feed.index).dotnet.push(packages("Contoso.Greeting", "1.1.0"))

    assert not refused.ok
    assert refused.gives_reason(HTTPStatus.FORBIDDEN)
    assert "api_key" in refused.output.lower()


def test_a_closed_feed_says_so_and_still_serves(make_feed, make_workspace, packages):
    feed = make_feed(read_only=True)
    (feed.share / "dropped.nupkg").write_bytes(packages("Contoso.Greeting", "1.0.0").read_bytes())
    feed.wait_until(lambda: feed.versions("Contoso.Greeting") == ["1.0.0"])
    workspace = make_workspace(feed.index)

    refused = workspace.dotnet.push(packages("Contoso.Greeting", "1.1.0"))

    assert not refused.ok
    assert refused.gives_reason(HTTPStatus.METHOD_NOT_ALLOWED)
    assert workspace.app({"Contoso.Greeting": "1.0.0"}).restore().ok


def test_what_is_no_package_is_refused_with_the_reason(workspace):
    (workspace.folder / "Contoso.Broken.1.0.0.nupkg").write_bytes(b"This is no zip file.")

    refused = workspace.dotnet.push("Contoso.Broken.1.0.0.nupkg")

    assert not refused.ok
    assert refused.gives_reason(HTTPStatus.BAD_REQUEST)


@pytest.mark.parametrize(
    ("settings", "key", "status"),
    [
        ({}, "another-key", HTTPStatus.FORBIDDEN),
        ({"read_only": True}, "another-key", HTTPStatus.METHOD_NOT_ALLOWED),
        ({"max_package_size": "1MB"}, "", HTTPStatus.REQUEST_ENTITY_TOO_LARGE),
    ],
    ids=["wrong-key", "read-only", "too-large"],
)
def test_the_sender_of_a_large_package_hears_why_it_is_refused(
    make_feed, make_workspace, settings, key, status
):
    feed = make_feed(**settings)
    workspace = make_workspace(feed.index)
    large = nupkg("Contoso.Large", "1.0.0", files={"content/noise.bin": urandom(30 << 20)})
    (workspace.folder / "Contoso.Large.1.0.0.nupkg").write_bytes(large)

    refused = workspace.dotnet.push("Contoso.Large.1.0.0.nupkg", key=key or feed.key)

    assert not refused.ok
    assert refused.gives_reason(status)
    assert feed.versions("Contoso.Large") == []
