"""The convolution of signal processing, whose kernel is flipped, as a matrix."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from convmat.arrays import Shape
from convmat.dtypes import carried
from convmat.errors import GeometryError, ShapeError
from convmat.geometry import IntOrInts
from convmat.geometry.shorthand import Padding, read_shape
from convmat.linear.reading import renamed
from convmat.matrix import conv_matrix

if TYPE_CHECKING:
    from scipy.sparse import csr_array

__all__ = ["MODES", "convolution_matrix"]

MODES = ("full", "same", "valid")
"""Which part of the full convolution is kept."""


def convolution_matrix(
    kernel: npt.ArrayLike,
    input_shape: IntOrInts,
    mode: str = "full",
    *,
    max_bytes: int | None = None,
) -> csr_array[Any, tuple[int, int]]:
    """The matrix of `scipy.signal.convolve(x, kernel, mode)`, of any rank.

    It is `conv_matrix` of the kernel flipped along every axis. On one axis, `"full"`
    and `"valid"` give the entries of `scipy.linalg.convolution_matrix`; so does
    `"same"` unless the kernel is longer than the input, where that function returns as
    many outputs as the kernel has taps.

    Parameters
    ----------
    kernel : array_like
        As many axes as the input; real or complex, and not conjugated.
    input_shape : int or tuple of int
        `(*spatial)`, without channels.
    mode : str
        `"full"`: every output that touches the input, `n + k - 1` on each axis.
        `"same"`: the `n` outputs of these that begin at `(k - 1) // 2`.
        `"valid"`: those that touch no padding, `n - k + 1`; where the kernel is at
        least as large as the input on every axis, the two swap roles, and it is the
        `k - n + 1` outputs that read the whole input.
    max_bytes : int, optional
        Bytes that the matrix may take; by default half of the physical memory.

    Returns
    -------
    scipy.sparse.csr_array
        In canonical form; integers give int64. Entry `[r, c]` is the tap with which
        output `r` reads input `c`; both count in C order.

    Raises
    ------
    ShapeError
        When the kernel has another number of axes than the input, or neither of the two
        fits the other in mode `"valid"`.
    GeometryError
        For an unknown mode.
    ConvmatTypeError
        For a dtype that SciPy's sparse arrays cannot carry, such as `Fraction`.
    MatrixTooLargeError
        When the matrix would take more than `max_bytes`; nothing is allocated then.

    References
    ----------
    SciPy, `scipy.signal.convolve` and `scipy.linalg.convolution_matrix`.

    Examples
    --------
    >>> convolution_matrix([1, 2, 3], 4, "same").toarray()
    array([[2, 1, 0, 0],
           [3, 2, 1, 0],
           [0, 3, 2, 1],
           [0, 0, 3, 2]])
    """
    if not isinstance(mode, str) or mode not in MODES:
        rule = f"must be one of {', '.join(map(repr, MODES))}"
        raise GeometryError("mode", rule, mode)
    array = carried("kernel", kernel)
    size = read_shape("input_shape", input_shape)
    if array.ndim != len(size):
        rule = f"must have as many axes as input_shape={size}"
        remedy = (
            "with channels, flip the spatial axes of the kernel and call conv_matrix"
        )
        raise ShapeError("kernel.shape", rule, array.shape, remedy)
    with renamed(kernel_shape="kernel.shape"):
        return conv_matrix(
            np.flip(array),
            size,
            padding=_padding(mode, size, array.shape),
            max_bytes=max_bytes,
        )


def _padding(mode: str, size: Shape, kernel: Shape) -> Padding:
    """Zeros around the input that leave the outputs of a mode."""
    if mode != "valid":
        # The first of the "same" outputs is number (k - 1) // 2 of the full ones, so
        # k - 1 - (k - 1) // 2 zeros stand before the input: the larger half.
        return "full" if mode == "full" else "same_lower"
    larger = [k - n for n, k in zip(size, kernel, strict=True)]
    if min(larger) < 0 < max(larger):
        rule = (
            "must be at most the input's or at least the input's on every axis beside "
            f"mode='valid' and input_shape={size}"
        )
        remedy = "use mode='full' and crop_matrix"
        raise ShapeError("kernel.shape", rule, kernel, remedy)
    return tuple((max(0, more), max(0, more)) for more in larger)
