"""Keeps one who asks for the same again and again from filling the record with it."""

from __future__ import annotations

from dataclasses import dataclass
from threading import Lock
from time import monotonic

MOST = 10  #: within a minute
MINUTE = 60.0  #: seconds
NAMES = 1000  #: remembered at most


@dataclass
class _Minute:
    began: float
    count: int = 0
    left_out: int = 0


class Restraint:
    """Counts by name; each process by itself."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._minutes: dict[str, _Minute] = {}

    def left_out(self, name: str) -> int | None:
        """How many of that name were left out since the last that was not; ``None`` if this one is, too."""
        with self._lock:
            now = monotonic()
            minute = self._minutes.get(name)
            if minute is None or now - minute.began > MINUTE:
                minute = self._begin(name, now, minute.left_out if minute else 0)
            minute.count += 1
            if minute.count > MOST:
                minute.left_out += 1
                return None
            left_out, minute.left_out = minute.left_out, 0
            return left_out

    def _begin(self, name: str, now: float, left_out: int) -> _Minute:
        if name not in self._minutes and len(self._minutes) >= NAMES:
            self._minutes.pop(next(iter(self._minutes)))
        minute = self._minutes[name] = _Minute(now, left_out=left_out)
        return minute
