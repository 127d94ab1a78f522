"""What is drawn of a geometry: which of its outputs, and whether it fits a page."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import product
from math import prod

import numpy as np

from convmat.arrays import Shape
from convmat.errors import ConvmatError, ConvmatTypeError, ShapeError
from convmat.geometry import Geometry, IntOrInts
from convmat.geometry.shorthand import read_shape

__all__ = [
    "middle_of",
    "middle_row",
    "output_number",
    "read_output",
    "read_rows",
    "require_drawable",
    "some_told",
]

_LONGEST = 120, 64  # cells along an axis, of one or of two


def require_drawable(geometry: Geometry, most: int, remedy: str) -> None:
    """Refuse more axes than a page has, and more cells than it can show.

    Raises
    ------
    ShapeError
        For three spatial axes or more, more than `most` cells of padded input and
        output together, or a side that is too long.
    """
    if geometry.rank > 2:
        rule = "must have one or two spatial axes"
        raise ShapeError("geometry", rule, geometry, "matrix_plot draws any geometry")
    inputs = geometry.in_channels * prod(axis.padded_size for axis in geometry.axes)
    outputs = geometry.matrix_shape[0]
    if inputs + outputs > most:
        rule = (
            f"must have at most {most:,} cells of padded input and output together "
            f"(here {inputs:,} and {outputs:,})"
        )
        raise ShapeError("geometry", rule, geometry, remedy)
    longest = max(axis.padded_size for axis in geometry.axes)
    allowed = _LONGEST[geometry.rank - 1]
    if longest > allowed:
        rule = f"must have at most {allowed} cells of padded input along an axis"
        raise ShapeError("geometry", f"{rule} (here {longest})", geometry, remedy)


def read_output(geometry: Geometry, output: IntOrInts, argument: str = "output") -> int:
    """A row of the matrix, from its number or its position in the output.

    Raises
    ------
    ShapeError
        When there is no such output.
    ConvmatTypeError
        For what are no integers.
    """
    return output_number(output, geometry.output_shape, argument)


def output_number(output: IntOrInts, shape: Shape, argument: str = "output") -> int:
    """The flat number of an output, given as that, or by its place.

    Parameters
    ----------
    output : int or tuple of int
    shape : tuple of int
        Of the outputs.
    argument : str
        What errors call it.

    Raises
    ------
    ShapeError
        For one that there is not.
    ConvmatTypeError
        For what are no integers.

    Examples
    --------
    >>> output_number((1, 0), (2, 2)), output_number(3, (2, 2))
    (2, 3)
    """
    place, count = read_shape(argument, output), prod(shape)
    limits = (count,) if len(place) == 1 else shape
    inside = len(place) == len(limits) and all(
        0 <= at < most for at, most in zip(place, limits, strict=True)
    )
    if not inside:
        rule = f"must be a row below {count}, or a position in {shape}"
        raise ShapeError(argument, rule, output, "count from 0")
    return int(np.ravel_multi_index(place, limits))


def middle_row(geometry: Geometry) -> int:
    """The row in the middle of the first channel."""
    return middle_of(geometry.output_size)


def middle_of(size: Shape) -> int:
    """The flat number of the cell in the middle of every axis."""
    return int(np.ravel_multi_index([count // 2 for count in size], size))


def read_rows(
    geometry: Geometry, outputs: Iterable[IntOrInts] | None, most: int
) -> list[int]:
    """The rows of the matrix that are drawn."""
    if outputs is not None:
        if not isinstance(outputs, Iterable) or isinstance(outputs, str):
            rule = "must be a list of rows, or of positions in the output"
            raise ConvmatTypeError("outputs", rule, outputs)
        given = [read_output(geometry, output, "outputs") for output in outputs]
        if not given or len(set(given)) < len(given):
            rule = "must be outputs, one at least and none twice"
            raise ConvmatError("outputs", rule, given)
        return given
    count = geometry.matrix_shape[0]
    if count <= most:
        return list(range(count))
    channels = _spread(geometry.out_channels, 2)
    of_an_axis = (9 if geometry.rank == 1 else 3) // len(channels) + (len(channels) > 1)
    each = [channels, *(_spread(size, of_an_axis) for size in geometry.output_size)]
    shape = geometry.out_channels, *geometry.output_size
    return [int(np.ravel_multi_index(place, shape)) for place in product(*each)]


def some_told(drawn: int, count: int) -> str:
    """How many outputs of all are drawn, in words."""
    if drawn < count:
        return f"{drawn} of its {count:,} outputs"
    return "its one output" if count == 1 else f"all of its {count} outputs"


def _spread(size: int, most: int) -> list[int]:
    """At most so many of `size` numbers, from the first to the last.

    Examples
    --------
    >>> _spread(2, 3), _spread(8, 3)
    ([0, 1], [0, 3, 7])
    """
    count = min(size, most)
    return [n * (size - 1) // max(1, count - 1) for n in range(count)]
