"""What one can do with archives of other formats than NuGet's; the order of each write is the feed's.

No plugin looks into an archive, so none is asked to validate one, and the news of packages does not tell of them.
Who may do what is asked about their ids as about any other, and the delete policy goes for them, too.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from contextlib import closing, suppress
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, BinaryIO

from nugetlite.actor import Action
from nugetlite.archive_share import came
from nugetlite.errors import FeedError, NoSuchPackage, PackageExists, PackageRemoved
from nugetlite.hookspecs import DeleteRequest
from nugetlite.package.archive import copy
from nugetlite.package.package import Deletion
from nugetlite.package.stored import StoredArchive
from nugetlite.shelf import Mark

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from nugetlite.access import Access
    from nugetlite.actor import Actor
    from nugetlite.archive_share import ArchiveShare
    from nugetlite.audit import Audit
    from nugetlite.config import Config
    from nugetlite.database import Database
    from nugetlite.deletion import Policies
    from nugetlite.index.archives import ArchiveIndex
    from nugetlite.package.archive import Readable
    from nugetlite.package.filename import FileName
    from nugetlite.package.identity import Identity, PackageId
    from nugetlite.package.sight import Sight
    from nugetlite.people import People
    from nugetlite.storage import Entry

log = logging.getLogger(__name__)


class Archives:
    """The archives of one server. Used by many threads at once."""

    def __init__(
        self,
        share: ArchiveShare,
        index: ArchiveIndex,
        audit: Audit,
        database: Database,
        access: Access,
        people: People,
        policies: Policies,
        config: Config,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._share = share
        self._index = index
        self._audit = audit
        self._database = database
        self._access = access
        self._people = people
        self._policies = policies
        self._config = config
        self._now = now

    def push(
        self, name: FileName, upload: Readable, sha1: Callable[[], str], actor: Actor, *, replacing: bool
    ) -> tuple[StoredArchive, bool]:
        """Put an archive on the feed; ``sha1`` tells its hash once it was read. Answers whether it replaced one.

        Raises ``PackageExists``, unless ``replacing``; that needs the right to replace.
        """
        identity = name.identity
        claims = self.permit_push(actor, identity.id)
        publish = self._replace if self._makes_way(identity, actor, replacing) else self._add
        with closing(self._share.storage.stage()) as staged:
            digest = copy(upload, staged, self._config.max_package_size)
            archive = StoredArchive(name, digest.size, sha1(), self._now())
            archive, replaced = publish(archive, staged, actor, claims=claims)
        log.info("%s pushed the archive %s", actor, name)
        return archive, replaced

    def permit_push(self, actor: Actor, id: PackageId) -> bool:
        """Return if ``actor`` may push an archive of this id, and whether it is new; raises as ``Access.permit``."""
        is_new = not self._index.versions(id)
        self._access.permit(actor, Action.CREATE if is_new else Action.PUSH, id)
        return is_new

    def delete(self, identity: Identity, actor: Actor, why: str = "") -> Deletion:
        """Delete a version as its policy wants it, and answer what that came to."""
        self._access.permit(actor, Action.DELETE, identity.id)
        archive = self.find(identity)
        deletion = self._policies.decide(
            DeleteRequest(archive, actor, None, lambda: self._share.open(archive))
        )
        if deletion is Deletion.HARD:
            self._access.permit(actor, Action.ERASE, identity.id)
        mark = Mark(archive.identity, self._now(), str(actor), why, deletion)
        with self._database.begin() as connection:
            match deletion:
                case Deletion.UNLIST:
                    self._share.unlist(mark)
                    self._index.restate(connection, identity, listed=False)
                case Deletion.SOFT:
                    self._share.soft_delete(mark)
                    self._index.forget(connection, [identity])
                case Deletion.HARD:
                    self._share.hard_delete(mark)
                    self._index.forget(connection, [identity])
            self._audit.note(
                connection,
                actor,
                "delete",
                str(archive.identity),
                deletion=deletion,
                why=why,
                sha1=archive.sha1,
            )
        log.info("%s deleted the archive %s: %s", actor, archive.name, deletion)
        return deletion

    def relist(self, identity: Identity, actor: Actor) -> StoredArchive:
        """Show an unlisted version again, or bring a soft-deleted one back."""
        self._access.permit(actor, Action.RELIST, identity.id)
        with self._database.begin() as connection:
            if not (entry := self._share.version(identity)):
                if not self._share.is_soft_deleted(identity):
                    raise self._missing(identity)
                entry = self._share.bring_back(identity)
            archive = self._share.read(entry)
            self._share.relist(identity)
            self._index.add(connection, archive, entry.stamp)
            self._audit.note(connection, actor, "relist", str(archive.identity), sha1=archive.sha1)
        return archive

    def peek(self, identity: Identity) -> StoredArchive | None:
        """One version, if it is here."""
        return self._index.get(identity)

    def find(self, identity: Identity) -> StoredArchive:
        """One version; raises ``NoSuchPackage``, or ``PackageRemoved``, which says what became of it."""
        if archive := self._index.get(identity):
            return archive
        raise self._missing(identity)

    def versions(self, id: PackageId) -> Sequence[StoredArchive]:
        """All versions of an id, ascending; none for an unknown one."""
        return self._index.versions(id)

    def open(self, archive: StoredArchive) -> BinaryIO:
        """The bytes of a version; the caller closes them."""
        return self._share.open(archive)

    def count(self, sight: Sight) -> int:
        """How many versions somebody sees."""
        return self._index.count(sight)

    def _makes_way(self, identity: Identity, actor: Actor, replacing: bool) -> bool:
        """Whether a version of that name is there and may be replaced; raises ``PackageExists`` if it may not."""
        if self._share.is_soft_deleted(identity):
            raise PackageExists(
                identity, "it was deleted and its name is kept; relist it, or push a new version"
            )
        if not self._share.version(identity):
            return False
        if not replacing:
            raise PackageExists(identity)
        self._access.permit(actor, Action.REPLACE, identity.id)
        return True

    def _add(
        self, archive: StoredArchive, staged: BinaryIO, actor: Actor, *, claims: bool
    ) -> tuple[StoredArchive, bool]:
        """Put a new version on the share and index it; if that fails, the share is as it was before."""
        entry = self._share.put(archive, staged)
        try:
            with self._database.begin() as connection:
                return self._record(connection, archive, entry, actor, "push", claims=claims), False
        except FeedError:
            with suppress(FeedError):  # if that fails too, a scan will find it
                self._share.withdraw(entry)
            raise

    def _replace(
        self, archive: StoredArchive, staged: BinaryIO, actor: Actor, *, claims: bool
    ) -> tuple[StoredArchive, bool]:
        """Put another file in the place of a version, or a new version if it was removed in the last moment."""
        with self._database.begin() as connection:  # nobody else replaces it meanwhile, or deletes it
            replaces = self._share.version(archive.identity) is not None
            entry = self._share.put(archive, staged, replace=replaces)
            action = "replace" if replaces else "push"
            return self._record(connection, archive, entry, actor, action, claims=claims), replaces

    def _record(
        self,
        connection: Connection,
        archive: StoredArchive,
        entry: Entry,
        actor: Actor,
        action: str,
        *,
        claims: bool,
    ) -> StoredArchive:
        """Index what is on the share now, unless somebody at another server was quicker to change it."""
        if claims:
            self._claim(connection, actor, archive.identity.id)
        archive = replace(archive, published=came(entry, archive))
        if self._share.stands(entry):
            self._share.relist(archive.identity)
            self._share.forget_removal(archive.identity)
            self._index.add(connection, archive, entry.stamp)
        self._audit.note(connection, actor, action, str(archive.identity), sha1=archive.sha1)
        return archive

    def _claim(self, connection: Connection, actor: Actor, id: PackageId) -> None:
        """Make who pushes a new id its owner; raises as ``Access.permit`` if somebody else was quicker."""
        if owner := self._people.claim(connection, actor, id):
            self._audit.note(connection, actor, "claim id", str(id), owner=owner)
        else:
            self._access.permit(actor, Action.PUSH, id)

    def _missing(self, identity: Identity) -> NoSuchPackage:
        if self._share.is_removed(identity):
            return PackageRemoved(self._share.removal_mark(identity).removal())
        return NoSuchPackage(identity)
