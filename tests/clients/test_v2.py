"""Clients that know V2 only, or are given a V2 source: nuget.exe 2.8.7 and 3.4.4, pychoco, dotnet."""

from http import HTTPStatus
from pathlib import Path

import pytest

pytestmark = pytest.mark.client

ROOTS = ("/nuget", "/api/v2")
EXES = ("nuget2", "nuget")

MANIFEST = """<?xml version="1.0"?>
<package>
  <metadata>
    <id>Contoso.Text</id>
    <version>{version}</version>
    <authors>Contoso</authors>
    <description>A text to be put into a project.</description>
    {dependencies}
  </metadata>
  <files><file src="text.txt" target="content"/></files>
</package>
"""
PROJECT = """<?xml version="1.0" encoding="utf-8"?>
<Project ToolsVersion="4.0" xmlns="http://schemas.microsoft.com/developer/msbuild/2003"/>
"""
PACKAGES_CONFIG = '<packages><package id="Contoso.Text" version="1.0.0"/></packages>'


@pytest.fixture
def text(tmp_path):
    """``text(nuget2, "1.0.0")`` is a package for any framework, as nuget.exe 2 packs it."""

    def pack(nuget2, version, dependencies=""):
        folder = tmp_path / f"text {version}"
        folder.mkdir()
        (folder / "text.txt").write_text(f"This is {version}.")
        manifest = folder / "Contoso.Text.nuspec"
        manifest.write_text(MANIFEST.format(version=version, dependencies=dependencies))
        assert nuget2.pack(manifest).ok
        (package,) = folder.glob("*.nupkg")
        return package

    return pack


@pytest.mark.parametrize("root", ROOTS)
@pytest.mark.parametrize("exe", EXES)
def test_nuget_exe_lists_what_is_here(stocked, reader, exe, root):
    nuget, source = getattr(reader, exe), stocked.url + root

    assert listed(nuget.list(source=source)) == ["Contoso.Chatter 1.0.0", "Contoso.Greeting 1.2.0"]
    assert listed(nuget.list("greeting", "-AllVersions", "-Prerelease", source=source)) == [
        "Contoso.Chatter 1.0.0",  # as its description speaks of greetings
        "Contoso.Greeting 1.0.0",
        "Contoso.Greeting 1.1.0",
        "Contoso.Greeting 1.2.0",
        "Contoso.Greeting 2.0.0-beta",
    ]


@pytest.mark.parametrize(
    ("options", "found"),
    [
        (["id:greeting"], ["Contoso.Greeting 1.2.0"]),
        (["contoso", "-Prerelease"], ["Contoso.Chatter 1.0.0", "Contoso.Greeting 2.0.0-beta"]),
        (["nothing"], []),
    ],
)
@pytest.mark.parametrize("exe", EXES)
def test_nuget_exe_finds_what_is_asked_for(stocked, reader, exe, options, found):
    assert listed(getattr(reader, exe).list(*options, source=f"{stocked.url}/nuget")) == found


@pytest.mark.parametrize("exe", EXES)
def test_nuget_exe_tells_more_of_each_package(stocked, reader, exe):
    lines = getattr(reader, exe).list("greeting", "-Verbosity", "detailed", source=f"{stocked.url}/api/v2")

    at = lines.index("Contoso.Greeting")
    assert lines[at + 1] == "1.2.0"
    assert lines[at + 2]  # the description


def test_nuget_exe_lists_a_v3_source_by_its_legacy_gallery(stocked, reader):
    assert listed(reader.nuget.list("-AllVersions", source=stocked.index)) == [
        "Contoso.Chatter 1.0.0",
        "Contoso.Greeting 1.0.0",
        "Contoso.Greeting 1.1.0",
        "Contoso.Greeting 1.2.0",
    ]


@pytest.mark.parametrize("root", ROOTS)
@pytest.mark.parametrize("exe", EXES)
def test_nuget_exe_installs_a_package_and_what_it_needs(stocked, make_workspace, exe, root):
    nuget = getattr(make_workspace(stocked.url + root), exe)

    assert nuget.install("Contoso.Chatter").ok
    assert nuget.install("contoso.greeting", "-Version", "1.0").ok
    assert nuget.install("Contoso.Greeting", "-Prerelease").ok

    assert sorted(name.lower() for name in nuget.installed) == [
        "contoso.chatter.1.0.0",
        "contoso.greeting.1.0.0",
        "contoso.greeting.1.1.0",
        "contoso.greeting.2.0.0-beta",
    ]
    assert not nuget.install("Contoso.Nothing").ok


@pytest.mark.parametrize("root", ROOTS)
def test_nuget_exe_2_packs_pushes_updates_and_deletes(make_feed, make_workspace, text, root):
    feed = make_feed(delete_policy="hard")
    machine = make_workspace(feed.url + root)
    nuget = machine.nuget2
    old = text(nuget, "1.0.0")
    assert nuget.push(old).ok
    project = project_in(machine.folder)
    assert nuget.run("install", "packages.config", "-OutputDirectory", "packages", cwd=project).ok

    assert nuget.push(text(nuget, "1.1.0")).ok
    assert nuget.push(text(nuget, "2.0.0-beta")).ok
    assert nuget.update(project).ok

    assert 'version="1.1.0"' in (project / "packages.config").read_text()
    assert (project / "text.txt").read_text() == "This is 1.1.0."
    again = nuget.push(old)
    assert not again.ok
    assert "(409) Contoso.Text 1.0.0 already exists on this feed" in again.output
    assert nuget.delete("Contoso.Text", "1.1.0").ok
    assert feed.versions("Contoso.Text") == ["1.0.0", "2.0.0-beta"]


