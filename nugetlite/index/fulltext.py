"""Full text as SQLite has it (FTS5): the one room that has to be written again for another database.

Words are made by ``wording``, blanks between them, so the tokenizer has nothing to decide. Every row belongs
to the document of the same number. That a document's lowest bits are the slices in which it answers is what
makes counting fast: matches are counted without a look at any other table.
"""

from __future__ import annotations

import re
import string
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlalchemy import BigInteger, ColumnElement, Text, bindparam, column, delete, insert, table

from nugetlite.index.wording import SHORTEST_PART, Wording, fold, humps, type_word, words
from nugetlite.statement import Statement

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from nugetlite.package.query import Query, Term

TABLE = "words"
WORD_LIMIT = 20  #: words of a query that are looked at

_COLUMNS = Wording._fields
_FREE = "{tails names title tags authors summary description}"
_NAMING = "{tails names title tags}"
_FIELDS = {
    "id": "names",
    "title": "title",
    "tags": "tags",
    "author": "authors",
    "description": "description",
    "summary": "summary",
    "owner": "owners",
}
_OF_IDS = re.compile(r"[a-z0-9_.-]+")
_TELLING = "#%&@*\\"  # punctuation that is meant when it stands at a word; other marks just part words

rows = table(
    TABLE, column("rowid", BigInteger), column(TABLE, Text), *[column(name, Text) for name in _COLUMNS]
)
number = rows.c.rowid  #: of the document that has the words


@dataclass(frozen=True, slots=True)
class Match:
    """Which documents answer the words of a query."""

    all: str  #: "" is every document
    naming: str = ""  #: those whose id, title or tags answer the free words; "" if that makes no difference

    @property
    def rest(self) -> str:
        """Those that are in ``all`` and not in ``naming``."""
        return f"({self.all}) NOT ({self.naming})"


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


def answers(match: str) -> ColumnElement[bool]:
    """That a row of the table answers."""
    return rows.c[TABLE].op("MATCH")(match)


def matching(query: Query, *, only_ids: bool = False) -> Match | None:
    """The words of a query as SQLite wants them, quoted so that none of them is taken for syntax.

    A free word is found whole in any text, and in an id also as a part; the last one, which may not be typed to
    its end, also as a beginning. ``only_ids``: only in ids, and only words of them. ``None`` if nothing can
    answer: words are wanted, and what was typed has none.
    """
    expression = _Expression(parts=not only_ids)
    fields: dict[str, list[Term]] = {}
    for term in query.terms:
        fields.setdefault(term.field, []).append(term)
    free = expression.free([piece for term in fields.pop("", ()) for piece in term.text.split()])
    told = [expression.field(field, terms) for field, terms in fields.items() if field in _FIELDS]
    if query.package_type:
        told.append(expression.type(query.package_type))
    if expression.is_hopeless:
        return None
    if not free:
        return Match(_all(told))
    if only_ids:
        return Match(_all([f"names : ({free})", *told]))
    return Match(_all([f"{_FREE} : ({free})", *told]), _all([f"{_NAMING} : ({free})", *told]))


class _Expression:
    """Writes the parts of an expression; counts the words, and sees when something can match nothing."""

    def __init__(self, *, parts: bool) -> None:
        self.is_hopeless = False
        self._parts = parts  # whether a word may also be any part of an id
        self._left = WORD_LIMIT

    def free(self, pieces: Sequence[str]) -> str:
        """Words that must all be found somewhere."""
        if any(map(_has_letters, pieces)):
            pieces = [piece for piece in pieces if _has_letters(piece) or any(map(_is_telling, piece))]
        parts = [self._piece(piece, last=at == len(pieces)) for at, piece in enumerate(pieces, start=1)]
        return self._hopeful(_all([part for part in parts if part]), wanted=bool(pieces))

    def field(self, field: str, terms: Sequence[Term]) -> str:
        """One of several texts, all of whose words must be found in one column."""
        looked_for = {"tags": self._tags, "id": self._names}.get(field, self._whole_words)
        ways = [way for term in terms if (way := looked_for(term.text))]
        return self._hopeful(f"{_FIELDS[field]} : ({_any(ways)})" if ways else "")

    def type(self, name: str) -> str:
        """A package type."""
        word = type_word(name)
        return self._hopeful(f"types : {_quoted(word)}" if word else "")

    def _piece(self, piece: str, last: bool) -> str:
        """What stands between blanks: a part of an id, or words, or words that are written together."""
        if not self._left:
            return ""
        found = self._words(piece)
        ways = [_all(_each(found, last=last))] if found else []
        if self._parts and (part := _part_of_id(piece)) and not (last and found == [part]):
            ways.append(f"tails : {_begins(part)}")
        if inner := humps(piece)[:WORD_LIMIT]:
            ways.append(_all(_each(inner, last=last)))
        return f"({_any(ways)})" if ways else ""

    def _names(self, text: str) -> str:
        return _all(
            [_begins(word) if len(word) >= SHORTEST_PART else _quoted(word) for word in self._words(text)]
        )

    def _tags(self, text: str) -> str:
        return _all(
            [_quoted("".join(found)) for piece in text.split() if (found := self._take(words(piece)))]
        )

    def _whole_words(self, text: str) -> str:
        return _all([_quoted(word) for word in self._words(text)])

    def _words(self, text: str) -> list[str]:
        """The words of a text, without the signs that only stand between them."""
        found = words(text)
        if any(map(_has_letters, found)):
            found = [word for word in found if _has_letters(word) or _is_telling(word)]
        return self._take(found)

    def _take(self, found: list[str]) -> list[str]:
        taken = found[: self._left]
        self._left -= len(taken)
        return taken

    def _hopeful(self, part: str, *, wanted: bool = True) -> str:
        self.is_hopeless |= wanted and not part and self._left > 0
        return part


def _part_of_id(piece: str) -> str:
    """The piece as it may stand within an id, "" if it cannot."""
    part = fold(piece).strip(".-_")
    return part if len(part) >= SHORTEST_PART and _OF_IDS.fullmatch(part) else ""


def _has_letters(text: str) -> bool:
    return any(map(str.isalnum, text))


def _is_telling(sign: str) -> bool:
    return sign in _TELLING or unicodedata.category(sign).startswith("S")


def _each(found: Sequence[str], *, last: bool) -> list[str]:
    told = [_quoted(word) for word in found]
    if last and len(found[-1]) >= SHORTEST_PART:
        told[-1] = _begins(found[-1])
    return told


def _quoted(word: str) -> str:
    return '"' + word.replace('"', '""') + '"'


def _begins(word: str) -> str:
    return f"{_quoted(word)} *"


def _all(parts: Sequence[str]) -> str:
    return " AND ".join([part for part in parts if part])


def _any(ways: Sequence[str]) -> str:
    return " OR ".join([f"({way})" for way in ways])


_PLACES = ["document", *[f"new_{name}" for name in _COLUMNS]]
_PUT = Statement(
    insert(rows).values(rowid=bindparam("document"), **{name: bindparam(f"new_{name}") for name in _COLUMNS})
)
_DROP = Statement(delete(rows).where(number == bindparam("document")))
