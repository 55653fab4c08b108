"""Full text as SQLite has it: FTS5.

Words are made by ``wording``, blanks between them, so the tokenizer has nothing to decide.
"""

from __future__ import annotations

import string
from collections.abc import Iterable, Mapping

from sqlalchemy import BigInteger, Connection, Text, bindparam, column, delete, insert, table

from nugetlite.index.sought import SCOPES, All, Any, Sought, Within, Without, Word
from nugetlite.index.wording import Wording
from nugetlite.statement import Statement

TABLE = "words"
ANSWERS = f"{TABLE}.{TABLE} MATCH {{0}}"

_COLUMNS = Wording._fields
_SCOPES = {name: f"{{{' '.join(columns)}}}" for name, columns in SCOPES.items()}

_rows = table(TABLE, column("rowid", BigInteger), *[column(name, Text) for name in _COLUMNS])
_PLACES = ["document", *[f"new_{name}" for name in _COLUMNS]]
_PUT = Statement(
    insert(_rows).values(rowid=bindparam("document"), **{name: bindparam(f"new_{name}") for name in _COLUMNS})
)
_DROP = Statement(delete(_rows).where(_rows.c.rowid == bindparam("document")))


def create(connection: Connection) -> None:
    """Make the table, empty."""
    signs = string.punctuation.replace("'", "''").replace('"', '""')
    connection.exec_driver_sql(
        f"CREATE VIRTUAL TABLE {TABLE} USING fts5({', '.join(_COLUMNS)}, "
        f"detail=column, columnsize=0, tokenize=\"ascii tokenchars '{signs}'\")"
    )


def put(connection: Connection, wordings: Mapping[int, Wording]) -> None:
    """Add the words of documents that have none yet."""
    _PUT.run_each(
        connection,
        [dict(zip(_PLACES, (number, *wording), strict=True)) for number, wording in wordings.items()],
    )


def drop(connection: Connection, numbers: Iterable[int]) -> None:
    """Take the words of documents away."""
    _DROP.run_each(connection, [{"document": number} for number in numbers])


def say(sought: Sought) -> str:
    """What is sought, quoted so that no word is taken for syntax."""
    match sought:
        case Word(text, begins):
            quoted = '"' + text.replace('"', '""') + '"'
            return f"{quoted} *" if begins else quoted
        case All(parts):
            return " AND ".join([f"({say(part)})" for part in parts])
        case Any(ways):
            return " OR ".join([f"({say(way)})" for way in ways])
        case Within(scope, part):
            return f"{_SCOPES[scope]} : ({say(part)})"
        case Without(wanted, other):
            return f"({say(wanted)}) NOT ({say(other)})"
