"""The database: its connections, who may write, and whose tables are in it.

Each room that keeps something brings a ``Schema``. Derived tables are thrown away when their stamp is not ours,
and filled again from the share; lasting ones only ever gain columns. What is not ours is never touched.
"""

from __future__ import annotations

import logging
import os
import shutil
import tempfile
import weakref
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import Lock
from typing import Protocol

from sqlalchemy import (
    URL,
    BigInteger,
    Column,
    Connection,
    Dialect,
    Integer,
    MetaData,
    Table,
    Text,
    TypeDecorator,
    inspect,
    make_url,
    select,
)
from sqlalchemy.exc import ArgumentError, DBAPIError
from sqlalchemy.schema import CreateColumn

from nugetlite.errors import ConfigError, DatabaseBusy, DatabaseUnavailable, FeedError
from nugetlite.gate import BUSY_AFTER, Gate
from nugetlite.sqlite import SqliteFile, put_aside
from nugetlite.statement import upsert

_BEGINNING = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
_MICROSECONDS = 1_000_000  # in a second

log = logging.getLogger(__name__)

_own = MetaData()
_facts = Table("facts", _own, Column("name", Text, primary_key=True), Column("value", Text, nullable=False))
_MAKER = ("made by", "nugetlite")


@dataclass(frozen=True)
class Schema:
    """The tables of one room."""

    name: str
    stamp: int  #: a larger one for other tables
    tables: MetaData
    derived: bool  #: whether they can be filled again from the share
    also: tuple[str, ...] = ()  #: tables that ``tables`` makes by itself, in an ``after_create`` listener


class Backend(Protocol):
    """What a kind of database must bring; all else is the same for every kind."""

    name: str  #: for sentences; nothing secret

    def glance(self) -> AbstractContextManager[Connection]:
        """A connection on which each statement stands by itself."""

    def transaction(self, *, writing: bool, durable: bool = False) -> AbstractContextManager[Connection]:
        """A connection on which all statements see one state, to the end of the block; then what was done is true.

        ``writing`` has the database to itself, from the beginning. After an error nothing was done. What is
        ``durable`` survives a loss of power from then on.
        """

    def settle(self) -> None:
        """Prepare a database that is ours."""

    def change(self) -> object:
        """Another value after anybody's commit, cheaper than a query."""

    def changed(self) -> None:
        """Hear that this process committed something."""

    def check(self) -> None:
        """Raise ``DatabaseUnavailable`` if what is written would be lost."""

    def meaning(self, error: BaseException) -> FeedError | None:
        """What a driver's error comes to for a client; ``None`` if it is our own mistake."""

    def hurrying(self, connection: Connection, seconds: float) -> AbstractContextManager[None]:
        """Have what a connection is asked meanwhile given up after some seconds, with ``TooMuchAsked``."""

    def close(self) -> None:
        """Close what is idle."""

    def before_fork(self) -> None:
        """Get ready for a fork; nobody is in a transaction."""

    def after_fork(self, *, in_child: bool) -> None:
        """Go on in the parent, or begin anew in the child."""


