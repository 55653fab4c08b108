"""Who looks after the share: one process of a host by itself, and the operator whenever he likes."""

import os
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
from pathlib import Path

import pytest
from click.testing import CliRunner

from nugetlite.app import build
from nugetlite.cli import main
from nugetlite.config import Config
from nugetlite.testing import nupkg
from nugetlite.upkeep import keeper

JSON = nupkg("Contoso.Json", "1.0.0")


@pytest.fixture
def nugetlite():
    """Run a command of ``nugetlite``; settings as keyword arguments."""

    def nugetlite(*arguments, **settings):
        variables = {f"NUGETLITE_{name.upper()}": str(value) for name, value in settings.items()}
        return CliRunner().invoke(main, [*map(str, arguments)], env=variables, catch_exceptions=False)

    return nugetlite


def until(true, seconds=15):
    deadline = time.monotonic() + seconds
    while not (answer := true()):
        assert time.monotonic() < deadline
        time.sleep(0.05)
    return answer


class TestTheBackgroundScan:
    @pytest.fixture
    def looks(self, share, tmp_path):
        """Two servers' upkeep of one database, as two workers have it; each writes down when it looks."""
        workers, looks = [], []
        database = f"sqlite:///{tmp_path / 'index.db'}"
        for name in ("one", "other"):
            upkeep = build(Config(packages=str(share), database=database, scan_interval=0.05)).upkeep
            upkeep.scan = lambda name=name, scan=upkeep.scan: looks.append(name) or scan()
            workers.append(upkeep)
        yield looks, workers
        for worker in workers:
            worker.stop()

    def test_is_done_by_one_of_the_workers(self, looks):
        looks, workers = looks
        for worker in workers:
            worker.start()

        until(lambda: len(looks) > 5)

        assert len(set(looks)) == 1

    def test_goes_on_when_something_fails(self, looks, share, tmp_path):
        looks, (worker, _) = looks
        worker.start()
        until(lambda: len(looks) > 1)
        share.rename(tmp_path / "away")
        until(lambda: worker.report().failed)
        (tmp_path / "away").rename(share)

        until(lambda: not worker.report().failed)

    def test_goes_on_when_the_place_of_its_locks_was_cleared(self, looks, tmp_path, monkeypatch):
        monkeypatch.setattr(keeper.tempfile, "gettempdir", lambda: str(tmp_path / "temporary"))
        (tmp_path / "temporary").mkdir()
        looks, (worker, _) = looks
        worker.start()
        until(lambda: len(looks) > 1)
        shutil.rmtree(tmp_path / "temporary")
        before = len(looks)
        time.sleep(0.2)
        (tmp_path / "temporary").mkdir()

        until(lambda: len(looks) > before + 10)

    def test_is_taken_over_when_its_process_dies(self, serve, share):
        server = serve(share, workers=2, scan_interval=0.5)

        def scanners():
            children = (
                Path(f"/proc/{server.process.pid}/task/{server.process.pid}/children").read_text().split()
            )
            return children, [pid for pid in children if is_leader(pid)]

        _, [leader] = until(lambda: (found := scanners()) and len(found[0]) == 2 and found[1] and found)
        os.kill(int(leader), signal.SIGKILL)
        (share / "dropped.nupkg").write_bytes(JSON)

        until(lambda: server.ask("GET", "/v3/content/contoso.json/index.json").status == 200)
        _, leaders = until(lambda: (found := scanners()) and len(found[0]) == 2 and found)
        assert len(leaders) == 1
        assert leaders != [leader]

    def test_finds_a_drop_within_its_interval_though_it_looks_twice(self, serve, share):
        server = serve(share, workers=2, scan_interval=1)
        dropped = time.monotonic()
        (share / "dropped.nupkg").write_bytes(JSON)

        until(lambda: server.ask("GET", "/v3/content/contoso.json/index.json").status == 200)

        assert time.monotonic() - dropped < 4


def is_leader(pid):
    """Whether a process holds more than a moment one of our locks."""
    folder = Path(keeper._lock_file("any")).parent
    try:
        return any(fd.readlink().is_relative_to(folder) for fd in Path(f"/proc/{pid}/fd").iterdir())
    except OSError:
        return False


