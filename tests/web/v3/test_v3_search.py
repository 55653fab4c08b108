"""Search and autocomplete, as the clients' windows and command lines ask."""

import pytest

from nugetlite.testing import nupkg

PACKAGES = [
    ("Contoso.Json", "1.0.0", {"description": "Reads documents.", "tags": "text parser"}),
    ("Contoso.Json", "1.1.0", {"description": "Reads documents.", "tags": "text parser"}),
    ("Contoso.Json", "2.0.0-beta", {"description": "Reads documents, anew."}),
    ("Contoso.Json", "2.0.0-rc.1", {"description": "Reads documents, anew."}),
    ("Contoso.Json.Schema", "1.0.0", {"title": "Checks documents"}),
    ("Contoso.Tool", "3.0.0+build.7", {"package_types": ["DotnetTool"], "authors": "Ada"}),
    ("Fabrikam.Early", "0.1.0-alpha", {"description": "Not contoso json at all."}),
    ("Fabrikam.Template", "1.0.0", {"package_types": ["Template", "Dependency"], "summary": "Begin here"}),
    ("Json", "9.0.0", {"authors": "Grace"}),
]


@pytest.fixture(scope="module")
def feed(make_client_of_each_kind):
    client = make_client_of_each_kind()
    for id, version, more in PACKAGES:
        assert client.push(nupkg(id, version, **more)).status_code == 201
    client.push(nupkg("Contoso.Hidden", "1.0.0", tags="json"))
    client.delete("Contoso.Hidden", "1.0.0")
    return client


def asked(feed, what="search", **parameters):
    answer = feed.http.get(f"/v3/{what}", query_string=parameters)
    assert answer.status_code == 200
    return answer.json


def found(feed, **parameters):
    return {result["id"]: result["version"] for result in asked(feed, **parameters)["data"]}


def test_a_result_tells_what_clients_show(feed):
    answer = asked(feed, q="packageid:contoso.json", prerelease="true")

    hive = "http://localhost/v3/registration-gz/contoso.json"
    assert answer == {
        "totalHits": 1,
        "data": [
            {
                "@id": f"{hive}/index.json",
                "@type": "Package",
                "registration": f"{hive}/index.json",
                "id": "Contoso.Json",
                "version": "2.0.0-beta",
                "description": "Reads documents, anew.",
                "authors": ["Contoso"],
                "tags": [],
                "packageTypes": [{"name": "Dependency"}],
                "totalDownloads": 0,
                "owners": [],
                "verified": False,
                "versions": [
                    {"@id": f"{hive}/{version}.json", "version": version, "downloads": 0}
                    for version in ("1.0.0", "1.1.0", "2.0.0-beta")
                ],
            }
        ],
    }


def test_the_urls_of_a_result_can_be_followed(feed):
    for level in ("", "2.0.0"):
        for result in asked(feed, prerelease="true", semVerLevel=level)["data"]:
            for url in (result["registration"], *[version["@id"] for version in result["versions"]]):
                assert feed.get(url).status_code == 200


ALL = {
    "Contoso.Json": "1.1.0",
    "Contoso.Json.Schema": "1.0.0",
    "Fabrikam.Template": "1.0.0",
    "Json": "9.0.0",
}


@pytest.mark.parametrize(
    ("parameters", "expected"),
    [
        ({}, ALL),
        ({"q": ""}, ALL),
        ({"prerelease": "false", "semVerLevel": "1.0.0"}, ALL),
        ({"semVerLevel": "nonsense", "prerelease": "perhaps"}, ALL),
        ({"semVerLevel": "2.0.0"}, {**ALL, "Contoso.Tool": "3.0.0+build.7"}),
        ({"prerelease": "True"}, {**ALL, "Contoso.Json": "2.0.0-beta", "Fabrikam.Early": "0.1.0-alpha"}),
        (
            {"q": "contoso.json", "prerelease": "true", "semVerLevel": "2.0.0", "take": "1"},
            {"Contoso.Json": "2.0.0-rc.1"},
        ),
        (
            {"Q": "packageid:contoso.json", "PRERELEASE": "TRUE", "semverlevel": "2"},
            {"Contoso.Json": "2.0.0-rc.1"},
        ),
    ],
)
def test_a_client_sees_the_newest_version_that_it_asked_for(feed, parameters, expected):
    assert found(feed, **parameters) == expected


