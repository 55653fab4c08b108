"""One SQLite file as the database: how it is opened, who may write, what its errors mean.

The file is in WAL mode with ``synchronous=NORMAL``: readers never wait for a writer, and what was committed
survives a crash of the server. After a loss of power the last commits may be missing, never parts of one: what
they said of packages is on the share, which is synced first, and the next scan finds it there. What only the database
tells is committed with ``synchronous=FULL``.

After the file was made, it is opened only if it is there: one that somebody takes away from under the server
is missed, and no empty one takes its place unseen.
"""

from __future__ import annotations

import os
import sqlite3
import time
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext, suppress
from pathlib import Path
from threading import Lock
from typing import Any
from urllib.parse import quote

from sqlalchemy import Connection, create_engine
from sqlalchemy.exc import DBAPIError
from sqlalchemy.pool import NullPool

from nugetlite.bell import Bell
from nugetlite.errors import (
    ConfigError,
    DatabaseBusy,
    DatabaseUnavailable,
    FeedError,
    ShareFull,
    TooMuchAsked,
)
from nugetlite.gate import BUSY_AFTER

TRUST = 1.0  #: seconds for which the bell alone is believed
TURN = 0.0005  #: seconds between two looks whether the other writer is done: about half of what a push takes there
CACHE = 16 * 1024  #: KiB that each connection may keep in memory
SYNCHRONOUS = "PRAGMA synchronous=NORMAL"
LOG_LIMIT = 64 * 1024 * 1024  #: bytes to which the write-ahead log is cut back after a long write
CHECKED_WHOLE_BELOW = 32 * 1024 * 1024  #: bytes; of a larger file only the start is looked at
LOG_PAGES = (
    4000  #: in the write-ahead log, until they are copied into the file, each once however often it changed
)
TEXT_LIMIT = 16 * 1024 * 1024  #: bytes of a text that somebody's question makes
STEPS_BETWEEN = 50_000  #: of SQLite's, between two looks at the clock: some milliseconds
CONNECTIONS = 8  #: kept open; more are opened while more threads want one
NETWORK = frozenset(
    [
        *("nfs", "nfs4", "cifs", "smb2", "smb3", "smbfs", "ncpfs", "afs", "9p", "virtiofs"),
        *("ceph", "glusterfs", "lustre", "gpfs", "beegfs", "ocfs2", "gfs2", "orangefs", "fuse"),
    ]
)
MOUNTS = Path("/proc/self/mountinfo")
_MAGIC = b"SQLite format 3\0"


