"""`Slab`: the CSR arrays of consecutive rows, made without the rest of the matrix."""

from __future__ import annotations

import numpy as np

from convmat.arrays import Array, IntArray
from convmat.geometry import Geometry
from convmat.tie.index import narrowest
from convmat.tie.part import Part, boxes, exact_values, row_axes

__all__ = ["Slab"]


class Slab:
    """The CSR pattern of consecutive rows, ready to be written into arrays.

    It takes memory for its parts, of which there are few, and for their steps, of which
    there are no more than rows: nothing grows with the rows of the whole matrix.

    Attributes
    ----------
    geometry : Geometry
    rows : range
        Rows of the matrix, with step 1.
    nnz : int
        Number of entries.
    index_dtype : dtype
        int32 where columns, rows and entries of the slab fit, else int64.

    Examples
    --------
    >>> from convmat import geometry
    >>> slab = Slab(geometry((3, 3), (2, 2)), range(1, 3))
    >>> slab.indptr(), slab.indices()
    (array([0, 4, 8], dtype=int32), array([1, 2, 4, 5, 3, 4, 6, 7], dtype=int32))
    >>> slab.values(np.array([[1, 2], [3, 4]]))
    array([1, 2, 3, 4, 1, 2, 3, 4])
    """

    def __init__(self, geometry: Geometry, rows: range) -> None:
        self.geometry = geometry
        self.rows = rows
        cut = boxes(row_axes(geometry), rows.start, rows.stop)
        self._parts = [Part(geometry, box) for box in cut]
        self.nnz = sum(part.nnz for part in self._parts)
        largest = max(self.nnz, len(rows), geometry.matrix_shape[1])
        self.index_dtype = narrowest(largest)

    def indptr(self) -> IntArray:
        """Entry `[i]` is where the row `rows[i]` begins, counted from 0."""
        indptr: IntArray = np.zeros(len(self.rows) + 1, self.index_dtype)
        row = entry = 0
        for part in self._parts:
            rows = part.rows * len(part.channels)
            part.write_ends(indptr[1 + row : 1 + row + rows], entry)
            row, entry = row + rows, entry + part.nnz
        return indptr

    def indices(self) -> IntArray:
        """Entry `[i]` is the column of entry `i`."""
        indices: IntArray = np.empty(self.nnz, self.index_dtype)
        entry = 0
        for part in self._parts:
            part.write_indices(indices[entry : entry + part.nnz])
            entry += part.nnz
        return indices

    def values(self, kernel: Array) -> Array:
        """The `data` array: `data[i]` is the tap that entry `i` holds, or their sum.

        Parameters
        ----------
        kernel : ndarray of shape `geometry.weight_shape` or `geometry.kernel_shape`

        Raises
        ------
        ConvmatError
            When a sum of integers is beyond int64.
        """
        return exact_values(self.geometry, self._values, kernel)

    def _values(self, kernel: Array) -> Array:
        geometry = self.geometry
        bank = kernel.reshape(geometry.out_channels, geometry.taps_per_row)
        data = np.empty(self.nnz, kernel.dtype)
        entry = 0
        for part in self._parts:
            part.write_values(bank, data[entry : entry + part.nnz])
            entry += part.nnz
        return data
