"""The settings of a rule: real numbers, checked whenever they are set."""

from __future__ import annotations

import math
from collections.abc import Callable
from fractions import Fraction
from numbers import Integral, Rational, Real
from typing import Any, TypeAlias, final

import numpy as np

from convmat.errors import ConvmatError, ConvmatTypeError

__all__ = ["Number", "Rate", "finite", "flag", "not_negative", "positive", "share"]

Number: TypeAlias = float | Fraction
"""A rate: integers and `Fraction` are exact, floats are not."""


@final
class Rate:
    """A setting of a rule, which a schedule may set anew between steps.

    Parameters
    ----------
    check : callable
        Takes the setting's name and a value; returns the number, or raises.

    Examples
    --------
    >>> class Rule:
    ...     lr = Rate(positive)
    >>> rule = Rule()
    >>> rule.lr = 0.1
    >>> rule.lr = 0
    Traceback (most recent call last):
        ...
    convmat.errors.ConvmatError: lr must be greater than 0, got lr=0
    >>> rule.lr
    0.1
    """

    def __init__(self, check: Callable[[str, object], Number]) -> None:
        self._check = check
        self._name = ""

    def __set_name__(self, owner: type, name: str) -> None:
        self._name = name

    def __get__(self, rule: object, owner: type | None = None) -> Any:
        if rule is None:
            return self
        try:
            return vars(rule)[self._name]
        except KeyError:
            raise AttributeError(self._name) from None

    def __set__(self, rule: object, value: Number) -> None:
        vars(rule)[self._name] = self._check(self._name, value)


def finite(name: str, value: object) -> Number:
    """`value` as a finite real number of Python's, which forces no dtype on arrays.

    Raises
    ------
    ConvmatTypeError
        When it is no real number.
    ConvmatError
        When it is not finite, or beyond what a float can hold.
    """
    if isinstance(value, (bool, np.bool_)) or not isinstance(value, Real):
        raise ConvmatTypeError(name, "must be a real number", value)
    if isinstance(value, Integral):
        number: Number = int(value)
    elif isinstance(value, Rational):
        number = Fraction(value)
    else:
        number = float(value)
    try:
        held = math.isfinite(number)
    except OverflowError:
        held = False
    if not held:
        raise ConvmatError(name, "must be finite", value)
    return number


def positive(name: str, value: object) -> Number:
    """`value` as a number greater than 0.

    Raises
    ------
    ConvmatError
        When it is 0 or less; as for `finite` otherwise.
    """
    number = finite(name, value)
    if number <= 0:
        raise ConvmatError(name, "must be greater than 0", value)
    return number


def not_negative(name: str, value: object) -> Number:
    """`value` as a number of at least 0.

    Raises
    ------
    ConvmatError
        When it is less than 0; as for `finite` otherwise.
    """
    number = finite(name, value)
    if number < 0:
        raise ConvmatError(name, "must be at least 0", value)
    return number


def share(name: str, value: object) -> Number:
    """`value` as a number of at least 0 and less than 1.

    Raises
    ------
    ConvmatError
        When it is not, or when it is a `Fraction` so near to 1 that its float is 1; as
        for `finite` otherwise.
    """
    number = finite(name, value)
    if number < 0 or float(number) >= 1:
        raise ConvmatError(name, "must be in [0, 1)", value)
    return number


def flag(name: str, value: object) -> bool:
    """`value` as True or False.

    Raises
    ------
    ConvmatTypeError
        For anything else: 1 and "yes" would pass as true unseen.
    """
    if not isinstance(value, (bool, np.bool_)):
        raise ConvmatTypeError(name, "must be True or False", value)
    return bool(value)
