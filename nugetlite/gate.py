"""A gate through which threads go in and out, and which a fork closes until all are out.

A process that forks while one of its threads is inside something, such as a transaction, hands the child the
half-done thing without the thread that would finish it.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from threading import Condition, local

BUSY_AFTER = 10.0  #: seconds to wait for others who are at the database


class Gate:
    """Counts the threads inside. One that is inside already may go in again, also when the gate is closed."""

    def __init__(self) -> None:
        self._changed = Condition()
        self._inside = 0
        self._is_open = True
        self._threads = _Threads()

    @contextmanager
    def inside(self) -> Iterator[None]:
        """Be inside; wait at a closed gate before."""
        visits = self._threads.visits  # of this thread; a generator that is inside may end in another one
        with self._changed:
            if not visits:
                if not self._is_open:
                    self._changed.wait_for(lambda: self._is_open)
                self._inside += 1
            visits.append(None)
        try:
            yield
        finally:
            with self._changed:
                visits.pop()
                if not visits:
                    self._inside -= 1
                    if not self._is_open:  # else nobody waits for it
                        self._changed.notify_all()

    def close(self, timeout: float) -> None:
        """Let nobody in any more, and wait, within reason, until everybody else is out."""
        myself = 1 if self._threads.visits else 0
        with self._changed:
            self._is_open = False
            self._changed.wait_for(lambda: self._inside <= myself, timeout)

    def open(self) -> None:
        """Let everybody in."""
        with self._changed:
            self._is_open = True
            self._changed.notify_all()


class _Threads(local):
    """What each thread has of its own."""

    def __init__(self) -> None:
        self.visits: list[None] = []
