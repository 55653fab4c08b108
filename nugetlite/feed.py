"""What one can do with a feed. Truth first (the share), what is derived from it second (the index), news last."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, closing, contextmanager, suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from time import sleep
from typing import TYPE_CHECKING, BinaryIO

from nugetlite import layout
from nugetlite.access import Access
from nugetlite.actor import OPERATOR, Action, Actor
from nugetlite.errors import (
    Damaged,
    FeedError,
    NoSuchPackage,
    NoSuchPath,
    NotUnderstood,
    Objected,
    PackageExists,
    PackageNeeded,
    PackageRemoved,
)
from nugetlite.guard import Guard, Need
from nugetlite.history import Event, Kind
from nugetlite.hookspecs import DeleteRequest
from nugetlite.package.archive import Archive, copy, read_package
from nugetlite.package.package import Deletion, Embedded, Package
from nugetlite.package.sight import EVERYTHING
from nugetlite.package.symbols import read_symbols
from nugetlite.share import arrival
from nugetlite.shelf import Mark

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from nugetlite.audit import Audit
    from nugetlite.config import Config
    from nugetlite.database import Database
    from nugetlite.deletion import Policies
    from nugetlite.downloads import Downloads
    from nugetlite.guard import Dependent
    from nugetlite.history import History, Page
    from nugetlite.index import Completion, Counts, Hits, Index, Trace
    from nugetlite.odata import entity
    from nugetlite.odata.selection import Selected, Selection
    from nugetlite.package.archive import Readable
    from nugetlite.package.identity import Identity, PackageId
    from nugetlite.package.package import Removal
    from nugetlite.package.query import Query
    from nugetlite.package.sight import Sight
    from nugetlite.package.symbols import PdbFile
    from nugetlite.people import People
    from nugetlite.plugins import Plugins
    from nugetlite.share import Share
    from nugetlite.storage import Entry


NEWS_DAYS = 30  #: how long a removal is told to those who ask for the versions of a package
MOST_NEWS = 3
LOOKS = 10  #: at index and share, until they agree about a version that is being replaced
PAUSE = 0.05  #: seconds between them


@dataclass(frozen=True, slots=True)
class Pushed:
    """What came of a push."""

    package: Package
    replaced: bool


@dataclass(frozen=True, slots=True)
class Pdb:
    """A PDB on its way to a debugger. Close it."""

    size: int  #: bytes
    checksum: int
    stream: BinaryIO
    snupkg: BinaryIO  #: where it is inflated from

    def close(self) -> None:
        """Let go of the file."""
        self.stream.close()
        self.snupkg.close()


@dataclass(frozen=True, slots=True)
class Deleted:
    """What came of a delete."""

    deletion: Deletion
    warning: str = ""  #: who misses it now, for whoever deleted it


class Feed:
    """The packages of one server, and what one can do with them. Used by many threads at once."""

    def __init__(
        self,
        share: Share,
        index: Index,
        history: History,
        audit: Audit,
        database: Database,
        downloads: Downloads,
        access: Access,
        people: People,
        plugins: Plugins,
        policies: Policies,
        config: Config,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._share = share
        self._index = index
        self._history = history
        self._audit = audit
        self._database = database
        self._downloads = downloads
        self._access = access
        self._people = people
        self._plugins = plugins
        self._policies = policies
        self._config = config
        self._now = now

    # Writing

    def push(self, upload: Readable, actor: Actor, *, replacing: bool | None = None) -> Pushed:
        """Put a package on the feed. After this returns, every client can restore it.

        ``replacing`` says whether it may take the place of a version that is there; if not told, the setting
        ``overwrite`` does. Either way, that needs the right to replace.
        """
        with closing(self._share.storage.stage()) as staged:
            digest = copy(upload, staged, self._config.max_package_size)
            package, archive = read_package(staged, digest, self._now())
            before = self._index.trace(package.identity)
            self._access.permit(
                actor, Action.CREATE if before.id_is_new else Action.PUSH, package.identity.id
            )
            self.validate(package, archive, actor)
            if self._makes_way(package, actor, before, replacing):
                pushed = self._replace(package, archive, staged, actor)
            else:
                pushed = self._add(package, archive, staged, actor, before)
        self.announce_push(pushed.package, actor, replaced=pushed.replaced)
        return pushed

    def push_symbols(self, upload: Readable, actor: Actor) -> Identity:
        """Put the symbols of a package that is here on the feed; they replace earlier ones."""
        with closing(self._share.storage.stage()) as staged:
            digest = copy(upload, staged, self._config.max_package_size)
            symbols, archive = read_package(staged, digest, self._now())
            pdbs = read_symbols(archive)
            self._access.permit(actor, Action.PUSH, symbols.identity.id)
            identity = self.find(symbols.identity).identity
            entry = self._share.put_symbols(identity, staged)
        self._record_symbols(identity, entry, pdbs, actor)
        return identity

    def index_symbols(self, identity: Identity, entry: Entry) -> None:
        """Know the symbols that lie on the share."""
        with closing(self._share.open_symbols(identity)) as stream:
            pdbs = read_symbols(Archive(stream))
        self._record_symbols(identity, entry, pdbs)

    def delete(
        self,
        identity: Identity,
        actor: Actor,
        requested: Deletion | None = None,
        why: str = "",
        *,
        force: bool = False,
    ) -> Deleted:
        """Delete a version as its policy wants it, and answer what that came to.

        ``requested`` is what the request asked for, ``why`` what is told to those who miss the version later.
        Raises ``PackageNeeded`` if others need it and the setting ``delete_guard`` keeps it, unless ``force``.
        """
        self._access.permit(actor, Action.DELETE, identity.id)  # first: a refusal does not tell what is here
        package = self._deletable(identity, requested)
        deletion = self._policies.decide(
            DeleteRequest(package, actor, requested, lambda: self._share.open(package))
        )
        if deletion is Deletion.HARD:
            self._access.permit(actor, Action.ERASE, identity.id)
        need = self._heed_dependents(package.identity, deletion, actor, force)
        mark = Mark(package.identity, self._now(), str(actor), why, deletion)
        with self._database.begin() as connection:  # nobody relists it meanwhile
            self._carry_out(connection, deletion, package, mark, actor, need)
        self._plugins.announce(
            "nugetlite_after_delete",
            package=package,
            deletion=deletion,
            actor=actor,
            why=why,
            config=self._config,
        )
        return Deleted(deletion, need.warning if need else "")

    def relist(self, identity: Identity, actor: Actor) -> Package:
        """Show an unlisted version again, or bring a soft-deleted one back. A listed one stays as it is."""
        self._access.permit(actor, Action.RELIST, identity.id)
        package = replace(self._index.get(identity) or self._soft_deleted(identity), listed=True)
        with self._database.begin() as connection:  # nobody deletes it meanwhile
            if comes_back := not self._share.version(identity):
                entry = self._share.bring_back(identity)
                self._index.add(connection, [(package, entry.stamp)])
            self._share.relist(identity)
            if self._index.restate(connection, identity, listed=True) or comes_back:
                self._note(connection, Kind.RELIST, package, actor)
        self._plugins.announce("nugetlite_after_relist", package=package, actor=actor, config=self._config)
        return package

    # Reading

    def find(self, identity: Identity) -> Package:
        """One version; raises ``NoSuchPackage``, or ``PackageRemoved``, which says what became of it."""
        if package := self._index.get(identity):
            return package
        raise self._missing(identity)

    def open(self, identity: Identity) -> tuple[Package, BinaryIO]:
        """One version and the bytes of its ``.nupkg``, which belong together; the caller closes them.

        While it is being replaced, index and share may differ for a moment. Raises ``Damaged`` if they go on to.
        """
        for _ in range(LOOKS):
            package = self.find(identity)
            with suppress(Damaged):
                return package, self._share.open(package)
            sleep(PAUSE)
        return package, self._share.open(package)

    def reopen(self, package: Package) -> BinaryIO:
        """The bytes of a version that was found before; raises if somebody removed or changed it since."""
        return self._share.open(package)

    def count_download(self, package: Package) -> None:
        """Remember that somebody got it."""
        self._downloads.count(package.identity)

    def read_embedded(self, identity: Identity, which: Embedded) -> bytes:
        """The icon, readme or licence inside a package; raises ``NoSuchPackage`` if it has none."""
        package, stream = self.open(identity)
        with closing(stream), _as_it_was_pushed(identity):
            if which not in package.embedded:
                raise NoSuchPackage(f"The {which} of {identity}")
            return Archive(stream).file(which)

    def read_manifest(self, identity: Identity) -> bytes:
        """The ``.nuspec`` inside a package, as it was packed."""
        _, stream = self.open(identity)
        with closing(stream), _as_it_was_pushed(identity):
            return Archive(stream).manifest_bytes

    def versions(self, id: PackageId) -> Sequence[Package]:
        """All versions of a package that can be restored, oldest first; raises ``NoSuchPackage``."""
        if packages := self._index.versions(id):
            return packages
        raise NoSuchPackage(id)

    def version_list(self, id: PackageId) -> tuple[Sequence[str], Sequence[Removal]]:
        """As ``versions``, but only their normalized texts in lower case; and what was removed of it lately.

        Raises ``PackageRemoved`` about the last version if all were removed.
        """
        keys, removals = self._index.version_list(id)
        news = self._recent(removals)
        if not keys:
            raise PackageRemoved(news[-1]) if news else NoSuchPackage(id)
        return keys, news

    def recent_removals(self, id: PackageId) -> Sequence[Removal]:
        """What was removed of a package lately; that is news to those who miss it."""
        return self._recent(self._index.removals(id))

    def dependents(self, identity: Identity, sight: Sight = EVERYTHING) -> Sequence[Dependent]:
        """The versions in sight that need one: of which a restore takes it today; none if it is not here."""
        return [each for each in self._index.dependents(identity) if sight.sees(each.identity.id.key)]

    def newest(self, id: PackageId) -> Package:
        """The version that most want: the newest listed one, a stable one if there is any. Raises ``NoSuchPackage``."""
        versions = self.versions(id)
        listed = [package for package in versions if package.listed] or versions
        return ([package for package in listed if not package.is_prerelease] or listed)[-1]

    def search(self, query: Query) -> Hits:
        """The listed packages that answer a query, best first."""
        return self._index.search(query)

    def select(self, selection: Selection) -> Selected:
        """The versions that a V2 client wants, one page of them. Raises ``BadQuery`` or ``TooMuchAsked``."""
        selected = self._index.select(selection)
        return replace(selected, entries=self._with_owners(selected.entries))

    def count_selected(self, selection: Selection) -> int:
        """How many versions are on all pages of a selection together. Raises ``TooMuchAsked``."""
        return self._index.count_selected(selection)

    def entry(self, identity: Identity, *, semver2: bool) -> entity.Entry:
        """One version as a V2 client sees it; raises ``NoSuchPackage`` or ``PackageRemoved``."""
        if entry := self._index.entry(identity, semver2=semver2):
            return self._with_owners((entry,))[0]
        raise self._missing(identity)

    def owners(self, ids: Iterable[PackageId]) -> Mapping[str, tuple[str, ...]]:
        """The accounts that ids belong to, by id in lower case; of many mostly none."""
        return self._people.owners([id.key for id in ids])

    def is_reserved(self, id: PackageId) -> bool:
        """Whether an id is reserved for accounts, so that it is surely theirs."""
        return self._people.is_reserved(id)

    def complete(self, query: Query) -> Completion:
        """The ids of listed packages that begin, or go on, as typed."""
        return self._index.complete(query)

    def listed_versions(self, id: PackageId, *, prerelease: bool, semver2: bool) -> Sequence[str]:
        """The listed versions of a package as full texts, oldest first; none for an unknown id."""
        return self._index.listed_versions(id, prerelease=prerelease, semver2=semver2)

    def open_pdb(self, name: str, key: str, sight: Sight) -> Pdb:
        """The PDB that a debugger asks for by file name and key; raises ``NoSuchPackage``."""
        found = self._index.find_pdb(name, key, sight)
        if not found or not self._index.get(found.identity):
            raise NoSuchPackage(f"{name} {key}")
        with ExitStack() as opened, _as_it_was_pushed(found.identity):
            snupkg = opened.enter_context(closing(self._share.open_symbols(found.identity)))
            archive = Archive(snupkg)
            size, checksum = archive.size(found.entry), archive.checksum(found.entry)
            pdb = Pdb(size, checksum, archive.open(found.entry), snupkg)
            opened.pop_all()  # from here on the caller closes it
        return pdb

    def counts(self, sight: Sight) -> Counts:
        """How many packages and versions somebody sees."""
        return self._index.counts(sight)

    def check(self) -> None:
        """Return if share and database can be read; raises ``ShareUnavailable`` or ``DatabaseBusy``."""
        self._share.check()
        self._index.revision()

    # What happened

    def journal_pages(self, sight: Sight) -> Sequence[Page]:
        """The pages of the journal on which somebody sees anything: how many events, and how far it reaches."""
        return self._history.pages(sight)

    def journal_page(self, number: int, sight: Sight) -> Sequence[Event]:
        """The events of one page that somebody sees; none if there is no such page."""
        return self._history.page(number, sight)

    def journal_event(self, seq: int, sight: Sight) -> Event:
        """One event; raises ``NoSuchPackage``."""
        if (event := self._history.event(seq)) and sight.sees(event.identity.id.key):
            return event
        raise NoSuchPackage(f"Event {seq}")

    def peek(self, identity: Identity) -> Package | None:
        """One version, if it is here."""
        return self._index.get(identity)

    # What others do on the share, told by upkeep

    def file_in(self, path: str, published: datetime) -> tuple[Package, Entry] | None:
        """Put a package that somebody dropped on the share where it belongs; it is still to be indexed.

        ``None`` if just that package is there already. Raises what ``push`` raises; then the dropped file is
        where it was.
        """
        with closing(self._share.storage.stage()) as staged:
            with closing(self._share.storage.open(path)) as dropped:
                digest = copy(dropped, staged)  # first, so that nobody changes it while we read it
            package, archive = read_package(staged, digest, published)
            self.validate(package, archive, OPERATOR)
            filed = self._file(package, archive, staged, path)
        with suppress(NoSuchPath):
            self._share.storage.remove(path)
        return filed

    def validate(self, package: Package, archive: Archive, actor: Actor) -> None:
        """Ask the plugins whether they object; raises ``Objected``."""
        objections = self._plugins.gather_each(
            "nugetlite_validate", str, package=package, archive=archive, actor=actor, config=self._config
        )
        if objections:
            raise Objected(objections)

    def announce_push(self, package: Package, actor: Actor, *, replaced: bool = False) -> None:
        """Tell the plugins that a package is here now."""
        self._plugins.announce(
            "nugetlite_after_push", package=package, actor=actor, replaced=replaced, config=self._config
        )

    def revision(self) -> int:
        """Another number as soon as anything that can be read here has changed."""
        return self._index.revision()

    def revision_of(self, id_key: str) -> int:
        """Another number as soon as anything about one package id has changed."""
        return self._index.revision_of(id_key)

    # The steps

    def _with_owners(self, entries: tuple[entity.Entry, ...]) -> tuple[entity.Entry, ...]:
        """What a V2 client sees, with the accounts that it belongs to."""
        owners = self.owners({entry.package.identity.id for entry in entries})
        if not any(owners.values()):
            return entries
        told = [", ".join(owners[entry.package.identity.id.key]) for entry in entries]
        return tuple([replace(entry, owners=names) for entry, names in zip(entries, told, strict=True)])

    def _recent(self, removals: Sequence[Removal]) -> Sequence[Removal]:
        since = self._now() - timedelta(days=NEWS_DAYS)
        return [removal for removal in removals if removal.when >= since][-MOST_NEWS:]

    def _claim(self, connection: Connection, actor: Actor, id: PackageId) -> None:
        """Make who pushes a new id its owner; raises as ``Access.permit`` if somebody else was quicker."""
        if owner := self._people.claim(connection, actor, id):
            self._audit.note(connection, actor, "claim id", str(id), owner=owner)
        else:
            self._access.permit(actor, Action.PUSH, id)

    def _makes_way(self, package: Package, actor: Actor, before: Trace, replacing: bool | None) -> bool:
        """Whether a version of that name is there and may be replaced; raises ``PackageExists`` if it may not."""
        identity = package.identity
        if not before.there:
            self._is_free(identity)  # asked second: a delete changes the share first
            return False  # if the share knows more than the index, it refuses
        if not (self._overwrites(package) if replacing is None else replacing):
            raise PackageExists(identity)
        self._access.permit(actor, Action.REPLACE, identity.id)
        return True

    def _overwrites(self, package: Package) -> bool:
        """Whether the setting lets a push replace such a version."""
        overwrite = self._config.overwrite
        return overwrite == "always" or (overwrite == "prerelease" and package.is_prerelease)

    def _is_free(self, identity: Identity) -> None:
        """Raise ``PackageExists`` if the name is kept for a soft-deleted version."""
        if self._share.is_soft_deleted(identity):
            raise PackageExists(
                identity, "it was deleted and its name is kept; relist it, or push a new version"
            )

    def _add(
        self, package: Package, archive: Archive, staged: BinaryIO, actor: Actor, before: Trace
    ) -> Pushed:
        """Put a new version on the share and index it; if that fails, the share is as it was before."""
        identity = package.identity
        entry = self._share.put(package, archive.manifest_bytes, staged)
        try:
            with self._database.begin() as connection:
                if before.id_is_new:
                    self._claim(connection, actor, identity.id)
                now = self._index.trace_in(connection, identity)
                if now != before:  # a scan found it before we are done
                    return self._record_push(connection, package, entry, actor, now, replaced=False)
                self._share.relist(identity)  # an earlier version of that name may have left its mark
                if before.removed:
                    self._share.forget_removal(identity)
                package = replace(package, published=arrival(entry, identity))
                self._index.add(connection, [(package, entry.stamp)])
                self._note(connection, Kind.PUSH, package, actor)
        except FeedError:
            with suppress(FeedError):  # if that fails too, a scan will find it
                self._share.withdraw(entry)
            raise
        return Pushed(package, replaced=False)

    def _replace(self, package: Package, archive: Archive, staged: BinaryIO, actor: Actor) -> Pushed:
        """Put other bytes in the place of a version, or a new version if it was removed in the last moment."""
        identity = package.identity
        with self._database.begin() as connection:  # nobody else replaces it meanwhile, or deletes it
            now = self._index.trace_in(connection, identity)
            replaces = now.there is not None
            if not replaces:
                self._is_free(identity)
            entry = self._share.put(package, archive.manifest_bytes, staged, replace=replaces)
            if not replaces:
                self._share.relist(identity)
            return self._record_push(connection, package, entry, actor, now, replaced=replaces)

    def _record_push(
        self,
        connection: Connection,
        package: Package,
        entry: Entry,
        actor: Actor,
        now: Trace,
        *,
        replaced: bool,
    ) -> Pushed:
        """Index a package that is on the share now, unless somebody at another server was quicker to change it."""
        package = self._as_it_stands(package, entry)
        if self._share.stands(entry):
            if now.removed:
                self._share.forget_removal(package.identity)
            self._index.add(connection, [(package, entry.stamp)])
        self._note(connection, Kind.REPLACE if replaced else Kind.PUSH, package, actor)
        return Pushed(package, replaced)

    def _record_symbols(
        self, identity: Identity, entry: Entry, pdbs: Sequence[PdbFile], actor: Actor | None = None
    ) -> None:
        """Index symbols, and record that ``actor`` pushed them, if anybody did."""
        with self._database.begin() as connection:
            if self._share.stands(entry):
                self._index.put_symbols(connection, identity, entry.stamp, pdbs)
            if actor:
                self._audit.note(connection, actor, "symbols", str(identity))

    def _as_it_stands(self, package: Package, entry: Entry) -> Package:
        """A package with what only the share knows of it."""
        identity = package.identity
        return replace(
            package, published=arrival(entry, identity), listed=not self._share.is_unlisted(identity)
        )

    def _file(
        self, package: Package, archive: Archive, staged: BinaryIO, path: str
    ) -> tuple[Package, Entry] | None:
        """Put a dropped package on the share, unless that very package is there."""
        identity = package.identity
        self._is_free(identity)
        is_home = path.rpartition("/")[0] == layout.version_folder(identity)  # only its file has another name
        try:
            entry = self._share.put(package, archive.manifest_bytes, staged, replace=is_home)
        except PackageExists:
            there = self._index.get(identity)
            if there and there.sha512 == package.sha512:
                return None
            raise
        return self._as_it_stands(package, entry), entry

    def _deletable(self, identity: Identity, requested: Deletion | None) -> Package:
        """The version to delete; one that is soft-deleted can still be deleted for good."""
        if requested is Deletion.HARD and self._share.is_soft_deleted(identity):
            return self._soft_deleted(identity)
        return self.find(identity)

    def _heed_dependents(
        self, identity: Identity, deletion: Deletion, actor: Actor, force: bool
    ) -> Need | None:
        """That others need a version which is about to go, if they do; raises ``PackageNeeded`` if it stays."""
        guard = Guard(self._config.delete_guard)
        if not guard.minds(deletion) or not (dependents := self.dependents(identity)):
            return None
        need = Need(identity, dependents, self._access.sight(actor))
        if guard is not Guard.REFUSE:
            return need
        if not force:
            raise PackageNeeded(identity, need.refusal)
        self._access.permit(actor, Action.FORCE, identity.id)
        return replace(need, forced=True)

    def _carry_out(
        self,
        connection: Connection,
        deletion: Deletion,
        package: Package,
        mark: Mark,
        actor: Actor,
        need: Need | None,
    ) -> None:
        identity = package.identity
        match deletion:
            case Deletion.UNLIST:
                self._share.unlist(mark)
            case Deletion.SOFT:
                self._share.soft_delete(mark)
            case Deletion.HARD:
                self._share.hard_delete(mark)
        if deletion is Deletion.UNLIST:
            if self._index.restate(connection, identity, listed=False):
                self._note(connection, Kind.UNLIST, replace(package, listed=False), actor, mark.why, deletion)
            return
        self._index.remove(connection, mark.removal())
        if deletion is Deletion.HARD:
            self._index.forget_symbols(connection, identity)
        self._note(connection, Kind.DELETE, package, actor, mark.why, deletion, need)

    def _soft_deleted(self, identity: Identity) -> Package:
        """A version that lies among the soft-deleted."""
        entry = self._share.soft_deleted(identity)
        if entry is None:
            raise self._missing(identity)
        with closing(self._share.read(entry, layout.DELETED)) as reading:
            return reading.package

    def _missing(self, identity: Identity) -> NoSuchPackage:
        if removal := self._index.removal(identity):
            return PackageRemoved(removal)
        return NoSuchPackage(identity)

    def _note(
        self,
        connection: Connection,
        kind: Kind,
        package: Package,
        actor: Actor,
        why: str = "",
        deletion: Deletion | None = None,
        need: Need | None = None,
    ) -> None:
        """Have it in the journal and in the record, where every deletion, an unlisting too, is one by its policy."""
        self._history.note(connection, Event.about(package, kind, self._now(), actor, why, deletion))
        self._audit.note(
            connection,
            actor,
            Kind.DELETE if deletion else kind,
            str(package.identity),
            deletion=deletion or "",
            why=why,
            sha512=package.sha512,
            needed=need.on_record if need else "",
            forced="true" if need and need.forced else "",
        )


@contextmanager
def _as_it_was_pushed(identity: Identity) -> Iterator[None]:
    """What could be read when it was pushed, and cannot be read now, is not the client's mistake."""
    try:
        yield
    except NotUnderstood as error:
        raise Damaged(
            f"The file of {identity} is damaged; the feed's operator has to look into it"
        ) from error
