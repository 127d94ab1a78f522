"""The null space: what a convolution maps to 0."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from convmat.arrays import Array
from convmat.dtypes import carried
from convmat.errors import ConvmatError
from convmat.geometry import IntOrInts, geometry
from convmat.geometry.keywords import known_keywords
from convmat.memory import refuse_beyond
from convmat.spectrum.bareiss import null_vectors
from convmat.spectrum.dense import group_matrices
from convmat.spectrum.exact import exact_of
from convmat.spectrum.ranks import threshold_of
from convmat.spectrum.reading import read
from convmat.spectrum.values import all_values

__all__ = ["NullSpace", "null_space"]

_MOST = 20_000_000  # entries times steps of an elimination that takes some seconds


@dataclass(frozen=True, eq=False)
class NullSpace:
    """The inputs whose output is 0.

    Attributes
    ----------
    basis : ndarray, `(dimension, *input_shape)`
        Entry `[i]` is one such input. They are orthonormal; exact ones are integers
        without a common divisor instead, each with one place that no other has.
    threshold : float
        Directions whose singular value is up to here count.
    residual : float
        The largest length of an output of any of them.

    Examples
    --------
    >>> space = null_space([1, -1], 4, exact=True)
    >>> space.dimension, space.basis, space.residual
    (1, array([[1, 1, 1, 1]], dtype=object), 0.0)
    """

    basis: Array = field(repr=False)
    threshold: float
    residual: float

    @property
    def dimension(self) -> int:
        """Number of directions."""
        return len(self.basis)


@known_keywords
def null_space(
    kernel: npt.ArrayLike,
    input_shape: IntOrInts,
    *,
    threshold: float | None = None,
    exact: bool = False,
    max_bytes: int | None = None,
    **keywords: Any,
) -> NullSpace:
    """The inputs that a convolution maps to 0, for matrices that fit memory.

    Parameters
    ----------
    kernel, input_shape, max_bytes, **keywords
        As in `convmat.singular_values`.
    threshold : float, optional
        Directions whose singular value is up to here count; by default the bound on the
        rounding of the values.
    exact : bool
        Whether the basis is one of integers, for a small matrix of integers or
        Fractions: the output of each is 0, without rounding.

    Returns
    -------
    NullSpace

    Raises
    ------
    MatrixTooLargeError
        When the matrix would not fit.
    ConvmatError
        For a threshold that is negative or no number, or one beside `exact=True`; for a
        matrix too large for that; as `convmat.singular_values`.
    ConvmatTypeError
        For `exact=True` beside floats; as `convmat.singular_values`.

    See Also
    --------
    null_space_apply : the part of one input, for matrices of any size.

    Examples
    --------
    >>> space = null_space([1, -1], 4)
    >>> space.dimension, np.abs(space.basis).round(9).tolist(), space.residual < 1e-12
    (1, [[0.5, 0.5, 0.5, 0.5]], True)
    >>> null_space([2, -1], 4, exact=True).basis
    array([[1, 2, 4, 8]], dtype=object)
    """
    if exact:
        return _exactly(
            kernel, input_shape, threshold, max_bytes, keywords, exact=exact
        )
    given = read(kernel, input_shape, keywords)
    g = given.geometry
    rows, columns = given.group_shape
    # All directions of a group, those of all groups together, and the matrix itself.
    cells = 2 * rows * columns + 2 * columns**2 + g.matrix_shape[1] ** 2
    needed = cells * given.weights.dtype.itemsize
    remedy = "use a smaller input, or rank"
    refuse_beyond("the null space of", g, needed, max_bytes, remedy)
    spectrum = all_values(given, max_bytes)
    limit = threshold_of(threshold, spectrum)
    found = []
    residual = 0.0
    per_group = given.group_shape[1]
    for place, matrix in enumerate(group_matrices(given)):
        _, values, directions = np.linalg.svd(matrix)
        beyond = int((values * given.scale > limit).sum())
        free = np.conjugate(directions[beyond:])
        if len(free):
            lengths = np.linalg.norm(matrix @ free.T, axis=0)
            residual = max(residual, float(lengths.max()) * given.scale)
        whole = np.zeros((len(free), g.matrix_shape[1]), free.dtype)
        whole[:, place * per_group : (place + 1) * per_group] = free
        found.append(whole)
    basis = np.concatenate(found).reshape(-1, *g.input_shape)
    return NullSpace(basis, limit, residual)


def _exactly(
    kernel: npt.ArrayLike,
    input_shape: IntOrInts,
    threshold: float | None,
    max_bytes: int | None,
    keywords: Mapping[str, Any],
    *,
    exact: bool,
) -> NullSpace:
    """A basis of integers."""
    if threshold is not None:
        rule = "must be left out beside exact=True"
        raise ConvmatError("threshold", rule, threshold, "exact outputs are 0 or not")
    array = carried("kernel", kernel)
    g = geometry(input_shape, array.shape, **keywords)
    rows, columns = (side // g.groups for side in g.matrix_shape)
    if rows * columns * min(rows, columns) > _MOST:
        rule = f"must be False for matrices as large as {rows}x{columns}"
        raise ConvmatError("exact", rule, exact, "leave it out, or use a smaller input")
    held = exact_of(array, g, asked=exact, max_bytes=max_bytes)
    assert held is not None  # it was asked for
    found = []
    for place, matrix in enumerate(held.matrices()):
        free = null_vectors(matrix)
        whole = np.zeros((len(free), g.matrix_shape[1]), object)
        whole[:, place * columns : (place + 1) * columns] = free
        found.append(whole)
    return NullSpace(np.concatenate(found).reshape(-1, *g.input_shape), 0.0, 0.0)
