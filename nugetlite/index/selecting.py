"""Selections of V2 clients: versions that fit a filter, in order, page by page.

Where only latest versions are wanted, as by nearly every client, the way leads through those alone; else through
all versions. What is found is a page of numbers; whole rows are read for those.

``FindPackagesById`` without more, by far the most frequent question, has a statement of its own, made once.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from sqlalchemy import (
    BigInteger,
    BindParameter,
    Float,
    Select,
    Text,
    and_,
    bindparam,
    func,
    literal,
    not_,
    or_,
    select,
    tuple_,
)

from nugetlite.errors import BadQuery
from nugetlite.index.filtering import condition, ordering
from nugetlite.index.rows import package_of
from nugetlite.index.schema import NOT_LONG_AGO, documents, downloads, manifests, packages, versions
from nugetlite.index.searching import Asked
from nugetlite.index.slices import slice_of
from nugetlite.index.updating import wanted_updates
from nugetlite.index.ways import Said, ThroughTops, ThroughVersions, Truth, Way
from nugetlite.odata import expressions
from nugetlite.odata.entity import Entry, Property
from nugetlite.odata.expressions import All, Expression, Read, parts_of
from nugetlite.odata.selection import PAGE, Cursor, Order, Selected, Selection
from nugetlite.package.sight import EVERYTHING
from nugetlite.sighting import seen
from nugetlite.statement import WHICH, Statement, batches

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from nugetlite.package.identity import Identity
    from nugetlite.package.package import Package

FARTHEST = 1 << 62  #: rows that can be skipped
MANY = 3000  #: packages that a common word is in
TOTALS_LIMIT = 1000  #: selections whose totals are remembered, while nothing changes

_LATEST, _ABSOLUTE = Read(Property.IS_LATEST_VERSION), Read(Property.IS_ABSOLUTE_LATEST_VERSION)
_COUNTERS = (Read(Property.DOWNLOAD_COUNT), Read(Property.VERSION_DOWNLOAD_COUNT))
_PUBLISHED = Read(Property.PUBLISHED)
_ARRIVED = (_PUBLISHED, Read(Property.CREATED), Read(Property.LAST_UPDATED))  # the same of what is listed


def select_entries(connection: Connection, selection: Selection, totals: dict[Selection, int]) -> Selected:
    """One page of a selection.

    ``totals`` holds what earlier selections came to, as long as nothing changes.
    """
    total = count_entries(connection, selection, totals) if selection.counted else None
    top = max(0, min(selection.top, PAGE))
    find = _find_of_id if _is_of_id_only(selection) else _find
    found = find(connection, selection, top)
    shown = found[:top]
    entries = _entries(connection, shown, selection.semver2)
    goes_on = len(found) > top > 0
    return Selected(entries, total, shown[-1].cursor(entries[-1].package) if goes_on else None)


def count_entries(connection: Connection, selection: Selection, totals: dict[Selection, int]) -> int:
    """How many versions are on all pages together."""
    whole = replace(selection, order=(), skip=0, top=PAGE, after=None, counted=False)
    if whole in totals:
        return totals[whole]
    asked = _Asking.of(connection, whole)
    total: int = connection.execute(asked.count()).scalar_one() if asked else 0
    if len(totals) < TOTALS_LIMIT and not (whole.filter and _reads_counters(whole.filter)):
        totals[whole] = total
    return total


def read_entry(connection: Connection, identity: Identity, semver2: bool) -> Entry | None:
    """One version as a V2 client sees it."""
    told = {"key": identity.id.key, "at": identity.version.sort_key}
    found = [_found(row, identity.id.key) for row in _ONE.rows(connection, **told)]
    return _entries(connection, found, semver2)[0] if found else None


@dataclass(frozen=True, slots=True)
class _Found:
    """A version on the page."""

    number: int
    key: str
    listed: bool
    values: tuple[str | int | float, ...] = ()  #: what it was ordered by
    package: Package | None = None  #: if it was read already
    times: int = 0  #: its downloads, likewise

    def cursor(self, package: Package) -> Cursor:
        """Where the page ends that ends with it."""
        return Cursor(self.values, self.key, package.identity.version.sort_key)


# The versions of one package

_key: BindParameter[str] = bindparam("key")
_WHOLE = (
    select(versions.c.slices, manifests, func.coalesce(downloads.c.times, 0).label("times"))
    .select_from(versions)
    .join(manifests, manifests.c.number == versions.c.number)
    .outerjoin(downloads, and_(downloads.c.key == _key, downloads.c.sort_key == versions.c.sort_key))
    .where(versions.c.package == select(packages.c.number).where(packages.c.key == _key).scalar_subquery())
)
_ONE = Statement(_WHOLE.where(versions.c.sort_key == bindparam("at")))
_OF_ID = Statement(
    _WHOLE.where(versions.c.seen.bitwise_and(bindparam("bit")) != 0, versions.c.sort_key > bindparam("after"))
    .order_by(versions.c.sort_key)
    .limit(bindparam("most"))
    .offset(bindparam("skip"))
)


def _is_of_id_only(selection: Selection) -> bool:
    """Whether it asks for the versions of one id, and for nothing else."""
    return (
        selection.id is not None
        and not (selection.query or selection.updates or selection.filter or selection.order)
        and not (selection.listed_only or selection.stable_only)
    )


def _find_of_id(connection: Connection, selection: Selection, top: int) -> list[_Found]:
    key = selection.id.key if selection.id else ""
    if not selection.sight.sees(key):
        return []
    told = {
        "key": key,
        "bit": 1 << slice_of(True, selection.semver2),
        "after": _sort_key_after(selection, key),
        "most": top + 1,
        "skip": min(selection.skip, FARTHEST),
    }
    return [_found(row, key) for row in _OF_ID.rows(connection, **told)]


def _sort_key_after(selection: Selection, key: str) -> str:
    after = selection.after
    if after is None:
        return ""
    if after.values or after.key != key:
        raise _bad_cursor()
    return after.sort_key


def _found(row: Any, key: str) -> _Found:
    listed = row.slices != 0
    return _Found(row.number, key, listed, (), package_of(row, listed=listed), row.times)


# Any selection


def _find(connection: Connection, selection: Selection, top: int) -> list[_Found]:
    """What is on the page, and one more if there is more."""
    asked = _Asking.of(connection, selection)
    if asked is None:
        return []
    page = asked.page(selection.after).limit(top + 1).offset(min(selection.skip, FARTHEST))
    return [
        _Found(number, key, bool(listed), tuple(values))
        for number, key, listed, *values in connection.execute(page)
    ]


@dataclass(frozen=True, slots=True)
class _Asking:
    """A selection, as it is put to the tables."""

    way: Way
    conditions: list[Truth]
    order: list[tuple[Said, bool]]  #: and whether it descends

    @classmethod
    def of(cls, connection: Connection, selection: Selection) -> _Asking | None:
        """What a selection comes to, or ``None`` if nothing can answer it."""
        words = _words(selection)
        if words is None or selection.sight.is_nothing:
            return None
        asked = words[0] if words else None
        way, conditions = _way(connection, selection, asked)
        conditions += _conditions(connection, selection, way)
        order = [(_ordering(each, selection, way), each.descending) for each in selection.order]
        return cls(way, [*way.conditions, *conditions], order)

    def count(self) -> Select[Any]:
        """How many there are."""
        return select(func.count()).select_from(self.way.source).where(*self.conditions)

    def page(self, after: Cursor | None) -> Select[Any]:
        """What is found in each row: number, id, whether it is listed, and what it is ordered by."""
        order = [*self.order, *[(last, False) for last in self._last_order().values()]]
        conditions = [*self.conditions, *([_after(order, self._values(after))] if after else [])]
        way = self.way
        columns: list[Any] = [way.number, way.key, way.listed]
        columns += [by.label(f"by_{at}") for at, (by, _) in enumerate(self.order)]
        directed = [by.desc() if descends else by.asc() for by, descends in order]
        return select(*columns).select_from(way.source).where(*conditions).order_by(*directed)

    def _last_order(self) -> dict[str, Said]:
        """What leaves nothing open, without what is ordered by anyway."""
        known = [by for by, _ in self.order]
        return {
            name: last for name, last in self.way.last_order().items() if not any(last is by for by in known)
        }

    def _values(self, after: Cursor) -> list[str | int | float]:
        """What the last row was ordered by, if it is one of such an order."""
        values = [*after.values, *[getattr(after, name) for name in self._last_order()]]
        if len(after.values) != len(self.order) or any(
            isinstance(value, str) != isinstance(by.type, Text)
            for (by, _), value in zip(self.order, after.values, strict=True)
        ):
            raise _bad_cursor()
        return values


def _words(selection: Selection) -> list[Asked] | None:
    """The words to be answered, if there are any; ``None`` if nothing can answer them."""
    if selection.query is None or not selection.query.terms:
        return []
    query = replace(
        selection.query,
        prerelease=not selection.stable_only,
        semver2=selection.semver2,
        package_type="",
        sight=EVERYTHING,  # what is not seen is left out on the way
    )
    asked = Asked.of(query)
    return None if asked is None else [asked]


def _way(connection: Connection, selection: Selection, asked: Asked | None) -> tuple[Way, list[Truth]]:
    """The way to go, and how the words are answered on it."""
    semver2 = selection.semver2
    stable, absolute = _tops_wanted(selection.filter)
    through_all = ThroughVersions(semver2)
    if _walks_back(selection, asked):
        return through_all, [NOT_LONG_AGO]
    if not (stable or absolute) or selection.id or selection.updates:
        return through_all, _answering(connection, through_all, asked)
    if asked and stable != absolute and asked.slice == slice_of(absolute, semver2):
        directly = ThroughTops(semver2, stable=stable, absolute=absolute, source=asked.source)
        return directly, list(asked.conditions)
    through_tops = ThroughTops(semver2, stable=stable, absolute=absolute)
    return through_tops, _answering(connection, through_tops, asked)


def _walks_back(selection: Selection, asked: Asked | None) -> bool:
    """Whether the newest arrivals come first: most of those are latest versions, and an index has them in order."""
    first = selection.order[0] if selection.order else None
    return bool(
        first and first.descending and first.by in _ARRIVED and not asked and _is_flag(selection.filter)
    )


def _tops_wanted(filter: Expression | None) -> tuple[bool, bool]:
    """Whether a filter lets nothing through but the newest stable versions, or the newest ones, or both kinds."""
    for part in filter.operands if isinstance(filter, All) else (filter,):
        either = part.operands if isinstance(part, expressions.Any) else (part,)
        if set(either) <= {_LATEST, _ABSOLUTE}:
            return _LATEST in either, _ABSOLUTE in either
    return False, False


def _is_flag(filter: Expression | None) -> bool:
    return filter in (_LATEST, _ABSOLUTE)


def _conditions(connection: Connection, selection: Selection, way: Way) -> Iterator[Truth]:
    yield from seen(selection.sight, way.key)
    if selection.id:
        yield way.key == selection.id.key
    if selection.listed_only:
        yield way.listed
    if selection.stable_only:
        yield not_(way.prerelease)
    if selection.updates:
        places = wanted_updates(connection, selection.updates, selection.semver2)
        yield versions.c.package.in_(
            {package for package, _ in places}
        )  # for SQLite, which takes no index else
        yield tuple_(versions.c.package, versions.c.sort_key).in_(places)
    if selection.filter:
        yield condition(selection.filter, way)


def _answering(connection: Connection, way: Way, asked: Asked | None) -> list[Truth]:
    """That a package answers the words.

    Where many do, going through the feed in order soon fills a page, and the database is kept from collecting
    them all first; of few, it had better.
    """
    if asked is None:
        return []
    those = select(documents.c.package).select_from(asked.source).where(*asked.conditions)
    are_many = (
        connection.execute(select(func.count()).select_from(those.limit(MANY).subquery())).scalar_one()
        == MANY
    )
    return [(way.package + 0 if are_many else way.package).in_(those)]


def _ordering(order: Order, selection: Selection, way: Way) -> Said:
    is_listed = selection.listed_only or isinstance(way, ThroughTops) or _is_flag(selection.filter)
    by = _PUBLISHED if is_listed and order.by in _ARRIVED else order.by
    return ordering(by, way)


def _after(order: Sequence[tuple[Said, bool]], values: Sequence[str | int | float]) -> Truth:
    """That a row comes after the one with these values. The first part of it, indexes understand."""
    ((by, descends), *rest), (value, *others) = order, values
    told = literal(value, _type_of(value))
    beyond = by < told if descends else by > told
    if not rest:
        return beyond
    return and_(by <= told if descends else by >= told, or_(beyond, _after(rest, others)))


def _type_of(value: str | int | float) -> Any:
    return Text() if isinstance(value, str) else Float() if isinstance(value, float) else BigInteger()


def _bad_cursor() -> BadQuery:
    return BadQuery(
        "The $skiptoken belongs to another $orderby or another package; start again at the first page"
    )


def _reads_counters(expression: Expression) -> bool:
    return expression in _COUNTERS or any(map(_reads_counters, parts_of(expression)))


# Whole rows

_MANIFESTS = Statement(select(manifests).where(manifests.c.number.in_(WHICH)))
_TIMES = select(downloads).where(
    downloads.c.key.in_(bindparam("keys", expanding=True)),  # for SQLite, which takes no index else
    tuple_(downloads.c.key, downloads.c.sort_key).in_(WHICH),
)
_PACKAGES = Statement(
    select(packages.c.key, packages.c.downloads, *[documents.c[f"top_{slice}"] for slice in range(4)])
    .outerjoin(documents, and_(documents.c.key == packages.c.key, documents.c.type == ""))
    .where(packages.c.key.in_(WHICH))
)


def _entries(connection: Connection, found: Sequence[_Found], semver2: bool) -> tuple[Entry, ...]:
    """The versions as the client sees them, in this order."""
    found = _read(connection, found)
    stable, absolute = slice_of(False, semver2), slice_of(True, semver2)
    tops: dict[str, set[tuple[int, int]]] = {}
    times: dict[str, int] = {}
    for batch in batches({each.key: None for each in found}):
        for key, of_package, *numbers in _PACKAGES.rows(connection, which=batch):
            times[key] = of_package
            tops.setdefault(key, set()).update(enumerate(numbers))
    return tuple(
        [
            Entry(
                each.package,
                (stable, each.number) in tops[each.key],
                (absolute, each.number) in tops[each.key],
                times[each.key],
                each.times,
            )
            for each in found
            if each.package
        ]
    )


def _read(connection: Connection, found: Sequence[_Found]) -> Sequence[_Found]:
    """The same, each with its package and its downloads."""
    numbers = [each.number for each in found if each.package is None]
    if not numbers:
        return found
    rows = {row.number: row for batch in batches(numbers) for row in _MANIFESTS.rows(connection, which=batch)}
    whole = [replace(each, package=package_of(rows[each.number], listed=each.listed)) for each in found]
    places = [(each.key, each.package.identity.version.sort_key) for each in whole if each.package]
    times = {
        (key, sort_key): count
        for batch in batches(places)
        for key, sort_key, count in connection.execute(
            _TIMES, {"which": batch, "keys": [key for key, _ in batch]}
        )
    }
    return [replace(each, times=times.get(place, 0)) for each, place in zip(whole, places, strict=True)]
