"""Which packages each version depends on, and so which versions need one."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from sqlalchemy import BindParameter, and_, bindparam, delete, insert, select

from nugetlite.errors import BadVersionRange
from nugetlite.guard import Dependent
from nugetlite.index.rows import identity_of, key_of
from nugetlite.index.schema import dependencies, packages, versions
from nugetlite.index.slices import slice_of
from nugetlite.package.identity import ID_LIMIT
from nugetlite.package.range import VersionRange
from nugetlite.package.version import VERSION_LIMIT, Version
from nugetlite.statement import WHICH, Statement, batches

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from nugetlite.package.identity import Identity
    from nugetlite.package.manifest import Manifest

LONGEST_RANGE = 2 * VERSION_LIMIT + len("[, ]")


def write_dependencies(connection: Connection, arrivals: Iterable[tuple[int, Manifest]]) -> None:
    """Know what new versions depend on; each is told with the number of its package."""
    rows = [
        {"package": package, "sort_key": manifest.identity.version.sort_key, "key": key, "allowed": allowed}
        for package, manifest in arrivals
        if manifest.dependency_groups
        for key, allowed in _wanted(manifest)
    ]
    _ADD.run_each(connection, rows)


def erase_dependencies(connection: Connection, places: Iterable[tuple[int, str]]) -> None:
    """Forget what versions depend on, by package and sort key."""
    _DROP.run_each(connection, [{"of": package, "at": sort_key} for package, sort_key in places])


def read_dependents(connection: Connection, identity: Identity) -> list[Dependent]:
    """The versions of which a restore takes this one, by id, newest first.

    Whether it does, and what it would take instead, its neighbours tell: a range has no gaps.
    """
    around = _AROUND.row(connection, **key_of(identity))
    here = {Version.parse(text) for text in around or () if text is not None}
    if identity.version not in here:
        return []
    others = here - {identity.version}
    needing = {
        text: (range, range.lowest(others))
        for text in _RANGES.values(connection, key=identity.id.key)
        if (range := _range(text)) and range.lowest(here) == identity.version
    }
    found = [
        Dependent(who, *needing[row.allowed])
        for batch in batches(needing)
        for row in _WHO.rows(connection, key=identity.id.key, which=batch)
        if (who := identity_of(row)) != identity
    ]
    newest_first = sorted(found, key=lambda each: each.identity.version, reverse=True)
    return sorted(newest_first, key=lambda each: each.identity.id.key)


def _wanted(manifest: Manifest) -> set[tuple[str, str]]:
    """(id in lower case, range) of each dependency that can be met; most groups say the same."""
    return {
        (each.id.lower(), each.range)
        for group in manifest.dependency_groups
        for each in group.dependencies
        if len(each.id) <= ID_LIMIT and len(each.range) <= LONGEST_RANGE
    }


def _range(text: str) -> VersionRange | None:
    """A range as a manifest has it; ``None`` for what no client can read."""
    try:
        return VersionRange.parse(text)
    except BadVersionRange:
        return None


_ADD = Statement(insert(dependencies), dependencies.c.keys())
_DROP = Statement(
    delete(dependencies).where(
        dependencies.c.package == bindparam("of"), dependencies.c.sort_key == bindparam("at")
    )
)

_key: BindParameter[str] = bindparam("key")
_at: BindParameter[str] = bindparam("sort_key")
_STABLE = 1 << slice_of(prerelease=False, semver2=True)
_home = select(packages.c.number).where(packages.c.key == _key).scalar_subquery()


def _next(side: Any, order: Any, *where: Any) -> Any:
    """The next version of the package on one side, of those that fit."""
    found = select(versions.c.full).where(versions.c.package == _home, side, *where)
    return found.order_by(order).limit(1).scalar_subquery()


_lower, _upwards = versions.c.sort_key < _at, versions.c.sort_key
_higher, _downwards = versions.c.sort_key > _at, versions.c.sort_key.desc()
_is_stable = versions.c.seen.bitwise_and(_STABLE) != 0
_AROUND = Statement(
    select(
        _next(versions.c.sort_key == _at, _upwards).label("itself"),
        _next(_lower, _downwards).label("before"),
        _next(_lower, _downwards, _is_stable).label("stable_before"),
        _next(_higher, _upwards).label("after"),
        _next(_higher, _upwards, _is_stable).label("stable_after"),
    )
)
_RANGES = Statement(select(dependencies.c.allowed).where(dependencies.c.key == _key).distinct())
_WHO = Statement(
    select(packages.c.id, versions.c.full.label("version"), dependencies.c.allowed)
    .select_from(dependencies)
    .join(packages, packages.c.number == dependencies.c.package)
    .join(
        versions,
        and_(versions.c.package == dependencies.c.package, versions.c.sort_key == dependencies.c.sort_key),
    )
    .where(dependencies.c.key == _key, dependencies.c.allowed.in_(WHICH))
    .order_by(dependencies.c.allowed)
)
