"""What a .nuspec says, whoever wrote it and however."""

import subprocess
import sys
from dataclasses import fields

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nugetlite.errors import BadManifest, BadPackageId, BadVersion, FeedError
from nugetlite.package.identity import Identity
from nugetlite.package.manifest import (
    ContentFiles,
    Dependency,
    DependencyGroup,
    FrameworkAssembly,
    FrameworkReferenceGroup,
    License,
    Manifest,
    PackageType,
    ReferenceGroup,
    Repository,
)

WHOLE = b"""\
<?xml version="1.0" encoding="utf-8"?>
<package xmlns="http://schemas.microsoft.com/packaging/2013/05/nuspec.xsd">
  <!-- made by hand -->
  <metadata minClientVersion="3.3">
    <id>Contoso.Json</id>
    <version>1.2.0-beta.1</version>
    <title>Contoso JSON</title>
    <authors>Contoso, Ltd.</authors>
    <owners>contoso</owners>
    <requireLicenseAcceptance>true</requireLicenseAcceptance>
    <developmentDependency>1</developmentDependency>
    <serviceable> True </serviceable>
    <license type="expression" version="1.0.0">MIT OR Apache-2.0</license>
    <licenseUrl>https://licenses.nuget.org/MIT</licenseUrl>
    <icon>images\\icon.png</icon>
    <iconUrl>https://contoso.example/icon.png</iconUrl>
    <readme>docs/README.md</readme>
    <projectUrl>https://contoso.example/json</projectUrl>
    <description>
      Reads &amp; writes <![CDATA[<JSON>]]>.
    </description>
    <summary>JSON, fast.</summary>
    <releaseNotes>First line.
Second line.</releaseNotes>
    <copyright>\xc2\xa9 Contoso</copyright>
    <language>en-US</language>
    <tags>json serializer,fast
          linq</tags>
    <packageTypes>
      <packageType name="DotnetTool" version="1.0" />
      <packageType name="Template" />
    </packageTypes>
    <repository type="git" url="https://contoso.example/json.git" branch="main" commit="0a1b2c" />
    <dependencies>
      <group targetFramework=".NETFramework4.7.2">
        <dependency id="Contoso.Core" version="1.0" include="Runtime" exclude="Build,Analyzers" />
        <dependency id="Contoso.Text" version="[1.0,2.0)" />
      </group>
      <group targetFramework=".NETStandard2.0"><dependency id="Contoso.Core" /></group>
      <group targetFramework="net8.0" />
    </dependencies>
    <frameworkAssemblies>
      <frameworkAssembly assemblyName="System.Xml" targetFramework="net45, .NETFramework,Version=v4.7.2" />
      <frameworkAssembly assemblyName="System.Net" />
    </frameworkAssemblies>
    <frameworkReferences>
      <group targetFramework=".NETCoreApp3.1"><frameworkReference name="Microsoft.AspNetCore.App" /></group>
    </frameworkReferences>
    <references><group targetFramework="net45"><reference file="Contoso.Json.dll" /></group></references>
    <contentFiles>
      <files include="any/*.txt" exclude="no" buildAction="None" copyToOutput="true" />
    </contentFiles>
  </metadata>
  <files><file src="bin\\*.dll" target="lib" /></files>
</package>
"""


def metadata(inner="", attributes=""):
    """A manifest that has what it must, and something more."""
    return (
        f"<package><metadata{attributes}><id>Contoso.Json</id><version>1.2.0</version>{inner}"
        "</metadata></package>"
    ).encode()


