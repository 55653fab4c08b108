"""Which expressions make sense: what each operator and function takes, and what comes out."""

from __future__ import annotations

from dataclasses import dataclass

from nugetlite.errors import BadVersion, quoted
from nugetlite.odata.entity import Edm, Property
from nugetlite.odata.expressions import (
    All,
    Any,
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
)
from nugetlite.package.version import Version

CHAIN_LIMIT = 250  #: conditions joined by ``and``, or by ``or``

TEXT, TRUTH, NUMBER, TIME = "a text", "true or false", "a number", "a time"
_KINDS = {
    Edm.STRING: TEXT,
    Edm.BOOLEAN: TRUTH,
    Edm.INT32: NUMBER,
    Edm.INT64: NUMBER,
    Edm.SINGLE: NUMBER,
    Edm.DOUBLE: NUMBER,
    Edm.DECIMAL: NUMBER,
    Edm.DATETIME: TIME,
    Edm.DATETIMEOFFSET: TIME,
    Edm.TIME: "a duration",
    Edm.GUID: "a GUID",
    Edm.BINARY: "binary data",
    Edm.NULL: "null",
}
_WIDTH = [Edm.INT32, Edm.INT64, Edm.SINGLE, Edm.DOUBLE, Edm.DECIMAL]
_WHOLE = (Edm.INT32, Edm.INT64)
_WITHOUT_ORDER = (Edm.BOOLEAN, Edm.GUID, Edm.BINARY, Edm.TIME)
_TRUE = Literal(True, Edm.BOOLEAN)
_VERSIONS = (Read(Property.VERSION), Read(Property.NORMALIZED_VERSION))
_TURNED = {
    Relation.GT: Relation.LT,
    Relation.LT: Relation.GT,
    Relation.GE: Relation.LE,
    Relation.LE: Relation.GE,
}


class Misfit(Exception):
    """An expression that makes no sense; its text says why, after the place."""


@dataclass(frozen=True, slots=True)
class Signature:
    """What a function takes and gives."""

    takes: tuple[str, ...]
    gives: Edm
    may_lack: int = 0  #: how many of its arguments, from the last


_SIGNATURES = {
    Function.SUBSTRINGOF: Signature((TEXT, TEXT), Edm.BOOLEAN),
    Function.STARTSWITH: Signature((TEXT, TEXT), Edm.BOOLEAN),
    Function.ENDSWITH: Signature((TEXT, TEXT), Edm.BOOLEAN),
    Function.TOLOWER: Signature((TEXT,), Edm.STRING),
    Function.TOUPPER: Signature((TEXT,), Edm.STRING),
    Function.TRIM: Signature((TEXT,), Edm.STRING),
    Function.CONCAT: Signature((TEXT, TEXT), Edm.STRING),
    Function.REPLACE: Signature((TEXT, TEXT, TEXT), Edm.STRING),
    Function.SUBSTRING: Signature((TEXT, NUMBER, NUMBER), Edm.STRING, may_lack=1),
    Function.INDEXOF: Signature((TEXT, TEXT), Edm.INT32),
    Function.LENGTH: Signature((TEXT,), Edm.INT32),
    Function.YEAR: Signature((TIME,), Edm.INT32),
    Function.MONTH: Signature((TIME,), Edm.INT32),
    Function.DAY: Signature((TIME,), Edm.INT32),
    Function.HOUR: Signature((TIME,), Edm.INT32),
    Function.MINUTE: Signature((TIME,), Edm.INT32),
    Function.SECOND: Signature((TIME,), Edm.INT32),
    Function.ROUND: Signature((NUMBER,), Edm.DOUBLE),
    Function.FLOOR: Signature((NUMBER,), Edm.DOUBLE),
    Function.CEILING: Signature((NUMBER,), Edm.DOUBLE),
}


def kind_of(expression: Expression) -> str:
    """What an expression is, in words."""
    return _KINDS[expression.type]


def predicate(expression: Expression) -> Expression:
    """The expression, if it is true or false. Raises ``Misfit``."""
    if expression.type is not Edm.BOOLEAN:
        raise Misfit(f"true or false is wanted, and this is {kind_of(expression)}")
    return expression


