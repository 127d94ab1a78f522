"""`ConvConstraint`: the matrices that are a convolution, as a linear subspace.

The matrices of one geometry are the sums `sum_t kernel[t] * B_t`, where `B_t` is 1 on
the tie of tap `t` and 0 elsewhere. The gradient by the kernel is the sum over each tie.
With zeros in the padding ties do not overlap: the `B_t` are orthogonal, `|B_t|**2` is
the tap's multiplicity, and the nearest kernel is the mean over each tie. Where taps
share entries the nearest kernel solves the linear system of the Gram matrix
`<B_s, B_t>`.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from math import prod

import numpy as np
import numpy.typing as npt

from convmat.arrays import Array, IntArray
from convmat.constraints.gram import Gram, gram_of
from convmat.constraints.violation import Violation
from convmat.dtypes import carried, exact_sums
from convmat.errors import ShapeError
from convmat.geometry import Geometry, require_geometry
from convmat.memory import refuse_beyond
from convmat.tie import TieMap, tie_map

__all__ = ["ConvConstraint"]

_SLAB = 1 << 21  # entries of a dense product that are held at once


@dataclass(frozen=True)
class ConvConstraint:
    """The dense matrices that are a convolution of one geometry.

    Integers, floats, complex numbers and objects (`Fraction`) pass through every
    method; on integers and objects all of them are exact.

    Parameters
    ----------
    geometry : Geometry
        As `convmat.geometry` returns it.

    Examples
    --------
    >>> import numpy as np
    >>> from convmat import geometry
    >>> constraint = ConvConstraint(geometry((3,), (2,)))
    >>> W = constraint.embed([5, 7])
    >>> W
    array([[5, 7, 0],
           [0, 5, 7]])
    >>> constraint.pull_back(np.ones((2, 3)))  # the gradient of W.sum() by the kernel
    array([2., 2.])
    >>> W[0, 2] = 1
    >>> print(constraint.violation(W))
    structural zero at row 0, column 2 is off by 1
    """

    geometry: Geometry

    def __post_init__(self) -> None:
        require_geometry(self.geometry)

    @property
    def ties(self) -> TieMap:
        """The tie map of the geometry."""
        return tie_map(self.geometry)

    def embed(self, kernel: npt.ArrayLike, *, max_bytes: int | None = None) -> Array:
        """The matrix of `kernel`, dense.

        Parameters
        ----------
        kernel : array_like of shape `geometry.kernel_shape`
        max_bytes : int, optional
            Bytes that the matrix may take; by default half of the physical memory.

        Returns
        -------
        ndarray of shape `geometry.matrix_shape`

        Raises
        ------
        ShapeError
            When the kernel has another shape.
        MatrixTooLargeError
            When the dense matrix would take more than `max_bytes`.
        ConvmatError
            When integer taps share an entry and their sum does not fit int64.
        """
        weights = carried("kernel", kernel)
        g = self.geometry
        if weights.shape not in (g.kernel_shape, g.weight_shape):
            raise ShapeError("kernel.shape", f"must be {g.kernel_shape}", weights.shape)
        self._refuse_dense(weights.dtype.itemsize, max_bytes)
        most = prod(g.kernel_size) if g.shared else 1  # taps of one entry
        return exact_sums(self._embed, weights, terms=most)

    def _embed(self, weights: Array) -> Array:
        g = self.geometry
        matrix = np.zeros(g.matrix_shape, weights.dtype)
        ties = self.ties
        values = weights.reshape(-1)[ties.taps]
        if g.shared:
            np.add.at(matrix, (ties.rows, ties.cols), values)
        else:
            matrix[ties.rows, ties.cols] = values
        return matrix

    def extract(self, matrix: npt.ArrayLike) -> Array:
        """The kernel whose matrix is nearest to `matrix`, in the sum of squares.

        With zeros in the padding it is the mean over each tie. Where all entries of a
        tie are equal, their value comes back to the bit. A dead tap leaves no trace in
        the matrix and comes back as 0, as does a tap that other taps can stand in for.

        Returns
        -------
        ndarray of shape `geometry.kernel_shape`
            Integers give exact `Fraction` objects, because a mean may fall between
            them.
        """
        array, ties = self._matrix(matrix), self.ties
        if array.dtype.kind == "i":
            array = array.astype(object)
        kernel = self._read(array)
        # Only what the reading leaves over is averaged: where that is 0, the kernel is
        # exactly as read.
        rest = array[ties.rows, ties.cols] - self._entries_of(kernel)
        sums = sum_over_ties(rest, ties.taps, kernel.size)
        correction = (
            self._gram.solve(sums) if self.geometry.shared else self._mean(sums)
        )
        return np.asarray(kernel + correction).reshape(self.geometry.kernel_shape)

    def project(self, matrix: npt.ArrayLike) -> Array:
        """The nearest matrix that obeys both constraints, in the sum of squares.

        A matrix that obeys them comes back with the same values.
        """
        return self.embed(self.extract(matrix))

    def pull_back(self, matrix_grad: npt.ArrayLike) -> Array:
        """The gradient by the kernel, from the gradient by the dense matrix.

        By the chain rule it is the sum over each tie; structural zeros take no part,
        and a dead tap has gradient 0.

        Returns
        -------
        ndarray of shape `geometry.kernel_shape`

        Raises
        ------
        ConvmatError
            When a sum of integers does not fit int64.
        """
        array, ties = self._matrix(matrix_grad, "matrix_grad"), self.ties
        values = array[ties.rows, ties.cols]
        count = self.geometry.free_parameters
        sums = exact_sums(
            lambda entries: sum_over_ties(entries, ties.taps, count),
            values,
            terms=prod(self.geometry.output_size),
        )
        return sums.reshape(self.geometry.kernel_shape)

    def pull_back_product(self, left: Array, right: Array) -> Array:
        """`pull_back(left @ right)`, with a bounded part of the product at a time.

        The gradient by the dense matrix of a layer is such a product, of the gradient
        by the outputs `(rows, batch)` and the inputs `(batch, columns)`.

        Returns
        -------
        ndarray of shape `geometry.kernel_shape`
        """
        rows, columns = self.geometry.matrix_shape
        ties = self.ties
        sums = np.zeros(self.geometry.free_parameters, np.result_type(left, right))
        height = max(1, _SLAB // columns)
        for top in range(0, rows, height):
            start, stop = np.searchsorted(ties.rows, [top, top + height])
            slab = left[top : top + height] @ right
            values = slab[ties.rows[start:stop] - top, ties.cols[start:stop]]
            np.add.at(sums, ties.taps[start:stop], values)
        return sums.reshape(self.geometry.kernel_shape)

    def violation(self, matrix: npt.ArrayLike) -> Violation:
        """The largest breach of each constraint by `matrix`.

        Each entry is held against the taps as they stand in their first entries. Where
        a tap is nowhere alone in an entry, the nearest kernel takes their place; in
        floats such a breach is then known up to rounding only.

        Examples
        --------
        >>> from convmat import geometry
        >>> ConvConstraint(geometry((3,), (2,))).violation([[1, 2, 0], [0, 1, 2]])
        Violation(zeros=0, ties=0, zero_at=None, tie_at=None)
        """
        array, ties = self._matrix(matrix), self.ties
        outside = array.copy()
        outside[ties.rows, ties.cols] = 0
        zeros, zero = _largest_difference(outside.reshape(-1), np.zeros((), int))
        kernel = self._read(array)
        if not self._gram.all_alone:
            kernel = self.extract(array).reshape(-1)
        values = array[ties.rows, ties.cols]
        apart, entry = _largest_difference(values, self._entries_of(kernel))
        columns = array.shape[1]
        return Violation(
            zeros,
            apart,
            None if zero is None else divmod(zero, columns),
            None if entry is None else (int(ties.rows[entry]), int(ties.cols[entry])),
        )

    @property
    def _gram(self) -> Gram:
        return gram_of(self.geometry)

    def _mean(self, sums: Array) -> Array:
        counts = self.ties.multiplicity.reshape(-1)
        if sums.dtype == object:
            shares = [Fraction(1, int(count)) if count else 0 for count in counts]
            return np.asarray(sums * np.array(shares, dtype=object))
        return np.asarray(sums / np.maximum(counts, 1).astype(sums.real.dtype))

    def _read(self, array: Array) -> Array:
        """Entry `[t]` is the first entry that holds tap `t` alone, or 0."""
        ties, alone = self.ties, self._gram.alone
        kernel = np.zeros(self.geometry.free_parameters, array.dtype)
        kernel[alone.taps] = array[ties.rows[alone.first], ties.cols[alone.first]]
        return kernel

    def _entries_of(self, kernel: Array) -> Array:
        """What the matrix of a flat kernel holds at each entry of the tie map."""
        ties = self.ties
        if self.geometry.shared:
            return self.embed(kernel.reshape(self.geometry.weight_shape))[
                ties.rows, ties.cols
            ]
        return kernel[ties.taps]

    def _matrix(self, matrix: npt.ArrayLike, argument: str = "matrix") -> Array:
        if not isinstance(matrix, np.ndarray) and hasattr(matrix, "toarray"):
            self._refuse_dense(np.dtype(getattr(matrix, "dtype", float)).itemsize, None)
            matrix = matrix.toarray()
        array = carried(argument, matrix)
        if array.shape != self.geometry.matrix_shape:
            rule = f"must be {self.geometry.matrix_shape}"
            raise ShapeError(f"{argument}.shape", rule, array.shape)
        return array

    def _refuse_dense(self, itemsize: int, max_bytes: int | None) -> None:
        rows, columns = self.geometry.matrix_shape
        remedy = "conv_matrix stores the entries only"
        needed = rows * columns * itemsize
        refuse_beyond("the dense matrix of", self.geometry, needed, max_bytes, remedy)


def sum_over_ties(values: Array, taps: IntArray, count: int) -> Array:
    """Entry `[t]` is the sum of the `values[i]` with `taps[i] == t`, of any dtype."""
    sums = np.zeros(count, values.dtype)
    np.add.at(sums, taps, values)
    return sums


def _largest_difference(values: Array, expected: Array) -> tuple[object, int | None]:
    """The largest absolute difference and its index, None where all are equal.

    NaN equals nothing and counts as largest. Integers are subtracted as Python's, which
    do not wrap.
    """
    wrong = np.flatnonzero(np.asarray(values != expected))
    if len(wrong) == 0:
        return 0, None
    found, wanted = values[wrong], np.broadcast_to(expected, values.shape)[wrong]
    if found.dtype.kind == "i":
        found, wanted = found.astype(object), wanted.astype(object)
    with np.errstate(invalid="ignore"):  # inf - inf is NaN
        sizes = np.abs(found - wanted)
    missing = np.flatnonzero(np.asarray(sizes != sizes))  # NaN, in objects too
    worst = int(missing[0]) if len(missing) else int(np.argmax(sizes))
    size = sizes[worst]
    return size.item() if isinstance(size, np.generic) else size, int(wrong[worst])
