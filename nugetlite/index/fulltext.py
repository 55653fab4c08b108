"""Full text: the words of each document, kept and looked for in the database's own way.

Every row belongs to the document of the same number. That a document's lowest bits are the slices in which it answers
is what makes counting fast: matches are counted without a look at any other table.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Protocol

from sqlalchemy import (
    BigInteger,
    Boolean,
    ColumnElement,
    Dialect,
    Text,
    TypeDecorator,
    bindparam,
    column,
    table,
)
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.functions import FunctionElement

from nugetlite.index import fts5, tsvector
from nugetlite.index.sought import Sought

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from nugetlite.index.wording import Wording

TABLE = "words"


class Way(Protocol):
    """What the room of one kind of database brings."""

    ANSWERS: str  #: that a row answers ``{0}``, in SQL

    def create(self, connection: Connection) -> None: ...
    def put(self, connection: Connection, wordings: Mapping[int, Wording]) -> None: ...
    def drop(self, connection: Connection, numbers: Iterable[int]) -> None: ...
    def say(self, sought: Sought) -> str:
        """What is sought, as that SQL wants it."""


_WAYS: Mapping[str, Way] = MappingProxyType({"sqlite": fts5, "postgresql": tsvector})

rows = table(TABLE, column("rowid", BigInteger))
number = rows.c.rowid  #: of the document that has the words


def create(connection: Connection) -> None:
    """Make the table, empty."""
    _WAYS[connection.dialect.name].create(connection)


def put(connection: Connection, wordings: Mapping[int, Wording]) -> None:
    """Add the words of documents that have none yet."""
    _WAYS[connection.dialect.name].put(connection, wordings)


def drop(connection: Connection, numbers: Iterable[int]) -> None:
    """Take the words of documents away."""
    _WAYS[connection.dialect.name].drop(connection, numbers)


def answers(sought: Sought) -> ColumnElement[bool]:
    """That a row of the table answers."""
    return _Answers(bindparam("sought", sought, type_=_Said(), unique=True))


class _Said(TypeDecorator[Sought]):
    """What is sought, as the database reads it."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: Sought | None, dialect: Dialect) -> str | None:
        """What is sent."""
        return None if value is None else _WAYS[dialect.name].say(value)


class _Answers(FunctionElement[bool]):
    name = "answers"
    type = Boolean()
    inherit_cache = True

    def self_group(self, against: Any = None) -> Any:
        """As it is: SQLite knows no ``MATCH`` that is compared with 1."""
        return self


@compiles(_Answers)
def _answers(element: Any, compiler: Any, **how: Any) -> str:
    [sought] = [compiler.process(each, **how) for each in element.clauses]
    return _WAYS[compiler.dialect.name].ANSWERS.format(sought)
