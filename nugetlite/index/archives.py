"""The derived table of archives, and the hashes that Octopus knows files by.

It has a schema of its own: what is in it concerns no NuGet client, and a change of theirs does not empty it.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from sqlalchemy import BigInteger, Boolean, Column, MetaData, Table, Text, delete, func, select, update

from nugetlite.database import Moment, Name, Schema
from nugetlite.index.rows import key_of
from nugetlite.package.filename import ArchiveIdentity, FileName
from nugetlite.package.stored import StoredArchive
from nugetlite.sighting import seen
from nugetlite.statement import upsert

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from nugetlite.database import Database
    from nugetlite.package.identity import Identity, PackageId
    from nugetlite.package.sight import Sight

tables = MetaData()

archives = Table(
    "archives",
    tables,
    Column("key", Name, primary_key=True),
    Column("sort_key", Name, primary_key=True),
    Column("id", Text, nullable=False),
    Column("version", Text, nullable=False),  # as it was written
    Column("extension", Text, nullable=False),
    Column("size", BigInteger, nullable=False),
    Column("sha1", Text, nullable=False),
    Column("published", Moment, nullable=False),
    Column("listed", Boolean, nullable=False),
    Column("stamp", Text, nullable=False),
    sqlite_with_rowid=False,
)

hashes = Table(
    "hashes",
    tables,
    Column("sha512", Text, primary_key=True),  # of a NuGet package, base64
    Column("sha1", Text, nullable=False),  # of the same, hexadecimal
    sqlite_with_rowid=False,
)

SCHEMA = Schema("archives", 1, tables, derived=True)


class ArchiveIndex:
    """What is known of archives in one database. Used by many threads and processes at once."""

    def __init__(self, database: Database) -> None:
        """Raises ``ConfigError`` if a newer nugetlite made the tables; older ones are emptied."""
        self._database = database
        database.install(SCHEMA)

    def get(self, identity: Identity) -> StoredArchive | None:
        """One version, in whatever spelling it is asked for."""
        with self._database.glance() as connection:
            row = connection.execute(select(archives).where(*_is(identity))).first()
        return archive_of(row) if row else None

    def versions(self, id: PackageId) -> tuple[StoredArchive, ...]:
        """All versions of an id, ascending; none for an unknown one."""
        of_id = select(archives).where(archives.c.key == id.key).order_by(archives.c.sort_key)
        with self._database.glance() as connection:
            return tuple(map(archive_of, connection.execute(of_id)))

    def known(self) -> dict[Identity, tuple[str, bool]]:
        """Every archive, the stamp of its folder, and whether it is listed."""
        with self._database.glance() as connection:
            rows = connection.execute(
                select(archives.c.id, archives.c.version, archives.c.stamp, archives.c.listed)
            )
            return {ArchiveIdentity.parse(row.id, row.version): (row.stamp, row.listed) for row in rows}

    def count(self, sight: Sight) -> int:
        """How many somebody sees."""
        those = select(func.count()).select_from(archives).where(*seen(sight, archives.c.key))
        with self._database.glance() as connection:
            return connection.execute(those).scalar_one()

    def add(self, connection: Connection, archive: StoredArchive, stamp: str) -> None:
        """Make one be there as told, with the stamp of its folder."""
        upsert(connection, archives, [_row(archive, stamp)])

    def restate(self, connection: Connection, identity: Identity, listed: bool) -> None:
        """Show it in lists, or hide it."""
        connection.execute(update(archives).where(*_is(identity)).values(listed=listed))

    def forget(self, connection: Connection, identities: Iterable[Identity]) -> None:
        """Take some away."""
        for identity in identities:
            connection.execute(delete(archives).where(*_is(identity)))

    def sha1s_of(self, sha512s: Iterable[str]) -> dict[str, str]:
        """The SHA-1 of each of some NuGet packages, as far as they are known."""
        wanted = select(hashes).where(hashes.c.sha512.in_(list(sha512s)))
        with self._database.glance() as connection:
            return {row.sha512: row.sha1 for row in connection.execute(wanted)}

    def remember_sha1(self, connection: Connection, sha512: str, sha1: str) -> None:
        """Know it from now on."""
        upsert(connection, hashes, [{"sha512": sha512, "sha1": sha1}])


def archive_of(row: Any) -> StoredArchive:
    """The archive in a row of ``archives``."""
    name = FileName(ArchiveIdentity.parse(row.id, row.version), row.extension)
    return StoredArchive(name, row.size, row.sha1, row.published, row.listed)


def _row(archive: StoredArchive, stamp: str) -> dict[str, object]:
    identity = archive.identity
    return {
        **key_of(identity),
        "id": identity.id.text,
        "version": identity.version.full,
        "extension": archive.name.extension,
        "size": archive.size,
        "sha1": archive.sha1,
        "published": archive.published,
        "listed": archive.listed,
        "stamp": stamp,
    }


def _is(identity: Identity) -> tuple[Any, ...]:
    return tuple(archives.c[name] == value for name, value in key_of(identity).items())
