"""`Polynomial`: a number that remembers what it was made of."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from itertools import count
from typing import Any, NoReturn, TypeAlias

import numpy as np

from convmat.arrays import Array, Shape

__all__ = ["Polynomial", "Terms", "symbols", "terms_of"]

Terms: TypeAlias = dict[tuple[int, ...], Any]
"""The factor of each product of symbols. A symbol is its number; products are sorted.
"""


class Polynomial:
    """A sum of products of symbols with exact factors, at home in arrays of objects.

    It adds and multiplies as numbers do. Whatever would depend on a value, such as a
    comparison, is refused: so what comes out of a function holds for all values.

    Attributes
    ----------
    terms : dict
        The factor of each product of symbols; none is 0.

    Examples
    --------
    >>> x, w = Polynomial({(0,): 1}), Polynomial({(1,): 1})
    >>> ((x + 2) * w - w).terms
    {(0, 1): 1, (1,): 1}
    >>> bool(x)
    Traceback (most recent call last):
        ...
    TypeError: a symbol stands for every number, and has no value to branch on
    """

    __slots__ = ("terms",)

    def __init__(self, terms: Terms) -> None:
        self.terms = terms

    def __add__(self, other: object) -> Polynomial:
        more = terms_of(other)
        if more is None:
            return NotImplemented
        terms = dict(self.terms)
        for product, factor in more.items():
            total = terms.get(product, 0) + factor
            if total:
                terms[product] = total
            else:
                del terms[product]
        return Polynomial(terms)

    __radd__ = __add__

    def __neg__(self) -> Polynomial:
        return Polynomial({product: -factor for product, factor in self.terms.items()})

    def __pos__(self) -> Polynomial:
        return self

    def __sub__(self, other: object) -> Polynomial:
        less = terms_of(other)
        return NotImplemented if less is None else self + -Polynomial(less)

    def __rsub__(self, other: object) -> Polynomial:
        more = terms_of(other)
        return NotImplemented if more is None else -self + Polynomial(more)

    def __mul__(self, other: object) -> Polynomial:
        by = terms_of(other)
        if by is None:
            return NotImplemented
        terms: Terms = {}
        for one, factor in self.terms.items():
            for two, times in by.items():
                product = tuple(sorted(one + two))
                terms[product] = terms.get(product, 0) + factor * times
        return Polynomial({product: n for product, n in terms.items() if n})

    __rmul__ = __mul__

    def __truediv__(self, other: object) -> Polynomial:
        by = terms_of(other)
        if by is None or set(by) != {()}:
            return NotImplemented
        share = Fraction(1) / by[()]
        return Polynomial({product: n * share for product, n in self.terms.items()})

    def conjugate(self) -> Polynomial:
        """The same: symbols stand for real numbers."""
        return self

    def __eq__(self, other: object) -> bool:
        if isinstance(other, Polynomial):
            return self.terms == other.terms
        return self.__bool__()

    def __bool__(self) -> NoReturn:
        message = "a symbol stands for every number, and has no value to branch on"
        raise TypeError(message)

    __hash__ = None  # type: ignore[assignment] # so that none is looked up by value

    def __repr__(self) -> str:
        return f"Polynomial({self.terms})"


def terms_of(value: object) -> Terms | None:
    """The terms of a polynomial or of a number; None of anything else.

    Examples
    --------
    >>> terms_of(0), terms_of(0.5)
    ({}, {(): Fraction(1, 2)})
    """
    if isinstance(value, Polynomial):
        return value.terms
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, float):
        value = Fraction(value) if np.isfinite(value) else None
    if isinstance(value, int | Fraction):
        return {(): value} if value else {}
    return None


def symbols(shapes: Sequence[Shape]) -> list[Array]:
    """Arrays of symbols, numbered through all of them in C order.

    Examples
    --------
    >>> x, kernel = symbols([(2,), (3,)])
    >>> (x[1] * kernel[0]).terms
    {(1, 2): 1}
    """
    numbers = count()
    arrays = []
    for shape in shapes:
        array = np.empty(shape, object)
        for place in np.ndindex(shape):
            array[place] = Polynomial({(next(numbers),): 1})
        arrays.append(array)
    return arrays
