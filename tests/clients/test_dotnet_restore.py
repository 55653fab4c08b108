"""What ``dotnet restore`` and ``dotnet list package`` find on a feed."""

import pytest

from nugetlite.testing.packages import nupkg

pytestmark = pytest.mark.client


@pytest.mark.parametrize(
    ("wanted", "chosen"),
    [
        ("1.0.0", "1.0.0"),
        ("1.0", "1.0.0"),
        ("0.9.0", "1.0.0"),
        ("[1.1]", "1.1.0"),
        ("[1.1.0,2.0.0)", "1.1.0"),
        ("*", "1.2.0"),
        ("1.*", "1.2.0"),
        ("1.1.*", "1.1.0"),
        ("2.0.0-beta", "2.0.0-beta"),
        ("2.0.0-*", "2.0.0-beta.2"),
        ("2.0.0-beta.2", "2.0.0-beta.2"),
        ("[2.0.0-beta.1,)", "2.0.0-beta.2"),
    ],
)
def test_a_project_gets_the_version_it_asks_for(reader, packages, wanted, chosen):
    app = reader.app({"Contoso.Greeting": wanted})

    assert app.restore().ok
    assert app.resolved("Contoso.Greeting") == chosen
    assert reader.holds(packages("Contoso.Greeting", chosen), "Contoso.Greeting", chosen)


@pytest.mark.parametrize("wanted", ["[1.3.0]", "3.0.0", "(1.2.0,2.0.0-alpha)"])
def test_a_version_that_is_not_there_is_not_found(reader, wanted):
    restored = reader.app({"Contoso.Greeting": wanted}).restore()

    assert not restored.ok
    assert "NU1102" in restored.output
    assert "Found 5 version(s) in feed" in restored.output


def test_a_package_that_is_not_there_is_not_found(reader):
    restored = reader.app({"Contoso.Nothing": "1.0.0"}).restore()

    assert not restored.ok
    assert "NU1101" in restored.output


def test_the_case_of_an_id_does_not_matter(reader):
    app = reader.app({"CONTOSO.greeting": "1.2.0"})

    assert app.restore().ok
    assert app.build().ok
    assert app.run().output == "Hello, world, from Contoso.Greeting 1.2.0\n"


def test_a_semver_2_version_runs(reader):
    app = reader.app({"Contoso.Greeting": "2.0.0-beta.2"})

    assert app.restore().ok
    assert app.build().ok
    assert app.run().output == "Hello, world, from Contoso.Greeting 2.0.0-beta.2+build.5\n"


def test_a_dependency_comes_along(reader):
    app = reader.app()

    assert app.add_package("Contoso.Chatter").ok
    assert app.resolved("Contoso.Greeting") == "1.1.0"
    assert app.restore().ok
    assert app.build().ok
    assert app.run().output == "Hello, world, from Contoso.Greeting 1.1.0\n"
    assert "> Contoso.Greeting" in app.list_packages("--include-transitive").output


def test_what_is_outdated_is_told(reader):
    app = reader.app({"Contoso.Greeting": "1.0.0"})
    assert app.restore().ok

    assert app.latest("Contoso.Greeting") == "1.2.0"
    assert app.latest("Contoso.Greeting", "--include-prerelease") == "2.0.0-beta.2"
    assert app.latest("Contoso.Greeting", "--highest-patch") == ""


def test_a_locked_project_restores_the_same_bytes_elsewhere(stocked, make_workspace):
    here, elsewhere = (make_workspace(stocked.index).app({"Contoso.Greeting": "1.*"}) for _ in range(2))
    assert here.restore("--use-lock-file").ok
    lock = (here.folder / "packages.lock.json").read_bytes()

    (elsewhere.folder / "packages.lock.json").write_bytes(lock)

    assert elsewhere.restore("--locked-mode").ok
    assert (elsewhere.folder / "packages.lock.json").read_bytes() == lock


def test_icon_licence_and_readme_are_served_as_they_were_packed(feed, workspace, packages):
    icon = b"\x89PNG\r\n\x1a\n and a picture"
    files = {"docs/README.md": b"# Contoso.Json\n", "icon.png": icon, "LICENSE.txt": b"Do as you like.\n"}
    manifest = {"license": ("file", "LICENSE.txt"), "icon": "icon.png", "readme": "docs/README.md"}
    package = workspace.folder / "Contoso.Json.1.0.0.nupkg"
    package.write_bytes(nupkg("Contoso.Json", "1.0.0", files=files, **manifest))
    assert workspace.dotnet.push(package).ok

    assert workspace.app({"Contoso.Json": "1.0.0"}).restore().ok

    assert workspace.holds(package, "Contoso.Json", "1.0.0")
    version = f"{feed.resource('PackageBaseAddress/3.0.0')}contoso.json/1.0.0"
    assert feed.ask("GET", f"{version}/icon").body == icon
    assert feed.ask("GET", f"{version}/license").body == files["LICENSE.txt"]
    assert feed.ask("GET", f"{version}/readme").body == files["docs/README.md"]


def test_a_package_of_130_versions_is_read_page_by_page(feed, workspace):
    for minor in range(130):
        (workspace.folder / f"Contoso.Json.1.{minor}.0.nupkg").write_bytes(
            nupkg("Contoso.Json", f"1.{minor}.0")
        )
    assert workspace.dotnet.push("*.nupkg", "--no-symbols", "true").ok
    app = workspace.app({"Contoso.Json": "1.9.0"})

    assert app.restore().ok
    assert app.resolved("Contoso.Json") == "1.9.0"
    assert app.latest("Contoso.Json") == "1.129.0"
    app.refer({"Contoso.Json": "1.*"})
    assert app.restore().ok
    assert app.resolved("Contoso.Json") == "1.129.0"
