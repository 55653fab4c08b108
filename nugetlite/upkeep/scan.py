"""One look at the share: what others put there, took away or changed becomes known to the index.

A pushed package is indexed by the push; this is for everything else: ``nuget add``, copying tools, other
servers on the same share, a database that was lost, a process that was killed between two steps.
"Cannot be read" is never "is gone", and one bad folder never keeps the others from being looked at.
"""

from __future__ import annotations

import logging
import time
from dataclasses import replace
from typing import TYPE_CHECKING

from nugetlite.errors import ShareFull, ShareUnavailable
from nugetlite.upkeep.archives import ArchiveUpkeep
from nugetlite.upkeep.arrivals import Arrivals, Progress
from nugetlite.upkeep.departures import Departures
from nugetlite.upkeep.difference import look, vanished
from nugetlite.upkeep.doubts import Doubts
from nugetlite.upkeep.drops import Drops
from nugetlite.upkeep.marks import Marks
from nugetlite.upkeep.report import Report

if TYPE_CHECKING:
    from nugetlite.archive_share import ArchiveShare
    from nugetlite.audit import Audit
    from nugetlite.database import Database
    from nugetlite.feed import Feed
    from nugetlite.history import History
    from nugetlite.index import Index
    from nugetlite.index.archives import ArchiveIndex
    from nugetlite.share import Share

log = logging.getLogger(__name__)


class Scanner:
    """Looks at the share and tells the index. One at a time; it remembers what it doubted in its last look."""

    def __init__(
        self,
        share: Share,
        index: Index,
        history: History,
        audit: Audit,
        database: Database,
        feed: Feed,
        archive_share: ArchiveShare,
        archive_index: ArchiveIndex,
    ) -> None:
        self._share = share
        self._index = index
        self._database = database
        self._doubts = Doubts()
        self._arrivals = Arrivals(share, index, history, audit, database, feed, self._doubts)
        self._departures = Departures(share, index, history, audit, database)
        self._drops = Drops(share, feed, self._doubts)
        self._marks = Marks(share, index, database, feed, self._doubts)
        self._archives = ArchiveUpkeep(archive_share, archive_index, audit, database, self._doubts)

    def scan(self, *, afresh: bool = False, progress: Progress = lambda count: None) -> Report:
        """Look once. ``afresh`` reads every package again, as if the index knew nothing.

        ``progress`` is told how many packages more were read.

        Raises ``ShareUnavailable`` if the share is away; then nothing was changed.
        """
        began = time.monotonic()
        self._share.check()
        self._doubts.begin()
        self._arrivals.begin()
        self._clear_up()
        known = {each.folder: each.stamp for each in self._index.known()}
        found = look(self._share.storage.scan(), {} if afresh else known)
        for folder in found.unreadable:
            self._doubts.miss(folder, "It cannot be looked into")
        dropped = list(self._drops.file_in(found.strays))
        self._arrivals.record(dropped)
        added, changed = self._arrivals.take(
            found.unread, known, rebuilding=afresh or not known, progress=progress
        )
        removed, missing_for = self._departures.forget(
            vanished(known, found), len(known), self.last().missing_for
        )
        restated = self._marks.restate() + self._marks.remember_removals()
        self._marks.index_symbols()
        self._archives.look(afresh=afresh)
        self._doubts.end()
        report = Report(
            added=added + len(dropped),
            changed=changed,
            removed=removed,
            restated=restated,
            problems=self._doubts.problems,
            waiting=self._doubts.waiting,
            missing_for=missing_for,
            seconds=time.monotonic() - began,
            finished=time.time(),
        )
        self._tell(report)
        return report

    def last(self) -> Report:
        """What the last look came to, in whichever process it was."""
        return Report.from_json(self._database.fact("scan"))

    def failed(self) -> None:
        """Remember that a look failed."""
        self._tell(replace(self.last(), failed=True))

    def _tell(self, report: Report) -> None:
        with self._database.begin() as connection:
            self._database.remember(connection, "scan", report.to_json())

    def _clear_up(self) -> None:
        """Finish what was cut short. Where nobody can write, that waits; there may be news to read all the same."""
        try:
            self._share.tidy()
            self._marks.finish_deletes()
            self._archives.finish_deletes()
        except (ShareUnavailable, ShareFull) as error:
            log.warning("the share was not cleared up: %s", error)
