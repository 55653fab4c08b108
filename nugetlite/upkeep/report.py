"""What one look at the share came to, as it is told to operators and to other processes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import orjson


@dataclass(frozen=True, slots=True)
class Report:
    """What a scan found and did."""

    added: int = 0
    changed: int = 0
    removed: int = 0
    restated: int = 0
    problems: Mapping[str, str] = field(default_factory=dict)  #: folder or file: what is wrong with it
    waiting: int = 0  #: folders and files that may still be being written; the next look will tell
    missing_for: int = 0  #: looks in a row that missed a large part of the share, and did not believe it
    seconds: float = 0.0
    finished: float = 0.0  #: seconds since 1970
    failed: bool = False

    def to_json(self) -> str:
        """As text, for another process."""
        return orjson.dumps(self).decode()

    @classmethod
    def from_json(cls, text: str) -> Report:
        """Read what ``to_json`` wrote; "", or what another version wrote, is a report of nothing."""
        try:
            return cls(**orjson.loads(text or "{}"))
        except TypeError:
            return cls()

    def __str__(self) -> str:
        told = f"{self.added} added, {self.changed} changed, {self.removed} removed, {self.restated} restated"
        return f"{told}, {len(self.problems)} not usable, in {self.seconds:.1f} s"
