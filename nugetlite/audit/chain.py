"""The chain: whether records are still those that were written, all of them, in their order. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from nugetlite.audit.record import BEGINNING, Record


@dataclass(frozen=True, slots=True)
class Verdict:
    """What was found out about a chain."""

    count: int  #: records from the beginning that are as they were written
    head: str  #: the digest of the last of them; whoever keeps it can prove later that they were there
    number: int = 0  #: the first one that is not, if any
    problem: str = ""  #: what is wrong, as a sentence

    @property
    def is_sound(self) -> bool:
        """Whether nothing is wrong."""
        return not self.problem


@dataclass(frozen=True, slots=True)
class Unreadable:
    """What lies where a record should, and is none."""

    seq: int


def judge(records: Iterable[Record | Unreadable], kept: str = "") -> Verdict:
    """Go along a chain from its beginning, to its end or the first record that is wrong.

    ``kept`` is a head from an earlier time, which has to be in it.
    """
    count, head, is_met = 0, BEGINNING, kept in ("", BEGINNING)
    for record in records:
        if problem := _problem(record, count, head):
            return Verdict(count, head, count + 1, problem)
        assert isinstance(record, Record)  # noqa: S101 -- else that was the problem
        count, head = record.seq, record.digest
        is_met = is_met or head == kept
    if not is_met:
        problem = "No record has the head that was kept: the end was cut off, or all was written anew"
        return Verdict(count, head, count + 1, problem)
    return Verdict(count, head)


def _problem(record: Record | Unreadable, count: int, head: str) -> str:
    """Why a record cannot be the next one after ``count``; nothing if it can."""
    if record.seq > count + 1:
        return f"Record {count + 1} is missing; the next one there is {record.seq}"
    if record.seq < count + 1:
        return f"There is a record {record.seq} where {count + 1} should follow"
    if isinstance(record, Unreadable) or record.digest != record.sealed():
        return f"Record {record.seq} is not as it was written"
    if record.previous != head:
        before = f"record {count}" if count else "the beginning"
        return f"Record {record.seq} does not follow {before}: one of them was written anew"
    return ""
