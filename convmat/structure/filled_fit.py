"""Fits of an axis with padding filled from the input, where an entry is a sum of taps.

Outputs whose windows lie on the input tell the taps at once; on small axes a linear
system tells.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import lru_cache
from math import gcd

import numpy as np

from convmat.arrays import Array, IntArray
from convmat.geometry import Axis
from convmat.structure.axis_fit import AxisFit, settled

__all__ = ["quick_fits", "solved_fits"]

_SYSTEM = 1 << 14  # entries of a linear system that is still solved


def quick_fits(
    table: Array, outs: IntArray, out_size: int, mode: str, tolerance: float
) -> list[AxisFit]:
    """Fits that take the taps from the outputs that touch the most inputs."""
    size = table.shape[1]
    held = np.abs(table) > tolerance
    counts = held.sum(axis=1)
    if not counts.any() or out_size == 1:
        return []
    fits = []
    strides: list[int] = []
    for row in _interior(counts):
        cells = np.flatnonzero(held[row])
        for other in (row + 1, row - 1):
            if 0 <= other < len(outs) and abs(outs[other] - outs[row]) == 1:
                there = np.flatnonzero(held[other])
                if len(there):
                    moves = {int(there[0] - cells[0]), int(there[-1] - cells[-1])}
                    strides += [abs(move) for move in moves if move]
        for stride in sorted(set(strides))[:8]:
            offsets = cells - outs[row] * stride
            low, high = int(offsets[0]), int(offsets[-1])
            dilation = gcd(*map(int, offsets - low)) or 1
            axis = settled(low, high, dilation, stride, out_size, size, mode)
            if axis is None or axis.out_size != out_size:
                continue
            read = axis.fold(outs[:, None] * stride + offsets)
            made = np.zeros_like(table)
            np.add.at(made, (np.arange(len(outs))[:, None], read), table[row, cells])
            if (np.abs(made - table) <= tolerance).all():
                fits.append(AxisFit(axis, vacuous=False, strides=(stride,)))
    return fits


def _interior(counts: IntArray) -> list[int]:
    """Some outputs that touch the most inputs: the middle one, the first, the last."""
    most = np.flatnonzero(counts == counts.max())
    return sorted({int(most[len(most) // 2]), int(most[0]), int(most[-1])})


def solved_fits(
    table: Array, outs: IntArray, out_size: int, mode: str, tolerance: float
) -> list[AxisFit]:
    """Fits of small axes, by linear systems with a tap at every offset."""
    size = table.shape[1]
    reach = size - 1 if mode == "reflect" else size
    fits = []
    longest = size
    if mode != "replicate" and out_size > 1:
        longest = (size - 1 + 2 * reach) // (out_size - 1)
    for stride in range(1, longest + 1):
        last = (out_size - 1) * stride
        low, high = (
            (-reach, size - 1 + reach - last)
            if mode != "replicate"
            else (-last, size - 1)
        )
        if low > high or table.size * (high - low + 1) > _SYSTEM:
            continue
        system = _System(table, tuple(map(int, outs)), stride, mode, tolerance)
        if not system.spans(low, high, 1):
            continue
        for first in ("low", "high"):
            window = _shrunk(system, low, high, first)
            dilation = _dilation(system, *window)
            axis = settled(*window, dilation, stride, out_size, size, mode)
            if axis is not None and axis.out_size == out_size:
                sums = axis.kernel * out_size >= table.size and out_size > 1
                fits.append(AxisFit(axis, sums and axis.kernel > size, (stride,)))
    if not fits:
        return []
    every = tuple(sorted({fit.axis.stride for fit in fits}))
    return [replace(fit, strides=every) for fit in fits]


@dataclass(frozen=True)
class _System:
    """Whether a table is a sum of taps at some offsets."""

    table: Array
    outs: tuple[int, ...]
    stride: int
    mode: str
    tolerance: float

    def spans(self, low: int, high: int, dilation: int) -> bool:
        """Whether taps at `low, low + dilation, ... high` can make the table."""
        size = self.table.shape[1]
        basis = _basis(size, self.outs, self.stride, self.mode, low, high, dilation)
        flat = self.table.reshape(-1)
        rest = flat - basis @ (basis.T @ flat)
        return bool((np.abs(rest) <= self.tolerance).all())


@lru_cache(maxsize=1 << 14)
def _basis(
    size: int,
    outs: tuple[int, ...],
    stride: int,
    mode: str,
    low: int,
    high: int,
    dilation: int,
) -> Array:
    """An orthonormal basis of the tables with taps at these offsets."""
    axis = Axis(size, 1, 1, 0, 0, 1, mode)
    offsets = np.arange(low, high + 1, dilation)
    read = axis.fold(np.array(outs)[:, None] * stride + offsets)  # (outs, offsets)
    system = np.zeros((len(outs), size, len(offsets)))
    at = np.arange(len(outs))[:, None], read, np.arange(len(offsets))
    system[at] = 1
    left, values, _ = np.linalg.svd(
        system.reshape(-1, len(offsets)), full_matrices=False
    )
    return left[:, values > 1e-9 * values[0]]


def _shrunk(system: _System, low: int, high: int, first: str) -> tuple[int, int]:
    """The offsets, cut at both ends as long as the table can still be made."""

    def from_below(low: int) -> int:
        while low < high and system.spans(low + 1, high, 1):
            low += 1
        return low

    def from_above(high: int) -> int:
        while low < high and system.spans(low, high - 1, 1):
            high -= 1
        return high

    if first == "low":
        low = from_below(low)
        high = from_above(high)
    else:
        high = from_above(high)
        low = from_below(low)
    return low, high


def _dilation(system: _System, low: int, high: int) -> int:
    """The largest step between taps with which the table can be made."""
    span = high - low
    for step in range(span, 1, -1):
        if span % step == 0 and system.spans(low, high, step):
            return step
    return 1
