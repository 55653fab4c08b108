"""Those who try keys, and how long they have to wait."""

from __future__ import annotations

from collections import deque
from threading import Lock
from time import monotonic

from nugetlite.errors import TooManyTries


class Guesses:
    """Slows down whoever tries keys: after 20 wrong ones within a minute, an address has to wait for its end."""

    LIMIT = 20
    SECONDS = 60.0
    ADDRESSES = 10_000  #: remembered at most

    def __init__(self) -> None:
        self._lock = Lock()
        self._failures: dict[str, deque[float]] = {}

    def count(self, address: str) -> None:
        """Remember a failure."""
        with self._lock:
            if address not in self._failures and len(self._failures) >= self.ADDRESSES:
                self._failures.pop(next(iter(self._failures)))
            self._failures.setdefault(address, deque(maxlen=self.LIMIT)).append(monotonic())

    def check(self, address: str) -> None:
        """Raise ``TooManyTries`` while the address has to wait."""
        with self._lock:
            failures = self._failures.get(address)
            if failures and monotonic() - failures[-1] > self.SECONDS:
                del self._failures[address]
            elif failures and len(failures) == self.LIMIT and monotonic() - failures[0] < self.SECONDS:
                raise TooManyTries
