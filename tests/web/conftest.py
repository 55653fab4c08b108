"""These tests are about documents and HTTP, not about disks."""

import pytest

from nugetlite import Config
from nugetlite.app import create_app
from nugetlite.builtin.storage_file import FileStorage
from nugetlite.testing import KEY, Client


@pytest.fixture
def share():
    """A share in memory: each server has its own."""
    return "memory://"


@pytest.fixture(scope="session")
def make_lasting_client():
    """Make a client of a server that several tests read from."""

    def make(**settings):
        return Client(create_app(Config(packages="memory://", api_key=KEY, scan_interval=0.0, **settings)))

    return make


@pytest.fixture(scope="session")
def make_client_of_each_kind(make_lasting_client, kind, new_url):
    """The same, with each kind of database."""

    def make(**settings):
        return make_lasting_client(**({} if kind == "sqlite" else {"database": new_url()}), **settings)

    return make


@pytest.fixture
def watch_files(monkeypatch):
    """From when it is called on, every file that is opened on a share is put into the list that it answers."""

    def watch():
        opened = []
        really_open = FileStorage.open
        monkeypatch.setattr(
            FileStorage, "open", lambda *args: opened.append(really_open(*args)) or opened[-1]
        )
        return opened

    return watch
