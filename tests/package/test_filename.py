"""What a file name says: id, version, extension."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nugetlite.errors import BadFileName, BadPackageId, BadVersion, NotUnderstood
from nugetlite.package.filename import ArchiveIdentity, ArchiveVersion, FileName, is_nupkg


@pytest.mark.parametrize(
    ("name", "id", "version", "extension"),
    [
        ("MyApp.Website.1.1.0.zip", "MyApp.Website", "1.1.0", ".zip"),
        ("Acme.Web.1.0.0.0.zip", "Acme.Web", "1.0.0.0", ".zip"),
        ("Acme.Web.1.zip", "Acme.Web", "1", ".zip"),
        ("Acme.Web.1.2.zip", "Acme.Web", "1.2", ".zip"),
        ("Foo.1.2.3-beta.zip", "Foo", "1.2.3-beta", ".zip"),
        ("Foo.1.2.3-beta.1.zip", "Foo", "1.2.3-beta.1", ".zip"),
        ("Foo.1.2.3-beta+build.7.zip", "Foo", "1.2.3-beta+build.7", ".zip"),
        ("Foo.1.2.3+sha.abc.zip", "Foo", "1.2.3+sha.abc", ".zip"),
        ("Foo-1.2.3.zip", "Foo-1", "2.3", ".zip"),
        ("Foo-1.2.3-beta+build.tar.gz", "Foo-1", "2.3-beta+build", ".tar.gz"),
        ("pterm-0.12.42.zip", "pterm-0", "12.42", ".zip"),
        ("hello_world.1.0.0.zip", "hello_world", "1.0.0", ".zip"),
        ("MyApp.1.0.0.tar.gz", "MyApp", "1.0.0", ".tar.gz"),
        ("MyApp.1.0.0-beta.tar.gz", "MyApp", "1.0.0-beta", ".tar.gz"),
        ("MyApp.1.0.0-beta.tar.bz2", "MyApp", "1.0.0-beta", ".tar.bz2"),
        ("MyApp.1.0.0.TAR.GZ", "MyApp", "1.0.0", ".TAR.GZ"),
        ("MyApp.1.0.0.tgz", "MyApp", "1.0.0", ".tgz"),
        ("MyApp.1.0.0-rc.1.tgz", "MyApp", "1.0.0-rc.1", ".tgz"),
        ("MyApp.1.0.0.tar", "MyApp", "1.0.0", ".tar"),
        ("MyApp.1.0.0.tar.Z", "MyApp", "1.0.0", ".tar.Z"),
        ("com.acme.lib.2.5.war", "com.acme.lib", "2.5", ".war"),
        ("Octopus.Tentacle.6.3.417-x64.msi.zip", "Octopus.Tentacle", "6.3.417-x64.msi", ".zip"),
        ("App.2024.1.15.3.zip", "App", "2024.1.15.3", ".zip"),
        ("App.2.1.0.0.zip", "App", "2.1.0.0", ".zip"),
        ("Acme.1.2.3.4.5.zip", "Acme.1", "2.3.4.5", ".zip"),
        ("App.2.Web.1.0.0.zip", "App.2.Web", "1.0.0", ".zip"),
        ("App2.0.1.0.0.zip", "App2", "0.1.0.0", ".zip"),
        ("App.v1.2.3.zip", "App.v1", "2.3", ".zip"),
        ("App.01.002.3.zip", "App", "01.002.3", ".zip"),
        ("App.1.0.0+build.tar.gz", "App", "1.0.0+build", ".tar.gz"),
        ("scope.app.1.2.3.tar.gz", "scope.app", "1.2.3", ".tar.gz"),
        ("App.1.0.0.nupkg", "App", "1.0.0", ".nupkg"),
        ("/srv/drop/App.1.0.0.jar", "App", "1.0.0", ".jar"),
        ("C:\\drop\\App.1.0.0.ear", "App", "1.0.0", ".ear"),
        ("App.1.0.0-007.rar", "App", "1.0.0-007", ".rar"),
        ("App.1.0.0.tar.bz", "App", "1.0.0", ".tar.bz"),
        ("App.1.0.0.tbz", "App", "1.0.0", ".tbz"),
    ],
)
def test_names_are_read(name, id, version, extension):
    read = FileName.parse(name)

    assert (read.identity.id.text, read.identity.version.full, read.extension) == (id, version, extension)
    assert str(read) == name.replace("\\", "/").split("/")[-1]


@pytest.mark.parametrize(
    "name",
    [
        "App.1.0.0.zip.zip",
        "SqlServer2000.zip",
        "Octopus.Tentacle.zip",
        "Octopus.Tentacle-77.zip",
        "App..1.0.0.zip",
        "My App.1.0.0.zip",
        "App.1.0.0-beta_1.zip",
        "App.1.0.0",
        "App.1.0.0.exe",
        "App.1.0.0.tar.zip",
        "App.1.0.0.tar.xz",
        "App.1.0.0-.zip",
        "App.1.0.0+.zip",
        "App.١.zip",
        "App.1.0.0.zip\n",
        ".zip",
        "",
        "a" * 300 + ".1.0.0.zip",
        "a_" * 100 + ".zip",
    ],
)
def test_names_that_say_too_little_are_refused(name):
    with pytest.raises(BadFileName):
        FileName.parse(name)


@pytest.mark.parametrize(
    ("name", "error"),
    [
        ("Ünïcode.1.0.0.zip", BadPackageId),  # read well, but ids are ASCII here
        (f"{'a' * 101}.1.0.0.zip", BadPackageId),
        ("con.1.0.0.zip", BadPackageId),
        (f"App.1.0.0-{'a' * 125}.zip", BadVersion),
        ("App.20240131235959.zip", BadVersion),
    ],
)
def test_ids_and_versions_have_their_limits(name, error):
    with pytest.raises(error):
        FileName.parse(name)


@settings(deadline=None)
@given(st.text(alphabet="aA1._-+ \\/zipé\n", max_size=40))
def test_any_name_is_read_or_refused(name):
    try:
        read = FileName.parse(name + ".zip")
    except NotUnderstood:
        return
    assert FileName.parse(str(read)) == read


def test_one_version_in_several_spellings():
    assert ArchiveVersion.parse("1.02") == ArchiveVersion.parse("1.2.0.0") != ArchiveVersion.parse("1.2.0.1")
    assert ArchiveVersion.parse("1.0-BETA+X") == ArchiveVersion.parse("1.0.0-beta+x")
    assert ArchiveIdentity.parse("App", "1.0") == ArchiveIdentity.parse("APP", "1.0.0")


def test_metadata_and_zeros_in_labels_tell_versions_apart():
    assert ArchiveVersion.parse("1.0+one") != ArchiveVersion.parse("1.0+two")
    assert ArchiveVersion.parse("1.0-07") != ArchiveVersion.parse("1.0-7")


def test_versions_are_in_order():
    ascending = [
        *("0.9", "1.0-alpha", "1.0-alpha.2", "1.0-alpha.10", "1.0-beta"),
        *("1.0", "1.0+a", "1.0+b", "1.0.0.1", "1.2", "1.10", "10"),
    ]
    descending = [ArchiveVersion.parse(each) for each in reversed(ascending)]

    assert [str(version) for version in sorted(descending)] == ascending


@pytest.mark.parametrize("text", ["", "v1", "1.", "1.0.0.0.0", "1.0 ", "1.0-a_b", "1.0+", "1.0-ä"])
def test_what_is_no_version(text):
    with pytest.raises(BadVersion):
        ArchiveVersion.parse(text)


def test_a_nuget_package_is_told_by_its_extension():
    assert is_nupkg("package.NUPKG")
    assert not is_nupkg("App.1.0.0.nupkg.zip")
