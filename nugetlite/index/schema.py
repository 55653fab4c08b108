"""The derived tables: all that is known of the packages on the share, laid out for reading.

    packages    one row an id                         ─┐ number
    versions    one row a version, in version order   ─┴─ package, number ─┐
    manifests   what a version says of itself                              ┴─ number
    dependencies  which packages a version depends on, one row a package and range ─ package, sort_key
    documents   what a search looks at: one row a wording of a package; see ``slices``
    words       the words of each document: full text, in the database's own way; see ``fulltext``
    removals    what became of versions that are not there any more
    symbols, pdbs
    revision    a number that grows with every change of the above

And one table that outlives them, because no share tells it: ``downloads``.
"""

from __future__ import annotations

import time
from typing import Any

from sqlalchemy import (
    BigInteger,
    Column,
    Connection,
    Index,
    LargeBinary,
    MetaData,
    SmallInteger,
    Table,
    Text,
    event,
    literal_column,
)

from nugetlite.database import Moment, Name, Number, Schema
from nugetlite.index import fulltext

tables = MetaData()

packages = Table(
    "packages",
    tables,
    Column("number", Number, primary_key=True, autoincrement=False),
    Column("key", Name, nullable=False, unique=True),
    Column("id", Text, nullable=False),  # as the newest version spells it
    Column("newest", Number, nullable=False),  # the number of that version
    Column("downloads", BigInteger, nullable=False),  # of all its versions, also of those that are gone
    Column("revision", BigInteger, nullable=False),  # that of the last change
)

versions = Table(
    "versions",
    tables,
    Column("package", Number, primary_key=True),
    Column("sort_key", Name, primary_key=True),
    Column("number", Number, nullable=False),
    Column("key", Name, nullable=False),
    Column("full", Text, nullable=False),
    Column("slices", SmallInteger, nullable=False),  # the bits of those in which search shows it; 0: unlisted
    Column("seen", SmallInteger, nullable=False),  # the bits of those in which it is when it is listed
    Column("shown", Moment, nullable=False),  # when it was published, as V2 tells it; see ``odata.entity``
    Column("wording", BigInteger, nullable=False),
    Column("types", Text, nullable=False),  # separated by blanks, "" for a mere dependency
    Column("stamp", Text, nullable=False),
    sqlite_with_rowid=False,
)
# Of what is listed, and for those alone who say so by these very words: SQLite, which has no statistics here, would
# else go through all versions in this order rather than through those of a package.
NOT_LONG_AGO = versions.c.shown > literal_column("-2208988800000000")  # 1900, in microseconds
Index("versions_by_shown", versions.c.shown, sqlite_where=NOT_LONG_AGO, postgresql_where=NOT_LONG_AGO)
Index(
    "versions_typed",
    versions.c.package,
    sqlite_where=versions.c.types != "",
    postgresql_where=versions.c.types != "",
)

manifests = Table(
    "manifests",
    tables,
    Column("number", Number, primary_key=True, autoincrement=False),
    Column("manifest", LargeBinary, nullable=False),
    Column("size", BigInteger, nullable=False),
    Column("sha512", Text, nullable=False),
    Column("published", BigInteger, nullable=False),  # a ``Moment``; told as such by ``rows`` alone
    Column("embedded", Text, nullable=False),  # separated by blanks
)

dependencies = Table(
    "dependencies",
    tables,
    Column("package", Number, primary_key=True),
    Column("sort_key", Name, primary_key=True),
    Column("key", Name, primary_key=True),  # of the package that is needed, whether it is on this feed or not
    Column("allowed", Name, primary_key=True),  # the range of its versions that will do
    sqlite_with_rowid=False,
)
Index("dependencies_by_key", dependencies.c.key, dependencies.c.allowed)

documents = Table(
    "documents",
    tables,
    Column(
        "number", Number, primary_key=True, autoincrement=False
    ),  # its lowest bits: see ``slices.Document``
    Column("package", Number, nullable=False),
    Column("key", Name, nullable=False),
    Column("downloads", BigInteger, nullable=False),
    Column("top_0", Number, nullable=False),
    Column("top_1", Number, nullable=False),
    Column("top_2", Number, nullable=False),
    Column("top_3", Number, nullable=False),
    Column("wording", BigInteger, nullable=False),
    Column("type", Text, nullable=False),
)
Index("documents_by_key", documents.c.key, documents.c.downloads)
Index("documents_by_rank", documents.c.downloads.desc(), documents.c.key)

removals = Table(
    "removals",
    tables,
    Column("key", Name, primary_key=True),
    Column("sort_key", Name, primary_key=True),
    Column("id", Text, nullable=False),
    Column("version", Text, nullable=False),
    Column("deletion", Text, nullable=False),
    Column("removed", Moment, nullable=False),
    Column("actor", Text, nullable=False),
    Column("why", Text, nullable=False),
    Column("revision", BigInteger, nullable=False),  # since when it is known here
    sqlite_with_rowid=False,
)
Index("removals_by_revision", removals.c.revision)

symbols = Table(
    "symbols",
    tables,
    Column("key", Name, primary_key=True),
    Column("sort_key", Name, primary_key=True),
    Column("id", Text, nullable=False),
    Column("version", Text, nullable=False),
    Column("stamp", Text, nullable=False),
    sqlite_with_rowid=False,
)

pdbs = Table(
    "pdbs",
    tables,
    Column("pdb", Name, primary_key=True),  # what a debugger asks for
    Column("key", Name, primary_key=True),
    Column("sort_key", Name, primary_key=True),
    Column("entry", Text, nullable=False),
    sqlite_with_rowid=False,
)
Index("pdbs_by_package", pdbs.c.key, pdbs.c.sort_key)

revision = Table("revision", tables, Column("number", BigInteger, nullable=False))

lasting_tables = MetaData()

downloads = Table(
    "downloads",
    lasting_tables,
    Column("key", Name, primary_key=True),
    Column("sort_key", Name, primary_key=True),
    Column("times", BigInteger, nullable=False),
    sqlite_with_rowid=False,
)


@event.listens_for(tables, "after_create")
def _begin(_: MetaData, connection: Connection, **more: Any) -> None:
    fulltext.create(connection)
    now = time.time_ns() // 1000  # larger than any number of earlier tables, which somebody may remember
    connection.execute(revision.insert().values(number=now))


DERIVED = Schema("index", 3, tables, derived=True, also=(fulltext.TABLE,))
LASTING = Schema("downloads", 1, lasting_tables, derived=False)
