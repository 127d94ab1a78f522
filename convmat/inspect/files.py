"""`Tensor`: one tensor of a file of weights, by its header; no size is believed."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from math import prod
from pathlib import Path

from convmat.arrays import Array, Shape
from convmat.nn.data.files import DataError

__all__ = ["Tensor", "count_of", "is_size"]

_MOST_AXES = 64  # of an array of NumPy
_BEYOND = 1 << 63


@dataclass(frozen=True, eq=False)
class Tensor:
    """One tensor of a file, whose values are read when they are asked for.

    Attributes
    ----------
    name : str
    shape : tuple of int
    itemsize : int
        Bytes of one number.
    floating : bool
        Whether the numbers are floats: weights, not counters.
    read : callable
        `read()` gives the values.
    readable : bool
        Whether NumPy has such numbers.
    """

    name: str
    shape: Shape
    itemsize: int
    floating: bool
    read: Callable[[], Array]
    readable: bool = True


def count_of(path: Path, name: str, shape: Iterable[int]) -> int:
    """Numbers that a declared shape has, which may be anything in a hostile file.

    Raises
    ------
    DataError
        When a size is negative, there are more axes than NumPy has, or more numbers
        than 64 bits count.
    """
    sizes = tuple(shape)
    sound = len(sizes) <= _MOST_AXES and all(map(is_size, sizes))
    count = prod(sizes) if sound else _BEYOND
    if count >= _BEYOND:
        rule = f"must hold a shape that memory could hold in {name!r}"
        raise DataError(path, rule, "it is negative, or has too many axes or numbers")
    return count


def is_size(value: object) -> bool:
    """Whether JSON gave an integer that a size or a place can be."""
    return type(value) is int and 0 <= value < _BEYOND
