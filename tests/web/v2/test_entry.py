"""One version in the words of V2: every property, typed, in Atom and in JSON."""

import re
from base64 import b64encode
from datetime import datetime
from hashlib import sha512
from json import loads

import pytest
from lxml import etree

from nugetlite.odata.entity import Edm, Property
from nugetlite.testing import nupkg, nuspec

M = "{http://schemas.microsoft.com/ado/2007/08/dataservices/metadata}"
PNG = b"\x89PNG\r\n\x1a\n" + b"\0" * 20

STRINGS = {
    "Id": "Contoso.Json",
    "Version": "1.2",
    "NormalizedVersion": "1.2.0",
    "Title": "Contoso & Söhne",
    "Authors": "Ada, Grace",
    "Owners": "Contoso",
    "Copyright": "© Contoso",
    "Language": "en-GB",
    "Description": "Reads <b>JSON</b> & more.",
    "Summary": "Reads it.",
    "ReleaseNotes": "One\nTwo",
    "Tags": " json text ",
    "Dependencies": "Contoso.Log:1.0.0:net45|Contoso.Text:[1.0.0, 2.0.0):net45|::netstandard2.0",
    "IconUrl": "http://localhost/v3/content/contoso.json/1.2.0/icon",
    "LicenseUrl": "http://localhost/v3/content/contoso.json/1.2.0/license",
    "ProjectUrl": "https://contoso.example/json",
    "GalleryDetailsUrl": "http://localhost/packages/Contoso.Json/1.2.0",
    "ReportAbuseUrl": None,
    "LicenseNames": None,
    "LicenseReportUrl": None,
    "MinClientVersion": None,
    "PackageHashAlgorithm": "SHA512",
}
OTHERS = {
    "IsLatestVersion": "true",
    "IsAbsoluteLatestVersion": "true",
    "IsPrerelease": "false",
    "RequireLicenseAcceptance": "true",
    "DevelopmentDependency": "false",
    "Listed": "true",
    "DownloadCount": "0",
    "VersionDownloadCount": "0",
    "LastEdited": None,
}
ENTRY = "Packages(Id='Contoso.Json',Version='1.2')"


@pytest.fixture(scope="module")
def package():
    return nupkg(
        "Contoso.Json",
        "1.2",
        title="Contoso & Söhne",
        authors="Ada, Grace",
        owners="Contoso",
        copyright="© Contoso",
        language="en-GB",
        description="Reads <b>JSON</b> & more.",
        summary="Reads it.",
        releaseNotes="One\nTwo",
        tags="json text",
        dependencies={
            "net45": {"Contoso.Log": "1.0", "Contoso.Text": "[1.0,2.0)"},
            "netstandard2.0": {},
        },
        icon="i.png",
        license=("file", "L.txt"),
        projectUrl="https://contoso.example/json",
        requireLicenseAcceptance="true",
        files={"i.png": PNG, "L.txt": b"Do as you like."},
    )


@pytest.fixture(scope="module")
def feed(make_lasting_client, gallery_of, package):
    client = make_lasting_client()
    client.push(package)
    return gallery_of(client)


def test_an_entry_tells_everything(feed, package):
    told = feed.page(ENTRY).properties

    for name, expected in {**STRINGS, **OTHERS, "PackageSize": str(len(package))}.items():
        assert told.pop(name) == expected, name
    assert told.pop("PackageHash") == hash_of(package)
    for name in ("Created", "Published", "LastUpdated"):
        assert datetime.fromisoformat(told.pop(name)).tzinfo is None  # Edm.DateTime has no zone
    assert not told


def test_properties_bear_their_types(feed):
    root = feed.page(ENTRY)

    types = {etree.QName(each).localname: each.get(f"{M}type") for each in root.find("m:properties/*")}
    assert types == {each.value: None if each.type is Edm.STRING else str(each.type) for each in Property}
    assert [each.value for each in Property] == list(types)


