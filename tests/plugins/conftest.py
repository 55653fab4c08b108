"""The worked examples as a site has them: all in one folder, and only some of them configured."""

from pathlib import Path

import pytest

EXAMPLES = Path(__file__).parent.parent.parent / "plugins"


@pytest.fixture
def make_site(make_client):
    """Make a client of a server with all examples; ``plugin_settings`` are the tables of its ``nugetlite.toml``."""
    return lambda **settings: make_client(plugins_dir=str(EXAMPLES), **settings)
