"""A ``.nupkg`` or ``.snupkg`` from somebody unknown: hashed, opened, and read without being unpacked.

Only the manifest and the few files that it names for showing are inflated, each within a limit. The names in
an archive are never paths here; but those that could lead a client out of its folder are refused, and so are
two names that a client could take for one.
"""

from __future__ import annotations

import base64
import hashlib
import io
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, BinaryIO, Protocol
from urllib.parse import unquote

from nugetlite.errors import BadArchive, NoSuchEntry, TooLarge, quoted
from nugetlite.package.manifest import MANIFEST_LIMIT, Manifest
from nugetlite.package.package import Embedded, Package
from nugetlite.package.zip import SMALL, Zip, ZipEntry

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from datetime import datetime

EMBEDDED_LIMIT = 1024 * 1024  #: bytes of an icon, a readme or a licence
_BLOCK = 256 * 1024  # bytes


class Readable(Protocol):
    """What bytes can be taken from, once, from front to back."""

    def read(self, size: int, /) -> bytes:
        """At most ``size`` bytes; none at the end, and only there."""
        ...


@dataclass(frozen=True, slots=True)
class Digest:
    """What identifies the bytes of a file."""

    size: int  #: bytes
    sha512: str  #: base64, as NuGet writes it


def digest(stream: BinaryIO) -> Digest:
    """That of a whole stream, from its start."""
    stream.seek(0)
    return _digest(_blocks(stream))


def at_hand(stream: BinaryIO) -> BinaryIO:
    """A stream with the same bytes, to read several times: in memory if they are few, as those of most packages are.

    Of the two, it is this one that is to be closed.
    """
    size = stream.seek(0, io.SEEK_END)
    if size > SMALL:
        return stream
    stream.seek(0)
    with stream:
        return io.BytesIO(stream.read(size))


def copy(source: Readable, target: BinaryIO, limit: int | None = None) -> Digest:
    """Copy what is left of ``source``, and tell what it was.

    Raises ``TooLarge`` once it is more than ``limit`` bytes; then as many are in ``target``, or fewer.
    """

    def copied() -> Iterator[bytes]:
        left = limit
        for block in _blocks(source):
            if left is not None and (left := left - len(block)) < 0:
                raise TooLarge(f"The package is larger than the {limit} bytes that this feed takes")
            target.write(block)
            yield block

    return _digest(copied())


def _blocks(stream: Readable) -> Iterator[bytes]:
    while block := stream.read(_BLOCK):
        yield block


def _digest(blocks: Iterable[bytes]) -> Digest:
    size = 0
    sha512 = hashlib.sha512()
    for block in blocks:
        size += len(block)
        sha512.update(block)
    return Digest(size, base64.b64encode(sha512.digest()).decode())


