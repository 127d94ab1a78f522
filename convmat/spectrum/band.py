"""The matrix of a group as a band: sparse, with its longer side as rows."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from convmat.arrays import Array, IntArray
from convmat.matrix import conv_matrix
from convmat.memory import refuse_beyond
from convmat.spectrum.order import orders
from convmat.spectrum.reading import Read
from convmat.tie import tie_map

__all__ = ["Tall", "band_width", "tall_matrices"]


@dataclass(frozen=True, eq=False)
class Tall:
    """A matrix with at least as many rows as columns, all rows near a diagonal.

    Attributes
    ----------
    matrix : scipy.sparse.csr_array, `(high, wide)`
        The matrix of a group or its adjoint, whichever is tall. Rows are in the order
        of their first columns.
    order : ndarray of int, shape (wide,)
        Entry `[i]` is the input of the group, or the output, that column `i` is of.
    first, reach : ndarray of int, shape (high,)
        The first column of a row, and the one after the last that any row up to it has.
    adjoint : bool
        Whether it is the adjoint: then columns are of outputs.
    """

    matrix: Any
    order: IntArray
    first: IntArray
    reach: IntArray
    adjoint: bool

    @property
    def width(self) -> int:
        """Columns from the first of a row to the last, at most, less one."""
        counts = np.diff(self.matrix.indptr)
        last = self.matrix.indices[self.matrix.indptr[1:][counts > 0] - 1]
        return int((last - self.first[counts > 0]).max(initial=0))

    @property
    def absolute(self) -> float:
        """The largest sum of absolute values of a row times that of a column.

        At least the square of the norm, also of the matrix of absolute values.
        """
        sizes = abs(self.matrix)
        return float(sizes.sum(axis=0).max() * sizes.sum(axis=1).max())


def tall_matrices(given: Read, max_bytes: int | None) -> Iterator[Tall]:
    """The matrices of all groups, one after the other.

    Yields
    ------
    Tall

    Raises
    ------
    MatrixTooLargeError
        When the entries of one would take more than `max_bytes`.
    """
    from scipy.sparse import csr_array

    g = given.geometry
    entries = g.contributions // g.groups
    needed = entries * (4 * given.weights.dtype.itemsize + 32)
    refuse_beyond("the matrix of", g, needed, max_bytes, "use a smaller input")
    keywords: dict[str, Any] = {**g.keywords, "groups": 1}
    shape = (g.in_channels // g.groups, *g.input_size)
    by_row, by_column = orders(g)
    for weights in given.by_group:
        matrix: Any = conv_matrix(weights, shape, max_bytes=max_bytes, **keywords)
        adjoint = matrix.shape[0] < matrix.shape[1]
        order, others = by_column, by_row
        if adjoint:
            matrix = matrix.conj().T.tocsr()
            order, others = by_row, by_column
        laid = csr_array(matrix[others][:, order])
        laid.sort_indices()
        first, last = _ends(laid)
        rows = np.lexsort((last, first))
        laid = csr_array(laid[rows])
        reach = np.maximum.accumulate(last[rows] + 1)
        yield Tall(laid, order, first[rows], reach, adjoint)


def band_width(given: Read) -> int:
    """The width that the matrix of a group will have, without building it.

    It is that of one channel, and all channels stand together.
    """
    g = given.geometry
    alone = replace(g, groups=1, in_channels=1, out_channels=1)
    rows, columns = given.group_shape
    adjoint = rows < columns
    remedy = "use a smaller input"
    refuse_beyond("the matrix of", alone, 64 * alone.contributions, None, remedy)
    ties = tie_map(alone)
    by_row, by_column = orders(alone)
    place = np.empty(alone.matrix_shape[0 if adjoint else 1], np.int64)
    place[by_row if adjoint else by_column] = np.arange(len(place))
    lines, cells = (ties.cols, ties.rows) if adjoint else (ties.rows, ties.cols)
    count = alone.matrix_shape[1 if adjoint else 0]
    first = np.full(count, len(place))
    last = np.full(count, -1)
    np.minimum.at(first, lines, place[cells])
    np.maximum.at(last, lines, place[cells])
    channels = (g.out_channels if adjoint else g.in_channels) // g.groups
    return int((np.maximum(last - first, 0).max(initial=0) + 1) * channels - 1)


def _ends(matrix: Any) -> tuple[Array, Array]:
    """First and last column of each row; the last and -1 of an empty one."""
    counts = np.diff(matrix.indptr)
    first = np.full(len(counts), matrix.shape[1], np.int64)
    last = np.full(len(counts), -1, np.int64)
    first[counts > 0] = matrix.indices[matrix.indptr[:-1][counts > 0]]
    last[counts > 0] = matrix.indices[matrix.indptr[1:][counts > 0] - 1]
    return first, last
