"""Statements that run with every push and every restore: made ready once, then handed to the driver as they are.

SQLAlchemy says a statement in the SQL of each database, and knows which values the driver wants otherwise. But
each time it runs one it works out again what never changes, which takes ten times as long as it takes SQLite to
find a row. A statement that is run rarely, or is another one each time, is left to it.
"""

from __future__ import annotations

from collections import namedtuple
from functools import cache, lru_cache
from itertools import islice
from operator import itemgetter
from typing import TYPE_CHECKING, Any, TypeVar

from sqlalchemy import BindParameter, Table, bindparam
from sqlalchemy.dialects import postgresql, sqlite

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from sqlalchemy import Connection, Dialect, Select, UpdateBase

T = TypeVar("T")

AT_ONCE = 500  #: things that one statement names: the databases' limits are far away
WHICH: BindParameter[Any] = bindparam("which", expanding=True)  #: a list of them: ``column.in_(WHICH)``


def batches(things: Iterable[T], size: int = AT_ONCE) -> Iterator[list[T]]:
    """The things, in lists of that many; if not told, of as many as one statement can name."""
    rest = iter(things)
    while batch := list(islice(rest, size)):
        yield batch


class Statement:
    """One statement, run within a connection of SQLAlchemy's.

    Values go by the names of its parameters; ``which`` may be a list of at most ``AT_ONCE`` numbers or texts.
    ``columns`` are those that an insert fills, if it names none. What is raised is the driver's own; ``Database``
    knows what it means.
    """

    def __init__(self, statement: Select[Any] | UpdateBase, columns: Sequence[str] = ()) -> None:
        self._statement = statement
        self._columns = list(columns)
        self._ready: dict[tuple[str, int], _Ready] = {}

    def rows(self, connection: Connection, **values: Any) -> list[Any]:
        """What it finds, as named tuples."""
        if isinstance(which := values.get(WHICH.key), list):
            values[WHICH.key] = _rounded(which)
        ready = self._ready_for(connection, values)
        return list(map(ready.row, _driver(connection).execute(ready.sql, ready.arguments(values))))

    def row(self, connection: Connection, **values: Any) -> Any | None:
        """The first row, ``None`` if there is none."""
        rows = self.rows(connection, **values)
        return rows[0] if rows else None

    def values(self, connection: Connection, **values: Any) -> list[Any]:
        """The first column of every row."""
        return [row[0] for row in self.rows(connection, **values)]

    def value(self, connection: Connection, **values: Any) -> Any:
        """The first column of the first row, ``None`` if there is none."""
        rows = self.rows(connection, **values)
        return rows[0][0] if rows else None

    def run(self, connection: Connection, **values: Any) -> None:
        """Do what it says."""
        ready = self._ready_for(connection, values)
        _driver(connection).execute(ready.sql, ready.arguments(values))

    def run_each(self, connection: Connection, rows: Sequence[Mapping[str, Any]]) -> None:
        """Do what it says with each row of values, which all have the same names."""
        if len(rows) == 1:
            self.run(connection, **rows[0])
        elif rows:
            ready = self._ready_for(connection, rows[0])
            _driver(connection).cursor().executemany(ready.sql, list(map(ready.arguments, rows)))

    def _ready_for(self, connection: Connection, values: Mapping[str, Any]) -> _Ready:
        dialect, which = connection.dialect, values.get(WHICH.key)
        kind = dialect.name, len(which) if isinstance(which, list) else 0
        if (ready := self._ready.get(kind)) is None:
            ready = self._ready[kind] = _Ready(self._statement, self._columns, dialect, values)
        return ready


def inserting(dialect: str, table: Table) -> sqlite.Insert | postgresql.Insert:
    """An insert into a table that can say what to do with rows that are there already."""
    return (postgresql.insert if dialect == "postgresql" else sqlite.insert)(table)


def upsert(connection: Connection, table: Table, rows: Sequence[Mapping[str, object]]) -> None:
    """Insert rows, or give those that are there already, by primary key, these values. All have the same columns."""
    if rows:
        _upserting(connection.dialect.name, table, tuple(rows[0])).run_each(connection, rows)


@lru_cache
def _upserting(dialect: str, table: Table, columns: tuple[str, ...]) -> Statement:
    statement = inserting(dialect, table)
    keys = [column.name for column in table.primary_key]
    others = {name: statement.excluded[name] for name in columns if name not in keys}
    if not others:
        return Statement(statement.on_conflict_do_nothing(index_elements=keys), columns)
    return Statement(statement.on_conflict_do_update(index_elements=keys, set_=others), columns)


class _Ready:
    """A statement in the words of one kind of database, with room for a list of one length."""

    def __init__(
        self,
        statement: Select[Any] | UpdateBase,
        columns: list[str],
        dialect: Dialect,
        values: Mapping[str, Any],
    ) -> None:
        compiled = statement.compile(dialect=dialect, column_keys=columns or None)
        said = compiled.construct_expanded_state(dict(values))
        self.sql = said.statement
        self._is_positional = said.positiontup is not None
        self._names = list(said.positiontup or said.parameters)
        self._fixed = {name: value for name, value in said.parameters.items() if name not in values}
        self._listed = said.parameter_expansion.get(WHICH.key, [])
        self._to_driver = [
            (at, translate)
            for at, name in enumerate(self._names)
            if name in compiled.binds
            and (translate := compiled.binds[name].type.dialect_impl(dialect).bind_processor(dialect))
        ]
        found = statement.exported_columns
        self._from_driver = [
            (at, translate)
            for at, column in enumerate(found)
            if (translate := column.type.dialect_impl(dialect).result_processor(dialect, None))
        ]
        is_plain = self._is_positional and not (self._fixed or self._listed or self._to_driver)
        self.arguments: Callable[[Mapping[str, Any]], Any] = (
            itemgetter(*self._names) if is_plain and len(self._names) > 1 else self._arranged
        )
        self._make: Callable[[Iterable[Any]], Any] = _row_class(tuple(found.keys()))._make
        self.row = self._translated if self._from_driver else self._make

    def _arranged(self, values: Mapping[str, Any]) -> Any:
        """The values as the driver wants them."""
        told = {**self._fixed, **values}
        if self._listed:
            told.update(zip(self._listed, values[WHICH.key], strict=True))
        found = [told[name] for name in self._names]
        for at, translate in self._to_driver:
            found[at] = translate(found[at])
        return found if self._is_positional else dict(zip(self._names, found, strict=True))

    def _translated(self, row: Iterable[Any]) -> Any:
        values = list(row)
        for at, translate in self._from_driver:
            values[at] = translate(values[at])
        return self._make(values)


@cache
def _row_class(names: tuple[str, ...]) -> Any:
    return namedtuple("Row", names, rename=True)


def _rounded(things: list[T]) -> list[T]:
    """The list with its last thing again and again, so that few lengths occur and few statements are made ready."""
    return things + things[-1:] * ((1 << (len(things) - 1).bit_length()) - len(things))


def _driver(connection: Connection) -> Any:
    return connection.connection.dbapi_connection
