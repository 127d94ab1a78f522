"""Sums of integers: exact, or refused where they are beyond int64.

int64 wraps modulo 2**64 without a word. What is computed in this package is refused
beyond it and never returned wrapped.
"""

from __future__ import annotations

from collections.abc import Callable
from math import prod

import numpy as np

from convmat.arrays import Array
from convmat.errors import ConvmatError, ConvmatTypeError

__all__ = ["exact_plus", "exact_sums", "quiet"]

_MOST = (1 << 63) - 1
_ROUND = 1 << 64  # int64 wraps modulo this


def quiet() -> np.errstate:
    """The state in which NumPy does not warn of infinities and NaN.

    They spread as IEEE 754 has it, here as in any sum. A warning would name a line of
    this package, and be one error more where warnings are errors.

    Examples
    --------
    >>> with quiet():
    ...     np.array([np.inf]) - np.inf
    array([nan])
    """
    return np.errstate(over="ignore", invalid="ignore")


def exact_sums(compute: Callable[..., Array], *factors: Array, terms: int) -> Array:
    """`compute(*factors)`, refused where a sum of integers is beyond int64.

    int64 wraps modulo 2**64, so a sum is right when its value fits, whatever happened
    on the way to it. Three steps say whether it fits, each taken only where the one
    before cannot tell:

    1. The largest sizes of the factors, multiplied with each other and with `terms`,
       are at most 2**63 - 1. Hardly any arrays go beyond.
    2. The same map in float64 is off by less than 2**62, a wrapped sum by 2**64 or
       more, so the difference of the two tells how often a sum went round.
    3. The same map on Python integers, slow and exact.

    Parameters
    ----------
    compute : callable
        A map that is linear in each factor, on arrays of any dtype.
    *factors : ndarray
        Nothing is looked at unless all of them are int64.
    terms : int
        At most so many products, of one entry of each factor, make one sum.

    Returns
    -------
    ndarray
        As `compute` returns it.

    Raises
    ------
    ConvmatError
        When a sum is below -2**63 or above 2**63 - 1.
    ConvmatTypeError
        When the objects in the factors don't go together, as `Decimal` and `Fraction`.

    References
    ----------
    N. J. Higham, "Accuracy and Stability of Numerical Algorithms", 2nd ed., SIAM 2002,
    lemma 3.1, for step 2.

    Examples
    --------
    >>> import numpy as np
    >>> x = np.array([2**62, 2**62, -(2**62)])
    >>> exact_sums(np.convolve, x, np.array([1]), terms=1) == x
    array([ True,  True,  True])
    >>> exact_sums(np.convolve, x, np.array([1, 1]), terms=2)
    Traceback (most recent call last):
        ...
    convmat.errors.ConvmatError: sum must fit int64, from -2**63 to 2**63 - 1, got
    sum=9223372036854775808; arrays of objects carry integers of any size:
    .astype(object)
    """
    if any(factor.dtype == object for factor in factors):
        return _of_objects(compute, factors)
    with quiet():
        sums = compute(*factors)
    if any(factor.dtype != np.int64 for factor in factors):
        return sums
    most = terms * prod(map(_largest, factors))
    if most <= _MOST:
        return sums
    # n roundings are off by a share of at most 2 n / 2**53: one for each term, one for
    # each factor made a float, one for each product.
    if most * (terms + 2 * len(factors)) < 1 << (62 + 52):
        rough = compute(*(factor.astype(np.float64) for factor in factors))
        rounds = np.rint((rough - sums) / float(_ROUND))
    else:
        exact = compute(*(factor.astype(object) for factor in factors))
        rounds = (np.asarray(exact, object) - sums) // _ROUND
    _refuse_rounds(np.ravel(sums), np.ravel(rounds))
    return sums


def exact_plus(one: Array, other: Array) -> Array:
    """`one + other`, refused where a sum of integers is beyond int64.

    Raises
    ------
    ConvmatError
        When a sum is below -2**63 or above 2**63 - 1.
    ConvmatTypeError
        When objects don't add.

    Examples
    --------
    >>> import numpy as np
    >>> exact_plus(np.array([1, 2]), np.array([5]))
    array([6, 7])
    """
    if object in (one.dtype, other.dtype):
        return _of_objects(np.add, (one, other))
    with quiet():
        sums: Array = one + other
    both = one.dtype == other.dtype == np.int64
    if both and _largest(one) + _largest(other) > _MOST:
        # The sign of a wrapped sum is that of neither.
        wrapped = ((one ^ sums) & (other ^ sums)) < 0
        rounds = np.where(wrapped, np.where(sums < 0, 1, -1), 0)
        _refuse_rounds(sums.ravel(), rounds.ravel())
    return sums


def _of_objects(compute: Callable[..., Array], factors: tuple[Array, ...]) -> Array:
    """`compute(*factors)`, where it is Python's numbers that multiply and add.

    Raises
    ------
    ConvmatTypeError
        When they refuse to.
    """
    try:
        return compute(*factors)
    except TypeError as error:
        rule = "must multiply with each other and add up"
        remedy = "convert both arrays to one kind of number"
        raise ConvmatTypeError("objects", rule, str(error), remedy) from error


def _largest(array: Array) -> int:
    """The largest size of an entry, as an integer that does not wrap."""
    return max(int(array.max(initial=0)), -int(array.min(initial=0)))


def _refuse_rounds(sums: Array, rounds: Array) -> None:
    """Refuse the first sum that went round: `rounds` of 2**64 are missing in it."""
    gone = np.flatnonzero(rounds)
    if gone.size:
        first = gone[0]
        value = int(sums[first]) + int(rounds[first]) * _ROUND
        rule = "must fit int64, from -2**63 to 2**63 - 1"
        remedy = "arrays of objects carry integers of any size: .astype(object)"
        raise ConvmatError("sum", rule, value, remedy)
