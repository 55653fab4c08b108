"""Search, best hits first.

Hits come in stages, and in each by downloads, then by id:

    1. ids that begin with what was typed, the very id before all others
    2. packages whose id, title or tags answer the words
    3. packages that answer them elsewhere

A common word is in half of all packages, so a stage is looked at only when those before it do not fill the page,
only what is ranked is read of each match, and counting needs nothing but the full text, where everybody sees all.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import groupby
from operator import attrgetter
from typing import TYPE_CHECKING, Any

from sqlalchemy import ColumnElement, FromClause, Select, and_, bindparam, exists, func, not_, select

from nugetlite.errors import BadVersion
from nugetlite.index import fulltext
from nugetlite.index.rows import package_of
from nugetlite.index.schema import documents, downloads, manifests, packages, versions
from nugetlite.index.slices import slice_of
from nugetlite.index.sought import Match, Sought, matching
from nugetlite.index.values import Completion, Hit, Hits
from nugetlite.index.wording import DEPENDENCY, fold, type_word
from nugetlite.package.sight import EVERYTHING, Sight
from nugetlite.package.version import Version
from nugetlite.sighting import seen
from nugetlite.statement import WHICH, batches

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from nugetlite.package.package import Package
    from nugetlite.package.query import Query

_BEGINS_IDS = re.compile(r"[a-z0-9_][a-z0-9_.-]*")
AFTER_IDS = "\x7f"  #: comes after every character of an id
TOTALS_LIMIT = 1000  #: searches whose totals are remembered, while nothing changes

_by_rank = documents.c.downloads.desc(), documents.c.key


def search(connection: Connection, query: Query, totals: dict[Asked, int]) -> Hits:
    """The packages that answer, one page of them.

    ``totals`` holds what earlier searches came to, as long as nothing changes: a page is often followed by the next.
    """
    asked = Asked.of(query)
    if asked is None:
        return Hits(0, ())
    total = _total(connection, asked, totals)
    return Hits(total, _hits(connection, asked, _page(connection, asked, query)))


def complete(connection: Connection, query: Query, totals: dict[Asked, int]) -> Completion:
    """The ids that answer, one page of them; what else a package says of itself does not count."""
    asked = Asked.of(query, only_ids=True)
    if asked is None:
        return Completion(0, ())
    total = _total(connection, asked, totals)
    page = _page(connection, asked, query)
    shown = {
        number: id
        for batch in batches([row.package for row in page])
        for number, id in connection.execute(_SHOWN, {"which": batch})
    }
    return Completion(total, tuple([shown[row.package] for row in page]))


@dataclass(frozen=True, slots=True)
class Asked:
    """A query, as it is put to the tables."""

    slice: int
    match: Match
    typed: str = ""  #: what ids that come first begin with; "" if no id can
    is_plain: bool = True  #: whether there are free words only: then what begins as typed is known to answer
    ids: tuple[str, ...] = ()  #: the only ones wanted, if any are named
    versions: tuple[str, ...] = ()  #: by sort key; a package must have one of them, if any are named
    type: str = ""
    sight: Sight = EVERYTHING

    @classmethod
    def of(cls, query: Query, *, only_ids: bool = False) -> Asked | None:
        """What a query comes to, or ``None`` if nothing can answer it."""
        if query.sight.is_nothing:
            return None
        match = matching(query, only_ids=only_ids)
        ids, versions = _wanted(query, "packageid", _key), _wanted(query, "version", _sort_key)
        if match is None or ids is None or versions is None:
            return None
        return cls(
            slice_of(query.prerelease, query.semver2),
            match,
            _typed(query),
            not query.package_type and not any(term.field for term in query.terms),
            ids,
            versions,
            type_word(query.package_type),
            query.sight,
        )

    @property
    def top(self) -> ColumnElement[int]:
        """The version by which a document answers in this slice, 0 if it does not."""
        return documents.c[f"top_{self.slice}"]

    @property
    def source(self) -> FromClause:
        """Where the documents that answer are found."""
        return _found(self.match.all)

    @property
    def conditions(self) -> tuple[ColumnElement[bool], ...]:
        """What a row of ``source`` has to fulfil to answer."""
        return tuple(self._conditions(self.match.all))

    def count(self) -> Select[Any]:
        """How many documents answer. The full text alone can tell, if there are only words."""
        counted = select(func.count()).where(*self._conditions(self.match.all))
        is_of_words_only = not (self.ids or self.versions or self.type or self.sight.limits)
        needs_documents = not (self.match.all and is_of_words_only)
        return counted.select_from(_found(self.match.all) if needs_documents else fulltext.rows)

    def stages(self) -> Iterator[Select[Any]]:
        """The documents that answer, in parts that come one after the other, each in order."""
        begins = func.substr(documents.c.key, 1, len(self.typed)) == self.typed
        if self.typed:
            yield self._first_stage(begins)
        for match in [self.match.naming, self.match.rest] if self.match.naming else [self.match.all]:
            stage = self._stage(match).order_by(*_by_rank)
            yield stage.where(not_(begins)) if self.typed else stage

    def _first_stage(self, begins: ColumnElement[bool]) -> Select[Any]:
        if self.is_plain:
            stage = self._stage(None).where(
                documents.c.key >= self.typed, documents.c.key <= self.typed + AFTER_IDS
            )
        else:
            stage = self._stage(self.match.naming or self.match.all).where(begins)
        return stage.order_by((documents.c.key == self.typed).desc(), *_by_rank)

    def _stage(self, match: Sought | None) -> Select[Any]:
        return select(documents.c.number).select_from(_found(match)).where(*self._conditions(match))

    def _conditions(self, match: Sought | None) -> Iterator[ColumnElement[bool]]:
        if match:
            yield fulltext.answers(match)
        if self.type:
            yield self.top != 0
        else:
            yield (fulltext.number if match else documents.c.number).bitwise_and(1 << self.slice) != 0
        yield from seen(self.sight, documents.c.key)
        if self.ids:
            yield documents.c.key.in_(self.ids)
        if self.versions:
            yield exists().where(
                versions.c.package == documents.c.package,
                versions.c.sort_key.in_(self.versions),
                versions.c.slices.bitwise_and(1 << self.slice) != 0,
            )


def _found(match: Sought | None) -> FromClause:
    """What to select from: documents, found by their words if any are looked for."""
    return fulltext.rows.join(documents, documents.c.number == fulltext.number) if match else documents


def _typed(query: Query) -> str:
    """The free words, or else those for the id, as its beginning: ``contoso json`` may mean ``Contoso.Json``."""
    free = [term.text for term in query.terms if not term.field]
    named = [term.text for term in query.terms if term.field == "id"]
    typed = fold(".".join(" ".join(free or named[:1]).split()))
    return typed if _BEGINS_IDS.fullmatch(typed) else ""


def _wanted(query: Query, field: str, read: Callable[[str], str]) -> tuple[str, ...] | None:
    """What the terms of a field come to, those that make no sense left out; ``None`` if then none is left."""
    texts = [term.text for term in query.terms if term.field == field]
    found = tuple([value for text in texts if (value := read(text))])
    return None if texts and not found else found


def _key(id: str) -> str:
    return id.lower() if _BEGINS_IDS.fullmatch(id.lower()) else ""


def _sort_key(version: str) -> str:
    try:
        return Version.parse(version).sort_key
    except BadVersion:
        return ""


def _total(connection: Connection, asked: Asked, totals: dict[Asked, int]) -> int:
    total = totals.get(asked)
    if total is None:
        total = connection.execute(asked.count()).scalar_one()
        if len(totals) < TOTALS_LIMIT:
            totals[asked] = total
    return total


# One page

_SHOWN = select(packages.c.number, packages.c.id).where(packages.c.number.in_(WHICH))
_MANIFESTS = select(manifests).where(manifests.c.number.in_(WHICH))
_VERSIONS = (
    select(
        versions.c.package,
        versions.c.full,
        versions.c.types,
        func.coalesce(downloads.c.times, 0).label("times"),
    )
    .join(packages, packages.c.number == versions.c.package)
    .outerjoin(
        downloads, and_(downloads.c.key == packages.c.key, downloads.c.sort_key == versions.c.sort_key)
    )
    .where(versions.c.package.in_(WHICH), versions.c.slices.bitwise_and(bindparam("bit")) != 0)
    .order_by(versions.c.package, versions.c.sort_key)
)


def _page(connection: Connection, asked: Asked, query: Query) -> list[Any]:
    """The documents on one page: package, downloads and top."""
    numbers = _numbers(connection, asked, query)
    shown = select(
        documents.c.number, documents.c.package, documents.c.downloads, asked.top.label("top")
    ).where(documents.c.number.in_(WHICH))
    rows = {
        row.number: row for batch in batches(numbers) for row in connection.execute(shown, {"which": batch})
    }
    return [rows[number] for number in numbers]


def _numbers(connection: Connection, asked: Asked, query: Query) -> list[int]:
    """The numbers of those documents. Stages that lie wholly before the page are only counted."""
    page: list[int] = []
    skip = query.skip
    for stage in asked.stages():
        missing = query.take - len(page)
        if missing <= 0:
            break
        found = connection.execute(stage.limit(missing).offset(skip)).scalars().all()
        if found or not skip:
            skip = 0
        else:
            skip -= connection.execute(
                select(func.count()).select_from(stage.order_by(None).subquery())
            ).scalar_one()
        page += found
    return page


def _hits(connection: Connection, asked: Asked, page: list[Any]) -> tuple[Hit, ...]:
    tops: dict[int, Package] = {}
    listed: dict[int, tuple[tuple[str, int], ...]] = {}
    for batch in batches(page):
        numbers = {"which": [row.top for row in batch]}
        tops |= {row.number: package_of(row, listed=True) for row in connection.execute(_MANIFESTS, numbers)}
        of_packages = {"which": [row.package for row in batch], "bit": 1 << asked.slice}
        for package, rows in groupby(connection.execute(_VERSIONS, of_packages), attrgetter("package")):
            listed[package] = tuple([(row.full, row.times) for row in rows if _is_of(asked.type, row.types)])
    return tuple([Hit(tops[row.top], listed[row.package], row.downloads) for row in page])


def _is_of(type: str, types: str) -> bool:
    return not type or type in (types.split() or [DEPENDENCY])
