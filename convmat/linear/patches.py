"""Windows laid out in columns (im2col), and added up again (col2im)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from convmat.geometry import IntOrInts
from convmat.geometry.shorthand import Padding, read_geometry
from convmat.linear.reading import Input, read_input, renamed
from convmat.linear.selection import Pick, Selection
from convmat.memory import refuse_beyond

if TYPE_CHECKING:
    from scipy.sparse import csr_array

__all__ = ["fold_matrix", "unfold_matrix"]

_WHAT = "the unfolding matrix of an input"
_REMEDY = "convmat.conv and conv_operator take windows without a matrix"


def unfold_matrix(
    input_shape: IntOrInts,
    kernel_size: IntOrInts,
    *,
    stride: IntOrInts = 1,
    padding: Padding = 0,
    dilation: IntOrInts = 1,
    padding_mode: str = "zeros",
    max_bytes: int | None = None,
) -> csr_array[Any, tuple[int, int]]:
    """The matrix that lays out every window of the input: im2col.

    A convolution is the kernel, as a matrix of `(out_channels, channels * taps)`, times
    the windows that come out, as a matrix of `(channels * taps, outputs)`.

    Parameters
    ----------
    input_shape : int or tuple of int
        `(*spatial)` or `(channels, *spatial)`.
    kernel_size : int or tuple of int
        Taps along each spatial axis. Where the input has one axis more, the first is
        channels. One integer alone is read beside one axis only.
    stride, padding, dilation, padding_mode
        As in `convmat.geometry`.
    max_bytes : int, optional
        Bytes that the matrix may take; by default half of the physical memory.

    Returns
    -------
    scipy.sparse.csr_array
        Of int64, in canonical form. Rows count in C order of
        `(channel, *taps, *outs)`, as in PyTorch, columns of `(channel, *spatial)`;
        entry `[r, c]` is 1 where that tap of that output reads input `c`. A tap that
        falls on zeros of the padding has an empty row.

    Raises
    ------
    ShapeError
        When `kernel_size` has another number of entries than there are spatial axes.
    GeometryError, ConvmatTypeError
        For settings that give no convolution; see `convmat.geometry`.
    MatrixTooLargeError
        When the matrix would take more than `max_bytes`; nothing is allocated then.

    References
    ----------
    PyTorch, `torch.nn.Unfold`: the order of rows.

    Examples
    --------
    >>> import numpy as np
    >>> U = unfold_matrix(4, 2)
    >>> windows = (U @ np.array([1, 2, 3, 4])).reshape(2, 3)
    >>> windows
    array([[1, 2, 3],
           [2, 3, 4]])
    >>> np.array([10, 1]) @ windows
    array([12, 23, 34])
    """
    given, chosen = _read(
        input_shape, kernel_size, stride, padding, dilation, padding_mode
    )
    return chosen.matrix(_WHAT, given, max_bytes, _REMEDY)


def fold_matrix(
    input_shape: IntOrInts,
    kernel_size: IntOrInts,
    *,
    stride: IntOrInts = 1,
    padding: Padding = 0,
    dilation: IntOrInts = 1,
    padding_mode: str = "zeros",
    max_bytes: int | None = None,
) -> csr_array[Any, tuple[int, int]]:
    """The matrix that adds windows up where they came from: col2im.

    It is the transpose of `unfold_matrix`, and not its inverse: a cell that `m` taps
    read comes back `m` times as large.

    Parameters
    ----------
    input_shape : int or tuple of int
        Of what comes out: `(*spatial)` or `(channels, *spatial)`.
    kernel_size, stride, padding, dilation, padding_mode
        As in `unfold_matrix`.
    max_bytes : int, optional
        Bytes that the matrix may take; by default half of the physical memory. While it
        is built, `unfold_matrix` stands beside it, and may take that half whatever
        `max_bytes` says.

    Returns
    -------
    scipy.sparse.csr_array
        Of int64, in canonical form. Rows and columns are the columns and rows of
        `unfold_matrix`.

    Raises
    ------
    ShapeError
        When `kernel_size` has another number of entries than there are spatial axes.
    GeometryError, ConvmatTypeError
        For settings that give no convolution; see `convmat.geometry`.
    MatrixTooLargeError
        When the matrix would take more than `max_bytes`; nothing is allocated then.

    Examples
    --------
    >>> (fold_matrix(4, 2) @ unfold_matrix(4, 2)).diagonal()
    array([1, 2, 2, 1])
    """
    given, chosen = _read(
        input_shape, kernel_size, stride, padding, dilation, padding_mode
    )
    what = "the folding matrix to an input"
    needed = chosen.bytes(transposed=True)
    refuse_beyond(what, given.shape, needed, max_bytes, _REMEDY)
    unfold = chosen.matrix(_WHAT, given, None, _REMEDY)
    return unfold.T.tocsr()


def _read(
    input_shape: IntOrInts,
    kernel_size: IntOrInts,
    stride: IntOrInts,
    padding: Padding,
    dilation: IntOrInts,
    padding_mode: str,
) -> tuple[Input, Selection]:
    """The input, and the selection that unfolds it."""
    given, listed = read_input(input_shape, "kernel_size", kernel_size)
    kernel: Any = listed
    with renamed(kernel_shape="kernel_size"):
        g = read_geometry(
            given.size,
            kernel,
            stride=stride,
            padding=padding,
            dilation=dilation,
            padding_mode=padding_mode,
        )
    return given, Selection(given.channels, [Pick.windows(axis) for axis in g.axes])
