"""The index: what is known of the packages on the share, for every question that clients ask.

It is derived from the share, and may be lost: whatever lies there is found again by a scan. Only how often a
package was downloaded is known nowhere else, and survives.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from nugetlite.index import dependencies, pdbs, reading, searching, selecting, writing
from nugetlite.index.schema import DERIVED, LASTING
from nugetlite.index.slices import slice_of
from nugetlite.index.values import Completion, Counts, FoundPdb, Hit, Hits, Known, Trace
from nugetlite.package.sight import EVERYTHING
from nugetlite.remembered import Remembered

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from nugetlite.database import Database
    from nugetlite.guard import Dependent
    from nugetlite.index.searching import Asked
    from nugetlite.odata.selection import Entry, Selected, Selection
    from nugetlite.package.identity import Identity, PackageId
    from nugetlite.package.package import Package, Removal
    from nugetlite.package.query import Query
    from nugetlite.package.sight import Sight
    from nugetlite.package.symbols import PdbFile

__all__ = ["Completion", "Counts", "FoundPdb", "Hit", "Hits", "Index", "Known", "Trace"]


SELECT_LIMIT = 5.0  #: seconds that a V2 client's own filter may take


@dataclass(frozen=True, slots=True)
class _Totals:
    """What searches and selections came to."""

    revision: int
    searches: dict[Asked, int] = field(default_factory=dict)
    selections: dict[Selection, int] = field(default_factory=dict)


class Index:
    """The index in one database. Used by many threads and processes at once.

    Those that read see the newest committed state. Those that write want a connection of ``Database.begin``, so
    that what else belongs to the same change becomes true with it. Versions are told by identity, in any
    spelling; latest versions are worked out from what is listed, never told.
    """

    def __init__(self, database: Database) -> None:
        """Raises ``ConfigError`` if a newer nugetlite made the tables; older ones are emptied."""
        self._database = database
        database.install(LASTING)
        database.install(DERIVED)
        self._revision = Remembered(database, reading.read_revision)
        self._totals = _Totals(0)

    # Reading

    def revision(self) -> int:
        """Another number, a larger one, as soon as anything that can be read here was changed by any process.

        Downloads do not count. It is asked for each request, and looks into the tables only if something happened.
        """
        return self._revision.now()

    def revision_in(self, connection: Connection) -> int:
        """The same as a transaction sees it, its own changes included."""
        return reading.read_revision(connection)

    def revision_of(self, id_key: str) -> int:
        """The same for one package, by its id in lower case; 0 while there is no version of it."""
        with self._database.glance() as connection:
            return reading.read_revision_of(connection, id_key)

    def get(self, identity: Identity) -> Package | None:
        """One version that can be restored."""
        with self._database.glance() as connection:
            return reading.read_package(connection, identity)

    def trace(self, identity: Identity) -> Trace:
        """Whether a version, or any other of its id, is there, or was removed; much faster than ``get``."""
        with self._database.glance() as connection:
            return reading.read_trace(connection, identity)

    def trace_in(self, connection: Connection, identity: Identity) -> Trace:
        """The same as a transaction sees it."""
        return reading.read_trace(connection, identity)

    def versions(self, id: PackageId) -> tuple[Package, ...]:
        """All versions of a package that can be restored, ascending; none for an unknown id."""
        with self._database.glance() as connection:
            return reading.read_versions(connection, id)

    def version_list(self, id: PackageId) -> tuple[list[str], tuple[Removal, ...]]:
        """As ``versions``, but only their normalized texts in lower case, and much faster; and ``removals``."""
        with self._database.glance() as connection:
            return reading.read_version_list(connection, id)

    def listed_versions(self, id: PackageId, *, prerelease: bool, semver2: bool) -> list[str]:
        """The full texts of those that search shows, ascending."""
        with self._database.glance() as connection:
            return reading.read_listed_versions(connection, id, slice_of(prerelease, semver2))

    def search(self, query: Query) -> Hits:
        """The listed packages that answer a query, best first; the order is the same on every page.

        The id that was typed comes first, then ids that begin with it, then packages whose id, title or tags
        answer, then the others; among equals the more downloaded one, then the id decides.
        """
        totals = self._known_totals().searches
        with self._database.connect() as connection:
            return searching.search(connection, query, totals)

    def complete(self, query: Query) -> Completion:
        """The ids of listed packages that begin as typed, and then those with words that do."""
        totals = self._known_totals().searches
        with self._database.connect() as connection:
            return searching.complete(connection, query, totals)

    def select(self, selection: Selection) -> Selected:
        """The versions that a V2 client wants, one page of them; at most ``odata.selection.PAGE``.

        Words choose packages, as in ``search``; all else is about versions. A version that a client cannot read
        is not there for it: not in lists, totals or latest flags. Raises ``BadQuery`` for a cursor of another
        order, ``TooMuchAsked`` if this would take longer than a client waits.
        """
        totals = self._known_totals().selections
        with self._database.hurry(SELECT_LIMIT) as connection:
            return selecting.select_entries(connection, selection, totals)

    def count_selected(self, selection: Selection) -> int:
        """How many versions are on all its pages together. Raises ``TooMuchAsked``."""
        totals = self._known_totals().selections
        with self._database.hurry(SELECT_LIMIT) as connection:
            return selecting.count_entries(connection, selection, totals)

    def entry(self, identity: Identity, *, semver2: bool) -> Entry | None:
        """One version as a V2 client sees it, whether it reads SemVer 2 or not."""
        with self._database.connect() as connection:
            return selecting.read_entry(connection, identity, semver2)

    def removal(self, identity: Identity) -> Removal | None:
        """What became of a version that was removed."""
        with self._database.glance() as connection:
            return reading.read_removal(connection, identity)

    def removals(self, id: PackageId) -> tuple[Removal, ...]:
        """What became of the removed versions of a package, in version order."""
        with self._database.glance() as connection:
            return reading.read_removals(connection, id)

    def dependents(self, identity: Identity) -> Sequence[Dependent]:
        """The versions of which a restore takes this one today, by id, newest first; none if it is not there."""
        with self._database.connect() as connection:
            return dependencies.read_dependents(connection, identity)

    def counts(self, sight: Sight = EVERYTHING) -> Counts:
        """How much there is, as far as somebody sees it."""
        with self._database.connect() as connection:
            return reading.read_counts(connection, sight)

    def _known_totals(self) -> _Totals:
        """Those of this revision, which is asked first: what is read next is as new, or newer."""
        revision = self.revision()
        if self._totals.revision != revision:
            self._totals = _Totals(revision)
        return self._totals

    # Reading, for upkeep

    def known(self) -> Iterator[Known]:
        """Every version that can be restored, in no order, as of one moment. Read it to its end, or close it."""
        with self._database.connect() as connection:
            yield from reading.read_known(connection)

    def known_removals(self) -> tuple[Identity, ...]:
        """Every version whose removal is remembered."""
        with self._database.connect() as connection:
            return reading.read_removed(connection)

    def removed_since(self, connection: Connection, revision: int) -> frozenset[Identity]:
        """What was removed, and is still remembered to be, after ``revision()`` answered ``revision``."""
        return reading.read_removed_since(connection, revision)

    # Writing

    def add(self, connection: Connection, arrivals: Iterable[tuple[Package, str]]) -> None:
        """Make versions be there, listed or not, each with the stamp of its folder; many at a time cost least.

        One that is there already becomes as told here; one that was removed is so no more.
        """
        writing.write_packages(connection, arrivals)

    def restate(self, connection: Connection, identity: Identity, listed: bool) -> bool:
        """Show a version in search or hide it. Answers whether that changed anything."""
        return writing.write_listed(connection, identity, listed)

    def remove(self, connection: Connection, removal: Removal) -> None:
        """Take a version away, if it is there, and remember what became of it."""
        writing.write_removal(connection, removal)

    def forget(self, connection: Connection, identities: Iterable[Identity]) -> None:
        """Take versions away as if they had never been."""
        writing.erase(connection, identities)

    def drop_removal(self, connection: Connection, identity: Identity) -> None:
        """Forget what became of a version."""
        writing.erase_removal(connection, identity)

    def touch(self, connection: Connection, *ids: PackageId) -> None:
        """Have what is shown of packages, and all lists, made anew: something that stands elsewhere has changed."""
        writing.touch(connection, *[id.key for id in ids])

    def count_downloads(self, connection: Connection, counts: Mapping[Identity, int]) -> None:
        """Add to the number of downloads of each version."""
        writing.write_downloads(connection, counts)

    # Symbols

    def put_symbols(
        self, connection: Connection, identity: Identity, stamp: str, found: Iterable[PdbFile]
    ) -> None:
        """Make these the symbols of a version, in place of earlier ones."""
        pdbs.write_symbols(connection, identity, stamp, found)

    def forget_symbols(self, connection: Connection, identity: Identity) -> None:
        """Forget the symbols of a version."""
        pdbs.erase_symbols(connection, identity)

    def known_symbols(self) -> dict[Identity, str]:
        """Which versions have symbols, and the stamps of their folders."""
        with self._database.connect() as connection:
            return pdbs.read_symbols(connection)

    def find_pdb(self, name: str, key: str, sight: Sight = EVERYTHING) -> FoundPdb | None:
        """The PDB that a debugger asks for by its file name and key, both in lower case, in a package that is seen."""
        with self._database.glance() as connection:
            return pdbs.read_pdb(connection, name, key, sight)
