"""Toeplitz, circulant, their block forms, banded: a certificate or a counterexample.

A matrix is Toeplitz when entries one row and one column apart are equal, circulant when
that also holds around the edges. A block matrix is so when whole blocks are, whatever
stands in a block. In the doubly block forms the blocks are Toeplitz or circulant too:
that is a convolution of stride 1 on two axes, and on any number of them.

References
----------
R. M. Gray, "Toeplitz and Circulant Matrices: A Review", 2006.
R. Chan and X.-Q. Jin, "An Introduction to Iterative Toeplitz Solvers", SIAM 2007, for
the block forms (BTTB and BCCB).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import prod
from numbers import Real
from typing import Any

import numpy as np

from convmat.arrays import Array, Shape
from convmat.errors import ConvmatError, ConvmatTypeError, ShapeError
from convmat.geometry import IntOrInts
from convmat.geometry.shorthand import read_shape
from convmat.structure.entries import Entries, read_entries
from convmat.structure.same import differences

__all__ = [
    "Certificate",
    "Counterexample",
    "check_banded",
    "check_block_circulant",
    "check_block_toeplitz",
    "check_circulant",
    "check_doubly_block_toeplitz",
    "check_toeplitz",
]


@dataclass(frozen=True)
class Certificate:
    """A property that was verified, and how. It is true in a condition.

    Attributes
    ----------
    property : str
    verified : str
        What was compared, in words.
    comparisons : int
        Pairs of entries that had to be equal, zeros among them.
    tolerance : number
        How far two entries may be apart; 0 is exact.
    """

    property: str
    verified: str
    comparisons: int
    tolerance: Any

    def __bool__(self) -> bool:
        return True

    def __str__(self) -> str:
        return f"{self.property}: {self.verified}"


@dataclass(frozen=True)
class Counterexample:
    """Two entries that should be equal and are not. It is false in a condition.

    Attributes
    ----------
    property : str
    here, there : (int, int)
        Row and column of both; for bands the second is the nearest place in the band.
    values : (number, number)
        What stands there.
    """

    property: str
    here: tuple[int, int]
    there: tuple[int, int]
    values: tuple[Any, Any]

    def __bool__(self) -> bool:
        return False

    def __str__(self) -> str:
        (row, column), (other_row, other_column) = self.here, self.there
        return (
            f"not {self.property}: row {row}, column {column} holds {self.values[0]}, "
            f"row {other_row}, column {other_column} holds {self.values[1]}"
        )


def check_toeplitz(matrix: Any, *, tolerance: Any = 0) -> Certificate | Counterexample:
    """Whether every entry equals that one row below it and one column to its right.

    Parameters
    ----------
    matrix : array_like or SciPy sparse matrix
    tolerance : number
        How far two entries may be apart, between neighbours along a diagonal.

    Returns
    -------
    Certificate or Counterexample

    Raises
    ------
    ShapeError, ConvmatError, ConvmatTypeError
        As `recognize`.

    Examples
    --------
    >>> print(check_toeplitz([[1, 2, 3], [4, 1, 2]]))
    Toeplitz: 2 pairs along the diagonals are equal
    >>> print(check_toeplitz([[1, 2, 3], [4, 9, 2]]))
    not Toeplitz: row 0, column 0 holds 1, row 1, column 1 holds 9
    """
    entries = read_entries(matrix)
    rows, columns = entries.shape
    return _check("Toeplitz", entries, (rows,), (columns,), tolerance)


def check_circulant(matrix: Any, *, tolerance: Any = 0) -> Certificate | Counterexample:
    """Whether a square matrix is Toeplitz, around its edges too.

    Returns
    -------
    Certificate or Counterexample

    Raises
    ------
    ShapeError
        For a matrix that is not square, and as `recognize`.

    Examples
    --------
    >>> print(check_circulant([[1, 2, 3], [3, 1, 2], [2, 3, 1]]))
    circulant: 9 pairs along the diagonals are equal, around the edges too
    """
    entries = read_entries(matrix)
    sizes = _square(entries)
    return _check("circulant", entries, sizes, sizes, tolerance, around=True)


def check_block_toeplitz(
    matrix: Any, block: IntOrInts, *, tolerance: Any = 0
) -> Certificate | Counterexample:
    """Whether the blocks along each diagonal of blocks are equal.

    Parameters
    ----------
    matrix : array_like or SciPy sparse matrix
    block : int or (int, int)
        Rows and columns of a block.
    tolerance : number

    Returns
    -------
    Certificate or Counterexample

    Raises
    ------
    ShapeError
        When blocks of this size do not tile the matrix, and as `recognize`.

    Examples
    --------
    >>> bool(
    ...     check_block_toeplitz(
    ...         [[1, 2, 0, 5], [3, 4, 5, 0], [7, 7, 1, 2], [7, 7, 3, 4]], 2
    ...     )
    ... )
    True
    """
    entries = read_entries(matrix)
    outer = _blocks(entries, block)
    return _check("block Toeplitz", entries, *outer, tolerance, inner=False)


def check_block_circulant(
    matrix: Any, block: IntOrInts, *, tolerance: Any = 0
) -> Certificate | Counterexample:
    """Whether the blocks along each diagonal of blocks are equal, around the edges too.

    Parameters
    ----------
    matrix : array_like or SciPy sparse matrix
        With as many blocks down as across.
    block : int or (int, int)
        Rows and columns of a block.
    tolerance : number

    Returns
    -------
    Certificate or Counterexample

    Raises
    ------
    ShapeError
        When blocks of this size do not tile the matrix in a square, and as `recognize`.

    Examples
    --------
    >>> bool(check_block_circulant([[1, 2], [2, 1]], 1))
    True
    """
    entries = read_entries(matrix)
    (down, *_), (across, *_) = outer = _blocks(entries, block)
    if down != across:
        rule = "must give as many blocks down as across"
        raise ShapeError("block", rule, block, f"it gives {down} and {across}")
    return _check(
        "block circulant", entries, *outer, tolerance, around=True, inner=False
    )


def check_doubly_block_toeplitz(
    matrix: Any, input_shape: IntOrInts, output_shape: IntOrInts, *, tolerance: Any = 0
) -> Certificate | Counterexample:
    """Whether a matrix is Toeplitz along every axis of its shapes (BTTB for two).

    It is then a convolution of one channel and stride 1 with zeros in the padding.

    Parameters
    ----------
    matrix : array_like or SciPy sparse matrix
    input_shape, output_shape : int or tuple of int
        `(*spatial)`: what its columns and its rows count, in C order.
    tolerance : number

    Returns
    -------
    Certificate or Counterexample

    Raises
    ------
    ShapeError
        When the shapes contradict the matrix, and as `recognize`.

    Examples
    --------
    >>> from convmat import conv_matrix
    >>> W = conv_matrix([[1, 2], [3, 4]], (3, 3))
    >>> print(check_doubly_block_toeplitz(W, (3, 3), (2, 2)))
    doubly block Toeplitz: 24 pairs along the diagonals are equal
    """
    entries = read_entries(matrix)
    inputs = read_shape("input_shape", input_shape)
    outputs = read_shape("output_shape", output_shape)
    for name, shape, count, side in (
        ("output_shape", outputs, entries.shape[0], "rows"),
        ("input_shape", inputs, entries.shape[1], "columns"),
    ):
        if not shape or min(shape) < 1 or prod(shape) != count:
            rule = f"must have as many cells as the matrix has {side}, {count:,}"
            raise ShapeError(name, rule, shape)
    if len(inputs) != len(outputs):
        rule = f"must have as many axes as input_shape={inputs}"
        raise ShapeError("output_shape", rule, outputs)
    name = "doubly block Toeplitz"
    return _check(name, entries, outputs, inputs, tolerance)


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
    allowed = _allowed(tolerance)
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


# ------------------------------------------------------------------------------------


def _count(argument: str, value: object) -> int:
    (count,) = read_shape(argument, value)
    if count < 0:
        raise ConvmatError(argument, "must be at least 0", value)
    return count


def _allowed(tolerance: Any) -> Any:
    if isinstance(tolerance, bool) or not isinstance(tolerance, Real):
        raise ConvmatTypeError("tolerance", "must be a number", tolerance)
    if not 0 <= float(tolerance) < float("inf"):
        raise ConvmatError("tolerance", "must be at least 0 and finite", tolerance)
    return tolerance


def _square(entries: Entries) -> Shape:
    rows, columns = entries.shape
    if rows != columns:
        rule = "must be square to be circulant"
        raise ShapeError("matrix.shape", rule, entries.shape)
    return (rows,)


def _blocks(entries: Entries, block: IntOrInts) -> tuple[Shape, Shape]:
    """`(blocks, rows of one)` and `(blocks, columns of one)`."""
    sizes = read_shape("block", block)
    sizes = sizes * 2 if len(sizes) == 1 else sizes
    fits = len(sizes) == 2 and min(sizes) >= 1
    if not fits or entries.shape[0] % sizes[0] or entries.shape[1] % sizes[1]:
        rule = f"must be (rows, columns) that divide those of {entries.shape}"
        raise ShapeError("block", rule, block)
    down, across = (n // size for n, size in zip(entries.shape, sizes, strict=True))
    return (down, sizes[0]), (across, sizes[1])


def _check(
    name: str,
    entries: Entries,
    outputs: Shape,
    inputs: Shape,
    tolerance: Any,
    *,
    around: bool = False,
    inner: bool = True,
) -> Certificate | Counterexample:
    """Compare every entry with the one a step on along an axis of rows and columns."""
    allowed = _allowed(tolerance)
    held = entries.without_zeros()
    pairs = 0
    total = entries.shape[0] * entries.shape[1]
    for axis, (m, n) in enumerate(zip(outputs, inputs, strict=True)):
        if axis and not inner:
            break
        steps = prod(outputs[axis + 1 :]), prod(inputs[axis + 1 :])
        wrong = _unlike(held, (m, n), steps, around, allowed)
        if wrong is not None:
            here, there = wrong
            values = entries.at(
                *(np.array(each) for each in zip(here, there, strict=True))
            )
            return Counterexample(name, here, there, tuple(values.tolist()))
        share = m * n if around else (m - 1) * (n - 1)
        pairs += total // (m * n) * share
    told = f"{pairs:,} pairs along the diagonals are equal"
    return Certificate(
        name, told + (", around the edges too" if around else ""), pairs, allowed
    )


def _unlike(
    held: Entries,
    sizes: tuple[int, int],
    steps: Sequence[int],
    around: bool,
    allowed: Any,
) -> tuple[tuple[int, int], tuple[int, int]] | None:
    """The first entry, and the one a step on, that are not equal."""
    (m, n), (row_step, column_step) = sizes, steps
    out, cell = held.rows // row_step % m, held.indices // column_step % n

    def part(chosen: Array, row: Array, column: Array) -> Entries:
        keys = np.lexsort((column[chosen], row[chosen]))
        rows = row[chosen][keys]
        indptr = np.concatenate(
            [[0], np.cumsum(np.bincount(rows, minlength=held.shape[0]))]
        )
        return Entries(
            held.shape, indptr, column[chosen][keys], held.data[chosen][keys]
        )

    row, column = held.rows, held.indices.astype(np.int64)
    if around:
        here = part(np.ones(len(row), bool), row, column)
        back = row + np.where(out == 0, m - 1, -1) * row_step
        before = column + np.where(cell == 0, n - 1, -1) * column_step
        there = part(np.ones(len(row), bool), back, before)
    else:
        here = part((out < m - 1) & (cell < n - 1), row, column)
        there = part((out > 0) & (cell > 0), row - row_step, column - column_step)
    rows, columns, one, other = differences(here, there)
    far = np.flatnonzero(np.asarray(np.abs(one - other) > allowed, dtype=bool))
    if not len(far):
        return None
    first = int(rows[far[0]]), int(columns[far[0]])
    down = row_step if first[0] // row_step % m < m - 1 else -(m - 1) * row_step
    across = (
        column_step if first[1] // column_step % n < n - 1 else -(n - 1) * column_step
    )
    return first, (first[0] + down, first[1] + across)
