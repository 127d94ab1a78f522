"""Reading integers, one or several: of any type that means them, and no other."""

from __future__ import annotations

import operator
from collections.abc import Iterable, Mapping, Set
from typing import TypeAlias

from convmat.arrays import Shape
from convmat.errors import ConvmatTypeError, GeometryError, ShapeError
from convmat.geometry.value import Geometry

__all__ = ["IntOrInts", "integer", "listed", "per_axis", "positive", "read_shape"]

IntOrInts: TypeAlias = int | Iterable[int]
"""One integer for every axis, or one per axis."""


def integer(name: str, value: object, whole: object) -> int:
    """`value` as a plain int; `whole` is what the caller wrote, for the error."""
    if isinstance(value, bool):
        raise ConvmatTypeError(name, "must be integers, not booleans", whole)
    try:
        return operator.index(value)  # type: ignore[arg-type]  # refused below
    except TypeError:
        rule = f"must be integers, not {type(value).__name__}"
        raise ConvmatTypeError(name, rule, whole) from None


def listed(value: object) -> tuple[object, ...] | None:
    """The entries of a list, tuple or array; None for what stands for itself.

    Dictionaries and sets have no order of axes; text and bytes are no lists of numbers.
    """
    if isinstance(value, _NO_LIST) or not isinstance(value, Iterable):
        return None
    try:
        return tuple(value)
    except TypeError:  # a NumPy scalar in an array of no axes
        return None


_NO_LIST = (str, bytes, bytearray, memoryview, Mapping, Set)


def read_shape(name: str, value: object) -> Shape:
    """`value` as a tuple of ints; one integer stands for one axis."""
    if isinstance(value, Geometry):
        remedy = "pass g.input_shape or g.kernel_shape, and **g.keywords"
        raise ConvmatTypeError(name, "must be a shape, not a Geometry", value, remedy)
    entries = listed(value)
    if entries is None:
        return (integer(name, value, value),)
    return tuple(integer(name, entry, entries) for entry in entries)


def per_axis(name: str, value: object, rank: int) -> Shape:
    """One integer for each of `rank` axes; a lone integer stands for all of them."""
    each = listed(value)  # once: a generator can be read only once
    if each is None:
        return (integer(name, value, value),) * rank
    entries = tuple(integer(name, entry, each) for entry in each)
    if len(entries) != rank:
        rule = f"must be one integer or one per spatial axis, {rank} in all"
        raise ShapeError(name, rule, entries)
    return entries


def positive(name: str, value: object, rank: int) -> Shape:
    """`per_axis`, at least 1: checked before the formula divides by it."""
    entries = per_axis(name, value, rank)
    if min(entries) < 1:
        raise GeometryError(name, "must be at least 1 on every axis", entries)
    return entries
