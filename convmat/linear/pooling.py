"""Sum and average pooling as matrices."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from convmat.arrays import Array, IntArray
from convmat.errors import ConvmatTypeError
from convmat.geometry import Geometry, IntOrInts
from convmat.geometry.shorthand import Padding
from convmat.linear.divisors import divisors_of
from convmat.linear.windows import read_windows
from convmat.matrix import matrix_bytes
from convmat.memory import refuse_beyond
from convmat.tie import check_columns, pattern_of

if TYPE_CHECKING:
    from scipy.sparse import csr_array

__all__ = ["avg_pool_matrix", "sum_pool_matrix"]


def sum_pool_matrix(
    input_shape: IntOrInts,
    pool_size: IntOrInts,
    *,
    stride: IntOrInts | None = None,
    padding: Padding = 0,
    dilation: IntOrInts = 1,
    ceil_mode: bool = False,
    max_bytes: int | None = None,
) -> csr_array[Any, tuple[int, int]]:
    """The matrix that sums the input over windows, each channel by itself.

    Parameters
    ----------
    input_shape, pool_size, stride, padding, dilation, ceil_mode
        As in `avg_pool_matrix`.
    max_bytes : int, optional
        Bytes that the matrix may take; by default half of the physical memory.

    Returns
    -------
    scipy.sparse.csr_array
        Of int64, in canonical form. Entry `[r, c]` is 1 where input `c` is in the
        window of output `r`; both count in C order of `(channel, *spatial)`.

    Raises
    ------
    GeometryError, ShapeError, ConvmatTypeError
        For windows that do not fit the input, and arguments that are none.
    MatrixTooLargeError
        When the matrix would take more than `max_bytes`; nothing is allocated then.

    Examples
    --------
    >>> sum_pool_matrix(5, 2, ceil_mode=True).toarray()
    array([[1, 1, 0, 0, 0],
           [0, 0, 1, 1, 0],
           [0, 0, 0, 0, 1]])
    """
    windows = read_windows(input_shape, pool_size, stride, padding, dilation, ceil_mode)
    g = windows.geometry
    _refuse_beyond(g, np.int64, max_bytes)
    indptr, indices = pattern_of(g).structure()
    return _pooling(g, np.ones(g.nnz, np.int64), indices, indptr)


def avg_pool_matrix(
    input_shape: IntOrInts,
    pool_size: IntOrInts,
    *,
    stride: IntOrInts | None = None,
    padding: Padding = 0,
    dilation: IntOrInts = 1,
    count_include_pad: bool = True,
    ceil_mode: bool = False,
    divisor_override: int | None = None,
    dtype: npt.DTypeLike = np.float64,
    max_bytes: int | None = None,
) -> csr_array[Any, tuple[int, int]]:
    """The matrix of average pooling, each channel by itself.

    It is `sum_pool_matrix` with each row divided by the entry of `avg_pool_divisors`
    that belongs to its output.

    Parameters
    ----------
    input_shape : int or tuple of int
        `(*spatial)` or `(channels, *spatial)`.
    pool_size : int or tuple of int
        Cells of a window, one number for each spatial axis. Where the input has one
        axis more, the first is channels. One integer alone is read beside one axis
        only: beside `(3, 28, 28)` it could mean two axes or three.
    stride : int or tuple of int, optional
        Cells between neighbouring windows; by default `pool_size`.
    padding : int, tuple or str
        Cells of zeros around the input, as in `convmat.geometry`. PyTorch allows half
        of a window; here it may be any number.
    dilation : int or tuple of int
        Cells between neighbouring cells of a window, as ONNX has it.
    count_include_pad : bool
        Whether cells of padding count in the divisor.
    ceil_mode : bool
        Whether a last window may hang over the end of the padding where the stride
        leaves cells over. It does not where it would begin after the input.
    divisor_override : int, optional
        The divisor of every window.
    dtype : dtype
        Of the entries: real or complex floats.
    max_bytes : int, optional
        Bytes that the matrix may take; by default half of the physical memory.

    Returns
    -------
    scipy.sparse.csr_array
        In canonical form. Entry `[r, c]` is `1 / divisor`, rounded once, where input
        `c` is in the window of output `r`; both count in C order of
        `(channel, *spatial)`.

    Raises
    ------
    GeometryError
        For windows that do not fit the input, or that nothing is divided by: see
        `avg_pool_divisors`.
    ShapeError
        When `pool_size` has another number of entries than there are spatial axes.
    ConvmatTypeError
        For what is no integer, and for a `dtype` of integers.
    MatrixTooLargeError
        When the matrix would take more than `max_bytes`; nothing is allocated then.

    References
    ----------
    PyTorch, `torch.nn.AvgPool2d`: sizes, the window dropped in `ceil_mode`, divisors.
    ONNX, operator `AveragePool`: dilation.

    Examples
    --------
    >>> import numpy as np
    >>> A = avg_pool_matrix((4, 4), (2, 2))
    >>> (A @ np.arange(16)).reshape(2, 2)
    array([[ 2.5,  4.5],
           [10.5, 12.5]])
    >>> avg_pool_matrix(3, 2, padding=1, count_include_pad=False).toarray()
    array([[1. , 0. , 0. ],
           [0. , 0.5, 0.5]])
    """
    kind = _floating(dtype)
    windows = read_windows(input_shape, pool_size, stride, padding, dilation, ceil_mode)
    g = windows.geometry
    _refuse_beyond(g, kind, max_bytes)
    divisors = divisors_of(windows, count_include_pad, divisor_override)
    indptr, indices = pattern_of(g).structure()
    shares = np.tile(1 / divisors.ravel().astype(kind), g.out_channels)
    return _pooling(g, np.repeat(shares, np.diff(indptr)), indices, indptr)


def _floating(dtype: npt.DTypeLike) -> np.dtype[Any]:
    """`dtype`, when averages can be written in it and SciPy carries it."""
    rule = "must be one of real or complex floats"
    try:
        kind = np.dtype(dtype)
    except TypeError:
        raise ConvmatTypeError("dtype", rule, dtype) from None
    if kind.kind not in "fc":
        remedy = "sum_pool_matrix is in integers"
        raise ConvmatTypeError("dtype", rule, str(kind), remedy)
    if kind == np.float16:
        rule = "must be one that SciPy's sparse arrays carry"
        raise ConvmatTypeError("dtype", rule, str(kind), "use float32")
    return kind.newbyteorder("=")


def _refuse_beyond(g: Geometry, kind: npt.DTypeLike, max_bytes: int | None) -> None:
    remedy = "conv_operator with a kernel of ones needs no stored matrix"
    needed = matrix_bytes(g, kind)
    refuse_beyond("the pooling matrix of", g, needed, max_bytes, remedy)
    check_columns(g.matrix_shape[1], g.input_shape)


def _pooling(
    g: Geometry, data: Array, indices: IntArray, indptr: IntArray
) -> csr_array[Any, tuple[int, int]]:
    from scipy.sparse import csr_array

    matrix = csr_array((data, indices, indptr), shape=g.matrix_shape, copy=False)
    matrix.has_canonical_format = True  # as the pattern of a convolution is
    return matrix
