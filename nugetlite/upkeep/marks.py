"""What stands beside the versions on the share: marks of unlisted and removed ones, bytes on their way out, symbols."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from nugetlite import layout
from nugetlite.errors import NoSuchPackage, NotUnderstood
from nugetlite.package.package import Deletion
from nugetlite.shelf import Mark

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from nugetlite.database import Database
    from nugetlite.feed import Feed
    from nugetlite.index import Index
    from nugetlite.package.identity import Identity
    from nugetlite.share import Share
    from nugetlite.shelf import Shelf
    from nugetlite.storage import Entry
    from nugetlite.upkeep.doubts import Doubts


@dataclass
class Marks:
    """Makes the index agree with them. Every step that compares holds the database, so nobody deletes meanwhile."""

    share: Share
    index: Index
    database: Database
    feed: Feed
    doubts: Doubts

    def finish_deletes(self) -> None:
        """Complete hard deletes that were cut short."""
        finish_deletes(self.share, self.database, self.doubts)

    def restate(self) -> int:
        """Make listed flags agree with the marks."""
        hidden = {layout.version_folder(identity) for identity, _ in self.share.states(layout.UNLISTED)}
        wrong = [each.identity for each in self.index.known() if each.listed == (each.folder in hidden)]
        if not wrong:
            return 0
        restated = 0
        with self.database.begin() as connection:
            for identity in wrong:
                with self.doubts.misses(layout.version_folder(identity, layout.UNLISTED)):
                    listed = not self.share.is_unlisted(identity)
                    restated += self.index.restate(connection, identity, listed)
        return restated

    def remember_removals(self) -> int:
        """Make what is known of removed versions agree with the marks, and with what lies among the soft-deleted."""
        removed = {
            identity for under in (layout.GONE, layout.DELETED) for identity, _ in self.share.states(under)
        }
        known = set(self.index.known_removals())
        if removed == known:
            return 0
        remembered = 0
        with self.database.begin() as connection:
            for identity in removed ^ known:
                with self.doubts.misses(layout.version_folder(identity, layout.GONE)):
                    remembered += self._remember(connection, identity)
        return remembered

    def index_symbols(self) -> None:
        """Know the symbols that lie on the share."""
        known = self.index.known_symbols()
        found = dict(self.share.states(layout.SYMBOLS))
        for identity, entry in found.items():
            if known.get(identity) != entry.stamp and not self.doubts.is_refused(entry.folder, entry.stamp):
                with self.doubts.misses(entry.folder):
                    self._index_symbols(identity, entry)
        if lost := known.keys() - found.keys():
            with self.database.begin() as connection:
                for identity in lost:
                    self.index.forget_symbols(connection, identity)

    def _remember(self, connection: Connection, identity: Identity) -> bool:
        """Whether the index knew otherwise."""
        if not self.share.is_removed(identity):
            self.index.drop_removal(connection, identity)
            return True
        if self.share.version(identity):
            if not self.share.is_soft_deleted(identity):
                self.share.forget_removal(identity)  # it came back, and then the power went out
            return False
        self.index.remove(connection, self.share.removal_mark(identity).removal())
        return True

    def _index_symbols(self, identity: Identity, entry: Entry) -> None:
        try:
            self.feed.index_symbols(identity, entry)
        except NoSuchPackage:
            pass  # they went away meanwhile
        except NotUnderstood as error:
            self.doubts.refuse(entry.folder, entry.stamp, str(error))


def finish_deletes(shelf: Shelf, database: Database, doubts: Doubts) -> None:
    """Complete the hard deletes of one kind of version that were cut short."""
    trash = shelf.places.trash
    if not any(shelf.states(trash)):
        return
    with database.begin():
        for identity, entry in list(shelf.states(trash)):
            mark = replace(Mark.unknown(identity), when=datetime.now(UTC), deletion=Deletion.HARD)
            with doubts.misses(entry.folder):
                shelf.finish_hard_delete(mark)
