"""What most tests need: a server of their own, over a folder of their own."""

import pytest

from nugetlite import Config
from nugetlite.app import create_app
from nugetlite.testing import KEY, Client


@pytest.fixture
def share(tmp_path):
    """The folder that the server of this test serves."""
    return tmp_path / "packages"


@pytest.fixture
def make_app(share):
    """Make a server over ``share``; keyword arguments are settings, ``plugins`` plugin objects."""

    def make(plugins=(), **settings):
        settings = {"packages": str(share), "api_key": KEY, "scan_interval": 0.0} | settings
        if isinstance(policy := settings.get("delete_policy"), str):
            settings["delete_policy"] = {"*": policy}
        return create_app(Config(**settings), plugins)

    return make


@pytest.fixture
def make_client(make_app):
    """Make a client of a server of its own; arguments as ``make_app``."""
    return lambda plugins=(), **settings: Client(make_app(plugins, **settings))


@pytest.fixture
def client(make_client):
    """A client of a server with the default settings and a key."""
    return make_client()
