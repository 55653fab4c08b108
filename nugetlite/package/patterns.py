"""Patterns of package ids, and tables of them in which the most specific one decides."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Generic, TypeVar

from nugetlite.errors import NotUnderstood, quoted

T = TypeVar("T")

LONGEST = 200  #: characters
_PATTERN = re.compile(r"[A-Za-z0-9_.*-]+")


@dataclass(frozen=True, slots=True)
class Pattern:
    """Which ids are meant: ``Contoso.*``. ``*`` stands for any text, also none; letter case does not count."""

    key: str  #: in lower case

    @classmethod
    def parse(cls, text: str) -> Pattern:
        """Read one; blank around it is trimmed. Raises ``NotUnderstood``."""
        found = text.strip()
        if len(found) > LONGEST or not _PATTERN.fullmatch(found):
            raise NotUnderstood(
                f"{quoted(found)} is no pattern of package ids; give one like Contoso.* (* stands for any text)"
            )
        return cls(found.lower())

    def __str__(self) -> str:
        return self.key

    @property
    def is_one_id(self) -> bool:
        """Whether it means a single id."""
        return "*" not in self.key

    @property
    def means_all(self) -> bool:
        """Whether every id fits."""
        return not self.key.strip("*")

    def fits(self, key: str) -> bool:
        """Whether an id, in lower case, is meant."""
        return self.means_all or _compiled(self.key).fullmatch(key) is not None

    def covers(self, other: Pattern) -> bool:
        """Whether surely every id that ``other`` means is meant."""
        return self.fits(other.key)  # its "*", as a letter, is in no id, so only a "*" of ours takes it

    @property
    def specificity(self) -> tuple[bool, int]:
        """What comes first in order says more: an id in full, then the most letters beside its ``*``."""
        return not self.is_one_id, -len(self.key.replace("*", ""))


ALL = Pattern("*")


class ByPattern(Generic[T]):
    """What holds for which ids. Of the patterns that fit an id the most specific decides, among equals the first."""

    def __init__(self, table: Mapping[Pattern, T] | Iterable[tuple[Pattern, T]]) -> None:
        pairs = table.items() if isinstance(table, Mapping) else table
        self.entries = tuple(sorted(pairs, key=lambda pair: pair[0].specificity))  #: the most specific first

    def of(self, key: str) -> T | None:
        """What holds for an id in lower case; ``None`` if no pattern fits."""
        entry = self.entry(key)
        return entry[1] if entry else None

    def entry(self, key: str) -> tuple[Pattern, T] | None:
        """The same, with the pattern that decides."""
        return next((entry for entry in self.entries if entry[0].fits(key)), None)


@lru_cache(maxsize=4096)
def _compiled(key: str) -> re.Pattern[str]:
    return re.compile(".*".join(map(re.escape, re.split(r"\*+", key))))
