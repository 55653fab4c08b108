"""Registration: the metadata of every version, for every client generation."""

import random

import pytest

from nugetlite.package.version import Version
from nugetlite.testing import nupkg, nuspec

PLAIN, GZIP, SEMVER2 = HIVES = ("registration", "registration-gz", "registration-gz-semver2")
PNG = b"\x89PNG\r\n\x1a\n"
HERE = "http://localhost/v3/content/contoso.json/1.0.0"


def index_of(client, hive=SEMVER2, id="contoso.json"):
    return client.get(f"/v3/{hive}/{id}/index.json").json


def pages_of(client, hive=SEMVER2):
    """The pages with their leaves, wherever these are told."""
    return [
        page if "items" in page else client.get(page["@id"]).json for page in index_of(client, hive)["items"]
    ]


def versions_on(page):
    return [leaf["catalogEntry"]["version"] for leaf in page["items"]]


# Hives


def test_semver_2_is_only_in_the_hive_of_those_who_know_it(client):
    dependent = {"dependencies": {"": {"Contoso.Base": "[1.0.0-rc.1, )"}}}
    for version, more in [("1.0.0", {}), ("1.1.0-beta.1", {}), ("1.2.0+build", {}), ("1.3.0", dependent)]:
        client.push(nupkg("Contoso.Json", version, **more))

    seen = {
        hive: [version for page in pages_of(client, hive) for version in versions_on(page)] for hive in HIVES
    }

    assert seen == {
        PLAIN: ["1.0.0"],
        GZIP: ["1.0.0"],
        SEMVER2: ["1.0.0", "1.1.0-beta.1", "1.2.0+build", "1.3.0"],
    }
    leaves = [[client.get(f"/v3/{hive}/contoso.json/1.2.0.json").status_code for hive in HIVES]]
    assert leaves == [[404, 404, 200]]


def test_a_package_of_semver_2_versions_only_is_unknown_to_older_clients(client):
    client.push(nupkg("Contoso.Json", "1.0.0-beta.1"))

    assert [client.get(f"/v3/{hive}/contoso.json/index.json").status_code for hive in HIVES] == [
        404,
        404,
        200,
    ]


def test_only_clients_that_expect_it_get_compressed_metadata(client):
    client.push(nupkg(description="much to say " * 100))

    encodings = [
        client.get(f"/v3/{hive}/contoso.json/index.json", headers={"Accept-Encoding": "gzip"}).headers.get(
            "Content-Encoding"
        )
        for hive in HIVES
    ]

    assert encodings == [None, "gzip", "gzip"]


def test_each_hive_leads_to_itself(client):
    client.push(nupkg(dependencies={"": {"Contoso.Base": "1.0"}}))

    for hive in HIVES:
        text = client.get(f"/v3/{hive}/contoso.json/index.json").text
        assert all(f"/v3/{other}/" not in text for other in HIVES if other != hive)
        assert f"http://localhost/v3/{hive}/contoso.base/index.json" in text


# Pages


def test_pages_are_as_on_nuget_org_at_every_number_of_versions(client):
    """Below 128 versions all is told in the index; from there on pages of 64 are documents of their own."""
    versions = [f"1.{n}.0" if n % 3 else f"1.{n}.0-Beta" for n in range(200)]
    random.Random(1).shuffle(versions)
    told = {}
    for count, version in enumerate(versions, start=1):
        client.push(nupkg("Contoso.Json", version))
        if count in (1, 64, 65, 127, 128, 129, 192, 200):
            expected = sorted(versions[:count], key=Version.parse)
            index = index_of(client)
            told[count] = ([page["count"] for page in index["items"]], "items" in index["items"][0])
            assert index["count"] == len(index["items"])
            for number, page in enumerate(pages_of(client)):
                part = expected[number * 64 : number * 64 + 64]
                assert versions_on(page) == part
                assert (page["lower"], page["upper"]) == (part[0], part[-1])
                assert page["count"] == len(part)
                assert page["@id"] == index["items"][number]["@id"]
                assert (
                    page["parent"] == index["@id"] == f"http://localhost/v3/{SEMVER2}/contoso.json/index.json"
                )

    assert told == {
        1: ([1], True),
        64: ([64], True),
        65: ([64, 1], True),
        127: ([64, 63], True),
        128: ([64, 64], False),
        129: ([64, 64, 1], False),
        192: ([64, 64, 64], False),
        200: ([64, 64, 64, 8], False),
    }


@pytest.fixture
def many(client):
    """A feed with a package of 130 versions."""
    for n in range(130):
        client.push(nupkg("Contoso.Json", f"1.{n}.0"))
    return client


