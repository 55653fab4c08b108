from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nugetlite.actor import Actor
from nugetlite.database import open_database
from nugetlite.errors import ConfigError
from nugetlite.history import _SCHEMA, PAGE_SIZE, Event, History, Kind
from nugetlite.index import Index
from nugetlite.package.identity import Identity
from nugetlite.package.manifest import Manifest
from nugetlite.package.package import Deletion, Package

ANN = Actor("ann")
NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)
TICK = timedelta(microseconds=1)


def package(id="Contoso.Json", version="1.2.0-Beta+build", **more):
    facts = {"size": 2**40, "sha512": "hash==", "published": NOON} | more
    return Package(Manifest(Identity.parse(id, version)), **facts)


def event(kind=Kind.PUSH, when=NOON, actor=ANN, about=None, **more):
    return Event.about(about or package(), kind, when, actor, **more)


@pytest.fixture
def url(new_url):
    return new_url()


@pytest.fixture
def database(url):
    return open_database(url)


@pytest.fixture
def history(database):
    return History(database)


@pytest.fixture
def note(database, history):
    """Write events down in a transaction of their own."""

    def note(*events):
        with database.begin() as connection:
            return history.note(connection, *events)

    return note


def test_an_event_is_told_as_it_was_noted(history, note):
    told = Event(
        Kind.DELETE,
        Identity.parse("Contoso.Json", "1.02.0-Beta+Build"),
        NOON + 7 * TICK,
        "ann",
        "hash==",
        2**40,
        listed=False,
        published=NOON - TICK,
        why="superseded\nby 1.2.1",
        deletion=Deletion.SOFT,
        address="192.0.2.7",
        credential="build server",
    )
    [noted] = note(told)
    assert noted == replace(told, seq=1)
    assert history.events() == (noted,)
    assert history.event(1) == history.newest() == noted
    assert history.event(1).identity.version.original == "1.02.0-Beta+Build"
    assert noted.removes
    assert not event(Kind.UNLIST).removes


def test_nothing_has_happened_yet(history):
    assert history.events() == ()
    assert history.count() == 0
    assert history.newest() is None
    assert history.event(1) is None
    assert history.event(0) is None
    assert history.pages() == ()
    assert history.page(0) == ()


def test_events_are_numbered_without_a_gap_and_follow_each_other(history, note, database):
    note(event(), event())
    with suppress(KeyboardInterrupt), database.begin() as connection:
        history.note(connection, event())
        raise KeyboardInterrupt
    note(event())
    note()
    assert [each.seq for each in history.events()] == [1, 2, 3]
    assert [each.seq for each in history.events(after=1, limit=1)] == [2]
    assert history.events(after=3) == ()


def test_each_event_is_later_than_the_one_before_though_the_clock_was_set_back(history, note):
    note(event(when=NOON))
    note(event(when=NOON - timedelta(days=300)), event(when=NOON))
    note(event(when=NOON + timedelta(days=1)))
    assert [each.when for each in history.events()] == [
        NOON,
        NOON + TICK,
        NOON + 2 * TICK,
        NOON + timedelta(days=1),
    ]


@settings(max_examples=15, deadline=None)
@given(st.lists(st.lists(st.datetimes(datetime(1971, 1, 1), datetime(2200, 1, 1)), max_size=4), max_size=4))
def test_whatever_the_clock_says_times_only_grow(new_url, notes):
    database = open_database(new_url())
    history = History(database)
    for times in notes:
        with database.begin() as connection:
            history.note(connection, *[event(when=when.replace(tzinfo=UTC)) for when in times])
    when = [each.when for each in history.events()]
    assert when == sorted(set(when))
    assert len(when) == sum(map(len, notes))


def test_pages_are_full_but_for_the_last_one(history, note):
    assert PAGE_SIZE == 550
    note(*[event() for _ in range(PAGE_SIZE)])
    assert [(page.number, page.count, page.last_seq) for page in history.pages()] == [(0, 550, 550)]
    note(*[event() for _ in range(2 * PAGE_SIZE + 3)])
    pages = history.pages()
    assert [(page.number, page.count, page.last_seq) for page in pages] == [
        (0, 550, 550),
        (1, 550, 1100),
        (2, 550, 1650),
        (3, 3, 1653),
    ]
    for page in pages:
        events = history.page(page.number)
        assert (len(events), events[-1].seq, events[-1].when) == (page.count, page.last_seq, page.last_when)
    assert history.page(4) == history.page(-1) == ()
    assert history.newest().seq == history.count() == 1653


def test_what_the_journal_told_last_of_a_version_is_no_news(history, note, database):
    known, deleted, replaced, unknown = (package(id) for id in ("Known", "Deleted", "Replaced", "Unknown"))
    note(event(about=known), event(Kind.UNLIST, about=known))
    note(event(about=deleted), event(Kind.DELETE, about=deleted, deletion=Deletion.HARD))
    note(event(about=replaced), event(Kind.REPLACE, about=replace(replaced, sha512="other")))
    with database.begin() as connection:
        unheard = history.unheard(connection, [known, deleted, replaced, unknown])
        assert unheard == [deleted, replaced, unknown]
        assert history.unheard(connection, []) == []


def test_an_index_that_is_built_anew_leaves_it_alone(history, note, database):
    Index(database)
    note(event())
    with database.begin() as connection:
        database.remember(connection, "stamp of index", "0")
    Index(database)
    assert history.count() == 1


def test_an_older_journal_gains_the_columns_that_it_lacks(history, note, database, monkeypatch):
    note(event())
    monkeypatch.setattr("nugetlite.history._SCHEMA", replace(_SCHEMA, stamp=2))
    with database.begin() as connection:
        for column in ("address", "credential"):
            connection.exec_driver_sql(f"ALTER TABLE events DROP COLUMN {column}")
    assert History(database).event(1) == replace(event(), seq=1)


def test_the_journal_of_a_newer_nugetlite_is_left_alone(history, note, database):
    note(event())
    with database.begin() as connection:
        database.remember(connection, "stamp of history", "1000")
    with pytest.raises(ConfigError, match="newer"):
        History(database)
    assert history.count() == 1


def test_two_processes_note_in_turn(history, note, url):
    other = open_database(url)
    note(event())
    with other.begin() as connection:
        History(other).note(connection, event(Kind.UNLIST))
    note(event(Kind.RELIST))
    assert [each.kind for each in history.events()] == [Kind.PUSH, Kind.UNLIST, Kind.RELIST]
