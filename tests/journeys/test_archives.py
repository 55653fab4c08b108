"""Archives of other formats on the share: found by a scan, rebuilt from nothing, never in NuGet's way."""

import shutil
from io import BytesIO

import orjson
import pytest

from nugetlite.builtin.storage_file import FileStorage
from nugetlite.share import Share
from nugetlite.testing import KEY, Client
from nugetlite.upkeep.verify import verify
from nugetlite.web.current import NAME

ZIP = b"PK\5\6" + bytes(18)
HOME = ".nugetlite/archives"


class Server:
    """A server over the share of this test, and what its clients see of archives."""

    def __init__(self, app):
        self.parts = app.extensions[NAME]
        self.http = app.test_client()

    def push(self, name, content=ZIP, query=""):
        return self.http.post(
            f"/api/packages/raw{query}",
            data={"file": (BytesIO(content), name)},
            headers={"X-Octopus-ApiKey": KEY},
        )

    def delete(self, name):
        return self.http.delete(f"/api/packages/{name}", headers={"X-Octopus-ApiKey": KEY})

    def scan(self, looks=1, **options):
        for _ in range(looks):
            report = self.parts.upkeep.scan(**options)
        return report

    def listed(self):
        return {
            item["Id"].removeprefix("packages-"): item
            for item in self.http.get("/api/packages").json["Items"]
        }

    def status(self, name):
        return self.http.get(f"/api/packages/{name}/raw", buffered=True).status_code


@pytest.fixture
def make_server(make_app):
    return lambda **settings: Server(make_app(**settings))


def test_all_is_known_again_without_the_database(make_server, lose_database):
    server = make_server(delete_policy={"*": "unlist", "Soft.*": "soft", "Hard.*": "hard"})
    for name in ("Acme.Web.01.0.tar.GZ", "Acme.Hidden.1.0.zip", "Soft.App.1.0.zip", "Hard.App.1.0.zip"):
        server.push(name)
    for name in ("Acme.Hidden.1.0", "Soft.App.1.0", "Hard.App.1.0"):
        assert server.delete(name).status_code == 200
    before = server.listed()
    lose_database()

    anew = make_server()
    anew.scan()

    assert anew.listed() == before
    assert before.keys() == {"Acme.Web.01.0"}
    assert anew.status("Acme.Hidden.1.0") == 200
    assert anew.status("Soft.App.1.0") == anew.status("Hard.App.1.0") == 404
    assert anew.push("Soft.App.1.0.zip").status_code == 409  # its name is kept
    assert anew.push("Hard.App.1.0.zip").status_code == 201


def test_a_scan_leaves_alone_what_it_knows(make_server):
    server = make_server()
    server.push("Acme.Web.1.0.zip")

    before = server.parts.feed.revision(), server.listed()
    report = server.scan(2)
    assert (server.parts.feed.revision(), server.listed()) == before
    assert not report.problems


def test_what_another_server_pushed_is_found(make_server):
    one, other = make_server(), make_server(database="sqlite://")
    one.push("Acme.Web.1.0.zip")
    other.scan()

    assert other.listed() == one.listed()


def test_what_somebody_took_away_is_let_go(make_server, share):
    server = make_server()
    server.push("Acme.Web.1.0.zip")
    server.push("Acme.Web.2.0.zip")
    shutil.rmtree(share / HOME / "acme.web/1.0.0")
    assert server.status("Acme.Web.1.0") == 404

    server.scan()

    assert server.listed().keys() == {"Acme.Web.2.0"}


def test_so_much_gone_at_once_is_believed_only_after_a_while(make_server, share):
    server = make_server()
    for number in range(12):
        server.push(f"Acme.Web.{number}.zip")
    shutil.rmtree(share / HOME)

    server.scan(2)
    assert len(server.listed()) == 12
    server.scan()
    assert server.listed() == {}


@pytest.mark.parametrize(
    "spoil",
    [
        lambda folder: (folder / "archive.json").write_text("{}"),
        lambda folder: (folder / "archive.json").write_text("[1"),
        lambda folder: (folder / "acme.web.1.0.0.zip").write_bytes(b"shorter"),
        lambda folder: (folder / "acme.web.1.0.0.zip").rename(folder / "other.zip"),
        lambda folder: (folder / "archive.json").write_bytes(
            orjson.dumps({"id": "Other", "version": "1.0", "extension": ".zip", "size": 22, "sha1": ""})
        ),
    ],
)
def test_a_folder_that_is_spoilt_is_a_problem_and_keeps_nothing_else_away(
    make_server, share, spoil, lose_database
):
    server = make_server()
    server.push("Acme.Web.1.0.zip")
    server.push("Acme.Web.2.0.zip")
    spoil(share / HOME / "acme.web/1.0.0")
    lose_database()

    anew = make_server()
    report = anew.scan()

    assert anew.listed().keys() == {"Acme.Web.2.0"}
    assert list(report.problems) == [f"{HOME}/acme.web/1.0.0"]


def test_a_file_that_was_changed_is_not_served(make_server, share):
    server = make_server()
    server.push("Acme.Web.1.0.zip")
    (share / HOME / "acme.web/1.0.0/acme.web.1.0.0.zip").write_bytes(b"other")

    assert server.status("Acme.Web.1.0") == 503


def test_verify_reads_archives_too(make_server, share):
    server = make_server(delete_policy="soft")
    for name in ("Acme.Web.1.0.zip", "Acme.Web.2.0.zip", "Acme.Web.3.0.zip"):
        server.push(name)
    server.delete("Acme.Web.3.0")
    (share / HOME / "acme.web/1.0.0/acme.web.1.0.0.zip").write_bytes(ZIP[::-1])

    told = dict(verify(Share(FileStorage(share))))

    assert told == {
        f"{HOME}/acme.web/1.0.0": "The archive is not the one whose hash stands beside it",
        f"{HOME}/acme.web/2.0.0": "",
        f"{HOME}-deleted/acme.web/3.0.0": "",
    }


def test_a_hard_delete_that_was_cut_short_is_finished(make_server, share):
    server = make_server()
    server.push("Acme.Web.1.0.zip")
    trash = share / f"{HOME}-trash/acme.web"
    trash.mkdir(parents=True)
    (share / HOME / "acme.web/1.0.0").rename(trash / "1.0.0")

    server.scan()

    assert server.listed() == {}
    assert not list(share.rglob("*.zip"))
    assert (share / f"{HOME}-gone/acme.web/1.0.0/mark.json").exists()
    assert server.push("Acme.Web.1.0.zip").status_code == 201


def test_the_signature_goes_with_its_version(make_server, share):
    server = make_server(delete_policy="hard")
    server.push("Acme.Web.1.0.zip")
    assert (
        server.http.get(
            "/api/packages/Acme.Web/2.0/delta-signature", headers={"X-Octopus-ApiKey": KEY}
        ).status_code
        == 200
    )
    assert list(share.rglob("*.octosig"))

    server.delete("Acme.Web.1.0")

    assert not list(share.rglob("*.octosig"))


def test_nuget_clients_notice_nothing(make_app, share):
    app = make_app()
    client, server = Client(app), Server(app)
    revision = server.parts.feed.revision()
    server.push("Acme.Web.1.0.zip")
    server.scan()

    assert client.search() == []
    assert client.get("/v3/catalog/index.json").json["count"] == 0
    assert server.parts.feed.revision() == revision
    assert [path.name for path in share.iterdir()] == [".nugetlite"]
