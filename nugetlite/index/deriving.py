"""What follows from the versions of a package: how its id is shown, what search sees of it, whether it is there at all.

None of that is kept up piece by piece. After any change it is worked out again for the packages concerned, and
what is other than before is written.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import count, groupby
from operator import attrgetter
from typing import TYPE_CHECKING, Any, NamedTuple

from sqlalchemy import bindparam, delete, func, insert, literal_column, select, update

from nugetlite.index import fulltext
from nugetlite.index.schema import documents, manifests, packages, versions
from nugetlite.index.slices import BITS, SLICES, Document, Version, documents_of
from nugetlite.index.wording import DEPENDENCY, Wording
from nugetlite.package.manifest import Manifest
from nugetlite.statement import WHICH, Statement, batches

if TYPE_CHECKING:
    from sqlalchemy import Connection


class Known(NamedTuple):
    """What makes a document of a package the same one, so that its words need not be written anew."""

    package: int
    wording: int
    bits: int
    type: str


def derive(
    connection: Connection, numbers: Iterable[int], revision: int, arrived: Mapping[int, Manifest]
) -> None:
    """Make all else agree with the versions of these packages; a package that has none left goes.

    ``arrived`` holds manifests by the number of their version: those at hand need not be read.
    """
    for batch in batches(numbers):
        states = _STATES.rows(connection, which=batch)
        _derive_packages(connection, states, revision, arrived)
        _derive_documents(connection, states, arrived)


def _newest(column: Any, *where: Any) -> Any:
    """A column of the newest version of a package, of those that fit."""
    of_package = versions.c.package == packages.c.number
    found = select(column).where(of_package, *where).order_by(versions.c.sort_key.desc()).limit(1)
    return found.correlate(packages).scalar_subquery()


# Said with the text in it: a bound one might be what an index speaks of, so SQLite would plan anew at every run.
_IS_TYPED = versions.c.types != literal_column("''")
_STATES = Statement(
    select(
        packages,
        _newest(versions.c.number).label("now_newest"),
        _newest(versions.c.number, _IS_TYPED).label("typed"),
    ).where(packages.c.number.in_(WHICH))
)


# The row of a package

_DROP_PACKAGE = Statement(delete(packages).where(packages.c.number == bindparam("of")))
_CHANGE_PACKAGE = Statement(
    update(packages)
    .where(packages.c.number == bindparam("of"))
    .values(id=bindparam("shown"), newest=bindparam("top"), revision=bindparam("now"))
)


def _derive_packages(
    connection: Connection, states: Sequence[Any], revision: int, arrived: Mapping[int, Manifest]
) -> None:
    """Its id is shown as the newest version spells it."""
    gone = [{"of": state.number} for state in states if state.now_newest is None]
    there = [state for state in states if state.now_newest is not None]
    respelt = [state.now_newest for state in there if state.now_newest != state.newest]
    spelt = {**_manifests(connection, respelt, arrived), **arrived}
    changed = [
        {
            "of": state.number,
            "shown": spelt[state.now_newest].identity.id.text if state.now_newest in spelt else state.id,
            "top": state.now_newest,
            "now": revision,
        }
        for state in there
    ]
    _DROP_PACKAGE.run_each(connection, gone)
    _CHANGE_PACKAGE.run_each(connection, changed)


# Its documents

_CANDIDATE = [
    versions.c.package,
    versions.c.number,
    versions.c.slices,
    versions.c.wording,
    versions.c.types,
]
_ALL_LISTED = Statement(
    select(*_CANDIDATE)
    .where(versions.c.package.in_(WHICH), versions.c.slices != 0)
    .order_by(versions.c.package, versions.c.sort_key)
)
_TOPS = Statement(
    select(*_CANDIDATE)
    .join(packages, packages.c.number == versions.c.package)
    .where(
        packages.c.number.in_(WHICH),
        versions.c.sort_key.in_(
            [_newest(versions.c.sort_key, versions.c.slices.bitwise_and(1 << each) != 0) for each in SLICES]
        ),
    )
    .order_by(versions.c.package, versions.c.sort_key)
)
_DOCUMENTS = Statement(select(documents).where(documents.c.key.in_(WHICH)))
_HIGHEST = Statement(select(func.max(documents.c.number)))
_NEW_DOCUMENT = Statement(insert(documents), documents.c.keys())
_DROP_DOCUMENT = Statement(delete(documents).where(documents.c.number == bindparam("of")))
_CHANGE_DOCUMENT = Statement(
    update(documents)
    .where(documents.c.number == bindparam("of"))
    .values({f"top_{each}": bindparam(f"new_{each}") for each in SLICES})
)


def _derive_documents(connection: Connection, states: Sequence[Any], arrived: Mapping[int, Manifest]) -> None:
    """Those that are still wanted keep their words; often only their tops are other versions."""
    wanted = _wanted(connection, states)
    changed, gone = [], []
    for row in _DOCUMENTS.rows(connection, which=[state.key for state in states]):
        document = wanted.pop(Known(row.package, row.wording, row.number % (1 << BITS), row.type), None)
        if document is None:
            gone.append(row.number)
        elif document.tops != (row.top_0, row.top_1, row.top_2, row.top_3):
            changed.append({"of": row.number} | {f"new_{at}": top for at, top in enumerate(document.tops)})
    _CHANGE_DOCUMENT.run_each(connection, changed)
    if gone:
        _DROP_DOCUMENT.run_each(connection, [{"of": number} for number in gone])
        fulltext.drop(connection, gone)
    if wanted:
        _add_documents(connection, wanted, {state.number: state for state in states}, arrived)


def _wanted(connection: Connection, states: Sequence[Any]) -> dict[Known, Document]:
    """The documents that there should be. Where types do not differ, the tops tell it all."""
    typed = [state.number for state in states if state.typed is not None]
    plain = [state.number for state in states if state.typed is None and state.now_newest is not None]
    rows = [
        *(_TOPS.rows(connection, which=plain) if plain else ()),
        *(_ALL_LISTED.rows(connection, which=typed) if typed else ()),
    ]
    return {
        Known(package, document.wording, document.bits, document.type): document
        for package, candidates in groupby(rows, attrgetter("package"))
        for document in documents_of([_version(row) for row in candidates])
    }


def _version(row: Any) -> Version:
    return Version(row.number, row.slices, row.wording, tuple(row.types.split()) or (DEPENDENCY,))


def _add_documents(
    connection: Connection,
    wanted: Mapping[Known, Document],
    packages: Mapping[int, Any],
    arrived: Mapping[int, Manifest],
) -> None:
    fresh = count(((_HIGHEST.value(connection) or 0) >> BITS) + 1)
    manifests = _manifests(connection, [max(document.tops) for document in wanted.values()], arrived)
    rows, wordings = [], {}
    for known, document in wanted.items():
        number = (next(fresh) << BITS) + document.bits
        package = packages[known.package]
        rows.append(
            {
                "number": number,
                "package": package.number,
                "key": package.key,
                "downloads": package.downloads,
                "wording": document.wording,
                "type": document.type,
                **{f"top_{at}": top for at, top in enumerate(document.tops)},
            }
        )
        wordings[number] = Wording.of(manifests[max(document.tops)], document.types)
    _NEW_DOCUMENT.run_each(connection, rows)
    fulltext.put(connection, wordings)


_MANIFESTS = Statement(select(manifests.c.number, manifests.c.manifest).where(manifests.c.number.in_(WHICH)))


def _manifests(
    connection: Connection, numbers: Iterable[int], arrived: Mapping[int, Manifest]
) -> dict[int, Manifest]:
    """Manifests by the numbers of their versions."""
    found = {number: arrived[number] for number in numbers if number in arrived}
    for batch in batches([number for number in numbers if number not in arrived]):
        for number, manifest in _MANIFESTS.rows(connection, which=batch):
            found[number] = Manifest.from_json(manifest)
    return found
