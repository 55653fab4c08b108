"""Which versions a V2 client wants, and the page that it gets."""

from __future__ import annotations

import re
from base64 import urlsafe_b64decode, urlsafe_b64encode
from dataclasses import dataclass
from typing import TYPE_CHECKING

import orjson

from nugetlite.errors import BadPackageId, BadQuery, quoted
from nugetlite.odata.entity import Entry
from nugetlite.odata.expressions import ids_in
from nugetlite.package.identity import PackageId
from nugetlite.package.sight import EVERYTHING, Sight

if TYPE_CHECKING:
    from nugetlite.odata.expressions import Expression
    from nugetlite.odata.updates import Updates
    from nugetlite.package.query import Query

__all__ = ["PAGE", "Cursor", "Entry", "Order", "Selected", "Selection"]

PAGE = 100  #: entries at most, as on nuget.org
CURSOR_LIMIT = 8 * 1024  #: characters of a token
_TOKEN = re.compile(r"[A-Za-z0-9_-]+")
_TURNED = 1 << 63  # numbers of a token lie below, on either side of 0


@dataclass(frozen=True, slots=True)
class Order:
    """One thing that entries are ordered by."""

    by: Expression
    descending: bool = False


@dataclass(frozen=True, slots=True)
class Cursor:
    """Where a page ended: its last entry by what the entries are ordered by, then by id and version."""

    values: tuple[str | int | float, ...]  #: one for each ``Order``, as the index compares it
    key: str  #: the id in lower case
    sort_key: str  #: the version's

    def __str__(self) -> str:
        """A text for ``$skiptoken`` that needs no escaping anywhere."""
        return urlsafe_b64encode(orjson.dumps([*self.values, self.key, self.sort_key])).decode().rstrip("=")

    @classmethod
    def parse(cls, text: str) -> Cursor:
        """Read such a text. Raises ``BadQuery``."""
        try:
            if len(text) > CURSOR_LIMIT or not _TOKEN.fullmatch(text):
                raise ValueError
            told = orjson.loads(urlsafe_b64decode(text + "=" * (-len(text) % 4)))
            if not isinstance(told, list) or len(told) < 2 or not all(map(_is_value, told)):
                raise ValueError
            *values, key, sort_key = told
            if not isinstance(key, str) or not isinstance(sort_key, str):
                raise ValueError
        except ValueError as error:
            raise BadQuery(
                f"{quoted(text)} is no $skiptoken of this feed; start again at the first page"
            ) from error
        return cls(tuple(values), key, sort_key)


def _as_id(text: str) -> PackageId | None:
    try:
        return PackageId.parse(text)
    except BadPackageId:
        return None


def _is_value(value: object) -> bool:
    if isinstance(value, str):
        return "\0" not in value
    return isinstance(value, float) or (type(value) is int and -_TURNED <= value < _TURNED)


@dataclass(frozen=True, slots=True)
class Selection:
    """Which versions a V2 client wants, in which order, and which stretch of them."""

    id: PackageId | None = None  #: of this id only
    query: Query | None = None  #: of packages that answer these words; only its terms and type count
    updates: Updates | None = None  #: only those that would do
    filter: Expression | None = None
    order: tuple[Order, ...] = ()  #: and then by id and version
    skip: int = 0
    top: int = PAGE
    after: Cursor | None = None  #: only what comes after it
    semver2: bool = False  #: whether the client reads SemVer 2; else such versions are not there at all
    stable_only: bool = False  #: without prereleases
    listed_only: bool = False
    counted: bool = False  #: whether the total is wanted
    sight: Sight = EVERYTHING  #: of whoever asks: other ids are not there for them

    @property
    def named_ids(self) -> frozenset[PackageId]:
        """The ids that it asks for by name; a client that does so knows what it wants."""
        installed = self.updates.installed if self.updates else ()
        texts = ids_in(self.filter) if self.filter else frozenset()
        return frozenset(
            [
                *([self.id] if self.id else []),
                *[each.identity.id for each in installed],
                *[id for text in texts if (id := _as_id(text))],
            ]
        )


@dataclass(frozen=True, slots=True)
class Selected:
    """One page."""

    entries: tuple[Entry, ...]
    total: int | None  #: on all pages, if it was wanted
    next: Cursor | None  #: where the next page goes on; ``None`` on the last one
