"""A filter as SQL: every expression of ``$filter`` over a row that is one version.

What a client wrote becomes a bound value, never a piece of SQL. All texts are folded before they are looked at, so
no function has to know that letter case does not count.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any, Protocol

from sqlalchemy import (
    BigInteger,
    Boolean,
    ColumnElement,
    Float,
    Null,
    Text,
    and_,
    case,
    false,
    func,
    literal,
    not_,
    null,
    or_,
    true,
    type_coerce,
)

from nugetlite.database import Moment, Name
from nugetlite.index.dialects import (
    Folded,
    Larger,
    Part,
    Place,
    Quotient,
    Remainder,
    Replaced,
    Rounded,
    Whole,
    WholeQuotient,
    flag_in,
    list_in,
    part_of,
    text_in,
)
from nugetlite.index.searching import AFTER_IDS
from nugetlite.odata import expressions
from nugetlite.odata.entity import Edm, Property
from nugetlite.odata.expressions import (
    All,
    Arithmetic,
    Call,
    Comparison,
    Expression,
    Function,
    Literal,
    Negative,
    Not,
    Operation,
    Read,
    Relation,
    can_be_null,
    folded,
)
from nugetlite.package.version import Version

Said = ColumnElement[Any]


class Row(Protocol):
    """One version, as a statement finds it; what it is asked for, the statement reads."""

    key: Said  #: the id in lower case
    downloads: Said
    listed: ColumnElement[bool]
    prerelease: ColumnElement[bool]
    latest: ColumnElement[bool]
    absolute_latest: ColumnElement[bool]

    @property
    def sort_key(self) -> Said:
        """Of the version."""

    @property
    def full(self) -> Said:
        """The version's full text."""

    @property
    def manifest(self) -> Said:
        """The manifest as JSON."""

    @property
    def times(self) -> Said:
        """The downloads of the version."""

    @property
    def shown(self) -> Said:
        """When it was published, as it is told."""

    def of_file(self, column: str) -> Said:
        """A column of ``manifests``."""


def condition(expression: Expression, row: Row) -> ColumnElement[bool]:
    """That an expression is true of a row; null where it is null."""
    match expression:
        case Literal(value):
            return true() if value else false()
        case All(operands):
            return and_(*[condition(each, row) for each in operands])
        case expressions.Any(operands):
            return _any_of(operands, row)
        case Not(operand):
            return not_(condition(operand, row))
        case Comparison(relation, left, right):
            return _comparison(relation, left, right, row)
        case Call(function, arguments) if function in _PREDICATES:
            return _PREDICATES[function](arguments, row)
        case Read(of) if of in _FLAGS:
            return _FLAGS[of](row)
    raise NotImplementedError(f"no condition is made of {expression!r}")


def _any_of(operands: tuple[Expression, ...], row: Row) -> ColumnElement[bool]:
    """Several ids, which some clients ask for by the dozen, are one list."""
    ids, others = [], []
    for each in operands:
        match each:
            case Comparison(Relation.EQ, Read(Property.ID), Literal(str() as id)):
                ids.append(folded(id))
            case _:
                others.append(condition(each, row))
    return or_(*([row.key.in_(ids)] if ids else []), *others)


def value(expression: Expression, row: Row) -> Said:
    """What an expression comes to: folded text, numbers, times as microseconds, truths."""
    match expression:
        case Literal(told):
            return _literal(told)
        case Read(of) if of in _VALUES:
            return _VALUES[of](row)
        case Arithmetic(operation, left, right):
            one, other = value(left, row), value(right, row)
            if expression.type in (Edm.INT32, Edm.INT64):
                return _OF_WHOLE_NUMBERS[operation](Whole(one), Whole(other))
            return _ARITHMETIC[operation](one, other)
        case Negative(operand):
            return -value(operand, row)
        case Call(function, arguments) if function in _FUNCTIONS:
            return _FUNCTIONS[function](*[value(each, row) for each in arguments])
        case Call(function, (Literal(datetime() as moment),)):
            return literal(getattr(moment, function), BigInteger)
        case Call(function, (argument,)) if argument.type in (Edm.DATETIME, Edm.DATETIMEOFFSET, Edm.NULL):
            return part_of(value(argument, row), function)
    return condition(expression, row)


