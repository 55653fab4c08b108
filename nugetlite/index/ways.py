"""The ways through the feed, version by version: what a statement selects from, and what it knows of each row.

    ThroughVersions   packages ─ versions                every version
    ThroughTops       documents                          the newest version of each package in one slice
                      documents ─ versions               the newest ones in two slices

Either joins further tables as soon as it is asked for what stands there.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from sqlalchemy import ColumnElement, and_, exists, func, not_, or_, true

from nugetlite.index.schema import documents, downloads, manifests, packages, versions
from nugetlite.index.slices import slice_of

if TYPE_CHECKING:
    from sqlalchemy import FromClause

_STABLE = 0b0100  # of the bits of those who see a version, one that no prerelease has
_PLAIN = 0b0010  # and one that no version of SemVer 2 has

Said = ColumnElement[Any]
Truth = ColumnElement[bool]


class Way:
    """What both ways have in common. As ``filtering.Row``, it is asked for what a filter or an order reads."""

    key: Said
    package: Said
    number: Said
    downloads: Said
    listed: Truth
    prerelease: Truth
    latest: Truth
    absolute_latest: Truth

    def __init__(self, source: FromClause) -> None:
        self.source = source
        self._joined: set[str] = set()

    @property
    def conditions(self) -> Sequence[Truth]:
        """What makes a row one that the client may see, and one of this way."""
        raise NotImplementedError

    @property
    def sort_key(self) -> Said:
        """Of the version."""
        self._join_versions()
        return versions.c.sort_key

    @property
    def full(self) -> Said:
        """The version's full text."""
        self._join_versions()
        return versions.c.full

    @property
    def shown(self) -> Said:
        """When it was published, as it is told."""
        self._join_versions()
        return versions.c.shown

    @property
    def manifest(self) -> Said:
        """What it says of itself, as JSON."""
        return self.of_file("manifest")

    def of_file(self, column: str) -> Said:
        """A column of ``manifests``."""
        if "manifests" not in self._joined:
            self._joined.add("manifests")
            self.source = self.source.join(manifests, manifests.c.number == self.number)
        return manifests.c[column]

    @property
    def times(self) -> Said:
        """The downloads of this version."""
        sort_key = self.sort_key
        if "downloads" not in self._joined:
            self._joined.add("downloads")
            at = and_(downloads.c.key == self.key, downloads.c.sort_key == sort_key)
            self.source = self.source.outerjoin(downloads, at)
        return func.coalesce(downloads.c.times, 0)

    def last_order(self) -> dict[str, Said]:
        """What makes any order of rows one that leaves nothing open, by the names that a ``Cursor`` has for it."""
        return {"key": self.key, "sort_key": self.sort_key}

    def _join_versions(self) -> None:
        """See that the row of the version is there."""


class ThroughVersions(Way):
    """Every version that a client may see."""

    def __init__(self, semver2: bool) -> None:
        super().__init__(packages.join(versions, versions.c.package == packages.c.number))
        self._semver2 = semver2
        self.key, self.package, self.number = packages.c.key, packages.c.number, versions.c.number
        self.downloads = packages.c.downloads
        self.listed = versions.c.slices != 0
        self.prerelease = versions.c.seen.bitwise_and(_STABLE) == 0
        self.latest = self._is_top(slice_of(False, semver2))
        self.absolute_latest = self._is_top(slice_of(True, semver2))

    @property
    def conditions(self) -> Sequence[Truth]:
        """Without SemVer 2, if the client does not read it."""
        return [] if self._semver2 else [versions.c.seen.bitwise_and(_PLAIN) != 0]

    def _is_top(self, slice: int) -> Truth:
        return exists().where(
            documents.c.key == packages.c.key,
            documents.c.type == "",
            documents.c[f"top_{slice}"] == versions.c.number,
        )


class ThroughTops(Way):
    """The newest versions: stable ones, or with prereleases, or both.

    A version that is the top of both slices is so in one document, so two columns of a row tell all of it.
    """

    def __init__(
        self, semver2: bool, *, stable: bool, absolute: bool, source: FromClause = documents
    ) -> None:
        super().__init__(source)
        tops = {which: documents.c[f"top_{slice_of(which, semver2)}"] for which in (False, True)}
        self._tops = [tops[which] for which, wanted in ((False, stable), (True, absolute)) if wanted]
        self.key, self.package = documents.c.key, documents.c.package
        self.downloads = documents.c.downloads
        self.listed = true()
        if len(self._tops) == 1:
            self.number = self._tops[0]
        else:
            self.number = versions.c.number
            self._join_versions()
        self.latest, self.absolute_latest = [
            true() if top is self.number else self.number == top for top in tops.values()
        ]
        self.prerelease = not_(self.latest)

    @property
    def conditions(self) -> Sequence[Truth]:
        """Of documents for a type of packages there is nothing to be seen here."""
        return [documents.c.type == "", or_(*[top != 0 for top in self._tops])]

    def last_order(self) -> dict[str, Said]:
        """Of each package there is one row, or two."""
        return {"key": self.key} if len(self._tops) == 1 else super().last_order()

    def _join_versions(self) -> None:
        if "versions" not in self._joined:
            self._joined.add("versions")
            at = (
                versions.c.number.in_(self._tops) if len(self._tops) > 1 else versions.c.number == self.number
            )
            self.source = self.source.join(versions, and_(versions.c.package == documents.c.package, at))
