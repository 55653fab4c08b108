"""What the path of a V2 URL names: ``Packages(Id='Contoso.Json',Version='1.0')/$value``, name, key and the rest."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from nugetlite.errors import BadQuery, quoted

# Possessive, for quotes can be paired in as many ways as there are Fibonacci numbers.
_SEGMENT = re.compile(r"([^/()']+)(\((?:[^'()]++|'(?:[^']++|'')*+')*+\))?(?:/+|\Z)")
_PART = re.compile(r"\s*(\w+)\s*=\s*('(?:[^']++|'')*+'|[^',=\s]+)\s*(?:,|\Z)")


@dataclass(frozen=True, slots=True)
class Address:
    """A resource of the feed. Names of resources, properties and parts of keys count in any letter case."""

    name: str  #: lower-case, "" for the feed itself
    key: Mapping[str, str]  #: by names in lower case; empty for ``Packages`` and ``Packages()`` alike
    rest: tuple[str, ...]  #: what follows after slashes, as it was written

    @classmethod
    def parse(cls, path: str) -> Address:
        """Read a path below the feed's root, with slashes around it or without. Raises ``BadQuery``."""
        wanted = path.strip("/")
        first = _SEGMENT.match(wanted)
        if wanted and not first:
            raise _bad(wanted)
        if not first:
            return cls("", {}, ())
        rest = tuple(part for part in wanted[first.end() :].split("/") if part)
        return cls(first[1].strip().lower(), _key((first[2] or "()")[1:-1], wanted), rest)


def unquoted(text: str) -> str:
    """The text in an OData string, in which ``''`` is a quote; what does not stand in quotes is taken as it is."""
    bare = text.strip()
    if len(bare) > 1 and bare[0] == bare[-1] == "'":
        return bare[1:-1].replace("''", "'")
    return bare


def _key(text: str, path: str) -> dict[str, str]:
    """Read ``Id='Contoso.Json',Version='1.0'``."""
    found: dict[str, str] = {}
    at = 0
    while text[at:].strip():
        part = _PART.match(text, at)
        if not part:
            raise _bad(path)
        found[part[1].lower()] = unquoted(part[2])
        at = part.end()
    return found


def _bad(path: str) -> BadQuery:
    return BadQuery(f"{quoted(path)} is no resource of this feed; one is Packages(Id='an id',Version='1.0')")