def test_json_tells_the_same(feed, package):
    told = feed.get(f"{ENTRY}?$format=json").json["d"]

    metadata = told.pop("__metadata")
    assert metadata["type"] == "NuGetGallery.V2FeedPackage"
    assert metadata["uri"] == f"http://localhost/nuget/{ENTRY}"
    assert metadata["media_src"] == "http://localhost/nuget/package/Contoso.Json/1.2.0"
    assert {name: told.pop(name) for name in STRINGS} == STRINGS
    others = {name: told.pop(name) for name in OTHERS}
    assert {name: value and loads(value) for name, value in OTHERS.items()} == others
    assert told.pop("PackageSize") == str(len(package))  # 64 bits are told as text
    assert told.pop("PackageHash") == hash_of(package)
    for name in ("Created", "Published", "LastUpdated"):
        assert re.fullmatch(r"/Date\([0-9]{13}\)/", told.pop(name))
    assert not told


def test_the_bars_of_a_json_date_are_escaped(feed):
    """By this Microsoft's parsers know a date from a text that only looks like one."""
    assert rb'"Created":"\/Date(' in feed.get(f"{ENTRY}?$format=json").data


def test_the_elements_of_atom_are_filled(feed):
    entry = feed.page(ENTRY)

    assert entry.root.base == "http://localhost/nuget/"
    assert [etree.QName(each).localname for each in entry.root] == [
        *("id", "category", "link", "title", "summary", "updated", "author", "link", "content", "properties")
    ]
    assert entry.find("string(a:id)") == f"http://localhost/nuget/{ENTRY}"
    assert entry.find("string(a:title)") == "Contoso.Json"
    assert entry.find("string(a:author/a:name)") == "Ada, Grace"
    assert entry.find("string(a:summary)") == "Reads it."
    assert entry.find("a:category/@term") == ["NuGetGallery.V2FeedPackage"]
    assert entry.find("a:content/@type") == ["application/zip"]


@pytest.mark.parametrize("root", ["/nuget", "/api/v2"])
def test_an_entry_in_a_feed_is_the_same_as_by_itself_and_leads_to_the_package(feed, package, root):
    alone = feed.page(f"http://localhost{root}/{ENTRY}")
    page = feed.page(f"http://localhost{root}/FindPackagesById()?id='contoso.json'")
    (among_others,) = page.find("a:entry")

    assert [
        (each.tag, each.text, dict(each.attrib)) for each in alone.root.iter() if each is not alone.root
    ] == [
        (each.tag, each.text, dict(each.attrib)) for each in among_others.iter() if each is not among_others
    ]
    (source,) = alone.find("a:content/@src")
    assert source.startswith(f"http://localhost{root}/")
    assert feed.get(str(source)).data == package
    (media,) = alone.find("a:link[@rel='edit-media']/@href")
    assert feed.get(f"{page.root.base}{media}").data == package


@pytest.mark.parametrize(
    "spelling",
    [
        "Packages(Id='contoso.JSON',Version='1.2.0.0')",
        "packages(Version='1.2',Id='Contoso.Json')",
        "PACKAGES(id='Contoso.Json', version='01.2.0+build')",
        "Packages(Id=Contoso.Json,Version=1.2)",
        "Packages%28Id%3D%27Contoso.Json%27%2CVersion%3D%271.2%27%29",
        "Packages(Id='Contoso.Json',Version='1.2')/",
    ],
)
def test_a_version_has_many_spellings(feed, spelling):
    assert feed.page(spelling).versions == ["Contoso.Json 1.2"]


@pytest.mark.parametrize(
    "spelling",
    [
        "Packages(Id='Contoso.Json')",
        "Packages('Contoso.Json')",
        "Packages(Id='Contoso.Json',Version='1.2',Id2='x')",
        "Packages(Id='Contoso.Json',Version='1.2'",
        "Packages(Id='Contoso.Json,Version='1.2')",
        "Packages)(",
        "'",
        "Search(searchTerm='x')",
    ],
)
def test_a_key_that_is_none_is_refused(feed, spelling):
    answer = feed.get(spelling)

    assert answer.status_code == 400
    assert "Packages(Id='an id',Version='1.0')" in answer.text or "query options" in answer.text


