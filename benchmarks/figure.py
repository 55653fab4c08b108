"""One thing that was measured: its rounds, and what was wanted of it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from statistics import median


@dataclass(frozen=True)
class Figure:
    """What came out of several rounds; the median is what counts.

    ``wanted`` is the least that will do or, with ``at_most``, the most.
    """

    what: str
    beside: str  #: the yardstick, or how it was measured
    unit: str
    wanted: float
    rounds: tuple[float, ...]
    at_most: bool = False

    @property
    def median(self) -> float:
        """The middle one of its rounds."""
        return median(self.rounds)

    @property
    def is_met(self) -> bool:
        """Whether it is as good as was wanted."""
        return self.median <= self.wanted if self.at_most else self.median >= self.wanted

    @property
    def row(self) -> tuple[str, ...]:
        """Its cells in a table, in the order of ``HEADINGS``."""
        bound = "at most" if self.at_most else "at least"
        return (
            self.what,
            f"{bound} {self._with_unit(self.wanted)}",
            f"{'' if self.is_met else 'missed: '}{self._with_unit(self.median)}",
            f"{_number(min(self.rounds))}–{_number(max(self.rounds))}",
            str(len(self.rounds)),
            self.beside,
        )

    def __str__(self) -> str:
        what, wanted, found, spread, _, beside = self.row
        return f"{what}: {found} ({spread}), wanted {wanted}; {beside}"

    def _with_unit(self, value: float) -> str:
        return f"{_number(value)} {self.unit}"


HEADINGS = ("what", "wanted", "median", "least–most", "rounds", "beside")


def ratio(what: str, yardstick: str, wanted: float, ours: Iterable[float], theirs: Iterable[float]) -> Figure:
    """How many times as fast as the yardstick we are, round by round."""
    rounds = tuple(mine / other for mine, other in zip(ours, theirs, strict=True))
    return Figure(what, yardstick, "×", wanted, rounds)


def _number(value: float) -> str:
    return f"{value:,.0f}" if value >= 100 else f"{value:.2f}" if value < 10 else f"{value:.1f}"
