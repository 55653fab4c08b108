"""How versions come, change and go. What follows from that in other tables is ``deriving``'s business."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from itertools import count
from typing import TYPE_CHECKING

from sqlalchemy import BindParameter, bindparam, delete, func, insert, select, update

from nugetlite.index.dependencies import erase_dependencies, write_dependencies
from nugetlite.index.deriving import derive
from nugetlite.index.reading import read_package, read_removal, read_revision
from nugetlite.index.rows import key_of, manifest_row, removal_row, version_row
from nugetlite.index.schema import documents, downloads, manifests, packages, removals, revision, versions
from nugetlite.statement import WHICH, Statement, batches, inserting, upsert

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from nugetlite.package.identity import Identity
    from nugetlite.package.package import Package, Removal


def next_revision(connection: Connection) -> int:
    """Count one change."""
    _COUNT.run(connection)  # without RETURNING, which takes SQLite ten times as long as to look
    return read_revision(connection)


def write_packages(connection: Connection, arrivals: Iterable[tuple[Package, str]]) -> None:
    """Make versions be there as they are told, each with the stamp of its folder."""
    latest = {package.identity: (package, stamp) for package, stamp in arrivals}
    if not latest:
        return
    now = next_revision(connection)
    old_homes = _numbers(connection, {identity.id.key for identity in latest})
    homes = old_homes | _new_homes(connection, [each for each in latest if each.id.key not in old_homes], now)
    places = {identity: (homes[identity.id.key], identity.version.sort_key) for identity in latest}
    known = _versions_at(connection, [at for each, at in places.items() if each.id.key in old_homes])
    fresh = count(_highest(connection, _HIGHEST_MANIFEST) + 1)
    told = [(known.get(at) or next(fresh), at[0], *latest[identity]) for identity, at in places.items()]
    upsert(
        connection,
        versions,
        [version_row(number, home, package, stamp) for number, home, package, stamp in told],
    )
    upsert(connection, manifests, [manifest_row(number, package) for number, _, package, _ in told])
    erase_dependencies(connection, known)
    write_dependencies(connection, [(home, package.manifest) for _, home, package, _ in told])
    _drop_removals(connection, latest)
    derive(connection, set(homes.values()), now, {number: package.manifest for number, _, package, _ in told})


def write_listed(connection: Connection, identity: Identity, listed: bool) -> bool:
    """Show a version in search, or hide it. Answers whether it was there and otherwise."""
    package = read_package(connection, identity)
    if package is None or package.listed == listed:
        return False
    stamp = _STAMP.value(connection, **key_of(identity))
    write_packages(connection, [(replace(package, listed=listed), stamp)])
    return True


def write_removal(connection: Connection, removal: Removal) -> None:
    """Take a version away, if it is there, and remember what became of it."""
    erase(connection, [removal.identity])
    now = next_revision(connection)
    upsert(connection, removals, [removal_row(removal, now)])
    _TOUCH.run(connection, id_key=removal.identity.id.key, now=now)


def erase_removal(connection: Connection, identity: Identity) -> None:
    """Forget what became of a version."""
    if read_removal(connection, identity):
        _drop_removals(connection, [identity])
        touch(connection, identity.id.key)


def erase(connection: Connection, identities: Iterable[Identity]) -> None:
    """Take versions away, and remember nothing."""
    identities = list(identities)
    numbers = _numbers(connection, {identity.id.key for identity in identities})
    places = [
        (numbers[identity.id.key], identity.version.sort_key)
        for identity in identities
        if identity.id.key in numbers
    ]
    if found := _versions_at(connection, places):
        _DROP_VERSION.run_each(connection, [{"of": number, "at": sort_key} for number, sort_key in found])
        _DROP_MANIFEST.run_each(connection, [{"of": number} for number in found.values()])
        erase_dependencies(connection, found)
        derive(connection, {number for number, _ in found}, next_revision(connection), {})


def touch(connection: Connection, *id_keys: str) -> None:
    """Have what is shown of packages, and all lists, made anew."""
    now = next_revision(connection)
    _TOUCH.run_each(connection, [{"id_key": key, "now": now} for key in id_keys])


def write_downloads(connection: Connection, counts: Mapping[Identity, int]) -> None:
    """Add to the number of downloads; no revision, as nothing but ranks and figures change."""
    rows = [{**key_of(identity), "times": times} for identity, times in counts.items() if times]
    if not rows:
        return
    statement = inserting(connection.dialect.name, downloads)
    total = downloads.c.times + statement.excluded.times
    keys = ["key", "sort_key"]
    connection.execute(statement.on_conflict_do_update(index_elements=keys, set_={"times": total}), rows)
    added: dict[str, int] = {}
    for identity, times in counts.items():
        added[identity.id.key] = added.get(identity.id.key, 0) + times
    told = [{"id_key": key, "more": times} for key, times in added.items()]
    _COUNT_FOR_PACKAGE.run_each(connection, told)
    _COUNT_FOR_DOCUMENTS.run_each(connection, told)


_id_key: BindParameter[str] = bindparam("id_key")
_COUNT = Statement(update(revision).values(number=revision.c.number + 1))
_STAMP = Statement(
    select(versions.c.stamp)
    .join(packages, packages.c.number == versions.c.package)
    .where(packages.c.key == bindparam("key"), versions.c.sort_key == bindparam("sort_key"))
)
_DROP_REMOVAL = Statement(
    delete(removals).where(removals.c.key == _id_key, removals.c.sort_key == bindparam("at"))
)
_DROP_VERSION = Statement(
    delete(versions).where(versions.c.package == bindparam("of"), versions.c.sort_key == bindparam("at"))
)
_DROP_MANIFEST = Statement(delete(manifests).where(manifests.c.number == bindparam("of")))
_TOUCH = Statement(update(packages).where(packages.c.key == _id_key).values(revision=bindparam("now")))
_COUNT_FOR_PACKAGE = Statement(
    update(packages)
    .where(packages.c.key == _id_key)
    .values(downloads=packages.c.downloads + bindparam("more"))
)
_COUNT_FOR_DOCUMENTS = Statement(
    update(documents)
    .where(documents.c.key == _id_key)
    .values(downloads=documents.c.downloads + bindparam("more"))
)


def _drop_removals(connection: Connection, identities: Iterable[Identity]) -> None:
    """Forget what became of versions, if anything did."""
    _DROP_REMOVAL.run_each(
        connection,
        [{"id_key": identity.id.key, "at": identity.version.sort_key} for identity in identities],
    )


# Numbers

_counted_before = (
    select(func.coalesce(func.sum(downloads.c.times), 0)).where(downloads.c.key == _id_key).scalar_subquery()
)
_HIGHEST_PACKAGE = Statement(select(func.max(packages.c.number)))
_HIGHEST_MANIFEST = Statement(select(func.max(manifests.c.number)))
_NUMBERS = Statement(select(packages.c.key, packages.c.number).where(packages.c.key.in_(WHICH)))
_NEW_PACKAGE = Statement(
    insert(packages).values(
        number=bindparam("of"),
        key=_id_key,
        id=bindparam("shown"),
        newest=0,
        downloads=_counted_before,
        revision=bindparam("now"),
    )
)
_VERSION_AT = Statement(
    select(versions.c.number).where(
        versions.c.package == bindparam("of"), versions.c.sort_key == bindparam("at")
    )
)


def _numbers(connection: Connection, keys: Iterable[str]) -> dict[str, int]:
    """The numbers of the packages that are there."""
    return {key: number for part in batches(keys) for key, number in _NUMBERS.rows(connection, which=part)}


def _new_homes(connection: Connection, identities: Iterable[Identity], now: int) -> dict[str, int]:
    """The numbers of packages that were not there, and are now."""
    shown = {identity.id.key: identity.id.text for identity in identities}
    if not shown:
        return {}
    numbers = dict(zip(shown, count(_highest(connection, _HIGHEST_PACKAGE) + 1), strict=False))
    rows = [{"of": number, "id_key": key, "shown": shown[key], "now": now} for key, number in numbers.items()]
    _NEW_PACKAGE.run_each(connection, rows)
    return numbers


def _versions_at(connection: Connection, places: Iterable[tuple[int, str]]) -> dict[tuple[int, str], int]:
    """The numbers of the versions that are there, by package and sort key.

    Each is asked for by itself: for a list of pairs SQLite goes through the whole table.
    """
    found = {place: _VERSION_AT.value(connection, of=place[0], at=place[1]) for place in places}
    return {place: number for place, number in found.items() if number is not None}


def _highest(connection: Connection, highest: Statement) -> int:
    return highest.value(connection) or 0
