"""The journeys go by both kinds of databases."""

import pytest


@pytest.fixture
def database_setting(of_each_kind):
    """Of each kind."""
    return of_each_kind