@pytest.mark.parametrize(
    "name", ["packageType", "packageTypes", "packageTypeFilter", "packagetype", "PACKAGETYPE"]
)
@pytest.mark.parametrize(
    ("type", "ids"),
    [
        ("DotnetTool", ["Contoso.Tool"]),
        ("dotnettool", ["Contoso.Tool"]),
        ("Template", ["Fabrikam.Template"]),
        ("Dependency", ["Contoso.Json", "Contoso.Json.Schema", "Fabrikam.Template", "Json"]),
        ("Nothing", []),
        ("", ["Contoso.Json", "Contoso.Json.Schema", "Contoso.Tool", "Fabrikam.Template", "Json"]),
    ],
)
def test_a_package_type_is_asked_for_by_three_names(feed, name, type, ids):
    parameters = {name: type, "semVerLevel": "2.0.0"}

    assert sorted(found(feed, **parameters)) == ids
    assert sorted(asked(feed, "autocomplete", **parameters)["data"]) == ids


def test_the_types_of_a_result_are_told(feed):
    types = {
        result["id"]: [type["name"] for type in result["packageTypes"]]
        for result in asked(feed, semVerLevel="2.0.0")["data"]
    }

    assert types["Contoso.Tool"] == ["DotnetTool"]
    assert types["Fabrikam.Template"] == ["Template", "Dependency"]
    assert types["Json"] == ["Dependency"]


@pytest.mark.parametrize(
    ("words", "ids"),
    [
        ("json", ["Json", "Contoso.Json", "Contoso.Json.Schema"]),
        ("JSON", ["Json", "Contoso.Json", "Contoso.Json.Schema"]),
        ("contoso.json", ["Contoso.Json", "Contoso.Json.Schema"]),
        ("contoso json", ["Contoso.Json", "Contoso.Json.Schema"]),
        ("parser", ["Contoso.Json"]),
        ("begin", ["Fabrikam.Template"]),
        ("id:json", ["Json", "Contoso.Json", "Contoso.Json.Schema"]),
        ("packageid:json", ["Json"]),
        ("packageId:Contoso.Json packageid:JSON", ["Contoso.Json", "Json"]),
        ("version:1.1.0", ["Contoso.Json"]),
        ("title:checks", ["Contoso.Json.Schema"]),
        ("tags:parser", ["Contoso.Json"]),
        ("tag:parser json", ["Contoso.Json"]),
        ("author:grace", ["Json"]),
        ("summary:begin", ["Fabrikam.Template"]),
        ('description:"reads documents"', ["Contoso.Json"]),
        ("owner:nobody", []),
        ("nothing of that name", []),
    ],
)
def test_words_and_fields(feed, words, ids):
    assert sorted(found(feed, q=words)) == sorted(ids)
    assert list(found(feed, q=words))[:1] == ids[:1]


@pytest.mark.parametrize("words", ["json", "contoso.hidden", "packageid:Contoso.Hidden", ""])
@pytest.mark.parametrize(
    "more", [{}, {"includeDelisted": "true", "prerelease": "true", "semVerLevel": "2.0.0"}]
)
def test_unlisted_packages_are_never_found(feed, words, more):
    assert "Contoso.Hidden" not in found(feed, q=words, **more)
    assert "Contoso.Hidden" not in asked(feed, "autocomplete", q=words, **more)["data"]
    assert asked(feed, "autocomplete", id="Contoso.Hidden", **more)["data"] == []


@pytest.mark.parametrize(
    ("parameters", "count"),
    [
        ({}, 20),
        ({"take": "3"}, 3),
        ({"take": "0"}, 0),
        ({"take": "-5"}, 0),
        ({"take": "1000000"}, 30),
        ({"take": "9" * 6000}, 30),
        ({"take": "00000000000000003"}, 3),
        ({"take": "three"}, 20),
        ({"take": "٣"}, 20),
        ({"take": ""}, 20),
        ({"skip": "25"}, 5),
        ({"skip": "-25"}, 20),
        ({"skip": "30"}, 0),
        ({"skip": "3000"}, 0),
        ({"skip": "3001"}, 0),
        ({"skip": "9" * 6000}, 0),
        ({"skip": "x", "take": "2", "nonsense": "1", "supportedFramework": "net8.0", "%": "\0"}, 2),
    ],
    ids=lambda value: str(value)[:40],
)
@pytest.mark.parametrize("what", ["search", "autocomplete"])
def test_a_page_is_as_long_as_asked_for_within_reason(thirty, what, parameters, count):
    answer = asked(thirty, what, **parameters)

    assert answer["totalHits"] == 30
    assert len(answer["data"]) == count


@pytest.fixture(scope="module")
def thirty(make_client_of_each_kind):
    """A feed of thirty packages."""
    client = make_client_of_each_kind()
    for number in range(30):
        client.push(nupkg(f"Contoso.N{number:02}", "1.0.0"))
    return client


