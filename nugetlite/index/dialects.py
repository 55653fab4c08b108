"""What each database says in its own way: what stands in a manifest, parts of a time, a few functions.

All else of a statement is SQL that they have in common.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sqlalchemy import BigInteger, Boolean, Float, Text, literal_column
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.functions import FunctionElement

TEXT_LIMIT = 64 * 1024 * 1024  #: characters that somebody's question may make of a text in PostgreSQL
_INT = 2**31 - 1  # the largest number that PostgreSQL counts characters with

_PARTS = {"year": "%Y", "month": "%m", "day": "%d", "hour": "%H", "minute": "%M", "second": "%S"}


class _Text(FunctionElement[str]):
    type = Text()


class _Number(FunctionElement[Any]):
    type = BigInteger()


class _TextIn(_Text):
    name = "text_in"
    inherit_cache = True


class _ListIn(_Text):
    name = "list_in"
    inherit_cache = True


class _FlagIn(FunctionElement[bool]):
    type = Boolean()
    inherit_cache = True
    name = "flag_in"


class Folded(_Text):
    """A text with small letters for A to Z; others are as they were."""

    name = "folded"
    inherit_cache = True


class Place(_Number):
    """Where in a text another one begins, counted from 1; 0 for nowhere."""

    name = "place"
    inherit_cache = True


class Larger(_Number):
    """The larger of two numbers."""

    name = "larger"
    inherit_cache = True


class Part(_Text):
    """What a text holds from some place on; if two numbers are told, so many characters of it."""

    name = "part"
    inherit_cache = True


class Replaced(_Text):
    """A text with another one in place of each that is looked for."""

    name = "replaced"
    inherit_cache = True


class Whole(_Number):
    """A whole number, as it is calculated with: a sum may be larger than what fits into a column."""

    name = "whole"
    inherit_cache = True


class WholeQuotient(_Number):
    """The whole part of a whole number divided by another, null if that is 0."""

    name = "whole_quotient"
    inherit_cache = True


class Remainder(_Number):
    """What such a division leaves."""

    name = "remainder"
    inherit_cache = True


class Quotient(FunctionElement[float]):
    """A number divided by another, null if that is 0."""

    type = Float()
    name = "quotient"
    inherit_cache = True


class Rounded(FunctionElement[float]):
    """The nearest whole number; of two, the one that is farther from 0."""

    type = Float()
    name = "rounded"
    inherit_cache = True


class _PartOf(_Number):
    name = "part_of"
    inherit_cache = True


def text_in(manifest: Any, name: str) -> _Text:
    """A text of a manifest, null if it is not there."""
    return _TextIn(manifest, _word(name))


def list_in(manifest: Any, name: str) -> _Text:
    """The texts of a list in a manifest with a blank before and after each, null if there are none."""
    return _ListIn(manifest, _word(name))


def flag_in(manifest: Any, name: str) -> FunctionElement[bool]:
    """Whether something is true in a manifest."""
    return _FlagIn(manifest, _word(name))


def part_of(microseconds: Any, part: str) -> _Number:
    """The year, month, day, hour, minute or second of a time."""
    return _PartOf(microseconds, _word(part))


def _word(name: str) -> Any:
    return literal_column(f"'{name}'")  # a name of ours, never a client's


def _says(element: type[Any], sqlite: str, others: str) -> None:
    """How an element is said: ``{0}`` and ``{1}`` are its arguments."""

    def saying(pattern: str) -> Callable[..., str]:
        def say(element: Any, compiler: Any, **how: Any) -> str:
            return pattern.format(*[compiler.process(each, **how) for each in element.clauses])

        return say

    compiles(element)(saying(others))
    compiles(element, "sqlite")(saying(sqlite))


_JSON = "convert_from({0}, 'UTF8')::json"
_says(_TextIn, "json_extract(CAST({0} AS TEXT), '$.' || {1})", f"({_JSON} ->> {{1}})")
_says(
    _FlagIn,
    "(json_extract(CAST({0} AS TEXT), '$.' || {1}) IS 1)",
    f"coalesce(({_JSON} ->> {{1}})::boolean, false)",
)
_says(
    _ListIn,
    "(SELECT ' ' || group_concat(value, ' ') || ' ' FROM json_each(CAST({0} AS TEXT), '$.' || {1}))",
    f"(SELECT ' ' || string_agg(value, ' ') || ' ' FROM json_array_elements_text({_JSON} -> {{1}}))",  # noqa: S608
)
_says(Folded, "lower({0})", 'lower(({0}) COLLATE "C")')  # SQLite's lower, and that of "C", know A to Z only
_says(Place, "instr({0}, {1})", "strpos({0}, {1})")
_says(Larger, "max({0}, {1})", "greatest({0}, {1})")
_says(Whole, "({0})", "({0})::numeric")
_says(WholeQuotient, "(({0}) / nullif({1}, 0))", "div({0}, nullif({1}, 0)::numeric)")
_says(Remainder, "(({0}) % nullif({1}, 0))", "mod({0}, nullif({1}, 0)::numeric)")
_says(Quotient, "(({0}) / nullif({1}, 0))", "(({0}) / nullif({1}, 0))")
_says(Rounded, "round({0})", "round(({0})::numeric)::double precision")
_says(
    Replaced,
    "replace({0}, {1}, {2})",
    # A negative length is an error, and the only way to say that it is too much before the memory is used.
    f"(SELECT CASE WHEN length(it)::bigint * length(by) > {TEXT_LIMIT} THEN substr(it, 1, -1) "  # noqa: S608
    "ELSE replace(it, old, by) END FROM (SELECT {0} AS it, {1} AS old, {2} AS by OFFSET 0) AS told)",
)


@compiles(Part)
def _part_of_text(element: Any, compiler: Any, **how: Any) -> str:
    text, *places = [compiler.process(each, **how) for each in element.clauses]
    return f"substr({', '.join([text, *[f'least({place}, {_INT})::integer' for place in places]])})"


@compiles(Part, "sqlite")
def _part_of_text_in_sqlite(element: Any, compiler: Any, **how: Any) -> str:
    return f"substr({', '.join([compiler.process(each, **how) for each in element.clauses])})"


@compiles(_PartOf)
def _part(element: Any, compiler: Any, **how: Any) -> str:
    time, part = [compiler.process(each, **how) for each in element.clauses]
    return f"CAST(floor(extract({part[1:-1]} FROM to_timestamp({time} / 1000000.0) AT TIME ZONE 'UTC')) AS integer)"


@compiles(_PartOf, "sqlite")
def _part_in_sqlite(element: Any, compiler: Any, **how: Any) -> str:
    time, part = [compiler.process(each, **how) for each in element.clauses]
    return f"CAST(strftime('{_PARTS[part[1:-1]]}', ({time}) / 1000000, 'unixepoch') AS INTEGER)"
