"""What somebody sees, as a condition on the rows of a table.

It is one ``CASE`` for each table of patterns, whatever stands in it: to a database that has no statistics, a range of
ids would look like a good way to begin, when nearly all of them are in it.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from sqlalchemy import ColumnElement, case, false, or_, true

if TYPE_CHECKING:
    from nugetlite.package.patterns import Pattern
    from nugetlite.package.sight import Limit, Sight, Table

_ESCAPE = "\\"
_LIKE = str.maketrans({each: f"{_ESCAPE}{each}" for each in f"%_{_ESCAPE}"} | {"*": "%"})

Truth = ColumnElement[bool]


def seen(sight: Sight, key: ColumnElement[Any]) -> tuple[Truth, ...]:
    """That the id in a column, in lower case, is seen: conditions for ``where``, none at all if everything is."""
    return tuple([_passes(limit, key) for limit in sight.limits])


def _passes(limit: Limit, key: ColumnElement[Any]) -> Truth:
    """That any of the tables shows the id."""
    return or_(false(), *[_decides(table, key) for table in limit])


def _decides(table: Table, key: ColumnElement[Any]) -> Truth:
    """That the most specific pattern that fits says so."""
    if table[0][0].means_all:
        return true() if table[0][1] else false()
    return case(*_cases(table, key), else_=false())


def _cases(table: Table, key: ColumnElement[Any]) -> Iterator[tuple[Truth, Truth]]:
    """What to look at, one after the other, and what it says. Single ids, which come first, are told together."""
    for shown in (True, False):
        ids = [pattern.key for pattern, shows in table if pattern.is_one_id and shows is shown]
        if ids:
            yield key.in_(ids), _truth(shown)
    for pattern, shown in table:
        if not pattern.is_one_id:
            yield _fits(pattern, key), _truth(shown)


def _fits(pattern: Pattern, key: ColumnElement[Any]) -> Truth:
    return true() if pattern.means_all else key.like(pattern.key.translate(_LIKE), escape=_ESCAPE)


def _truth(value: bool) -> Truth:
    return true() if value else false()
