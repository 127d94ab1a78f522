"""Statements about integers, as text that Python and a solver read alike.

A statement is a Python expression over names of integers: sums, products, `//`, `%`,
comparisons, `and`, `or`, `not`, `a if c else b`, `min`, `max`, and `implies(a, b)`.
Nothing else is read, so that a statement computes and does nothing more. One walk over
it serves both readers; what a node means is said by an `Algebra`.
"""

from __future__ import annotations

import ast
import operator
from collections.abc import Callable, Mapping
from functools import cache
from types import MappingProxyType
from typing import Any, NoReturn, Protocol

from convmat.errors import ConvmatError

__all__ = ["Algebra", "evaluate", "names_in", "parse", "walk"]


class Algebra(Protocol):
    """What the parts of a statement mean, to one of its readers."""

    def number(self, value: int) -> Any:
        """An integer that is written out."""

    def divide(self, a: Any, b: Any) -> tuple[Any, Any]:
        """`a // b` and `a % b`, rounded down."""

    def all_of(self, parts: list[Any]) -> Any:
        """`and`."""

    def any_of(self, parts: list[Any]) -> Any:
        """`or`."""

    def negate(self, part: Any) -> Any:
        """`not`."""

    def choose(self, condition: Any, a: Any, b: Any) -> Any:
        """`a if condition else b`."""


def names_in(text: str) -> list[str]:
    """The names of a statement, in the order in which they are met.

    Examples
    --------
    >>> names_in("implies(tap < other, min(tap, other) == tap)")
    ['tap', 'other']
    """
    nodes = [node for node in ast.walk(parse(text)) if isinstance(node, ast.Name)]
    nodes.sort(key=lambda node: (node.lineno, node.col_offset))
    return list(dict.fromkeys(n.id for n in nodes if n.id not in _FUNCTIONS))


def evaluate(text: str, values: Mapping[str, int]) -> Any:
    """The value of a statement in Python's integers.

    Examples
    --------
    >>> evaluate("-7 // n == -3 or n > 9", {"n": 2})
    False
    """
    return walk(parse(text), values, _INTEGERS)


@cache
def parse(text: str) -> ast.expr:
    """The tree of a statement.

    Raises
    ------
    ConvmatError
        For text that is no Python expression.
    """
    try:
        return ast.parse(text, mode="eval").body
    except SyntaxError as error:
        rule = "must be a Python expression over integers"
        raise ConvmatError("statement", rule, text) from error


def walk(node: ast.expr, values: Mapping[str, Any], algebra: Algebra) -> Any:
    """The meaning of a tree, where `values` are the meanings of its names.

    Raises
    ------
    ConvmatError
        For a name without a value, and for a node that no statement has.
    """

    def of(part: ast.expr) -> Any:
        return walk(part, values, algebra)

    match node:
        case ast.Constant(value=bool(truth)):
            return algebra.all_of([]) if truth else algebra.any_of([])
        case ast.Constant(value=int(number)):
            return algebra.number(number)
        case ast.Name(id=name) if name in values:
            return values[name]
        case ast.Name(id=name):
            rule = f"must have a value for each name; {name} has none"
            raise ConvmatError("statement", rule, ast.unparse(node))
        case ast.UnaryOp(op=ast.USub(), operand=part):
            return -of(part)
        case ast.UnaryOp(op=ast.Not(), operand=part):
            return algebra.negate(of(part))
        case ast.BinOp(left=a, op=ast.FloorDiv(), right=b):
            return algebra.divide(of(a), of(b))[0]
        case ast.BinOp(left=a, op=ast.Mod(), right=b):
            return algebra.divide(of(a), of(b))[1]
        case ast.BinOp(left=a, op=op, right=b) if type(op) in _ARITHMETIC:
            return _ARITHMETIC[type(op)](of(a), of(b))
        case ast.Compare(left=first, ops=ops, comparators=others):
            return _compared([of(first), *map(of, others)], ops, algebra, node)
        case ast.BoolOp(op=ast.And(), values=parts):
            return algebra.all_of(list(map(of, parts)))
        case ast.BoolOp(op=ast.Or(), values=parts):
            return algebra.any_of(list(map(of, parts)))
        case ast.IfExp(test=condition, body=a, orelse=b):
            return algebra.choose(of(condition), of(a), of(b))
        case ast.Call(func=ast.Name(id=name), args=[a, b], keywords=[]) if (
            name in _FUNCTIONS
        ):
            return _FUNCTIONS[name](algebra, of(a), of(b))
    _refuse(node)


def _compared(
    terms: list[Any], ops: list[ast.cmpop], algebra: Algebra, node: ast.expr
) -> Any:
    if any(type(op) not in _COMPARISONS for op in ops):
        _refuse(node)
    pairs = zip(terms, ops, terms[1:], strict=False)
    links = [_COMPARISONS[type(op)](a, b) for a, op, b in pairs]
    return links[0] if len(links) == 1 else algebra.all_of(links)


def _refuse(node: ast.expr) -> NoReturn:
    rule = "must be made of integers, + - * // %, comparisons, and, or, not, if-else, "
    rule += "min, max and implies"
    raise ConvmatError("statement", rule, ast.unparse(node))


class _Integers:
    """Python's own integers and truth values."""

    def number(self, value: int) -> int:
        return value

    def divide(self, a: int, b: int) -> tuple[int, int]:
        return divmod(a, b)

    def all_of(self, parts: list[bool]) -> bool:
        return all(parts)

    def any_of(self, parts: list[bool]) -> bool:
        return any(parts)

    def negate(self, part: bool) -> bool:
        return not part

    def choose(self, condition: bool, a: int, b: int) -> int:
        return a if condition else b


_INTEGERS = _Integers()

_ARITHMETIC: Mapping[type, Callable[[Any, Any], Any]] = MappingProxyType(
    {ast.Add: operator.add, ast.Sub: operator.sub, ast.Mult: operator.mul}
)
_COMPARISONS: Mapping[type, Callable[[Any, Any], Any]] = MappingProxyType(
    {
        ast.Lt: operator.lt,
        ast.LtE: operator.le,
        ast.Gt: operator.gt,
        ast.GtE: operator.ge,
        ast.Eq: operator.eq,
        ast.NotEq: operator.ne,
    }
)
_FUNCTIONS: Mapping[str, Callable[[Algebra, Any, Any], Any]] = MappingProxyType(
    {
        "min": lambda algebra, a, b: algebra.choose(a <= b, a, b),
        "max": lambda algebra, a, b: algebra.choose(a <= b, b, a),
        "implies": lambda algebra, a, b: algebra.any_of([algebra.negate(a), b]),
    }
)