def test_everything_in_a_manifest_is_read():
    assert Manifest.parse(WHOLE) == Manifest(
        identity=Identity.parse("Contoso.Json", "1.2.0-beta.1"),
        title="Contoso JSON",
        authors="Contoso, Ltd.",
        owners="contoso",
        description="Reads & writes <JSON>.",
        summary="JSON, fast.",
        release_notes="First line.\nSecond line.",
        copyright="© Contoso",
        language="en-US",
        project_url="https://contoso.example/json",
        icon_url="https://contoso.example/icon.png",
        license_url="https://licenses.nuget.org/MIT",
        icon="images\\icon.png",
        readme="docs/README.md",
        min_client_version="3.3",
        require_license_acceptance=True,
        development_dependency=True,
        serviceable=True,
        license=License("expression", "MIT OR Apache-2.0", "1.0.0"),
        repository=Repository("git", "https://contoso.example/json.git", "main", "0a1b2c"),
        tags=("json", "serializer", "fast", "linq"),
        package_types=(PackageType("DotnetTool", "1.0"), PackageType("Template")),
        dependency_groups=(
            DependencyGroup(
                "net472",
                (
                    Dependency("Contoso.Core", "[1.0.0, )", "Runtime", "Build,Analyzers"),
                    Dependency("Contoso.Text", "[1.0.0, 2.0.0)"),
                ),
            ),
            DependencyGroup("netstandard2.0", (Dependency("Contoso.Core", "(, )"),)),
            DependencyGroup("net8.0"),
        ),
        framework_assemblies=(
            FrameworkAssembly("System.Xml", ("net45", "net472")),
            FrameworkAssembly("System.Net"),
        ),
        framework_references=(FrameworkReferenceGroup("netcoreapp3.1", ("Microsoft.AspNetCore.App",)),),
        references=(ReferenceGroup("net45", ("Contoso.Json.dll",)),),
        content_files=(ContentFiles("any/*.txt", "no", "None", copy_to_output=True),),
    )


def test_a_manifest_of_nothing_but_a_name_will_do():
    assert Manifest.parse(metadata()) == Manifest(Identity.parse("Contoso.Json", "1.2.0"))


NAMESPACES = [
    f"http://schemas.microsoft.com/packaging/{month}/nuspec.xsd"
    for month in ("2010/07", "2011/08", "2011/10", "2012/06", "2013/01", "2013/05")
]


@pytest.mark.parametrize("namespace", [*NAMESPACES, "http://contoso.example/unheard-of", ""])
def test_a_manifest_is_read_in_any_namespace(namespace):
    xml = WHOLE.replace(NAMESPACES[-1].encode(), namespace.encode())

    assert Manifest.parse(xml) == Manifest.parse(WHOLE)


def test_a_manifest_is_read_under_any_prefix():
    xml = f'<n:package xmlns:n="{NAMESPACES[0]}"><n:metadata><n:id>A</n:id><n:version>1.0</n:version>' + (
        "</n:metadata></n:package>"
    )

    assert str(Manifest.parse(xml.encode()).identity) == "A 1.0.0"


class TestEncodings:
    TEXT = (
        '<?xml version="1.0" encoding="{}"?>'
        "<package><metadata><id>A</id><version>1</version><authors>Zoë</authors></metadata></package>"
    )

    @pytest.mark.parametrize(
        ("declared", "written"),
        [
            ("utf-8", "utf-8"),
            ("UTF8", "utf-8"),
            ("utf-8", "utf-8-sig"),
            ("utf-16", "utf-8-sig"),  # the mark at the start wins
            ("utf-16", "utf-16"),
            ("utf-8", "utf-16"),
            ("iso-8859-1", "latin-1"),
            ("Windows-1252", "cp1252"),
        ],
    )
    def test_text_is_right_in(self, declared, written):
        xml = self.TEXT.format(declared).encode(written)

        assert Manifest.parse(xml).authors == "Zoë"

    def test_big_endian_text_is_right_too(self):
        xml = b"\xfe\xff" + self.TEXT.format("utf-16").encode("utf-16-be")

        assert Manifest.parse(xml).authors == "Zoë"

    @pytest.mark.parametrize(
        ("declared", "written"),
        [
            ("klingon", "utf-8"),
            ("utf-7", "utf-8"),
            ("rot13", "utf-8"),
            ("utf-16", "utf-8"),
            ("us-ascii", "utf-8"),
            ("utf-8", "latin-1"),
            ("utf-16", "utf-16-le"),
            ("utf-32", "utf-32"),
        ],
    )
    def test_what_nobody_can_be_sure_of_is_refused(self, declared, written):
        with pytest.raises(BadManifest):
            Manifest.parse(self.TEXT.format(declared).encode(written))

    def test_half_a_character_is_refused(self):
        with pytest.raises(BadManifest):
            Manifest.parse(self.TEXT.format("utf-16").encode("utf-16")[:-1])


