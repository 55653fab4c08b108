"""The delta between a file and what a server has of it."""

from __future__ import annotations

from base64 import b64decode
from pathlib import Path
from typing import BinaryIO

from nugetlite.client.document import Document
from nugetlite.client.errors import Puzzling
from nugetlite.octodiff.delta import Delta
from nugetlite.octodiff.signature import Signature
from nugetlite.package.archive import Archive
from nugetlite.package.filename import ArchiveIdentity, FileName, is_nupkg

WORTH_IT = 0.95  #: of the file; a larger delta is not sent


def name_of(file: Path) -> FileName:
    """Id, version and extension: of a ``.nupkg``, its manifest says the first two, else its name.

    Raises ``FeedError`` for a file of which one cannot tell.
    """
    if not is_nupkg(file.name):
        return FileName.parse(file.name)
    with file.open("rb") as stream:
        identity = Archive(stream).manifest.identity
    return FileName(ArchiveIdentity.parse(str(identity.id), identity.version.full), file.suffix)


def write_delta(file: Path, told: Document, target: BinaryIO) -> bool:
    """Write the delta between what a server ``told`` of its own version, and a file; whether it is worth sending.

    Raises ``FeedError`` if the server's signature is none.
    """
    try:
        signature = Signature.parse(b64decode(told.text("Signature"), validate=True))
    except ValueError as error:
        raise Puzzling("The signature of the server's version is not base64") from error
    size, most = 0, WORTH_IT * file.stat().st_size
    with file.open("rb") as stream:
        for block in Delta(signature, stream):
            target.write(block)
            size += len(block)
            if size > most:
                return False
    return True
