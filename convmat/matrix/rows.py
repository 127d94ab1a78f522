"""The matrix in slabs of consecutive rows, where the whole does not fit in memory.

A slab is found and written from the geometry alone, like the whole matrix, and takes
memory for its own entries only. Stacked in order, the slabs are the matrix.
"""

from __future__ import annotations

import operator
from collections.abc import Iterator
from math import prod
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from convmat.arrays import Array
from convmat.dtypes import carried
from convmat.errors import ConvmatError, ConvmatTypeError
from convmat.geometry import Geometry, IntOrInts, geometry, require_geometry
from convmat.geometry.keywords import known_keywords
from convmat.matrix.csr import sparse_dtype
from convmat.memory import refuse_beyond
from convmat.tie import Slab, check_columns, narrowest

if TYPE_CHECKING:
    from scipy.sparse import csr_array

__all__ = ["SLAB_BYTES", "matrix_rows", "matrix_slab", "row_ranges"]

SLAB_BYTES = 16 << 20
"""Bytes of a slab when the caller names no number of rows; a row may take more."""


@known_keywords
def matrix_rows(
    kernel: npt.ArrayLike,
    input_shape: IntOrInts,
    *,
    block: int | None = None,
    max_bytes: int | None = None,
    **keywords: Any,
) -> Iterator[csr_array[Any, tuple[int, int]]]:
    """The matrix of `conv_matrix` in slabs of rows, one after another.

    Each slab is built when it is asked for. Whoever drops a slab before the next holds
    one at a time; a `for` loop holds two while the next is built.

    Parameters
    ----------
    kernel : array_like
        `(*kernel)`, or `(out_channels, in_channels // groups, *kernel)`. Its values are
        copied: a later change of the array does not reach later slabs.
    input_shape : int or tuple of int
        `(*spatial)` beside a kernel of the same rank, or `(in_channels, *spatial)`: the
        shape of one input. A batch axis would be read as one more spatial axis; see the
        notes on `convmat.geometry`.
    block : int, optional
        Rows of each slab but the last, which may have fewer. A cut may fall anywhere,
        in the middle of a line of outputs too. By default as many as fit 16 MiB, at
        least one, rounded down to whole lines, planes or channels of the output.
    max_bytes : int, optional
        Bytes that one slab may take; by default half of the physical memory.
    **keywords
        `stride`, `padding`, `dilation`, `groups`, `padding_mode`, as in
        `convmat.geometry`.

    Returns
    -------
    iterator of scipy.sparse.csr_array
        Each of shape `(rows of the slab, columns)`, in the order of the rows. Entry
        `[r, c]` is the weight with which output `first + r` reads input `c`, where
        `first` is the number of rows in the slabs before. The form is that of
        `conv_matrix`; indices are of 32 bits where the slab's columns, rows and entries
        fit, also where those of the whole matrix would not.

    Raises
    ------
    MatrixTooLargeError
        When a slab might take more than `max_bytes`; before the first is built.
    ConvmatError, ConvmatTypeError
        For a `block` that is no integer of at least 1, and as `conv_matrix`.

    Notes
    -----
    The product `slab @ x` is SciPy's, and in int64 it wraps beyond 2**63 without a
    word; the notes on `conv_matrix` say when it cannot, and what to do.

    Examples
    --------
    >>> for slab in matrix_rows([[1, 2], [3, 4]], (3, 3), block=3):
    ...     print(slab.toarray())
    [[1 2 0 3 4 0 0 0 0]
     [0 1 2 0 3 4 0 0 0]
     [0 0 0 1 2 0 3 4 0]]
    [[0 0 0 0 1 2 0 3 4]]

    The convolution of an image with a matrix that is never there as a whole:

    >>> x = np.arange(9)
    >>> slabs = matrix_rows([[1, 2], [3, 4]], (3, 3), block=3)
    >>> np.concatenate([slab @ x for slab in slabs])
    array([27, 37, 57, 67])
    """
    g, weights = read_kernel(kernel, input_shape, keywords)
    weights = weights.copy()
    ranges = row_ranges(g, weights.dtype, block=block, max_bytes=max_bytes)
    return (slab_of(g, weights, rows, max_bytes) for rows in ranges)


@known_keywords
def matrix_slab(
    kernel: npt.ArrayLike,
    input_shape: IntOrInts,
    rows: range,
    *,
    max_bytes: int | None = None,
    **keywords: Any,
) -> csr_array[Any, tuple[int, int]]:
    """The slab of some consecutive rows of the matrix, and of no others.

    It is what `conv_matrix(...)[rows.start : rows.stop]` is, without the rest.

    Parameters
    ----------
    kernel, input_shape, **keywords
        As in `matrix_rows`.
    rows : range
        With step 1, within the rows of the matrix. It may be empty.
    max_bytes : int, optional
        Bytes that the slab may take; by default half of the physical memory.

    Returns
    -------
    scipy.sparse.csr_array
        Of shape `(len(rows), columns)`; see `matrix_rows`.

    Raises
    ------
    MatrixTooLargeError
        When the slab would take more than `max_bytes`; nothing is allocated then.
    ConvmatError, ConvmatTypeError
        For rows that the matrix does not have, and as `conv_matrix`.

    Examples
    --------
    >>> matrix_slab([[1, 2], [3, 4]], (3, 3), range(1, 3)).toarray()
    array([[0, 1, 2, 0, 3, 4, 0, 0, 0],
           [0, 0, 0, 1, 2, 0, 3, 4, 0]])
    """
    g, weights = read_kernel(kernel, input_shape, keywords)
    _check_rows(rows, g)
    return slab_of(g, weights, rows, max_bytes)