class TestWhatIsLetPass:
    @pytest.mark.parametrize(
        ("inner", "attributes", "told"),
        [
            ("<title/>", "", {}),
            ("<title>one</title><title>two</title>", "", {"title": "one"}),
            ("<description>a <b>bold</b> word</description>", "", {"description": "a bold word"}),
            ("<serviceable>perhaps</serviceable>", "", {}),
            ("", ' minClientVersion="soon"', {}),
            ("<license>MIT</license>", "", {}),
            ("<license type='poem'>MIT</license>", "", {}),
            ("<license type='file'/>", "", {}),
            (
                "<license type='FILE'>LICENSE.txt</license>",
                "",
                {"license": License("file", "LICENSE.txt")},
            ),
            ("<repository/>", "", {}),
            ("<repository url='x'/>", "", {"repository": Repository(url="x")}),
            ("<packageTypes><packageType name=' '/></packageTypes>", "", {}),
            ("<tags> , ,</tags>", "", {}),
            ("<readme>../../etc/passwd</readme>", "", {"readme": "../../etc/passwd"}),
            ("<dependencies/>", "", {}),
            ("<dependencies><dependency/></dependencies>", "", {}),
            ("<references/>", "", {}),
            (
                "<references><reference file='a.dll'/></references>",
                "",
                {"references": (ReferenceGroup("", ("a.dll",)),)},
            ),
            (f"<title>{'x' * 100_000}</title>", "", {"title": "x" * 100_000}),
            ("<title>\u202eevil \U0001f600 ]]&gt; &#9;</title>", "", {"title": "\u202eevil \U0001f600 ]]>"}),
            ("<somethingNew>of NuGet 9</somethingNew>", ' also="this"', {}),
        ],
    )
    def test_it_is_ignored_or_kept_as_text(self, inner, attributes, told):
        expected = Manifest(Identity.parse("Contoso.Json", "1.2.0"), **told)

        assert Manifest.parse(metadata(inner, attributes)) == expected

    def test_of_two_metadata_the_first_counts(self):
        xml = metadata().replace(b"</package>", b"<metadata><id>Other</id></metadata></package>")

        assert Manifest.parse(xml).identity == Identity.parse("Contoso.Json", "1.2.0")

    def test_blanks_around_the_name_do_not_count(self):
        xml = b"<package><metadata><id>\n Contoso.Json </id><version> 1.2.0\t</version></metadata></package>"

        assert Manifest.parse(xml).identity == Identity.parse("Contoso.Json", "1.2.0")

    def test_a_word_about_doctypes_is_no_doctype(self):
        xml = metadata("<description><![CDATA[<!DOCTYPE html>]]></description><!-- <!DOCTYPE x> -->")

        assert Manifest.parse(xml).description == "<!DOCTYPE html>"


class TestDependencies:
    def test_a_flat_list_is_for_any_framework(self):
        manifest = Manifest.parse(metadata("<dependencies><dependency id='A' version='1.0'/></dependencies>"))

        assert manifest.dependency_groups == (DependencyGroup("", (Dependency("A", "[1.0.0, )"),)),)

    def test_a_flat_list_beside_a_group_does_not_count(self):
        manifest = Manifest.parse(
            metadata("<dependencies><dependency id='A'/><group><dependency id='B'/></group></dependencies>")
        )

        assert manifest.dependency_groups == (DependencyGroup("", (Dependency("B"),)),)

    @pytest.mark.parametrize(
        "garbage", ["banana", "[1.0", "(1.0)", "[2.0,1.0]", "1.0,2.0,3.0", "]]><x", "1" * 5000]
    )
    def test_garbage_is_kept_as_text(self, garbage):
        text = garbage.replace("<", "&lt;")
        manifest = Manifest.parse(
            metadata(
                f"<dependencies><group targetFramework='{text}'><dependency id='{text}' version='{text}'/>"
                "</group></dependencies>"
            )
        )

        [group] = manifest.dependency_groups
        assert group.dependencies == (Dependency(garbage, garbage),)
        assert not manifest.is_semver2

    def test_thousands_of_them_are_read(self):
        many = "".join(f"<dependency id='A{n}' version='{n}.0'/>" for n in range(5000))

        [group] = Manifest.parse(metadata(f"<dependencies>{many}</dependencies>")).dependency_groups

        assert len(group.dependencies) == 5000
        assert group.dependencies[-1] == Dependency("A4999", "[4999.0.0, )")

    @pytest.mark.parametrize(
        ("version", "range", "expected"),
        [
            ("1.0.0", "1.0.0", False),
            ("1.0.0-beta", "1.0.0-beta", False),
            ("1.0.0-beta.1", "1.0.0", True),
            ("1.0.0+build", "1.0.0", True),
            ("1.0.0", "1.0.0-beta.1", True),
            ("1.0.0", "[1.0.0, 2.0.0+build]", True),
        ],
    )
    def test_one_bound_makes_a_package_semver2(self, version, range, expected):
        xml = metadata(f"<dependencies><dependency id='A' version='{range}'/></dependencies>")
        manifest = Manifest.parse(xml.replace(b"1.2.0", version.encode()))

        assert manifest.is_semver2 is expected
        assert Manifest.from_json(manifest.to_json()).is_semver2 is expected


