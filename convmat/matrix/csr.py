"""The whole matrix of a convolution: built straight to its place, and refilled."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from convmat.arrays import Array
from convmat.dtypes import carried, quiet
from convmat.errors import ConvmatError, ConvmatTypeError, ShapeError
from convmat.geometry import Geometry, IntOrInts, geometry, require_geometry
from convmat.geometry.keywords import known_keywords
from convmat.memory import refuse_beyond
from convmat.tie import check_columns, index_dtype, pattern_of

if TYPE_CHECKING:
    from scipy.sparse import csr_array

__all__ = ["conv_matrix", "from_pattern", "matrix_bytes", "refill", "sparse_dtype"]


@known_keywords
def conv_matrix(
    kernel: npt.ArrayLike,
    input_shape: IntOrInts,
    *,
    max_bytes: int | None = None,
    **keywords: Any,
) -> csr_array[Any, tuple[int, int]]:
    """The matrix `W` with `conv(x, kernel).ravel() == W @ x.ravel()`.

    Parameters
    ----------
    kernel : array_like
        `(*kernel)`, or `(out_channels, in_channels // groups, *kernel)`.
    input_shape : int or tuple of int
        `(*spatial)` beside a kernel of the same rank, or `(in_channels, *spatial)`: the
        shape of one input. A batch axis would be read as one more spatial axis; see the
        notes on `convmat.geometry`.
    max_bytes : int, optional
        Bytes that the matrix may take; by default half of the physical memory.
    **keywords
        `stride`, `padding`, `dilation`, `groups`, `padding_mode`, as in
        `convmat.geometry`.

    Returns
    -------
    scipy.sparse.csr_array
        Entry `[r, c]` is the weight with which output `r` reads input `c`; both count
        in C order of `(channel, *spatial)`. The form is canonical: columns ascend, no
        position is stored twice. A tap whose value is 0 is stored like any other, so
        that the pattern is a matter of the geometry alone. Where the padding is filled
        from the input, taps of a row that read one input are added. Integers give
        int64.

    Raises
    ------
    MatrixTooLargeError
        When the matrix would take more than `max_bytes`; nothing is allocated then.
    ConvmatTypeError
        For a dtype that SciPy's sparse arrays cannot carry, such as `Fraction`.
    ConvmatError
        For settings that give no convolution; see `convmat.geometry`.

    Notes
    -----
    Entries are right or refused, but the product `W @ x` is SciPy's, and in int64 it
    wraps beyond 2**63 without a word. It cannot as long as `max|x| * max|kernel|` times
    the taps of a row, `geometry(...).taps_per_row`, is below 2**63. Where that may not
    hold, `conv` gives the same sums and refuses one that does not fit, and
    `conv(x.astype(object), kernel)` gives sums of any size.

    It is laid out in a few large steps, so that no bar can tell how far it is;
    `matrix_rows` counts slabs, and `save_rows` shows a bar.

    Examples
    --------
    >>> W = conv_matrix([[1, 2], [3, 4]], (3, 3))
    >>> W.toarray()
    array([[1, 2, 0, 3, 4, 0, 0, 0, 0],
           [0, 1, 2, 0, 3, 4, 0, 0, 0],
           [0, 0, 0, 1, 2, 0, 3, 4, 0],
           [0, 0, 0, 0, 1, 2, 0, 3, 4]])
    """
    array = carried("kernel", kernel)
    g = geometry(input_shape, array.shape, **keywords)
    array = sparse_dtype(array)
    refuse_beyond(
        "the matrix of",
        g,
        matrix_bytes(g, array.dtype),
        max_bytes,
        "conv_operator needs no stored matrix, and matrix_rows builds it slab by slab",
    )
    check_columns(g.matrix_shape[1], g.input_shape)
    return from_pattern(g, array)


def from_pattern(g: Geometry, kernel: Array) -> csr_array[Any, tuple[int, int]]:
    """The matrix of a checked geometry and a kernel of a dtype that SciPy carries.

    `kernel` has the shape `g.weight_shape`. Nothing is checked again, as `conv_matrix`
    does.

    Examples
    --------
    >>> from convmat import geometry
    >>> from_pattern(geometry(3, 2), np.array([[[5, 7]]])).toarray()
    array([[5, 7, 0],
           [0, 5, 7]])
    """
    from scipy.sparse import csr_array

    pattern = pattern_of(g)
    indptr, indices = pattern.structure()
    matrix = csr_array(
        (pattern.values(kernel), indices, indptr), shape=g.matrix_shape, copy=False
    )
    matrix.has_canonical_format = True  # by construction: SciPy need not look
    return matrix


def matrix_bytes(g: Geometry, dtype: npt.DTypeLike = np.float64) -> int:
    """Bytes of the three arrays of the matrix, counted without building anything.

    Examples
    --------
    >>> from convmat import geometry
    >>> matrix_bytes(geometry((3, 3), (2, 2)), np.float64)
    212
    """
    index = index_dtype(g).itemsize
    rows, _ = g.matrix_shape
    return g.nnz * (np.dtype(dtype).itemsize + index) + (rows + 1) * index


def refill(
    matrix: csr_array[Any, tuple[int, int]], kernel: npt.ArrayLike, geometry: Geometry
) -> csr_array[Any, tuple[int, int]]:
    """Write another kernel of the same geometry into `matrix`, and return it.

    Only `matrix.data` changes, in place: the pattern is a matter of the geometry.

    Parameters
    ----------
    matrix : scipy.sparse.csr_array
        As `conv_matrix` made it.
    kernel : array_like
        Of the shape `geometry.kernel_shape`, of a dtype that fits the matrix's.
    geometry : Geometry
        The geometry of the matrix.

    Returns
    -------
    scipy.sparse.csr_array
        `matrix` itself.

    Raises
    ------
    ShapeError
        When the kernel or the matrix is not of this geometry.
    ConvmatError
        When a value is beyond the matrix's dtype, or its data is read-only.
    ConvmatTypeError
        When the values cannot be stored without loss of kind, such as floats in an
        integer matrix.

    Examples
    --------
    >>> from convmat import geometry
    >>> W = conv_matrix([1, 2], 3)
    >>> refill(W, [5, 7], geometry(3, 2)).toarray()
    array([[5, 7, 0],
           [0, 5, 7]])
    """
    require_geometry(geometry)
    if getattr(matrix, "format", None) != "csr":
        remedy = "use one that conv_matrix made"
        raise ConvmatTypeError("matrix", "must be a CSR array", type(matrix), remedy)
    array = sparse_dtype(carried("kernel", kernel))
    if array.shape not in (geometry.kernel_shape, geometry.weight_shape):
        rule = f"must be {geometry.kernel_shape}"
        raise ShapeError("kernel.shape", rule, array.shape)
    if not np.can_cast(array.dtype, matrix.dtype, "same_kind"):
        remedy = "build a new matrix with conv_matrix"
        raise ConvmatTypeError(
            "kernel", f"must fit the matrix's {matrix.dtype}", str(array.dtype), remedy
        )
    pattern = pattern_of(geometry)
    indptr, indices = pattern.structure()
    if (
        matrix.shape != geometry.matrix_shape
        or not np.array_equal(matrix.indptr, indptr)
        or not np.array_equal(matrix.indices, indices)
    ):
        remedy = "build it with conv_matrix and the same settings"
        raise ShapeError(
            "matrix", f"must have the pattern of {geometry!r}", matrix, remedy
        )
    if not matrix.data.flags.writeable:
        raise ConvmatError("matrix.data", "must be writeable", "a read-only array")
    cast = _without_loss(array, matrix.dtype)
    with quiet():
        pattern.values(cast, out=matrix.data)
    return matrix


def _without_loss(kernel: Array, dtype: np.dtype[Any]) -> Array:
    """`kernel` in the dtype of a matrix; it may be rounded, but not overflow.

    Raises
    ------
    ConvmatError
        When a value is beyond the dtype.
    """
    with np.errstate(over="ignore"):
        cast = kernel.astype(dtype, copy=False)
    kept = (
        np.array_equal(cast, kernel)
        if dtype.kind in "iu"
        else np.array_equal(np.isfinite(cast), np.isfinite(kernel))
    )
    if not kept:
        remedy = "build a new matrix with conv_matrix"
        rule = f"must fit the matrix's {dtype}"
        raise ConvmatError("kernel", rule, kernel, remedy)
    return cast


def sparse_dtype(kernel: Array) -> Array:
    """`kernel`, when SciPy's sparse arrays carry its dtype.

    Raises
    ------
    ConvmatTypeError
        For objects and float16.

    Examples
    --------
    >>> sparse_dtype(np.array([5, 7]))
    array([5, 7])
    >>> sparse_dtype(np.array([5, 7], np.float16))
    Traceback (most recent call last):
        ...
    convmat.errors.ConvmatTypeError: kernel must be of a dtype that SciPy's sparse
    arrays carry, got kernel='float16'; use kernel.astype(np.float32), or conv,
    which carries float16
    """
    if kernel.dtype == np.float16:
        remedy = "use kernel.astype(np.float32), or conv, which carries float16"
    elif kernel.dtype == object:
        remedy = (
            "use conv or ConvConstraint(geometry).embed(kernel), which carry "
            "Fractions, or integers times a common denominator"
        )
    else:
        return kernel
    rule = "must be of a dtype that SciPy's sparse arrays carry"
    raise ConvmatTypeError("kernel", rule, str(kernel.dtype), remedy)
