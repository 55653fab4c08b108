"""A database that an earlier nugetlite left is taken over: what only it knew stays, the rest is made anew."""

import gzip
import sqlite3
from pathlib import Path

import pytest

from nugetlite import OPERATOR
from nugetlite.management import Wanted
from nugetlite.people.values import Kind, parse_grants
from nugetlite.testing import KEY, Client, nupkg

EARLIER = sorted(Path(__file__).parent.glob("earlier/*.db.gz"))


@pytest.fixture(params=EARLIER, ids=lambda path: path.name.removesuffix(".db.gz"))
def taken_over(request, make_app, share):
    """A server of today on a share and a database of then."""
    then = Client(make_app(database=f"sqlite:///{share}.db"))
    for version in ("1.0.0", "1.1.0", "2.0.0-rc.1"):
        then.push(nupkg("Contoso.Json", version))
    then.push(nupkg("Contoso.Log", "1.0.0"))
    then.delete("Contoso.Json", "1.0.0", type="HardDelete", reason="replaced by 1.1.0")
    then.delete("Contoso.Log", "1.0.0")
    database = share / ".nugetlite/nugetlite.db"
    database.write_bytes(gzip.decompress(request.param.read_bytes()))
    with sqlite3.connect(database) as connection:
        ((share_id,),) = connection.execute("SELECT value FROM facts WHERE name = 'share'")
    marker = share / ".nugetlite/share.id"
    marker.write_text(
        marker.read_text().replace(then.app.extensions["nugetlite"].feed._share.storage.share_id(), share_id)
    )
    app = make_app()
    app.extensions["nugetlite"].upkeep.scan()
    return Client(app)


def test_packages_and_what_became_of_them_are_found_again(taken_over):
    assert taken_over.search() == ["Contoso.Json"]
    assert taken_over.versions("Contoso.Json") == ["1.1.0", "2.0.0-rc.1"]
    assert taken_over.versions("Contoso.Log") == ["1.0.0"]
    gone = taken_over.get("/v3/content/contoso.json/1.0.0/contoso.json.1.0.0.nupkg")
    assert (gone.status_code, "replaced by 1.1.0" in gone.status) == (404, True)


def test_the_journal_goes_on_where_it_was(taken_over):
    taken_over.push(nupkg("Contoso.Json", "3.0.0"))

    (page,) = taken_over.get("/v3/catalog/index.json").json["items"]
    items = taken_over.get(page["@id"]).json["items"]
    assert [(item["nuget:id"], item["nuget:version"]) for item in items] == [
        ("Contoso.Json", "1.0.0"),
        ("Contoso.Json", "1.1.0"),
        ("Contoso.Json", "2.0.0-rc.1"),
        ("Contoso.Log", "1.0.0"),
        ("Contoso.Json", "1.0.0"),
        ("Contoso.Log", "1.0.0"),
        ("Contoso.Json", "3.0.0"),
    ]


def test_downloads_are_not_forgotten(taken_over):
    (found,) = taken_over.get("/v3/search?prerelease=true").json["data"]

    assert found["totalDownloads"] == 3


def test_there_can_be_people_from_now_on(taken_over):
    management = taken_over.app.extensions["nugetlite"].management
    management.accounts.create(OPERATOR, "alice", Kind.PERSON, parse_grants(["publisher"]))
    key = management.keys.create(OPERATOR, "alice", Wanted("ci")).text

    assert taken_over.push(nupkg("Contoso.Xml"), key=key).status_code == 201
    assert taken_over.push(nupkg("Contoso.Json", "3.0.0"), key=key).status_code == 403  # it is nobody's
    assert taken_over.push(nupkg("Contoso.Json", "3.0.0"), key=KEY).status_code == 201
