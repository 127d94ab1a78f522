"""`ConvConstraint`: the matrices that are a convolution, as a linear subspace.

The matrices of one geometry are the sums `sum_t kernel[t] * B_t`, where `B_t` is 1 on
the tie of tap `t` and 0 elsewhere. Ties do not overlap, so the `B_t` are orthogonal and
`|B_t|**2` is the tap's multiplicity. Everything here follows: the gradient by the
kernel is the sum over each tie, the nearest kernel the mean.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

import numpy as np
import numpy.typing as npt

from convmat.arrays import Array, IntArray
from convmat.constraints.violation import Violation
from convmat.dtypes import carried
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
        """
        weights = carried("kernel", kernel)
        g = self.geometry
        if weights.shape not in (g.kernel_shape, g.weight_shape):
            raise ShapeError("kernel.shape", f"must be {g.kernel_shape}", weights.shape)
        rows, columns = g.matrix_shape
        needed = rows * columns * weights.dtype.itemsize
        remedy = "conv_matrix stores the entries only"
        refuse_beyond("the dense matrix of", g, needed, max_bytes, remedy)
        matrix = np.zeros(g.matrix_shape, weights.dtype)
        ties = self.ties
        matrix[ties.rows, ties.cols] = weights.reshape(-1)[ties.taps]
        return matrix

    def extract(self, matrix: npt.ArrayLike) -> Array:
        """The kernel whose matrix is nearest to `matrix`: the mean over each tie.

        Where all entries of a tie are equal, their value comes back to the bit. A dead
        tap leaves no trace in the matrix and comes back as 0.

        Returns
        -------
        ndarray of shape `geometry.kernel_shape`
            Integers give floats, because a mean may fall between them; objects stay
            exact.
        """
        values, ties = self._entries(matrix), self.ties
        first = self._first_of_ties(values)
        # A mean of distances from the first entry: exactly 0 where all are equal.
        sums = sum_over_ties(values - first[ties.taps], ties.taps, len(first))
        counts = ties.multiplicity.reshape(-1)
        if values.dtype == object:
            shares = [Fraction(1, int(count)) if count else 0 for count in counts]
            kernel = first + sums * np.array(shares, dtype=object)
        else:
            kernel = first + sums / np.maximum(counts, 1).astype(sums.real.dtype)
        return np.asarray(kernel).reshape(self.geometry.kernel_shape)

    def project(self, matrix: npt.ArrayLike) -> Array:
        """The nearest matrix that obeys both constraints, in the sum of squares.

        A matrix that obeys them comes back unchanged, to the bit.
        """
        return self.embed(self.extract(matrix))

    def pull_back(self, matrix_grad: npt.ArrayLike) -> Array:
        """The gradient by the kernel, from the gradient by the dense matrix.

        By the chain rule it is the sum over each tie; structural zeros take no part,
        and a dead tap has gradient 0.

        Returns
        -------
        ndarray of shape `geometry.kernel_shape`
        """
        values, ties = self._entries(matrix_grad, "matrix_grad"), self.ties
        sums = sum_over_ties(values, ties.taps, self.geometry.free_parameters)
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

        Examples
        --------
        >>> from convmat import geometry
        >>> ConvConstraint(geometry((3,), (2,))).violation([[1, 2, 0], [0, 1, 2]])
        Violation(zeros=0, ties=0, zero_at=None, tie_at=None)
        """
        array, ties = self._matrix(matrix), self.ties
        values = array[ties.rows, ties.cols]
        outside = array.copy()
        outside[ties.rows, ties.cols] = 0
        zeros, zero = _largest(outside.reshape(-1))
        with np.errstate(invalid="ignore"):  # inf - inf is NaN, which holds nowhere
            spread = values - self._first_of_ties(values)[ties.taps]
        apart, entry = _largest(spread)
        columns = array.shape[1]
        return Violation(
            zeros,
            apart,
            None if zero is None else divmod(zero, columns),
            None if entry is None else (int(ties.rows[entry]), int(ties.cols[entry])),
        )

    def _matrix(self, matrix: npt.ArrayLike, argument: str = "matrix") -> Array:
        if not isinstance(matrix, np.ndarray) and hasattr(matrix, "toarray"):
            matrix = matrix.toarray()
        array = carried(argument, matrix)
        if array.shape != self.geometry.matrix_shape:
            rule = f"must be {self.geometry.matrix_shape}"
            raise ShapeError(f"{argument}.shape", rule, array.shape)
        return array

    def _entries(self, matrix: npt.ArrayLike, argument: str = "matrix") -> Array:
        """The stored entries of `matrix` in the order of the tie map."""
        ties = self.ties
        return self._matrix(matrix, argument)[ties.rows, ties.cols]

    def _first_of_ties(self, values: Array) -> Array:
        """Entry `[t]` is the first value in the tie of tap `t`, 0 if it is dead."""
        first = np.zeros(self.geometry.free_parameters, values.dtype)
        first[self.ties.taps[::-1]] = values[
            ::-1
        ]  # the last to be written is the first
        return first


def sum_over_ties(values: Array, taps: IntArray, count: int) -> Array:
    """Entry `[t]` is the sum of the `values[i]` with `taps[i] == t`, of any dtype."""
    sums = np.zeros(count, values.dtype)
    np.add.at(sums, taps, values)
    return sums


def _largest(values: Array) -> tuple[object, int | None]:
    """Largest absolute value and its index, None where it is 0; NaN is the largest."""
    if values.size == 0:
        return 0, None
    sizes = np.abs(values)
    index = int(np.argmax(sizes))  # argmax stops at the first NaN
    largest = sizes[index]
    return (largest.item() if isinstance(largest, np.generic) else largest), (
        None if largest == 0 else index
    )
