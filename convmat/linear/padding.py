"""The matrices that pad an input and that crop it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from convmat.arrays import Pads, Shape
from convmat.errors import ConvmatTypeError, GeometryError, ShapeError
from convmat.geometry import IntOrInts, geometry
from convmat.geometry.integers import listed
from convmat.geometry.shorthand import Padding, read_shape
from convmat.linear.reading import Input, read_input
from convmat.linear.selection import Pick, Selection

if TYPE_CHECKING:
    from scipy.sparse import csr_array

__all__ = ["crop_matrix", "pad_matrix", "padding_of"]

WHAT = "the padding matrix of an input"


def pad_matrix(
    input_shape: IntOrInts,
    padding: Padding,
    *,
    padding_mode: str = "zeros",
    max_bytes: int | None = None,
) -> csr_array[Any, tuple[int, int]]:
    """The matrix `P` with `P @ x.ravel()` the padded input.

    Parameters
    ----------
    input_shape : int or tuple of int
        `(*spatial)` or `(channels, *spatial)`.
    padding : int or tuple
        Cells added around the input: one integer or one `(before, after)` for each
        spatial axis. Where the input has one axis more, the first is channels, and
        nothing is added there. One integer alone is read beside one axis only.
    padding_mode : str
        What stands in the padding, as in `convmat.geometry`.
    max_bytes : int, optional
        Bytes that the matrix may take; by default half of the physical memory.

    Returns
    -------
    scipy.sparse.csr_array
        Of int64, in canonical form. Row `r` is a cell of the padded input, column `c`
        one of the input, both in C order of `(channel, *spatial)`; entry `[r, c]` is 1
        where the first is filled from the second. With zeros in the padding its rows
        are empty.

    Raises
    ------
    ShapeError
        When `padding` has another number of entries than there are spatial axes.
    GeometryError
        For negative padding, or more than the mode has cells to put.
    ConvmatTypeError
        For what is no integer, and for a name such as `"same"`.
    MatrixTooLargeError
        When the matrix would take more than `max_bytes`; nothing is allocated then.

    Examples
    --------
    >>> pad_matrix(2, [(1, 2)], padding_mode="circular").toarray()
    array([[0, 1],
           [1, 0],
           [0, 1],
           [1, 0],
           [0, 1]])
    >>> import numpy as np
    >>> P = pad_matrix((2, 2), (1, (0, 1)))
    >>> (P @ np.array([1, 2, 3, 4])).reshape(4, 3)
    array([[0, 0, 0],
           [1, 2, 0],
           [3, 4, 0],
           [0, 0, 0]])
    """
    if isinstance(padding, str):
        remedy = "read the cells of a kernel from geometry(...).padding"
        rule = "must be numbers, because a name says something beside a kernel only"
        raise ConvmatTypeError("padding", rule, padding, remedy)
    given, listed = read_input(input_shape, "padding", padding)
    chosen = padding_of(given, listed, padding_mode)
    return chosen.matrix(WHAT, given, max_bytes, "np.pad needs no matrix")


def padding_of(given: Input, padding: Any, mode: str) -> Selection:
    """The selection that pads an input; padding is checked by `geometry`."""
    # A window of one cell at every place is the padded input.
    one = (1,) * len(given.size)
    g = geometry(given.size, one, padding=padding, padding_mode=mode)
    return Selection(given.channels, [Pick.windows(axis) for axis in g.axes])


def crop_matrix(
    input_shape: IntOrInts, crop: Padding, *, max_bytes: int | None = None
) -> csr_array[Any, tuple[int, int]]:
    """The matrix that cuts cells off the ends of an input: `pad_matrix` undone.

    It is the transpose of the `pad_matrix` that puts zeros there again.

    Parameters
    ----------
    input_shape : int or tuple of int
        `(*spatial)` or `(channels, *spatial)`.
    crop : int or tuple
        Cells cut off: one integer or one `(before, after)` for each spatial axis. Where
        the input has one axis more, the first is channels. One integer alone is read
        beside one axis only.
    max_bytes : int, optional
        Bytes that the matrix may take; by default half of the physical memory.

    Returns
    -------
    scipy.sparse.csr_array
        Of int64, in canonical form. Entry `[r, c]` is 1 where cell `r` of the cropped
        input is cell `c` of the input.

    Raises
    ------
    ShapeError
        When `crop` has another number of entries than there are spatial axes.
    GeometryError
        For a negative crop, or one that leaves nothing of an axis.
    ConvmatTypeError
        For what is no integer.
    MatrixTooLargeError
        When the matrix would take more than `max_bytes`; nothing is allocated then.

    Examples
    --------
    >>> import numpy as np
    >>> C = crop_matrix(5, [(1, 2)])
    >>> C @ np.arange(5)
    array([1, 2])
    >>> (C != pad_matrix(2, [(1, 2)]).T).nnz
    0
    """
    given, listed = read_input(input_shape, "crop", crop)
    pairs = _pairs(listed, given.size)
    picks = [
        Pick.every(size, range(before, size - after))
        for size, (before, after) in zip(given.size, pairs, strict=True)
    ]
    chosen = Selection(given.channels, picks)
    what = "the cropping matrix of an input"
    return chosen.matrix(what, given, max_bytes, "slices need no matrix")


def _pairs(crop: tuple[object, ...], size: Shape) -> Pads:
    """`(before, after)` of each axis, once they are seen to leave something."""
    pairs = []
    for entry in crop:
        cells = read_shape("crop", entry)
        pair = cells if listed(entry) is not None else cells * 2
        if len(pair) != 2:
            rule = "must have exactly (before, after) where an axis is given a tuple"
            raise ShapeError("crop", rule, crop)
        pairs.append((pair[0], pair[1]))
    if min(map(min, pairs)) < 0:
        remedy = "pad_matrix adds cells"
        raise GeometryError("crop", "must be at least 0 everywhere", crop, remedy)
    for number, (n, pair) in enumerate(zip(size, pairs, strict=True)):
        if sum(pair) >= n:
            rule = f"must leave a cell on every axis, and axis {number} has {n}"
            raise GeometryError("crop", rule, crop)
    return tuple(pairs)
