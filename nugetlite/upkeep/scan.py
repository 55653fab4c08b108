"""One look at the share: what others put there, took away or changed becomes known to the index.

A pushed package is indexed by the push; this is for everything else: ``nuget add``, copying tools, other
servers on the same share, a database that was lost, a process that was killed between two steps.
"Cannot be read" is never "is gone", and one bad folder never keeps the others from being looked at.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from itertools import islice
from typing import TYPE_CHECKING, TypeVar

import orjson

from nugetlite import layout
from nugetlite.access import OPERATOR
from nugetlite.errors import Damaged, FeedError, NoSuchPackage, NoSuchPath, NotUnderstood, PackageExists
from nugetlite.history import Event, Kind
from nugetlite.package.package import Deletion, Package
from nugetlite.share import Mark
from nugetlite.upkeep.difference import is_suspicious, look, vanished

if TYPE_CHECKING:
    from nugetlite.database import Database
    from nugetlite.feed import Feed
    from nugetlite.history import History
    from nugetlite.index import Index
    from nugetlite.share import Share
    from nugetlite.storage import Entry, File

T = TypeVar("T")
Progress = Callable[[int], None]
BATCH = 250  #: versions that become visible together; a push waits no longer than one batch takes to write
SURE_AFTER = 3  #: looks in a row that miss a large part of the share before it is believed to be gone

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Report:
    """What a scan found and did."""

    added: int = 0
    changed: int = 0
    removed: int = 0
    restated: int = 0
    problems: dict[str, str] = field(default_factory=dict)  #: folder: what is wrong with it
    waiting: int = 0  #: folders that may still be being written; the next look will tell
    seconds: float = 0.0
    finished: float = 0.0  #: seconds since 1970
    failed: bool = False

    def to_json(self) -> str:
        """As text, for another process."""
        return orjson.dumps(self).decode()

    @classmethod
    def from_json(cls, text: str) -> Report:
        """Read what ``to_json`` wrote; "" is a report of nothing."""
        return cls(**orjson.loads(text or "{}"))

    def __str__(self) -> str:
        told = f"{self.added} added, {self.changed} changed, {self.removed} removed, {self.restated} restated"
        return f"{told}, {len(self.problems)} not usable, in {self.seconds:.1f} s"


class Scanner:
    """Looks at the share and tells the index. One at a time; it remembers what it saw in its last look."""

    def __init__(
        self,
        share: Share,
        index: Index,
        history: History,
        database: Database,
        feed: Feed,
    ) -> None:
        self._share = share
        self._index = index
        self._history = history
        self._database = database
        self._feed = feed
        self._glimpsed: dict[str, str] = {}  # folder: the stamp it had when it was not ready to be believed
        self._refused: dict[str, tuple[str, str]] = {}  # folder: its stamp, and why it cannot be used
        self._missing_for = 0  # looks in a row

    def scan(self, *, afresh: bool = False, progress: Progress = lambda count: None) -> Report:
        """Look once. ``afresh`` reads every package again, as if the index knew nothing.

        ``progress`` is told how many packages more were read.

        Raises ``ShareUnavailable`` if the share is away; then nothing was changed.
        """
        began = time.monotonic()
        self._share.check()
        self._share.tidy()
        self._finish_deletes()
        known = {each.folder: each.stamp for each in self._index.known()}
        found = look(self._share.storage.scan(), {} if afresh else known)
        if afresh:
            found.seen.update(entry.folder for entry in found.unread if entry.folder in known)
        glimpsed, self._glimpsed = self._glimpsed, {}
        strays = self._adopt(found.strays, glimpsed)
        tally = self._read(found.unread, known, glimpsed, afresh or not known, progress)
        removed = self._forget(vanished(known, found), len(known))
        restated = self._restate() + self._remember_removals()
        self._index_symbols()
        self._forget_mended(found.unread, found.strays)
        report = Report(
            added=tally["added"] + strays,
            changed=tally["changed"],
            removed=removed,
            restated=restated,
            problems={folder: why for folder, (_, why) in self._refused.items()},
            waiting=len(self._glimpsed),
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

    # Version folders that are new, or not as they were

    def _read(
        self,
        entries: Sequence[Entry],
        known: dict[str, str],
        glimpsed: dict[str, str],
        rebuilding: bool,
        progress: Progress,
    ) -> dict[str, int]:
        tally = {"added": 0, "changed": 0}
        began = self._index.revision()
        hidden = {identity for identity, _ in self._share.states(layout.UNLISTED)} if entries else frozenset()
        for batch in _batches(entries, BATCH):
            found = [each for entry in batch if (each := self._believable(entry, glimpsed, rebuilding))]
            found = [
                (replace(package, listed=package.identity not in hidden), entry) for package, entry in found
            ]
            self._write(found, known, began)
            for _, entry in found:
                tally["changed" if entry.folder in known else "added"] += 1
            progress(len(batch))
        return tally

    def _believable(
        self, entry: Entry, glimpsed: dict[str, str], rebuilding: bool
    ) -> tuple[Package, Entry] | None:
        """The package in a folder; ``None`` if it is not fit, or may not be finished."""
        if self._refused.get(entry.folder, ("", ""))[0] == entry.stamp:
            return None
        settled = glimpsed.get(entry.folder) == entry.stamp
        try:
            with closing(self._share.read(entry)) as reading:
                if not rebuilding and not self._index.get(reading.package.identity):
                    self._feed.validate(reading.package, reading.archive, OPERATOR)
                if reading.is_complete:
                    return reading.package, entry
                if settled:
                    return reading.package, self._share.repair(reading)
        except (NoSuchPath, NoSuchPackage):
            return None  # it went away meanwhile; the next look will see
        except (FeedError, OSError) as error:
            if settled or rebuilding or isinstance(error, Damaged):
                self._refuse(entry, str(error))
                return None
        self._glimpsed[entry.folder] = entry.stamp
        return None

    def _write(self, found: Sequence[tuple[Package, Entry]], known: dict[str, str], began: int) -> None:
        """Make a batch visible, but for what was deleted since the index stood at revision ``began``."""
        with self._database.begin() as connection:
            deleted = self._index.removed_since(connection, began)
            alive = [(package, entry) for package, entry in found if package.identity not in deleted]
            self._index.add(connection, [(package, entry.stamp) for package, entry in alive])
            news = [package for package, entry in alive if entry.folder not in known]
            fresh = self._history.unheard(connection, news)
            now = datetime.now(UTC)
            events = [Event.about(package, Kind.ADOPT, now, OPERATOR.name) for package in fresh]
            self._history.note(connection, *events)
        for package in fresh:
            self._feed.announce_push(package, OPERATOR)

    def _refuse(self, entry: Entry, why: str) -> None:
        """Say once what is wrong with a folder; it is tried again when it changes."""
        self._refused[entry.folder] = (entry.stamp, why)
        log.warning("%s is not served: %s", entry.folder or "the root", why)
        if (identity := layout.identity_at(entry.folder)) and self._index.get(identity):
            with self._database.begin() as connection:
                self._index.forget(connection, [identity])

    def _forget_mended(self, *entries: Iterable[Entry]) -> None:
        still_there = {entry.folder for each in entries for entry in each}
        self._refused = {folder: why for folder, why in self._refused.items() if folder in still_there}

    # Packages that lie where they should not: dropped into the root, or in a folder of some other spelling

    def _adopt(self, entries: Sequence[Entry], glimpsed: dict[str, str]) -> int:
        """Move them to where they belong; a stray package makes clients misread the whole folder feed."""
        adopted = 0
        for entry in entries:
            for file in entry.files:
                if not file.name.lower().endswith(".nupkg"):
                    continue
                path = f"{entry.folder}/{file.name}" if entry.folder else file.name
                stamp = f"{file.size}|{file.modified}|{file.tag}"
                if glimpsed.get(path) == stamp:
                    adopted += self._adopt_one(path, file, stamp)
                elif self._refused.get(path, ("", ""))[0] != stamp:
                    self._glimpsed[path] = stamp
        return adopted

    def _adopt_one(self, path: str, file: File, stamp: str) -> bool:
        try:
            package, entry = self._feed.file_in(path, datetime.fromtimestamp(file.modified, UTC))
        except NoSuchPath:
            return False
        except (NotUnderstood, PackageExists) as error:
            log.warning("%s was dropped and is not taken: %s", path, error)
            self._share.reject(path, str(error))
            return False
        except (FeedError, OSError) as error:
            self._refused[path] = (stamp, str(error))
            log.warning("%s was dropped and cannot be taken now: %s", path, error)
            return False
        self._write([(package, entry)], {}, self._index.revision())
        return True

    # Versions that are not there any more

    def _forget(self, folders: set[str], known: int) -> int:
        """Drop them from the index; many at once only when several looks agree."""
        self._missing_for = self._missing_for + 1 if is_suspicious(len(folders), known) else 0
        if 0 < self._missing_for < SURE_AFTER:
            log.warning(
                "%d of %d versions are not on the share; waiting for another look", len(folders), known
            )
            return 0
        self._share.check()  # still the same share, so what we missed was really not there
        gone = [identity for folder in folders if (identity := layout.identity_at(folder))]
        for batch in _batches(gone, BATCH):
            with self._database.begin() as connection:
                for identity in batch:
                    if package := self._index.get(identity):
                        self._history.note(
                            connection, Event.about(package, Kind.VANISH, datetime.now(UTC), OPERATOR.name)
                        )
                self._index.forget(connection, batch)
        return len(gone)

    # Marks

    def _restate(self) -> int:
        """Make listed flags agree with the marks on the share."""
        hidden = {layout.version_folder(identity) for identity, _ in self._share.states(layout.UNLISTED)}
        wrong = [each.identity for each in self._index.known() if each.listed == (each.folder in hidden)]
        if not wrong:
            return 0
        with self._database.begin() as connection:  # nobody restates meanwhile, so what the share says now holds
            return sum(
                self._index.restate(connection, identity, listed=not self._share.is_unlisted(identity))
                for identity in wrong
            )

    def _remember_removals(self) -> int:
        """Make what is known of removed versions agree with the marks, and with what lies among the soft-deleted."""
        marked = {identity for identity, _ in self._share.states(layout.GONE)}
        asleep = {identity for identity, _ in self._share.states(layout.DELETED)}
        known = set(self._index.known_removals())
        alive = {identity for identity in marked | known if self._index.get(identity)}
        for identity in marked & alive - asleep:
            self._share.forget_removal(identity)  # pushed anew, and then the power went out
        new, old = (marked | asleep) - known - alive, known - marked - asleep
        if new or old:
            with self._database.begin() as connection:
                for identity in new:
                    self._index.remove(connection, self._share.removal_mark(identity).removal())
                for identity in old:
                    self._index.drop_removal(connection, identity)
        return len(new) + len(old)

    def _finish_deletes(self) -> None:
        """Complete hard deletes that were cut short."""
        for identity, _ in self._share.states(layout.TRASH):
            unknown = Mark.unknown(identity)
            self._share.finish_hard_delete(replace(unknown, when=datetime.now(UTC), deletion=Deletion.HARD))

    # Symbols

    def _index_symbols(self) -> None:
        known = self._index.known_symbols()
        found = dict(self._share.states(layout.SYMBOLS))
        for identity, entry in found.items():
            if known.get(identity) != entry.stamp:
                self._feed.index_symbols(identity, entry)
        if lost := known.keys() - found.keys():
            with self._database.begin() as connection:
                for identity in lost:
                    self._index.forget_symbols(connection, identity)


def _batches(items: Iterable[T], size: int) -> Iterator[list[T]]:
    rest = iter(items)
    while batch := list(islice(rest, size)):
        yield batch
