"""Which package ids somebody sees."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from nugetlite.package.patterns import ByPattern, Pattern

Table = tuple[tuple[Pattern, bool], ...]  #: the most specific first; what fits none is not seen
Limit = tuple[Table, ...]  #: an id passes if any of these shows it


@dataclass(frozen=True, slots=True)
class Sight:
    """Which package ids somebody sees: those that pass every limit. Made by its class methods and by ``&``."""

    limits: tuple[Limit, ...] = ()

    @classmethod
    def of(cls, *tables: Mapping[Pattern, bool]) -> Sight:
        """All ids that any of these tables shows; in each the most specific pattern decides."""
        found = tuple(ByPattern(table).entries for table in tables)
        if any(_shows_all(table) for table in found):
            return EVERYTHING
        return cls((tuple(table for table in found if any(shown for _, shown in table)),))

    @classmethod
    def only(cls, patterns: Iterable[Pattern]) -> Sight:
        """All ids that fit any of these."""
        return cls.of(dict.fromkeys(patterns, True))

    def __and__(self, other: Sight) -> Sight:
        """What both see."""
        return self if other == self else Sight(self.limits + other.limits)

    @property
    def is_everything(self) -> bool:
        """Whether every id is seen."""
        return not self.limits

    @property
    def is_nothing(self) -> bool:
        """Whether surely no id is seen."""
        return () in self.limits

    def sees(self, key: str) -> bool:
        """Whether an id, in lower case, is seen."""
        return all(any(_decides(table, key) for table in limit) for limit in self.limits)


EVERYTHING = Sight()
NOTHING = Sight(((),))


def _shows_all(table: Table) -> bool:
    return all(shown for _, shown in table) and any(pattern.means_all for pattern, _ in table)


def _decides(table: Table, key: str) -> bool:
    return next((shown for pattern, shown in table if pattern.fits(key)), False)
