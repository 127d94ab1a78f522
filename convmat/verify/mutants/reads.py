"""`Reads`: which input every output reads through every tap, to be bent.

The convolution by an index table, and both gradients by the same table. With the right
table they are the right maps. Most mutants are a wrong table, which may be wrong in any
of the three maps.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import partial
from math import prod
from typing import TypeAlias

import numpy as np

from convmat.arrays import Array, IntArray, Shape
from convmat.geometry import Axis, Geometry
from convmat.geometry.doors import Map
from convmat.memory import refuse_beyond

__all__ = ["Bend", "Reads", "along", "flat", "maps", "right_reads", "table", "tables"]


@dataclass(frozen=True, slots=True, eq=False)
class Reads:
    """What the outputs read.

    Attributes
    ----------
    channels : ndarray of int, shape (out_channels, in_channels // groups)
        Entry `[o, c]` is the input channel that output channel `o` reads with slice `c`
        of its kernel, or -1 for none.
    cells : ndarray of int, shape (outputs, taps)
        Entry `[o, t]` is the cell, counted in C order over all axes, that output `o`
        reads through tap `t`, or -1 for none.
    outs : tuple of int
        Outputs along each axis.
    outside : float
        What is read instead of a cell where there is none; the least integer, among
        integers, for -inf.
    """

    channels: IntArray
    cells: IntArray
    outs: Shape
    outside: float = 0


Bend: TypeAlias = Callable[[Geometry], Reads]
"""A geometry to the reads that a bug makes of it."""


def right_reads(g: Geometry) -> Reads:
    """The reads that the formula calls for.

    Examples
    --------
    >>> from convmat import geometry
    >>> reads = right_reads(geometry(4, 3, padding=1, stride=2))
    >>> reads.channels, reads.cells
    (array([[0]]), array([[-1,  0,  1],
           [ 1,  2,  3]]))
    """
    per_group = g.in_channels // g.groups
    group = np.arange(g.out_channels) // (g.out_channels // g.groups)
    channels = group[:, None] * per_group + np.arange(per_group)
    return Reads(channels, flat(tables(g.axes), g.input_size), g.output_size)


def table(axis: Axis, outs: int | None = None) -> IntArray:
    """`axis.sources()`, for as many outputs as one likes."""
    count = axis.out_size if outs is None else outs
    starts = np.arange(count)[:, None] * axis.stride - axis.before
    return axis.fold(starts + np.arange(axis.kernel) * axis.dilation)


def tables(axes: Iterable[Axis], outs: Sequence[int] | None = None) -> list[IntArray]:
    """The table of every axis."""
    axes = tuple(axes)
    counts = [None] * len(axes) if outs is None else outs
    return [table(axis, count) for axis, count in zip(axes, counts, strict=True)]


def flat(each: Iterable[IntArray], sizes: Shape) -> IntArray:
    """The table over all axes from those of each; -1 where any of them is."""
    cells, inside = np.zeros((1, 1), np.int64), np.ones((1, 1), bool)
    for one, size in zip(each, sizes, strict=True):
        shape = len(cells) * len(one), cells.shape[1] * one.shape[1]
        here = one[:, None]  # (outs, 1, taps), beside (rows, 1, columns, 1)
        cells = (cells[:, None, :, None] * size + here).reshape(shape)
        inside = (inside[:, None, :, None] & (here >= 0)).reshape(shape)
    return np.where(inside, cells, -1)


def along(change: Callable[[tuple[Axis, ...]], Iterable[Axis]]) -> Bend:
    """The reads of changed axes, with as many outputs as there should be."""

    def bend(g: Geometry) -> Reads:
        reads = right_reads(g)
        cells = flat(tables(change(g.axes), g.output_size), g.input_size)
        return Reads(reads.channels, cells, reads.outs)

    return bend


def maps(bend: Bend) -> dict[str, Map]:
    """The three maps by bent reads, by the names of their parts."""
    three = {
        "forward": _forward,
        "input_grad": _input_grad,
        "kernel_grad": _kernel_grad,
    }
    return {part: partial(_bent, way, bend) for part, way in three.items()}


def _bent(
    way: Callable[..., Array], bend: Bend, a: Array, b: Array, g: Geometry
) -> Array:
    reads = bend(g)
    entries = reads.cells.size * (g.in_channels + 1) * len(a)
    remedy = "use a smaller geometry: a mutant is for looking at"
    refuse_beyond("the windows of", g, 2 * 8 * entries, None, remedy)
    return way(a, b, g, reads)


def _windows(x: Array, g: Geometry, reads: Reads) -> Array:
    """`(batch, in_channels + 1, outputs, taps)`; channel -1 is all zeros."""
    cells = prod(g.input_size)
    padded = np.zeros((len(x), g.in_channels + 1, cells + 1), x.dtype)
    padded[:, :-1, :-1] = x.reshape(len(x), g.in_channels, cells)
    if reads.outside:
        least = x.dtype.kind == "i" and np.isinf(reads.outside)
        padded[:, :-1, -1] = np.iinfo(x.dtype).min if least else reads.outside
    return padded[:, :, reads.cells]


def _forward(x: Array, kernel: Array, g: Geometry, reads: Reads) -> Array:
    windows = _windows(x, g, reads)
    taps = kernel.reshape(*kernel.shape[:2], -1)
    y = np.empty((len(x), len(taps), len(reads.cells)), np.result_type(x, kernel))
    for out, sources in enumerate(reads.channels):
        y[:, out] = np.tensordot(windows[:, sources], taps[out], axes=((1, 3), (0, 1)))
    return y.reshape(len(x), len(taps), *reads.outs)


def _input_grad(grad: Array, kernel: Array, g: Geometry, reads: Reads) -> Array:
    taps = kernel.reshape(*kernel.shape[:2], -1)
    grads = grad.reshape(*grad.shape[:2], prod(grad.shape[2:]))
    cells = prod(g.input_size)
    dtype = np.result_type(grad, kernel)
    total = np.zeros((g.in_channels + 1, cells + 1, len(grad)), dtype)
    for out, sources in enumerate(reads.channels):
        # (channels of a group, outputs, taps, batch)
        shares = np.multiply.outer(taps[out], grads[:, out]).transpose(0, 3, 1, 2)
        np.add.at(total, (sources[:, None, None], reads.cells), shares)
    by_image = np.moveaxis(total[:-1, :-1], 2, 0)
    return by_image.reshape(len(grad), g.in_channels, *g.input_size)


def _kernel_grad(grad: Array, x: Array, g: Geometry, reads: Reads) -> Array:
    windows = _windows(x, g, reads)
    grads = grad.reshape(*grad.shape[:2], prod(grad.shape[2:]))
    shape = (g.out_channels, g.in_channels // g.groups, reads.cells.shape[1])
    total = np.empty(shape, np.result_type(grad, x))
    for out, sources in enumerate(reads.channels):
        both = grads[:, out], windows[:, sources]
        total[out] = np.tensordot(*both, axes=((0, 1), (0, 2)))
    return total.reshape(g.weight_shape)
