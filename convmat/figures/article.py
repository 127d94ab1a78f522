"""What a figure shows when it is told nothing: Kleinsmith's geometry, a middle cell."""

from __future__ import annotations

import operator
from math import prod

import numpy as np

from convmat.arrays import Shape
from convmat.errors import ConvmatError, ConvmatTypeError
from convmat.geometry import Geometry, require_geometry

__all__ = ["KLEINSMITH", "given", "place_of"]

KLEINSMITH = Geometry(
    input_size=(3, 3),
    kernel_size=(2, 2),
    stride=(1, 1),
    padding=((0, 0), (0, 0)),
    dilation=(1, 1),
)
"""A 3×3 input and a 2×2 kernel, which fits in at four places."""


def given(geometry: Geometry | None) -> Geometry:
    """`geometry`, or that of the article.

    Raises
    ------
    ConvmatTypeError
        For what is no geometry, such as a shape.

    Examples
    --------
    >>> given(None)
    geometry((3, 3), (2, 2))
    """
    if geometry is None:
        return KLEINSMITH
    require_geometry(geometry)
    return geometry


def place_of(name: str, value: int | None, size: Shape, channels: int = 1) -> int:
    """A cell of channels of a size by its flat number; by default a middle one.

    That is the one in the middle of every axis, in the first channel.

    Parameters
    ----------
    name : str
        Of the argument, for errors.
    value : int, optional
    size : tuple of int
    channels : int

    Raises
    ------
    ConvmatError
        When there is no such cell.
    ConvmatTypeError
        For what is no integer.

    Examples
    --------
    >>> place_of("row", None, (3, 3)), place_of("row", 2, (3, 3))
    (4, 2)
    """
    if value is None:
        return int(np.ravel_multi_index([n // 2 for n in size], size))
    last = channels * prod(size) - 1
    rule = f"must be an integer from 0 to {last}"
    if isinstance(value, bool) or not hasattr(value, "__index__"):
        raise ConvmatTypeError(name, rule, value)
    if not 0 <= operator.index(value) <= last:
        raise ConvmatError(name, rule, value)
    return operator.index(value)
