"""What the words of a query come to: an expression over words, which each database says in its own way. Pure.

All(Within("free", …), Within("authors", …))
    ├── Word("json")                 a word of a text, the whole of it
    ├── Word("js", begins=True)      what one begins with
    └── Any(…), All(…), Within("tails", …)
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from nugetlite.index.wording import SHORTEST_PART, fold, humps, type_word, words

if TYPE_CHECKING:
    from nugetlite.package.query import Query, Term

WORD_LIMIT = 20  #: words of a query that are looked at

#: Where words are looked for, by name: in several columns of a ``Wording``, or in one.
SCOPES = {
    "free": ("tails", "names", "title", "tags", "authors", "summary", "description"),
    "naming": ("tails", "names", "title", "tags"),
    "tails": ("tails",),
    "names": ("names",),
    "title": ("title",),
    "tags": ("tags",),
    "authors": ("authors",),
    "owners": ("owners",),
    "summary": ("summary",),
    "description": ("description",),
    "types": ("types",),
}
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


@dataclass(frozen=True, slots=True)
class Word:
    """A document has this word, or one that begins so."""

    text: str
    begins: bool = False


@dataclass(frozen=True, slots=True)
class All:
    """It answers every part."""

    parts: tuple[Sought, ...]


@dataclass(frozen=True, slots=True)
class Any:
    """It answers one of the ways."""

    ways: tuple[Sought, ...]


@dataclass(frozen=True, slots=True)
class Within:
    """Its words of one scope answer."""

    scope: str
    part: Sought


@dataclass(frozen=True, slots=True)
class Without:
    """It answers one, and not the other."""

    wanted: Sought
    other: Sought


Sought = Word | All | Any | Within | Without


@dataclass(frozen=True, slots=True)
class Match:
    """Which documents answer the words of a query."""

    all: Sought | None  #: ``None`` is every document
    naming: Sought | None = None  #: whose id, title or tags answer the free words, if that makes a difference

    @property
    def rest(self) -> Sought | None:
        """Those that are in ``all`` and not in ``naming``."""
        return Without(self.all, self.naming) if self.all and self.naming else self.all


def matching(query: Query, *, only_ids: bool = False) -> Match | None:
    """The words of a query.

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
    if free is None:
        return Match(_all(told))
    if only_ids:
        return Match(_all([Within("names", free), *told]))
    return Match(_all([Within("free", free), *told]), _all([Within("naming", free), *told]))


class _Expression:
    """Writes the parts of an expression; counts the words, and sees when something can match nothing."""

    def __init__(self, *, parts: bool) -> None:
        self.is_hopeless = False
        self._parts = parts  # whether a word may also be any part of an id
        self._left = WORD_LIMIT

    def free(self, pieces: Sequence[str]) -> Sought | None:
        """Words that must all be found somewhere."""
        if any(map(_has_letters, pieces)):
            pieces = [piece for piece in pieces if _has_letters(piece) or any(map(_is_telling, piece))]
        parts = [self._piece(piece, last=at == len(pieces)) for at, piece in enumerate(pieces, start=1)]
        return self._hopeful(_all(parts), wanted=bool(pieces))

    def field(self, field: str, terms: Sequence[Term]) -> Sought | None:
        """One of several texts, all of whose words must be found in one column."""
        looked_for = {"tags": self._tags, "id": self._names}.get(field, self._whole_words)
        ways = _any([looked_for(term.text) for term in terms])
        return self._hopeful(Within(_FIELDS[field], ways) if ways else None)

    def type(self, name: str) -> Sought | None:
        """A package type."""
        word = type_word(name)
        return self._hopeful(Within("types", Word(word)) if word else None)

    def _piece(self, piece: str, last: bool) -> Sought | None:
        """What stands between blanks: a part of an id, or words, or words that are written together."""
        if not self._left:
            return None
        found = self._words(piece)
        ways = [_all(_each(found, last=last))] if found else []
        if self._parts and (part := _part_of_id(piece)) and not (last and found == [part]):
            ways.append(Within("tails", Word(part, begins=True)))
        if inner := humps(piece)[:WORD_LIMIT]:
            ways.append(_all(_each(inner, last=last)))
        return _any(ways)

    def _names(self, text: str) -> Sought | None:
        return _all([Word(word, begins=len(word) >= SHORTEST_PART) for word in self._words(text)])

    def _tags(self, text: str) -> Sought | None:
        return _all([Word("".join(found)) for piece in text.split() if (found := self._take(words(piece)))])

    def _whole_words(self, text: str) -> Sought | None:
        return _all([Word(word) for word in self._words(text)])

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

    def _hopeful(self, part: Sought | None, *, wanted: bool = True) -> Sought | None:
        self.is_hopeless |= wanted and part is None and self._left > 0
        return part


def _part_of_id(piece: str) -> str:
    """The piece as it may stand within an id, "" if it cannot."""
    part = fold(piece).strip(".-_")
    return part if len(part) >= SHORTEST_PART and _OF_IDS.fullmatch(part) else ""


def _has_letters(text: str) -> bool:
    return any(map(str.isalnum, text))


def _is_telling(sign: str) -> bool:
    return sign in _TELLING or unicodedata.category(sign).startswith("S")


def _each(found: Sequence[str], *, last: bool) -> list[Sought | None]:
    *whole, end = found
    return [*map(Word, whole), Word(end, begins=last and len(end) >= SHORTEST_PART)]


def _all(parts: Sequence[Sought | None]) -> Sought | None:
    wanted = tuple([part for part in parts if part is not None])
    return wanted[0] if len(wanted) == 1 else All(wanted) if wanted else None


def _any(ways: Sequence[Sought | None]) -> Sought | None:
    told = tuple([way for way in ways if way is not None])
    return told[0] if len(told) == 1 else Any(told) if told else None
