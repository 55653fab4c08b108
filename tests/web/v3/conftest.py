"""These tests are about documents and HTTP, not about disks."""

import pytest

from nugetlite import Config
from nugetlite.app import create_app
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
