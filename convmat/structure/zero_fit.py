"""Fits of an axis with zeros in the padding: its strides, and the taps of each.

The matrix `P` of an axis is of the space of a stride `s` when its entries depend on the
offset `input - output * s` alone.
"""

from __future__ import annotations

from math import gcd

import numpy as np

from convmat.arrays import Array, IntArray
from convmat.structure.axis_fit import AxisFit, settled

__all__ = ["zero_fit", "zero_strides"]

_BRUTE = 64  # strides that are tried where no pair of rows tells some


def zero_strides(table: Array, outs: IntArray, tolerance: float) -> tuple[int, ...]:
    """The strides below the size whose offsets decide the entries.

    Each stride from the size on would do too: no two outputs then share an offset.
    """
    size = table.shape[1]
    if len(outs) == 1:
        return ()
    steps = np.diff(outs)
    if (steps == 1).all():
        return tuple(
            stride
            for stride in _candidates(table, outs, tolerance)
            if _shifted(table[0], table[1], stride, tolerance)
            and _shifted(table[:-1], table[1:], stride, tolerance)
        )
    return tuple(
        stride
        for stride in _candidates(table, outs, tolerance)
        if all(
            _shifted(table[j], table[j + 1], int(step) * stride, tolerance)
            for j, step in enumerate(steps)
            if int(step) * stride < size
        )
    )


def _shifted(upper: Array, lower: Array, shift: int, tolerance: float) -> bool:
    """Whether outputs read what those before them read, moved along."""
    here, there = upper[..., : upper.shape[-1] - shift], lower[..., shift:]
    return bool((np.abs(here - there) <= tolerance).all())


def _candidates(table: Array, outs: IntArray, tolerance: float) -> list[int]:
    """Strides below the size worth trying: those that one pair of rows allows.

    The first cell that an output reads is read by the next one a stride further on, or
    lies too far back for that.
    """
    size = table.shape[1]
    every = list(range(1, size if size <= _BRUTE else _BRUTE))
    held = np.abs(table) > tolerance
    both = np.flatnonzero(np.diff(outs) == 1)
    counts = held.sum(axis=1)
    if not len(both) or not counts.any():
        return every
    upper = int(both[np.argmax(counts[both] + counts[both + 1])])
    here, there = np.flatnonzero(held[upper]), np.flatnonzero(held[upper + 1])
    if not len(here):
        return every
    moved = there - here[0]
    near = [int(stride) for stride in moved[(moved > 0) & (moved < size)]]
    return near + list(range(max(1, size - int(here[0])), size))


def zero_fit(
    table: Array,
    outs: IntArray,
    out_size: int,
    stride: int,
    strides: tuple[int, ...],
    tolerance: float,
) -> AxisFit | None:
    """The fit of one stride, with the fewest taps, for zeros in the padding."""
    size = table.shape[1]
    rows, columns = np.nonzero(np.abs(table) > tolerance)
    offsets = np.unique(columns - outs[rows] * stride)
    low, high, dilation = 0, 0, 1
    if not len(offsets):
        stride = max(1, -(-size // out_size))  # one tap, and nothing is left unread
    else:
        low, high = int(offsets[0]), int(offsets[-1])
        dilation = gcd(*map(int, offsets - low)) or 1
        if out_size == 1:  # any stride will do: one that needs no more taps
            stride = max(1, size - high)
    vacuous = out_size > 1 and stride >= size and len(np.unique(rows)) > 1
    axis = settled(low, high, dilation, stride, out_size, size, "zeros")
    every = strides if out_size > 1 else (stride,)
    return None if axis is None else AxisFit(axis, vacuous, every)
