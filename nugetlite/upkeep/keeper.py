"""Scans again and again, in the background, in one process of each host."""

from __future__ import annotations

import fcntl
import logging
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from hashlib import blake2b
from pathlib import Path
from threading import Event, Thread
from typing import TYPE_CHECKING

from nugetlite.errors import FeedError

if TYPE_CHECKING:
    from nugetlite.upkeep.arrivals import Progress
    from nugetlite.upkeep.report import Report
    from nugetlite.upkeep.scan import Scanner

SECOND_LOOK = 1.0  #: seconds until folders that may still be being written are looked at again

log = logging.getLogger(__name__)


class Upkeep:
    """The background thread that keeps the index in step with the share.

    Of all processes of a host that give it the same ``name``, one scans by itself; and no two scan at a time.
    """

    def __init__(self, scanner: Scanner, interval: float, name: str) -> None:
        self._scanner = scanner
        self._interval = interval
        self._leader = f"{name} leader"
        self._scanning = f"{name} scanning"
        self._stopped = Event()
        self._thread: Thread | None = None

    def start(self) -> None:
        """Begin scanning, if ``scan_interval`` wants it; also after a fork, when the parent's thread is not here."""
        if self._interval and not (self._thread and self._thread.is_alive()):
            self._stopped.clear()
            self._thread = Thread(target=self._run, name="nugetlite upkeep", daemon=True)
            self._thread.start()

    def stop(self) -> None:
        """Stop after the scan that is under way."""
        self._stopped.set()
        if self._thread:
            self._thread.join()

    def scan(self, *, afresh: bool = False, progress: Progress = lambda count: None) -> Report:
        """Look once, now, as ``Scanner.scan``; waits for a scan of another process of this host to end."""
        with _locked(self._scanning):
            return self._scanner.scan(afresh=afresh, progress=progress)

    def report(self) -> Report:
        """What the last look came to, in whichever process it was."""
        return self._scanner.last()

    def _run(self) -> None:
        while not self._stopped.is_set():
            try:
                with _locked(self._leader, wait=False) as leading:
                    while leading and not self._stopped.is_set():
                        self._stopped.wait(self._look())
            except OSError:
                log.exception("nobody can be chosen to scan; trying again")
            self._stopped.wait(self._interval)

    def _look(self) -> float:
        """Scan, and say after how many seconds to do so again."""
        try:
            report = self.scan()
        except FeedError as error:
            log.warning("the share was not scanned: %s", error)
            with suppress(FeedError):
                self._scanner.failed()
        except Exception:  # the next look may fare better; nobody is there to hear of this one
            log.exception("the scan failed")
        else:
            if report.waiting:
                return min(SECOND_LOOK, self._interval)
        return self._interval


@contextmanager
def _locked(name: str, *, wait: bool = True) -> Iterator[bool]:
    """Hold the lock, or answer ``False`` if another process has it. The system frees it when a process dies."""
    with _lock_file(name).open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
        except BlockingIOError:
            yield False
        else:
            yield True


def _lock_file(name: str) -> Path:
    """In a folder of this user on this host: hosts that share a share scan it each for themselves."""
    folder = Path(tempfile.gettempdir()) / f"nugetlite-{os.getuid()}"
    folder.mkdir(mode=0o700, exist_ok=True)  # each time: some hosts clear that place now and then
    return folder / f"{blake2b(name.encode(), digest_size=12).hexdigest()}.lock"
