"""The feeds: what is in which, page by page, and what goes with an answer over the wire."""

from time import perf_counter, sleep

import pytest
from lxml import etree

from nugetlite.testing import nupkg

BY_ID = "FindPackagesById()?id='Contoso.Json'"
PACKAGE = "package/Contoso.Json/1.0.0"


@pytest.fixture(scope="module")
def many(make_client_of_each_kind, gallery_of):
    """A feed with more than two pages of versions."""
    client = make_client_of_each_kind()
    for number in range(205):
        client.push(nupkg("Contoso.Many", f"1.0.{number}"))
    return gallery_of(client)


EVERY_ONE = [f"Contoso.Many 1.0.{number}" for number in range(205)]


# Pages


@pytest.mark.parametrize(
    "resource",
    [
        "Packages()",
        "Packages",
        "FindPackagesById()?id='Contoso.Many'",
        "Search()?searchTerm='many'&$filter=Id eq 'Contoso.Many'",
        "Packages()?$orderby=Version&$inlinecount=allpages",
    ],
)
def test_links_lead_through_all_pages_once(many, resource):
    assert many.versions(resource) == EVERY_ONE


def test_a_page_has_a_hundred_entries_and_the_last_one_no_link(many):
    sizes, resource = [], "Packages()?$inlinecount=allpages"
    while resource:
        page = many.page(resource)
        assert page.total == 205
        sizes.append(len(page.versions))
        resource = page.next

    assert sizes == [100, 100, 5]


@pytest.mark.parametrize(
    ("options", "found"),
    [
        ("$top=30", EVERY_ONE[:30]),
        ("$top=100", EVERY_ONE[:100]),
        ("$top=150", EVERY_ONE[:150]),
        ("$top=203&$skip=1", EVERY_ONE[1:204]),
        ("$skip=200&$top=30", EVERY_ONE[200:]),
        ("$skip=205", []),
        ("$skip=2147483647&$top=2147483647", []),
        ("$top=0", []),
        ("$top=+3", EVERY_ONE[:3]),
        ("$top=101&$orderby=Version desc", EVERY_ONE[:-102:-1]),
    ],
)
def test_a_client_takes_what_it_wants_and_no_more(many, options, found):
    assert many.versions(f"Packages()?{options}") == found


def test_top_below_a_page_has_no_link(many):
    assert not many.page("Packages()?$top=100").next
    assert many.page("Packages()?$top=101").next


def test_json_links_its_pages_too(many):
    found, url = [], "Packages()?$format=json&$inlinecount=allpages"
    while url:
        told = many.get(url).json["d"]
        assert told["__count"] == "205"
        found += [entry["Version"] for entry in told["results"]]
        url = told.get("__next", "")

    assert found == [f"1.0.{number}" for number in range(205)]


def test_a_link_survives_what_is_asked_for(many):
    condition = "substringof('many',tolower(Id)) and (Title eq null or Title ne 'it''s & #1 + 2%')"

    answer = many.client.http.get(
        "/api/v2/Packages()", query_string={"$filter": condition, "semVerLevel": "2.0.0", "$top": "120"}
    )

    url = etree.fromstring(answer.data).xpath("string(*[local-name()='link'][@rel='next']/@href)")
    assert url.startswith("http://localhost/api/v2/Packages?")
    assert not set(" '\"<>+#") & set(url)
    assert many.versions(url) == EVERY_ONE[100:120]


@pytest.mark.parametrize("token", ["x", "''", "'1'", "0", "-", "%00", "W10", "WzEsMl0", "x" * 5000])
def test_a_token_of_somebody_else_is_refused(many, token):
    answer = many.get(f"Packages()?$skiptoken={token}")

    assert answer.status_code == (200 if token == "''" else 400)


# What is in which


@pytest.fixture(scope="module")
def feed(make_client_of_each_kind, gallery_of):
    client = make_client_of_each_kind()
    for id, version, more in [
        ("Contoso.Json", "1.0.0", {}),
        ("Contoso.Json", "1.10.0", {}),
        ("Contoso.Json", "1.9.0", {}),
        ("Contoso.Json", "2.0.0-beta", {}),
        ("Contoso.Json", "2.0.0-rc.1", {}),
        ("Contoso.Json", "3.0.0", {}),
        ("Contoso.Log", "1.0.0", {"tags": "json"}),
        ("Contoso.New", "1.0.0+build", {}),
    ]:
        client.push(nupkg(id, version, **more))
    client.delete("Contoso.Json", "3.0.0")
    return gallery_of(client)


