"""Condition number, rank and null space: what the smallest singular values say."""

from __future__ import annotations

from dataclasses import dataclass, field
from math import inf
from typing import Any

import numpy as np
import numpy.typing as npt

from convmat.arrays import Array
from convmat.errors import ConvmatError, ConvmatTypeError
from convmat.geometry import IntOrInts
from convmat.geometry.keywords import known_keywords
from convmat.memory import refuse_beyond
from convmat.spectrum.dense import group_matrices
from convmat.spectrum.reading import read
from convmat.spectrum.results import Estimate, How, Spectrum
from convmat.spectrum.values import all_values

__all__ = ["NullSpace", "Rank", "condition_number", "null_space", "rank"]


@dataclass(frozen=True)
class Rank:
    """A rank as floats can tell it: how many values are beyond a threshold.

    Attributes
    ----------
    value : int
    threshold : float
        Values up to here count as 0.
    least_kept, largest_dropped : float
        The values on either side of the threshold; infinity where none is kept, and 0
        where none is dropped. A wide gap between the two makes the rank certain, a
        narrow one a matter of the threshold.
    how : {"fourier", "dense"}
        See `convmat.spectrum.results`.
    """

    value: int
    threshold: float
    least_kept: float
    largest_dropped: float
    how: How

    def __int__(self) -> int:
        return self.value


@dataclass(frozen=True, eq=False)
class NullSpace:
    """The inputs whose output is 0, as floats can tell it.

    Attributes
    ----------
    basis : ndarray, `(dimension, *input_shape)`
        Orthonormal; entry `[i]` is one such input.
    threshold : float
        Directions whose singular value is up to here count.
    residual : float
        The largest length of an output of any of them.
    """

    basis: Array = field(repr=False)
    threshold: float
    residual: float

    @property
    def dimension(self) -> int:
        """Number of directions."""
        return len(self.basis)


@known_keywords
def condition_number(
    kernel: npt.ArrayLike,
    input_shape: IntOrInts,
    *,
    max_bytes: int | None = None,
    **keywords: Any,
) -> Estimate:
    """The largest singular value over the smallest.

    The smallest is that of the shorter side of the matrix: among the first
    `min(rows, columns)`. It is infinite where the smallest is 0, and where rounding
    alone could have made the smallest what it is, the error is infinite.

    Parameters
    ----------
    kernel, input_shape, max_bytes, **keywords
        As in `convmat.singular_values`.

    Returns
    -------
    Estimate

    Raises
    ------
    MatrixTooLargeError
        When the matrix neither falls into blocks nor fits: no iteration finds the
        smallest value reliably.
    ConvmatError, ConvmatTypeError
        As `convmat.singular_values`.

    Examples
    --------
    >>> condition_number([[2]], (5, 5)).value
    1.0
    >>> float(condition_number([1, 1], 4, padding=[(0, 1)]))
    5.41...
    """
    spectrum = all_values(read(kernel, input_shape, keywords), max_bytes)
    largest, least = float(spectrum.values[0]), float(spectrum.values[-1])
    error = float(spectrum.errors[-1])
    if least == 0.0:
        return Estimate(inf, spectrum.how, 0.0 if largest == 0.0 else inf)
    value = largest / least
    # (s + e) / (t - e) - s / t, at most
    off = inf if least <= error else (1 + value) * error / (least - error)
    return Estimate(value, spectrum.how, off)


@known_keywords
def rank(
    kernel: npt.ArrayLike,
    input_shape: IntOrInts,
    *,
    threshold: float | None = None,
    max_bytes: int | None = None,
    **keywords: Any,
) -> Rank:
    """The rank of the matrix of a convolution.

    Parameters
    ----------
    kernel, input_shape, max_bytes, **keywords
        As in `convmat.singular_values`.
    threshold : float, optional
        Values up to here count as 0; by default the bound on their rounding.

    Returns
    -------
    Rank

    Raises
    ------
    ConvmatError
        For a threshold that is negative or no number; as `convmat.singular_values`.
    ConvmatTypeError
        As `convmat.singular_values`.

    Examples
    --------
    The differences of neighbours on a circle lose the mean:

    >>> circle = rank([1, -1], 6, padding=[(0, 1)], padding_mode="circular")
    >>> circle.value, circle.least_kept > 0.9, circle.largest_dropped < 1e-12
    (5, True, True)
    """
    spectrum = all_values(read(kernel, input_shape, keywords), max_bytes)
    limit = _threshold(threshold, spectrum)
    kept = int((spectrum.values > limit).sum())
    values = spectrum.values
    return Rank(
        kept,
        limit,
        float(values[kept - 1]) if kept else inf,
        float(values[kept]) if kept < len(values) else 0.0,
        spectrum.how,
    )


@known_keywords
def null_space(
    kernel: npt.ArrayLike,
    input_shape: IntOrInts,
    *,
    threshold: float | None = None,
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

    Returns
    -------
    NullSpace

    Raises
    ------
    MatrixTooLargeError
        When the matrix would not fit.
    ConvmatError
        For a threshold that is negative or no number; as `convmat.singular_values`.
    ConvmatTypeError
        As `convmat.singular_values`.

    Examples
    --------
    >>> space = null_space([1, -1], 4)
    >>> space.dimension, np.abs(space.basis).round(9).tolist(), space.residual < 1e-12
    (1, [[0.5, 0.5, 0.5, 0.5]], True)
    """
    given = read(kernel, input_shape, keywords)
    g = given.geometry
    rows, columns = given.group_shape
    # All directions of a group, those of all groups together, and the matrix itself.
    cells = 2 * rows * columns + 2 * columns**2 + g.matrix_shape[1] ** 2
    needed = cells * given.weights.dtype.itemsize
    remedy = "use a smaller input, or rank"
    refuse_beyond("the null space of", g, needed, max_bytes, remedy)
    spectrum = all_values(given, max_bytes)
    limit = _threshold(threshold, spectrum)
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


def _threshold(threshold: float | None, spectrum: Spectrum) -> float:
    """The one that was given, checked, or else that of rounding."""
    if threshold is None:
        return float(spectrum.errors[0])
    if isinstance(threshold, bool) or not isinstance(
        threshold, (int, float, np.floating)
    ):
        raise ConvmatTypeError("threshold", "must be a number", threshold)
    if not 0 <= threshold < inf:
        rule = "must be at least 0 and finite"
        raise ConvmatError("threshold", rule, threshold)
    return float(threshold)