@pytest.mark.parametrize("what", ["search", "autocomplete"])
def test_who_skips_more_than_anybody_may_has_come_to_the_end(thirty, what, monkeypatch):
    """With the same page again and again, a client that reads until there is no more would never end."""
    monkeypatch.setattr("nugetlite.web.v3.search.MOST_SKIPPED", 10)

    pages = [asked(thirty, what, skip=skip, take=5) for skip in (5, 10, 11, 15)]

    assert [len(page["data"]) for page in pages] == [5, 5, 0, 0]
    assert {page["totalHits"] for page in pages} == {30}


@pytest.mark.parametrize("what", ["search", "autocomplete"])
@pytest.mark.parametrize("words", ["", "contoso"])
def test_page_by_page_everything_comes_once_and_in_one_order(thirty, what, words):
    pages = [asked(thirty, what, q=words, skip=skip, take=7)["data"] for skip in range(0, 35, 7)]
    whole = asked(thirty, what, q=words, take=100)["data"]

    assert [result for page in pages for result in page] == whole
    assert len(whole) == 30


@pytest.mark.parametrize(
    "words",
    [
        '"',
        "'",
        "*",
        "NEAR(",
        "AND OR NOT",
        "title:",
        ":",
        "%",
        "_",
        "\\",
        "a" * 3000,
        "x " * 600,
        "{{7*7}}",
        "\0",
        "-",
        "(",
        "\ud800",
    ],
    ids=lambda words: repr(words)[:20],
)
@pytest.mark.parametrize("what", ["search", "autocomplete"])
def test_whatever_somebody_types_is_only_text(feed, what, words):
    answer = feed.http.get(
        f"/v3/{what}?q=" + "".join(f"%{byte:02X}" for byte in words.encode(errors="surrogatepass"))
    )

    assert answer.status_code == 200
    assert isinstance(answer.json["data"], list)


def test_a_push_a_delete_and_a_relist_are_found_at_once(client):
    def known():
        return asked(client, q="contoso")["data"]

    assert known() == []
    client.push(nupkg("Contoso.Json", "1.0.0"))
    assert [each["version"] for each in known()] == ["1.0.0"]
    client.push(nupkg("Contoso.Json", "1.1.0"))
    assert [each["version"] for each in known()] == ["1.1.0"]
    client.delete("Contoso.Json", "1.1.0")
    assert [[each["version"] for each in result["versions"]] for result in known()] == [["1.0.0"]]
    client.relist("Contoso.Json", "1.1.0")
    assert [each["version"] for each in known()] == ["1.1.0"]


def test_a_result_shows_the_files_in_the_package_from_here(client):
    client.push(
        nupkg(
            icon="i.png", readme="R.md", license=("file", "L"), files={"i.png": b"i", "R.md": b"R", "L": b"L"}
        )
    )

    [result] = asked(client)["data"]

    assert [client.get(result[url]).data for url in ("iconUrl", "readmeUrl", "licenseUrl")] == [
        b"i",
        b"R",
        b"L",
    ]


# Autocomplete


@pytest.mark.parametrize(
    ("parameters", "ids"),
    [
        ({"q": "contoso.j"}, ["Contoso.Json", "Contoso.Json.Schema"]),
        ({"q": "CONTOSO."}, ["Contoso.Json", "Contoso.Json.Schema"]),
        ({"q": "contoso.", "semVerLevel": "2.0.0"}, ["Contoso.Json", "Contoso.Json.Schema", "Contoso.Tool"]),
        ({"q": "fabrikam.e"}, []),
        ({"q": "fabrikam.e", "prerelease": "true"}, ["Fabrikam.Early"]),
        ({"q": "nothing"}, []),
    ],
)
def test_ids_that_go_on_as_typed(feed, parameters, ids):
    answer = asked(feed, "autocomplete", **parameters)

    assert answer["data"] == ids
    assert answer["totalHits"] == len(ids)


def test_ids_that_begin_as_typed_come_first(feed):
    assert asked(feed, "autocomplete", q="json")["data"][0] == "Json"


@pytest.mark.parametrize(
    ("parameters", "versions"),
    [
        ({"id": "Contoso.Json"}, ["1.0.0", "1.1.0"]),
        ({"ID": "contoso.JSON", "prerelease": "true"}, ["1.0.0", "1.1.0", "2.0.0-beta"]),
        (
            {"id": "contoso.json", "prerelease": "true", "semVerLevel": "2.0.0"},
            ["1.0.0", "1.1.0", "2.0.0-beta", "2.0.0-rc.1"],
        ),
        ({"id": "Contoso.Tool"}, []),
        ({"id": "Contoso.Tool", "semVerLevel": "2.0.0"}, ["3.0.0+build.7"]),
        ({"id": "Contoso.Nothing"}, []),
        ({"id": "../etc"}, []),
        ({"id": ""}, []),
    ],
)
def test_the_versions_of_one_id(feed, parameters, versions):
    assert asked(feed, "autocomplete", **parameters)["data"] == versions
