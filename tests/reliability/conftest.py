"""What the stories about faults, crashes and races share: how all protocols see a package, a storage to disturb."""

import base64
import hashlib
import os
import re
import signal
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
import urllib3

from nugetlite import Storage, hookimpl
from nugetlite.builtin.storage_file import FileStorage
from nugetlite.testing import KEY
from nugetlite.web.current import NAME

MUTATORS = ("add", "move", "remove")


class Watched(Storage):
    """A storage that tells before and after each verb, to somebody who may raise or end the process."""

    def __init__(self, inner):
        self.inner = inner
        self.hear = lambda when, verb: None

    @hookimpl
    def nugetlite_open_storage(self, url):
        return self

    def add(self, folder, files, *, replace=False):
        return self._do("add", lambda: self.inner.add(folder, files, replace=replace))

    def open(self, path):
        return self._do("open", lambda: self.inner.open(path))

    def move(self, folder, to):
        return self._do("move", lambda: self.inner.move(folder, to))

    def remove(self, path):
        return self._do("remove", lambda: self.inner.remove(path))

    def scan(self, under=""):
        return iter(self._do("scan", lambda: list(self.inner.scan(under))))

    def stage(self):
        return self._do("stage", self.inner.stage)

    def share_id(self):
        return self._do("share_id", self.inner.share_id)

    def expect(self, share_id):
        self.inner.expect(share_id)

    def tidy(self):
        return self._do("tidy", self.inner.tidy)

    def _do(self, verb, call):
        self.hear("before", verb)
        answer = call()
        self.hear("after", verb)
        return answer


@pytest.fixture
def watched(share):
    """A folder that tells what is done to it; hand it to ``make_client`` as a plugin."""
    return Watched(FileStorage(share))


@pytest.fixture
def hasty(monkeypatch):
    """Do not wait for the disk: that is for a loss of power, and here only processes die."""
    monkeypatch.setattr(os, "fsync", lambda descriptor: None)


@pytest.fixture
def parts():
    """The parts of the server behind a client."""
    return lambda client: client.app.extensions[NAME]


@pytest.fixture
def scan(parts):
    """Look at the share of a client's server ``looks`` times, and answer the last report."""

    def scan(client, looks=1, **options):
        for _ in range(looks):
            report = parts(client).upkeep.scan(**options)
        return report

    return scan


@pytest.fixture
def at_once():
    """Do many things at the same moment, and answer what came of each."""

    def at_once(jobs):
        with ThreadPoolExecutor(len(jobs)) as pool:
            together = threading.Barrier(len(jobs))

            def run(job):
                together.wait(30)
                return job()

            return list(pool.map(run, jobs))

    return at_once


@pytest.fixture
def picture():
    """All that clients can know of a package: version -> (its bytes, whether it is listed). Every protocol agrees."""
    return _picture


@pytest.fixture
def contents():
    """What lies on a share: version folder -> the bytes of its package. Each of them is whole."""
    return _contents


def _picture(client, id):
    found = {version: client.download(id, version) for version in client.versions(id)}
    assert {answer.status_code for answer in found.values()} <= {200}
    told = {entry["version"].partition("+")[0].lower(): entry for entry in client.registered(id).values()}
    assert told.keys() == found.keys()
    listed = {version for version, entry in told.items() if entry["listed"]}
    asked = {"id": id, "prerelease": "true", "semVerLevel": "2.0.0"}
    completed = client.http.get(client.resources["SearchAutocompleteService"], query_string=asked).json[
        "data"
    ]
    assert {version.partition("+")[0].lower() for version in completed} == listed
    assert client.search(f"packageid:{id}") == ([id] if listed else [])
    for version, answer in found.items():
        newest = client.get(f"/v3/catalog/newest/{id}/{version}.json").json
        assert newest["packageSize"] == len(answer.data)
        assert newest["packageHash"] == sha512(answer.data)
        assert client.get(f"/packages/{id}/{version}").status_code == 200
    return {version: (answer.data, version in listed) for version, answer in found.items()}


def _contents(share):
    packages = {}
    for path in share.glob("[!.]*/*/*.nupkg"):
        id, version = path.parts[-3:-1]
        content = path.read_bytes()
        assert sorted(each.name for each in path.parent.iterdir()) == [
            f"{id}.{version}.nupkg",
            f"{id}.{version}.nupkg.sha512",
            f"{id}.nuspec",
        ]
        assert path.with_name(f"{path.name}.sha512").read_text() == sha512(content)
        packages[f"{id}/{version}"] = content
    folders = {"/".join(path.parts[-2:]) for path in share.glob("[!.]*/*")}
    assert folders == set(packages), "a folder without a package"
    return packages


def sha512(content):
    return base64.b64encode(hashlib.sha512(content).digest()).decode()


class Running:
    """``nugetlite serve`` as an operator starts it, in processes of its own."""

    def __init__(self, share, log, **settings):
        self.log = log
        command = [sys.executable, "-c", "from nugetlite.cli import main; main()"]
        command += ["serve", str(share), "--port", "0"]
        command += [f"--{name}={settings.pop(name)}" for name in ("workers", "threads") if name in settings]
        ours = {name: value for name, value in os.environ.items() if not name.startswith("NUGETLITE_")}
        wanted = {"api_key": KEY} | settings
        ours |= {f"NUGETLITE_{name.upper()}": str(value) for name, value in wanted.items()}
        with log.open("ab") as output:
            self.process = subprocess.Popen(
                command, cwd=log.parent, env=ours, stdout=output, stderr=output, start_new_session=True
            )
        self.url = self._wait_for_url()
        self.port = urllib3.util.parse_url(self.url).port
        self.http = urllib3.PoolManager(
            retries=False, timeout=30, headers={"X-NuGet-ApiKey": KEY}, maxsize=16
        )

    def _wait_for_url(self):
        began, start = time.monotonic(), self.log.stat().st_size if self.process.poll() else 0
        while time.monotonic() - began < 30 and self.process.poll() is None:
            if found := re.findall(r"(http://127\.0\.0\.1:\d+)/v3/index\.json", self.log.read_text()[start:]):
                return found[-1]
            time.sleep(0.02)
        raise AssertionError(self.log.read_text())

    def ask(self, method, path, **options):
        return self.http.request(method, f"{self.url}{path}", **options)

    def push(self, content):
        fields = {"package": ("package.nupkg", content, "application/octet-stream")}
        return self.ask("PUT", "/v3/package/", fields=fields)

    def kill(self):
        """As a loss of power would: the master and every worker, at the same moment, without a word."""
        os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()

    def stop(self):
        self.http.clear()  # else it waits for connections that might be used again
        self.process.terminate()
        return self.process.wait(30)


@pytest.fixture(scope="session")
def real_server():
    """For servers that more than one test uses: ``real_server(share, log, **settings)``; end it with ``kill``."""
    return Running


@pytest.fixture
def serve(tmp_path):
    """Run real servers; those that a test leaves running are killed."""
    running = []

    def serve(share, **settings):
        log = tmp_path / f"serve-{len(running)}.log"
        log.touch()
        running.append(Running(share, log, **settings))
        return running[-1]

    yield serve
    for each in running:
        if each.process.poll() is None:
            each.kill()


@pytest.fixture
def forked():
    """Do something in a child process, and answer its exit status."""

    def forked(do):
        child = os.fork()
        if not child:
            try:
                do()
            finally:
                os._exit(1)
        return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])

    return forked
