"""One record: who did what, when, from where and with which key; and how a record is sealed.

A record's *form* is a JSON object of all its fields but ``digest``, in this one way of writing it: names in
alphabetical order, no blanks, everything beyond ASCII as ``\\uXXXX``; ``seq`` is a number, ``when`` is UTC as
``2026-11-20T12:00:00.000000+00:00``, ``detail`` an object of texts, all else is text. That is
``json.dumps(fields, sort_keys=True, separators=(",", ":"))``. Its ``digest`` is the SHA-256 of the form, in
hexadecimal, and one of the fields is ``previous``, the digest of the record before it (64 zeros in the first).
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from hashlib import sha256

BEGINNING = "0" * 64  #: what the first record follows
LONGEST_NAME = 256  #: characters of everything but details
LONGEST = 1000  #: characters of a detail


class Outcome(StrEnum):
    """What came of it."""

    DONE = "done"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class Record:
    """One thing that somebody did, or was not allowed to."""

    seq: int  #: 1, 2, 3, … without a gap
    when: datetime  #: UTC
    actor: str  #: by name
    key: str  #: the name of the API key that was used, if one of an account's
    address: str  #: where the request came from
    action: str
    subject: str  #: what it was done to
    outcome: Outcome
    detail: Mapping[str, str] = field(hash=False)
    previous: str  #: the digest of the record before
    digest: str = ""

    def form(self) -> str:
        """What the digest is made of."""
        return in_order(self._fields())

    def sealed(self) -> str:
        """The digest that it has to have."""
        return sha256(self.form().encode("ascii")).hexdigest()

    def to_json(self) -> str:
        """The whole record on one line, written like its form."""
        return in_order({**self._fields(), "digest": self.digest})

    def _fields(self) -> dict[str, object]:
        """All that the digest vouches for."""
        return {
            "seq": self.seq,
            "when": self.when.isoformat(timespec="microseconds"),
            "actor": self.actor,
            "key": self.key,
            "address": self.address,
            "action": self.action,
            "subject": self.subject,
            "outcome": self.outcome.value,
            "detail": self.detail,
            "previous": self.previous,
        }


def in_order(fields: Mapping[str, object]) -> str:
    """Fields as JSON, in the one way in which a record writes it."""
    return _ENCODER.encode(fields)


def name(text: str) -> str:
    """Somebody's text as a name: not too long, and printable."""
    return printable(cut(text, LONGEST_NAME))


def cut(text: str, longest: int = LONGEST) -> str:
    """The text, or as much of its beginning as is kept."""
    return text if len(text) <= longest else f"{text[: longest - 1]}…"


def printable(text: str) -> str:
    """The text on one line, with ``\\n``, ``\\x1b`` or ``\\u202e`` for what a terminal would take for an order."""
    if text.isprintable():
        return text
    return "".join(
        character if character.isprintable() else character.encode("unicode_escape").decode()
        for character in text
    )


_ENCODER = json.JSONEncoder(sort_keys=True, separators=(",", ":"))
