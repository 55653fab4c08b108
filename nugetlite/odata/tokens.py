"""The text of a ``$filter`` as tokens, each with its place."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum

from nugetlite.errors import BadQuery, quoted

TEXT_LIMIT = 16 * 1024  #: characters

_TOKEN = re.compile(
    r"""
      (?P<blank>\s+)
    | (?P<literal>(?:[A-Za-z]+)?'(?:[^']++|'')*+')
    | (?P<number>[0-9]++(?:\.[0-9]++)?(?:[eE][+-]?[0-9]++)?[LlFfDdMm]?)(?![A-Za-z0-9_.])
    | (?P<name>[A-Za-z_][A-Za-z0-9_]*+)
    | (?P<sign>[(),-])
    """,
    re.VERBOSE,
)
_UNFIT = re.compile("[\0\ud800-\udfff]")  # no database takes them, and no package has them


class Kind(StrEnum):
    """What a token is."""

    LITERAL = "literal"  #: in quotes, perhaps after the name of a type
    NUMBER = "number"
    NAME = "name"
    SIGN = "sign"
    END = "end"


@dataclass(frozen=True, slots=True)
class Token:
    """A piece of the text."""

    kind: Kind
    text: str
    start: int

    @property
    def word(self) -> str:
        """A name or sign without its letter case, "" for what can be neither."""
        return self.text.lower() if self.kind in (Kind.NAME, Kind.SIGN) else ""


@dataclass(frozen=True, slots=True)
class Text:
    """What is to be read, and what it is called."""

    option: str  #: ``$filter`` or ``$orderby``
    text: str

    def wrong(self, start: int, why: str) -> BadQuery:
        """The refusal that names the place."""
        rest = self.text[start:]
        place = f"character {start + 1}, {quoted(rest)}" if rest else "its end"
        return BadQuery(f"The {self.option} is not understood at {place}: {why}")

    def tokens(self) -> list[Token]:
        """All of it, and a token for its end. Raises ``BadQuery``."""
        if len(self.text) > TEXT_LIMIT:
            raise BadQuery(
                f"The {self.option} has {len(self.text)} characters, and at most {TEXT_LIMIT} are read; shorten it"
            )
        if unfit := _UNFIT.search(self.text):
            raise self.wrong(unfit.start(), "no text holds such a character")
        found, at = [], 0
        while at < len(self.text):
            match = _TOKEN.match(self.text, at)
            if not match:
                raise self.wrong(at, _why_not(self.text, at))
            kind = match.lastgroup or ""
            if kind != "blank":
                found.append(Token(Kind(kind), match[0], at))
            at = match.end()
        return [*found, Token(Kind.END, "", at)]


def _why_not(text: str, at: int) -> str:
    if text[at] == "'":
        return "the text that begins here has no end; write a quote in it twice"
    if text[at].isdigit():
        return "this is no number"
    return "this belongs to no name, number or text"
