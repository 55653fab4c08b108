"""The journal: what happened to which package, by whom, in order, never rewritten.

Events are numbered 1, 2, 3, … without a gap, and each is later than the one before it even if the clock was
set back, so that a follower can go by number or by time. Nothing on the share tells it, so a rebuilt index
leaves it alone.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    ColumnElement,
    Connection,
    Index,
    MetaData,
    Table,
    Text,
    bindparam,
    func,
    insert,
    literal_column,
    select,
)

from nugetlite.actor import Actor
from nugetlite.database import Moment, Number, Schema
from nugetlite.package.identity import Identity
from nugetlite.package.package import Deletion
from nugetlite.package.sight import EVERYTHING, Sight
from nugetlite.sighting import seen
from nugetlite.statement import WHICH, Statement, batches

if TYPE_CHECKING:
    from nugetlite.database import Database
    from nugetlite.package.package import Package

PAGE_SIZE = 550  #: events, as in the catalog of nuget.org
_MOMENT = timedelta(microseconds=1)
_BEFORE_ALL = datetime(1970, 1, 1, tzinfo=UTC)


class Kind(StrEnum):
    """What can happen to a version."""

    PUSH = "push"
    REPLACE = "replace"  #: pushed again, with other bytes
    UNLIST = "unlist"
    RELIST = "relist"  #: listed again, or brought back
    DELETE = "delete"  #: soft or hard
    ADOPT = "adopt"  #: found on the share, where somebody else had put it
    VANISH = "vanish"  #: found missing on the share


@dataclass(frozen=True, slots=True)
class Event:
    """One thing that happened to one version, and how the version was then."""

    kind: Kind
    identity: Identity
    when: datetime  #: UTC
    actor: str  #: who did it, by name
    sha512: str
    size: int
    listed: bool
    published: datetime
    why: str = ""
    deletion: Deletion | None = None  #: what a delete came to
    address: str = ""  #: where the request came from
    credential: str = ""  #: the name of the key that was used
    seq: int = 0  #: its number, once it is noted

    @classmethod
    def about(
        cls,
        package: Package,
        kind: Kind,
        when: datetime,
        actor: Actor,
        why: str = "",
        deletion: Deletion | None = None,
    ) -> Event:
        """An event about a package as it is, or was just before it went."""
        return cls(
            kind,
            package.identity,
            when,
            actor.name,
            package.sha512,
            package.size,
            package.listed,
            package.published,
            why,
            deletion,
            actor.address,
            actor.key,
        )

    @property
    def by(self) -> str:
        """Who did it, and with which key, as everybody may know."""
        return str(Actor(self.actor, key=self.credential))

    @property
    def removes(self) -> bool:
        """Whether the version could not be restored any more afterwards."""
        return self.kind in (Kind.DELETE, Kind.VANISH)


@dataclass(frozen=True, slots=True)
class Page:
    """A stretch of the journal, as it is told in pieces. Only the last page still grows."""

    number: int  #: from 0
    count: int  #: of its events
    last_seq: int
    last_when: datetime


_tables = MetaData()
_events = Table(
    "events",
    _tables,
    Column("seq", Number, primary_key=True, autoincrement=False),
    Column("happened", Moment, nullable=False),
    Column("kind", Text, nullable=False),
    Column("key", Text, nullable=False),
    Column("sort_key", Text, nullable=False),
    Column("id", Text, nullable=False),
    Column("version", Text, nullable=False),  # as it was written
    Column("deletion", Text, nullable=False),
    Column("sha512", Text, nullable=False),
    Column("size", BigInteger, nullable=False),
    Column("listed", Boolean, nullable=False),
    Column("published", Moment, nullable=False),
    Column("actor", Text, nullable=False),
    Column("address", Text, nullable=False, server_default=""),
    Column("credential", Text, nullable=False, server_default=""),
    Column("why", Text, nullable=False),
)
Index("events_of_version", _events.c.key, _events.c.sort_key, _events.c.seq)

_SCHEMA = Schema("history", 1, _tables, derived=False)

_NOTE = Statement(insert(_events), _events.c.keys())
_LAST = Statement(select(_events.c.seq, _events.c.happened).order_by(_events.c.seq.desc()).limit(1))
_TIMES = select(_events.c.seq, _events.c.happened).where(_events.c.seq.in_(WHICH)).order_by(_events.c.seq)
_AFTER = (
    select(_events).where(_events.c.seq > bindparam("after")).order_by(_events.c.seq).limit(bindparam("most"))
)
_page: ColumnElement[int] = literal_column(f"(seq - 1) / {PAGE_SIZE}", BigInteger)
_STRETCHES = select(_page, func.count(), func.max(_events.c.seq)).group_by(_page).order_by(_page)
_NEWEST_OF = Statement(
    select(_events)
    .where(_events.c.key == bindparam("key"), _events.c.sort_key == bindparam("sort_key"))
    .order_by(_events.c.seq.desc())
    .limit(1)
)


class History:
    """The journal in one database."""

    def __init__(self, database: Database) -> None:
        """Raises ``ConfigError`` if a newer nugetlite wrote it."""
        self._database = database
        database.install(_SCHEMA)

    def note(self, connection: Connection, *events: Event) -> tuple[Event, ...]:
        """Write down what happened, in a transaction of ``Database.begin``, which has the database to itself.

        Answers the events with their numbers and with the times under which they are known from now on.
        """
        noted = tuple(_numbered(events, *_last(connection)))
        if noted:
            _NOTE.run_each(connection, [_row(event) for event in noted])
        return noted

    def events(self, after: int = 0, limit: int = PAGE_SIZE) -> tuple[Event, ...]:
        """What happened after the event of a number, in order."""
        with self._database.connect() as connection:
            return tuple(map(_event, connection.execute(_AFTER, {"after": after, "most": limit})))

    def event(self, seq: int) -> Event | None:
        """The event of that number."""
        return next((event for event in self.events(seq - 1, 1) if event.seq == seq), None)

    def count(self) -> int:
        """How many events there are, which is the number of the last one."""
        with self._database.connect() as connection:
            return _last(connection)[0]

    def newest(self) -> Event | None:
        """The last event."""
        return self.event(self.count())

    def page(self, number: int, sight: Sight = EVERYTHING) -> tuple[Event, ...]:
        """The events of a page that somebody sees, in order; none if there is no such page."""
        events = self.events(number * PAGE_SIZE, PAGE_SIZE) if number >= 0 else ()
        return tuple([event for event in events if sight.sees(event.identity.id.key)])

    def pages(self, sight: Sight = EVERYTHING) -> tuple[Page, ...]:
        """All pages on which somebody sees anything, in order.

        A page is the same stretch of the journal for everybody; but it is told as if nothing else were on it, so that
        nobody learns when something happened to what they do not see.
        """
        with self._database.connect() as connection:
            stretches = _stretches(connection, sight)
            ends = [last_seq for _, _, last_seq in stretches]
            times = [row for batch in batches(ends) for row in connection.execute(_TIMES, {"which": batch})]
        return tuple(
            [
                Page(number, count, last_seq, happened)
                for (number, count, last_seq), (_, happened) in zip(stretches, times, strict=True)
            ]
        )

    def unheard(self, connection: Connection, packages: Iterable[Package]) -> list[Package]:
        """Those packages whose coming is news: not what the journal last told of that version."""
        return [package for package in packages if not self._has_told_of(connection, package)]

    def _has_told_of(self, connection: Connection, package: Package) -> bool:
        identity = package.identity
        newest = _NEWEST_OF.row(connection, key=identity.id.key, sort_key=identity.version.sort_key)
        return newest is not None and not _event(newest).removes and newest.sha512 == package.sha512


def _numbered(events: Sequence[Event], seq: int, happened: datetime) -> Iterator[Event]:
    """The events with numbers and times that go on from the last one's."""
    for event in events:
        seq, happened = seq + 1, max(happened + _MOMENT, event.when)
        yield replace(event, seq=seq, when=happened)


