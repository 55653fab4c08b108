"""A real server, killed without a word while clients push, replace and delete: what it had answered is so."""

import random
import re
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from threading import Thread

import urllib3

from nugetlite.testing import nupkg

POLICIES = {"Contoso.Unlist": "unlist", "Contoso.Soft": "soft", "Contoso.Hard": "hard"}
SETTINGS = {
    "delete_policy": ",".join(f"{pattern}*={policy}" for pattern, policy in POLICIES.items()),
    "overwrite": "always",
    "scan_interval": 1,
    "workers": 2,
}
ABSENT, REMOVED = "absent", "removed"


class Clients(Thread):
    """One client after another on versions of its own; remembers how each may stand now."""

    def __init__(self, server, number):
        super().__init__()
        self.server = server
        self.random = random.Random(number)
        self.id = f"{[*POLICIES][number % 3]}{number}"
        self.may_be = {}
        self.answers = Counter()

    def run(self):
        try:
            for number in range(10_000):
                self.live(f"1.{number}.0")
        except urllib3.exceptions.HTTPError:
            pass  # the server is dead

    def live(self, version):
        """The life of a version."""
        old, new = (nupkg(self.id, version, files={"lib/a.bin": self.random.randbytes(30_000)}) for _ in "ab")
        removed = (REMOVED, b"") if not self.id.startswith("Contoso.Unlist") else ("unlisted", new)
        self.step(201, version, ("listed", old), lambda: self.server.push(old))
        self.step(201, version, ("listed", new), lambda: self.server.push(new))
        if self.random.random() < 0.7:
            self.step(204, version, removed, lambda: self.ask("DELETE", version))
            if self.random.random() < 0.5 and not self.id.startswith("Contoso.Hard"):
                self.step(200, version, ("listed", new), lambda: self.ask("POST", version))

    def step(self, wanted, version, after, act):
        before = self.may_be.get(version, {(ABSENT, b"")})
        self.may_be[version] = before | {after}
        answer = act()
        assert answer.status == wanted, answer.reason
        self.may_be[version] = {after}
        self.answers[wanted] += 1

    def ask(self, method, version):
        return self.server.ask(method, f"/v3/package/{self.id}/{version}")


def standing(server, id, version):
    """How a version stands for clients."""
    answer = server.ask("GET", f"/v3/content/{id.lower()}/{version}/{id.lower()}.{version}.nupkg")
    if answer.status == 404:
        return REMOVED if "was removed" in answer.headers.get("X-NuGet-Warning", "") else ABSENT, b""
    assert answer.status == 200, answer.reason
    listed = server.ask("GET", f"/v3/autocomplete?id={id}&semVerLevel=2.0.0").json()["data"]
    return "listed" if version in listed else "unlisted", answer.data


def wait_for_a_scan(server):
    began = time.time()
    while time.time() < began + 20:
        told = server.ask("GET", "/metrics").data.decode()
        if (
            float(re.search(r"^nugetlite_scan_finished_timestamp_seconds (\S+)", told, re.MULTILINE)[1])
            > began
        ):
            return
        time.sleep(0.05)
    raise AssertionError("nobody scans")


def wait_until_there_is_something_to_lose(clients):
    end = time.monotonic() + 30
    while min(sum(client.answers[status] for client in clients) for status in (200, 201, 204)) < 2:
        assert time.monotonic() < end
        time.sleep(0.05)


def test_what_was_answered_outlives_a_kill(serve, share, contents):
    clients = []
    for kill in range(2):
        server = serve(share, **SETTINGS)
        clients = [Clients(server, 3 * kill + number) for number in range(3)]
        for client in clients:
            client.start()
        wait_until_there_is_something_to_lose(clients)
        time.sleep(0.37 * kill)
        server.kill()
        for client in clients:
            client.join()

        server = serve(share, **SETTINGS)
        wait_for_a_scan(server)
        expected = {}
        for client in clients:
            for version, may_be in client.may_be.items():
                found = standing(server, client.id, version)
                assert found in may_be, (client.id, version, found[0], [each for each, _ in may_be])
                if found[0] in ("listed", "unlisted"):
                    expected[f"{client.id.lower()}/{version}"] = found[1]
        on_share = contents(share)
        assert {path: on_share[path] for path in expected} == expected
        ids = {client.id.lower() for client in clients}
        assert {path for path in on_share if path.split("/")[0] in ids} == set(expected)
        assert not [*share.glob(".nugetlite/incoming/*"), *share.glob(".nugetlite/trash/*/*")]
        assert server.stop() == 0


def test_two_servers_on_one_share_take_a_version_once(serve, share, tmp_path, contents):
    servers = [
        serve(share, database=f"sqlite:///{tmp_path / name}.db", workers=1) for name in ("one", "other")
    ]
    same = [nupkg("Contoso.Json", "1.0.0", description=f"number {number}") for number in range(30)]
    new = [nupkg("Contoso.New", f"1.{number}.0") for number in range(30)]
    with ThreadPoolExecutor(16) as pool:
        pushes = [pool.submit(servers[n % 2].push, content) for n, content in enumerate([*same, *new])]
        statuses = [push.result().status for push in pushes]

    assert Counter(statuses[:30]) == {201: 1, 409: 29}
    assert Counter(statuses[30:]) == {201: 30}
    lying = contents(share)
    assert len(lying) == 31
    assert lying["contoso.json/1.0.0"] == same[statuses.index(201)]
