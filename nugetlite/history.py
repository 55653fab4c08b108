"""The journal: what happened to which package, in order, never rewritten."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import TYPE_CHECKING

from sqlalchemy import BigInteger, Boolean, Column, Integer, MetaData, Table, Text, func, insert, select

from nugetlite.database import Schema
from nugetlite.package.identity import Identity
from nugetlite.package.package import Deletion

if TYPE_CHECKING:
    pass

PAGE_SIZE = 550


class Kind(StrEnum):
    PUSH = "push"
    REPLACE = "replace"
    UNLIST = "unlist"
    RELIST = "relist"
    DELETE = "delete"
    ADOPT = "adopt"
    VANISH = "vanish"


@dataclass(frozen=True, slots=True)
class Event:
    seq: int
    when: datetime
    kind: Kind
    identity: Identity
    deletion: Deletion | None
    sha512: str
    size: int
    listed: bool
    published: datetime
    actor: str
    why: str

    @classmethod
    def about(cls, package, kind, when, actor, why="", deletion=None):
        return cls(0, when, kind, package.identity, deletion, package.sha512, package.size, package.listed, package.published, actor, why)

    @property
    def removes(self):
        return self.kind in (Kind.DELETE, Kind.VANISH)


@dataclass(frozen=True)
class Page:
    number: int
    count: int
    last_seq: int
    last_when: datetime


_t = MetaData()
_journal = Table("journal", _t, Column("seq", Integer, primary_key=True), Column("at", BigInteger), Column("kind", Text), Column("id", Text), Column("version", Text),
  Column("deletion", Text), Column("sha512", Text), Column("size", BigInteger), Column("listed", Boolean), Column("published", BigInteger), Column("actor", Text), Column("why", Text))


def _us(d): return int(d.timestamp()*1e6)
def _dt(u): return datetime.fromtimestamp(u/1e6, UTC)


class History:
    def __init__(self, database):
        self._database = database
        database.install(Schema("history", 1, _t, derived=False))

    def note(self, connection, event):
        last = connection.execute(select(func.max(_journal.c.at))).scalar() or 0
        connection.execute(insert(_journal).values(at=max(last + 1, _us(event.when)), kind=event.kind, id=event.identity.id.text, version=event.identity.version.original, deletion=event.deletion or "", sha512=event.sha512, size=event.size, listed=event.listed, published=_us(event.published), actor=event.actor, why=event.why))

    def unheard(self, connection, packages):
        return [p for p in packages if not connection.execute(select(_journal.c.seq).where(func.lower(_journal.c.id) == p.identity.id.key, _journal.c.version == p.identity.version.original, _journal.c.sha512 == p.sha512)).first()]

    def _events(self, q):
        with self._database.connect() as c:
            return [Event(r.seq, _dt(r.at), Kind(r.kind), Identity.parse(r.id, r.version), Deletion(r.deletion) if r.deletion else None, r.sha512, r.size, r.listed, _dt(r.published), r.actor, r.why) for r in c.execute(q)]

    def pages(self):
        events = self._events(select(_journal).order_by(_journal.c.seq))
        out = []
        for i in range(0, len(events), PAGE_SIZE):
            part = events[i:i+PAGE_SIZE]
            out.append(Page(i // PAGE_SIZE, len(part), part[-1].seq, part[-1].when))
        return out

    def page(self, number):
        return self._events(select(_journal).order_by(_journal.c.seq).limit(PAGE_SIZE).offset(number*PAGE_SIZE))

    def event(self, seq):
        return next(iter(self._events(select(_journal).where(_journal.c.seq == seq))), None)
