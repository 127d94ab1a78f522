"""Which numbers pass, and as what.

Integers stay integers: every integer array is carried as int64, whatever its width, so
that the product of two uint8 images does not wrap at 256. uint64 is refused: NumPy
would mix it with int64 into float64, and exactness would be lost without a word.
Floats, complex numbers and objects (`fractions.Fraction`, SymPy expressions, Python
integers of any size) pass unchanged.

int64 ends at 2**63 - 1, see `sums`; objects have no end.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from convmat.arrays import Array
from convmat.errors import ConvmatTypeError

__all__ = ["carried"]


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
    told = f"dtype {array.dtype}"
    if kind == "u":
        rule = "must hold numbers of a signed dtype, or of fewer than 64 bits"
        remedy = (
            f"use {argument}.astype(np.int64) where all are below 2**63, or "
            f"{argument}.astype(object), which carries integers of any size"
        )
        raise ConvmatTypeError(argument, rule, told, remedy)
    remedy = "convert it to integers, floats, complex numbers or Fractions"
    if kind == "b":
        remedy = f"a mask becomes numbers with {argument}.astype(int)"
    raise ConvmatTypeError(argument, "must hold numbers", told, remedy)


def _large_integers(value: npt.ArrayLike, array: Array) -> Array:
    """Lists of integers beyond int64, which NumPy makes floats, as objects."""
    exact = np.asarray(value, dtype=object)
    integers = (type(entry) is int or _narrow(entry) for entry in exact.flat)
    return exact if all(integers) else array


def _numbers(argument: str, array: Array) -> Array:
    """`array` of objects, once each is seen to know how to multiply.

    NumPy's integers wrap among objects too, so Python's take their place.

    Raises
    ------
    ConvmatTypeError
        For what is no number.
    """
    for entry in array.flat:
        if _no_number(entry):
            raise ConvmatTypeError(
                argument,
                "must hold numbers",
                entry,
                "an object array may hold Fractions, Python integers or SymPy "
                "expressions",
            )
    if any(map(_narrow, array.flat)):
        array = array.copy()
        array[...] = np.frompyfunc(lambda n: int(n) if _narrow(n) else n, 1, 1)(array)
    return array


def _narrow(entry: object) -> bool:
    return isinstance(entry, np.integer)


def _no_number(entry: object) -> bool:
    """Whether an object cannot multiply, or multiplies as no number does.

    A list times 2 is the list twice; a matrix among objects has a shape of its own.
    """
    masks_and_lists = (bool, np.bool_, Sequence, bytearray, memoryview, type)
    return (
        isinstance(entry, masks_and_lists)
        or not hasattr(entry, "__mul__")
        or getattr(entry, "shape", ()) != ()
    )
