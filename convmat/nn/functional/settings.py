"""Numbers of a layer, such as a slope, beside the arrays that they multiply."""

from __future__ import annotations

from fractions import Fraction
from numbers import Rational

from convmat.arrays import Array
from convmat.errors import ConvmatTypeError
from convmat.optim.rates import Number

__all__ = ["beside"]


def beside(argument: str, value: Number, x: Array) -> Number:
    """`value` as a number that leaves the dtype of `x` as it is.

    Raises
    ------
    ConvmatTypeError
        For a float beside exact numbers, which it would spoil.

    Examples
    --------
    >>> import numpy as np
    >>> beside("slope", Fraction(1, 4), np.zeros(2))
    0.25
    >>> beside("slope", Fraction(1, 4), np.array([Fraction(3)]))
    Fraction(1, 4)
    """
    if x.dtype != object:
        return float(value)
    if not isinstance(value, Rational):
        rule = "must be an integer or a Fraction beside exact numbers"
        remedy = "Fraction(1, 10) is 0.1 exactly"
        raise ConvmatTypeError(argument, rule, value, remedy)
    return Fraction(value)