class SqliteFile:
    """The connections of this process to one SQLite file; after a fork, the child opens its own."""

    def __init__(self, path: Path) -> None:
        self.name = str(path)
        self._path = path
        _check_place(path)
        self._file = _made_or_found(path)
        self._engine = create_engine(
            "sqlite://", creator=self._connect, poolclass=NullPool, isolation_level="AUTOCOMMIT"
        )
        self._idle: deque[Connection] = deque(maxlen=CONNECTIONS)
        self._watching = Lock()
        self._watch: sqlite3.Connection | None = None
        self._watches = 0
        self._version = (0, 0), 0.0  # as SQLite told it, and until when to believe that
        self._bell: Bell | None = None  # until the file is known to be ours

    def settle(self) -> None:
        """Turn the file, once it is known to be ours, to the mode in which readers and a writer can go on together."""
        self._close_idle()  # what was opened before is in the other mode
        self._bell = Bell(self._path.with_name(f"{self._path.name}-bell"))
        connection = self._connect()
        try:
            mode = connection.execute("PRAGMA journal_mode=WAL").fetchone()[0]
        finally:
            connection.close()
        if mode != "wal":
            raise ConfigError(
                f"The database {self.name} cannot be used by several processes at once where it lies; "
                "set `database` to a place on a local disk"
            )

    @contextmanager
    def glance(self) -> Iterator[Connection]:
        """A connection on which each statement stands by itself."""
        try:
            connection = self._idle.pop()  # the one that was used last: what it read is still in its memory
        except IndexError:
            connection = self._engine.connect()
        try:
            yield connection
        except (sqlite3.Error, DBAPIError):
            connection.close()  # who knows what state it is in
            raise
        except Exception:
            self._take_back(connection)
            raise
        except BaseException:  # the program is to end, and SQLAlchemy may have closed it already
            connection.close()
            raise
        else:
            self._take_back(connection)

    @contextmanager
    def transaction(self, *, writing: bool, durable: bool = False) -> Iterator[Connection]:
        """A connection on which all statements see one state; ``writing`` has the database to itself.

        What is ``durable`` is synced with all that was committed before it.
        """
        with self.glance() as connection:
            driver: Any = connection.connection.dbapi_connection
            with _synced(driver) if durable else nullcontext():
                if writing:
                    _have_it_alone(driver)
                else:
                    driver.execute("BEGIN")
                try:
                    yield connection
                except BaseException:
                    with suppress(sqlite3.ProgrammingError):  # closed: then nothing was done
                        driver.rollback()
                    raise
                driver.commit()

    def _take_back(self, connection: Connection) -> None:
        if len(self._idle) < CONNECTIONS:
            self._idle.append(connection)
        else:
            connection.close()

    def changed(self) -> None:
        """Tell every process that something was committed."""
        if self._bell:
            self._bell.ring()

    def change(self) -> object:
        """Another value after a commit: at once after one of ours, within a second after a stranger's.

        A process that died between its commit and its ring counts as a stranger: it has answered nobody yet.
        """
        note, now = self._bell.note() if self._bell else b"", time.monotonic()
        version, until = self._version
        if now >= until:
            version = self._data_version()
            self._version = version, now + TRUST
        return note, version

    def _data_version(self) -> tuple[int, int]:
        """What SQLite itself tells of changes, without reading a table."""
        with self._watching:
            if self._watch is None:
                self._watch = self._connect()
                self._watches += 1  # a new connection counts from the beginning
            version: int = self._watch.execute("PRAGMA data_version").fetchone()[0]
            return self._watches, version

    def check(self) -> None:
        """See that the file is still the one that was opened: what goes into another one is lost."""
        if _which(self._path) != self._file:
            raise DatabaseUnavailable(
                "The database was taken away while the server was running; restart the server to build a new one"
            )

    def meaning(self, error: BaseException) -> FeedError | None:
        """What an error of the driver comes to for a client; ``None`` if it is our own mistake."""
        match getattr(error, "sqlite_errorcode", 0) & 0xFF:
            case sqlite3.SQLITE_BUSY | sqlite3.SQLITE_LOCKED:
                return DatabaseBusy("The database is busy; try again in a moment")
            case sqlite3.SQLITE_INTERRUPT | sqlite3.SQLITE_TOOBIG:
                return TooMuchAsked()
            case sqlite3.SQLITE_FULL:
                return ShareFull("There is no room left where the database lies")
            case sqlite3.SQLITE_ERROR | sqlite3.SQLITE_CONSTRAINT | sqlite3.SQLITE_MISUSE | 0:
                return None
        return DatabaseUnavailable(
            "The database cannot be read or written just now; the server's log says why"
        )

    @contextmanager
    def hurrying(self, connection: Connection, seconds: float) -> Iterator[None]:
        """Have what a connection is asked meanwhile given up after some seconds, or when a text grows too long."""
        driver: Any = connection.connection.dbapi_connection
        end = time.monotonic() + seconds
        longest = driver.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, TEXT_LIMIT)
        driver.set_progress_handler(lambda: time.monotonic() > end, STEPS_BETWEEN)
        try:
            yield
        finally:
            driver.set_progress_handler(None, 0)
            driver.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, longest)

    def close(self) -> None:
        """Close what is open and idle. It is opened again when it is wanted."""
        self._close_idle()
        with self._watching:
            if self._watch is not None:
                self._watch.close()
                self._watch = None

    def before_fork(self) -> None:
        """Close what is idle, and open nothing until the fork is done: SQLite cannot be taken along (its FAQ)."""
        self.close()
        self._watching.acquire()

    def after_fork(self, *, in_child: bool) -> None:
        """Go on. A child leaves the parent's connections alone: to close one would undo the parent's locks."""
        if in_child:
            self._watching = Lock()
        else:
            self._watching.release()

    def _close_idle(self) -> None:
        while self._idle:
            self._idle.pop().close()

    def _connect(self) -> sqlite3.Connection:
        connection = sqlite3.connect(
            f"file:{quote(self.name)}?mode=rw",
            uri=True,
            timeout=BUSY_AFTER,
            isolation_level=None,  # transactions begin where we say so
            check_same_thread=False,
        )
        connection.executescript(
            f"{SYNCHRONOUS}; PRAGMA cache_size=-{CACHE};"
            f"PRAGMA wal_autocheckpoint={LOG_PAGES}; PRAGMA journal_size_limit={LOG_LIMIT};"
            "PRAGMA temp_store=MEMORY"
        )
        return connection


