"""`AxisFit`: how one axis of a matrix can be an axis of a convolution.

The matrices of a geometry are a tensor product of one space per axis, so each axis may
be looked at by itself: at the matrix `P` of its outputs and inputs, to which all other
axes are summed up with weights of chance. `P` is of the axis' space as soon as the
whole matrix is, and else only where the weights happen to hide it; what is found here
is a guess, and is held against every entry later.

With zeros in the padding `P` is of the space of a stride `s` when its entries depend on
the offset `input - output * s` alone. In the other modes an entry is a sum of taps, and
a linear system tells.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import lru_cache
from math import gcd

import numpy as np

from convmat.arrays import Array, IntArray
from convmat.geometry import PADDING_MODES, Axis

__all__ = ["AxisFit", "axis_fits", "settled", "zero_strides"]

_BRUTE = 64  # cells up to which every stride is tried
_SYSTEM = 1 << 14  # entries of a linear system that is still solved


@dataclass(frozen=True, slots=True)
class AxisFit:
    """One axis of a convolution that has the matrix of an axis.

    Attributes
    ----------
    axis : Axis
    vacuous : bool
        Whether the stride is so large that no two outputs share a tap, although
        several outputs read something: any matrix fits such an axis.
    strides : tuple of int
        All strides found that fit the axis in this mode.
    """

    axis: Axis
    vacuous: bool
    strides: tuple[int, ...]

    @property
    def rank(self) -> tuple[bool, int, int, int]:
        """What the plainest fit has least of."""
        axis = self.axis
        return self.vacuous, axis.kernel, axis.stride, axis.before + axis.after


def axis_fits(
    table: Array, outs: IntArray, out_size: int, tolerance: float
) -> dict[str, AxisFit]:
    """The plainest fit of an axis in each padding mode that has one.

    Parameters
    ----------
    table : ndarray, shape (len(outs), inputs)
        Entry `[j, i]` is what output `outs[j]` has at input `i`.
    outs : ndarray of int
        Outputs in ascending order: all, or some where there are very many.
    out_size : int
        Number of outputs of the axis.
    tolerance : float
        Entries that differ by no more are equal.

    Examples
    --------
    >>> table = np.array([[5.0, 7, 0, 0], [0, 0, 5, 7]])
    >>> axis_fits(table, np.arange(2), 2, 0)["zeros"].axis
    Axis(size=4, kernel=2, stride=2, before=0, after=0, dilation=1, mode='zeros')
    """
    size = table.shape[1]
    strides = zero_strides(table, outs, tolerance)
    zeros = [
        fit
        for stride in (*strides, size)
        if (fit := _zero_fit(table, outs, out_size, stride, strides, tolerance))
    ]
    best = min(zeros, key=lambda fit: fit.rank)
    found = {"zeros": best}
    bare = [fit for fit in zeros if fit.axis.before == fit.axis.after == 0]
    for mode in PADDING_MODES[1:]:
        fits = [replace(fit, axis=_with_mode(fit.axis, mode)) for fit in bare]
        fits = [fit for fit in fits if not fit.vacuous or out_size == 1]
        # Zeros with few taps leave no other mode room; without padding all are alike.
        few = not best.vacuous and 2 * best.axis.kernel <= size
        if (not fits and not few) or best.vacuous:
            fits += _quick_fits(table, outs, out_size, mode, tolerance)
            least = min((fit.axis.kernel for fit in fits), default=size + 1)
            if 2 * least > size:
                fits += _solved_fits(table, outs, out_size, mode, tolerance)
        if fits:
            found[mode] = min(fits, key=lambda fit: fit.rank)
    return found


def _with_mode(axis: Axis, mode: str) -> Axis:
    return replace(axis, mode=mode)


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
    """Strides below the size worth trying: all, or those that one pair of rows has."""
    size = table.shape[1]
    if size <= _BRUTE:
        return list(range(1, size))
    held = np.abs(table) > tolerance
    both = np.flatnonzero(np.diff(outs) == 1)
    counts = held.sum(axis=1)
    if not len(both) or not counts.any():
        return list(range(1, _BRUTE))
    upper = int(both[np.argmax(counts[both] + counts[both + 1])])
    here, there = np.flatnonzero(held[upper]), np.flatnonzero(held[upper + 1])
    if not len(here) or not len(there):
        return list(range(1, _BRUTE))
    moved = there - here[0]
    return [int(stride) for stride in moved[(moved > 0) & (moved < size)]]


def _zero_fit(
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


def settled(
    low: int,
    high: int,
    dilation: int,
    stride: int,
    out_size: int,
    size: int,
    mode: str,
) -> Axis | None:
    """The axis whose taps lie at offsets `low` to `high`, or None in modes too narrow.

    No window of a convolution begins after the first cell, and none ends so early that
    one output more would fit: where they would, taps of value 0 are added at the rim.
    """
    gap = (out_size - 1) * stride + high + stride - size  # cells beyond the last output
    if low == high and (low > 0 or gap < 0):
        dilation = low if low > 0 else -gap
    if low > 0:
        low -= -(-low // dilation) * dilation
    if gap < 0:
        high += -(gap // dilation) * dilation
    rest = (out_size - 1) * stride + high + 1 - size
    before, after = -low, max(0, rest)
    reach = {"circular": size, "reflect": size - 1, "symmetric": size}.get(mode)
    if reach is not None and max(before, after) > reach:
        return None
    kernel = (high - low) // dilation + 1
    return Axis(
        size, kernel, stride, before, after, dilation if kernel > 1 else 1, mode
    )


# ----------------------------------------------------- padding filled from the input


def _quick_fits(
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


def _solved_fits(
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
