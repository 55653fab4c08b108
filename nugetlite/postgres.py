"""A PostgreSQL database, which several hosts may share: its connections, who may write, what its errors mean.

Whoever writes holds an advisory lock of the schema to the end of the transaction, so that there is one writer at a
time, on whichever host. Whether anybody has committed something is asked of the server each time: the list of
transactions that count as done is another one after each commit, and no host has to be told.
"""

from __future__ import annotations

import select
import weakref
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any

import psycopg
from psycopg.adapt import Buffer, Loader
from psycopg.pq import TransactionStatus
from psycopg.types.string import StrDumper
from sqlalchemy import URL, Connection, create_engine
from sqlalchemy.exc import ArgumentError, DBAPIError
from sqlalchemy.pool import NullPool

from nugetlite.errors import (
    BadQuery,
    ConfigError,
    DatabaseBusy,
    DatabaseUnavailable,
    FeedError,
    ShareFull,
    TooMuchAsked,
)
from nugetlite.gate import BUSY_AFTER, Gate

CONNECTIONS = 8  #: kept open; more are opened while more threads want one
OLDEST = 13  #: version of PostgreSQL that will do
PATIENCE = {
    "connect_timeout": 10,  # seconds
    "keepalives_idle": 30,  # seconds; a host that went away without a word is missed after a minute
    "keepalives_interval": 10,
    "keepalives_count": 3,
    "tcp_user_timeout": 20_000,  # milliseconds
    "application_name": "nugetlite",
}
# Tables are looked for in one schema only, the first of the path: another may hold those of another feed. Statements
# are small, so compiling them would take longer than running them. A host that died must not keep its lock for hours.
SETTINGS = (
    "SELECT set_config('search_path', quote_ident(current_schema()), false), set_config('jit', 'off', false),"
    " set_config('tcp_keepalives_idle', '30', false), set_config('tcp_keepalives_interval', '10', false),"
    " set_config('tcp_keepalives_count', '3', false)"
)
READ = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"
WRITE = (
    "BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE; SET LOCAL lock_timeout = {milliseconds};"
    " SELECT pg_advisory_xact_lock(hashtextextended('nugetlite ' || current_schema(), 0))"
)

SYNCED = (
    "SELECT set_config('synchronous_commit', 'on', true) WHERE current_setting('synchronous_commit') = 'off'"
)


