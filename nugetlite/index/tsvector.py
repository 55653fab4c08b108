"""Full text as PostgreSQL has it, without its dictionaries and without an extension: ``tsvector`` and a GIN index.

A word is kept once for each scope in which it may be looked for, with the scope's letter before it, so that the index
alone knows what answers: ``fjson`` is "json, anywhere", ``ijson`` is "json, as a word of the id".
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from sqlalchemy import BigInteger, Connection, Text, bindparam, column, delete, func, insert, table
from sqlalchemy.dialects.postgresql import ARRAY, TSVECTOR

from nugetlite.index.sought import SCOPES, All, Any, Sought, Within, Without, Word
from nugetlite.index.wording import Wording
from nugetlite.statement import Statement

TABLE = "words"
ANSWERS = f"{TABLE}.lexemes @@ CAST({{0}} AS tsquery)"
WORD_LENGTH = 200  #: characters by which a word is known; PostgreSQL takes some 2000 bytes
MOST_BYTES = 900_000  #: of one document's words; PostgreSQL takes a million

_LETTERS = {
    "free": "f",
    "naming": "g",
    "tails": "t",
    "names": "i",
    "title": "h",
    "tags": "k",
    "authors": "a",
    "owners": "o",
    "types": "y",
    "summary": "s",
    "description": "d",
}
_IN_ORDER = sorted(Wording._fields, key=[*_LETTERS].index)  # what is long comes last, where it may be cut off
_WRITTEN = {
    name: "".join([_LETTERS[scope] for scope, columns in SCOPES.items() if name in columns])
    for name in Wording._fields
}

_rows = table(TABLE, column("rowid", BigInteger), column("lexemes", TSVECTOR))
_PUT = Statement(
    insert(_rows).values(
        rowid=bindparam("document"), lexemes=func.array_to_tsvector(bindparam("told", type_=ARRAY(Text)))
    )
)
_DROP = Statement(delete(_rows).where(_rows.c.rowid == bindparam("document")))


def create(connection: Connection) -> None:
    """Make the table, empty."""
    connection.exec_driver_sql(f"CREATE TABLE {TABLE} (rowid bigint PRIMARY KEY, lexemes tsvector NOT NULL)")
    connection.exec_driver_sql(f"CREATE INDEX {TABLE}_lexemes ON {TABLE} USING gin (lexemes)")


def put(connection: Connection, wordings: Mapping[int, Wording]) -> None:
    """Add the words of documents that have none yet."""
    rows = [{"document": number, "told": _lexemes(wording)} for number, wording in wordings.items()]
    _PUT.run_each(connection, rows)


def drop(connection: Connection, numbers: Iterable[int]) -> None:
    """Take the words of documents away."""
    _DROP.run_each(connection, [{"document": number} for number in numbers])


def say(sought: Sought, letter: str = "") -> str:
    """What is sought in the scope of a letter, quoted so that no word is taken for syntax."""
    match sought:
        case Word(text, begins):
            lexeme = f"{letter}{text[:WORD_LENGTH]}".replace("\\", "\\\\").replace("'", "''")
            return f"'{lexeme}':*" if begins else f"'{lexeme}'"
        case All(parts):
            return " & ".join([f"({say(part, letter)})" for part in parts])
        case Any(ways):
            return " | ".join([f"({say(way, letter)})" for way in ways])
        case Within(scope, part):
            return say(part, _LETTERS[scope])
        case Without(wanted, other):
            return f"({say(wanted)}) & !({say(other)})"


def _lexemes(wording: Wording) -> list[str]:
    """Every word in each of its scopes, as many as there is room for."""
    room = MOST_BYTES
    found = []
    for lexeme in dict.fromkeys(_all_lexemes(wording)):
        room -= len(lexeme.encode())
        if room < 0:
            break
        found.append(lexeme)
    return found


def _all_lexemes(wording: Wording) -> Iterator[str]:
    for name in _IN_ORDER:
        for word in dict.fromkeys(getattr(wording, name).split()):
            for letter in _WRITTEN[name]:
                yield letter + word[:WORD_LENGTH]
