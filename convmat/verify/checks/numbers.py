"""Integers for arrays of any dtype: sums of their products are exact nearly anywhere.

So a right convolution gives exactly the right number, and one that is off by the
smallest of slips is off by at least 1.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from convmat.arrays import Array, Shape

__all__ = ["drawn", "generator", "largest_drawn", "largest_integer", "roundoff"]

_LARGEST = 9


def generator(seed: int, name: str) -> np.random.Generator:
    """The random numbers of one check: others that draw more don't change them."""
    return np.random.default_rng([seed, *name.encode()])


def drawn(
    random: np.random.Generator, shape: Shape, dtype: np.dtype[Any], terms: int
) -> Array:
    """Integers from -9 to 9 without 0, and fewer where the dtype holds fewer.

    Parameters
    ----------
    random : Generator
    shape : tuple of int
    dtype : dtype
        Unsigned ones get positive numbers, complex ones an imaginary part.
    terms : int
        So many products of two of the numbers must not overflow an integer dtype.

    Examples
    --------
    >>> drawn(np.random.default_rng(0), (5,), np.dtype("uint8"), terms=60)
    array([2, 2, 2, 1, 1], dtype=uint8)
    """
    most = largest_drawn(dtype, terms)
    sizes = random.integers(1, most, shape, endpoint=True)
    if dtype.kind == "u":
        return sizes.astype(dtype)
    signed = sizes * random.choice([-1, 1], shape)
    if dtype.kind == "c":
        signed = signed + 1j * random.integers(-most, most, shape)
    numbers: Array = signed.astype(dtype)
    return numbers


def largest_drawn(dtype: np.dtype[Any], terms: int) -> int:
    """9, or less where so many products would overflow an integer dtype.

    Examples
    --------
    >>> largest_drawn(np.dtype("float32"), 60), largest_drawn(np.dtype("int8"), 60)
    (9, 1)
    """
    if dtype.kind not in "iu":
        return _LARGEST
    fitting = int((np.iinfo(dtype).max / max(1, terms)) ** 0.5)
    return max(1, min(_LARGEST, fitting))


def roundoff(dtype: np.dtype[Any]) -> float:
    """The unit roundoff; 0 for integers and objects, which don't round.

    Examples
    --------
    >>> roundoff(np.dtype("float32")) == 2.0**-24, roundoff(np.dtype("int64"))
    (True, 0.0)
    """
    return float(np.finfo(dtype).eps) / 2 if dtype.kind in "fc" else 0.0


def largest_integer(dtype: np.dtype[Any]) -> int | None:
    """All integers up to this size are in the dtype; None where there is no end.

    Examples
    --------
    >>> largest_integer(np.dtype("float32")) == 2**24
    True
    """
    if dtype.kind in "iu":
        return int(np.iinfo(dtype).max)
    return round(1 / roundoff(dtype)) if dtype.kind in "fc" else None