def put_aside(path: Path) -> None:
    """Rename a file that cannot be read, if there is one, with what belongs to it."""
    if path.exists() and _what_is_broken(path):
        ending = f".broken-{int(time.time())}"
        for part in (path, path.with_name(f"{path.name}-wal"), path.with_name(f"{path.name}-shm")):
            if part.exists():
                part.rename(f"{part}{ending}")


def on_network_file_system(path: Path, mounts: Path = MOUNTS) -> bool:
    """Whether a path lies where SQLite's locks, and memory shared between processes, cannot be trusted.

    ``mounts`` is the kernel's list of what is mounted where (proc(5)); where there is none, nothing is known.
    """
    try:
        lines = mounts.read_text(errors="surrogateescape").splitlines()
    except OSError:
        return False
    place, kind = Path(os.path.realpath(path)), ""
    longest = -1
    for line in lines:
        where, _, what = line.partition(" - ")
        mounted = Path(_unescaped(where.split(" ")[4]))
        if place.is_relative_to(mounted) and len(mounted.parts) >= longest:  # the later one lies on top
            longest, kind = len(mounted.parts), what.split(" ")[0]
    return kind in NETWORK or kind.startswith("fuse.")


def _unescaped(text: str) -> str:
    for code, character in ((r"\040", " "), (r"\011", "\t"), (r"\012", "\n"), (r"\134", "\\")):
        text = text.replace(code, character)
    return text


@contextmanager
def _synced(driver: sqlite3.Connection) -> Iterator[None]:
    """Have what is committed meanwhile synced; SQLite takes such a wish only between transactions."""
    driver.execute("PRAGMA synchronous=FULL")
    try:
        yield
    finally:
        with suppress(sqlite3.ProgrammingError):  # closed
            driver.execute(SYNCHRONOUS)


def _have_it_alone(driver: sqlite3.Connection) -> None:
    """Begin to write, as soon as nobody else does.

    SQLite's own way to wait is to sleep longer and longer, so that two processes that push would mostly sleep.
    """
    end = time.monotonic() + BUSY_AFTER
    driver.execute("PRAGMA busy_timeout=0")
    try:
        while True:
            try:
                driver.execute("BEGIN IMMEDIATE")
            except sqlite3.OperationalError as error:
                if error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY or time.monotonic() > end:
                    raise
                time.sleep(TURN)
            else:
                return
    finally:
        driver.execute(f"PRAGMA busy_timeout={BUSY_AFTER * 1000:.0f}")


def _check_place(path: Path) -> None:
    if not path.parent.is_dir():
        raise ConfigError(f"There is no folder {path.parent} for the database; make it, or set `database`")
    if on_network_file_system(path.parent):
        raise ConfigError(
            f"The database {path} would lie on a network file system, where it can be damaged; "
            "set `database` to a place on a local disk"
        )


def _made_or_found(path: Path) -> tuple[int, int]:
    """Make sure that there is a file that can be read and written, and answer which one it is."""
    try:
        path.open("ab").close()
    except OSError as error:
        raise ConfigError(f"The database {path} cannot be written: {error.strerror}") from error
    if broken := _what_is_broken(path):
        raise ConfigError(
            f"The database {path} cannot be read ({broken}); "
            "`nugetlite reindex` puts it aside and builds a new one from the share"
        )
    found = _which(path)
    assert found, "it was just opened"  # noqa: S101
    return found


def _what_is_broken(path: Path) -> str:
    """Why a file cannot be read as a database, or ""."""
    with path.open("rb") as file:
        if (start := file.read(len(_MAGIC))) and start != _MAGIC:
            return "it is no SQLite file"  # SQLite takes a very short one for an empty one
    connection = sqlite3.connect(f"file:{quote(str(path))}?mode=rw", uri=True, timeout=BUSY_AFTER)
    try:
        connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
        if path.stat().st_size < CHECKED_WHOLE_BELOW:
            verdict: str = connection.execute("PRAGMA quick_check(1)").fetchone()[0]
            return "" if verdict == "ok" else " ".join(verdict.split())
    except sqlite3.DatabaseError as error:
        if error.sqlite_errorcode & 0xFF in (sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_CORRUPT):
            return str(error)
        raise ConfigError(f"The database {path} cannot be opened: {error}") from error
    finally:
        connection.close()
    return ""


def _which(path: Path) -> tuple[int, int] | None:
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_dev, found.st_ino