OLD = ["1.0.0", "1.9.0", "1.10.0", "2.0.0-beta", "3.0.0"]
NEW = ["1.0.0", "1.9.0", "1.10.0", "2.0.0-beta", "2.0.0-rc.1", "3.0.0"]


@pytest.mark.parametrize(
    ("level", "versions"), [("", OLD), ("1.0.0", OLD), ("x", OLD), ("2.0.0", NEW), ("'2.0.0'", NEW)]
)
def test_all_versions_of_a_package_that_a_client_can_read(feed, level, versions):
    resource = f"FindPackagesById()?id='contoso.json'&semVerLevel={level}"

    assert feed.versions(resource) == [f"Contoso.Json {version}" for version in versions]
    assert feed.count(resource.replace("?", "/$count?")) == len(versions)


@pytest.mark.parametrize(("level", "latest"), [("1.0.0", "2.0.0-beta"), ("2.0.0", "2.0.0-rc.1")])
def test_what_is_latest_depends_on_what_a_client_can_read(feed, level, latest):
    of_json = f"FindPackagesById()?id='Contoso.Json'&semVerLevel={level}"

    assert feed.versions(f"{of_json}&$filter=IsLatestVersion") == ["Contoso.Json 1.10.0"]
    assert feed.versions(f"{of_json}&$filter=IsAbsoluteLatestVersion") == [f"Contoso.Json {latest}"]


@pytest.mark.parametrize("id", ["Contoso.Nothing", "../x", "a b", "it''s", "x" * 200])
def test_of_an_unknown_package_there_is_nothing(feed, id):
    page = feed.page(f"FindPackagesById()?id='{id}'&$inlinecount=allpages")

    assert (page.versions, page.total, page.next) == ([], 0, "")
    assert feed.count(f"FindPackagesById()/$count?id='{id}'") == 0


def test_whose_versions_is_to_be_told(feed):
    answer = feed.get("FindPackagesById()")

    assert answer.status_code == 400
    assert "id=" in answer.status


@pytest.mark.parametrize(
    "spelling",
    [
        "FindPackagesById()?id='Contoso.Json'",
        "FindPackagesById?id='Contoso.Json'",
        "findpackagesbyid()?ID='contoso.json'",
        "FINDPACKAGESBYID/?Id=Contoso.Json",
        "FindPackagesById()/?id=%27Contoso.Json%27",
        "FindPackagesById%28%29?id='Contoso.Json'&unheardOf=1",
    ],
)
def test_an_operation_has_many_spellings(feed, spelling):
    for root in ("nuget", "api/v2"):
        assert len(feed.versions(f"http://localhost/{root}/{spelling}")) == len(OLD)


def test_search_shows_what_is_listed(feed):
    found = feed.versions("Search()?searchTerm='json'&includePrerelease=true&targetFramework='net45'")

    assert sorted(found) == [
        "Contoso.Json 1.0.0",
        "Contoso.Json 1.10.0",
        "Contoso.Json 1.9.0",
        "Contoso.Json 2.0.0-beta",
        "Contoso.Log 1.0.0",
    ]
    assert feed.count("Search()/$count?searchTerm='json'&includePrerelease=true") == 5
    assert feed.count("Search()/$count?searchTerm='json'&includePrerelease=FALSE&includeDelisted=true") == 4


UPDATES = "packageIds='Contoso.Json|Contoso.Log'&versions='1.0.0|1.0.0'"


@pytest.mark.parametrize(
    ("options", "found"),
    [
        ("", ["1.10.0"]),
        ("&includePrerelease=true", ["2.0.0-beta"]),
        ("&includePrerelease=true&semVerLevel=2.0.0", ["2.0.0-rc.1"]),
        ("&includeAllVersions=true", ["1.9.0", "1.10.0"]),
        ("&versionConstraints='(,1.10.0)|'", ["1.9.0"]),
        ("&targetFrameworks='net45|portable-net45+win8'", ["1.10.0"]),
    ],
)
def test_updates_are_newer_than_what_somebody_has(feed, options, found):
    expected = [f"Contoso.Json {version}" for version in found]

    assert feed.versions(f"GetUpdates()?{UPDATES}{options}") == expected
    assert feed.count(f"GetUpdates()/$count?{UPDATES}{options}") == len(found)
    posted = feed.client.http.post("/nuget/GetUpdates()", data=f"{UPDATES}{options}", content_type=FORM)
    assert posted.text.count("<entry>") == len(found)


FORM = "application/x-www-form-urlencoded"