class Database:
    """One database. Used by many threads; every process of a server has connections of its own, after a fork too."""

    def __init__(self, backend: Backend) -> None:
        self._backend = backend
        self._speaking = _Speaking(backend)
        self._gate = Gate()
        self._one_writer = Lock()  # threads of one process wait here, in turn; processes in the database
        self._claim()
        with self._speaking:
            backend.settle()
        _survive_forks(self)

    @property
    def name(self) -> str:
        """Which database it is, for people; without credentials."""
        return self._backend.name

    @contextmanager
    def connect(self) -> Iterator[Connection]:
        """A connection to read with. All that is read sees one state of the database.

        Raises ``DatabaseBusy`` or ``DatabaseUnavailable``, also from within the block.
        """
        with self._gate.inside(), self._speaking, self._backend.transaction(writing=False) as connection:
            yield connection

    @contextmanager
    def hurry(self, seconds: float) -> Iterator[Connection]:
        """As ``connect``, for questions that may turn out too large; raises ``TooMuchAsked`` after some seconds."""
        with (
            self._gate.inside(),
            self._speaking,
            self._backend.transaction(writing=False) as connection,
            self._backend.hurrying(connection, seconds),
        ):
            yield connection

    @contextmanager
    def glance(self) -> Iterator[Connection]:
        """A connection to read with by one statement, which needs no transaction around it; as ``connect``."""
        with self._gate.inside(), self._speaking, self._backend.glance() as connection:
            yield connection

    @contextmanager
    def begin(self, *, durable: bool = False) -> Iterator[Connection]:
        """A connection to write with: all that is written becomes true together at the end, or not at all.

        There is one writer at a time. Of what the share tells as well, the last moments may be lost with the power;
        what only the database tells is written ``durable``, and waits for the disk. Raises ``DatabaseBusy`` when no
        turn came within ten seconds, ``DatabaseUnavailable`` or ``ShareFull``.
        """
        with self._gate.inside(), self._turn():
            self._backend.check()
            with self._speaking, self._backend.transaction(writing=True, durable=durable) as connection:
                yield connection
            self._backend.changed()

    def change(self) -> object:
        """Another value after any process committed anything; so cheap that it can be asked for each request."""
        with self._speaking:
            return self._backend.change()

    def check(self) -> None:
        """Raise ``DatabaseUnavailable``, or ``DatabaseBusy``, unless it can be read and written."""
        self._backend.check()
        self.fact("")

    def fact(self, name: str) -> str:
        """Something that the database is to remember beside its tables, ``""`` if it was never told."""
        with self.connect() as connection:
            return _fact(connection, name)

    def remember(self, connection: Connection, name: str, value: str) -> None:
        """Set a fact, in a transaction of ``begin``."""
        upsert(connection, _facts, [{"name": name, "value": value}])

    def install(self, schema: Schema) -> None:
        """See that the tables of ``schema`` are there and as we know them.

        Raises ``ConfigError`` if a newer nugetlite made them.
        """
        if self.fact(_stamp(schema)) == str(schema.stamp):
            return
        with self.begin() as connection:
            stamp = int(
                _fact(connection, _stamp(schema)) or 0
            )  # another process may have been here meanwhile
            if stamp > schema.stamp:
                raise ConfigError(
                    f"The database {self.name} was made by a newer nugetlite; use that one, or set `database` "
                    "to a new place and run `nugetlite reindex`"
                )
            if stamp < schema.stamp:
                self._renew(connection, schema, stamp)

    def close(self) -> None:
        """Close what is open and idle. It is opened again when it is wanted."""
        self._backend.close()

    def before_fork(self) -> None:
        """Wait until no thread is at the database, and let none come; a server forks its workers at any time."""
        self._gate.close(BUSY_AFTER)
        self._backend.before_fork()

    def after_fork(self, *, in_child: bool) -> None:
        """Go on in the parent; in the child, take nothing over."""
        self._backend.after_fork(in_child=in_child)
        if in_child:
            self._gate = Gate()
            self._one_writer = Lock()
        else:
            self._gate.open()

    @contextmanager
    def _turn(self) -> Iterator[None]:
        """Be the one thread that writes."""
        if not self._one_writer.acquire(timeout=BUSY_AFTER):
            raise DatabaseBusy("The database is busy; try again in a moment")
        try:
            yield
        finally:
            self._one_writer.release()

    def _renew(self, connection: Connection, schema: Schema, stamp: int) -> None:
        lasts = stamp > 0 and not schema.derived  # else none of its tables is there
        if schema.derived:
            for table in _fact(connection, _tables(schema)).split():
                connection.exec_driver_sql(f"DROP TABLE IF EXISTS {table}")
        schema.tables.create_all(connection, checkfirst=lasts)
        if lasts:
            _add_columns(connection, schema.tables)
        self.remember(connection, _tables(schema), " ".join([*schema.also, *schema.tables.tables]))
        self.remember(connection, _stamp(schema), str(schema.stamp))

    def _claim(self) -> None:
        with self.connect() as connection:
            if self._is_ours(connection):
                return
        with self.begin() as connection:
            if not self._is_ours(connection):
                _own.create_all(connection)
                self.remember(connection, *_MAKER)

    def _is_ours(self, connection: Connection) -> bool:
        """Whether we made it; ``False`` for an empty one. Raises ``ConfigError`` if somebody else did."""
        tables = inspect(connection).get_table_names()
        if not tables:
            return False
        name, value = _MAKER
        if _facts.name not in tables or _fact(connection, name) != value:
            raise ConfigError(
                f"The database {self.name} belongs to another program; set `database` to a place of its own, "
                "where `nugetlite reindex` builds one from the share"
            )
        return True


class _Speaking:
    """Turns what a driver raises into what it means for a client. Every look at the bell goes through here."""

    def __init__(self, backend: Backend) -> None:
        self._backend = backend

    def __enter__(self) -> None:
        pass

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        if not isinstance(error, Exception) or isinstance(error, (FeedError, ConfigError)):
            return
        cause = error.orig if isinstance(error, DBAPIError) else error
        meaning = self._backend.meaning(cause) if cause else None
        if isinstance(meaning, DatabaseUnavailable):
            log.error("the database %s: %s", self._backend.name, cause)
        if meaning is not None:
            raise meaning from error


