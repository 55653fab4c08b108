"""What somebody sees is the same to a database as to Python."""

from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import Column, MetaData, Table, Text, create_engine, insert, select

from nugetlite.package.patterns import Pattern
from nugetlite.package.sight import EVERYTHING, Sight
from nugetlite.sighting import seen

IDS = sorted({"".join(letters).strip("*") for letters in product("ab._-*", repeat=3)} - {""})

patterns = st.text("ab._-*", min_size=1, max_size=6).map(Pattern)
tables = st.dictionaries(patterns, st.booleans(), max_size=4)
sights = st.lists(st.lists(tables, max_size=3), max_size=2).map(
    lambda limits: (Sight.of(*limits[0]) & Sight.of(*limits[1])) if len(limits) == 2 else EVERYTHING
)
ids = Table("ids", MetaData(), Column("key", Text))


@pytest.fixture(scope="module")
def connection():
    with create_engine("sqlite://").begin() as connection:
        ids.create(connection)
        connection.execute(insert(ids), [{"key": id} for id in IDS])
        yield connection


@given(sights)
def test_the_condition_lets_through_what_is_seen(connection, sight):
    found = connection.execute(select(ids.c.key).where(*seen(sight, ids.c.key))).scalars()

    assert sorted(found) == [id for id in IDS if sight.sees(id)]


def test_thousands_of_patterns_are_still_one_condition(connection):
    sight = Sight.of(
        {
            Pattern(f"{letter}{number}{star}"): True
            for letter in "ab"
            for number in range(1000)
            for star in ("", ".*")
        }
    )

    assert not connection.execute(select(ids.c.key).where(*seen(sight, ids.c.key))).all()


def test_where_everything_is_seen_there_is_no_condition():
    assert seen(EVERYTHING, ids.c.key) == ()
