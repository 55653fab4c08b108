"""Literals as OData V2 spells them: ``'it''s'``, ``5``, ``5L``, ``2.5m``, ``datetime'2013-08-01'``, ``guid'…'``."""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from datetime import UTC, datetime

from nugetlite.odata.entity import Edm
from nugetlite.odata.expressions import Literal

_TIME = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}(?:T[0-9]{2}:[0-9]{2}(?::[0-9]{2}(?:\.[0-9]{1,7})?)?)?")
_OFFSET = re.compile(r"(?:Z|[+ -][0-9]{2}:[0-9]{2})")
_GUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_DURATION = re.compile(
    r"-?P(?=.)(?:[0-9]+Y)?(?:[0-9]+M)?(?:[0-9]+D)?(?:T(?=.)(?:[0-9]+H)?(?:[0-9]+M)?(?:[0-9]+(?:\.[0-9]+)?S)?)?"
)
_BINARY = re.compile(r"(?:[0-9A-Fa-f]{2})*")
_NAMED = {
    "true": Literal(True, Edm.BOOLEAN),
    "false": Literal(False, Edm.BOOLEAN),
    "null": Literal(None, Edm.NULL),
}
_SUFFIXES = {"l": Edm.INT64, "f": Edm.SINGLE, "d": Edm.DOUBLE, "m": Edm.DECIMAL}


def named_literal(word: str) -> Literal | None:
    """``true``, ``false`` or ``null``."""
    return _NAMED.get(word)


def quoted_literal(text: str) -> Literal:
    """A text in quotes, perhaps of a type whose name stands before it. Raises ``ValueError``, with a sentence."""
    type, _, inner = text[:-1].partition("'")
    value = inner.replace("''", "'")
    if not type:
        return Literal(value, Edm.STRING)
    read = _TYPED.get(type.lower())
    if read is None:
        raise ValueError(f"there is no type of literals {type}")
    return read(value)


def number_literal(text: str) -> Literal:
    """A number, its type by its last letter or else by its looks. Raises ``ValueError``, with a sentence."""
    type = _SUFFIXES.get(text[-1].lower())
    digits = text[:-1] if type else text
    if digits.isdigit() and type in (None, Edm.INT64):
        whole = int(digits[:20])
        if len(digits) > 20 or whole >= 1 << 63:
            raise ValueError("the number is too large")
        return Literal(whole, type or (Edm.INT32 if whole < 1 << 31 else Edm.INT64))
    if type is Edm.INT64:
        raise ValueError("only a whole number may end with L")
    value = float(digits)
    if math.isinf(value):
        raise ValueError("the number is too large")
    return Literal(value, type or Edm.DOUBLE)


def _time(value: str) -> Literal:
    told = value.strip().removesuffix("Z").removesuffix("z")
    if not _TIME.fullmatch(told):
        raise ValueError("a time is written as datetime'2013-08-01T12:30:00'")
    return Literal(_moment(f"{told}Z" if "T" in told else told), Edm.DATETIME)


def _time_with_offset(value: str) -> Literal:
    told = value.strip().upper()
    time = _TIME.match(told)
    offset = told[time.end() :] if time else ""
    if not time or "T" not in time[0] or not _OFFSET.fullmatch(offset):
        raise ValueError("such a time is written as datetimeoffset'2013-08-01T12:30:00+02:00'")
    return Literal(_moment(time[0] + offset.replace(" ", "+")), Edm.DATETIMEOFFSET)  # a + comes as a blank


def _moment(iso: str) -> datetime:
    try:
        moment = datetime.fromisoformat(iso)
        return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)
    except (ValueError, OverflowError) as error:
        raise ValueError("there is no such time") from error


def _matching(pattern: re.Pattern[str], type: Edm, sentence: str) -> Callable[[str], Literal]:
    def read(value: str) -> Literal:
        told = value.strip()
        if not pattern.fullmatch(told.lower() if type is Edm.GUID else told):
            raise ValueError(sentence)
        return Literal(told.lower() if type is Edm.GUID else told, type)

    return read


_binary = _matching(_BINARY, Edm.BINARY, "binary data is written in pairs of hexadecimal digits")
_TYPED: dict[str, Callable[[str], Literal]] = {
    "datetime": _time,
    "datetimeoffset": _time_with_offset,
    "guid": _matching(_GUID, Edm.GUID, "a GUID is written as guid'01234567-89ab-cdef-0123-456789abcdef'"),
    "time": _matching(_DURATION, Edm.TIME, "a duration is written as time'PT1H30M'"),
    "binary": _binary,
    "x": _binary,
}
