"""`Shapes`: a reading of rows and columns as channels and axes; one axis of it."""

from __future__ import annotations

from dataclasses import dataclass
from math import prod
from numbers import Complex
from typing import Any

import numpy as np

from convmat.arrays import Array, IntArray, Shape
from convmat.errors import ConvmatTypeError
from convmat.structure.cut import Cut
from convmat.structure.entries import Entries

__all__ = ["WHOLE", "Shapes", "axis_table", "cut_table", "numbers"]

WHOLE = 1 << 16  # entries up to which every row is looked at
_ODD = np.uint64(0x9E3779B97F4A7C15)  # 2**64 over the golden ratio: Knuth's mixing
_SOME = 1 << 12  # entries that are looked at of a large matrix
_CELLS = 1 << 16  # of the table of an axis, where not all is looked at


@dataclass(frozen=True, slots=True)
class Shapes:
    """What the rows and columns of a matrix count.

    Attributes
    ----------
    out_channels, in_channels : int
    outputs, inputs : tuple of int
        Outputs and inputs of each spatial axis.
    has_channels : bool
        Whether shapes are written with their channel axes.

    Examples
    --------
    >>> Shapes(1, 3, (2, 2), (4, 4), True).matrix_shape
    (4, 48)
    """

    out_channels: int
    in_channels: int
    outputs: Shape
    inputs: Shape
    has_channels: bool

    @property
    def matrix_shape(self) -> tuple[int, int]:
        """Rows and columns."""
        rows = self.out_channels * prod(self.outputs)
        return rows, self.in_channels * prod(self.inputs)


def numbers(entries: Entries) -> Entries:
    """The same matrix in numbers that NumPy adds up quickly: to find hypotheses with.

    Objects are rounded; what else is there stays as it is.

    Raises
    ------
    ConvmatTypeError
        For objects that are no numbers of known value, such as symbols.
    """
    if entries.data.dtype != object:
        if entries.data.dtype.itemsize <= 8 << (entries.data.dtype.kind == "c"):
            return entries
        # Longer floats: over the largest, they are in the range of float64.
        kind = np.complex128 if entries.data.dtype.kind == "c" else np.float64
        data = (entries.data / (entries.largest or 1)).astype(kind)
        return Entries(entries.shape, entries.indptr, entries.indices, data)
    rule = "must hold integers, Fractions, floats or complex numbers"
    for kind in {type(value): None for value in entries.data}:
        if not issubclass(kind, Complex):
            raise ConvmatTypeError("matrix", rule, kind.__name__)
    try:
        data = entries.data.astype(np.float64)
    except (TypeError, ValueError, OverflowError):
        told = type(next(iter(entries.data))).__name__
        raise ConvmatTypeError("matrix", rule, told) from None
    return Entries(entries.shape, entries.indptr, entries.indices, data)


def axis_table(
    entries: Entries,
    axis: int,
    out_size: int,
    after: int,
    shapes: Shapes,
    whole: bool = False,
) -> tuple[Array, IntArray]:
    """The matrix of one axis, all others summed up with weights of chance.

    Parameters
    ----------
    entries : Entries
        Of numbers that are no objects.
    axis : int
        Number of the spatial axis.
    out_size : int
        Its outputs.
    after : int
        How many outputs the axes after it have in all.
    shapes : Shapes
        Its inputs are known; of its outputs, nothing is asked here.
    whole : bool
        Whether every row of a large matrix is looked at, and not some.

    Returns
    -------
    table : ndarray, shape (len(outs), inputs of the axis)
        Entry `[j, i]` is the weighted sum of what output `outs[j]` has at input `i`,
        over the largest entry of the matrix.
    outs : ndarray of int
    """
    size = shapes.inputs[axis]
    outs = _outs(entries, out_size, after, size, whole)
    rows = _rows(entries, out_size, after, outs, whole)
    out, cell, weights = _weighed(entries, rows, axis, out_size, after, shapes)
    position = np.searchsorted(outs, out) * size + cell
    return _sums(position, weights, len(outs) * size).reshape(len(outs), size), outs


def cut_table(
    entries: Entries, axis: int, out_size: int, after: int, shapes: Shapes, cut: Cut
) -> Array | None:
    """`axis_table` of a long axis without its middle.

    It is None where an output that stays reads what is left out.
    """
    outs = cut.outs
    rows = _rows(entries, out_size, after, outs, whole=False)
    out, cell, weights = _weighed(entries, rows, axis, out_size, after, shapes)
    there = cut.moved(cell)
    if there is None:
        return None
    position = np.searchsorted(outs, out) * cut.size + there
    sums = _sums(position, weights, len(outs) * cut.size)
    return sums.reshape(len(outs), cut.size)


def _weighed(
    entries: Entries,
    rows: IntArray,
    axis: int,
    out_size: int,
    after: int,
    shapes: Shapes,
) -> tuple[IntArray, IntArray, Array]:
    """Output, cell, and weighted value of each entry in some rows."""
    size = shapes.inputs[axis]
    inner = prod(shapes.inputs[axis + 1 :])
    number, columns, values = entries.of_rows(rows)
    here = rows[number]
    other_rows = here // (out_size * after) * after + here % after
    rest, place = columns // inner, columns % inner
    other_columns = rest // size * inner + place
    scaled = values / (entries.largest or 1)
    weights = _chance(other_rows, 2 * axis) * _chance(other_columns, 2 * axis + 1)
    return here // after % out_size, rest % size, weights * scaled


def _chance(numbers: IntArray, which: int) -> Array:
    """A weight of chance from 1 to 2 for each number, the same on every run."""
    mixed = (numbers.astype(np.uint64) + np.uint64(1 + (which << 40))) * _ODD
    mixed ^= mixed >> np.uint64(29)
    mixed *= _ODD
    return 1 + (mixed >> np.uint64(11)) / float(1 << 53)


def _sums(places: IntArray, weights: Array, length: int) -> Array:
    if weights.dtype.kind == "c":
        parts: list[Any] = [
            np.bincount(places, part, length) for part in (weights.real, weights.imag)
        ]
        return np.asarray(parts[0] + 1j * parts[1])
    return np.bincount(places, weights, length)


def _outs(
    entries: Entries, out_size: int, after: int, size: int, whole: bool
) -> IntArray:
    """Outputs to look at: of a very long axis those in the middle and at both ends."""
    every = np.arange(out_size)
    most = max(6, _CELLS // size)
    if out_size <= most or (whole and out_size * size <= 1 << 24):
        return every
    middle, third = entries.fullest // after % out_size, max(2, most // 3)
    start = min(max(0, middle - third // 2), out_size - third)
    some = [every[:third], every[start : start + third], every[-third:]]
    return np.unique(np.concatenate(some))


def _rows(
    entries: Entries, out_size: int, after: int, outs: IntArray, whole: bool
) -> IntArray:
    """Rows of these outputs.

    Of a large matrix those that share all other coordinates with a row that holds the
    most entries, in every channel.
    """
    total = entries.shape[0]
    if whole or len(entries.indices) <= WHOLE:
        rows = entries.filled
        if len(outs) == out_size:
            return rows
        return rows[np.isin(rows // after % out_size, outs)]
    row = entries.fullest
    block = out_size * after
    # Which of the rows before the axis are taken: as many as stay few.
    before = np.arange(total // block)
    few = max(1, _SOME // max(1, int(entries.counts[row]) * len(outs)))
    if len(before) > few:
        chosen = np.linspace(0, len(before) - 1, few).astype(np.int64)
        before = np.unique(np.append(chosen, row // block))
    return (before[:, None] * block + outs * after + row % after).reshape(-1)
