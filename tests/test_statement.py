"""A statement that is made ready once does in each database what SQLAlchemy would have it do."""

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import (
    Boolean,
    Column,
    LargeBinary,
    MetaData,
    Table,
    Text,
    bindparam,
    delete,
    insert,
    select,
    update,
)

from nugetlite.database import Moment, Name, Number, Schema, open_database
from nugetlite.statement import WHICH, Statement, upsert

NOON = datetime(2026, 11, 20, 12, 0, 0, 123456, tzinfo=UTC)

tables = MetaData()
things = Table(
    "things",
    tables,
    Column("key", Name, primary_key=True),
    Column("there", Boolean, nullable=False),
    Column("bytes", LargeBinary, nullable=False),
    Column("since", Moment, nullable=False),
    Column("until", Moment),
)
numbered = Table(
    "numbered", tables, Column("number", Number, primary_key=True), Column("said", Text, nullable=False)
)

PUT = Statement(insert(things), things.c.keys())
ALL = Statement(select(things).order_by(things.c.key))
THOSE = Statement(select(things.c.key).where(things.c.key.in_(WHICH)).order_by(things.c.key))
THERE = Statement(
    select(things.c.key).where(things.c.there == bindparam("wanted"), things.c.since <= bindparam("now"))
)
SAY = Statement(insert(numbered).returning(numbered.c.number), ["said"])
END = Statement(update(things).where(things.c.key == bindparam("of")).values(until=bindparam("now")))
DROP = Statement(delete(things).where(things.c.bytes == bindparam("digest")))


@pytest.fixture
def database(new_url):
    database = open_database(new_url())
    database.install(Schema("things", 1, tables, derived=False))
    return database


def thing(key, **more):
    return {"key": key, "there": True, "bytes": b"\0\xff" + key.encode(), "since": NOON, "until": None} | more


def test_what_is_put_is_found_as_it_was(database):
    rows = [thing("a"), thing("b", there=False, since=NOON - timedelta(days=9), until=NOON), thing("B%s")]
    with database.begin() as connection:
        PUT.run_each(connection, rows)
        PUT.run(connection, **thing("ä"))
    with database.connect() as connection:
        found = [row._asdict() for row in ALL.rows(connection)]
        assert found == sorted([*rows, thing("ä")], key=lambda row: row["key"].encode())  # byte by byte
        assert [type(row["there"]) for row in found] == [bool] * 4
        assert THOSE.values(connection, which=["ä", "a", "x"]) == ["a", "ä"]
        assert THOSE.values(connection, which=["a"] * 300) == ["a"]
        assert THERE.values(connection, wanted=False, now=NOON) == ["b"]
        assert THERE.row(connection, wanted=False, now=NOON - timedelta(days=10)) is None


def test_what_is_there_already_is_given_the_new_values(database):
    with database.begin() as connection:
        for rows in ([thing("a"), thing("b")], [thing("b", there=False), thing("c")]):
            upsert(connection, things, rows)
    with database.glance() as connection:
        assert [(row.key, row.there) for row in ALL.rows(connection)] == [
            ("a", True),
            ("b", False),
            ("c", True),
        ]


def test_what_is_changed_and_dropped_is_told_by_values_of_every_kind(database):
    with database.begin() as connection:
        PUT.run_each(connection, [thing("a"), thing("b")])
        END.run(connection, of="a", now=NOON)
        DROP.run(connection, digest=thing("b")["bytes"])
    with database.glance() as connection:
        assert [(row.key, row.until) for row in ALL.rows(connection)] == [("a", NOON)]


def test_numbers_are_given_in_turn(database):
    with database.begin() as connection:
        assert [SAY.value(connection, said=text) for text in ("x", "y")] == [1, 2]
