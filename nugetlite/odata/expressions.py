"""What a ``$filter`` says, as a tree of frozen values. Every node knows its type; a tree that exists makes sense."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from nugetlite.odata.entity import Edm, Property


class Relation(StrEnum):
    """How two values compare."""

    EQ = "eq"
    NE = "ne"
    GT = "gt"
    GE = "ge"
    LT = "lt"
    LE = "le"


class Operation(StrEnum):
    """What is worked out from two numbers."""

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
    """A value that stands in the text. Times are UTC; what no property can be (a GUID) is kept as text."""

    value: str | int | float | bool | datetime | None
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
    type = Edm.BOOLEAN


@dataclass(frozen=True, slots=True)
class Any:
    """True if one of the operands is."""

    operands: tuple[Expression, ...]
    type = Edm.BOOLEAN


@dataclass(frozen=True, slots=True)
class Not:
    """True if the operand is false."""

    operand: Expression
    type = Edm.BOOLEAN


@dataclass(frozen=True, slots=True)
class Comparison:
    """True or false, even where an operand is null: null equals null, and comes neither before nor after anything."""

    relation: Relation
    left: Expression
    right: Expression
    type = Edm.BOOLEAN


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
    """What a function makes of its arguments; null if one of them is."""

    function: Function
    arguments: tuple[Expression, ...]
    type: Edm


Expression = Literal | Read | All | Any | Not | Comparison | Arithmetic | Negative | Call
