"""A feed with people, as its operator would set it up."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import pytest
from flask import Flask

from nugetlite import OPERATOR, Config
from nugetlite.app import create_app
from nugetlite.management import Management, Wanted, parse_patterns, parse_scopes
from nugetlite.people import People
from nugetlite.people.values import Kind, parse_grants
from nugetlite.testing import Client


@dataclass
class Town:
    """A feed and its people; what is done here is done by its operator."""

    app: Flask

    @property
    def management(self) -> Management:
        return self.app.extensions["nugetlite"].management

    @property
    def people(self) -> People:
        return self.app.extensions["nugetlite"].people

    def account(self, name, *grants, kind=Kind.PERSON, password=""):
        """Make an account."""
        return self.management.accounts.create(OPERATOR, name, kind, parse_grants(grants), password)

    def organization(self, name, *members, grants=()):
        """Make an organization; its members lead it."""
        group = self.account(name, *grants, kind=Kind.ORGANIZATION)
        for member in members:
            self.management.accounts.add_member(OPERATOR, name, member, leads=True)
        return group

    def key(self, account, name="ci", *patterns, scopes=(), **more):
        """Make a key and answer its text."""
        wanted = Wanted(name, parse_patterns(patterns), parse_scopes(scopes), **more)
        return self.management.keys.create(OPERATOR, account, wanted).text

    def client(self, key, **options):
        """A client that sends this key; options as ``Client``."""
        return Client(self.app, key, **options)

    def days_later(self, days):
        """Let time pass, for this feed's people."""
        now = lambda: datetime.now(UTC) + timedelta(days=days)  # noqa: E731
        self.people._now = self.management.keys._desk.now = now

    def owners(self, id):
        """The names of the owners of an id."""
        return list(self.people.owners([id.lower()])[id.lower()])


@pytest.fixture
def database_setting(of_each_kind):
    """What is known of people is in the database only, so it is tried with each kind."""
    return of_each_kind


@pytest.fixture
def make_town(make_app):
    """Make a feed without the administrator's key; keyword arguments are settings."""
    return lambda plugins=(), **settings: Town(make_app(plugins, **({"api_key": ""} | settings)))


@pytest.fixture
def town(make_town):
    """A feed with the usual settings and without anybody."""
    return make_town()


@pytest.fixture(scope="session")
def make_lasting_town():
    """Make a feed in memory that several tests share."""
    return lambda: Town(create_app(Config(packages="memory://", scan_interval=0.0)))
