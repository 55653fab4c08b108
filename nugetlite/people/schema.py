"""The lasting tables of people: the one truth that the share does not hold. They only ever gain columns.

accounts     one row an account            members   who belongs to which organization
grants       which role for which ids      api_keys  without the keys themselves
owners       whose an id is                key_uses  when each was used last; apart, as it changes with use
prefixes     for whom ids are reserved     trusts    which build jobs are given keys
spent_tokens      identity tokens that were exchanged for a key, until they end by themselves
people_revision   a number that grows with every change of the above, but for uses
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Connection,
    Index,
    LargeBinary,
    MetaData,
    Table,
    Text,
    event,
)

from nugetlite.database import Moment, Name, Number, Schema

tables = MetaData()

accounts = Table(
    "accounts",
    tables,
    Column("key", Name, primary_key=True),  # the name in lower case
    Column("name", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("enabled", Boolean, nullable=False),
    Column("password", Text, nullable=False),
    Column("stamp", BigInteger, nullable=False),
    Column("created", Moment, nullable=False),
)

grants = Table(
    "grants",
    tables,
    Column("account", Name, primary_key=True),
    Column("pattern", Name, primary_key=True),
    Column("role", Text, nullable=False),
)

members = Table(
    "members",
    tables,
    Column("organization", Name, primary_key=True),
    Column("account", Name, primary_key=True),
    Column("leads", Boolean, nullable=False),  # may choose members, and decide for the organization
)

api_keys = Table(
    "api_keys",
    tables,
    Column("number", Number, primary_key=True, autoincrement=False),
    Column("account", Name, nullable=False),
    Column("name", Text, nullable=False),
    Column("digest", LargeBinary, nullable=False, unique=True),
    Column("behalf", Name, nullable=False),
    Column("patterns", Text, nullable=False),  # separated by blanks, as are the scopes
    Column("scopes", Text, nullable=False),
    Column("deletion", Text, nullable=False),
    Column("created", Moment, nullable=False),
    Column("expires", Moment),
    Column("revoked", Moment),
    Column("origin", Text, nullable=False),
)
Index("api_keys_of_account", api_keys.c.account, api_keys.c.name)

key_uses = Table(
    "key_uses",
    tables,
    Column("number", Number, primary_key=True, autoincrement=False),
    Column("used", Moment, nullable=False),
    Column("address", Text, nullable=False),
)

owners = Table(
    "owners",
    tables,
    Column("key", Name, primary_key=True),  # the id in lower case
    Column("account", Name, primary_key=True),
    Column("id", Text, nullable=False),
    Column("confirmed", Boolean, nullable=False),
    Column("replaces", Name, nullable=False),  # whose place this owner takes when it confirms, "" if nobody's
    Column("since", Moment, nullable=False),
)
Index("owners_by_account", owners.c.account)

prefixes = Table(
    "prefixes",
    tables,
    Column("pattern", Name, primary_key=True),
    Column("account", Name, primary_key=True),
)

trusts = Table(
    "trusts",
    tables,
    Column("number", Number, primary_key=True, autoincrement=False),
    Column("account", Name, nullable=False),
    Column("name", Text, nullable=False),
    Column("behalf", Name, nullable=False),
    Column("issuer", Text, nullable=False),
    Column("audience", Text, nullable=False),
    Column("claims", Text, nullable=False),  # JSON, in order
    Column("binds", Text, nullable=False),  # claims whose value the first token decides, separated by blanks
    Column("patterns", Text, nullable=False),
    Column("scopes", Text, nullable=False),
    Column("deletion", Text, nullable=False),
    Column("created", Moment, nullable=False),
)
Index("trusts_of_account", trusts.c.account, trusts.c.name, unique=True)

spent_tokens = Table(
    "spent_tokens",
    tables,
    Column("mark", LargeBinary, primary_key=True),
    Column("expires", Moment, nullable=False),
)
Index("spent_tokens_by_expires", spent_tokens.c.expires)

revision = Table("people_revision", tables, Column("number", BigInteger, nullable=False))


@event.listens_for(tables, "after_create")
def _begin(_: MetaData, connection: Connection, **more: Any) -> None:
    if connection.execute(revision.select()).first() is None:
        connection.execute(revision.insert().values(number=1))


SCHEMA = Schema("people", 1, tables, derived=False)
