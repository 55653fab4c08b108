"""Lists, downloads, deletes: packages and archives alike."""

from urllib.parse import quote

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from nugetlite.testing import nupkg

ZIP = b"PK\5\6" + bytes(18)


@pytest.fixture
def stocked(octopus):
    """Some versions of each kind, pushed in this order."""
    for name in (
        "Acme.Web.1.0.0.zip",
        "Acme.Web.1.10.0.tar.gz",
        "Acme.Web.1.9.0-beta.zip",
        "Other.App.2.0.jar",
    ):
        octopus.push(name, name.encode())
    octopus.push("x.nupkg", nupkg("Contoso.Web", "1.2.0", releaseNotes="Faster"))
    return octopus


@pytest.mark.parametrize(
    ("query", "found"),
    [
        (
            "",
            [
                "Contoso.Web.1.2.0",
                "Other.App.2.0",
                "Acme.Web.1.9.0-beta",
                "Acme.Web.1.10.0",
                "Acme.Web.1.0.0",
            ],
        ),
        ("?nuGetPackageId=acme.web", ["Acme.Web.1.10.0", "Acme.Web.1.9.0-beta", "Acme.Web.1.0.0"]),
        ("?NUGETPACKAGEID=Contoso.Web", ["Contoso.Web.1.2.0"]),
        ("?filter=WEB&latest=true", ["Contoso.Web.1.2.0", "Acme.Web.1.10.0"]),
        ("?latest=True", ["Contoso.Web.1.2.0", "Other.App.2.0", "Acme.Web.1.10.0"]),
        ("?filter=nothing", []),
        ("?filter=%25", []),
        ("?filter=_", []),
        ("?skip=1&take=2", ["Other.App.2.0", "Acme.Web.1.9.0-beta"]),
        ("?nuGetPackageId=acme.web&latest=true", ["Acme.Web.1.10.0"]),
        ("?take=2147483647&skip=4", ["Acme.Web.1.0.0"]),
    ],
)
def test_lists(stocked, query, found):
    assert stocked.ids(query) == [f"packages-{name}" for name in found]


def test_pages_lead_through_all(stocked):
    url, seen = "/api/Spaces-1/packages?take=2", []
    while url:
        page = stocked.get(url).json
        assert (page["TotalResults"], page["NumberOfPages"], page["LastPageNumber"]) == (5, 3, 2)
        seen += [item["Id"] for item in page["Items"]]
        url = page["Links"].get("Page.Next")

    assert seen == stocked.ids()


def test_release_notes_only_where_they_are_asked_for(stocked):
    of = "?nuGetPackageId=Contoso.Web"

    assert stocked.get(f"/api/packages{of}").json["Items"][0]["ReleaseNotes"] is None
    assert stocked.get(f"/api/packages{of}&includeNotes=true").json["Items"][0]["ReleaseNotes"] == "Faster"


@pytest.mark.parametrize("query", ["?nuGetPackageId=a&filter=b", "?skip=-1", "?take=x", "?take=1e3"])
def test_bad_questions(stocked, query):
    answer = stocked.get(f"/api/packages{query}")

    assert answer.status_code == 400
    assert answer.json["ErrorMessage"]


@pytest.mark.parametrize(
    "name",
    [
        "packages-Acme.Web.1.0.0",
        "Acme.Web.1.0.0",
        "PACKAGES-ACME.WEB.1.0.0",
        "acme.web.1.0",
        "Acme.Web.01.0.0.0",
    ],
)
def test_a_version_by_its_names(stocked, name):
    assert stocked.get(f"/api/packages/{name}").json["Id"] == "packages-Acme.Web.1.0.0"


@pytest.mark.parametrize(
    "name", ["Acme.Web", "Acme.Web.9", "1.0.0", "packages-", ".", "x" * 300, "a.1" * 80, "é.1.0"]
)
def test_names_of_nothing(stocked, name):
    answer = stocked.get(f"/api/packages/{quote(name)}")

    assert answer.status_code == 404
    assert answer.json["ErrorMessage"]


def test_what_is_here_decides_how_a_name_is_read(octopus):
    octopus.push("App.2.Web.1.0.0.zip", b"web")
    octopus.push("App.2.1.zip", b"app")  # App, 2.1

    assert octopus.get("/api/packages/App.2.Web.1.0.0").json["PackageId"] == "App.2.Web"
    assert octopus.get("/api/packages/App.2.1").json["Version"] == "2.1"