class Archive:
    """A package, open. Its files go by the paths that clients unpack them to: ``lib/net8.0/Contoso.dll``.

    Making one raises ``BadArchive`` if a client could not read it, or not safely, and what ``Manifest.parse``
    raises. The stream must be seekable, stays the caller's to close, and is used by one thread at a time.
    """

    def __init__(self, stream: BinaryIO) -> None:
        self._zip = Zip(stream)
        self._files = _files(self._zip.entries)
        self.manifest_bytes = self._zip.read(self._files[_manifest_path(self._files)], MANIFEST_LIMIT)
        self.manifest = Manifest.parse(self.manifest_bytes)

    @property
    def names(self) -> tuple[str, ...]:
        """The paths of all its files, in the order of the zip."""
        return tuple(self._files)

    def size(self, name: str) -> int:
        """How many bytes a file has, as the zip says. Raises ``NoSuchEntry``."""
        return self._entry(name).size

    def checksum(self, name: str) -> int:
        """The CRC-32 of a file, as the zip says. Raises ``NoSuchEntry``."""
        return self._entry(name).checksum

    def read(self, name: str, limit: int) -> bytes:
        """The bytes of a file. Raises ``NoSuchEntry``; ``BadArchive`` if damaged or over ``limit`` bytes."""
        return self._zip.read(self._entry(name), limit)

    def open(self, name: str) -> BinaryIO:
        """The bytes of a file as a stream, inflated while it is read; never more than ``size`` says.

        Raises ``NoSuchEntry``. Reading raises ``BadArchive`` when it comes to something damaged; that the
        checksum is wrong shows only at the end.
        """
        return self._zip.open(self._entry(name))

    @property
    def embedded(self) -> frozenset[Embedded]:
        """Which of the files that the manifest names for showing are there, and small enough to be shown."""
        return frozenset([what for what in Embedded if self._shown(what)])

    def file(self, what: Embedded) -> bytes:
        """A file that the manifest names for showing. Raises ``NoSuchEntry`` unless ``embedded`` has it."""
        if not (entry := self._shown(what)):
            raise NoSuchEntry(what)
        return self._zip.read(entry, EMBEDDED_LIMIT)

    def _entry(self, name: str) -> ZipEntry:
        try:
            return self._files[name]
        except KeyError:
            raise NoSuchEntry(name) from None

    def _shown(self, what: Embedded) -> ZipEntry | None:
        named = _named(self.manifest, what).replace("\\", "/")
        entry = self._find(named) if named else None
        return entry if entry and entry.size <= EMBEDDED_LIMIT else None

    def _find(self, path: str) -> ZipEntry | None:
        """By the path just as it is in the zip, or in other letter case: clients on Windows packed it so."""
        wanted = path.lower()
        same = (entry for name, entry in self._files.items() if name.lower() == wanted)
        return self._files.get(path) or next(same, None)


def read_package(stream: BinaryIO, digest: Digest, published: datetime) -> tuple[Package, Archive]:
    """The package in a stream whose bytes have that ``digest``, as listed; and its archive, to look further.

    Raises what ``Archive`` raises, and ``BadArchive`` if a file that would be shown is damaged.
    """
    archive = Archive(stream)
    embedded = archive.embedded
    for what in embedded:
        archive.file(what)
    package = Package(archive.manifest, digest.size, digest.sha512, published, embedded=embedded)
    return package, archive


def _named(manifest: Manifest, what: Embedded) -> str:
    match what:
        case Embedded.ICON:
            return manifest.icon
        case Embedded.README:
            return manifest.readme
        case Embedded.LICENSE:
            return manifest.license.text if manifest.license and manifest.license.kind == "file" else ""


def _manifest_path(files: Iterable[str]) -> str:
    match [path for path in files if path[-7:].lower() == ".nuspec" and "/" not in path]:
        case [path]:
            return path
        case []:
            raise BadArchive("The package has no manifest (.nuspec) at its root")
        case _:
            raise BadArchive("The package has more than one manifest (.nuspec) at its root")


# A .nupkg is an OPC package, whose parts have percent-encoded names, and zips made on Windows had
# backslashes; some clients undo both and some do not, so a name must be harmless either way.

_SUSPECT = re.compile(r"[%\\:\0]|^/|//|\.\.|(?:^|/)[. ]+(?:/|$)")
_HARMFUL = re.compile(
    r"\0"
    r"|^/|//"  # absolute, or of another computer
    r"|^[A-Za-z]:"  # of a drive
    r"|(?:^|/)[. ]*\.[. ]*(?:/|$)"  # of the folder above: Windows drops blanks and dots at the end of a name
)


def _files(entries: Iterable[ZipEntry]) -> dict[str, ZipEntry]:
    """The entries by their paths, folders left out."""
    files: dict[str, ZipEntry] = {}
    folders: set[str] = set()
    for entry in entries:
        path = _path(entry.name)
        folder = path.removesuffix("/")
        if folder in files or folder in folders:
            raise BadArchive(f"{quoted(path)} is in the package twice")
        if folder == path:
            files[path] = entry
        else:
            folders.add(folder)
    return files


def _path(name: str) -> str:
    """The path that a client unpacks an entry to. Raises ``BadArchive`` if it leads out of the package."""
    if not _SUSPECT.search(name):
        return name
    path = unquote(name).replace("\\", "/")
    if _HARMFUL.search(name.replace("\\", "/")) or _HARMFUL.search(path):
        raise BadArchive(f"{quoted(name)} in the package is no safe name for a file")
    return path
