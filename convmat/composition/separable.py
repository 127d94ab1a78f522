"""Kernels as a column times a row: the exact rank, the exact split, the nearest one."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from math import isfinite

import numpy as np
import numpy.typing as npt

from convmat.arrays import Array
from convmat.dtypes import carried
from convmat.errors import ConvmatError, ConvmatTypeError, ShapeError

__all__ = ["Split", "is_separable", "kernel_rank", "split_kernel"]


@dataclass(frozen=True, eq=False)
class Split:
    """A kernel as a sum of columns times rows: two thin convolutions for each.

    Attributes
    ----------
    columns : ndarray, `(rank, high)`
    rows : ndarray, `(rank, wide)`
        Term `i` is `columns[i]` times `rows[i]`, an outer product.
    exact : bool
        Whether the sum is the kernel itself.
    error : float
        The root of the summed squares of what it lacks, 0 where exact.

    Examples
    --------
    >>> split = split_kernel([[1, 2, 1], [2, 4, 2], [1, 2, 1]])
    >>> split.exact, split.error, split.multiplications
    (True, 0.0, (9, 6))
    >>> split.kernel.astype(int).tolist()
    [[1, 2, 1], [2, 4, 2], [1, 2, 1]]
    """

    columns: Array
    rows: Array
    exact: bool
    error: float

    @property
    def kernel(self) -> Array:
        """The sum of all terms."""
        return np.asarray((self.columns[:, :, None] * self.rows[:, None, :]).sum(0))

    @property
    def multiplications(self) -> tuple[int, int]:
        """For one output: by the whole kernel, and by the columns and rows.

        Examples
        --------
        >>> split_kernel(np.ones((5, 5), int)).multiplications
        (25, 10)
        """
        (terms, high), (_, wide) = self.columns.shape, self.rows.shape
        return high * wide, terms * (high + wide)

    @property
    def saving(self) -> float:
        """The share of multiplications that is saved; negative where it costs more."""
        whole, split = self.multiplications
        return 1 - split / whole


def kernel_rank(kernel: npt.ArrayLike) -> int:
    """The rank of a kernel, as a matrix of taps; nothing is rounded.

    Parameters
    ----------
    kernel : array_like, `(high, wide)`
        Integers, Fractions, or floats, each of which is a fraction too. A float kernel
        that is separable in theory has full rank when its taps were rounded.

    Raises
    ------
    ShapeError
        For other than two axes.
    ConvmatError
        For taps that are not finite.
    ConvmatTypeError
        For taps that are no rational numbers.

    Examples
    --------
    >>> kernel_rank([[1, 2, 1], [2, 4, 2], [1, 2, 1]])
    1
    >>> kernel_rank([[0, -1, 1], [-1, 1, 0], [1, 0, 0]])
    3
    """
    rows = _rationals(kernel).tolist()
    rank = 0
    for column in range(len(rows[0])):
        pivot = next((r for r in range(rank, len(rows)) if rows[r][column]), None)
        if pivot is None:
            continue
        rows[rank], rows[pivot] = rows[pivot], rows[rank]
        head = rows[rank]
        for place in range(rank + 1, len(rows)):
            share = rows[place][column] / head[column]
            pairs = zip(rows[place], head, strict=True)
            rows[place] = [one - share * other for one, other in pairs]
        rank += 1
    return rank


def is_separable(kernel: npt.ArrayLike) -> bool:
    """Whether a kernel is one column times one row: all its 2x2 minors are 0.

    Raises
    ------
    ShapeError, ConvmatError, ConvmatTypeError
        As `kernel_rank`.

    Examples
    --------
    >>> (
    ...     is_separable([[-1, 0, 1], [-2, 0, 2], [-1, 0, 1]]),
    ...     is_separable([[1, 0], [0, 1]]),
    ... )
    (True, False)
    """
    taps = _rationals(kernel)
    place = _pivot(taps)
    if place is None:
        return True
    row, column = place
    # All minors that hold one tap which is not 0; the others follow from them.
    minors = taps * taps[row, column] - np.multiply.outer(taps[:, column], taps[row])
    return not np.asarray(minors != 0).any()


def split_kernel(kernel: npt.ArrayLike, rank: int = 1) -> Split:
    """A kernel as a sum of at most `rank` columns times rows, the nearest there is.

    Parameters
    ----------
    kernel : array_like, `(high, wide)`
    rank : int
        Terms at most.

    Returns
    -------
    Split
        Where a kernel of integers or Fractions is separable, one exact term, in
        Fractions. Else, and for floats, the terms of the largest singular values, in
        floats.

    Raises
    ------
    ShapeError
        For other than two axes.
    ConvmatError
        For taps that are not finite or, where not separable, beyond float64; and a rank
        below 1.
    ConvmatTypeError
        For taps that are no rational numbers, and a rank that is no integer.

    References
    ----------
    C. Eckart and G. Young, "The approximation of one matrix by another of lower rank",
    Psychometrika 1 (1936), for the nearest one.

    Examples
    --------
    >>> split = split_kernel([[1, 2], [3, 6]])
    >>> split.columns.tolist(), split.rows.tolist()
    ([[Fraction(1, 1), Fraction(3, 1)]], [[Fraction(1, 1), Fraction(2, 1)]])
    >>> split_kernel([[1, 0], [0, 1]]).error
    1.0
    """
    if isinstance(rank, bool) or not isinstance(rank, int | np.integer):
        raise ConvmatTypeError("rank", "must be an integer", rank)
    if rank < 1:
        raise ConvmatError("rank", "must be at least 1", rank)
    taps = _rationals(kernel)
    floats = carried("kernel", kernel).dtype.kind == "f"
    if not floats and is_separable(taps):
        place = _pivot(taps)
        row, column = place or (0, 0)
        first = taps[row, column] or Fraction(1)
        return Split(
            taps[None, :, column], taps[None, row] / first, exact=True, error=0.0
        )
    try:
        array = taps.astype(np.float64)
    except OverflowError:
        rule = "must hold numbers that float64 can hold, where it is not separable"
        raise ConvmatError("kernel", rule, kernel, "scale the kernel first") from None
    left, values, right = np.linalg.svd(array, full_matrices=False)
    some = min(int(rank), len(values))
    roots = np.sqrt(values[:some])
    columns = np.ascontiguousarray((left[:, :some] * roots).T)
    error = float(np.linalg.norm(values[some:]))
    return Split(columns, right[:some] * roots[:, None], exact=False, error=error)


def _pivot(taps: Array) -> tuple[int, int] | None:
    """The first tap that is not 0."""
    for (row, column), tap in np.ndenumerate(taps):
        if tap:
            return row, column
    return None


def _rationals(kernel: npt.ArrayLike) -> Array:
    """A kernel of two axes, each tap as the Fraction that it is.

    Raises
    ------
    ShapeError
        For other than two axes.
    ConvmatError
        For taps that are not finite.
    ConvmatTypeError
        For taps that are no rational numbers.
    """
    array = carried("kernel", kernel)
    if array.ndim != 2 or not array.size:
        rule = "must be (high, wide), of one pair of channels"
        raise ShapeError("kernel.shape", rule, array.shape)
    taps: Array = np.empty(array.shape, object)
    for place, tap in np.ndenumerate(array):
        if isinstance(tap, float | np.floating) and not isfinite(tap):
            raise ConvmatError("kernel", "must be finite", tap)
        try:
            number = int(tap) if isinstance(tap, np.integer) else tap
            taps[place] = Fraction(
                float(number) if isinstance(number, np.floating) else number
            )
        except (TypeError, ValueError):
            raise ConvmatTypeError("kernel", "must be rational numbers", tap) from None
    return taps
