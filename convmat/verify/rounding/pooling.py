"""Pooling: the largest of a window, and means."""

from __future__ import annotations

from copy import copy
from math import prod

import numpy as np
import numpy.typing as npt

from convmat.arrays import Array, IntArray
from convmat.geometry import Geometry
from convmat.linear.windows import read_windows
from convmat.nn.global_pooling import GlobalAvgPool
from convmat.nn.layers import Layer
from convmat.nn.pooling import AvgPool, MaxPool
from convmat.tie import tie_map
from convmat.verify.rounding.kernels import most_reads
from convmat.verify.rounding.rules import Pass, through
from convmat.verify.rounding.units import OWN, Gapped, Gaps, Unit

__all__: list[str] = []


@through.register
def _(layer: MaxPool, unit: Unit, x: Gapped, own: Gaps) -> Pass:
    g = _windows(layer, x.values)
    ties = tie_map(g)  # which cell is in which window
    windows, cells = ties.rows, ties.cols
    y = layer.forward(x.values)
    inside = Gapped(_flat(x.values)[:, cells], _flat(x.gap)[:, cells])
    firsts = np.flatnonzero(np.diff(windows, prepend=-1))
    wins = _may_win(inside, windows, firsts)
    gap = np.maximum.reduceat(np.where(wins, inside.gap, 0), firsts, axis=1)
    several = (np.add.reduceat(wins, firsts, axis=1, dtype=int) > 1)[:, windows]

    def back(grad: Gapped) -> tuple[Gapped, dict[str, Array]]:
        size = np.where(wins, _flat(grad.size)[:, windows], 0)
        drift = np.where(several, size, np.where(wins, _flat(grad.gap)[:, windows], 0))
        x_gap, sums = np.zeros((2, *_flat(x.gap).T.shape))  # (cells, batch)
        np.add.at(x_gap, cells, drift.T)
        np.add.at(sums, cells, size.T)
        x_gap += unit.rounding(sums, prod(map(most_reads, g.axes)) - 1)
        values = layer.backward(grad.values)
        return Gapped(values, OWN * x_gap.T.reshape(values.shape)), {}

    return Pass(Gapped(y, gap.reshape(y.shape)), back)


def _may_win(
    inside: Gapped, windows: IntArray, firsts: IntArray
) -> npt.NDArray[np.bool_]:
    """Which cells of a window may be its first largest one, in one run or the other.

    The window has a number that is at least `least` in both runs. A cell that stays
    below it never wins, nor does one that at most equals it and comes after it. Without
    gaps one cell is left: that of both runs.
    """
    values, gap = np.float64(inside.values), inside.gap
    low = np.where(gap > 0, np.nextafter(values - gap, -np.inf), values)
    high = np.where(gap > 0, np.nextafter(values + gap, np.inf), values)
    least = np.maximum.reduceat(low, firsts, axis=1)[:, windows]
    place = np.arange(len(windows))
    holders = np.where(low == least, place, len(windows))
    holder = np.minimum.reduceat(holders, firsts, axis=1)[:, windows]
    wins: npt.NDArray[np.bool_] = (high > least) | ((high == least) & (place <= holder))
    return wins


@through.register
def _(layer: AvgPool, unit: Unit, x: Gapped, own: Gaps) -> Pass:
    return _mean(layer, unit, x, prod(_windows(layer, x.values).kernel_size))


@through.register
def _(layer: GlobalAvgPool, unit: Unit, x: Gapped, own: Gaps) -> Pass:
    return _mean(layer, unit, x, prod(x.values.shape[2:]))


def _mean(layer: Layer, unit: Unit, x: Gapped, cells: int) -> Pass:
    """A sum of at most `cells`, divided: linear, with factors of one sign.

    So the layer itself, applied to absolute values, gives the sum of those. Backward a
    cell is in at most as many windows as a window has cells.
    """
    y = layer.forward(x.values)
    probe = copy(layer)  # what it remembers must stay the layer's own
    forward = np.abs(probe.forward(x.gap))
    forward = forward + unit.rounding(np.abs(probe.forward(x.size)), cells + 1)

    def back(grad: Gapped) -> tuple[Gapped, dict[str, Array]]:
        gap = np.abs(probe.backward(grad.gap))
        gap = gap + unit.rounding(np.abs(probe.backward(grad.size)), cells + 1)
        return Gapped(layer.backward(grad.values), OWN * gap), {}

    return Pass(Gapped(y, OWN * forward), back)


def _windows(layer: MaxPool | AvgPool, x: Array) -> Geometry:
    pool = layer.pool_size
    each = (pool,) * (x.ndim - 2) if isinstance(pool, int) else pool
    return read_windows(x.shape[1:], each, *layer.settings).geometry


def _flat(array: Array) -> Array:
    """`(batch, ...)` as `(batch, entries)`."""
    return array.reshape(len(array), -1)
