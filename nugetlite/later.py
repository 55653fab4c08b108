"""Does something a while after it was first wanted, once for all who wanted it meanwhile; nobody waits for it."""

from __future__ import annotations

import atexit
from collections.abc import Callable
from threading import Lock, Timer
from weakref import WeakMethod


class Later:
    """One thing to do, in this process: a method. What is wanted when the process ends is done then."""

    def __init__(self, do: Callable[[], None]) -> None:
        self._do = WeakMethod(do)  # who does it may end before the process does
        self._lock = Lock()
        self._timer: Timer | None = None
        atexit.register(self._at_last, self._do)

    def want(self, within: float) -> None:
        """Have it done within so many seconds, unless it is wanted earlier already."""
        if self._timer is None:
            with self._lock:
                if self._timer is None:
                    self._timer = Timer(within, self._run)
                    self._timer.daemon = True
                    self._timer.start()

    def _run(self) -> None:
        self._timer = None  # first: who wants it from here on may have come too late for this time
        self._at_last(self._do)

    @staticmethod
    def _at_last(whose: WeakMethod[Callable[[], None]]) -> None:
        if do := whose():
            do()