def test_versions_are_shown_as_they_were_written(octopus):
    octopus.push("App.01.002.3.TAR.GZ", b"x")

    told = octopus.get("/api/packages/app.1.2.3").json
    assert (told["Version"], told["FileExtension"]) == ("01.002.3", ".TAR.GZ")
    answer = octopus.download("app.1.2.3")
    assert answer.headers["Content-Disposition"] == 'attachment; filename="App.01.002.3.TAR.GZ"'


def test_downloads_have_ranges_and_etags(stocked):
    whole = stocked.download("Acme.Web.1.0.0")
    assert whole.content_type == "application/octet-stream"
    assert whole.headers["Content-Disposition"] == 'attachment; filename="Acme.Web.1.0.0.zip"'
    assert whole.get_etag()[0] == stocked.get("/api/packages/Acme.Web.1.0.0").json["Hash"]

    part = stocked.download("Acme.Web.1.0.0", Range="bytes=5-7")
    assert (part.status_code, part.data) == (206, whole.data[5:8])
    assert stocked.download("Acme.Web.1.0.0", **{"If-None-Match": whole.headers["ETag"]}).status_code == 304
    assert stocked.download("Acme.Web.1.0.0", Range="bytes=5000-").status_code == 416
    head = stocked.http.head("/api/packages/Acme.Web.1.0.0/raw", headers=stocked.headers, buffered=True)
    assert (head.content_length, head.data) == (len(whole.data), b"")


@pytest.mark.parametrize(
    ("policy", "is_downloadable", "is_free"),
    [("unlist", True, False), ("soft", False, False), ("hard", False, True)],
)
@pytest.mark.parametrize("name", ["Acme.Web.1.0.0.zip", "Acme.Web.1.0.0.nupkg"])
def test_deletes_by_policy(make_octopus, name, policy, is_downloadable, is_free):
    octopus = make_octopus(delete_policy=policy)
    content = nupkg("Acme.Web", "1.0.0")
    octopus.push(name, content)

    answer = octopus.override("DELETE", "/api/Spaces-1/packages/packages-Acme.Web.1.0.0")

    assert (answer.status_code, answer.headers["X-NuGetLite-Deletion"]) == (200, policy)
    assert octopus.ids() == []
    assert octopus.download("Acme.Web.1.0.0").status_code == (200 if is_downloadable else 404)
    assert octopus.push(name, content).status_code == (201 if is_free else 409)


@pytest.mark.parametrize("policy", ["unlist", "soft"])
def test_a_delete_can_be_undone(make_octopus, policy):
    octopus = make_octopus(delete_policy=policy)
    pushed = octopus.push("Acme.Web.1.0.0.zip", ZIP).json
    octopus.delete("/api/packages/Acme.Web.1.0.0")

    assert octopus.post("/api/packages/Acme.Web/1.0.0/relist").json == pushed
    assert octopus.ids() == ["packages-Acme.Web.1.0.0"]
    assert octopus.download("Acme.Web.1.0.0").data == ZIP


@pytest.mark.parametrize("name", ["Acme.Web.1.0.0.zip", "Acme.Web.1.0.0.nupkg"])
def test_who_misses_a_deleted_version_hears_what_became_of_it(make_octopus, name):
    octopus = make_octopus(delete_policy="hard")
    octopus.push(name, nupkg("Acme.Web", "1.0.0"))
    octopus.delete("/api/packages/Acme.Web.1.0.0")

    answer = octopus.get("/api/packages/packages-acme.web.1.0")

    assert answer.status_code == 404
    assert "was removed on" in answer.json["ErrorMessage"]


