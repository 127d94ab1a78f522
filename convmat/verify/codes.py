"""Basis readings in code: what `readings` finds in many calls, compared in few.

A number with nine digits in base -64 holds nine entries of an implied map. Two maps
give the same number only where they agree in all nine, or differ in one by 64 and more:
a sum `sum_i D[i] * (-64)**i` of differences below 64 is 0 only if all of them are, from
the lowest digit upwards. So a map is compared with the tie map on

* kernels whose taps are codes, nine at a time, and all unit inputs (or unit outputs) as
  a batch: the forward map and the input gradient,
* outputs and inputs in code, whose products are nine codes: the kernel gradient.

A code of the kernel is -3 times such a number, so that none is 1 or its own size. All
codes are below 2**50, so that routes which carry doubles only are exact too, also where
integers from -9 to 9 take the place of units. A route that carries objects is given
Python integers, of any size: 512 pairs of an output and an input at a time, each a
byte. The arrays are a matter of the shapes alone, and geometries of equal shapes share
them.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from convmat.arrays import Array, IntArray
from convmat.tie import TieMap

__all__ = [
    "CODES",
    "LEAST",
    "Pairs",
    "coded_entries",
    "coded_kernels",
    "pairs",
    "wide_entries",
    "wide_pairs",
]

LEAST = 64
"""The least difference that can hide: two entries cancel only if one is that far off.
"""

CODES = (-LEAST) ** np.arange(9, dtype=np.int64)
"""Code `[i]` is worth one in digit `i`; the base is negative for numbers of both
signs. A result is a sum of such codes, so it is below 2**49 too.
"""

CODES.flags.writeable = False
_TAPS = -3 * CODES  # 1 would not tell a kernel from its square, nor 3 from its size

FEW = len(CODES)
"""Pairs of an output and an input, or taps, of a call in int64."""

WIDE = 512
"""Pairs of a call in Python integers; longer ones take longer to multiply."""


@lru_cache(maxsize=256)
def coded_kernels(taps: int) -> IntArray:
    """Kernels in code: kernel `[i]` has codes on taps `9 i` to `9 i + 8`, else 0.

    Examples
    --------
    >>> coded_kernels(2)
    array([[ -3, 192]])
    >>> coded_kernels(20).shape
    (3, 20)
    """
    numbers = np.arange(taps)
    kernels = np.zeros((-(-taps // FEW), taps), np.int64)
    kernels[numbers // FEW, numbers] = _TAPS[numbers % FEW]
    return _read_only(kernels)


def coded_entries(ties: TieMap) -> IntArray:
    """Entry `[i, r, c]` is what coded kernel `i` puts at row `r`, column `c`.

    Examples
    --------
    >>> from convmat import geometry, tie_map
    >>> coded_entries(tie_map(geometry(3, 2)))
    array([[[ -3, 192,   0],
            [  0,  -3, 192]]])
    """
    g = ties.geometry
    rows, columns = g.matrix_shape
    kernels = coded_kernels(g.free_parameters)
    shape = len(kernels), rows, columns
    places = ties.rows * columns + ties.cols
    if len(kernels) > 1:
        places = places + ties.taps // FEW * (rows * columns)
    return _sums(places, _TAPS[ties.taps % FEW], shape)


@dataclass(frozen=True, slots=True)
class Pairs:
    """Outputs and inputs in code, for all pairs of a row and a column.

    A call takes `grads[i]` and `inputs[j]`, of which at most nine products are not 0;
    each is another code.

    Attributes
    ----------
    grads : ndarray, `(outer calls, rows)`
    inputs : ndarray, `(inner calls, columns)`
    """

    grads: IntArray
    inputs: IntArray
    _row: tuple[IntArray, IntArray]  # of each row, the outer call and the digit
    _column: tuple[IntArray, IntArray]

    def coded_entries(self, ties: TieMap) -> IntArray:
        """Entry `[i, j, t]` is what call `i, j` is to find for tap `t`.

        Returns
        -------
        ndarray, `(outer calls, inner calls, taps)`
        """
        outer, inner, taps = (
            len(self.grads),
            len(self.inputs),
            ties.geometry.free_parameters,
        )
        (row_calls, row_digits), (column_calls, column_digits) = self._row, self._column
        calls = row_calls[ties.rows] * inner + column_calls[ties.cols]
        codes = CODES[row_digits[ties.rows] + column_digits[ties.cols]]
        return _sums(calls * taps + ties.taps, codes, (outer, inner, taps))


@lru_cache(maxsize=1024)
def pairs(rows: int, columns: int) -> Pairs:
    """The fewest calls for a matrix of this shape.

    Examples
    --------
    >>> pairs(2, 3).grads, pairs(2, 3).inputs
    (array([[      1, -262144]]), array([[   1,  -64, 4096]]))
    """
    # How many rows and columns share a call.
    high, wide = min(
        ((high, FEW // high) for high in range(1, FEW + 1)),
        key=lambda shape: -(-rows // shape[0]) * -(-columns // shape[1]),
    )
    wide = min(wide, columns)
    row, column = np.arange(rows), np.arange(columns)
    row_digits, column_digits = row % high * wide, column % wide
    row_calls, column_calls = row // high, column // wide
    grads = np.zeros((row_calls[-1] + 1, rows), np.int64)
    grads[row_calls, row] = CODES[row_digits]
    inputs = np.zeros((column_calls[-1] + 1, columns), np.int64)
    inputs[column_calls, column] = CODES[column_digits]
    return Pairs(
        _read_only(grads),
        _read_only(inputs),
        (row_calls, row_digits),
        (column_calls, column_digits),
    )


@lru_cache(maxsize=256)
def wide_pairs(rows: int, columns: int) -> tuple[Array, Array]:
    """Outputs and an input in Python integers, with room for many pairs in a call.

    Returns
    -------
    ndarray of object, `(calls, rows)`
    ndarray of object, `(columns,)`

    Examples
    --------
    >>> wide_pairs(2, 3)
    (array([[1, 16777216]], dtype=object), array([1, 256, 65536], dtype=object))
    """
    high = _high(columns)
    grads = np.zeros((-(-rows // high), rows), object)
    for row in range(rows):
        grads[row // high, row] = 1 << 8 * (row % high * columns)
    inputs = np.array([1 << 8 * column for column in range(columns)], object)
    return _read_only(grads), _read_only(inputs)


def wide_entries(ties: TieMap) -> Array:
    """Entry `[i, t]` is what call `i` of `wide_pairs` is to find for tap `t`.

    Examples
    --------
    >>> from convmat import geometry, tie_map
    >>> [hex(code) for code in wide_entries(tie_map(geometry(3, 2)))[0]]
    ['0x100000001', '0x10000000100']
    """
    g = ties.geometry
    rows, columns = g.matrix_shape
    high, taps = _high(columns), g.free_parameters
    calls = -(-rows // high)
    held = np.zeros((calls * high, taps, columns), np.uint8)
    held[ties.rows, ties.taps, ties.cols] = 1
    # (calls, taps, rows of a call * columns)
    digits = held.reshape(calls, high, taps, columns).swapaxes(1, 2)
    numbers = [int.from_bytes(each, "little") for each in _bytes(digits, calls * taps)]
    return np.array(numbers, object).reshape(calls, taps)


def _high(columns: int) -> int:
    """Rows of a call of `wide_pairs`."""
    return max(1, WIDE // columns)


def _bytes(digits: Array, count: int) -> Iterator[bytes]:
    whole = digits.tobytes()
    length = len(whole) // count
    return (whole[start : start + length] for start in range(0, len(whole), length))


def _sums(places: IntArray, codes: IntArray, shape: tuple[int, ...]) -> IntArray:
    """Codes added at flat places: distinct ones, so that doubles hold the sums."""
    sums = np.bincount(places, codes, int(np.prod(shape)))
    return sums.astype(np.int64).reshape(shape)


def _read_only(array: Array) -> Array:
    array.flags.writeable = False  # no route may write to its input
    return array