class Postgres:
    """The connections of this process to one database; after a fork, the child opens its own."""

    def __init__(self, place: URL) -> None:
        """Raises ``ConfigError`` if it cannot be opened, or is of no use."""
        self.name = place.set(query={}).render_as_string(hide_password=True)
        with self._opening(place):
            self._engine = create_engine(
                place,
                pool=NullPool(partial(_connect, place), reset_on_return=None),
                isolation_level="AUTOCOMMIT",
                use_native_hstore=False,
            )
        self._idle: deque[Connection] = deque()
        self._gate = Gate()  # for those who ask for changes; a fork waits for them
        weakref.finalize(self, _close_all, self._idle)
        self._check_place(place)

    def settle(self) -> None:
        """There is nothing to prepare."""

    @contextmanager
    def glance(self) -> Iterator[Connection]:
        """A connection on which each statement stands by itself."""
        connection = self._open()
        try:
            yield connection
        finally:
            self._take_back(connection)

    @contextmanager
    def transaction(self, *, writing: bool, durable: bool = False) -> Iterator[Connection]:
        """A connection on which all statements see one state; ``writing`` is the only one that writes.

        The server syncs what it commits, unless it was told otherwise; what is ``durable``, it syncs all the same.
        """
        with self.glance() as connection:
            driver = _driver(connection)
            try:
                driver.execute(WRITE.format(milliseconds=round(BUSY_AFTER * 1000)) if writing else READ)
                if durable:
                    driver.execute(SYNCED)
                yield connection
            except BaseException:
                if not driver.closed:
                    driver.rollback()
                raise
            if driver.info.transaction_status is TransactionStatus.INERROR:
                raise AssertionError("a statement failed, so nothing was written, and nobody was told")
            driver.commit()

    def changed(self) -> None:
        """Whoever asks the server knows."""

    def change(self) -> object:
        """Another value after any commit on this server."""
        with self._gate.inside(), self.glance() as connection:
            row = _driver(connection).execute("SELECT pg_current_snapshot()::text", prepare=True).fetchone()
            return row and row[0]

    def check(self) -> None:
        """What is written into a database that went away is not lost, but refused."""

    def meaning(self, error: BaseException) -> FeedError | None:
        """What an error of the driver comes to for a client; ``None`` if it is our own mistake."""
        if not isinstance(error, psycopg.Error):
            return None
        state = error.sqlstate or ""  # there is none if the server could not be asked
        match state:
            case "55P03" | "40001" | "40P01" | "53300":
                return DatabaseBusy("The database is busy; try again in a moment")
            case "57014" | "22011" | "54000" | "54001":
                return TooMuchAsked()
            case "22003":
                return BadQuery("A number in the $filter or $orderby grows too large")
            case "53100":
                return ShareFull("There is no room left where the database lies")
        if state == "42501" or state[:2] in ("", "08", "25", "28", "3D", "53", "57", "58", "F0", "XX"):
            return DatabaseUnavailable(
                "The database cannot be read or written just now; the server's log says why"
            )
        return None

    @contextmanager
    def hurrying(self, connection: Connection, seconds: float) -> Iterator[None]:
        """Have each statement of a transaction given up after some seconds, from now to its end."""
        _driver(connection).execute(f"SET LOCAL statement_timeout = {max(1, round(seconds * 1000))}")
        yield

    def close(self) -> None:
        """Close what is idle. It is opened again when it is wanted."""
        _close_all(self._idle)

    def before_fork(self) -> None:
        """Close what is idle, and let nobody ask for changes: a connection cannot be in two processes."""
        self._gate.close(BUSY_AFTER)
        self.close()

    def after_fork(self, *, in_child: bool) -> None:
        """Go on."""
        if in_child:
            self._gate = Gate()
        else:
            self._gate.open()

    def _open(self) -> Connection:
        """A connection that is not in use; of those that are open, one to which the server has not said farewell."""
        while self._idle:
            try:
                connection = self._idle.pop()
            except IndexError:
                break  # another thread was faster
            if _is_quiet(_driver(connection)):
                return connection
            connection.close()
        return self._engine.connect()

    def _take_back(self, connection: Connection) -> None:
        """Keep a connection if it is as good as new."""
        if (
            len(self._idle) < CONNECTIONS
            and not connection.invalidated
            and _driver(connection).info.transaction_status is TransactionStatus.IDLE
        ):
            self._idle.append(connection)
        else:
            connection.close()

    @contextmanager
    def _opening(self, place: URL) -> Iterator[None]:
        """Say in one line, without the password, why it cannot be opened."""
        try:
            yield
        except (psycopg.Error, DBAPIError, ArgumentError, TypeError, ValueError) as error:
            why = " ".join(str(error.orig if isinstance(error, DBAPIError) else error).split())
            if place.password:
                why = why.replace(str(place.password), "***")
            raise ConfigError(f"The database {self.name} cannot be opened: {why}") from error

    def _check_place(self, place: URL) -> None:
        """See that it can be opened, and can keep what we have to keep."""
        with self._opening(place), self.glance() as connection:
            driver = _driver(connection)
            version = driver.info.server_version // 10_000
            row = driver.execute(
                "SELECT current_schema(), current_setting('server_encoding'), current_user,"
                " coalesce(has_schema_privilege(current_schema(), 'CREATE'), false)"
            ).fetchone()
        schema, encoding, user, may_make_tables = row or (None, "", "", False)
        if version < OLDEST:
            raise ConfigError(
                f"The database {self.name} is PostgreSQL {version}; it takes {OLDEST} or a later one"
            )
        if encoding != "UTF8":
            raise ConfigError(
                f"The database {self.name} is kept in {encoding}, which lacks letters; make one with ENCODING 'UTF8'"
            )
        if schema is None:
            raise ConfigError(
                f"The database {self.name} has no schema for the tables; make the one that `search_path` names"
            )
        if not may_make_tables:
            raise ConfigError(
                f"The database {self.name} lets {user} make no tables; "
                f"let its owner GRANT CREATE ON SCHEMA {schema} TO {user}"
            )
        if schema != "public":
            self.name += f" (schema {schema})"


class _Text(StrDumper):
    """Texts for the server, which takes no NUL: none that is kept has one, so none that is looked for is found."""

    def dump(self, text: str) -> Any:
        """The text as bytes."""
        return super().dump(text.replace("\0", "\ufffd") if "\0" in text else text)


class _Number(Loader):
    """Sums, which the server makes exact numbers of, as the numbers that they are in Python."""

    def load(self, data: Buffer) -> int | float:
        """The number that the server wrote."""
        told = bytes(data)
        return float(told) if b"." in told or not told[-1:].isdigit() else int(told)


def _connect(place: URL) -> Any:
    _, told = place.get_dialect()().create_connect_args(place)
    how = {
        **PATIENCE,
        **told,
        "client_encoding": "utf8",
        "autocommit": True,
    }  # we say where transactions begin
    connection: psycopg.Connection = psycopg.connect(**how)
    connection.adapters.register_dumper(str, _Text)
    connection.adapters.register_loader("numeric", _Number)
    connection.execute(SETTINGS)
    return connection


def _driver(connection: Connection) -> psycopg.Connection:
    driver: Any = connection.connection.dbapi_connection
    return driver  # type: ignore[no-any-return]


def _is_quiet(driver: psycopg.Connection) -> bool:
    """Whether there is nothing to be heard on a connection that nobody uses: else it mostly is that it was closed."""
    if driver.closed:
        return False
    look = select.poll()
    look.register(driver.fileno(), select.POLLIN)
    return not look.poll(0)


def _close_all(idle: deque[Connection]) -> None:
    while idle:
        idle.pop().close()
