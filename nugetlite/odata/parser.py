"""Reads ``$filter`` and ``$orderby``.

    filter      = expression, true or false; blank for all
    orderby     = [ expression [ "asc" | "desc" ] { "," … } ]
    expression  = operand { operator expression }
    operator    = mul div mod · add sub · gt ge lt le · eq ne · and · or      those that bind tighter first
    operand     = "(" expression ")" | "not" expression | "-" operand | literal
                | property | function "(" [ expression { "," … } ] ")"

Words are known in any letter case. How long, deep and wide it all may be is bounded, so that reading it, and telling
it to a database, cannot be made to hurt.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from nugetlite.errors import quoted
from nugetlite.odata import checking
from nugetlite.odata.entity import Edm, Property
from nugetlite.odata.expressions import Expression, Function, Literal, Operation, Read, Relation, parts_of
from nugetlite.odata.literals import named_literal, number_literal, quoted_literal
from nugetlite.odata.selection import Order
from nugetlite.odata.tokens import Kind, Text, Token

NESTING_LIMIT = 100  #: parentheses within each other
DEPTH_LIMIT = (
    12  #: operators and functions within each other; a chain of ``or`` is one; SQLite's parser sets the limit
)
REACH_LIMIT = 300  #: the same, with each member of a chain: SQLite takes nothing deeper than 1,000
NODE_LIMIT = 1000  #: properties, literals, functions and parentheses
ORDER_LIMIT = 5

Join = Callable[[Expression, Expression], Expression]


def parse_filter(text: str) -> Expression:
    """Which versions are wanted; all of them if the text is blank. Raises ``BadQuery``, which names the place."""
    if not text.strip():
        return Literal(True, Edm.BOOLEAN)
    parser = _Parser(Text("$filter", text))
    found = parser.expression()
    parser.expect_end()
    return parser.within_limits(parser.fitting(0, checking.predicate, found))


def parse_orderby(text: str) -> tuple[Order, ...]:
    """What the versions are ordered by. Raises ``BadQuery``, which names the place."""
    return _Parser(Text("$orderby", text)).orders() if text.strip() else ()


@dataclass(frozen=True, slots=True)
class _Operator:
    level: int  #: the higher, the tighter it binds
    join: Join


def _comparing(relation: Relation) -> Join:
    return lambda left, right: checking.comparison(relation, left, right)


def _working_out(operation: Operation) -> Join:
    return lambda left, right: checking.arithmetic(operation, left, right)


_NOT_LEVEL, _MINUS_LEVEL = 3, 8
_OPERATORS = {
    "or": _Operator(1, checking.any_of),
    "and": _Operator(2, checking.all_of),
    **{
        relation.value: _Operator(4 if relation in (Relation.EQ, Relation.NE) else 5, _comparing(relation))
        for relation in Relation
    },
    **{
        operation.value: _Operator(
            6 if operation in (Operation.ADD, Operation.SUB) else 7, _working_out(operation)
        )
        for operation in Operation
    },
}
_NOT_HERE = {
    "isof": "this feed has one type of entry only",
    "cast": "this feed turns no type into another",
}


class _Parser:
    def __init__(self, text: Text) -> None:
        self._text = text
        self._tokens = text.tokens()
        self._at = 0
        self._nesting = 0
        self._nodes = 0

    def expression(self, above: int = 0) -> Expression:
        """An operand, and whatever operators bind tighter than ``above``."""
        self._nesting += 1
        if self._nesting > NESTING_LIMIT:
            raise self._wrong(self._token, f"more than {NESTING_LIMIT} expressions stand within each other")
        found = self._operand()
        while (operator := _OPERATORS.get(self._token.word)) and operator.level > above:
            place = self._next().start
            right = self.expression(operator.level)
            found = self.fitting(place, operator.join, found, right)
        self._nesting -= 1
        return found

    def orders(self) -> tuple[Order, ...]:
        """All of the text."""
        found = [self._order()]
        while self.take(","):
            if len(found) == ORDER_LIMIT:
                raise self._wrong(self._token, f"at most {ORDER_LIMIT} things order the entries")
            found.append(self._order())
        self.expect_end()
        return tuple(found)

    def _order(self) -> Order:
        start = self._token.start
        by = self.expression()
        if by.type in (Edm.NULL, Edm.BINARY, Edm.GUID, Edm.TIME):
            raise self._text.wrong(start, f"nothing is ordered by {checking.kind_of(by)}")
        descending = self.take("desc")
        if not descending:
            self.take("asc")
        return Order(self.within_limits(by), descending)

    def take(self, word: str) -> bool:
        """Whether this word or sign comes next; then it is read."""
        if self._token.word != word:
            return False
        self._at += 1
        return True

    def expect_end(self) -> None:
        """Raise unless all was read."""
        if self._token.kind is not Kind.END:
            raise self._wrong(
                self._token, "nothing was expected here any more, except an operator such as and"
            )

    def fitting(self, place: int, make: Callable[..., Expression], *parts: object) -> Expression:
        """What is made of the parts, if it makes sense."""
        try:
            return make(*parts)
        except checking.Misfit as misfit:
            raise self._text.wrong(place, str(misfit)) from misfit

    def within_limits(self, found: Expression) -> Expression:
        """The expression, if it is neither too deep nor too wide."""
        waiting = [(found, 1, 1)]
        while waiting:
            expression, depth, reach = waiting.pop()
            parts = parts_of(expression)
            if depth > DEPTH_LIMIT or reach > REACH_LIMIT:
                raise self._text.wrong(
                    0,
                    f"it is deeper than {DEPTH_LIMIT}, or joins more than {REACH_LIMIT} conditions; ask in parts",
                )
            waiting += [(part, depth + 1, reach + len(parts)) for part in parts]
        return found

    @property
    def _token(self) -> Token:
        return self._tokens[self._at]

    def _next(self) -> Token:
        token = self._token
        self._at += 1
        return token

    def _operand(self) -> Expression:
        self._nodes += 1
        if self._nodes > NODE_LIMIT:
            raise self._wrong(self._token, f"it has more than {NODE_LIMIT} parts")
        token = self._next()
        match token.kind, token.word:
            case Kind.SIGN, "(":
                found = self.expression()
                self._expect(")")
                return found
            case Kind.SIGN, "-":
                return self.fitting(token.start, checking.negative, self.expression(_MINUS_LEVEL))
            case Kind.NAME, "not":
                return self.fitting(token.start, checking.negation, self.expression(_NOT_LEVEL))
            case Kind.LITERAL, _:
                return self._literal(token, quoted_literal)
            case Kind.NUMBER, _:
                return self._literal(token, number_literal)
            case Kind.NAME, _:
                return self._named(token)
        raise self._wrong(token, "a property, a function, a literal or ( was expected")

    def _literal(self, token: Token, read: Callable[[str], Literal]) -> Literal:
        try:
            return read(token.text)
        except ValueError as error:
            raise self._wrong(token, str(error)) from error

    def _named(self, token: Token) -> Expression:
        if self._token.word == "(":
            return self._call(token)
        if literal := named_literal(token.word):
            return literal
        found = Property.named(token.text)
        if found is None:
            raise self._wrong(token, f"there is no property {quoted(token.text)}")
        if not found.is_told:
            raise self._wrong(token, f"this feed cannot look for {found.value}, only show it")
        return Read(found)

    def _call(self, name: Token) -> Expression:
        if name.word in _NOT_HERE:
            raise self._wrong(name, f"{name.word} is not supported; {_NOT_HERE[name.word]}")
        try:
            function = Function(name.word)
        except ValueError as error:
            raise self._wrong(name, f"there is no function {quoted(name.text)}") from error
        self._expect("(")
        arguments: list[Expression] = []
        while not self.take(")"):
            if arguments:
                self._expect(",")
            arguments.append(self.expression())
        return self.fitting(name.start, checking.call, function, tuple(arguments))

    def _expect(self, sign: str) -> None:
        if not self.take(sign):
            raise self._wrong(self._token, f"{sign} was expected")

    def _wrong(self, token: Token, why: str) -> Exception:
        return self._text.wrong(token.start, why)
