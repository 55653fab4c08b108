"""The record: who did what to packages, accounts, keys and owners, in order, only ever added to.

Each record is sealed by a digest that the next one takes up (``record.py``), so that a change of any of them shows
(``chain.py``). The database refuses changes besides; but whoever owns its file could take the triggers away. Nothing
on the share tells it, so a rebuilt index leaves it alone. No password and no key is in it, only names of keys.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from sqlalchemy import (
    DDL,
    BigInteger,
    Column,
    Connection,
    MetaData,
    Select,
    Table,
    Text,
    bindparam,
    event,
    insert,
    select,
    type_coerce,
)

from nugetlite.actor import OPERATOR
from nugetlite.audit.chain import Unreadable, Verdict, judge
from nugetlite.audit.record import BEGINNING, Outcome, Record, cut, in_order, name
from nugetlite.audit.restraint import Restraint
from nugetlite.database import Moment, Number, Schema, moment
from nugetlite.errors import FeedError
from nugetlite.statement import Statement

if TYPE_CHECKING:
    from nugetlite.actor import Actor
    from nugetlite.database import Database

__all__ = ["Audit", "Outcome", "Record", "Verdict"]

PAGE_SIZE = 1000  #: records that are read at once
FEW = 10  #: things found on the share at once that are told one by one

log = logging.getLogger(__name__)

_tables = MetaData()
_audit = Table(
    "audit",
    _tables,
    Column("seq", Number, primary_key=True, autoincrement=False),
    Column("happened", Moment, nullable=False),
    Column("actor", Text, nullable=False),
    Column("key", Text, nullable=False),
    Column("address", Text, nullable=False),
    Column("action", Text, nullable=False),
    Column("subject", Text, nullable=False),
    Column("outcome", Text, nullable=False),
    Column("detail", Text, nullable=False),  # JSON
    Column("previous", Text, nullable=False),
    Column("digest", Text, nullable=False),
)

_GUARDS = {
    "sqlite": (
        "CREATE TRIGGER audit_keeps_what_it_says BEFORE UPDATE ON audit "
        "BEGIN SELECT RAISE(ABORT, 'the record is only ever added to'); END",
        "CREATE TRIGGER audit_keeps_all BEFORE DELETE ON audit "
        "BEGIN SELECT RAISE(ABORT, 'the record is only ever added to'); END",
        # INSERT OR REPLACE deletes without asking the trigger above
        "CREATE TRIGGER audit_goes_on BEFORE INSERT ON audit WHEN NEW.seq <= (SELECT max(seq) FROM audit) "
        "BEGIN SELECT RAISE(ABORT, 'the record is only ever added to'); END",
    ),
    "postgresql": (
        "CREATE OR REPLACE FUNCTION audit_is_kept() RETURNS trigger LANGUAGE plpgsql AS "
        "$$ BEGIN RAISE EXCEPTION 'the record is only ever added to'; END $$",
        "CREATE TRIGGER audit_is_kept BEFORE UPDATE OR DELETE OR TRUNCATE ON audit "
        "FOR EACH STATEMENT EXECUTE FUNCTION audit_is_kept()",
    ),
}
for _dialect, _guards in _GUARDS.items():
    for _guard in _guards:
        event.listen(_audit, "after_create", DDL(_guard).execute_if(dialect=_dialect))  # type: ignore[no-untyped-call]

_SCHEMA = Schema("audit", 1, _tables, derived=False)

_NOTE = Statement(insert(_audit), _audit.c.keys())
_LAST = Statement(select(_audit.c.seq, _audit.c.digest).order_by(_audit.c.seq.desc()).limit(1))
_AS_IT_IS = select(
    *[column for column in _audit.c if column.name != "happened"],
    type_coerce(_audit.c.happened, BigInteger).label("happened"),  # whatever stands there by now
)
_ALL = _AS_IT_IS.order_by(_audit.c.seq).execution_options(yield_per=PAGE_SIZE)
_AFTER = _AS_IT_IS.where(_audit.c.seq > bindparam("after")).order_by(_audit.c.seq).limit(bindparam("most"))
_BEFORE = (
    _AS_IT_IS.where(_audit.c.seq < bindparam("before")).order_by(_audit.c.seq.desc()).limit(bindparam("most"))
)


class Audit:
    """The record in one database. Used by many threads at once."""

    def __init__(self, database: Database, now: Callable[[], datetime] = lambda: datetime.now(UTC)) -> None:
        """Raises ``ConfigError`` if a newer nugetlite wrote it."""
        self._database = database
        self._now = now
        self._restraint = Restraint()
        database.install(_SCHEMA)

    # Writing

    def note(
        self, connection: Connection, actor: Actor, action: str, subject: str, /, **detail: str
    ) -> Record:
        """Write down what ``actor`` does, in the transaction of ``Database.begin`` in which it is done.

        So both become true together, or neither. Nothing of it may be secret. Details that are empty are left out;
        what is too long is cut.
        """
        return self._note(connection, actor, action, subject, Outcome.DONE, detail)

    def tell(self, actor: Actor, action: str, subject: str, /, **detail: str) -> Record:
        """The same of what changes nothing else in the database; raises as ``Database.begin``."""
        with self._database.begin() as connection:
            return self._note(connection, actor, action, subject, Outcome.DONE, detail)

    def refuse(self, actor: Actor, action: str, subject: str, why: str) -> None:
        """Write down that ``actor`` was not allowed to; not in a transaction, where it would wait for itself.

        Of more than ten within a minute the rest is only counted, by each process. The refusal stands even if
        this cannot be written.
        """
        left_out = self._restraint.left_out(str(actor))
        if left_out is None:
            return
        detail = {"why": why, "left_out": str(left_out) if left_out else ""}
        try:
            with self._database.begin() as connection:
                self._note(connection, actor, action, subject, Outcome.REFUSED, detail)
        except FeedError as error:
            log.warning("it was not recorded that %s was refused to %s: %s", actor, name(action), error)

    def found(self, connection: Connection, action: str, subjects: Iterable[object]) -> None:
        """Write down what a look at the share found: each thing, or of many only how many, the first and the last."""
        things = list(map(str, subjects))
        if len(things) <= FEW:
            for thing in things:
                self.note(connection, OPERATOR, action, thing)
        else:
            all_of_them = f"{len(things)} versions"
            self.note(connection, OPERATOR, action, all_of_them, first=things[0], last=things[-1])

    # Reading

    def onwards(self, after: int = 0) -> Iterator[Record]:
        """The records after the one of a number, in order, to the end as it is when that is reached."""
        while page := self._page(_AFTER, after=after):
            yield from _readable(page)
            after = page[-1].seq

    def backwards(self) -> Iterator[Record]:
        """All of them, newest first."""
        before = 2**62
        while page := self._page(_BEFORE, before=before):
            yield from _readable(page)
            before = page[-1].seq

    @property
    def newest(self) -> Record | None:
        """The last record."""
        return next(self.backwards(), None)

    def change(self) -> object:
        """Another value after anything was written anywhere in the database; cheap to ask for."""
        return self._database.change()

    def verify(self, head: str = "") -> Verdict:
        """Whether the chain is whole, and has the ``head`` in it that somebody kept. Reads all of it, once."""
        with self._database.connect() as connection:
            return judge(map(_examined, connection.execute(_ALL)), head)

    def _note(
        self,
        connection: Connection,
        actor: Actor,
        action: str,
        subject: str,
        outcome: Outcome,
        detail: Mapping[str, str],
    ) -> Record:
        last = _LAST.row(connection)
        seq, previous = (last.seq + 1, last.digest) if last else (1, BEGINNING)
        draft = Record(
            seq,
            self._now(),
            name(actor.name),
            name(actor.key),
            name(actor.address),
            name(action),
            name(subject),
            outcome,
            {what: cut(text) for what, text in detail.items() if text},
            previous,
        )
        record = replace(draft, digest=draft.sealed())
        _NOTE.run(connection, **_row(record))
        return record

    def _page(self, statement: Select[Any], **where: int) -> Sequence[Record | Unreadable]:
        with self._database.connect() as connection:
            return [*map(_read, connection.execute(statement, {**where, "most": PAGE_SIZE}))]


def _row(record: Record) -> dict[str, Any]:
    return {
        "seq": record.seq,
        "happened": record.when,
        "actor": record.actor,
        "key": record.key,
        "address": record.address,
        "action": record.action,
        "subject": record.subject,
        "outcome": record.outcome.value,
        "detail": in_order(record.detail),
        "previous": record.previous,
        "digest": record.digest,
    }


def _read(row: Any) -> Record | Unreadable:
    """What stands in a row, if it can be a record."""
    try:
        return _record({**row._mapping, "happened": moment(row.happened)})
    except Exception:  # who knows what somebody put there
        return Unreadable(row.seq)


def _examined(row: Any) -> Record | Unreadable:
    """The same, if it stands there as we write it."""
    record = _read(row)
    if isinstance(record, Record) and _row(record) == {
        **row._mapping,
        "happened": record.when,
    }:
        return record
    return Unreadable(row.seq)


def _readable(page: Iterable[Record | Unreadable]) -> Iterator[Record]:
    for record in page:
        if isinstance(record, Record):
            yield record
        else:
            log.warning("record %d cannot be read; see `nugetlite audit --verify`", record.seq)


def _record(row: Mapping[str, Any]) -> Record:
    return Record(
        row["seq"],
        row["happened"],
        row["actor"],
        row["key"],
        row["address"],
        row["action"],
        row["subject"],
        Outcome(row["outcome"]),
        json.loads(row["detail"]),
        row["previous"],
        row["digest"],
    )