def test_lists_that_do_not_agree_ask_for_nothing(feed):
    assert feed.versions("GetUpdates()?packageIds='Contoso.Json|Contoso.Log'&versions='1.0.0'") == []


def test_names_are_completed(feed):
    assert feed.get("package-ids?partialId=contoso.").json == ["Contoso.Json", "Contoso.Log"]
    assert feed.get("package-ids?partialId='contoso.n'&semVerLevel=2.0.0").json == ["Contoso.New"]
    assert feed.get("package-ids").json == ["Contoso.Json", "Contoso.Log"]
    assert feed.get("package-versions/contoso.json?includePrerelease=True").json == OLD[:-1]
    assert feed.get("package-versions/Contoso.Json").json == OLD[:3]
    assert feed.get("package-versions/Contoso.Nothing").json == []
    assert feed.get("package-versions/a b").json == []


@pytest.mark.parametrize(
    "resource",
    ["Packages()/Nothing", "Search()/$count/x", "package-ids/x", "package/a/1/b", "Nothing()", "package"],
)
def test_what_is_no_resource_is_not_found(feed, resource):
    assert feed.get(resource).status_code == 404


# The package itself


@pytest.mark.parametrize(
    "spelling",
    [
        "package/Contoso.Json/1.10.0",
        "PACKAGE/contoso.json/1.10",
        "package/contoso.json",
        "package/contoso.json/",
    ],
)
def test_a_package_is_downloaded_by_version_or_without(feed, spelling):
    assert feed.get(spelling).data == nupkg("Contoso.Json", "1.10.0")
    assert feed.client.http.head(f"/api/v2/{spelling}").status_code == 200


@pytest.mark.parametrize(
    "resource",
    ["package/Contoso.Json/7.0", "package/Contoso.Json/x", "package/a b", "package/Contoso.Nothing"],
)
def test_a_package_that_is_not_here_is_not_found(feed, resource):
    assert feed.get(resource).status_code == 404


@pytest.mark.parametrize("resource", [PACKAGE, "Packages(Id='Contoso.Json',Version='1.0.0')/$value"])
def test_a_download_is_the_same_as_that_of_v3(feed, resource):
    package = nupkg("Contoso.Json", "1.0.0")
    whole, v3 = feed.get(resource), feed.client.download("Contoso.Json", "1.0.0")

    assert whole.data == v3.data == package
    assert whole.headers["ETag"] == v3.headers["ETag"]
    assert "immutable" in whole.headers["Cache-Control"]
    assert feed.get(resource, headers={"If-None-Match": whole.headers["ETag"]}).status_code == 304
    part = feed.get(resource, headers={"Range": "bytes=2-5"})
    assert (part.status_code, part.data) == (206, package[2:6])


def test_what_is_newest_changes_so_it_is_asked_for_each_time(gallery):
    gallery.client.push(nupkg("Contoso.Json", "1.0.0"))
    assert "immutable" not in gallery.get("package/Contoso.Json").headers["Cache-Control"]
    assert gallery.get("package/Contoso.Json").data == nupkg("Contoso.Json", "1.0.0")

    gallery.client.push(nupkg("Contoso.Json", "1.1.0"))

    assert gallery.get("package/Contoso.Json").data == nupkg("Contoso.Json", "1.1.0")


def test_downloads_by_v2_count(gallery, monkeypatch):
    monkeypatch.setattr("nugetlite.downloads.EVERY", 0.0)
    gallery.client.push(nupkg("Contoso.Json", "1.0.0"))

    for resource in (PACKAGE, "package/Contoso.Json", "Packages(Id='Contoso.Json',Version='1.0.0')/Download"):
        gallery.get(resource)
        gallery.get(resource)  # from what is kept

    wait_until(lambda asked: gallery.page(f"Packages()?asked={asked}").properties["DownloadCount"] == "6")


def wait_until(true):
    assert any(true(asked) or sleep(0.02) for asked in range(500))


# Writing, by the same URLs


@pytest.mark.parametrize("root", ["/nuget", "/api/v2", "/nuget/", "/api/v2/package/", "/nuget/Packages/"])
def test_a_v2_source_is_pushed_to_and_deleted_from(gallery, root):
    assert gallery.client.push(nupkg("Contoso.Json", "1.0.0"), root).status_code == 201
    one, key = f"{root.rstrip('/')}/Contoso.Json/1.0.0", {"X-NuGet-ApiKey": gallery.client.key}

    assert gallery.client.http.delete(one, headers=key).status_code == 204
    assert gallery.versions("Packages()?$filter=Listed") == []
    assert gallery.client.http.post(one, headers=key).status_code == 200
    assert gallery.versions("Packages()?$filter=Listed") == ["Contoso.Json 1.0.0"]