@given(
    st.lists(
        st.sampled_from(
            ["packages", "raw", "Spaces-1", "users", "%2B", "a.1.0", "..", "é", "delta", "1.0", ""]
        )
    )
)
@settings(deadline=None, max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@pytest.mark.parametrize("method", ["GET", "POST", "DELETE"])
def test_any_path_is_answered_in_json(octopus, method, path):
    answer = octopus.http.open(
        f"/api/{'/'.join(path)}", method=method, headers=octopus.headers, buffered=True
    )

    assert answer.status_code < 500
    assert answer.content_type == "application/json"


def test_what_is_pushed_again_after_a_hard_delete_is_listed(make_octopus):
    octopus = make_octopus(delete_policy={"*": "unlist", "Gone.*": "hard"})
    octopus.push("Gone.App.1.0.zip", ZIP)
    octopus.delete("/api/packages/Gone.App.1.0")
    octopus.push("Gone.App.1.0.zip", b"new")

    assert octopus.ids() == ["packages-Gone.App.1.0"]


def test_several_are_deleted_at_once(stocked):
    answer = stocked.delete(
        "/api/packages/bulk?ids=packages-Acme.Web.1.0.0,Nothing.1.0,packages-Contoso.Web.1.2.0"
    )

    assert answer.status_code == 200
    assert len(stocked.ids()) == 3
    assert stocked.override("DELETE", "/api/packages/bulk").status_code == 400


def test_to_delete_what_is_not_here(stocked):
    assert stocked.delete("/api/packages/Nothing.1.0").status_code == 404


def test_a_method_in_a_header_counts_for_post_only(stocked):
    answer = stocked.http.get(
        "/api/packages/Acme.Web.1.0.0", headers={**stocked.headers, "X-HTTP-Method-Override": "DELETE"}
    )

    assert answer.json["Id"] == "packages-Acme.Web.1.0.0"
    assert len(stocked.ids()) == 5


def test_notes(stocked):
    told = stocked.get("/api/packages/notes?packageIds=packages-Contoso.Web.1.2.0,Nothing.1.0").json[
        "Packages"
    ]

    assert told[0]["Notes"] == {
        "Notes": "Faster",
        "Succeeded": True,
        "FailureReason": None,
        "DisplayMessage": "Faster",
    }
    assert told[1]["Notes"]["Succeeded"] is False


def test_the_feed_itself(stocked):
    assert stocked.get("/api/feeds/stats").json["TotalPackages"] == 5
    assert stocked.get("/api/Spaces-1/feeds/feeds-builtin").json["FeedType"] == "BuiltIn"
    assert stocked.get("/api/feeds/feeds-other").status_code == 404


@pytest.mark.parametrize("name", ["Acme.Web.1.0.0.nupkg", "Acme.Web.1.0.0.zip"])
def test_a_soft_deleted_one_comes_back(make_octopus, name):
    octopus = make_octopus(delete_policy="soft")
    octopus.push(name, nupkg("Acme.Web", "1.0.0"))
    octopus.delete("/api/packages/Acme.Web.1.0.0")
    assert octopus.ids() == []

    assert octopus.post("/api/packages/Acme.Web/1.0.0/relist").status_code == 200

    assert octopus.ids() == ["packages-Acme.Web.1.0.0"]


def test_what_was_deleted_for_good_does_not_come_back_and_says_so(make_octopus):
    octopus = make_octopus(delete_policy="hard")
    octopus.push("Acme.Web.1.0.0.nupkg", nupkg("Acme.Web", "1.0.0"))
    octopus.delete("/api/packages/Acme.Web.1.0.0")

    refused = octopus.post("/api/packages/Acme.Web/1.0.0/relist")

    assert refused.status_code == 404
    assert "was removed" in refused.json["ErrorMessage"]


@pytest.fixture
def needed(make_octopus):
    """Make a client of a server on which Acme.App needs Acme.Web."""

    def make(**settings):
        octopus = make_octopus(delete_policy="hard", **settings)
        octopus.push("x.nupkg", nupkg("Acme.Web", "1.0.0"))
        octopus.push("x.nupkg", nupkg("Acme.App", "1.0.0", dependencies={"": {"Acme.Web": "1.0"}}))
        return octopus

    return make


def test_whoever_deletes_what_others_need_is_warned(needed):
    answer = needed().delete("/api/packages/packages-Acme.Web.1.0.0")

    assert answer.status_code == 200
    assert answer.headers["X-NuGet-Warning"].startswith(
        "Acme.App 1.0.0 needs Acme.Web 1.0.0, which is gone now"
    )


@pytest.mark.parametrize("path", ["packages-Acme.Web.1.0.0", "bulk?ids=packages-Acme.Web.1.0.0"])
def test_or_refused_where_the_guard_does_that(needed, path):
    octopus = needed(delete_guard="refuse")

    answer = octopus.delete(f"/api/packages/{path}")

    assert answer.status_code == 409
    assert answer.json["ErrorMessage"].startswith("Acme.App 1.0.0 needs Acme.Web 1.0.0")
    assert octopus.download("Acme.Web.1.0.0").status_code == 200


def test_what_is_deleted_together_may_need_each_other(needed):
    octopus = needed(delete_guard="refuse")

    answer = octopus.delete("/api/packages/bulk?ids=packages-Acme.Web.1.0.0,packages-Acme.App.1.0.0")

    assert answer.status_code == 200
    assert octopus.ids() == []
