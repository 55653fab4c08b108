"""One package, all its versions, everything there is."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from sqlalchemy import BindParameter, Integer, bindparam, exists, func, select, type_coerce

from nugetlite.index.rows import identity_of, key_of, package_of, removal_of
from nugetlite.index.schema import manifests, packages, removals, revision, versions
from nugetlite.index.values import Counts, Known, Trace
from nugetlite.sighting import seen
from nugetlite.statement import Statement

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from nugetlite.package.identity import Identity, PackageId
    from nugetlite.package.package import Package, Removal
    from nugetlite.package.sight import Sight

AT_ONCE = 2000  #: rows fetched together when all are wanted

_key: BindParameter[str] = bindparam("key")
_sort_key: BindParameter[str] = bindparam("sort_key")
_number = select(packages.c.number).where(packages.c.key == _key).scalar_subquery()
_of_id = versions.c.package == _number

_REVISION = Statement(select(revision.c.number))
_REVISION_OF = Statement(select(packages.c.revision).where(packages.c.key == _key))
_some_removed = type_coerce(exists().where(removals.c.key == _key), Integer)  # as the driver tells it will do
_KEYS = Statement(
    select(versions.c.key, _some_removed.label("were_removed")).where(_of_id).order_by(versions.c.sort_key)
)
_LISTED = (
    select(versions.c.full)
    .where(_of_id, versions.c.slices.bitwise_and(bindparam("bit")) != 0)
    .order_by(versions.c.sort_key)
)
_of_manifests = select(versions.c.slices, manifests).join(manifests, manifests.c.number == versions.c.number)
_ALL = Statement(_of_manifests.where(_of_id).order_by(versions.c.sort_key))
_ONE = Statement(_of_manifests.where(_of_id, versions.c.sort_key == _sort_key))
_KNOWN = (
    select(packages.c.key, versions.c.key, versions.c.slices, versions.c.stamp)
    .join(packages, packages.c.number == versions.c.package)
    .execution_options(yield_per=AT_ONCE)
)
_REMOVALS = Statement(select(removals).where(removals.c.key == _key).order_by(removals.c.sort_key))
_REMOVAL = Statement(select(removals).where(removals.c.key == _key, removals.c.sort_key == _sort_key))
_REMOVED_SINCE = select(removals.c.id, removals.c.version).where(removals.c.revision > bindparam("revision"))
_REMOVED = select(removals.c.id, removals.c.version)
_TRACE = Statement(
    select(
        select(versions.c.number)
        .where(_of_id, versions.c.sort_key == _sort_key)
        .scalar_subquery()
        .label("there"),
        select(removals.c.revision)
        .where(removals.c.key == _key, removals.c.sort_key == _sort_key)
        .scalar_subquery()
        .label("removed"),
        _number.label("package"),
    )
)
_COUNTS = [
    select(func.count()).select_from(packages),
    select(func.count()).select_from(versions),
    select(func.count()).select_from(versions).where(versions.c.slices == 0),
    select(func.count()).select_from(removals),
]


def read_revision(connection: Connection) -> int:
    """The number of the last change."""
    number: int = _REVISION.value(connection)
    return number


def read_revision_of(connection: Connection, key: str) -> int:
    """The number of the last change of one package, 0 if it is not there."""
    return _REVISION_OF.value(connection, key=key) or 0


def read_package(connection: Connection, identity: Identity) -> Package | None:
    """One version."""
    row = _ONE.row(connection, **key_of(identity))
    return package_of(row, listed=row.slices != 0) if row else None


def read_trace(connection: Connection, identity: Identity) -> Trace:
    """What is known of a version."""
    return Trace(*_TRACE.row(connection, **key_of(identity)))  # type: ignore[misc]  # there is always one row


def read_versions(connection: Connection, id: PackageId) -> tuple[Package, ...]:
    """All versions of a package, ascending."""
    return tuple([package_of(row, listed=row.slices != 0) for row in _ALL.rows(connection, key=id.key)])


def read_version_list(connection: Connection, id: PackageId) -> tuple[list[str], tuple[Removal, ...]]:
    """Their normalized texts in lower case; and what became of those that were removed."""
    rows = _KEYS.rows(connection, key=id.key)
    may_be_removed = not rows or rows[0].were_removed
    return [row.key for row in rows], read_removals(connection, id) if may_be_removed else ()


def read_listed_versions(connection: Connection, id: PackageId, slice: int) -> list[str]:
    """The full texts of those that a slice shows."""
    return list(connection.execute(_LISTED, {"key": id.key, "bit": 1 << slice}).scalars())


def read_known(connection: Connection) -> Iterator[Known]:
    """Every version there is."""
    for id, version, slices, stamp in connection.execute(_KNOWN):
        yield Known(id, version, slices != 0, stamp)


def read_counts(connection: Connection, sight: Sight) -> Counts:
    """How much there is, as far as it is seen."""
    of_packages = seen(sight, packages.c.key)
    those = select(packages.c.number).where(*of_packages)
    of_versions = [versions.c.package.in_(those)] if of_packages else []
    limits = of_packages, of_versions, of_versions, seen(sight, removals.c.key)
    counts = [count.where(*limit) for count, limit in zip(_COUNTS, limits, strict=True)]
    return Counts(*[connection.execute(each).scalar_one() for each in counts])


def read_removal(connection: Connection, identity: Identity) -> Removal | None:
    """What became of one version."""
    row = _REMOVAL.row(connection, **key_of(identity))
    return removal_of(row) if row else None


def read_removals(connection: Connection, id: PackageId) -> tuple[Removal, ...]:
    """What became of the versions of one package, ascending."""
    return tuple(map(removal_of, _REMOVALS.rows(connection, key=id.key)))


def read_removed(connection: Connection) -> tuple[Identity, ...]:
    """Every version of which only a mark is left."""
    return tuple(map(identity_of, connection.execute(_REMOVED)))


def read_removed_since(connection: Connection, revision: int) -> frozenset[Identity]:
    """Those that were removed after a revision."""
    return frozenset(map(identity_of, connection.execute(_REMOVED_SINCE, {"revision": revision})))
