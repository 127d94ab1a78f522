"""How many unit arrays go into one call: as digits of one integer for each place.

A bilinear map is known from its values on pairs of unit arrays. Instead of one unit
kernel at a time, `digits` of them are given at once, tap `i` with the value `BASE**i`.
The result then holds the weights of all of them as digits, each from -128 to 127.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from convmat.arrays import Array, Shape
from convmat.errors import ConvmatError
from convmat.geometry import Geometry
from convmat.verify.black_box import Implementation
from convmat.verify.checks.maps import BilinearMap
from convmat.verify.checks.numbers import largest_integer, roundoff
from convmat.verify.readings import BASE, DIGITS
from convmat.verify.rounding import gamma

__all__ = ["Code", "code_for", "nearest_integers"]

_CLOSE = 2.0**-10
"""Readings through an FFT are trusted where they are at least so close to integers."""


@dataclass(frozen=True, slots=True)
class Code:
    """The digits of one call, and how far rounding may take a reading.

    Attributes
    ----------
    dtype : dtype
        Of the arrays that are given.
    digits : int
        Units in one call.
    relative : float
        A reading may be off by this much of the size of a right one.
    absolute : float
        And by this much besides.

    Examples
    --------
    >>> Code(np.dtype("int64"), 3, 0, 0).arrays(4, (2, 2)).tolist()
    [[[1, 256], [65536, 0]], [[0, 0], [0, 1]]]
    """

    dtype: np.dtype[Any]
    digits: int
    relative: float
    absolute: float

    @property
    def values(self) -> Array:
        """What the units of a call are multiplied with."""
        return BASE ** np.arange(self.digits, dtype=np.int64)

    def arrays(self, count: int, shape: Shape) -> Array:
        """The arrays that hold all `count` units of a shape, some at a time."""
        calls = -(-count // self.digits)
        coded = np.zeros((calls, count), np.int64)
        places = np.arange(count)
        coded[places // self.digits, places] = self.values[places % self.digits]
        result: Array = coded.reshape(calls, *shape).astype(self.dtype)
        return result

    def decoded(self, coded: Array, count: int) -> Array | None:
        """The weights of `count` units, on a new first axis; None if not integers."""
        rest = nearest_integers(coded, 0.25)
        if rest is None:
            return None
        weights = np.empty((count, *rest.shape), np.int64)
        for number in range(count):
            last = number == count - 1
            digit = rest if last else (rest + BASE // 2) % BASE - BASE // 2
            weights[number] = digit
            rest = (rest - digit) // BASE
        return weights

    def beyond(self, got: Array, expected: Array) -> Array:
        """Whether each reading is off by more than rounding explains."""
        if got.dtype == object or not (self.relative or self.absolute):
            wrong: Array = got != expected
            return wrong
        with np.errstate(invalid="ignore"):
            gap = np.abs(got.astype(np.result_type(got, float)) - expected)
            beyond: Array = ~(gap <= self.relative * np.abs(expected) + self.absolute)
        return beyond


def nearest_integers(numbers: Array, within: float) -> Array | None:
    """Integers next to numbers of any dtype, as int64; None where one is farther.

    Examples
    --------
    >>> nearest_integers(np.array([0.9, 2.0]), within=0.25)
    array([1, 2])
    """
    if numbers.dtype == object:
        whole = np.frompyfunc(round, 1, 1)(numbers)
    elif numbers.dtype.kind in "fc":
        whole = np.rint(numbers.real)
    else:
        whole = numbers
    with np.errstate(invalid="ignore"):
        close = np.abs(numbers - whole) <= within
    return whole.astype(np.int64) if np.all(close) else None


def code_for(
    implementation: Implementation, one: BilinearMap, g: Geometry, dtype: np.dtype[Any]
) -> Code:
    """The code with the most digits that the dtype and its rounding allow.

    Raises
    ------
    ConvmatError
        When rounding leaves not even one.

    Examples
    --------
    >>> from convmat import conv, geometry
    >>> from convmat.verify import implementation
    >>> from convmat.verify.checks.maps import MAPS
    >>> g, mine = geometry((1, 5), (1, 1, 3)), implementation(conv)
    >>> for name in ("int64", "float64", "float32"):
    ...     print(name, code_for(mine, MAPS["forward"], g, np.dtype(name)).digits)
    int64 7
    float64 7
    float32 3
    """
    most, u = largest_integer(dtype), roundoff(dtype)
    for digits in range(DIGITS, 0, -1):
        largest = (BASE**digits - 1) // (BASE - 1)
        if most is not None and largest > most:
            continue
        if not u:
            return Code(dtype, digits, 0.0, 0.0)
        code = Code(dtype, digits, *_errors(implementation, one, g, dtype, largest))
        if code.relative * largest <= 0.25 and code.absolute <= _CLOSE:
            return code
    rule = "must hold readings of 0 and 1 beside the rounding errors of this geometry"
    raise ConvmatError("dtype", rule, str(dtype), "use a dtype with more digits")


def _errors(
    implementation: Implementation,
    one: BilinearMap,
    g: Geometry,
    dtype: np.dtype[Any],
    largest: int,
) -> tuple[float, float]:
    """Relative and absolute rounding error of a reading with one unit and one code."""
    terms, u = one.terms(g, 1) + 3, roundoff(dtype)
    if implementation.supports.accuracy == "normwise":
        first, second = (
            np.full((1, 1), 1.0, dtype),
            np.full((1, 1), largest, dtype),
        )
        return 0.0, float(one.bound(implementation, g, first, second).max())
    return (gamma(terms, u), 0.0) if terms * u < 1 else (np.inf, 0.0)