@pytest.mark.parametrize("root", ROOTS)
def test_nuget_exe_3_pushes_and_deletes(feed, make_workspace, packages, root):
    nuget = make_workspace(feed.url + root).nuget
    package = packages("Contoso.Greeting", "1.1.0")

    assert nuget.push(package).ok
    assert listed(nuget.list()) == ["Contoso.Greeting 1.1.0"]
    assert nuget.delete("Contoso.Greeting", "1.1.0").ok
    assert listed(nuget.list("-AllVersions")) == []
    assert nuget.install("Contoso.Greeting", "-Version", "1.1.0").ok  # unlisted, not gone

    again = nuget.push(package)
    assert not again.ok
    assert again.gives_reason(HTTPStatus.CONFLICT)


@pytest.mark.parametrize("root", ROOTS)
def test_dotnet_pushes_restores_and_deletes(make_feed, make_workspace, packages, root):
    feed = make_feed(delete_policy="soft")
    machine = make_workspace(feed.url + root)
    for version in ("1.0.0", "1.1.0", "2.0.0-beta.2"):  # its file is named without +build.5
        assert machine.dotnet.push(packages("Contoso.Greeting", version)).ok

    app = machine.app()
    assert app.add_package("Contoso.Greeting").ok
    assert app.resolved("Contoso.Greeting") == "1.1.0"
    assert machine.holds(packages("Contoso.Greeting", "1.1.0"), "Contoso.Greeting", "1.1.0")
    assert app.latest("Contoso.Greeting", "--include-prerelease") == "2.0.0-beta.2"
    assert machine.dotnet.delete("Contoso.Greeting", "1.1.0").ok

    missing = make_workspace(feed.url + root).app({"Contoso.Greeting": "[1.1.0]"}).restore("--no-cache")

    assert not missing.ok
    assert "Contoso.Greeting 1.1.0 was removed" in missing.output


def test_dotnet_says_who_it_is_to_a_private_feed(make_feed, make_workspace, packages):
    feed = make_feed(anonymous_read=False)
    source = f"{feed.url}/nuget"
    member = make_workspace(source, user="anybody", password=feed.key)
    assert member.dotnet.push(packages("Contoso.Greeting", "1.1.0")).ok

    assert member.app({"Contoso.Greeting": "1.1.0"}).restore("--no-cache").ok
    refused = make_workspace(source).app({"Contoso.Greeting": "1.1.0"}).restore("--no-cache")
    assert refused.gives_reason(HTTPStatus.UNAUTHORIZED)


@pytest.mark.parametrize(
    ("options", "found"),
    [
        (["greeting"], ["Contoso.Chatter 1.0.0", "Contoso.Greeting 1.2.0"]),
        (["greeting", "--all-versions"], ["Contoso.Chatter 1.0.0", "Contoso.Greeting 1.2.0"]),
        (["contoso.greeting", "--exact"], ["Contoso.Greeting 1.2.0"]),
        (["contoso", "--exact"], []),
        (["greeting", "--by-id-only", "--page", "0", "--page-size", "2"], ["Contoso.Greeting 1.2.0"]),
        (["contoso", "--id-starts-with", "--pre"], ["Contoso.Chatter 1.0.0", "Contoso.Greeting 1.2.0"]),
        (["contoso", "--by-id-only", "--order-by-popularity", "--page-size", "1", "--page", "7"], []),
        (
            ["contoso.greeting", "--exact", "--all-versions"],
            [
                "Contoso.Greeting 1.0.0",
                "Contoso.Greeting 1.1.0",
                "Contoso.Greeting 1.2.0",
                "Contoso.Greeting 2.0.0-beta",
                "Contoso.Greeting 2.0.0-beta.2+build.5",
            ],
        ),
    ],
)
def test_chocolatey_finds_what_is_here(stocked, reader, options, found):
    lines = reader.choco.search(*options, source=f"{stocked.url}/api/v2")

    assert sorted(" ".join(line.split()[:2]) for line in lines if line.startswith("Contoso.")) == found


def test_chocolatey_pushes(feed, workspace, packages):
    package: Path = packages("Contoso.Greeting", "1.1.0")

    assert workspace.choco.push(package, source=feed.url).ok

    assert feed.versions("Contoso.Greeting") == ["1.1.0"]
    assert not workspace.choco.push(package, source=feed.url).ok


def listed(lines):
    """The packages in what ``nuget list`` printed."""
    return [line for line in lines if line.startswith("Contoso.")]


def project_in(folder):
    """A project that has a ``packages.config``, and nothing that it could be built from."""
    project = folder / "Project"
    project.mkdir()
    (project / "Project.csproj").write_text(PROJECT)
    (project / "packages.config").write_text(PACKAGES_CONFIG)
    return project
