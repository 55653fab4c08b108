"""The archives on the share: files of formats that are not NuGet's, out of sight of those who read it directly."""

from __future__ import annotations

import os
from hashlib import sha1
from io import BytesIO
from typing import TYPE_CHECKING, BinaryIO

import orjson

from nugetlite import layout
from nugetlite.errors import Damaged, FeedError, FolderTaken, NoSuchPackage, NoSuchPath, PackageExists
from nugetlite.package.filename import FileName
from nugetlite.package.stored import StoredArchive
from nugetlite.shelf import Shelf, dated

if TYPE_CHECKING:
    from datetime import datetime

    from nugetlite.package.identity import Identity
    from nugetlite.storage import Entry, Storage

CARD_LIMIT = 64 * 1024  #: bytes


class ArchiveShare(Shelf):
    """The archives in one storage."""

    def __init__(self, storage: Storage) -> None:
        super().__init__(storage, layout.ARCHIVES)

    def put(self, archive: StoredArchive, stream: BinaryIO, *, replace: bool = False) -> Entry:
        """Make it be there. Raises ``PackageExists``, unless ``replace``."""
        files = {layout.archive_name(archive.name): stream, layout.CARD: BytesIO(_card(archive))}
        try:
            return self.storage.add(self.folder(archive.identity), files, replace=replace)
        except FolderTaken as error:
            raise PackageExists(archive.identity) from error

    def version(self, identity: Identity) -> Entry | None:
        """The folder of a version as it stands; ``None`` if there is none, or no archive in it."""
        entry = self.look(self.folder(identity))
        return entry if entry and layout.CARD in entry.names else None

    def read(self, entry: Entry, under: str = layout.ARCHIVES.home) -> StoredArchive:
        """The archive in a version folder, which has all that its card says of it.

        Raises ``Damaged`` if it has not, ``NoSuchPath`` if it went away.
        """
        identity = layout.identity_at(entry.folder, under, self.places.names)
        with self.storage.open(f"{entry.folder}/{layout.CARD}") as stream:
            content = stream.read(CARD_LIMIT)
        try:
            told = orjson.loads(content)
            name = FileName.parse(f"{told['id']}.{told['version']}{told['extension']}")
            file = layout.archive_name(name)
            archive = StoredArchive(name, int(told["size"]), str(told["sha1"]), dated(entry, file))
        except (ValueError, KeyError, TypeError, FeedError) as error:
            raise Damaged(f"The {layout.CARD} of {identity} cannot be read") from error
        if archive.identity != identity or (file, archive.size) not in [
            (f.name, f.size) for f in entry.files
        ]:
            raise Damaged(f"The {layout.CARD} of {identity} speaks of a file that is not beside it")
        return archive

    def open(self, archive: StoredArchive) -> BinaryIO:
        """Its bytes. Raises ``NoSuchPackage`` if somebody removed it, ``Damaged`` if it has another size now."""
        identity = archive.identity
        try:
            stream = self.storage.open(f"{self.folder(identity)}/{layout.archive_name(archive.name)}")
        except NoSuchPath as error:
            raise NoSuchPackage(identity) from error
        if stream.seek(0, os.SEEK_END) != archive.size:
            stream.close()
            raise Damaged(
                f"The file of {identity} was changed on the share; its operator has to look into it"
            )
        stream.seek(0)
        return stream

    def hash(self, archive: StoredArchive, folder: str) -> str:
        """What its file comes to now, read whole."""
        hash = sha1(usedforsecurity=False)
        with self.storage.open(f"{folder}/{layout.archive_name(archive.name)}") as stream:
            while block := stream.read(1024 * 1024):
                hash.update(block)
        return hash.hexdigest()


def came(entry: Entry, archive: StoredArchive) -> datetime:
    """When the archive in a folder came there."""
    return dated(entry, layout.archive_name(archive.name))


def _card(archive: StoredArchive) -> bytes:
    """What keeps the spelling of its name: folders and files are in lower case."""
    told = {
        "id": archive.identity.id.text,
        "version": archive.identity.version.full,
        "extension": archive.name.extension,
        "size": archive.size,
        "sha1": archive.sha1,
    }
    return orjson.dumps(told, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE)
