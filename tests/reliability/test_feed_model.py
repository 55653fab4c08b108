"""A feed, compared with a dictionary: whatever is done to it in whatever order, all protocols tell the same story."""

import shutil
import tempfile
from dataclasses import dataclass, replace
from io import BytesIO
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from nugetlite import Config, hookimpl
from nugetlite.app import create_app
from nugetlite.builtin.storage_file import FileStorage
from nugetlite.builtin.storage_memory import MemoryStorage
from nugetlite.testing import KEY, Client, nupkg
from nugetlite.web.current import NAME

ID = "Contoso.Json"
versions = st.sampled_from(["1.0.0", "1.1.0-beta", "2.0.0"])
words = st.sampled_from(["one", "two"])
TYPES = {"Unlist": "hidden", "SoftDelete": "soft", "HardDelete": "hard"}

pytestmark = pytest.mark.thorough


@dataclass(frozen=True)
class Version:
    """How a version should stand."""

    content: bytes = b""
    place: str = "nowhere"  #: or "here", "soft" or "hard", as it was deleted
    hidden: bool = False  #: by a mark, which outlives the version if somebody takes it away by hand


class FeedModel(RuleBasedStateMachine):
    """One package id. Drops and removals by hand are followed by a scan, as the feed cannot know of them before."""

    def make_storage(self):
        raise NotImplementedError

    @initialize()
    def start(self):
        self.folder = Path(tempfile.mkdtemp())
        self.storage = self.make_storage()
        self.model = {}
        self.drops = 0
        self.restart()

    def teardown(self):
        shutil.rmtree(self.folder, ignore_errors=True)

    @hookimpl
    def nugetlite_open_storage(self):
        return self.storage

    def standing(self, version):
        return self.model.get(version, Version())

    def scan(self, looks=1, **options):
        for _ in range(looks):
            report = self.client.app.extensions[NAME].upkeep.scan(**options)
            assert not report.problems

    @rule()
    def restart(self):
        config = Config(packages="share://", database=self.database(), api_key=KEY, scan_interval=0.0)
        self.client = Client(create_app(config, [self]))
        self.scan()

    @rule()
    def look(self):
        self.scan()

    @rule()
    def reindex(self):
        self.scan(afresh=True)

    @rule(version=versions, words=words)
    def push(self, version, words):
        content = nupkg(ID, version, description=words)
        free = self.standing(version).place in ("nowhere", "hard")
        assert self.client.push(content).status_code == (201 if free else 409)
        if free:
            self.model[version] = Version(content, "here")

    @rule(version=versions, type=st.sampled_from([*TYPES]))
    def delete(self, version, type):
        now = self.standing(version)
        possible = now.place == "here" or (now.place == "soft" and type == "HardDelete")
        answer = self.client.delete(ID, version, type=type)
        assert answer.status_code == (204 if possible else 404)
        if possible and type == "Unlist":
            self.model[version] = replace(now, hidden=True)
        elif possible:
            self.model[version] = replace(now, place=TYPES[type], hidden=now.hidden and type == "SoftDelete")

    @rule(version=versions)
    def relist(self, version):
        now = self.standing(version)
        possible = now.place in ("here", "soft")
        assert self.client.relist(ID, version).status_code == (200 if possible else 404)
        if possible:
            self.model[version] = replace(now, place="here", hidden=False)

    @rule(version=versions, words=words)
    def drop(self, version, words):
        self.drops += 1
        content = nupkg(ID, version, description=words)
        self.storage.add(f"drop/number{self.drops}", {"Dropped.nupkg": BytesIO(content)})
        self.scan(2)
        now = self.standing(version)
        if now.place in ("nowhere", "hard"):
            self.model[version] = replace(now, content=content, place="here")

    @rule(version=versions)
    def remove_by_hand(self, version):
        now = self.standing(version)
        if now.place == "here":
            self.storage.remove(f"{ID.lower()}/{version}")
            self.scan()
            self.model[version] = replace(now, place="nowhere")

    @rule(version=versions)
    def touch_by_hand(self, version):
        """As a restore from a backup does: the same bytes with another date, and nothing beside them."""
        now = self.standing(version)
        if now.place == "here":
            name = f"{ID.lower()}.{version}.nupkg"
            self.storage.add(f"{ID.lower()}/{version}", {name: BytesIO(now.content)}, replace=True)
            self.scan(2)

    @invariant()
    def all_protocols_agree(self):
        here = {version: each for version, each in self.model.items() if each.place == "here"}
        listed = {version for version, each in here.items() if not each.hidden}
        assert set(self.client.versions(ID)) == set(here)
        assert {version for version, told in self.client.registered(ID).items() if told["listed"]} == listed
        asked = {"id": ID, "prerelease": "true", "semVerLevel": "2.0.0"}
        completed = self.client.http.get(
            self.client.resources["SearchAutocompleteService"], query_string=asked
        )
        assert set(completed.json["data"]) == listed
        assert self.client.search("json") == ([ID] if listed else [])
        for version in ("1.0.0", "1.1.0-beta", "2.0.0"):
            now, answer = self.standing(version), self.client.download(ID, version)
            assert answer.status_code == (200 if now.place == "here" else 404)
            assert answer.status_code == 404 or answer.data == now.content
            assert ("was removed" in answer.headers.get("X-NuGet-Warning", "")) == (
                now.place in ("soft", "hard")
            )


class OverFiles(FeedModel):
    """Over a folder, with a database that outlives the server."""

    def make_storage(self):
        return FileStorage(self.folder / "share")

    def database(self):
        return f"sqlite:///{self.folder / 'index.db'}"


class OverMemory(FeedModel):
    """In memory; each new server begins with an empty database."""

    def make_storage(self):
        return MemoryStorage()

    def database(self):
        return "sqlite://"


SHORT = settings(
    max_examples=10,
    stateful_step_count=15,
    deadline=None,
    suppress_health_check=list(HealthCheck),
    derandomize=True,
)
TestOverFiles = OverFiles.TestCase
TestOverFiles.settings = SHORT
TestOverMemory = OverMemory.TestCase
TestOverMemory.settings = SHORT
