"""The feed's packages and the archives as one repository of files, as Octopus's clients see it.

A file is pushed under its name: a ``.nupkg`` goes to the NuGet feed, anything else is kept as it is. One id and
version is one file; whether it is there, of either kind, is asked here, and so is what the next version of it
could be sent as a difference from.
"""

from __future__ import annotations

import re
from contextlib import closing, suppress
from dataclasses import dataclass
from enum import StrEnum
from hashlib import sha1
from io import BytesIO
from threading import Lock
from typing import TYPE_CHECKING, BinaryIO

from nugetlite.errors import (
    BadFileName,
    FeedError,
    NoSuchPackage,
    NotUnderstood,
    PackageExists,
    PackageNeeded,
    PackageRemoved,
    quoted,
)
from nugetlite.feed import Deleted
from nugetlite.index.listing import Listed, Listing, Wanted
from nugetlite.octodiff.rebuilt import Rebuilt
from nugetlite.octodiff.signature import sign
from nugetlite.package.filename import ArchiveIdentity, FileName, base_name, is_nupkg
from nugetlite.package.identity import Identity, PackageId
from nugetlite.package.package import Package
from nugetlite.package.stored import StoredArchive

if TYPE_CHECKING:
    from collections.abc import Sequence
    from uuid import UUID

    from nugetlite.access import Access
    from nugetlite.actor import Actor
    from nugetlite.archive_share import ArchiveShare
    from nugetlite.archives import Archives
    from nugetlite.database import Database
    from nugetlite.feed import Feed
    from nugetlite.index.archives import ArchiveIndex
    from nugetlite.package.archive import Readable
    from nugetlite.package.sight import Sight
    from nugetlite.share import Share
    from nugetlite.shelf import Shelf

Item = Package | StoredArchive

SIGNED = 1024 * 1024 * 1024  #: bytes; there is no signature of a larger file, and its successor is sent whole
LONGEST = 255  #: characters of an id and a version together

_BEFORE_A_NUMBER = re.compile(r"\.(?=[0-9])")