def test_a_page_that_a_client_knows_from_before_a_push_still_has_all_between_its_bounds(many):
    before = index_of(many)["items"]
    many.push(nupkg("Contoso.Json", "1.10.5"))
    many.delete("Contoso.Json", "1.0.0", type="HardDelete")

    stale = [many.get(page["@id"]).json for page in before]

    assert [version for page in stale for version in versions_on(page)] == many.versions("Contoso.Json")
    for page, known in zip(stale, before, strict=True):
        assert page["upper"] == known["upper"]
        assert page["count"] == len(page["items"])


@pytest.mark.parametrize("page", ["9.0.0/9.1.0", "1.5.0/1.4.0", "x/y", "1.0.0", "1.0.0/2.0.0/3.0.0"])
def test_a_page_with_nothing_on_it_is_none(client, page):
    client.push(nupkg())

    answer = client.get(f"/v3/{SEMVER2}/contoso.json/page/{page}.json")

    assert answer.status_code == 404
    assert answer.json["error"]


def test_metadata_is_never_older_than_the_last_push(client):
    for version in ("1.0.0", "1.2.0", "1.1.0"):
        client.push(nupkg("Contoso.Json", version))
        assert version in index_of(client)["items"][0]["items"].__str__()

    client.delete("Contoso.Json", "1.1.0")
    assert client.registered("Contoso.Json")["1.1.0"]["listed"] is False
    client.relist("Contoso.Json", "1.1.0")
    assert client.registered("Contoso.Json")["1.1.0"]["listed"] is True


@pytest.mark.parametrize(
    "path",
    [
        "CONTOSO.json/index.json",
        "Contoso.Json/1.0.json",
        "contoso.json/1.0.0+x.json",
        "contoso.json/01.0.json",
    ],
)
def test_any_spelling_is_served_directly(client, path):
    client.push(nupkg("Contoso.Json", "1.0.0"))

    assert [client.get(f"/v3/{hive}/{path}").status_code for hive in HIVES] == [200, 200, 200]
    assert client.http.head(f"/v3/{PLAIN}/{path}").status_code == 200


@pytest.mark.parametrize("hive", [*HIVES, "registration-semver2", "registration-gz-semver1"])
def test_an_unknown_package_is_told_in_json(client, hive):
    answer = client.get(f"/v3/{hive}/contoso.nothing/index.json")

    assert (answer.status_code, answer.content_type) == (404, "application/json")


# Leaves


def test_a_leaf_by_itself_leads_to_its_metadata(client):
    client.push(nupkg("Contoso.Json", "1.0.0-Beta"))

    leaf = client.get(f"/v3/{SEMVER2}/contoso.json/1.0.0-beta.json").json

    folder = "http://localhost/v3/content/contoso.json/1.0.0-beta"
    assert leaf["@id"] == f"http://localhost/v3/{SEMVER2}/contoso.json/1.0.0-beta.json"
    assert leaf["packageContent"] == f"{folder}/contoso.json.1.0.0-beta.nupkg"
    assert leaf["registration"] == f"http://localhost/v3/{SEMVER2}/contoso.json/index.json"
    assert leaf["listed"] is True
    entry = client.get(leaf["catalogEntry"]).json  # early PSResourceGet reads the metadata there
    assert (entry["id"], entry["version"]) == ("Contoso.Json", "1.0.0-Beta")
    assert entry["published"] == leaf["published"]


def test_a_leaf_on_a_page_holds_its_metadata(client):
    client.push(nupkg("Contoso.Json", "1.0.0"))

    [leaf] = index_of(client)["items"][0]["items"]

    assert leaf["@id"] == f"http://localhost/v3/{SEMVER2}/contoso.json/1.0.0.json"
    assert (
        leaf["packageContent"] == leaf["catalogEntry"]["packageContent"] == f"{HERE}/contoso.json.1.0.0.nupkg"
    )
    assert leaf["catalogEntry"]["@id"] == client.get(leaf["@id"]).json["catalogEntry"]


def test_an_unlisted_leaf_says_so_and_a_removed_one_is_gone(client):
    client.push(nupkg())
    leaf = f"/v3/{SEMVER2}/contoso.json/1.0.0.json"

    client.delete("Contoso.Json", "1.0.0", type="Unlist")
    told = client.get(leaf).json
    assert (told["listed"], told["published"]) == (False, "1900-01-01T00:00:00+00:00")

    client.delete("Contoso.Json", "1.0.0", type="SoftDelete")
    assert client.get(leaf).status_code == 404
    assert client.get(f"/v3/{SEMVER2}/contoso.json/index.json").status_code == 404


# What is told of a version


@pytest.fixture(scope="module")
def lasting(make_lasting_client):
    return make_lasting_client()