def _last(connection: Connection) -> tuple[int, datetime]:
    """Number and time of the last event."""
    row = _LAST.row(connection)
    return (row.seq, row.happened) if row else (0, _BEFORE_ALL)


def _stretches(connection: Connection, sight: Sight) -> list[tuple[int, int, int]]:
    """Of each page on which anything is seen: its number, how many events are, and the number of the last one."""
    if not sight.is_everything:
        found = connection.execute(_STRETCHES.where(*seen(sight, _events.c.key)))
        return [(number, count, last_seq) for number, count, last_seq in found]
    whole, rest = divmod(_last(connection)[0], PAGE_SIZE)
    counts = [PAGE_SIZE] * whole + [rest] * bool(rest)
    return [(number, count, number * PAGE_SIZE + count) for number, count in enumerate(counts)]


def _row(event: Event) -> dict[str, object]:
    identity = event.identity
    return {
        "seq": event.seq,
        "happened": event.when,
        "kind": event.kind.value,
        "key": identity.id.key,
        "sort_key": identity.version.sort_key,
        "id": identity.id.text,
        "version": identity.version.original,
        "deletion": event.deletion.value if event.deletion else "",
        "sha512": event.sha512,
        "size": event.size,
        "listed": event.listed,
        "published": event.published,
        "actor": event.actor,
        "address": event.address,
        "credential": event.credential,
        "why": event.why,
    }


def _event(row: Any) -> Event:
    return Event(
        Kind(row.kind),
        Identity.parse(row.id, row.version),
        row.happened,
        row.actor,
        row.sha512,
        row.size,
        row.listed,
        row.published,
        row.why,
        Deletion(row.deletion) if row.deletion else None,
        row.address,
        row.credential,
        row.seq,
    )