@pytest.mark.parametrize(
    ("name", "expected"), [("SymbolsPackage", True), ("symbolspackage", True), ("Template", False)]
)
def test_a_symbol_package_says_so(name, expected):
    manifest = Manifest.parse(metadata(f"<packageTypes><packageType name='{name}'/></packageTypes>"))

    assert manifest.is_symbols is expected


class TestRefusals:
    @pytest.mark.parametrize(
        ("xml", "sentence"),
        [
            (b"", "is not XML at line 1: Document is empty"),
            (b"hello", "is not XML at line 1: Start tag expected"),
            (b"<package>\n<metadata>\n", "is not XML at line 3: "),
            (b"<package>\n<metadata>\n</package>", "is not XML at line 3: Opening and ending tag mismatch"),
            (b"\n<html/>", "starts with <html> at line 2, not with <package>"),
            (b"<package/>", "has no <metadata>"),
            (b"<package><id>A</id><version>1</version></package>", "has no <metadata>"),
            (b"<package><metadata><version>1</version></metadata></package>", "has no <id>"),
            (b"<package><metadata><id> </id><version>1</version></metadata></package>", "has no <id>"),
            (b"<package><metadata><id>A</id></metadata></package>", "has no <version>"),
            (b"<package><metadata><id>A</id><version/></metadata></package>", "has no <version>"),
            (metadata("<title>\0</title>"), "is not XML at line 1: Invalid character"),
            (metadata("<title>&#0;</title>"), "is not XML at line 1: "),
            (metadata("<title>&#x1b;</title>"), "is not XML at line 1: "),
            (metadata("<title>&#xfffe;</title>"), "is not XML at line 1: "),
            (metadata("<title>]]></title>"), "is not XML at line 1: Sequence ']]>' not allowed"),
            (metadata("<title>&unknown;</title>"), "is not XML at line 1: Entity 'unknown' not defined"),
            (metadata("<title>" + "x" * 1024 * 1024 + "</title>"), "is larger than 1048576 bytes"),
            (metadata("<a>" * 300 + "</a>" * 300), "is not XML at line 1: Excessive depth"),
            (b"<" + b"a" * 60_000 + b"/>", "is not XML at line 1: "),
        ],
    )
    def test_the_sentence_says_what_is_wrong_and_where(self, xml, sentence):
        with pytest.raises(BadManifest) as refusal:
            Manifest.parse(xml)

        assert str(refusal.value).startswith(f"The manifest (.nuspec) {sentence}")
        assert len(str(refusal.value)) <= 200
        assert "\n" not in str(refusal.value)

    def test_a_bad_id_or_version_says_which(self):
        with pytest.raises(BadPackageId, match=r"\.\./evil"):
            Manifest.parse(metadata().replace(b"Contoso.Json", b"../evil"))
        with pytest.raises(BadVersion, match="v1"):
            Manifest.parse(metadata().replace(b"1.2.0", b"v1"))

    @pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
    @pytest.mark.parametrize(
        "doctype",
        [
            "<!DOCTYPE package>",
            "<!DOCTYPE package SYSTEM 'http://127.0.0.1:1/evil.dtd'>",
            "<!DOCTYPE package [<!ENTITY x SYSTEM 'file:///etc/hostname'>]>",
            "<!DOCTYPE package [<!ENTITY % x SYSTEM 'http://127.0.0.1:1/'> %x;]>",
            "<!DOCTYPE package [<!ENTITY a 'ha'><!ENTITY b '&a;&a;&a;&a;&a;&a;&a;&a;'>]>",
            f"<!DOCTYPE package [<!ENTITY a '{'x' * 100_000}'>]>",
            f"<!DOCTYPE package [<!ATTLIST package a CDATA '{'x' * 100_000}'>]>",
            "<!-- first --><?pi ?> \n <!DOCTYPE package>",
        ],
    )
    def test_any_doctype_is_refused_unread(self, doctype, encoding):
        xml = f"<?xml version='1.0'?>{doctype}{metadata().decode()}".encode(encoding)

        with pytest.raises(BadManifest, match="has a DOCTYPE"):
            Manifest.parse(xml)

    def test_the_names_in_a_large_one_are_not_remembered(self):
        """lxml keeps each name that a thread reads; manifests of nothing but names would fill the memory."""
        grown = subprocess.run(
            [sys.executable, "-c", MANY_NAMES], capture_output=True, text=True, check=True
        ).stdout

        assert int(grown) < 5 * 1024  # KiB; 15 MiB if every manifest is read in the same thread