@pytest.fixture
def feed(lasting):
    """A feed that several tests use one after the other; each has its own Contoso.Json 1.0.0."""
    yield lasting
    lasting.delete("Contoso.Json", "1.0.0", type="HardDelete")


def entry_of(client, package, version="1.0.0"):
    assert client.push(package).status_code == 201
    return client.registered("Contoso.Json")[version]


def test_all_that_a_manifest_says_is_told(feed):
    package = nupkg(
        "Contoso.Json",
        "1.0+meta.5",
        title="Contoso JSON",
        authors="Ada, Grace",
        description="Reads <JSON> & writes it.",
        summary="JSON",
        releaseNotes="Faster.",
        language="en-GB",
        tags="json, text  fast",
        projectUrl="https://contoso.test/json",
        iconUrl="https://contoso.test/icon.png",
        licenseUrl="https://contoso.test/licence",
        requireLicenseAcceptance="1",
        package_types=["DotnetTool", "Contoso.Own"],
        dependencies={
            ".NETFramework4.7.2": {"Contoso.Base": "1.0", "Contoso.Text": ""},
            "net8.0": {},
            "": {"Contoso.Other": "[1.0,2.0)"},
        },
    )

    entry = entry_of(feed, package, "1.0.0+meta.5")

    hive = f"http://localhost/v3/{SEMVER2}"
    dependency = {"@type": "PackageDependency"}
    published = entry.pop("published")
    assert published.startswith("20")
    assert published.endswith("+00:00")
    assert entry == {
        "@id": "http://localhost/v3/catalog/newest/contoso.json/1.0.0.json",
        "@type": "PackageDetails",
        "id": "Contoso.Json",
        "version": "1.0.0+meta.5",
        "title": "Contoso JSON",
        "authors": "Ada, Grace",
        "description": "Reads <JSON> & writes it.",
        "summary": "JSON",
        "releaseNotes": "Faster.",
        "language": "en-GB",
        "tags": ["json", "text", "fast"],
        "projectUrl": "https://contoso.test/json",
        "iconUrl": "https://contoso.test/icon.png",
        "licenseUrl": "https://contoso.test/licence",
        "requireLicenseAcceptance": True,
        "listed": True,
        "packageContent": f"{HERE}/contoso.json.1.0.0.nupkg",
        "packageTypes": [{"name": "DotnetTool"}, {"name": "Contoso.Own"}],
        "dependencyGroups": [
            {
                "targetFramework": "net472",
                "dependencies": [
                    {
                        **dependency,
                        "id": "Contoso.Base",
                        "range": "[1.0.0, )",
                        "registration": f"{hive}/contoso.base/index.json",
                    },
                    {
                        **dependency,
                        "id": "Contoso.Text",
                        "range": "(, )",
                        "registration": f"{hive}/contoso.text/index.json",
                    },
                ],
            },
            {"targetFramework": "net8.0"},
            {
                "dependencies": [
                    {
                        **dependency,
                        "id": "Contoso.Other",
                        "range": "[1.0.0, 2.0.0)",
                        "registration": f"{hive}/contoso.other/index.json",
                    }
                ]
            },
        ],
    }


def test_of_a_manifest_that_says_little_only_that_is_told(feed):
    package = nupkg(
        manifest=b"<package><metadata><id>Contoso.Json</id><version>1.0.0</version></metadata></package>"
    )

    entry = entry_of(feed, package)

    assert entry["tags"] == []  # PSResourceGet 1.0.3 fails without
    assert entry["packageTypes"] == [{"name": "Dependency"}]
    assert entry["requireLicenseAcceptance"] is False
    assert entry["dependencyGroups"] == []
    assert (
        not {"deprecation", "vulnerabilities", "owners", "iconUrl", "licenseUrl", "minClientVersion"}
        & entry.keys()
    )
    assert None not in entry.values()


@pytest.mark.parametrize(("said", "told"), [("4.3", "4.3"), ("3.0.0", "3.0.0"), ("soon", None), ("", None)])
def test_a_minimal_client_is_told_if_it_is_a_version(feed, said, told):
    manifest = nuspec("Contoso.Json", "1.0.0").replace(
        b"<metadata", f'<metadata minClientVersion="{said}"'.encode()
    )

    assert entry_of(feed, nupkg(manifest=manifest)).get("minClientVersion") == told


