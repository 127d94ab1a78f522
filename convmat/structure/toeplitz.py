"""Toeplitz, circulant and their block forms: a certificate or a counterexample.

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

from math import prod
from typing import Any

from convmat.arrays import Shape
from convmat.errors import ShapeError
from convmat.geometry import IntOrInts
from convmat.geometry.shorthand import read_shape
from convmat.structure.certificate import Certificate, Counterexample
from convmat.structure.diagonals import check_diagonals
from convmat.structure.entries import Entries, read_entries

__all__ = [
    "check_block_circulant",
    "check_block_toeplitz",
    "check_circulant",
    "check_doubly_block_toeplitz",
    "check_toeplitz",
]


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
    return check_diagonals("Toeplitz", entries, (rows,), (columns,), tolerance)


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
    return check_diagonals("circulant", entries, sizes, sizes, tolerance, around=True)


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
    return check_diagonals("block Toeplitz", entries, *outer, tolerance, inner=False)


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
    return check_diagonals(
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
    return check_diagonals(name, entries, outputs, inputs, tolerance)


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
