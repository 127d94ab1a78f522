"""Which numbers convmat carries, and the one rule for integers.

Integers stay integers: every integer array is carried as int64, whatever its width, so
that the product of two uint8 images does not wrap at 256. uint64 is refused: NumPy
would mix it with int64 into float64, and exactness would be lost without a word.
Floats, complex numbers and objects (`fractions.Fraction`, SymPy expressions, Python
integers of any size) pass unchanged.

int64 ends at 2**63 - 1. What is computed here is refused beyond it and never returned
wrapped: `exact_sums`, `exact_plus`. Objects have no end.
"""

from __future__ import annotations

from collections.abc import Callable
from math import prod

import numpy as np
import numpy.typing as npt

from convmat.arrays import Array
from convmat.errors import ConvmatError, ConvmatTypeError

__all__ = ["carried", "exact_plus", "exact_sums"]

_MOST = (1 << 63) - 1
_ROUND = 1 << 64  # int64 wraps modulo this


def carried(argument: str, value: npt.ArrayLike) -> Array:
    """`value` as an array of a dtype that every exact route carries.

    Parameters
    ----------
    argument : str
        Name of the caller's argument, for the error.
    value : array_like
        Numbers. Memory order, byte order and writeability do not matter.

    Returns
    -------
    ndarray
        int64 for integers of any width; floats, complex and objects as they came, in
        native byte order. Never a copy where none is needed.

    Raises
    ------
    ConvmatTypeError
        For booleans, uint64, strings, dates, and objects that are not numbers.

    Examples
    --------
    >>> import numpy as np
    >>> carried("x", np.array([200, 100], dtype=np.uint8)).dtype
    dtype('int64')
    >>> carried("x", [True, False])
    Traceback (most recent call last):
        ...
    convmat.errors.ConvmatTypeError: x must hold numbers, got x='dtype bool'; a mask
    becomes numbers with x.astype(int)
    """
    if isinstance(value, np.ma.MaskedArray):
        remedy = f"fill the masked places first: {argument}.filled(0)"
        raise ConvmatTypeError(argument, "must not be masked", "MaskedArray", remedy)
    try:
        array = np.asarray(value)
        if array.dtype.kind == "f" and not hasattr(value, "dtype"):
            array = _large_integers(value, array)
    except ValueError as error:  # ragged nested lists
        raise ConvmatTypeError(
            argument, "must be one array of numbers", type(value).__name__, str(error)
        ) from None
    kind = array.dtype.kind
    if kind in "fc":
        return (
            array if array.dtype.isnative else array.astype(array.dtype.newbyteorder())
        )
    if kind in "iu" and array.dtype.newbyteorder("=") != np.uint64:
        return array.astype(np.int64, copy=False)
    if kind == "O":
        return _numbers(argument, array)
    remedy = {
        "b": f"a mask becomes numbers with {argument}.astype(int)",
        "u": "uint64 mixes with int64 into float64; use .astype(int), or "
        ".astype(object) for numbers of 2**63 and more",
    }.get(kind, "convert it to integers, floats, complex numbers or Fractions")
    raise ConvmatTypeError(
        argument, "must hold numbers", f"dtype {array.dtype}", remedy
    )


def _large_integers(value: npt.ArrayLike, array: Array) -> Array:
    """Lists of Python integers beyond int64, which NumPy makes floats, as objects."""
    exact = np.asarray(value, dtype=object)
    return exact if all(type(entry) is int for entry in exact.flat) else array


def _numbers(argument: str, array: Array) -> Array:
    """`array` of objects, once each is seen to know how to multiply."""
    for entry in array.flat:
        if isinstance(entry, (str, bytes, bool)) or not hasattr(entry, "__mul__"):
            raise ConvmatTypeError(
                argument,
                "must hold numbers",
                entry,
                "an object array may hold Fractions, Python integers or SymPy "
                "expressions",
            )
    return array


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

    Examples
    --------
    >>> import numpy as np
    >>> exact_plus(np.array([1, 2]), np.array([5]))
    array([6, 7])
    """
    sums: Array = one + other
    both = one.dtype == other.dtype == np.int64
    if both and _largest(one) + _largest(other) > _MOST:
        # The sign of a wrapped sum is that of neither.
        wrapped = ((one ^ sums) & (other ^ sums)) < 0
        rounds = np.where(wrapped, np.where(sums < 0, 1, -1), 0)
        _refuse_rounds(sums.ravel(), rounds.ravel())
    return sums


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