@pytest.mark.parametrize(
    ("said", "told"),
    [
        ("1.0", "[1.0.0, )"),
        ("[1.0]", "[1.0.0, 1.0.0]"),
        ("(,1.0]", "(, 1.0.0]"),
        ("", "(, )"),
        ("(,)", "(, )"),
        ("[,]", "(, )"),
        ("[ , )", "(, )"),
        ("1.*", "[1.0.0, )"),
        ("*", "[0.0.0, )"),
        ("[2.0,1.0]", "(, )"),
        ("(1.0)", "(, )"),
        ("as you like", "(, )"),
        ("[1.0" + " " * 300 + ",)", "[1.0.0, )"),
        ("x" * 10_000, "(, )"),
    ],
    ids=lambda text: text[:20],
)
def test_a_range_is_one_that_clients_can_read(feed, said, told):
    """One that they cannot read would cost them all versions of the package."""
    entry = entry_of(feed, nupkg(dependencies={"": {"Contoso.Base": said}}))

    assert entry["dependencyGroups"][0]["dependencies"][0]["range"] == told


@pytest.mark.parametrize(
    ("more", "icon", "readme", "license"),
    [
        ({}, None, None, None),
        (
            {"icon": "i.png", "readme": "R.md", "license": ("file", "L.txt")},
            f"{HERE}/icon",
            f"{HERE}/readme",
            f"{HERE}/license",
        ),
        (
            {
                "icon": "i.png",
                "iconUrl": "https://aka.ms/deprecateIconUrl",
                "license": ("file", "L.txt"),
                "licenseUrl": "https://aka.ms/deprecateLicenseUrl",
            },
            f"{HERE}/icon",
            None,
            f"{HERE}/license",
        ),
        (
            {"license": ("expression", "MIT"), "licenseUrl": "https://licenses.nuget.org/MIT"},
            None,
            None,
            "http://localhost/packages/Contoso.Json/1.0.0",
        ),
        (
            {"license": ("file", "missing.txt"), "licenseUrl": "https://aka.ms/deprecateLicenseUrl"},
            None,
            None,
            None,
        ),
        ({"icon": "missing.png", "readme": "missing.md"}, None, None, None),
        (
            {"icon": "missing.png", "iconUrl": "https://contoso.test/i.png"},
            "https://contoso.test/i.png",
            None,
            None,
        ),
    ],
    ids=["none", "embedded", "placeholders", "expression", "licence not there", "not there", "elsewhere"],
)
def test_what_is_in_the_package_is_shown_from_here(feed, more, icon, readme, license):
    files = {"i.png": PNG, "R.md": b"#", "L.txt": b"L"}

    entry = entry_of(feed, nupkg(files=files, **more))

    assert (entry.get("iconUrl"), entry.get("readmeUrl"), entry.get("licenseUrl")) == (icon, readme, license)
    if more.get("license") == ("expression", "MIT"):
        assert (entry["licenseExpression"], entry["licenseExpressionVersion"]) == ("MIT", "1.0.0")
    for url in (icon, readme, license):
        if url and url.startswith("http://localhost"):
            assert feed.get(url).status_code == 200


@pytest.mark.parametrize(
    ("said", "told"),
    [
        ("https://contoso.test/i.png", "https://contoso.test/i.png"),
        (" HTTP://contoso.test:8080/i.png?x=1 ", "HTTP://contoso.test:8080/i.png?x=1"),
        ("https://bücher.test/i.png", "https://bücher.test/i.png"),
        ("http://[::1]/i.png", "http://[::1]/i.png"),
        ("https://user@contoso.test/", "https://user@contoso.test/"),
        ("javascript:alert(1)", None),
        ("java\tscript:alert(1)", None),
        ("data:image/png;base64,AAAA", None),
        ("ftp://contoso.test/i.png", None),
        ("//contoso.test/i.png", None),
        ("i.png", None),
        ("http://", None),
        ("http:///i.png", None),
        ("https://contoso test/i.png", None),
        ("https://contoso.test:port/", None),
        ("https://contoso.test:99999/", None),
        ("https://[broken/", None),
        ('https://"><script>alert(1)</script>/', None),
    ],
)
def test_only_what_is_a_web_address_is_told_as_one(feed, said, told):
    """NuGet's client refuses all versions of a package if one has an icon that it cannot read."""
    entry = entry_of(feed, nupkg(iconUrl=said, projectUrl=said, licenseUrl=said))

    assert [entry.get(name) for name in ("iconUrl", "projectUrl", "licenseUrl")] == [told] * 3


def test_strange_texts_stay_texts(feed):
    strange = {
        "title": "</script>\u202e\U0001f600",
        "description": "]]> \u0085 \ufffd " + "x" * 100_000,
        "tags": "<b>",
    }

    entry = entry_of(feed, nupkg(**strange, dependencies={"no framework at all": {"../ #?": "1.0"}}))

    assert (entry["title"], entry["tags"]) == (strange["title"], ["<b>"])
    [group] = entry["dependencyGroups"]
    assert group["targetFramework"] == "no framework at all"
    assert group["dependencies"][0]["registration"].endswith("/..%2F%20%23%3F/index.json")