def all_of(left: Expression, right: Expression) -> Expression:
    """Both; what is joined already is joined flat. Raises ``Misfit``."""
    return All(_chained(All, left, right))


def any_of(left: Expression, right: Expression) -> Expression:
    """Either, likewise. Raises ``Misfit``."""
    return Any(_chained(Any, left, right))


def _chained(kind: type[All] | type[Any], left: Expression, right: Expression) -> tuple[Expression, ...]:
    sides = [
        side.operands if isinstance(side, All | Any) and isinstance(side, kind) else (side,)
        for side in map(predicate, (left, right))
    ]
    operands = (*sides[0], *sides[1])
    if len(operands) > CHAIN_LIMIT:
        raise Misfit(f"more than {CHAIN_LIMIT} conditions are joined; ask in parts")
    return operands


def negation(operand: Expression) -> Expression:
    """The contrary. Raises ``Misfit``."""
    return Not(predicate(operand))


def comparison(relation: Relation, left: Expression, right: Expression) -> Expression:
    """Two values compared; a version with a text as versions. Raises ``Misfit``."""
    kinds = {kind_of(side) for side in (left, right) if side.type is not Edm.NULL}
    if len(kinds) > 1:
        raise Misfit(f"{kind_of(left)} does not compare with {kind_of(right)}")
    if relation not in (Relation.EQ, Relation.NE) and (
        unordered := kinds & set(map(_KINDS.get, _WITHOUT_ORDER))
    ):
        raise Misfit(f"{unordered.pop()} comes in no order; only eq and ne compare it")
    if right in _VERSIONS and left not in _VERSIONS:
        left, right, relation = right, left, _TURNED.get(relation, relation)
    if left in _VERSIONS and isinstance(right, Literal) and isinstance(right.value, str):
        return _with_version(relation, left, right.value)
    if relation is Relation.EQ and right == _TRUE and not can_be_null(left):
        return left
    return Comparison(relation, left, right)


def _with_version(relation: Relation, left: Expression, text: str) -> Expression:
    try:
        version = Version.parse(text.strip().replace(" ", "+"))  # a + comes as a blank
    except BadVersion as error:
        if relation in (Relation.EQ, Relation.NE):
            return Literal(relation is Relation.NE, Edm.BOOLEAN)
        raise Misfit(f"versions come in order, and {quoted(text)} is no version") from error
    return Comparison(relation, left, Literal(version, Edm.STRING))


def arithmetic(operation: Operation, left: Expression, right: Expression) -> Expression:
    """A number from two, of the wider type. Raises ``Misfit``."""
    for side in (left, right):
        _want_number(side)
    if operation is Operation.MOD and not all(side.type in _WHOLE for side in (left, right)):
        raise Misfit("mod takes whole numbers only")
    return Arithmetic(operation, left, right, max(left.type, right.type, key=_WIDTH.index))


def negative(operand: Expression) -> Expression:
    """The number with its sign turned. Raises ``Misfit``."""
    _want_number(operand)
    if isinstance(operand, Literal) and isinstance(operand.value, int | float):
        return Literal(-operand.value, operand.type)
    return Negative(operand)


def _want_number(operand: Expression) -> None:
    if kind_of(operand) != NUMBER:
        raise Misfit(f"a number is wanted, and this is {kind_of(operand)}")


def call(function: Function, arguments: tuple[Expression, ...]) -> Expression:
    """A function with its arguments. Raises ``Misfit``."""
    signature = _SIGNATURES[function]
    most = len(signature.takes)
    if not most - signature.may_lack <= len(arguments) <= most:
        raise Misfit(f"{function} takes {' and '.join(signature.takes)}; arguments given: {len(arguments)}")
    for at, (argument, kind) in enumerate(zip(arguments, signature.takes, strict=False), start=1):
        if kind_of(argument) not in (kind, _KINDS[Edm.NULL]):
            raise Misfit(f"{function} wants {kind} as argument {at}, and this is {kind_of(argument)}")
        if function is Function.SUBSTRING and kind == NUMBER and argument.type not in (*_WHOLE, Edm.NULL):
            raise Misfit("substring counts in whole numbers")
    if function in (Function.TOLOWER, Function.TOUPPER):
        return arguments[0]  # letter case never counts
    return Call(function, arguments, signature.gives)
