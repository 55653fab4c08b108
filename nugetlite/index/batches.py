"""Statements that name many things, some hundreds at a time."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import islice
from typing import Any, TypeVar

from sqlalchemy import BindParameter, bindparam

T = TypeVar("T")

AT_ONCE = 500  #: so many that the databases' limits for one statement are far away

WHICH: BindParameter[Any] = bindparam(
    "which", expanding=True
)  #: for ``column.in_(WHICH)``; the statement is executed for each batch


def batches(things: Iterable[T]) -> Iterator[list[T]]:
    """The things, in lists that one statement can name."""
    rest = iter(things)
    while batch := list(islice(rest, AT_ONCE)):
        yield batch