def open_database(url: str, *, mend: bool = False) -> Database:
    """Open the database at an SQLAlchemy URL, and make it if it is not there; ``sqlite://`` is a passing one.

    ``mend`` puts a SQLite file that cannot be read aside and makes a new one. Raises ``ConfigError`` if it
    cannot be opened or read, belongs to another program, lies on a network file system, or is of an unknown kind.
    """
    try:
        place = make_url(url)
    except (ArgumentError, ValueError) as error:
        raise ConfigError(
            "`database` is not an SQLAlchemy URL such as sqlite:////srv/nugetlite.db"
        ) from error
    if place.drivername in ("postgresql", "postgresql+psycopg"):
        return Database(_postgres(place.set(drivername="postgresql+psycopg")))
    if place.get_backend_name() != "sqlite":
        raise ConfigError(
            f"`database` is of a kind that nugetlite does not know, {place.drivername}; give a SQLite file, "
            "sqlite:////srv/nugetlite.db, or PostgreSQL, postgresql+psycopg://nugetlite@host/nugetlite"
        )
    if place.database in (None, "", ":memory:"):
        return _passing()
    return Database(_sqlite_file(place, mend))


Name = Text().with_variant(Text(collation="C"), "postgresql")  #: compared byte by byte, as SQLite does
Number = BigInteger().with_variant(Integer, "sqlite")  #: of rows


class Moment(TypeDecorator[datetime]):
    """A point in time, kept as microseconds since 1970, UTC: exact, and in order, in every database."""

    impl = BigInteger
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> int | None:
        """What is kept."""
        return None if value is None else kept(value)

    def process_result_value(self, value: int | None, dialect: Dialect) -> datetime | None:
        """What was meant."""
        return None if value is None else moment(value)


def kept(moment: datetime) -> int:
    """The number as which a ``Moment`` keeps a point in time."""
    return (moment - _BEGINNING) // _MICROSECOND


def moment(kept: int) -> datetime:
    """The point in time that a ``Moment`` keeps as this number."""
    seconds, microseconds = divmod(kept, _MICROSECONDS)  # a sum with a timedelta takes thrice as long
    return datetime.fromtimestamp(seconds, UTC).replace(microsecond=microseconds)


def _postgres(place: URL) -> Backend:
    try:
        from nugetlite.postgres import Postgres
    except ImportError as error:
        raise ConfigError(
            "`database` is in PostgreSQL, whose driver is not installed; run `pip install 'nugetlite[postgres]'`"
        ) from error
    return Postgres(place)


def _sqlite_file(place: URL, mend: bool) -> SqliteFile:
    path = Path(place.database or "")
    if place.query or path.as_posix().startswith("file:"):
        raise ConfigError("`database` is a SQLite URL with options; give it as sqlite:////srv/nugetlite.db")
    if mend:
        put_aside(path)
    return SqliteFile(path)


def _passing() -> Database:
    """A database that ends with this object: a file all the same, so that threads and forks share it as they would."""
    folder = Path(tempfile.mkdtemp(prefix="nugetlite-"))
    database = Database(SqliteFile(folder / "index.db"))
    weakref.finalize(database, _discard, folder, os.getpid())
    return database


def _discard(folder: Path, maker: int) -> None:
    if os.getpid() == maker:  # not when a forked child ends
        shutil.rmtree(folder, ignore_errors=True)


def _survive_forks(database: Database) -> None:
    """Have it told of every fork, as long as it lives."""
    living = weakref.ref(database)

    def before() -> None:
        if there := living():
            there.before_fork()

    def after(in_child: bool) -> None:
        if there := living():
            there.after_fork(in_child=in_child)

    os.register_at_fork(
        before=before, after_in_parent=lambda: after(False), after_in_child=lambda: after(True)
    )


def _stamp(schema: Schema) -> str:
    return f"stamp of {schema.name}"


def _tables(schema: Schema) -> str:
    return f"tables of {schema.name}"


def _fact(connection: Connection, name: str) -> str:
    statement = select(_facts.c.value).where(_facts.c.name == name)
    value: str | None = connection.execute(statement).scalar()
    return value or ""


def _add_columns(connection: Connection, tables: MetaData) -> None:
    """Give older tables the columns that they lack; each has a value for the rows that are there."""
    for table in tables.sorted_tables:
        there = {column["name"] for column in inspect(connection).get_columns(table.name)}
        for column in table.columns:
            if column.name not in there:
                told = CreateColumn(column).compile(dialect=connection.dialect)
                connection.exec_driver_sql(f"ALTER TABLE {table.name} ADD COLUMN {told}")
