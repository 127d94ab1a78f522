"""`Source`: a matrix on its way into a file, as slabs that are read in order."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from convmat.arrays import Array
from convmat.geometry import Geometry
from convmat.matrix.rows import slab_of
from convmat.tie import Slab, index_dtype

if TYPE_CHECKING:
    from scipy.sparse import csr_array

__all__ = ["AT_ONCE", "Source", "arguments", "of_kernel", "of_matrix", "row_numbers"]

AT_ONCE = 1 << 18
"""Entries that are written together: few enough to take next to no memory."""


@dataclass(frozen=True)
class Source:
    """What a file says about a matrix, and the matrix in slabs of rows.

    Attributes
    ----------
    shape : (int, int)
    nnz : int
    dtype, index_dtype : dtype
        Of the entries, and of the indices of the whole matrix.
    slabs : callable
        `slabs()` gives the slabs in order, anew with each call.
    arrays : callable
        `arrays(name)` gives one of the arrays `indptr`, `indices` and `data` of each
        slab in order, without the others.
    geometry : Geometry or None
        What the matrix is the matrix of, where that is known.
    """

    shape: tuple[int, int]
    nnz: int
    dtype: np.dtype[Any]
    index_dtype: np.dtype[np.signedinteger]
    slabs: Callable[[], Iterator[csr_array[Any, tuple[int, int]]]]
    arrays: Callable[[str], Iterator[Array]]
    geometry: Geometry | None


def of_matrix(
    matrix: csr_array[Any, tuple[int, int]], geometry: Geometry | None
) -> Source:
    """A matrix that is there as a whole, cut into slabs that share its arrays."""
    from scipy.sparse import csr_array

    def slabs() -> Iterator[csr_array[Any, tuple[int, int]]]:
        indptr = matrix.indptr
        rows, columns = matrix.shape
        cuts = np.searchsorted(indptr, np.arange(AT_ONCE, matrix.nnz, AT_ONCE))
        ends = np.unique(np.append(cuts, rows))
        for first, stop in zip([0, *ends[:-1]], ends, strict=True):
            entries = slice(indptr[first], indptr[stop])
            own = (
                matrix.data[entries],
                matrix.indices[entries],
                indptr[first : stop + 1] - indptr[first],
            )
            yield csr_array(own, shape=(stop - first, columns), copy=False)

    def arrays(name: str) -> Iterator[Array]:
        array = getattr(matrix, name)
        yield array if name == "indptr" else array[: matrix.nnz]

    return Source(
        matrix.shape,
        matrix.nnz,
        matrix.dtype,
        matrix.indptr.dtype,
        slabs,
        arrays,
        geometry,
    )


def of_kernel(
    geometry: Geometry,
    weights: Array,
    ranges: Callable[[], Iterator[range]],
    max_bytes: int | None = None,
) -> Source:
    """The matrix of a kernel, built slab by slab, of the rows of `ranges()` each.

    A slab takes `max_bytes` at most.
    """

    def slabs() -> Iterator[csr_array[Any, tuple[int, int]]]:
        return (slab_of(geometry, weights, rows, max_bytes) for rows in ranges())

    def arrays(name: str) -> Iterator[Array]:
        build: Callable[[Slab], Array] = {
            "indptr": Slab.indptr,
            "indices": Slab.indices,
            "data": lambda slab: slab.values(weights),
        }[name]
        return (build(Slab(geometry, rows)) for rows in ranges())

    return Source(
        geometry.matrix_shape,
        geometry.nnz,
        weights.dtype,
        index_dtype(geometry),
        slabs,
        arrays,
        geometry,
    )


def arguments(geometry: Geometry) -> dict[str, Any]:
    """What `convmat.geometry` makes the same geometry of; JSON can hold it.

    Examples
    --------
    >>> from convmat import geometry
    >>> g = geometry((3, 3), (2, 2), stride=2)
    >>> arguments(g)["input_shape"], geometry(**arguments(g)) == g
    ((3, 3), True)
    """
    shapes = {
        "input_shape": geometry.input_shape,
        "kernel_shape": geometry.kernel_shape,
    }
    return {**shapes, **geometry.keywords}


def row_numbers(slab: csr_array[Any, tuple[int, int]], first: int) -> Array:
    """The row of the whole matrix that each entry lies in; the slab's first is `first`.

    Examples
    --------
    >>> from convmat.matrix import matrix_slab
    >>> row_numbers(matrix_slab([1, 2], 9, range(4, 6)), 4)
    array([4, 4, 5, 5])
    """
    numbers = np.arange(first, first + slab.shape[0], dtype=np.int64)
    return np.repeat(numbers, np.diff(slab.indptr))
