"""Counts downloads: gathered in memory, written to the index in batches, so that a download waits for no disk."""

from __future__ import annotations

import logging
from collections import Counter
from threading import Lock
from typing import TYPE_CHECKING

from nugetlite.errors import FeedError
from nugetlite.later import Later

if TYPE_CHECKING:
    from nugetlite.database import Database
    from nugetlite.index import Index
    from nugetlite.package.identity import Identity

EVERY = 10.0  #: seconds between the first uncounted download and its being written

log = logging.getLogger(__name__)


class Downloads:
    """The downloads that one process has served and not yet written down."""

    def __init__(self, index: Index, database: Database) -> None:
        self._index = index
        self._database = database
        self._lock = Lock()
        self._counts: Counter[Identity] = Counter()
        self._later = Later(self.write)

    def count(self, identity: Identity) -> None:
        """Somebody got one."""
        with self._lock:
            self._counts[identity] += 1
        self._later.want(EVERY)

    def write(self) -> None:
        """Write down what was counted; if that fails now, it is tried with the next ones."""
        with self._lock:
            counts, self._counts = self._counts, Counter()
        if not counts:
            return
        try:
            with self._database.begin() as connection:
                self._index.count_downloads(connection, counts)
        except FeedError as error:
            log.warning("downloads were not counted yet: %s", error)
            with self._lock:
                self._counts += counts
