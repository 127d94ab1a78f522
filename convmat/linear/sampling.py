"""Leaving cells out and putting cells in: stride, and up-sampling."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from convmat.arrays import IntArray, Shape
from convmat.errors import GeometryError, ShapeError
from convmat.geometry import IntOrInts, geometry
from convmat.geometry.integers import listed
from convmat.geometry.shorthand import read_shape
from convmat.linear.reading import read_input
from convmat.linear.selection import Pick, Selection

if TYPE_CHECKING:
    from scipy.sparse import csr_array

__all__ = ["UPSAMPLINGS", "subsample_matrix", "upsample_matrix"]

UPSAMPLINGS = ("zeros", "nearest")
"""What stands in the new cells: zeros, or the cell before them."""


def subsample_matrix(
    input_shape: IntOrInts, stride: IntOrInts, *, max_bytes: int | None = None
) -> csr_array[Any, tuple[int, int]]:
    """The matrix of `x[::stride]`: what a stride does to the outputs of a convolution.

    A convolution with a stride is the one without it, and then this.

    Parameters
    ----------
    input_shape : int or tuple of int
        `(*spatial)` or `(channels, *spatial)`.
    stride : int or tuple of int
        Every how many cells one is kept, for each spatial axis; the first is kept
        always. Where the input has one axis more, the first is channels. One integer
        alone is read beside one axis only.
    max_bytes : int, optional
        Bytes that the matrix may take; by default half of the physical memory.

    Returns
    -------
    scipy.sparse.csr_array
        Of int64, in canonical form. Entry `[r, c]` is 1 where cell `c` of the input is
        kept as cell `r`; of `n` cells `ceil(n / stride)` are kept.

    Raises
    ------
    ShapeError
        When `stride` has another number of entries than there are spatial axes.
    GeometryError, ConvmatTypeError
        For a stride that is no positive integer.
    MatrixTooLargeError
        When the matrix would take more than `max_bytes`; nothing is allocated then.

    Examples
    --------
    >>> import numpy as np
    >>> subsample_matrix(5, 2) @ np.arange(5)
    array([0, 2, 4])

    >>> from convmat.matrix import conv_matrix
    >>> W = conv_matrix([1, 2, 3], 8)
    >>> (subsample_matrix(6, 4) @ W != conv_matrix([1, 2, 3], 8, stride=4)).nnz
    0
    """
    given, listed = read_input(input_shape, "stride", stride)
    strides: Any = listed
    g = geometry(given.size, (1,) * len(given.size), stride=strides)
    chosen = Selection(given.channels, [Pick.windows(axis) for axis in g.axes])
    what = "the subsampling matrix of an input"
    return chosen.matrix(what, given, max_bytes, "x[::stride] needs no matrix")


def upsample_matrix(
    input_shape: IntOrInts,
    factor: IntOrInts,
    *,
    kind: str = "zeros",
    trailing: IntOrInts = 0,
    max_bytes: int | None = None,
) -> csr_array[Any, tuple[int, int]]:
    """The matrix that puts new cells between those of the input.

    With zeros it is the transpose of `subsample_matrix`: `trailing` chooses which of
    the sizes that are subsampled to the input comes out.

    Parameters
    ----------
    input_shape : int or tuple of int
        `(*spatial)` or `(channels, *spatial)`.
    factor : int or tuple of int
        How many cells lie from one cell of the input to the next, for each spatial
        axis. Where the input has one axis more, the first is channels. One integer
        alone is read beside one axis only.
    kind : str
        What stands in the new cells: `"zeros"`, or `"nearest"`, the cell before them,
        as in `np.repeat`.
    trailing : int or tuple of int
        Zeros after the last cell, less than `factor`: one integer for all spatial axes
        or one for each. `factor - 1` gives the size `n * factor`.
    max_bytes : int, optional
        Bytes that the matrix may take; by default half of the physical memory.

    Returns
    -------
    scipy.sparse.csr_array
        Of int64, in canonical form. Entry `[r, c]` is 1 where cell `r` of the result is
        filled from cell `c`. An axis of `n` cells becomes one of
        `(n - 1) * factor + 1 + trailing` with zeros, of `n * factor` with the nearest.

    Raises
    ------
    ShapeError
        When `factor` has another number of entries than there are spatial axes.
    GeometryError
        For a factor below 1, an unknown kind, or too many trailing zeros.
    ConvmatTypeError
        For what is no integer.
    MatrixTooLargeError
        When the matrix would take more than `max_bytes`; nothing is allocated then.

    Examples
    --------
    >>> import numpy as np
    >>> x = np.array([1, 2, 3])
    >>> upsample_matrix(3, 2) @ x
    array([1, 0, 2, 0, 3])
    >>> upsample_matrix(3, 2, trailing=1) @ x
    array([1, 0, 2, 0, 3, 0])
    >>> upsample_matrix(3, 2, kind="nearest") @ x
    array([1, 1, 2, 2, 3, 3])
    """
    given, listed = read_input(input_shape, "factor", factor)
    factors = read_shape("factor", listed)
    if min(factors) < 1:
        rule = "must be at least 1 on every axis"
        raise GeometryError("factor", rule, factors)
    if not isinstance(kind, str) or kind not in UPSAMPLINGS:
        rule = f"must be one of {', '.join(map(repr, UPSAMPLINGS))}"
        raise GeometryError("kind", rule, kind)
    zeros = _trailing(trailing, factors, kind)
    picks = [
        _nearest(n, f) if kind == "nearest" else _spread(n, f, more)
        for n, f, more in zip(given.size, factors, zeros, strict=True)
    ]
    what = "the up-sampling matrix of an input"
    remedy = "np.repeat and slices need no matrix"
    return Selection(given.channels, picks).matrix(what, given, max_bytes, remedy)


def _trailing(trailing: object, factors: Shape, kind: str) -> Shape:
    """Zeros after the last cell of each axis."""
    zeros = read_shape("trailing", trailing)
    if listed(trailing) is None:
        zeros *= len(factors)
    if len(zeros) != len(factors):
        rule = f"must be one integer or one per spatial axis, {len(factors)} in all"
        raise ShapeError("trailing", rule, zeros)
    if kind == "nearest" and any(zeros):
        remedy = "the size is n * factor already"
        rule = "must be 0 beside kind='nearest'"
        raise GeometryError("trailing", rule, trailing, remedy)
    if any(not 0 <= more < f for more, f in zip(zeros, factors, strict=True)):
        remedy = "pad_matrix adds more"
        rule = f"must be at least 0 and below factor={factors}"
        raise GeometryError("trailing", rule, trailing, remedy)
    return zeros


def _spread(size: int, factor: int, trailing: int) -> Pick:
    """Each cell at a multiple of the factor, zeros between them and after the last."""
    outs = (size - 1) * factor + 1 + trailing

    def sources() -> IntArray:
        table = np.full((1, outs), -1, np.int64)
        table[0, ::factor] = np.arange(size)
        return table

    return Pick(1, outs, size, size, sources)


def _nearest(size: int, factor: int) -> Pick:
    """Each cell as often as the factor says."""
    outs = size * factor
    return Pick(1, outs, size, outs, lambda: np.arange(outs)[None] // factor)
