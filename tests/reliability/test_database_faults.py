"""A database that lets nobody in: the client is told to come again, and the share is as it was before."""

import sqlite3
from contextlib import closing

import pytest

from nugetlite import database, sqlite
from nugetlite.testing import nupkg

JSON = nupkg("Contoso.Json", "1.0.0")
OTHER = nupkg("Contoso.Other", "1.0.0")


@pytest.fixture
def client(make_client, monkeypatch):
    for module in (database, sqlite):
        monkeypatch.setattr(module, "BUSY_AFTER", 0.2)
    client = make_client(delete_policy={"*": "soft", "Contoso.Hidden": "unlist"})
    for id in ("Contoso.Json", "Contoso.Hidden", "Contoso.Soft"):
        client.push(nupkg(id, "1.0.0"))
    client.delete("Contoso.Soft", "1.0.0")
    return client


@pytest.fixture
def taken(share):
    """The database while another program has it for itself."""

    class Taken:
        def __enter__(self):
            self.connection = sqlite3.connect(share / ".nugetlite" / "nugetlite.db", isolation_level=None)
            self.connection.execute("BEGIN IMMEDIATE")

        def __exit__(self, *_):
            self.connection.close()

    return Taken()


@pytest.mark.parametrize(
    ("write", "done"),
    [
        (lambda client: client.push(OTHER), 201),
        (lambda client: client.delete("Contoso.Json", "1.0.0"), 204),
        (lambda client: client.delete("Contoso.Json", "1.0.0", type="HardDelete"), 204),
        (lambda client: client.delete("Contoso.Hidden", "1.0.0"), 204),
        (lambda client: client.relist("Contoso.Soft", "1.0.0"), 200),
    ],
    ids=["push", "soft delete", "hard delete", "unlist", "relist"],
)
def test_a_write_is_refused_and_leaves_the_share_as_it_was(client, taken, share, scan, write, done):
    def lying():
        return sorted(path for path in share.rglob("*") if path.is_file() and ".db" not in path.name)

    before = lying()
    with taken:
        refused = write(client)
        assert refused.status_code == 503
        assert "busy" in refused.status
        assert refused.headers["Retry-After"]
        assert lying() == before
        assert client.download("Contoso.Json", "1.0.0").data == JSON

    assert write(client).status_code == done
    report = scan(client)
    assert (report.added, report.changed, report.removed, report.restated) == (0, 0, 0, 0)


def test_a_scan_is_put_off_and_loses_nothing(client, taken, share, scan):
    (share / "other.nupkg").write_bytes(OTHER)
    scan(client)
    with taken, pytest.raises(Exception, match="busy"):
        scan(client)

    scan(client)

    assert client.can_restore("Contoso.Other", "1.0.0")
    assert client.can_restore("Contoso.Json", "1.0.0")


def test_the_downloads_of_a_server_that_cannot_count_them_go_on(client, taken, share):
    with taken:
        for _ in range(3):
            assert client.download("Contoso.Json", "1.0.0").status_code == 200
    with closing(sqlite3.connect(share / ".nugetlite" / "nugetlite.db")) as connection:
        assert connection.execute("PRAGMA quick_check").fetchone() == ("ok",)
