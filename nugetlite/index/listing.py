"""NuGet's packages and archives in one list, as Octopus sees its built-in repository: newest first.

The list is of places only; what is there is read for the page that is shown.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sqlalchemy import func, literal, select, tuple_, union_all

from nugetlite.index.archives import archive_of, archives
from nugetlite.index.rows import package_of
from nugetlite.index.schema import manifests, packages, versions
from nugetlite.package.sight import EVERYTHING, Sight
from nugetlite.sighting import seen

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy import Connection, Row

    from nugetlite.database import Database
    from nugetlite.package.package import Package
    from nugetlite.package.stored import StoredArchive


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which listed versions are wanted, and which stretch of the list."""

    id_key: str = ""  #: of just this id, if one is told
    part: str = ""  #: of ids that have this in them
    latest: bool = False  #: only the highest version of each id
    skip: int = 0
    take: int = 30
    sight: Sight = EVERYTHING  #: of whoever asks: other ids are not there for them


@dataclass(frozen=True, slots=True)
class Listed:
    """A stretch of the list."""

    total: int  #: of the whole list
    items: tuple[Package | StoredArchive, ...]


_PACKAGE, _ARCHIVE = 0, 1

_packages = (
    select(
        literal(_PACKAGE).label("kind"),
        packages.c.key.label("key"),
        versions.c.sort_key.label("sort_key"),
        manifests.c.published.label("published"),
        manifests.c.number.label("number"),
    )
    .join(versions, versions.c.package == packages.c.number)
    .join(manifests, manifests.c.number == versions.c.number)
    .where(versions.c.slices != 0)
)
_archives = select(
    literal(_ARCHIVE).label("kind"),
    archives.c.key,
    archives.c.sort_key,
    archives.c.published,
    literal(0).label("number"),
).where(archives.c.listed)
_all = union_all(_packages, _archives).subquery("everything")
_ids = union_all(select(packages.c.id), select(archives.c.id).distinct())
_highest = select(_all.c.key, func.max(_all.c.sort_key)).group_by(_all.c.key)


class Listing:
    """The list in one database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def read(self, wanted: Wanted) -> Listed:
        """A stretch of it. All versions of one id come highest first, anything else newest first."""
        if wanted.sight.is_nothing:
            return Listed(0, ())
        chosen = [*seen(wanted.sight, _all.c.key)]
        if wanted.id_key:
            chosen.append(_all.c.key == wanted.id_key)
        if wanted.part:
            chosen.append(_all.c.key.contains(wanted.part.lower(), autoescape=True))
        if wanted.latest:
            chosen.append(tuple_(_all.c.key, _all.c.sort_key).in_(_highest))
        order = (
            [_all.c.sort_key.desc()]
            if wanted.id_key
            else [_all.c.published.desc(), _all.c.key, _all.c.sort_key]
        )
        page = select(_all).where(*chosen).order_by(*order).offset(wanted.skip).limit(wanted.take)
        with self._database.connect() as connection:
            total = connection.execute(select(func.count()).select_from(_all).where(*chosen)).scalar_one()
            return Listed(total, _items(connection, connection.execute(page).all()))

    def ids(self) -> list[str]:
        """Every id that there is a version of, unlisted ones included."""
        with self._database.connect() as connection:
            return list(connection.execute(_ids).scalars())


def _items(connection: Connection, places: Sequence[Row[Any]]) -> tuple[Package | StoredArchive, ...]:
    """What is at some places, in their order."""
    numbers = [place.number for place in places if place.kind == _PACKAGE]
    names = [(place.key, place.sort_key) for place in places if place.kind == _ARCHIVE]
    found: dict[object, Package | StoredArchive] = {}
    if numbers:
        for row in connection.execute(select(manifests).where(manifests.c.number.in_(numbers))):
            found[row.number] = package_of(row, listed=True)
    if names:
        at = tuple_(archives.c.key, archives.c.sort_key)
        for row in connection.execute(select(archives).where(at.in_(names))):
            found[row.key, row.sort_key] = archive_of(row)
    return tuple(
        [found[place.number if place.kind == _PACKAGE else (place.key, place.sort_key)] for place in places]
    )
