"""What a client asks of search: parsed once, the same for V3, V2 and autocomplete."""

from __future__ import annotations

import re
from dataclasses import dataclass

from nugetlite.errors import BadVersion
from nugetlite.package.sight import EVERYTHING, Sight
from nugetlite.package.version import Version

TERM_LIMIT = 100  #: terms; more of them say nothing more

_FIELDS = {
    "id": "id",
    "packageid": "packageid",
    "version": "version",
    "title": "title",
    "tag": "tags",
    "tags": "tags",
    "author": "author",
    "authors": "author",
    "description": "description",
    "summary": "summary",
    "owner": "owner",
    "owners": "owner",
}
_TERM = re.compile(rf'(?:({"|".join(_FIELDS)}):(?=\S))?(?:"([^"]*)"?|(\S+))', re.IGNORECASE)
_SEMVER2 = Version.parse("2.0.0")
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f]")


@dataclass(frozen=True, slots=True)
class Term:
    """One condition: ``field`` is "" (any text field), "id" (words of the id), "packageid" (the exact id), "version",
    "title", "tags", "author", "description", "summary" or "owner"; ``text`` is what the user typed, never blank."""

    field: str
    text: str


@dataclass(frozen=True, slots=True)
class Query:
    """One search. No term means all packages. Different fields must all match; several terms of the same field
    are alternatives, except free words, which must all match (as on nuget.org)."""

    terms: tuple[Term, ...] = ()
    prerelease: bool = False
    semver2: bool = False  #: the client understands SemVer 2 versions
    package_type: str = ""  #: "" is any
    skip: int = 0
    take: int = 20
    sight: Sight = EVERYTHING  #: of whoever asks: other ids are not there for them


def parse_terms(text: str) -> tuple[Term, ...]:
    """Read what somebody typed into a search box: ``json id:Contoso tags:"unit testing"``.

    Any text will do: what is no known field is a plain word, and a quote that is not closed ends with the text.
    """
    terms = [
        Term(_FIELDS.get(field.lower(), ""), (quoted or word).strip())
        for field, quoted, word in _TERM.findall(_CONTROL.sub(" ", text))
    ]
    return tuple(term for term in terms if term.text)[:TERM_LIMIT]


def knows_semver2(level: str) -> bool:
    """Whether a client that names this ``semVerLevel`` reads SemVer 2 versions; what is no version says nothing."""
    try:
        return Version.parse(level) >= _SEMVER2
    except BadVersion:
        return False