@pytest.mark.parametrize(
    "spelling",
    [
        "Packages(Id='Contoso.Json',Version='7.0')",
        "Packages(Id='Contoso.Json',Version='7.x')",
        "Packages(Id='Contoso.Nothing',Version='1.2')",
        "Packages(Id='../etc',Version='1.2')",
        "Packages(Id='it''s',Version='1.2')",
        "Packages(Id='',Version='')",
    ],
)
def test_a_version_that_is_not_here_is_not_found(feed, spelling):
    answer = feed.get(spelling)

    assert answer.status_code == 404
    assert answer.content_type == "application/xml;charset=utf-8"
    assert "X-NuGet-Warning" not in answer.headers  # clients try several spellings of a version


@pytest.mark.parametrize(
    ("name", "xml", "text"),
    [
        ("Id", "Contoso.Json", "Contoso.Json"),
        ("version", "1.2", "1.2"),
        ("IsPrerelease", "false", "false"),
        ("PackageHashAlgorithm", "SHA512", "SHA512"),
    ],
)
def test_a_property_can_be_asked_for_alone(feed, name, xml, text):
    answer = feed.get(f"{ENTRY}/{name}")

    assert answer.content_type == "application/xml;charset=utf-8"
    assert etree.fromstring(answer.data).text == xml
    assert feed.get(f"{ENTRY}/{name}/$value").text == text
    assert list(feed.get(f"{ENTRY}/{name}?$format=json").json["d"].values()) in ([text], [False])


def test_a_property_that_is_null_has_no_value(feed):
    assert etree.fromstring(feed.get(f"{ENTRY}/LastEdited").data).get(f"{M}null") == "true"
    assert feed.get(f"{ENTRY}/LastEdited/$value").status_code == 404


@pytest.mark.parametrize("rest", ["Nothing", "$links", "$count", "Id/Version", "Id/$value/x"])
def test_what_an_entry_does_not_have_is_not_found(feed, rest):
    assert feed.get(f"{ENTRY}/{rest}").status_code == 404


@pytest.mark.parametrize("form", ["atom", "json"])
@pytest.mark.parametrize(
    ("select", "names"),
    [
        (
            "Version,IsLatestVersion,ProjectUrl,Published",
            ["Version", "ProjectUrl", "IsLatestVersion", "Published"],
        ),
        (" published , VERSION ", ["Version", "Published"]),
        ("*", [each.value for each in Property]),
        ("Id,*", [each.value for each in Property]),
        ("", [each.value for each in Property]),
        (",", [each.value for each in Property]),
    ],
)
def test_only_what_is_selected_is_told(feed, form, select, names):
    for resource in (f"{ENTRY}?", "FindPackagesById()?id='Contoso.Json'&"):
        answer = feed.get(f"{resource}$select={select}&$format={form}")
        if form == "json":
            found = answer.json["d"].get("results", [answer.json["d"]])[0]
            told = [name for name in found if name != "__metadata"]
        else:
            told = re.findall(r"<d:(\w+)", answer.text)
        assert told == names


def test_what_cannot_be_selected_is_named(feed):
    answer = feed.get("Packages()?$select=Version,Nothing")

    assert answer.status_code == 400
    assert '"Nothing"' in answer.status


