"""Elimination of small matrices of integers without a fraction.

Each division is known to leave nothing, so that entries stay integers: minors of the
matrix. It is slow, plain, and of another kind than the elimination modulo primes.

References
----------
E. H. Bareiss, "Sylvester's identity and multistep integer-preserving Gaussian
elimination", 1968.
"""

from __future__ import annotations

from math import gcd

import numpy as np

from convmat.arrays import Array

__all__ = ["null_vectors", "reduced"]


def reduced(matrix: Array) -> tuple[Array, list[int], int]:
    """The reduced echelon form times its common pivot, the pivots' columns, that pivot.

    Parameters
    ----------
    matrix : ndarray of object
        Of Python's integers. It is not changed.

    Examples
    --------
    >>> form, columns, pivot = reduced(np.array([[2, 1, 0], [1, 3, 5]], object))
    >>> form.tolist(), columns, pivot
    ([[5, 0, -5], [0, 5, 10]], [0, 1], 5)
    """
    form = matrix.copy()
    columns: list[int] = []
    before = 1
    for column in range(form.shape[1]):
        row = len(columns)
        if row == len(form):
            break
        beyond = np.flatnonzero(form[row:, column])
        if not len(beyond):
            continue
        first = row + int(beyond[0])
        form[[row, first]] = form[[first, row]]
        pivot = form[row, column]
        others = np.arange(len(form)) != row
        rest = form[others]
        form[others] = (pivot * rest - np.outer(rest[:, column], form[row])) // before
        columns.append(column)
        before = pivot
    return form[: len(columns)], columns, before


def null_vectors(matrix: Array) -> Array:
    """Integer vectors that the matrix maps to 0, as many as are independent.

    Returns
    -------
    ndarray of object, `(dimension, columns)`
        Entry `[i]` has no common divisor, and is the only one that is not 0 at the
        place of column `i` of those without a pivot; it is positive there.

    Examples
    --------
    >>> null_vectors(np.array([[2, 1, 0], [1, 3, 5]], object)).tolist()
    [[1, -2, 1]]
    """
    form, columns, pivot = reduced(matrix)
    free = np.setdiff1d(np.arange(matrix.shape[1]), columns)
    found = np.zeros((len(free), matrix.shape[1]), object)
    for vector, column in zip(found, free.tolist(), strict=True):
        vector[column] = pivot
        vector[columns] = -form[:, column]
        divisor = gcd(*vector.tolist())
        vector //= divisor if pivot > 0 else -divisor
    return found
