"""Versions that were on the share and are there no more, because somebody took them away by hand.

"Cannot be read" is never "is gone", and so much gone at once is more likely a fault than a clean-up.
"""

from __future__ import annotations

import logging
from collections.abc import Collection
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from nugetlite import layout
from nugetlite.actor import OPERATOR
from nugetlite.history import Event, Kind
from nugetlite.statement import batches
from nugetlite.upkeep.arrivals import BATCH
from nugetlite.upkeep.difference import is_suspicious

if TYPE_CHECKING:
    from nugetlite.audit import Audit
    from nugetlite.database import Database
    from nugetlite.history import History
    from nugetlite.index import Index
    from nugetlite.package.identity import Identity
    from nugetlite.share import Share

SURE_AFTER = 3  #: looks in a row that miss a large part of the share before it is believed to be gone

log = logging.getLogger(__name__)


@dataclass
class Departures:
    """Drops versions from the index."""

    share: Share
    index: Index
    history: History
    audit: Audit
    database: Database

    def forget(self, folders: Collection[str], known: int, missing_for: int) -> tuple[int, int]:
        """Drop versions whose folders were not seen, of ``known`` ones; a large part only when looks agree.

        ``missing_for`` is how many looks before this one missed so much. Answers how many were dropped, and how
        many looks have missed so much now.
        """
        if is_suspicious(len(folders), known):
            missing_for += 1
            if missing_for < SURE_AFTER:
                log.warning(
                    "%d of %d versions are not on the share; waiting for another look", len(folders), known
                )
                return 0, missing_for
        self.share.check()  # still the same share, so what we missed was really not there
        identities = [identity for folder in folders if (identity := layout.identity_at(folder))]
        return sum(self._forget(batch) for batch in batches(identities, BATCH)), 0

    def _forget(self, identities: Collection[Identity]) -> int:
        with self.database.begin() as connection:
            gone = [identity for identity in identities if not self.share.version(identity)]
            packages = [package for identity in gone if (package := self.index.get(identity))]
            now = datetime.now(UTC)
            self.history.note(
                connection, *[Event.about(package, Kind.VANISH, now, OPERATOR) for package in packages]
            )
            self.audit.found(connection, Kind.VANISH, [package.identity for package in packages])
            self.index.forget(connection, gone)
        return len(packages)