class TestReindex:
    POLICIES = "*=unlist,Contoso.Soft=soft,Contoso.Hard=hard"

    def test_while_the_server_answers_keeps_flags_and_marks(self, serve, share):
        server = serve(share, workers=2, scan_interval=0, delete_policy=self.POLICIES)
        ids = ("Contoso.Listed", "Contoso.Unlisted", "Contoso.Soft", "Contoso.Hard")
        for id in ids:
            assert server.push(nupkg(id, "1.0.0")).status == 201
        for id in ids[1:]:
            assert server.ask("DELETE", f"/v3/package/{id}/1.0.0").status == 204

        def seen():
            urls = [f"/v3/content/{id.lower()}/1.0.0/{id.lower()}.1.0.0.nupkg" for id in ids]
            answers = [server.ask("GET", url) for url in [*urls, "/v3/search?q="]]
            return [(each.status, each.data, each.headers.get("X-NuGet-Warning")) for each in answers]

        before = seen()
        with sqlite3.connect(share / ".nugetlite" / "nugetlite.db") as database:
            database.execute("UPDATE versions SET slices = 15")  # as if the flags had been lost
            database.execute("DELETE FROM removals")
        folder = share / "contoso.news" / "1.0.0"
        folder.mkdir(parents=True)
        (folder / "contoso.news.1.0.0.nupkg").write_bytes(nupkg("Contoso.Listed", "1.0.0"))
        process = subprocess.Popen(
            [sys.executable, "-c", "from nugetlite.cli import main; main()", "reindex", share],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        statuses = set()
        while process.poll() is None:
            statuses.add(server.ask("GET", "/v3/content/contoso.listed/index.json").status)

        _, problems = process.communicate()
        assert process.returncode == 0
        assert statuses == {200}
        assert "contoso.news/1.0.0" in problems
        assert seen() == before
        assert server.ask("POST", "/v3/package/Contoso.Soft/1.0.0").status == 200

    def test_puts_a_database_that_cannot_be_read_aside_and_builds_a_new_one(
        self, make_client, share, nugetlite
    ):
        client = make_client()
        client.push(JSON)
        client.push(nupkg("Contoso.Hidden", "1.0.0"))
        client.delete("Contoso.Hidden", "1.0.0")
        for path in share.glob(".nugetlite/nugetlite.db*"):
            path.write_bytes(b"rubbish " * 500)

        refused = nugetlite("serve", share, "--port", "0")
        assert refused.exit_code == 1
        assert refused.stderr.count("\n") == 1
        assert "nugetlite reindex" in refused.stderr
        told = nugetlite("reindex", share)

        assert told.exit_code == 0, told.stderr
        assert "2 added" in told.stdout
        assert list(share.glob(".nugetlite/nugetlite.db.broken-*"))
        client = make_client()
        assert client.search("") == ["Contoso.Json"]
        assert client.can_restore("Contoso.Hidden", "1.0.0")

    def test_of_a_share_that_is_away_says_so_and_changes_nothing(
        self, make_client, share, nugetlite, tmp_path
    ):
        database = f"sqlite:///{tmp_path / 'index.db'}"
        make_client(database=database).push(JSON)
        share.rename(tmp_path / "away")

        told = nugetlite("reindex", share, database=database)

        assert told.exit_code == 1
        assert "share is away" in told.stderr
        assert not share.exists()
        (tmp_path / "away").rename(share)
        assert make_client(database=database).can_restore("Contoso.Json", "1.0.0")


class TestVerify:
    def test_is_content_with_what_is_whole(self, make_client, share, nugetlite):
        client = make_client(delete_policy={"*": "unlist", "Contoso.Soft": "soft"})
        for id in ("Contoso.Json", "Contoso.Soft"):
            client.push(nupkg(id, "1.0.0"))
            client.delete(id, "1.0.0")

        told = nugetlite("verify", share)

        assert (told.exit_code, told.stdout) == (0, "Sound: 2. Not as they should be: 0\n")

    @pytest.mark.parametrize("policy", ["unlist", "soft"])
    def test_finds_a_change_that_no_scan_could_see(self, make_client, share, nugetlite, policy, scan):
        client = make_client(delete_policy=policy)
        client.push(JSON)
        client.delete("Contoso.Json", "1.0.0")
        [path] = [path for path in share.rglob("*.nupkg") if path.is_file()]
        told = path.stat()
        path.write_bytes(JSON[:-1] + bytes([JSON[-1] ^ 1]))
        os.utime(path, ns=(told.st_atime_ns, told.st_mtime_ns))
        assert scan(client).changed == 0

        found = nugetlite("verify", share)

        assert found.exit_code == 1
        assert "contoso.json/1.0.0: " in found.stdout
        assert found.stdout.endswith("Sound: 0. Not as they should be: 1\n")

    def test_tells_of_a_package_whose_hash_is_missing(self, client, share, nugetlite):
        client.push(JSON)
        (share / "contoso.json" / "1.0.0" / "contoso.json.1.0.0.nupkg.sha512").unlink()

        assert nugetlite("verify", share).exit_code == 1