def test_an_unlisted_version_is_known_by_its_date(gallery):
    gallery.client.push(nupkg("Contoso.Json", "1.0.0"))
    gallery.client.delete("Contoso.Json", "1.0.0")

    entry = "Packages(Id='Contoso.Json',Version='1.0.0')"
    told = gallery.page(entry).properties
    assert (told["Listed"], told["Published"]) == ("false", "1900-01-01T00:00:00")
    assert (told["IsLatestVersion"], told["IsAbsoluteLatestVersion"]) == ("false", "false")
    assert told["Created"] > "2000"
    assert gallery.get(f"{entry}?$format=json").json["d"]["Published"] == "/Date(-2208988800000)/"


@pytest.mark.parametrize(
    "text", ["a<b>&amp;]]>\"'", "tab\tand\nnewline", "\U0001f600 \u2028", "<!--entries-->"]
)
def test_any_text_of_a_package_is_told_as_it_is(gallery, text):
    gallery.client.push(
        nupkg("Contoso.Json", "1.0.0", description=f"x {text} x", title=text, releaseNotes=text)
    )

    page = gallery.page("FindPackagesById()?id='Contoso.Json'")

    assert page.versions == ["Contoso.Json 1.0.0"]
    assert page.properties["Description"] == f"x {text} x"
    (told,) = gallery.get("FindPackagesById()?id='Contoso.Json'&$format=json").json["d"]["results"]
    assert told["Description"] == f"x {text} x"


def test_a_dependency_that_no_client_can_read_costs_nobody_the_feed(gallery):
    manifest = nuspec(
        "Contoso.Json",
        "1.0.0",
        dependencies={"": {"A:b|c": "1.0", "Contoso.Log": "nonsense"}, "od|d:ity": {"Contoso.Text": "(,)"}},
    )
    assert gallery.client.push(nupkg("Contoso.Json", "1.0.0", manifest=manifest)).status_code == 201

    told = gallery.page("FindPackagesById()?id='Contoso.Json'").properties["Dependencies"]

    assert told == "Abc:1.0.0:|Contoso.Log::|Contoso.Text::oddity"


@pytest.mark.parametrize(
    ("dependencies", "told"),
    [
        (None, None),
        ({"": {}}, None),
        ({"": {"Contoso.Log": ""}}, "Contoso.Log::"),
        ({"": {"Contoso.Log": "[1.0]"}}, "Contoso.Log:[1.0.0]:"),
        ({"": {"Contoso.Log": "(1.0,)"}}, "Contoso.Log:(1.0.0, ):"),
        ({"": {}, "net45": {"Contoso.Log": "1.0"}}, "::|Contoso.Log:1.0.0:net45"),
        ({".NETFramework4.5": {"A": "1", "B": "2"}}, "A:1.0.0:net45|B:2.0.0:net45"),
    ],
)
def test_dependencies_are_told_as_old_clients_read_them(gallery, dependencies, told):
    gallery.client.push(nupkg("Contoso.Json", "1.0.0", dependencies=dependencies))

    assert gallery.page("FindPackagesById()?id='Contoso.Json'").properties["Dependencies"] == told


@pytest.mark.parametrize("url", ["nonsense", "javascript:alert(1)", "http://", "http://[", "file:///etc"])
def test_a_url_that_is_none_is_null(gallery, url):
    gallery.client.push(nupkg("Contoso.Json", "1.0.0", projectUrl=url, iconUrl=url, licenseUrl=url))

    told = gallery.page("Packages()").properties

    assert (told["ProjectUrl"], told["IconUrl"], told["LicenseUrl"]) == (None, None, None)


def test_a_version_that_old_clients_cannot_read_is_spelled_in_full(gallery):
    gallery.client.push(nupkg("Contoso.Json", "1.0-beta.1+build"))

    entry = gallery.page("Packages(Id='Contoso.Json',Version='1.0.0-beta.1')")

    assert entry.versions == ["Contoso.Json 1.0.0-beta.1+build"]
    assert entry.find("string(a:id)").endswith("Version='1.0.0-beta.1%2Bbuild')")
    assert gallery.page(entry.find("string(a:id)")).versions == entry.versions


def hash_of(package):
    return b64encode(sha512(package).digest()).decode()
