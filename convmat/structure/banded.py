"""Banded: whether all entries outside a band of diagonals are 0."""

from __future__ import annotations

from typing import Any

import numpy as np

from convmat.errors import ConvmatError
from convmat.geometry.shorthand import read_shape
from convmat.structure.certificate import Certificate, Counterexample
from convmat.structure.entries import read_entries
from convmat.structure.tolerance import read_tolerance

__all__ = ["check_banded"]


def check_banded(
    matrix: Any, lower: int, upper: int, *, tolerance: Any = 0
) -> Certificate | Counterexample:
    """Whether all entries outside a band of diagonals are 0.

    Parameters
    ----------
    matrix : array_like or SciPy sparse matrix
    lower, upper : int
        Diagonals below and above the main one that belong to the band.
    tolerance : number
        How large an entry outside may be.

    Returns
    -------
    Certificate or Counterexample

    Raises
    ------
    ConvmatError
        For a negative number of diagonals, and as `recognize`.

    Examples
    --------
    >>> print(check_banded([[1, 2, 0], [0, 1, 2]], 0, 1))
    banded (0, 1): 2 entries outside the band are 0
    >>> print(check_banded([[1, 2, 7], [0, 1, 2]], 0, 1))
    not banded (0, 1): row 0, column 2 holds 7, row 0, column 1 holds 2
    """
    entries = read_entries(matrix)
    below = _count("lower", lower)
    above = _count("upper", upper)
    allowed = read_tolerance(tolerance)
    name = f"banded ({below}, {above})"
    diagonal = entries.indices.astype(np.int64) - entries.rows
    outside = (diagonal < -below) | (diagonal > above)
    wrong = outside & np.asarray(np.abs(entries.data) > allowed, dtype=bool)
    if wrong.any():
        first = int(np.flatnonzero(wrong)[0])
        row, column = int(entries.rows[first]), int(entries.indices[first])
        edge = min(max(column, row - below), row + above)
        edge = min(max(edge, 0), entries.shape[1] - 1)
        values = entries.at(np.array([row, row]), np.array([column, edge]))
        return Counterexample(name, (row, column), (row, edge), tuple(values.tolist()))
    rows, columns = entries.shape
    starts = np.clip(np.arange(rows) - below, 0, columns)
    stops = np.clip(np.arange(rows) + above + 1, 0, columns)
    count = rows * columns - int((stops - starts).sum())
    told = f"{count:,} entries outside the band are 0"
    return Certificate(name, told, count, allowed)


def _count(argument: str, value: object) -> int:
    (count,) = read_shape(argument, value)
    if count < 0:
        raise ConvmatError(argument, "must be at least 0", value)
    return count
