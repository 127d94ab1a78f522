"""`LAYOUTS`: the same numbers, in memory in other ways."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType

import numpy as np

from convmat.arrays import Array

__all__ = ["LAYOUTS", "SWAPPED"]

SWAPPED = "byte-swapped"
"""The one layout that may be refused."""


def _fortran(array: Array) -> Array:
    return np.asfortranarray(array)


def _reversed(array: Array) -> Array:
    back = (slice(None, None, -1),) * array.ndim
    return np.ascontiguousarray(array[back])[back]


def _gaps(array: Array) -> Array:
    spread = np.zeros([2 * n for n in array.shape], array.dtype)
    gaps = (slice(None, None, 2),) * array.ndim
    spread[gaps] = array
    return spread[gaps]


def _inside(array: Array) -> Array:
    """Rows that go on after their end, and a first entry that is not the memory's."""
    wide = np.zeros([n + 3 for n in array.shape], array.dtype)
    inner = (slice(1, -2),) * array.ndim
    wide[inner] = array
    return wide[inner]


def _locked(array: Array) -> Array:
    locked = array.copy()
    locked.flags.writeable = False
    return locked


def _swapped(array: Array) -> Array:
    if array.dtype == object:
        return array.copy()
    return array.astype(array.dtype.newbyteorder())


LAYOUTS: Mapping[str, Callable[[Array], Array]] = MappingProxyType(
    {
        "in Fortran order": _fortran,
        "reversed in memory": _reversed,
        "every second entry of a larger array": _gaps,
        "the inside of a larger array": _inside,
        "read-only": _locked,
        SWAPPED: _swapped,
    }
)
"""Functions that lay an array anew, by words that fit after "arrays that are".

Examples
--------
>>> LAYOUTS["reversed in memory"](np.array([1, 2, 3])).strides
(-8,)
"""
