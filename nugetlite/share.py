"""The share: NuGet's packages, as folders of a storage that clients can read directly. The truth about packages."""

from __future__ import annotations

import os
from dataclasses import dataclass
from datetime import datetime
from hashlib import blake2b
from io import BytesIO
from typing import TYPE_CHECKING, BinaryIO

from nugetlite import layout
from nugetlite.errors import Damaged, FolderTaken, NoSuchPackage, NoSuchPath, PackageExists
from nugetlite.package.archive import Archive, at_hand, digest, read_package
from nugetlite.shelf import Shelf, dated, within_reason

if TYPE_CHECKING:
    from nugetlite.package.identity import Identity
    from nugetlite.package.package import Package
    from nugetlite.storage import Entry, Storage


@dataclass(frozen=True, slots=True)
class Reading:
    """A version folder, read whole. Close it."""

    package: Package
    archive: Archive
    nupkg: BinaryIO
    is_complete: (
        bool  #: the hash and the manifest stand beside the package, so clients can read the folder directly
    )

    def close(self) -> None:
        """Let go of the file."""
        self.nupkg.close()


class Share(Shelf):
    """The packages in one storage."""

    def __init__(self, storage: Storage) -> None:
        super().__init__(storage, layout.PACKAGES)

    def check(self) -> None:
        """Return if the share is there; raises ``ShareUnavailable``."""
        self.storage.share_id()

    def tidy(self) -> None:
        """Clear away what crashed processes have left."""
        self.storage.tidy()

    def put(self, package: Package, manifest: bytes, nupkg: BinaryIO, *, replace: bool = False) -> Entry:
        """Make ``package`` be there, in the layout that NuGet's own folder reader wants.

        Raises ``PackageExists``, unless ``replace``.
        """
        identity = package.identity
        folder = layout.version_folder(identity)
        files = {
            layout.nupkg_name(identity): nupkg,
            layout.sha512_name(identity): BytesIO(package.sha512.encode()),
            layout.nuspec_name(identity): BytesIO(manifest),
        }
        for _ in range(2):
            try:
                return self.storage.add(folder, files, replace=replace)
            except FolderTaken:
                if not self._clear_leftovers(identity):
                    break
        raise PackageExists(identity)

    def version(self, identity: Identity) -> Entry | None:
        """The folder of a version as it stands; ``None`` if there is none, or no package in it."""
        entry = self.look(self.folder(identity))
        return entry if entry and layout.nupkg_name(identity) in entry.names else None

    def open(self, package: Package) -> BinaryIO:
        """The bytes of its ``.nupkg``, sure to be those that were indexed: by size and time, or else by hash.

        Raises ``NoSuchPackage`` if somebody removed it, ``Damaged`` if somebody changed it.
        """
        identity = package.identity
        try:
            stream = self.storage.open(f"{layout.version_folder(identity)}/{layout.nupkg_name(identity)}")
        except NoSuchPath as error:
            raise NoSuchPackage(identity) from error
        try:
            if not self._is_as_indexed(stream, package):
                raise Damaged(
                    f"The file of {identity} was changed on the share; its operator has to look into it"
                )
            stream.seek(0)
        except BaseException:
            stream.close()
            raise
        return stream

    def read(self, entry: Entry, under: str = "") -> Reading:
        """The package in a version folder, read and hashed whole, as if it had just been pushed.

        ``under`` is the folder of the layout in which it lies, if that is not the root.

        Raises ``FeedError`` for what could not have been pushed, ``Damaged`` if it is not what its folder or
        the hash beside it says. The caller closes the reading.
        """
        identity = layout.identity_at(entry.folder, under)
        if identity is None:
            raise NoSuchPackage(entry.folder)
        nupkg_name, sha512_name = layout.nupkg_name(identity), layout.sha512_name(identity)
        files = self.storage.open_files(entry.folder, (nupkg_name, sha512_name))
        try:
            if nupkg_name not in files:
                raise NoSuchPath(f"{entry.folder}/{nupkg_name}")
            nupkg = files[nupkg_name] = at_hand(files[nupkg_name])
            package, archive = read_package(nupkg, digest(nupkg), arrival(entry, identity))
            if package.identity != identity:
                raise Damaged(f"The folder of {identity} holds {package.identity}")
            return Reading(package, archive, nupkg, _is_complete(entry, package, files.get(sha512_name)))
        except BaseException:
            for file in files.values():
                file.close()
            raise

    def repair(self, reading: Reading) -> Entry:
        """Write a version folder anew, with the files that NuGet's own folder reader wants beside the package."""
        return self.put(reading.package, reading.archive.manifest_bytes, reading.nupkg, replace=True)

    def reject(self, path: str, why: str) -> None:
        """Put a stray file aside, with the reason beside it, so that clients do not stumble over it."""
        aside = (
            f"{layout.REJECTED}/{blake2b(path.encode(errors='surrogateescape'), digest_size=8).hexdigest()}"
        )
        with self.storage.open(path) as stream:
            self.storage.add(
                aside,
                {"dropped.nupkg": stream, "reason.txt": BytesIO(f"{path}\n{why}\n".encode(errors="replace"))},
                replace=True,
            )
        self.storage.remove(path)

    def put_symbols(self, identity: Identity, snupkg: BinaryIO) -> Entry:
        """Keep its symbols; later ones take the place of earlier ones."""
        files = {layout.snupkg_name(identity): snupkg}
        return self.storage.add(layout.version_folder(identity, layout.SYMBOLS), files, replace=True)

    def open_symbols(self, identity: Identity) -> BinaryIO:
        """The bytes of its ``.snupkg``; raises ``NoSuchPackage``."""
        try:
            return self.storage.open(
                f"{layout.version_folder(identity, layout.SYMBOLS)}/{layout.snupkg_name(identity)}"
            )
        except NoSuchPath as error:
            raise NoSuchPackage(f"{identity} (symbols)") from error

    def _is_as_indexed(self, stream: BinaryIO, package: Package) -> bool:
        """Whether these are the bytes of ``package``.

        The index, the folder and an open file may tell of three different packages while one is replaced.
        """
        if stream.seek(0, os.SEEK_END) != package.size:
            return False
        if package.published == _date_of(stream):
            return True
        # Not every storage opens files of its own with dates of their own. And somebody may have touched it, or
        # restored it from a backup.
        return (
            package.published == self._dated_here(package.identity) or digest(stream).sha512 == package.sha512
        )

    def _dated_here(self, identity: Identity) -> datetime | None:
        """The date of the file that is there now; what was opened before is that one, or older."""
        entry = self.version(identity)
        return arrival(entry, identity) if entry else None

    def _clear_leftovers(self, identity: Identity) -> bool:
        """Remove what stands beside a package, where somebody took just that away; ``False`` if there is more."""
        entry = self.look(self.folder(identity))
        names = entry.names if entry else ()
        for name in names:
            if name not in (layout.sha512_name(identity), layout.nuspec_name(identity)):
                return False
        for name in names:
            self.drop(f"{layout.version_folder(identity)}/{name}")
        return True


def arrival(entry: Entry, identity: Identity) -> datetime:
    """When the package came to the share: the date of its file, which copying tools keep, within reason."""
    return dated(entry, layout.nupkg_name(identity))


def _is_complete(entry: Entry, package: Package, sha512: BinaryIO | None) -> bool:
    """Whether the side files are as clients want them; raises ``Damaged`` if they speak of other bytes."""
    if sha512 is None:
        return False
    with sha512:
        declared = sha512.read(1024).decode("ascii", "replace")
    if declared.strip() != package.sha512:
        raise Damaged(f"The file of {package.identity} is not the one whose hash stands beside it")
    return declared == package.sha512 and layout.nuspec_name(package.identity) in entry.names


def _date_of(stream: BinaryIO) -> datetime | None:
    """The date of an open file, if it is one."""
    try:
        return within_reason(os.fstat(stream.fileno()).st_mtime)
    except OSError:
        return None
