"""`Entries`: the nonzero entries of a matrix, row by row, of any numbers."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from convmat.arrays import Array, IntArray
from convmat.dtypes import carried
from convmat.errors import ConvmatError, ConvmatTypeError, ShapeError
from convmat.memory import refuse_beyond

__all__ = ["Entries", "read_entries"]


@dataclass(frozen=True, eq=False)
class Entries:
    """A matrix in the three arrays of CSR; the values may be `Fraction` objects too.

    Columns ascend in each row and no position is stored twice.

    Attributes
    ----------
    shape : (int, int)
    indptr, indices : ndarray of int
        Entry `indices[i]`, for `i` from `indptr[r]` on, is a column of row `r`.
    data : ndarray, shape (len(indices),)
        The values there; a stored value may be 0.

    Examples
    --------
    >>> entries = read_entries([[0, 5], [7, 0]])
    >>> entries.at(np.array([0, 0, 1]), np.array([0, 1, 0]))
    array([0, 5, 7])
    """

    shape: tuple[int, int]
    indptr: IntArray
    indices: IntArray
    data: Array

    @cached_property
    def rows(self) -> IntArray:
        """Row of each entry."""
        return np.repeat(np.arange(self.shape[0]), np.diff(self.indptr))

    @cached_property
    def counts(self) -> IntArray:
        """Entries of each row."""
        return np.diff(self.indptr)

    @cached_property
    def filled(self) -> IntArray:
        """Rows that hold an entry."""
        return np.flatnonzero(self.counts)

    @cached_property
    def fullest(self) -> int:
        """Of the rows with the most entries the middle one."""
        most = np.flatnonzero(self.counts == self.counts.max())
        return int(most[len(most) // 2])

    @property
    def exact(self) -> bool:
        """Whether its numbers are integers or objects, which round nothing."""
        return self.data.dtype.kind in "iO"

    @cached_property
    def largest(self) -> Any:
        """Largest absolute value, 0 where nothing is stored."""
        if not len(self.data):
            return 0
        if self.data.dtype.kind == "i":
            return max(int(self.data.max()), -int(self.data.min()))
        if self.data.dtype.kind == "f":
            return max(float(self.data.max()), -float(self.data.min()))
        return np.abs(self.data).max()

    def at(self, rows: IntArray, columns: IntArray) -> Array:
        """The values at some positions, 0 where nothing is stored."""
        found = np.zeros(np.broadcast(rows, columns).shape, self.data.dtype)
        if not len(self.data):
            return found
        rows, columns = np.broadcast_arrays(rows, columns)
        low = self.indptr[rows].astype(np.int64)
        end = self.indptr[rows + 1]
        high = end.astype(np.int64)
        while np.any(low < high):  # a binary search of all positions at once
            middle = (low + high) // 2
            column = self.indices[np.minimum(middle, len(self.indices) - 1)]
            below = (column < columns) & (low < high)
            low = np.where(below, middle + 1, low)
            high = np.where(below, high, np.minimum(high, middle))
        place = np.minimum(low, len(self.indices) - 1)
        hit = (low < end) & (self.indices[place] == columns)
        found[hit] = self.data[place[hit]]
        return found

    def of_rows(self, rows: IntArray) -> tuple[IntArray, IntArray, Array]:
        """`(number, columns, values)` of some rows; `number` counts those rows."""
        starts = self.indptr[rows].astype(np.int64)
        lengths = self.indptr[rows + 1] - starts
        number = np.repeat(np.arange(len(rows)), lengths)
        first = np.cumsum(lengths) - lengths
        places = np.arange(int(lengths.sum())) - np.repeat(first - starts, lengths)
        return number, self.indices[places].astype(np.int64), self.data[places]

    def without_zeros(self, tolerance: Any = 0) -> Entries:
        """The same matrix, with nothing stored that is at most `tolerance` in size."""
        keep = self.data != 0 if not tolerance else np.abs(self.data) > tolerance
        keep = np.asarray(keep, dtype=bool)
        if keep.all():
            return self
        kept = np.concatenate([[0], np.cumsum(keep)])
        return Entries(
            self.shape, kept[self.indptr], self.indices[keep], self.data[keep]
        )

    def moved(self, row: IntArray | None, column: IntArray | None) -> Entries:
        """The matrix whose row `row[r]` and column `column[c]` are `r` and `c` here."""
        rows = self.rows if row is None else row[self.rows]
        columns = self.indices if column is None else column[self.indices]
        return _sorted(self.shape, rows, columns, self.data)

    def transposed(self) -> Entries:
        """The transpose."""
        return _sorted(self.shape[::-1], self.indices, self.rows, self.data)


def _sorted(
    shape: tuple[int, int], rows: IntArray, columns: IntArray, data: Array
) -> Entries:
    order = np.lexsort((columns, rows))
    counts = np.bincount(rows, minlength=shape[0])
    indptr = np.concatenate([[0], np.cumsum(counts)])
    return Entries(shape, indptr, columns[order], data[order])


def read_entries(matrix: Any, argument: str = "matrix") -> Entries:
    """The entries of a dense array or a SciPy sparse matrix of any form.

    Raises
    ------
    ConvmatTypeError
        For what holds no numbers.
    ShapeError
        For what is no matrix, or has no rows or no columns.
    ConvmatError
        For entries that are not finite.

    Examples
    --------
    >>> import numpy as np
    >>> read_entries(np.eye(2)).indices
    array([0, 1])
    """
    entries = _of_sparse(matrix, argument) if hasattr(matrix, "tocsr") else None
    if entries is None:
        entries = _of_dense(carried(argument, matrix), argument)
    _refuse_not_finite(entries, argument)
    return entries


def _of_sparse(matrix: Any, argument: str) -> Entries:
    _check_shape(matrix.shape, argument)
    if matrix.dtype.kind == "O":
        rule = "must be dense to hold objects"
        remedy = "SciPy's sparse arrays carry none; use a NumPy array"
        raise ConvmatTypeError(argument, rule, f"dtype {matrix.dtype}", remedy)
    csr = matrix.tocsr()
    try:
        if csr is matrix:
            # SciPy would sum in place, and the caller's arrays are the caller's.
            csr.check_format(full_check=False)
            if not csr.has_canonical_format:
                csr = csr.copy()
        csr.sum_duplicates()
    except ValueError as error:
        rule = "must have the arrays of its sparse form in order"
        raise ConvmatError(argument, rule, matrix, str(error)) from None
    data = carried(argument, csr.data)
    return Entries(csr.shape, csr.indptr, csr.indices, data[: csr.indptr[-1]])


def _of_dense(array: Array, argument: str) -> Entries:
    _check_shape(array.shape, argument)
    # A place and a value of each entry, beside the truth of each position.
    what = "the entries of an array of shape"
    refuse_beyond(what, array.shape, 2 * array.size, None, "use a sparse matrix")
    rows, columns = np.nonzero(array)
    counts = np.bincount(rows, minlength=array.shape[0])
    indptr = np.concatenate([[0], np.cumsum(counts)])
    return Entries(array.shape, indptr, columns, array[rows, columns])


def _check_shape(shape: tuple[int, ...], argument: str) -> None:
    if len(shape) != 2:
        rule = "must be a matrix, with two axes"
        raise ShapeError(f"{argument}.shape", rule, shape)
    if 0 in shape:
        raise ShapeError(f"{argument}.shape", "must be at least (1, 1)", shape)


def _refuse_not_finite(entries: Entries, argument: str) -> None:
    data = entries.data
    if data.dtype.kind in "fc":
        with np.errstate(invalid="ignore"):
            if np.isfinite(entries.largest):  # NaN is the largest of all
                return
        wrong = np.flatnonzero(~np.isfinite(data))
    elif data.dtype == object:
        # NaN is no number's equal, infinity is its own double.
        wrong = np.flatnonzero(
            [bool(v != v) or (isinstance(v, float) and v - v != 0) for v in data]
        )
    else:
        return
    if len(wrong):
        row = int(np.searchsorted(entries.indptr, wrong[0], side="right")) - 1
        column, value = int(entries.indices[wrong[0]]), data[wrong[0]]
        rule = "must hold finite numbers only"
        found = f"{value} at row {row}, column {column}"
        raise ConvmatError(argument, rule, found)