@pytest.mark.parametrize("policy", ["soft", "hard"])
def test_whoever_misses_a_version_hears_what_became_of_it(make_client, gallery_of, policy):
    gallery = gallery_of(make_client(delete_policy=policy))
    gallery.client.push(nupkg("Contoso.Json", "1.0.0"))
    gallery.client.push(nupkg("Contoso.Json", "1.1.0"))
    assert "X-NuGet-Warning" not in gallery.get(BY_ID).headers

    gallery.client.delete("Contoso.Json", "1.1.0", reason="it was broken")

    assert gallery.page(BY_ID).versions == ["Contoso.Json 1.0.0"]
    assert "Contoso.Json 1.1.0 was removed" in gallery.get(BY_ID).headers["X-NuGet-Warning"]
    one = gallery.get("Packages(Id='Contoso.Json',Version='1.1.0')")
    assert one.status_code == 404
    assert "it was broken" in one.status
    assert "it was broken" in one.headers["X-NuGet-Warning"]
    assert gallery.get("package/Contoso.Json/1.1.0").status_code == 404

    gallery.client.delete("Contoso.Json", "1.0.0")

    assert gallery.page(BY_ID).versions == []
    assert "Contoso.Json 1.0.0 was removed" in gallery.get(BY_ID).headers["X-NuGet-Warning"]


# Over the wire


@pytest.mark.parametrize(
    "resource",
    [BY_ID, "Packages()", "Search()", "Packages(Id='Contoso.Json',Version='1.0.0')", "Packages()/$count"],
)
@pytest.mark.parametrize("accept", ["*/*", "application/json"])
def test_an_answer_is_kept_until_something_changes(gallery, resource, accept):
    gallery.client.push(nupkg("Contoso.Json", "1.0.0"))
    headers = {"Accept": accept}
    first = gallery.get(resource, headers=headers)

    again = gallery.get(resource, headers={**headers, "If-None-Match": first.headers["ETag"]})
    assert again.status_code == 304
    gallery.client.push(nupkg("Contoso.Json", "1.1.0"))

    changed = gallery.get(resource, headers={**headers, "If-None-Match": first.headers["ETag"]})
    assert changed.status_code == 200
    assert changed.data != first.data


def test_two_forms_of_one_url_are_not_mixed_up(gallery):
    gallery.client.push(nupkg("Contoso.Json", "1.0.0"))
    for _ in range(3):
        for accept, type in [
            ("application/json", "application/json;charset=utf-8"),
            ("application/json;odata=verbose", "application/json;charset=utf-8"),
            ("application/atom+xml,application/xml", "application/atom+xml;type=feed;charset=utf-8"),
            ("application/atom+xml, application/json;q=0.5", "application/atom+xml;type=feed;charset=utf-8"),
            ("text/html,*/*;q=0.1", "application/atom+xml;type=feed;charset=utf-8"),
            ("application/x-json-like", "application/atom+xml;type=feed;charset=utf-8"),
            ("", "application/atom+xml;type=feed;charset=utf-8"),
        ]:
            answer = gallery.get(BY_ID, headers={"Accept": accept})
            assert answer.content_type == type
            assert "Accept" in answer.vary


def test_a_feed_is_compressed_for_those_who_can_read_it(many):
    plain = many.get("Packages()")
    zipped = many.get("Packages()", headers={"Accept-Encoding": "gzip"})

    assert zipped.headers["Content-Encoding"] == "gzip"
    assert len(zipped.data) < len(plain.data) / 10


def test_head_tells_what_get_would(feed):
    for resource in (BY_ID, "Packages()/$count", "$metadata", ""):
        head, get = feed.client.http.head(f"/nuget/{resource}"), feed.get(resource)
        assert (head.status_code, head.data) == (200, b"")
        assert head.headers["ETag"] == get.headers["ETag"]


def test_after_a_change_the_versions_that_did_not_change_are_not_rendered_again(many):
    of_many = "FindPackagesById()?id='Contoso.Many'"
    many.get(of_many)
    many.client.push(nupkg("Contoso.Many", "0.0.1"))
    many.client.delete("Contoso.Many", "0.0.1", type="HardDelete")

    start = perf_counter()
    assert len(many.page(of_many).versions) == 100
    assert perf_counter() - start < 0.5
