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
from math import prod

import numpy as np
import numpy.typing as npt

from convmat.arrays import Array, IntArray
from convmat.constraints.rungs import Rung, rung_of
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

    @property
    def rung(self) -> Rung:
        """The same subspace in entries, which are all that a sparse matrix stores."""
        return rung_of("convolution", self.geometry)

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
        matrix[self._places] = self.rung.embed(weights.reshape(-1))
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
        kernel = self.rung.extract(self._matrix(matrix)[self._places])
        return kernel.reshape(self.geometry.kernel_shape)

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
        array = self._matrix(matrix_grad, "matrix_grad")
        most = prod(self.geometry.output_size)  # entries of one tie
        sums = exact_sums(self.rung.pull_back, array, terms=most)
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
        at_rows, at_cols = self._places
        entries = np.empty(len(at_rows), np.result_type(left, right))
        height = max(1, _SLAB // columns)
        for top in range(0, rows, height):
            start, stop = np.searchsorted(at_rows, [top, top + height])
            slab = left[top : top + height] @ right
            entries[start:stop] = slab[at_rows[start:stop] - top, at_cols[start:stop]]
        return self.rung.pull_back(entries).reshape(self.geometry.kernel_shape)

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
        array, rung = self._matrix(matrix), self.rung
        entries = array[self._places]
        outside = array.copy()
        outside[self._places] = 0
        return Violation.of(rung, outside, entries, rung.expected(entries))

    @property
    def _places(self) -> tuple[IntArray, IntArray]:
        """Row and column of every entry that is no structural zero."""
        return self.rung.rows, self.rung.cols

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
