"""What came to the share by another way than a push: version folders that are new, or not as they were."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from nugetlite import layout
from nugetlite.actor import OPERATOR
from nugetlite.errors import Damaged, FeedError, NoSuchPackage, NoSuchPath, NotUnderstood
from nugetlite.history import Event, Kind
from nugetlite.share import arrival
from nugetlite.statement import batches

if TYPE_CHECKING:
    from nugetlite.audit import Audit
    from nugetlite.database import Database
    from nugetlite.feed import Feed
    from nugetlite.history import History
    from nugetlite.index import Index
    from nugetlite.package.package import Package
    from nugetlite.share import Reading, Share
    from nugetlite.storage import Entry
    from nugetlite.upkeep.doubts import Doubts

Progress = Callable[[int], None]
Found = tuple["Package", "Entry"]
BATCH = 250  #: versions that become visible together; a push waits no longer than one batch takes to write


@dataclass
class Arrivals:
    """Reads version folders and makes them known. One look at a time."""

    share: Share
    index: Index
    history: History
    audit: Audit
    database: Database
    feed: Feed
    doubts: Doubts
    _revision: int = -1  # of the index, up to which nobody but us has changed what we found

    def begin(self) -> None:
        """A new look begins: what changes from now on may be other than what it finds."""
        self._revision = self.index.revision()

    def take(
        self, entries: Sequence[Entry], known: Mapping[str, str], *, rebuilding: bool, progress: Progress
    ) -> tuple[int, int]:
        """Read folders, and answer how many of them are new, and how many changed; ``known`` are their stamps."""
        hidden = {identity for identity, _ in self.share.states(layout.UNLISTED)} if entries else set()
        added = changed = 0
        for batch in batches(entries, BATCH):
            found = [each for entry in batch if (each := self._believable(entry, rebuilding))]
            self.record([_hidden(each) if each[0].identity in hidden else each for each in found])
            added += sum(entry.folder not in known for _, entry in found)
            changed += sum(known.get(entry.folder, entry.stamp) != entry.stamp for _, entry in found)
            progress(len(batch))
        return added, changed

    def record(self, found: Sequence[Found]) -> None:
        """Make a batch visible, and tell of it what nobody has told yet."""
        if not found:
            return
        with self.database.begin() as connection:
            if self.index.revision_in(connection) != self._revision:
                found = list(self._still_so(found))
            self.index.add(connection, [(package, entry.stamp) for package, entry in found])
            self._revision = self.index.revision_in(connection)
            fresh = self.history.unheard(connection, [package for package, _ in found])
            now = datetime.now(UTC)
            self.history.note(
                connection, *[Event.about(package, Kind.ADOPT, now, OPERATOR) for package in fresh]
            )
            self.audit.found(connection, Kind.ADOPT, [package.identity for package in fresh])
        for package in fresh:
            self.feed.announce_push(package, OPERATOR)

    def _still_so(self, found: Iterable[Found]) -> Iterator[Found]:
        """What was not replaced or deleted since we read it, and listed as it is now."""
        for package, entry in found:
            if self.share.stands(entry):
                yield replace(package, listed=not self.share.is_unlisted(package.identity)), entry

    def _believable(self, entry: Entry, rebuilding: bool) -> Found | None:
        """The package in a folder; ``None`` if it is not fit, may not be finished, or cannot be read now."""
        stamp = entry.stamp
        if self.doubts.is_refused(entry.folder, stamp):
            return None
        settled = self.doubts.is_settled(entry.folder, stamp)
        try:
            found = self._read(entry, settled, rebuilding)
        except (NoSuchPath, NoSuchPackage):
            return None  # it went away meanwhile; the next look will see
        except (NotUnderstood, Damaged) as error:
            with self.doubts.misses(entry.folder):
                self._doubt(entry, error, is_done=settled or rebuilding or isinstance(error, Damaged))
            return None
        except (FeedError, OSError) as error:
            self.doubts.miss(entry.folder, str(error))
            return None
        self.doubts.clear(entry.folder)
        return found

    def _read(self, entry: Entry, settled: bool, rebuilding: bool) -> Found | None:
        with closing(self.share.read(entry)) as reading:
            if not rebuilding and not self.index.get(reading.package.identity):
                self.feed.validate(reading.package, reading.archive, OPERATOR)
            if reading.is_complete:
                return reading.package, entry
            if settled:
                return self._repaired(reading, entry)
        self.doubts.wait(entry.folder, entry.stamp)
        return None

    def _repaired(self, reading: Reading, entry: Entry) -> Found:
        """A package with all that clients want beside it, or as it is if nobody can write there."""
        try:
            entry = self.share.repair(reading)
        except FeedError as error:
            self.doubts.miss(entry.folder, str(error))
        return replace(reading.package, published=arrival(entry, reading.package.identity)), entry

    def _doubt(self, entry: Entry, error: FeedError, *, is_done: bool) -> None:
        """Refuse what nobody is still at work on; else look again."""
        if not is_done or not self.share.stands(entry):
            self.doubts.wait(entry.folder, entry.stamp)
            return
        self.doubts.refuse(entry.folder, entry.stamp, str(error))
        if (identity := layout.identity_at(entry.folder)) and self.index.get(identity):
            with self.database.begin() as connection:
                self.index.forget(connection, [identity])


def _hidden(found: Found) -> Found:
    package, entry = found
    return replace(package, listed=False), entry
