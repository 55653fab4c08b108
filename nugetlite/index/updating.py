"""Which versions would do as updates of those that a client has."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import groupby
from operator import attrgetter
from typing import TYPE_CHECKING, Any

from sqlalchemy import bindparam, select

from nugetlite.errors import BadQuery
from nugetlite.index.schema import manifests, packages, versions
from nugetlite.index.slices import slice_of
from nugetlite.odata.updates import Installed, Updates
from nugetlite.package.compatibility import fits
from nugetlite.package.manifest import Manifest
from nugetlite.statement import WHICH, batches

if TYPE_CHECKING:
    from sqlalchemy import Connection

MOST = 5000  #: versions that one question may come to

_NEWEST_FIRST = (
    select(packages.c.key, versions.c.package, versions.c.sort_key, versions.c.number)
    .join(versions, versions.c.package == packages.c.number)
    .where(packages.c.key.in_(WHICH), versions.c.slices.bitwise_and(bindparam("bit")) != 0)
    .order_by(packages.c.key, versions.c.sort_key.desc())
)
_MANIFEST = select(manifests.c.manifest).where(manifests.c.number == bindparam("number"))


def wanted_updates(connection: Connection, updates: Updates, semver2: bool) -> list[tuple[int, str]]:
    """Their places in ``versions``: package and sort key. Raises ``BadQuery`` if there are too many."""
    have: dict[str, list[Installed]] = {}
    for installed in updates.installed:
        have.setdefault(installed.identity.id.key, []).append(installed)
    bit = 1 << slice_of(updates.prerelease, semver2)
    found: list[tuple[int, str]] = []
    for batch in batches(have):
        rows = connection.execute(_NEWEST_FIRST, {"which": batch, "bit": bit}).all()
        for key, candidates in groupby(rows, attrgetter("key")):
            found += _those_that_do(connection, updates, have[key], candidates)
            if len(found) > MOST:
                raise BadQuery(
                    f"More than {MOST} versions would do as updates; ask about fewer packages at a time"
                )
    return found


def _those_that_do(
    connection: Connection, updates: Updates, have: Sequence[Installed], candidates: Iterator[Any]
) -> Iterator[tuple[int, str]]:
    """The newest one, or all."""
    for row in candidates:
        if any(_updates(row.sort_key, installed) for installed in have) and _fits(
            connection, updates, row.number
        ):
            yield row.package, row.sort_key
            if not updates.all_versions:
                return


def _updates(sort_key: str, installed: Installed) -> bool:
    """Whether a version is newer than the installed one, and within its bounds; told by what versions compare by."""
    lowest, highest = installed.allowed.minimum, installed.allowed.maximum
    return (
        sort_key > installed.identity.version.sort_key
        and (not lowest or _in_order(lowest.sort_key, sort_key, installed.allowed.includes_minimum))
        and (not highest or _in_order(sort_key, highest.sort_key, installed.allowed.includes_maximum))
    )


def _in_order(lower: str, higher: str, may_be_equal: bool) -> bool:
    return lower < higher or (may_be_equal and lower == higher)


def _fits(connection: Connection, updates: Updates, number: int) -> bool:
    if not updates.frameworks:
        return True
    manifest = connection.execute(_MANIFEST, {"number": number}).scalar_one()
    return fits(Manifest.from_json(manifest), updates.frameworks)