class Mode(StrEnum):
    """What to do if the id and version is there already."""

    FAIL = "FailIfExists"
    OVERWRITE = "OverwriteExisting"
    IGNORE = "IgnoreIfExists"

    @classmethod
    def parse(cls, text: str) -> Mode:
        """Read a mode, in any letter case. Raises ``NotUnderstood``."""
        for mode in cls:
            if mode.lower() == text.strip().lower():
                return mode
        raise NotUnderstood(f"{quoted(text)} is no overwrite mode; there are {', '.join(cls)}")


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of a push."""

    item: Item
    ignored: bool = False  #: it was there, and was left as it is


@dataclass(frozen=True, slots=True)
class Base:
    """What a next version can be sent as a difference from."""

    item: Item
    signature: bytes


class Repository:
    """Both kinds of one server. Used by many threads at once."""

    def __init__(
        self,
        feed: Feed,
        archives: Archives,
        share: Share,
        archive_share: ArchiveShare,
        index: ArchiveIndex,
        database: Database,
        access: Access,
        id: UUID,
    ) -> None:
        self._feed = feed
        self._archives = archives
        self._share = share
        self._archive_share = archive_share
        self._index = index
        self._listing = Listing(database)
        self._database = database
        self._access = access
        self._signing = Lock()
        self.id = id  #: of this installation, lasting

    # Writing

    def push(self, file_name: str, upload: Readable, actor: Actor, mode: Mode) -> Outcome:
        """Put a file on the feed; of a ``.nupkg`` the manifest says which package it is, not its name.

        Raises what ``Feed.push`` raises, and ``BadFileName`` for a name that does not say what it is.
        """
        name = base_name(file_name)
        hashed = Hashed(upload)
        try:
            if is_nupkg(name):
                return self._push_package(name, hashed, actor, mode)
            return self._push_archive(FileName.parse(name), hashed, actor, mode)
        except PackageExists as error:
            there = self._at(error.identity)
            if mode is Mode.OVERWRITE or there is None:
                raise
            if mode is Mode.IGNORE:
                return Outcome(there, ignored=True)
            raise PackageExists(
                there.identity, "push a new version, or choose OverwriteExisting or IgnoreIfExists"
            ) from error

    def push_delta(
        self, id: str, base_version: str, file_name: str, delta: Readable, actor: Actor, mode: Mode
    ) -> Outcome:
        """The same, of what a delta makes of a version that is here. The file is complete and checked before it counts.

        Raises ``NoSuchPackage`` if that version is not here, and what ``Rebuilt`` raises.
        """
        base = self.find_version(id, base_version, actor)
        name = base_name(file_name)
        if FileName.parse(name).identity.id != base.identity.id:
            raise BadFileName(
                f"{quoted(name)} is no version of {base.identity.id}, which this delta is made from"
            )
        with closing(self.open(base)) as old:
            return self.push(name, Rebuilt(delta, old), actor, mode)

    def delete(self, item: Item, actor: Actor) -> Deleted:
        """Delete a version as its policy wants it, and answer what that came to; raises what ``Feed.delete`` raises."""
        if isinstance(item, Package):
            return self._feed.delete(item.identity, actor)
        return Deleted(self._archives.delete(item.identity, actor))

    def delete_each(self, items: Sequence[Item], actor: Actor) -> Sequence[Deleted]:
        """The same for several. What others of them need goes after those; what somebody else deletes is passed over.

        Raises ``PackageNeeded`` about the first that has to stay when all that can go is gone.
        """
        done: list[Deleted] = []
        kept: list[tuple[Item, PackageNeeded]] = []
        for item in items:
            try:
                done.append(self.delete(item, actor))
            except PackageNeeded as needed:
                kept.append((item, needed))
            except NoSuchPackage:
                continue
        if kept and not done:
            raise kept[0][1]
        return [*done, *self.delete_each([item for item, _ in kept], actor)] if kept else done

    def relist(self, id: str, version: str, actor: Actor) -> Item:
        """Show a version in lists again, or bring a soft-deleted one back; raises ``NoSuchPackage``."""
        identity = ArchiveIdentity.parse(id, version)
        if self._archives.peek(identity):
            return self._archives.relist(identity, actor)
        try:
            return self._feed.relist(Identity.parse(id, version), actor)
        except (NoSuchPackage, NotUnderstood) as no_package:
            with suppress(NoSuchPackage):
                return self._archives.relist(identity, actor)
            raise no_package

    # Reading

    def find(self, name: str, actor: Actor) -> Item:
        """The version that is called ``Acme.Web.1.2.0``; where that can be read in several ways, what is here decides.

        What ``actor`` does not see is not here. Raises ``NoSuchPackage``, or as ``Access.show``.
        """
        sight = self._access.sight(actor)
        readings = [
            (name[: dot.start()], name[dot.end() :]) for dot in _BEFORE_A_NUMBER.finditer(name[:LONGEST])
        ]
        for id, version in readings:
            if (item := self._look_up(id, version)) and sight.sees(item.identity.id.key):
                return item
        for id, version in readings:
            self._tell_of_removal(id, version, actor)
        raise NoSuchPackage(quoted(name))

    def find_version(self, id: str, version: str, actor: Actor) -> Item:
        """One version; raises ``NoSuchPackage``, or ``PackageRemoved``, which says what became of it.

        What ``actor`` does not see is not here; raises as ``Access.show``.
        """
        self._access.show(actor, PackageId.parse(id))
        if item := self._look_up(id, version):
            return item
        self._tell_of_removal(id, version, actor)
        raise NoSuchPackage(quoted(f"{id} {version}"))

    def list(self, wanted: Wanted) -> Listed:
        """The listed versions that are wanted, and how many there are."""
        return self._listing.read(wanted)

    def ids(self) -> Sequence[PackageId]:
        """Every id that there is a version of, unlisted ones included, in order."""
        found = {id.key: id for id in map(PackageId.parse, self._listing.ids())}
        return [found[key] for key in sorted(found)]

    def open(self, item: Item) -> BinaryIO:
        """The bytes of a version; the caller closes them."""
        return self._feed.reopen(item) if isinstance(item, Package) else self._archives.open(item)

    def sha1(self, item: Item) -> str:
        """The SHA-1 of its file, hexadecimal; of what NuGet's clients pushed, it is made when first asked for."""
        return self.known_sha1s([item])[0] or self._make_sha1(item)

    def known_sha1s(self, items: Sequence[Item]) -> Sequence[str]:
        """The same of several, but "" where that takes reading the whole file."""
        packages = self._index.sha1s_of([item.sha512 for item in items if isinstance(item, Package)])
        return [packages.get(item.sha512, "") if isinstance(item, Package) else item.sha1 for item in items]

    def base_for(self, id: str, version: str, actor: Actor) -> Base:
        """What ``version`` can be sent as a difference from: itself if it is here, else the highest version.

        Raises ``NoSuchPackage`` if there is none, or it is too large, or ``actor`` does not see it.
        """
        self._access.show(actor, PackageId.parse(id))
        item = self._look_up(id, version) or self._highest(PackageId.parse(id))
        if item is None or item.size > SIGNED:
            raise NoSuchPackage(f"A version of {quoted(id)} to make a difference from")
        return Base(item, self._signature(item))

    def count(self, sight: Sight) -> int:
        """How many versions somebody sees, of both kinds."""
        return self._feed.counts(sight).versions + self._archives.count(sight)

    # The steps

    def _push_package(self, name: str, hashed: Hashed, actor: Actor, mode: Mode) -> Outcome:
        with suppress(NotUnderstood):  # the name need not say anything, but mostly it does
            if archive := self._archives.peek(FileName.parse(name).identity):
                raise PackageExists(
                    archive.identity,
                    f"it is a {archive.name.extension}; delete that first, or push a new version",
                )
        pushed = self._feed.push(hashed, actor, replacing=mode is Mode.OVERWRITE)
        self._remember_sha1(pushed.package, hashed.hexdigest())
        return Outcome(pushed.package)

    def _push_archive(self, name: FileName, hashed: Hashed, actor: Actor, mode: Mode) -> Outcome:
        self._archives.permit_push(actor, name.identity.id)  # first: a refusal does not tell what is here
        if package := self._package(name.identity):
            raise PackageExists(
                package.identity, "it is a NuGet package; delete that first, or push a new version"
            )
        archive, _ = self._archives.push(
            name, hashed, hashed.hexdigest, actor, replacing=mode is Mode.OVERWRITE
        )
        return Outcome(archive)

    def _at(self, identity: Identity) -> Item | None:
        return self._look_up(identity.id.text, identity.version.full)

    def _look_up(self, id: str, version: str) -> Item | None:
        """A version of either kind, by how anybody spells it; ``None`` also for what cannot be one."""
        try:
            identity = ArchiveIdentity.parse(id, version)
        except NotUnderstood:
            return None
        return self._package(identity) or self._archives.peek(identity)

    def _package(self, identity: Identity) -> Package | None:
        """The NuGet package of that name."""
        try:
            return self._feed.peek(Identity.parse(identity.id.text, identity.version.original))
        except NotUnderstood:
            return None

    def _tell_of_removal(self, id: str, version: str, actor: Actor) -> None:
        """Raise ``PackageRemoved`` if it was here, as either kind; ``CredentialsWanted`` where that might help."""
        try:
            self._access.show(actor, PackageId.parse(id))
        except (NoSuchPackage, NotUnderstood):
            return
        for find, names in ((self._feed.find, Identity), (self._archives.find, ArchiveIdentity)):
            try:
                find(names.parse(id, version))
            except PackageRemoved:
                raise
            except (NoSuchPackage, NotUnderstood):
                continue

    def _highest(self, id: PackageId) -> Item | None:
        listed = self._listing.read(Wanted(id_key=id.key, take=1))
        return listed.items[0] if listed.items else None

    def _shelf(self, item: Item) -> Shelf:
        return self._share if isinstance(item, Package) else self._archive_share

    def _make_sha1(self, item: Item) -> str:
        hash = sha1(usedforsecurity=False)
        with closing(self.open(item)) as stream:
            while block := stream.read(1024 * 1024):
                hash.update(block)
        if isinstance(item, Package):
            self._remember_sha1(item, hash.hexdigest())
        return hash.hexdigest()

    def _remember_sha1(self, package: Package, sha1: str) -> None:
        with suppress(FeedError), self._database.begin() as connection:  # else it is made again the next time
            self._index.remember_sha1(connection, package.sha512, sha1)

    def _signature(self, item: Item) -> bytes:
        """That of its file, made when it is first asked for; one at a time, so that others get their turn, too."""
        hash = self.sha1(item)
        if kept := self._kept_signature(item, hash):
            return kept
        with self._signing:
            if kept := self._kept_signature(item, hash):
                return kept
            with closing(self.open(item)) as stream:
                signature = b"".join(sign(stream))
            with suppress(FeedError):  # then it is made again the next time
                self._shelf(item).put_signature(item.identity, hash, BytesIO(signature))
        return signature

    def _kept_signature(self, item: Item, hash: str) -> bytes | None:
        kept = self._shelf(item).open_signature(item.identity, hash)
        if kept is None:
            return None
        with kept:
            return kept.read()


class Hashed:
    """A stream that is read once, and then knows the SHA-1 of what was in it."""

    def __init__(self, source: Readable) -> None:
        self._source = source
        self._hash = sha1(usedforsecurity=False)

    def read(self, size: int, /) -> bytes:
        """At most ``size`` bytes; none at the end, and only there."""
        block = self._source.read(size)
        self._hash.update(block)
        return block

    def hexdigest(self) -> str:
        """Of all that was read."""
        return self._hash.hexdigest()
