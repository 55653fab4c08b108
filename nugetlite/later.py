"""Does something a while after it was first wanted, once for all who wanted it meanwhile; nobody waits for it."""

from __future__ import annotations

import atexit
from collections.abc import Callable
from threading import Lock, Timer


class Later:
    """One thing to do, in this process; what is still wanted at its end is done then."""

    def __init__(self, do: Callable[[], None], seconds: float) -> None:
        self._do = do
        self._seconds = seconds
        self._lock = Lock()
        self._timer: Timer | None = None
        atexit.register(do)

    def want(self) -> None:
        """Have it done within some seconds."""
        if self._timer is None:
            with self._lock:
                if self._timer is None:
                    self._timer = Timer(self._seconds, self._run)
                    self._timer.daemon = True
                    self._timer.start()

    def _run(self) -> None:
        self._timer = None  # first: who wants it from here on may have come too late for this time
        self._do()
