"""Archives of other formats: makes their index agree with what lies on the share, and finishes their deletes."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from nugetlite.errors import Damaged, NoSuchPath
from nugetlite.upkeep.departures import SURE_AFTER
from nugetlite.upkeep.difference import is_suspicious
from nugetlite.upkeep.marks import finish_deletes

if TYPE_CHECKING:
    from nugetlite.archive_share import ArchiveShare
    from nugetlite.audit import Audit
    from nugetlite.database import Database
    from nugetlite.index.archives import ArchiveIndex
    from nugetlite.package.identity import Identity
    from nugetlite.storage import Entry
    from nugetlite.upkeep.doubts import Doubts

log = logging.getLogger(__name__)


@dataclass
class ArchiveUpkeep:
    """Looks at the archives. One look at a time."""

    share: ArchiveShare
    index: ArchiveIndex
    audit: Audit
    database: Database
    doubts: Doubts
    _missing_for: int = 0  # looks in a row that missed a large part of them, and did not believe it

    def finish_deletes(self) -> None:
        """Complete hard deletes that were cut short."""
        finish_deletes(self.share, self.database, self.doubts)

    def look(self, *, afresh: bool = False) -> None:
        """Know what is there, how it stands, and what is there no more. ``afresh`` reads every card again."""
        places = self.share.places
        entries = list(self.share.storage.scan(places.home))
        found = dict(self.share.named(entries, places.home))
        hidden = {identity for identity, _ in self.share.states(places.unlisted)} if entries else set()
        known = self.index.known()
        for identity, entry in found.items():
            stamp, listed = known.get(identity, ("", True))
            if afresh or stamp != entry.stamp or listed == (identity in hidden):
                with self.doubts.misses(entry.folder):
                    self._take(identity, entry)
        if all(entry.readable for entry in entries):
            self._forget(known, found)

    def _take(self, identity: Identity, entry: Entry) -> None:
        if self.doubts.is_refused(entry.folder, entry.stamp):
            return
        try:
            with self.database.begin() as connection:
                if not self.share.stands(entry):
                    return  # the next look will see
                archive = self.share.read(entry)
                listed = not self.share.is_unlisted(identity)
                if not self.index.get(identity):
                    self.audit.found(connection, "adopt", [identity])
                self.index.add(connection, replace(archive, listed=listed), entry.stamp)
        except NoSuchPath:
            pass
        except Damaged as error:
            self.doubts.refuse(entry.folder, entry.stamp, str(error))

    def _forget(self, known: Mapping[Identity, object], found: Mapping[Identity, object]) -> None:
        """Drop what was not seen; a large part only when looks agree."""
        lost = known.keys() - found.keys()
        if is_suspicious(len(lost), len(known)):
            self._missing_for += 1
            if self._missing_for < SURE_AFTER:
                log.warning(
                    "%d of %d archives are not on the share; waiting for another look", len(lost), len(known)
                )
                return
        self._missing_for = 0
        if not lost:
            return
        with self.database.begin() as connection:
            gone = [identity for identity in lost if not self.share.version(identity)]
            self.audit.found(connection, "vanish", gone)
            self.index.forget(connection, gone)