def row_ranges(
    geometry: Geometry,
    dtype: npt.DTypeLike = np.float64,
    *,
    block: int | None = None,
    max_bytes: int | None = None,
) -> Iterator[range]:
    """The rows of each slab, in order: what `matrix_rows` builds one after another.

    Parameters
    ----------
    geometry : Geometry
    dtype : dtype
        Of the entries.
    block, max_bytes : int, optional
        As in `matrix_rows`.

    Returns
    -------
    iterator of range

    Raises
    ------
    MatrixTooLargeError
        When a slab might take more than `max_bytes`.
    ConvmatError, ConvmatTypeError
        For a `block` or `max_bytes` that is no such integer.

    Examples
    --------
    >>> from convmat import geometry
    >>> list(row_ranges(geometry((3, 3), (2, 2)), block=3))
    [range(0, 3), range(3, 4)]
    """
    require_geometry(geometry)
    check_columns(geometry.matrix_shape[1], geometry.input_shape)
    total, _ = geometry.matrix_shape
    size = _block(geometry, np.dtype(dtype), block, max_bytes)
    return (range(row, min(row + size, total)) for row in range(0, total, size))


def slab_of(
    g: Geometry, weights: Array, rows: range, max_bytes: int | None = None
) -> csr_array[Any, tuple[int, int]]:
    """The slab of checked rows, of a kernel of a dtype that SciPy carries."""
    from scipy.sparse import csr_array

    slab = Slab(g, rows)
    needed = _bytes(len(rows), slab.nnz, weights.dtype, slab.index_dtype)
    refuse_beyond(f"the slab of {len(rows)} rows of", g, needed, max_bytes, _FEWER)
    arrays = slab.values(weights), slab.indices(), slab.indptr()
    shape = len(rows), g.matrix_shape[1]
    matrix = csr_array(arrays, shape=shape, copy=False)
    matrix.has_canonical_format = True  # by construction: SciPy need not look
    return matrix


_FEWER = "take fewer rows at a time"


def read_kernel(
    kernel: npt.ArrayLike, input_shape: IntOrInts, keywords: dict[str, Any]
) -> tuple[Geometry, Array]:
    """The geometry, and the kernel in a dtype that SciPy carries."""
    array = carried("kernel", kernel)
    g = geometry(input_shape, array.shape, **keywords)
    check_columns(g.matrix_shape[1], g.input_shape)
    return g, sparse_dtype(array)


def _bytes(
    rows: int, nnz: int, dtype: np.dtype[Any], index: np.dtype[np.signedinteger]
) -> int:
    return nnz * (dtype.itemsize + index.itemsize) + (rows + 1) * index.itemsize


def _block(
    g: Geometry, dtype: np.dtype[Any], block: int | None, max_bytes: int | None
) -> int:
    """Rows of a slab: those asked for, or as many as the budget holds."""
    total, columns = g.matrix_shape

    def most(rows: int) -> int:
        """Bytes that `rows` rows take where no padding cuts them."""
        nnz = min(rows * g.taps_per_row, g.nnz)
        return _bytes(rows, nnz, dtype, narrowest(max(nnz, rows, columns)))

    refuse_beyond("a row of", g, most(1), max_bytes, "conv needs no stored matrix")
    if block is None:
        budget = SLAB_BYTES if max_bytes is None else min(SLAB_BYTES, max_bytes)
        size = total if most(total) <= budget else _even(g, budget // most(1))
    else:
        size = min(total, _checked_block(block))
    refuse_beyond(f"a slab of {size} rows of", g, most(size), max_bytes, _FEWER)
    return size


def _even(g: Geometry, rows: int) -> int:
    """At least 1 and half of `rows`, such that cuts fall between lines or planes."""
    channel = [prod(g.output_size[number:]) for number in range(g.rank)]
    unit = next((size for size in channel if size <= rows), 1)
    return max(1, rows - rows % unit)


def _checked_block(block: object) -> int:
    if isinstance(block, bool) or not hasattr(block, "__index__"):
        rule = "must be an integer number of rows, or None"
        raise ConvmatTypeError("block", rule, block)
    size = operator.index(block)
    if size < 1:
        raise ConvmatError("block", "must be at least 1", size)
    return size


def _check_rows(rows: object, g: Geometry) -> None:
    if not isinstance(rows, range) or rows.step != 1:
        remedy = "write range(first, stop)"
        raise ConvmatTypeError("rows", "must be a range with step 1", rows, remedy)
    total, _ = g.matrix_shape
    if not 0 <= rows.start <= rows.stop <= total:
        rule = f"must lie within the {total} rows of the matrix"
        raise ConvmatError("rows", rule, rows)
