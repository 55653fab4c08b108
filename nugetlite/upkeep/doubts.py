"""What a scanner remembers from one look to the next: what may not be finished yet, and what cannot be used.

A file that others are still writing looks like a broken one, so nothing is called broken before it was the same
in two looks. A folder or file is told by its path, and by a stamp that is another one as soon as it changes.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from time import monotonic

from nugetlite.errors import FeedError

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why something cannot be used as it stands, and since when that is known."""

    stamp: str
    why: str
    since: float


class Doubts:
    """The doubts of one scanner."""

    def __init__(self, clock: Callable[[], float] = monotonic) -> None:
        self._clock = clock
        self._seen_before: dict[str, str] = {}
        self._seen: dict[str, str] = {}
        self._refused: dict[str, Refusal] = {}
        self._unread: dict[str, str] = {}
        self._met: set[str] = set()

    def begin(self) -> None:
        """A new look begins."""
        self._seen_before, self._seen = self._seen, {}
        self._met = set()

    def end(self) -> None:
        """It is over: what it did not come across is of no interest any more."""
        self._refused = {path: each for path, each in self._refused.items() if path in self._met}
        self._unread = {path: why for path, why in self._unread.items() if path in self._met}

    @property
    def waiting(self) -> int:
        """How much will be clear after another look."""
        return len(self._seen)

    @property
    def problems(self) -> Mapping[str, str]:
        """What cannot be used, and why."""
        return self._unread | {path: each.why for path, each in self._refused.items()}

    def is_settled(self, path: str, stamp: str) -> bool:
        """Whether it was the same in the look before."""
        return self._seen_before.get(path) == stamp

    def wait(self, path: str, stamp: str) -> None:
        """Leave it to the next look."""
        self._seen[path] = stamp

    def refuse(self, path: str, stamp: str, why: str) -> None:
        """It is not to be used until it changes; that is logged once."""
        self._met.add(path)
        self._refused[path] = Refusal(stamp, why, self._clock())
        log.warning("%s is not served: %s", path, why)

    def is_refused(self, path: str, stamp: str) -> bool:
        """Whether it is still what was refused before."""
        self._met.add(path)
        return path in self._refused and self._refused[path].stamp == stamp

    def refused_for(self, path: str) -> float:
        """Seconds since it was refused."""
        return self._clock() - self._refused[path].since

    def miss(self, path: str, why: str) -> None:
        """It could not be read or written this time, which says nothing about it; logged once while that lasts."""
        self._met.add(path)
        if self._unread.get(path) != why:
            log.warning("%s is left as it is for now: %s", path, why)
        self._unread[path] = why

    @contextmanager
    def misses(self, path: str) -> Iterator[None]:
        """What cannot be read or written in here is missed this time; it keeps nobody from looking at the rest."""
        try:
            yield
        except (FeedError, OSError) as error:
            self.miss(path, str(error))

    def clear(self, path: str) -> None:
        """It is good."""
        self._refused.pop(path, None)
        self._unread.pop(path, None)
