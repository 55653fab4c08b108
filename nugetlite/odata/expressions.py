"""What a ``$filter`` says, as a tree of frozen values. Every node knows its type.

Texts are compared as nuget.org's database does it, whatever they are compared for: the letters A to Z are the same
as a to z. So no function can tell them apart, and ``tolower`` and ``toupper`` change nothing. Other letters are
taken as they are, because databases do not agree about those.

Null is nothing in particular: it equals null, it comes neither before nor after anything, and what is worked out from
it is null. A version for which the whole filter is null is left out.
"""

from __future__ import annotations

import string
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from functools import singledispatch

from nugetlite.odata.entity import Edm, Property
from nugetlite.package.version import Version

BLANKS = " \t\n\r\f\v"  #: what ``trim`` takes away
_FOLDED = str.maketrans(string.ascii_uppercase, string.ascii_lowercase)


def folded(text: str) -> str:
    """The text as it is compared."""
    return text.translate(_FOLDED)


class Relation(StrEnum):
    """How two values compare."""

    EQ = "eq"
    NE = "ne"
    GT = "gt"
    GE = "ge"
    LT = "lt"
    LE = "le"


class Operation(StrEnum):
    """What is worked out from two numbers. A division by zero is null; one of whole numbers drops the rest."""

    ADD = "add"
    SUB = "sub"
    MUL = "mul"
    DIV = "div"
    MOD = "mod"


class Function(StrEnum):
    """What is worked out from arguments."""

    SUBSTRINGOF = "substringof"
    STARTSWITH = "startswith"
    ENDSWITH = "endswith"
    TOLOWER = "tolower"
    TOUPPER = "toupper"
    TRIM = "trim"
    CONCAT = "concat"
    REPLACE = "replace"
    SUBSTRING = "substring"
    INDEXOF = "indexof"
    LENGTH = "length"
    YEAR = "year"
    MONTH = "month"
    DAY = "day"
    HOUR = "hour"
    MINUTE = "minute"
    SECOND = "second"
    ROUND = "round"
    FLOOR = "floor"
    CEILING = "ceiling"


@dataclass(frozen=True, slots=True)
class Literal:
    """A value that stands in the text.

    Times are UTC. What is compared with a version is one. What no property can be, such as a GUID, stays text.
    """

    value: str | int | float | bool | datetime | Version | None
    type: Edm


@dataclass(frozen=True, slots=True)
class Read:
    """The value of a property."""

    of: Property

    @property
    def type(self) -> Edm:
        """The property's."""
        return self.of.type


@dataclass(frozen=True, slots=True)
class All:
    """True if each operand is."""

    operands: tuple[Expression, ...]

    @property
    def type(self) -> Edm:
        """A truth."""
        return Edm.BOOLEAN


@dataclass(frozen=True, slots=True)
class Any:
    """True if one of the operands is."""

    operands: tuple[Expression, ...]

    @property
    def type(self) -> Edm:
        """A truth."""
        return Edm.BOOLEAN


@dataclass(frozen=True, slots=True)
class Not:
    """True if the operand is false."""

    operand: Expression

    @property
    def type(self) -> Edm:
        """A truth."""
        return Edm.BOOLEAN


@dataclass(frozen=True, slots=True)
class Comparison:
    """True or false, never null."""

    relation: Relation
    left: Expression
    right: Expression

    @property
    def type(self) -> Edm:
        """A truth."""
        return Edm.BOOLEAN


@dataclass(frozen=True, slots=True)
class Arithmetic:
    """A number from two."""

    operation: Operation
    left: Expression
    right: Expression
    type: Edm


@dataclass(frozen=True, slots=True)
class Negative:
    """A number with its sign turned."""

    operand: Expression

    @property
    def type(self) -> Edm:
        """The operand's."""
        return self.operand.type


@dataclass(frozen=True, slots=True)
class Call:
    """What a function makes of its arguments."""

    function: Function
    arguments: tuple[Expression, ...]
    type: Edm


Expression = Literal | Read | All | Any | Not | Comparison | Arithmetic | Negative | Call


@singledispatch
def parts_of(expression: Expression) -> tuple[Expression, ...]:
    """What an expression is made of directly."""
    return ()


@parts_of.register
def _(expression: All | Any) -> tuple[Expression, ...]:
    return expression.operands


@parts_of.register
def _(expression: Not | Negative) -> tuple[Expression, ...]:
    return (expression.operand,)


@parts_of.register
def _(expression: Comparison | Arithmetic) -> tuple[Expression, ...]:
    return expression.left, expression.right


@parts_of.register
def _(expression: Call) -> tuple[Expression, ...]:
    return expression.arguments


def can_be_null(expression: Expression) -> bool:
    """Whether an expression may be null for some version."""
    match expression:
        case Literal(value):
            return value is None
        case Read(of):
            return of.nullable
        case Comparison():
            return False
        case Arithmetic(Operation.DIV | Operation.MOD):
            return True
    return any(map(can_be_null, parts_of(expression)))


def ids_in(expression: Expression) -> frozenset[str]:
    """The ids, as they are written, to which a condition compares a version's id."""
    match expression:
        case Comparison(Relation.EQ, Read(Property.ID), Literal(str() as id)):
            return frozenset([id])
        case Comparison(Relation.EQ, Literal(str() as id), Read(Property.ID)):
            return frozenset([id])
    return frozenset().union(*map(ids_in, parts_of(expression)))
