"""Compares everything on the share with what it should be, byte by byte."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from typing import TYPE_CHECKING

from nugetlite import layout
from nugetlite.archive_share import ArchiveShare
from nugetlite.errors import FeedError, NoSuchPath

if TYPE_CHECKING:
    from nugetlite.share import Share
    from nugetlite.storage import Entry


def verify(share: Share) -> Iterator[tuple[str, str]]:
    """Each version folder, archives and the soft-deleted included, and what is wrong with it: "" if nothing is."""
    share.check()
    for under in ("", layout.DELETED):
        for entry in share.storage.scan(under):
            if not entry.readable:
                yield entry.folder, "It cannot be looked into"
            elif layout.identity_at(entry.folder, under):
                yield entry.folder, _problem(share, entry, under)
    yield from _archives(ArchiveShare(share.storage))


def _archives(share: ArchiveShare) -> Iterator[tuple[str, str]]:
    for under in (share.places.home, share.places.deleted):
        for entry in share.storage.scan(under):
            if not entry.readable:
                yield entry.folder, "It cannot be looked into"
            elif layout.identity_at(entry.folder, under, share.places.names):
                yield entry.folder, _problem_of_archive(share, entry, under)


def _problem_of_archive(share: ArchiveShare, entry: Entry, under: str) -> str:
    try:
        archive = share.read(entry, under)
        is_same = share.hash(archive, entry.folder) == archive.sha1
    except NoSuchPath:
        return "The archive is missing"
    except (FeedError, OSError) as error:
        return str(error)
    return "" if is_same else "The archive is not the one whose hash stands beside it"


def _problem(share: Share, entry: Entry, under: str) -> str:
    try:
        with closing(share.read(entry, under)) as reading:
            return (
                ""
                if reading.is_complete
                else "The files beside the package are missing or not as clients want them"
            )
    except NoSuchPath:
        return "The package is missing"
    except (FeedError, OSError) as error:
        return str(error)
