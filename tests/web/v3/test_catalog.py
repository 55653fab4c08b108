"""The catalog: a follower that remembers how far it was hears everything, once and in order."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest

from nugetlite.database import open_database
from nugetlite.history import Event, History, Kind
from nugetlite.package.identity import Identity
from nugetlite.testing import nupkg

INDEX = "/v3/catalog/index.json"


class Follower:
    """Reads the catalog as mirrors do: by the times of commits, and nothing else."""

    def __init__(self, client):
        self.client = client
        self.cursor = datetime(1, 1, 1, tzinfo=UTC)

    def news(self):
        """What happened since it last looked: the items, each with its leaf."""
        found = [
            item
            for page in self._newer(self.client.get(INDEX).json["items"])
            for item in self._newer(self.client.get(page["@id"]).json["items"])
        ]
        found.sort(key=time_of)
        self.cursor = max([self.cursor, *map(time_of, found)])
        return [(item, self.client.get(item["@id"]).json) for item in found]

    def _newer(self, items):
        return [item for item in items if time_of(item) > self.cursor]


def time_of(item):
    return datetime.fromisoformat(item["commitTimeStamp"])


def told(news):
    """Type, name and listing of each event."""
    return [
        (
            item["@type"].removeprefix("nuget:"),
            f"{item['nuget:id']} {item['nuget:version']}",
            leaf.get("listed"),
        )
        for item, leaf in news
    ]


def test_a_follower_hears_every_push_unlist_relist_and_delete_once(client):
    follower = Follower(client)
    assert follower.news() == []

    client.push(nupkg("Contoso.Json", "1.0"))
    client.push(nupkg("Contoso.Text", "2.0.0+build"))
    assert told(follower.news()) == [
        ("PackageDetails", "Contoso.Json 1.0.0", True),
        ("PackageDetails", "Contoso.Text 2.0.0+build", True),
    ]

    client.delete("contoso.json", "1.0.0")
    assert told(follower.news()) == [("PackageDetails", "Contoso.Json 1.0.0", False)]

    client.relist("Contoso.Json", "1.0.0")
    client.delete("Contoso.Json", "1.0.0", type="SoftDelete")
    client.relist("Contoso.Json", "1.0.0")
    client.delete("Contoso.Text", "2.0.0", type="HardDelete")
    assert told(follower.news()) == [
        ("PackageDetails", "Contoso.Json 1.0.0", True),
        ("PackageDelete", "Contoso.Json 1.0.0", None),
        ("PackageDetails", "Contoso.Json 1.0.0", True),
        ("PackageDelete", "Contoso.Text 2.0.0+build", None),
    ]
    assert follower.news() == []
    assert len(Follower(client).news()) == 7


@pytest.mark.parametrize("status", ["refused", "failed"])
def test_what_did_not_happen_is_not_told(client, status):
    client.push(nupkg("Contoso.Json", "1.0.0"))
    follower = Follower(client)
    follower.news()

    if status == "refused":
        assert client.push(nupkg("Contoso.Json", "1.0.0")).status_code == 409
        assert client.delete("Contoso.Json", "1.0.0", key="wrong").status_code == 403
    else:
        assert client.push(b"no package").status_code == 400
        assert client.delete("Contoso.Nothing", "1.0.0").status_code == 404

    assert follower.news() == []


def test_a_leaf_tells_everything_of_a_package_that_is_here(client):
    content = nupkg(
        "Contoso.Json",
        "1.0-Beta+build",
        title="JSON",
        tags="a b",
        package_types=["DotnetTool"],
        dependencies={"net8.0": {"Contoso.Base": "1.0"}},
        license=("expression", "MIT"),
    )
    client.push(content)

    [(item, leaf)] = Follower(client).news()

    download = client.download("Contoso.Json", "1.0.0-beta")
    assert leaf["@id"] == item["@id"]
    assert "PackageDetails" in leaf["@type"]
    assert leaf["catalog:commitId"] == item["commitId"]
    assert leaf["catalog:commitTimeStamp"] == item["commitTimeStamp"]
    assert (leaf["id"], leaf["version"]) == ("Contoso.Json", "1.0.0-Beta+build")
    assert leaf["verbatimVersion"] == "1.0-Beta+build"
    assert leaf["isPrerelease"] is True
    assert leaf["listed"] is True
    assert leaf["created"] == leaf["published"]
    assert leaf["packageHashAlgorithm"] == "SHA512"
    assert leaf["packageHash"].rstrip("=").translate(str.maketrans("+/", "-_")) == download.get_etag()[0]
    assert leaf["packageSize"] == len(content)
    assert leaf["packageTypes"] == [{"name": "DotnetTool"}]
    assert leaf["dependencyGroups"][0]["dependencies"][0]["range"] == "[1.0.0, )"
    assert (leaf["title"], leaf["tags"], leaf["licenseExpression"]) == ("JSON", ["a", "b"], "MIT")


def test_a_leaf_of_a_deletion_says_only_who_went_and_when(client):
    client.push(nupkg())
    client.delete("Contoso.Json", "1.0.0", type="HardDelete")

    (_, pushed), (_, deleted) = Follower(client).news()

    assert set(deleted) == {
        "@id",
        "@type",
        "catalog:commitId",
        "catalog:commitTimeStamp",
        "id",
        "version",
        "published",
        "nugetlite:actor",
    }
    assert "PackageDelete" in deleted["@type"]
    assert datetime.fromisoformat(deleted["published"]) > datetime.fromisoformat(pushed["published"])
    assert "PackageDetails" in pushed["@type"]  # it happened; what it was is still known by its hash
    assert pushed["packageHash"]
    assert "description" not in pushed


def test_an_unlisted_leaf_bears_the_date_by_which_clients_know_it(client):
    client.push(nupkg())
    client.delete("Contoso.Json", "1.0.0")

    (_, pushed), (_, unlisted) = Follower(client).news()

    assert (pushed["listed"], unlisted["listed"]) == (True, False)
    assert unlisted["published"] == "1900-01-01T00:00:00+00:00"
    assert unlisted["created"] == pushed["created"] == pushed["published"]


def test_a_replaced_package_is_told_as_what_it_was_and_what_it_is(make_client):
    client = make_client(overwrite="always")
    for words in ("old", "new"):
        client.push(nupkg(description=words))

    (_, old), (_, new) = Follower(client).news()

    assert old["packageHash"] != new["packageHash"]
    assert new["description"] == "new"
    assert old.get("description") != "new"


def test_a_catalog_in_which_nothing_has_happened_is_a_catalog(client):
    index = client.get(INDEX).json

    assert (index["count"], index["items"]) == (0, [])
    assert time_of(index)
    assert client.get("/v3/catalog/page0.json").status_code == 404


@pytest.mark.parametrize(
    "path",
    [
        "page1",
        "page-1",
        "pagex",
        "page" + "9" * 30,
        "data/2",
        "data/0",
        "data/-1",
        "data/" + "9" * 30,
        "data/x",
        "x",
    ],
)
def test_what_is_not_in_it_is_told_in_json(client, path):
    client.push(nupkg())

    answer = client.get(f"/v3/catalog/{path}.json")

    assert (answer.status_code, answer.content_type) == (404, "application/json")


def event(number, at):
    return Event(Kind.PUSH, Identity.parse("Contoso.Json", f"1.{number}.0"), at, "test", "hash", 1, True, at)


def test_pages_hold_550_events_and_only_the_newest_grows(make_client, tmp_path):
    """The clock stood still, and was then set back: times grow all the same."""
    database = f"sqlite:///{tmp_path}/nugetlite.db"
    client = make_client(packages=str(tmp_path / "packages"), database=database)
    journal = open_database(database)
    history, noon = History(journal), datetime(2026, 11, 21, 12, tzinfo=UTC)
    with journal.begin() as connection:
        history.note(connection, *[event(n, noon) for n in range(600)])
        history.note(connection, *[event(n, noon - timedelta(hours=1)) for n in range(600, 1200)])
    first, second, last = (client.get(f"/v3/catalog/page{n}.json").json for n in range(3))
    index = client.get(INDEX).json

    assert [page["count"] for page in index["items"]] == [550, 550, 100]
    for page, line in zip((first, second, last), index["items"], strict=True):
        assert page["count"] == len(page["items"])
        assert {key: page[key] for key in line} == line
        assert page["parent"] == index["@id"] == f"http://localhost{INDEX}"
        assert page["commitTimeStamp"] == page["items"][-1]["commitTimeStamp"]
    assert index["commitTimeStamp"] == last["commitTimeStamp"]
    assert index["count"] == 3
    items = [item for page in (first, second, last) for item in page["items"]]
    assert [item["nuget:version"] for item in items] == [f"1.{n}.0" for n in range(1200)]
    times = [item["commitTimeStamp"] for item in items]
    assert all(earlier < later for earlier, later in pairwise(times))  # as text, too
    assert len({item["commitId"] for item in items}) == 1200

    client.push(nupkg("Contoso.Json", "2.0.0"))

    assert client.get("/v3/catalog/page0.json").json == first
    assert client.get("/v3/catalog/page1.json").json == second
    assert client.get("/v3/catalog/page2.json").json["count"] == 101
    journal.close()


def test_what_others_did_on_the_share_is_told_as_well(make_client, tmp_path):
    one = make_client(packages=str(tmp_path))
    one.push(nupkg("Contoso.Json", "1.0.0"))
    other = Follower(make_client(packages=str(tmp_path)))

    assert told(other.news()) == [("PackageDetails", "Contoso.Json 1.0.0", True)]
    one.delete("Contoso.Json", "1.0.0")
    assert told(other.news()) == [("PackageDetails", "Contoso.Json 1.0.0", False)]
