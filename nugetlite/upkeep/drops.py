"""Packages that somebody dropped on the share, and that lie where they should not.

That is in the root, or in a folder of some other spelling. They are moved to where they belong: one stray package
makes clients that read the folder by themselves misunderstand all of it.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from nugetlite.errors import NoSuchPath, NotUnderstood, Objected, PackageExists

if TYPE_CHECKING:
    from nugetlite.feed import Feed
    from nugetlite.package.package import Package
    from nugetlite.share import Share
    from nugetlite.storage import Entry, File
    from nugetlite.upkeep.doubts import Doubts

PATIENCE = 600.0  #: seconds that a file which begins as a package does may stand still before it is put aside
ZIP = b"PK\3\4"  #: how a package begins

log = logging.getLogger(__name__)


@dataclass
class Drops:
    """Moves dropped packages."""

    share: Share
    feed: Feed
    doubts: Doubts

    def file_in(self, entries: Sequence[Entry]) -> Iterator[tuple[Package, Entry]]:
        """Those of them that are where they belong now, still to be indexed."""
        for entry in entries:
            for file in entry.files:
                if file.name.lower().endswith(".nupkg"):
                    path = f"{entry.folder}/{file.name}" if entry.folder else file.name
                    with self.doubts.misses(path):
                        if filed := self._consider(path, file):
                            yield filed

    def _consider(self, path: str, file: File) -> tuple[Package, Entry] | None:
        stamp = f"{file.size}|{file.modified}|{file.tag}"
        try:
            if self.doubts.is_refused(path, stamp):
                if self.doubts.refused_for(path) > PATIENCE:
                    self._put_aside(path, self.doubts.problems[path])
            elif not self.doubts.is_settled(path, stamp):
                self.doubts.wait(path, stamp)
            else:
                return self._file_in(path, stamp, datetime.fromtimestamp(file.modified, UTC))
        except NoSuchPath:
            pass  # somebody took it away again
        return None

    def _file_in(self, path: str, stamp: str, dropped: datetime) -> tuple[Package, Entry] | None:
        try:
            return self.feed.file_in(path, dropped)
        except (Objected, PackageExists) as error:
            self._put_aside(path, str(error))
        except NotUnderstood as error:
            if self._may_be_unfinished(path):
                self.doubts.refuse(path, stamp, str(error))
            else:
                self._put_aside(path, str(error))
        return None

    def _may_be_unfinished(self, path: str) -> bool:
        """Whether it begins like a package, or has no beginning yet: some tools make room before they copy."""
        with self.share.storage.open(path) as stream:
            return ZIP.startswith(stream.read(len(ZIP)).rstrip(b"\0"))

    def _put_aside(self, path: str, why: str) -> None:
        self.share.reject(path, why)
        self.doubts.clear(path)
        log.warning("%s was dropped and is put aside: %s", path, why)