def ordering(expression: Expression, row: Row) -> Said:
    """What rows are ordered by: a value that is never null, and no long text."""
    if expression in _VERSIONS:
        return row.sort_key
    if expression == _ID:
        return row.key
    found = value(expression, row)
    match expression.type:
        case Edm.BOOLEAN:
            return case((found, 1), else_=0)
        case Edm.STRING:
            told = func.coalesce(found, "") if can_be_null(expression) else found
            return func.substr(told, 1, ORDERED_BY, type_=Text)
    return func.coalesce(found, 0) if can_be_null(expression) else found


ORDERED_BY = 200  #: characters of a text
_ID = Read(Property.ID)
_VERSIONS = (Read(Property.VERSION), Read(Property.NORMALIZED_VERSION))


def _literal(told: object) -> Said:
    match told:
        case None:
            return null()
        case bool():
            return literal(told, Boolean)
        case int():
            return literal(told, BigInteger)
        case float():
            return literal(told, Float)
        case datetime():
            return literal(told, Moment)
        case Version():
            return literal(told.sort_key, Text)
    return literal(folded(str(told)), Name)


# Properties


def _text(name: str) -> Callable[[Row], Said]:
    return lambda row: Folded(text_in(row.manifest, name))


def _flag(name: str) -> Callable[[Row], ColumnElement[bool]]:
    return lambda row: flag_in(row.manifest, name)


def _version_text(row: Row) -> Said:
    """As ``entity.version_text`` says: normalized if it has metadata or several labels."""
    labels = func.substr(row.full, Place(row.full, "-"))
    several = and_(Place(row.full, "-") > 0, Place(labels, ".") > 0)
    normalized = or_(Place(row.full, "+") > 0, several)
    return Folded(case((normalized, row.full), else_=text_in(row.manifest, "version")))


def _normalized(row: Row) -> Said:
    metadata = Place(row.full, "+")
    return Folded(case((metadata > 0, Part(row.full, 1, metadata - 1)), else_=row.full))


def _published(row: Row) -> Said:
    return type_coerce(row.shown, BigInteger)


def _created(row: Row) -> Said:
    return row.of_file("published")


_FLAGS: dict[Property, Callable[[Row], ColumnElement[bool]]] = {
    Property.IS_LATEST_VERSION: lambda row: row.latest,
    Property.IS_ABSOLUTE_LATEST_VERSION: lambda row: row.absolute_latest,
    Property.IS_PRERELEASE: lambda row: row.prerelease,
    Property.LISTED: lambda row: row.listed,
    Property.REQUIRE_LICENSE_ACCEPTANCE: _flag("require_license_acceptance"),
    Property.DEVELOPMENT_DEPENDENCY: _flag("development_dependency"),
}
_VALUES: dict[Property, Callable[[Row], Said]] = {
    Property.ID: lambda row: row.key,
    Property.VERSION: _version_text,
    Property.NORMALIZED_VERSION: _normalized,
    Property.TITLE: _text("title"),
    Property.AUTHORS: _text("authors"),
    Property.OWNERS: _text("owners"),
    Property.COPYRIGHT: _text("copyright"),
    Property.LANGUAGE: _text("language"),
    Property.DESCRIPTION: _text("description"),
    Property.SUMMARY: _text("summary"),
    Property.RELEASE_NOTES: _text("release_notes"),
    Property.TAGS: lambda row: Folded(list_in(row.manifest, "tags")),
    Property.PROJECT_URL: _text("project_url"),
    Property.MIN_CLIENT_VERSION: _text("min_client_version"),
    Property.LICENSE_NAMES: lambda _: null(),
    Property.LICENSE_REPORT_URL: lambda _: null(),
    Property.PACKAGE_HASH: lambda row: Folded(row.of_file("sha512")),
    Property.PACKAGE_HASH_ALGORITHM: lambda _: literal("sha512", Text),
    Property.PACKAGE_SIZE: lambda row: row.of_file("size"),
    Property.DOWNLOAD_COUNT: lambda row: row.downloads,
    Property.VERSION_DOWNLOAD_COUNT: lambda row: row.times,
    Property.CREATED: _created,
    Property.PUBLISHED: _published,
    Property.LAST_UPDATED: _created,
    Property.LAST_EDITED: lambda _: null(),
}


