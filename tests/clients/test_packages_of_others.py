"""Packages that were made and used long before this feed: each goes in and comes out byte for byte."""

from pathlib import Path
from xml.etree import ElementTree
from zipfile import ZipFile

import pytest

pytestmark = pytest.mark.client

DEBIAN = Path("/usr/share/nupkg")


def identity(package):
    """Id and version, as its manifest has them."""
    with ZipFile(package) as archive:
        name = next(name for name in archive.namelist() if name.endswith(".nuspec") and "/" not in name)
        metadata = ElementTree.fromstring(archive.read(name)).find("{*}metadata")
    return metadata.findtext("{*}id"), metadata.findtext("{*}version")


@pytest.fixture(scope="module")
def found(request):
    """Newtonsoft.Json and NUnit from Debian, and the template packages that the .NET SDK brings."""
    sdk = request.config.rootpath / ".cache" / "clients" / "sdk"
    files = [*DEBIAN.glob("*.nupkg"), *sdk.glob("templates/*/*.nupkg")]
    assert len(files) >= 11
    return {identity(file): file for file in files}


def test_they_travel_unchanged(feed, workspace, found):
    for package in found.values():
        assert workspace.dotnet.push(package, "--no-symbols", "true").ok, package

    app = workspace.app()
    app.refer({id: f"[{version}]" for id, version in found}, item="PackageDownload")  # as they are, unused

    assert app.restore().ok
    for (id, version), package in found.items():
        assert workspace.holds(package, id, version), package


def test_nuget_exe_installs_them(feed, workspace, found):
    for id, version in [("Newtonsoft.Json", "6.0.8"), ("NUnit", "2.6.4")]:
        assert workspace.nuget.push(found[id, version]).ok
        assert workspace.nuget.install(id).ok

    assert workspace.nuget.installed == ["NUnit.2.6.4", "Newtonsoft.Json.6.0.8"]


def test_a_project_template_is_installed_from_the_feed(workspace, found):
    id, version = "NUnit3.DotNetNew.Template", "1.7.1"
    assert workspace.dotnet.push(found[id, version], "--no-symbols", "true").ok

    assert workspace.dotnet.run("new", "-i", f"{id}::{version}").ok
    assert workspace.dotnet.run("new", "nunit", "-o", "Tests", "--no-restore").ok
