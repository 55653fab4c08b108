"""A share that is away, or full: the server says so, makes nothing in its place, and goes on when it is back."""

import os
import re
import resource
import signal
import time
from pathlib import Path

import pytest

from nugetlite import Config
from nugetlite.app import LateStart, create_app, prepare
from nugetlite.testing import KEY, Client, nupkg

JSON = nupkg("Contoso.Json", "1.0.0")


@pytest.fixture(params=["database on the share", "database elsewhere"])
def config(request, share, tmp_path):
    database = f"sqlite:///{tmp_path / 'index.db'}" if "elsewhere" in request.param else ""
    return Config(packages=str(share), database=database, api_key=KEY, scan_interval=0.0)


@pytest.fixture(params=["its folder is gone", "its mount point is empty"])
def away(request, share, tmp_path):
    """Take the share away, and bring it back."""

    class Away:
        def go(self):
            share.rename(tmp_path / "away")
            if "empty" in request.param:
                share.mkdir()

        def come_back(self):
            if share.exists():
                assert list(share.iterdir()) == [], "nothing was made in its place"
                share.rmdir()
            (tmp_path / "away").rename(share)

    return Away()


def fill(config):
    client = Client(create_app(config))
    client.push(JSON)
    client.push(nupkg("Contoso.Hidden", "1.0.0"))
    client.delete("Contoso.Hidden", "1.0.0")


def ask(app, path, method="GET"):
    return app.test_client().open(path, method=method, headers={"X-NuGet-ApiKey": KEY})


def test_a_worker_that_starts_while_the_share_is_away_waits_for_it(config, away, monkeypatch, scan):
    monkeypatch.setattr(LateStart, "RETRY", 0.0)
    fill(config)
    expected = Config(**{**vars(config), "expected_share": prepare(config)})
    away.go()

    app = create_app(expected)

    assert ask(app, "/health/live").status_code == 200
    for path in ("/health/ready", "/v3/index.json", "/v3/content/contoso.json/index.json", "/metrics", "/"):
        answer = ask(app, path)
        assert answer.status_code == 503
        assert int(answer.headers["Retry-After"]) > 0
        assert "share" in answer.status
        assert answer.status.isascii()
    assert ask(app, "/v3/package/Contoso.Json/1.0.0", "DELETE").status_code == 503
    away.come_back()
    assert ask(app, "/health/ready").status_code == 200
    client = Client(app)
    assert client.download("Contoso.Json", "1.0.0").data == JSON
    assert client.search("") == ["Contoso.Json"]


def test_a_server_whose_share_goes_and_comes_back_forgets_nothing(config, away, scan):
    fill(config)
    client = Client(create_app(config))
    away.go()

    for refused in (
        client.push(nupkg("Contoso.New", "1.0.0")),
        client.delete("Contoso.Json", "1.0.0"),
        client.relist("Contoso.Hidden", "1.0.0"),
        client.download("Contoso.Json", "1.0.0"),
        client.get("/health/ready"),
    ):
        assert refused.status_code == 503
        assert refused.headers["Retry-After"]
    assert client.get("/health/live").status_code == 200
    with pytest.raises(Exception, match="share"):
        scan(client)

    away.come_back()
    assert client.get("/health/ready").status_code == 200
    assert scan(client).removed == 0
    assert client.search("") == ["Contoso.Json"]
    assert client.can_restore("Contoso.Hidden", "1.0.0")
    assert client.push(nupkg("Contoso.New", "1.0.0")).status_code == 201


def test_another_share_in_its_place_is_not_served(config, share, tmp_path, scan):
    fill(config)
    client = Client(create_app(config))
    share.rename(tmp_path / "away")
    Client(create_app(Config(packages=str(share), api_key=KEY, scan_interval=0.0))).push(
        nupkg("Contoso.Other")
    )

    assert client.push(nupkg("Contoso.New", "1.0.0")).status_code == 503
    assert client.download("Contoso.Json", "1.0.0").status_code == 503
    with pytest.raises(Exception, match="share"):
        scan(client)
    assert not (share / "contoso.new").exists()


class TestRealServer:
    def worker_pids(self, server):
        return [
            int(pid)
            for pid in Path(f"/proc/{server.process.pid}/task/{server.process.pid}/children")
            .read_text()
            .split()
        ]

    def until(self, true, seconds=15):
        deadline = time.monotonic() + seconds
        while not true():
            assert time.monotonic() < deadline
            time.sleep(0.05)

    def status(self, server, path):
        return server.ask("GET", path).status

    @pytest.mark.parametrize("database", ["on the share", "elsewhere"])
    def test_a_worker_that_is_replaced_while_the_share_is_away_lives_and_recovers(
        self, serve, share, tmp_path, database
    ):
        elsewhere = {} if database == "on the share" else {"database": f"sqlite:///{tmp_path / 'index.db'}"}
        server = serve(share, workers=1, scan_interval=1, **elsewhere)
        assert server.push(JSON).status == 201
        share.rename(tmp_path / "away")
        share.mkdir()
        [worker] = self.worker_pids(server)
        os.kill(worker, signal.SIGKILL)
        self.until(lambda: self.worker_pids(server) not in ([], [worker]))
        [worker] = self.worker_pids(server)

        assert self.status(server, "/health/live") == 200
        assert self.status(server, "/health/ready") == 503
        assert server.push(nupkg("Contoso.New", "1.0.0")).status == 503
        time.sleep(1.2)  # a scan would have been due
        assert list(share.iterdir()) == []
        assert self.worker_pids(server) == [worker], "no worker is replaced again and again"

        share.rmdir()
        (tmp_path / "away").rename(share)
        self.until(lambda: self.status(server, "/health/ready") == 200)
        assert server.ask("GET", "/v3/content/contoso.json/1.0.0/contoso.json.1.0.0.nupkg").data == JSON
        assert server.push(nupkg("Contoso.New", "1.0.0")).status == 201

    def test_a_package_for_which_there_is_no_room_is_refused_until_there_is(self, serve, share, tmp_path):
        server = serve(share, workers=1, scan_interval=1)
        assert server.push(JSON).status == 201
        self.until(lambda: self.worker_pids(server))  # the kernel may miss one while it lists them
        [worker] = self.worker_pids(server)
        large = nupkg("Contoso.Large", "1.0.0", files={"lib/a.bin": os.urandom(3_000_000)})
        resource.prlimit(worker, resource.RLIMIT_FSIZE, (2_000_000, resource.RLIM_INFINITY))

        refused = server.push(large)

        assert refused.status == 507
        assert int(refused.headers["Retry-After"]) > 0
        assert re.fullmatch(r"[ -~]{10,200}", refused.reason)
        assert not [*share.glob(".nugetlite/incoming/*"), *share.glob("contoso.large*")]
        assert server.ask("GET", "/v3/content/contoso.json/1.0.0/contoso.json.1.0.0.nupkg").data == JSON
        assert server.push(nupkg("Contoso.Small", "1.0.0")).status == 201
        resource.prlimit(worker, resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
        assert server.push(large).status == 201
        assert self.worker_pids(server) == [worker]