# Comparisons

_RELATIONS: dict[Relation, Callable[[Said, Said], ColumnElement[bool]]] = {
    Relation.EQ: lambda left, right: left == right,
    Relation.NE: lambda left, right: left != right,
    Relation.GT: lambda left, right: left > right,
    Relation.GE: lambda left, right: left >= right,
    Relation.LT: lambda left, right: left < right,
    Relation.LE: lambda left, right: left <= right,
}


def _comparison(relation: Relation, left: Expression, right: Expression, row: Row) -> ColumnElement[bool]:
    if left in _VERSIONS and (
        right in _VERSIONS or (isinstance(right, Literal) and isinstance(right.value, Version))
    ):
        told = row.sort_key if right in _VERSIONS else value(right, row)
        return _RELATIONS[relation](row.sort_key, told)
    one, other = value(left, row), value(right, row)
    if not can_be_null(left) and not can_be_null(right):
        return _RELATIONS[relation](one, other)
    if relation is Relation.EQ:
        return one.is_not_distinct_from(other)
    if relation is Relation.NE:
        return one.is_distinct_from(other)
    if isinstance(one, Null) or isinstance(other, Null):
        return false()
    return func.coalesce(_RELATIONS[relation](one, other), false())


# Functions


def _substringof(arguments: tuple[Expression, ...], row: Row) -> ColumnElement[bool]:
    wanted, text = [value(each, row) for each in arguments]
    return Place(text, wanted) > 0


def _startswith(arguments: tuple[Expression, ...], row: Row) -> ColumnElement[bool]:
    match arguments:
        case Read(Property.ID), Literal(str() as start):
            first = folded(start)
            return and_(row.key >= first, row.key <= first + AFTER_IDS)  # an index knows where those are
    text, beginning = [value(each, row) for each in arguments]
    return func.substr(text, 1, func.length(beginning)) == beginning


def _endswith(arguments: tuple[Expression, ...], row: Row) -> ColumnElement[bool]:
    text, end = [value(each, row) for each in arguments]
    over = func.length(text) - func.length(end)
    return and_(over >= 0, func.substr(text, over + 1) == end)


_PREDICATES = {
    Function.SUBSTRINGOF: _substringof,
    Function.STARTSWITH: _startswith,
    Function.ENDSWITH: _endswith,
}


def _substring(text: Said, start: Said, length: Said | None = None) -> Said:
    begin = Larger(start, 0) + 1
    cut = [begin] if length is None else [begin, Larger(length, 0)]
    return Part(text, *cut)


_FUNCTIONS: dict[Function, Callable[..., Said]] = {
    Function.TRIM: lambda text: func.trim(text, expressions.BLANKS, type_=Text),
    Function.CONCAT: lambda left, right: left.concat(right),
    Function.REPLACE: Replaced,
    Function.SUBSTRING: _substring,
    Function.INDEXOF: lambda text, wanted: Place(text, wanted) - 1,
    Function.LENGTH: lambda text: func.length(text, type_=BigInteger),
    Function.ROUND: Rounded,
    Function.FLOOR: lambda number: (
        -func.ceil(-number, type_=Float)
    ),  # SQLAlchemy puts a floor without null into SQLite
    Function.CEILING: lambda number: func.ceil(number, type_=Float),
}
_ARITHMETIC: dict[Operation, Callable[[Said, Said], Said]] = {
    Operation.ADD: lambda left, right: left + right,
    Operation.SUB: lambda left, right: left - right,
    Operation.MUL: lambda left, right: left * right,
    Operation.DIV: Quotient,
}
_OF_WHOLE_NUMBERS = {**_ARITHMETIC, Operation.DIV: WholeQuotient, Operation.MOD: Remainder}
