"""What most tests need: a server of their own, over a folder of their own, and databases of both kinds."""

import gc
import os
import shutil
import subprocess
import tempfile
from contextlib import contextmanager
from itertools import count
from pathlib import Path

import pytest

from nugetlite import Config
from nugetlite.app import create_app
from nugetlite.people import secret
from nugetlite.testing import KEY, Client

gc.set_threshold(100_000, 50, 100)  # the collector would go through all that the tests keep, again and again


@pytest.fixture(autouse=True)
def quick_passwords(monkeypatch):
    """Passwords are hashed at next to no cost; what it costs in earnest, ``people/test_values.py`` knows."""
    monkeypatch.setattr(secret, "HASHED_BY", "scrypt:1024:8:1")


@pytest.fixture
def share(tmp_path):
    """The folder that the server of this test serves."""
    return tmp_path / "packages"


@pytest.fixture
def database_setting():
    """Where servers keep their database; another one where tests are to run with each kind."""
    return {}


@pytest.fixture
def make_app(share, database_setting):
    """Make a server over ``share``; keyword arguments are settings, ``plugins`` plugin objects."""

    def make(plugins=(), **settings):
        settings = (
            {"packages": str(share), "api_key": KEY, "scan_interval": 0.0} | database_setting | settings
        )
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


# Databases


@pytest.fixture(scope="session", params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def kind(request):
    """The kind of database: whatever asks for one runs with each."""
    return request.param


@pytest.fixture(scope="session")
def new_url(kind, request, tmp_path_factory):
    """Make the URL of a new database of that kind."""
    if kind == "postgresql":
        return request.getfixturevalue("postgres").new_url
    return lambda: f"sqlite:///{tmp_path_factory.mktemp('database')}/index.db"


@pytest.fixture
def of_each_kind(kind, new_url, request):
    """The setting for servers of one test, which runs with each kind of database; SQLite's is where it mostly is."""
    if kind == "sqlite":
        yield {}
    else:
        server = request.getfixturevalue("postgres")
        yield {"database": new_url()}
        server.disconnect()


@pytest.fixture
def lose_database(share, database_setting, request):
    """Lose it while no server runs."""

    def lose():
        if url := database_setting.get("database"):
            request.getfixturevalue("postgres").lose(url)
        for file in share.glob(".nugetlite/nugetlite.db*"):
            file.unlink()

    return lose


@pytest.fixture(scope="session")
def postgres():
    """A PostgreSQL server of our own."""
    with tempfile.TemporaryDirectory(prefix="nugetlite-postgres-", dir="/tmp") as folder:
        server = PostgresServer(Path(folder))
        with server.running():
            yield server


class PostgresServer:
    """Keeps nothing safe, and is quick; heard on a socket in ``folder``. A plain user's schemas are the databases."""

    HOW = (
        "fsync=off synchronous_commit=off full_page_writes=off autovacuum=off listen_addresses= "
        "shared_buffers=32MB max_connections=60 timezone=Asia/Kathmandu"
    )

    def __init__(self, folder):
        self.folder = folder
        self._numbers = count(1)
        self._programs = _programs()
        self._user = {}
        if os.geteuid() == 0:  # whom it refuses
            self._user = {"user": "nobody", "group": "nogroup", "extra_groups": []}
            shutil.chown(folder, "nobody", "nogroup")

    @contextmanager
    def running(self):
        """Make it, start it, and stop it in the end."""
        # Sorted by a language unless told otherwise: what counts on bytes must say so.
        locale = ["--locale=C.UTF-8", "--encoding=UTF8"]
        if int(self._programs.parent.name) >= 15:
            locale += ["--locale-provider=icu", "--icu-locale=en-US"]
        self._run("initdb", "--username=postgres", "--auth=trust", "--no-sync", *locale)
        rules = self.folder / "data" / "pg_hba.conf"
        rules.write_text(f"local all locked scram-sha-256\n{rules.read_text()}")
        self.start()
        try:
            self.do("CREATE ROLE nugetlite LOGIN; CREATE ROLE locked LOGIN PASSWORD 'open sesame'")
            self.do("CREATE DATABASE nugetlite")
            yield
        finally:
            self.stop()

    def start(self):
        how = " ".join(
            [f"-c {each}" for each in [*self.HOW.split(), f"unix_socket_directories={self.folder}"]]
        )
        self._run("pg_ctl", "start", "--wait", f"--options={how}", f"--log={self.folder / 'log'}")

    def stop(self, mode="immediate"):
        self._run("pg_ctl", "stop", "--wait", f"--mode={mode}")

    def new_url(self):
        """A new schema, as a URL."""
        schema = f"feed_{next(self._numbers)}"
        self.do(f"CREATE SCHEMA {schema} AUTHORIZATION nugetlite", "nugetlite")
        return f"{self.url()}&options=-csearch_path%3D{schema}"

    def lose(self, url):
        """Have that schema be empty again."""
        schema = url.rpartition("%3D")[2]
        self.disconnect()
        self.do(f"DROP SCHEMA {schema} CASCADE; CREATE SCHEMA {schema} AUTHORIZATION nugetlite", "nugetlite")

    def url(self, who="nugetlite", database="nugetlite"):
        return f"postgresql+psycopg://{who}@/{database}?host={self.folder}"

    def do(self, statement, database="postgres"):
        """Do something as the one who may do everything."""
        with self.connect(database, "postgres") as connection:
            connection.execute(statement)

    def disconnect(self):
        """End the connections of all servers, which last as long as this process."""
        self.do("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'nugetlite'")

    def connect(self, database="nugetlite", user="nugetlite"):
        """A connection beside ours."""
        from psycopg import connect

        return connect(host=str(self.folder), dbname=database, user=user, autocommit=True)

    def _run(self, program, *arguments):
        told = [self._programs / program, "--pgdata", self.folder / "data", *arguments]
        with (self.folder / "said").open("ab") as said:
            outcome = subprocess.run(told, stdout=said, stderr=said, cwd=self.folder, **self._user)
        assert outcome.returncode == 0, (self.folder / "said").read_text()


def _programs():
    """Where Debian puts the newest server."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: int(path.parts[-3]))
    if not found:
        pytest.fail("There is no PostgreSQL server here; `make postgres` installs one", pytrace=False)
    return found[-1].parent
