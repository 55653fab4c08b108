"""Who needs a version, and whether it may be deleted all the same. Pure.

Need is what a restore takes: of the versions that a dependency's range allows, NuGet takes the lowest. So whoever
needs a version gets another one, or none, as soon as it is gone. One that is only unlisted is not gone.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from functools import cached_property
from typing import TYPE_CHECKING

from nugetlite.package.package import Deletion
from nugetlite.package.sight import EVERYTHING

if TYPE_CHECKING:
    from nugetlite.package.identity import Identity
    from nugetlite.package.range import VersionRange
    from nugetlite.package.sight import Sight
    from nugetlite.package.version import Version

NAMED = 3  #: dependents that a sentence names, at most
LONGEST = 200  #: characters of a sentence that all clients show
GONE = ", which is gone now"
HOW_TO_FORCE = "; force=true (--force) deletes it all the same"


class Guard(StrEnum):
    """What the setting ``delete_guard`` makes of a need."""

    WARN = "warn"  #: the version goes, and whoever deletes it is told
    REFUSE = "refuse"  #: it stays, unless the delete is forced
    OFF = "off"  #: nobody asks

    def minds(self, deletion: Deletion) -> bool:
        """Whether it matters to such a delete who needs the version."""
        return self is not Guard.OFF and deletion is not Deletion.UNLIST


@dataclass(frozen=True, slots=True)
class Dependent:
    """A version that needs another one."""

    identity: Identity
    range: VersionRange  #: of the versions that will do for it, as it says
    instead: Version | None  #: what a restore would take if the needed one were gone, if there is any


@dataclass(frozen=True)
class Need:
    """That a version is needed, put into words that fit where clients look."""

    identity: Identity
    dependents: Sequence[Dependent]  #: at least one
    sight: Sight = EVERYTHING  #: of whoever reads it: others are counted, not named
    forced: bool = False  #: it was to stay, and was deleted all the same

    @property
    def warning(self) -> str:
        """What is said when it was deleted."""
        return self._shortened(GONE, self._loss)

    @property
    def refusal(self) -> str:
        """What is said when it was not."""
        return self._shortened("", f"{self._loss}{HOW_TO_FORCE}")

    @property
    def on_record(self) -> str:
        """Who needed it, for the operator, who sees everything."""
        return str(replace(self, sight=EVERYTHING))

    def __str__(self) -> str:
        return self._naming(NAMED, str(self.identity))

    def _shortened(self, aside: str, end: str) -> str:
        """The longest sentence that fits; how many there are is always said."""
        longer = (f"{self._naming(most, str(self.identity))}{aside}{end}" for most in range(NAMED, -1, -1))
        fitting = (sentence for sentence in longer if len(sentence) <= LONGEST)
        return next(fitting, f"{self._naming(0, 'it')}{aside}{end}")

    def _naming(self, most: int, what: str) -> str:
        """``Contoso.App 2.0.0 and 3 others need Contoso.Json 1.2.0``."""
        named, total = self._foremost[:most], len(self._lost)
        others = total - len(named)
        parts = [*map(str, named)]
        if not named:
            parts.append(f"{others} version{'s' * (others > 1)}")
        elif others:
            parts.append(f"{others} other{'s' * (others > 1)}")
        *first, last = parts
        who = f"{', '.join(first)} and {last}" if first else last
        return f"{who} need{'s' * (total == 1)} {what}"

    @cached_property
    def _lost(self) -> dict[Identity, bool]:
        """Whether there is nothing else for a dependent, which may say several ranges for several frameworks."""
        lost: dict[Identity, bool] = {}
        for each in self.dependents:
            lost[each.identity] = lost.get(each.identity, False) or each.instead is None
        return lost

    @cached_property
    def _foremost(self) -> list[Identity]:
        """One version of each id that is seen, the newest; before all else, those for which there is nothing else."""
        lost = self._lost
        of_each_id = {each.id: each for each in sorted(lost, key=lambda each: (lost[each], each.version))}
        seen = [each for each in of_each_id.values() if self.sight.sees(each.id.key)]
        return sorted(seen, key=lambda each: (not lost[each], each.id.key))

    @property
    def _loss(self) -> str:
        """What becomes of them."""
        lost = self._lost
        stranded = sum(lost.values())
        if not stranded:
            return "; another version will do"
        if stranded == len(lost):
            return "; no other version here will do"
        return f"; for {stranded} of them no other version here will do"