# In a process of its own, in which nothing else comes and goes.
MANY_NAMES = """
import resource
from nugetlite.package.manifest import Manifest

def read(push):
    names = "".join(f"<n{push}-{n}/>" for n in range(20_000))
    head = "<package><metadata><id>A</id><version>1</version>"
    Manifest.parse(f"{head}{names}</metadata></package>".encode())

def peak():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss

for push in range(3):
    read(push)
before = peak()
for push in range(3, 30):
    read(push)
print(peak() - before)
"""


TEXT = st.text(max_size=20)
TEXTS = st.lists(TEXT, max_size=3).map(tuple)
MANIFESTS = st.builds(
    Manifest,
    identity=st.builds(
        Identity.parse,
        st.sampled_from(["A", "Contoso.Json", "contoso.json"]),
        st.sampled_from(["1.0", "01.2.3.4", "1.0.0-Beta.1+Build", "2.0-rc"]),
    ),
    **{plain.name: ... for plain in fields(Manifest) if plain.type in ("str", "bool")},
    license=st.none() | st.builds(License, TEXT, TEXT, TEXT),
    repository=st.none() | st.builds(Repository, TEXT, TEXT, TEXT, TEXT),
    tags=TEXTS,
    package_types=st.lists(st.builds(PackageType, TEXT, TEXT), max_size=2).map(tuple),
    dependency_groups=st.lists(
        st.builds(
            DependencyGroup,
            TEXT,
            st.lists(st.builds(Dependency, TEXT, TEXT, TEXT, TEXT), max_size=3).map(tuple),
        ),
        max_size=2,
    ).map(tuple),
    framework_assemblies=st.lists(st.builds(FrameworkAssembly, TEXT, TEXTS), max_size=2).map(tuple),
    framework_references=st.lists(st.builds(FrameworkReferenceGroup, TEXT, TEXTS), max_size=2).map(tuple),
    references=st.lists(st.builds(ReferenceGroup, TEXT, TEXTS), max_size=2).map(tuple),
    content_files=st.lists(
        st.builds(ContentFiles, TEXT, TEXT, TEXT, st.booleans(), st.booleans()), max_size=2
    ).map(tuple),
)


class TestTheCompactForm:
    @given(MANIFESTS)
    @settings(max_examples=60)
    def test_nothing_is_lost(self, manifest):
        kept = manifest.to_json()
        again = Manifest.from_json(kept)

        assert again == manifest
        assert again.to_json() == kept  # which also compares what equality overlooks: letter case, metadata
        assert str(again.identity) == str(manifest.identity)

    def test_a_real_one_survives(self):
        manifest = Manifest.parse(WHOLE)

        assert Manifest.from_json(manifest.to_json()) == manifest

    def test_what_is_empty_takes_no_room(self):
        assert Manifest.parse(metadata()).to_json() == b'{"id":"Contoso.Json","version":"1.2.0"}'


@given(st.data())
@settings(max_examples=150)
def test_a_broken_manifest_is_read_or_refused_and_nothing_else(data):
    xml = bytearray(WHOLE)
    for _ in range(data.draw(st.integers(1, 4))):
        at = data.draw(st.integers(0, len(xml) - 1))
        length = data.draw(st.sampled_from([0, 1, 1, 1, 40]))
        xml[at : at + length] = data.draw(
            st.binary(max_size=4)
            | st.sampled_from([b"<", b"&", b"]]>", b"<!DOCTYPE a>", b"\xff\xfe", b"<id>"])
        )
    try:
        manifest = Manifest.parse(bytes(xml))
    except FeedError:
        return
    assert Manifest.from_json(manifest.to_json()) == manifest
