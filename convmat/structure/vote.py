"""A geometry that most entries of a matrix agree with, where none has them all.

Along each axis every stride is tried, with the median of each offset as its tap. Among
the geometries of such axes the votes are counted: taps, and entries they leave over.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from math import gcd, prod

import numpy as np

from convmat.arrays import Array, IntArray, Shape
from convmat.constraints import ConvConstraint
from convmat.errors import ConvmatError
from convmat.geometry import PADDING_MODES, Axis, Geometry
from convmat.structure.axis_fit import settled
from convmat.structure.entries import Entries
from convmat.structure.guess import geometry_of
from convmat.structure.median import median_kernel
from convmat.structure.projection import Shapes, axis_table, numbers
from convmat.structure.reading import blocks
from convmat.structure.readings import Reading
from convmat.structure.search import Search

__all__ = ["elected"]

_NEAR = 0.01  # taps and entries that are off, over all entries: no better is sought
_VOTES = 12  # shapes of the output that are voted on
_STRIDES = 64  # tried by vote
_SIGMAS = 6.0  # a value this many times above the noise is no noise
_CELLS = 1 << 18  # of a table that is voted on
_MANY = 1 << 22  # rung positions that are looked at
_GRAM = 64  # taps of a channel, where they share entries: an exact system is solved


def elected(entries: Entries, readings: list[Reading]) -> Geometry | None:
    """The geometry that most entries agree with, over all readings."""
    rough = numbers(entries)
    search = Search(rough, 0)
    best: tuple[float, Geometry] | None = None
    for reading in readings[:_VOTES]:
        each = [reading.outputs]
        if reading.outputs is None:
            each = list(search.likely_outputs(reading.inputs, _VOTES))
        for outputs in each:
            if outputs is None or entries.shape[0] % prod(outputs):
                continue
            count = entries.shape[0] // prod(outputs)
            if reading.out_channels not in (None, count):
                continue
            vote = _voted(
                entries,
                rough,
                reading.in_channels,
                reading.inputs,
                outputs,
                reading.has_channels,
                float("inf") if best is None else best[0],
            )
            best = best if vote is None else vote
            if best is not None and best[0] <= _NEAR * len(entries.indices):
                return best[1]
    return None if best is None else best[1]


def _voted(
    entries: Entries,
    rough: Entries,
    in_channels: int,
    inputs: Shape,
    outputs: Shape,
    channels: bool,
    most: float,
) -> tuple[float, Geometry] | None:
    """The geometry that most entries agree with, and how badly it describes the rest.

    Parameters
    ----------
    entries, rough : Entries
        The matrix, and the same without objects.
    in_channels, inputs, outputs, channels
        How its rows and columns are read.
    most : float
        Geometries with as many taps are passed over.

    Returns
    -------
    (float, Geometry) or None
        The first is the number of taps and of entries that are off.
    """
    shapes = Shapes(
        entries.shape[0] // prod(outputs), in_channels, outputs, inputs, channels
    )
    each: list[list[Axis]] = []
    for axis, size in enumerate(outputs):
        after = prod(outputs[axis + 1 :])
        table, outs = axis_table(rough, axis, size, after, shapes)
        each.append(_axes_by_vote(table, outs, size))
    best: tuple[float, Geometry] | None = None
    for number in range(max(map(len, each), default=0)):
        axes = [found[min(number, len(found) - 1)] for found in each]
        for g in _geometries(axes, shapes):
            if g.free_parameters >= most:
                continue
            if g.contributions > _MANY or (g.shared and prod(g.kernel_size) > _GRAM):
                continue
            length = _length(rough, g)
            if length < most:
                best, most = (length, g), length
    if best is not None and channels and best[1].in_channels > 1:
        best = best[0], _grouped(entries, best[1])
    return best


def _grouped(entries: Entries, g: Geometry) -> Geometry:
    groups = blocks(median_kernel(entries, g))
    return replace(g, groups=groups)


def _geometries(axes: list[Axis], shapes: Shapes) -> Iterator[Geometry]:
    padded = any(axis.before or axis.after for axis in axes)
    for mode in PADDING_MODES if padded else ("zeros",):
        try:
            yield geometry_of(axes, shapes, mode)
        except ConvmatError:  # more padding than the mode has cells for
            continue


def _length(rough: Entries, g: Geometry) -> float:
    """Taps, and entries that they leave unexplained: those beyond the noise."""
    rung = ConvConstraint(g).rung
    values = rough.at(rung.rows, rung.cols)
    theta = median_kernel(rough, g).reshape(-1)
    rest = np.abs(values - rung.embed(theta))
    noise = _SIGMAS * 1.4826 * float(np.median(rest)) if len(rest) else 0.0
    limit = max(noise, 1e-9 * float(rough.largest))
    held = np.abs(rough.data) > limit
    inside = int((np.abs(values) > limit).sum())
    # What is blurred is explained in part: not at all where noise hides the taps.
    usual = float(np.median(np.abs(rough.data))) if len(rough.data) else 0.0
    blurred = len(rest) * (min(1.0, noise / usual) if usual else 0.0)
    off = (rest > limit).sum() + held.sum() - inside
    return float(g.free_parameters + off + blurred)


def _axes_by_vote(table: Array, outs: IntArray, out_size: int) -> list[Axis]:
    """Axes that most of the table agrees with: with all taps, and with the surer ones.

    The median along each line of one offset is the tap there; what is small beside what
    the medians leave over is noise.
    """
    size = table.shape[1]
    keep = max(2, _CELLS // size)
    table, outs = table[:keep], outs[:keep]
    best: tuple[float, list[Axis]] = (np.inf, [])
    largest = float(np.abs(table).max(initial=0)) or 1.0
    total = float(np.abs(table).sum()) or 1.0
    for stride in range(1, max(2, min(size, _STRIDES))):
        offsets = np.arange(size) - outs[:, None] * stride
        numbers, medians, counts = _medians(offsets, table)
        rest = np.abs(table - medians[numbers])
        repeated = counts[numbers] > min(8, max(2, counts.max() // 2))
        noise = float(np.median(rest[repeated])) if repeated.any() else 0.0
        spread = _SIGMAS * 1.4826 * noise / np.sqrt(np.maximum(1, counts))
        limit = np.maximum(1e-9 * largest, spread)
        taps = np.abs(medians) > limit
        if out_size > 1 and size > 1 and (taps & (counts > 1)).any():
            taps &= counts > 1
        rest = np.abs(table - np.where(taps, medians, 0)[numbers])
        score = float(rest.sum()) / total + float(taps.sum()) / max(
            1, int((np.abs(table) > 1e-9 * largest).sum())
        )
        if score < best[0] and taps.any():
            first = int(offsets.min())
            found = [
                _axis(np.flatnonzero(sure) + first, stride, out_size, size)
                for sure in (taps, taps & (2 * counts >= counts[taps].max()))
            ]
            best = score, [axis for axis in found if axis is not None]
    return best[1] or [Axis(size, size, size, 0, (out_size - 1) * size, 1)]


def _axis(offsets: IntArray, stride: int, out_size: int, size: int) -> Axis | None:
    low, high = int(offsets[0]), int(offsets[-1])
    dilation = gcd(*map(int, offsets - low)) or 1
    if out_size == 1:
        stride = max(1, size - high)
    return settled(low, high, dilation, stride, out_size, size, "zeros")


def _medians(offsets: IntArray, table: Array) -> tuple[IntArray, Array, IntArray]:
    """`(numbers, medians, counts)`: of the entries of each offset, numbered from 0."""
    numbers = offsets - offsets.min()
    flat, values = numbers.reshape(-1), table.reshape(-1)
    order = np.lexsort((values.imag, values.real, flat))
    counts = np.bincount(flat)
    starts = np.cumsum(counts) - counts
    middle = np.minimum(starts + counts // 2, len(values) - 1)
    medians = np.where(counts > 0, values[order[middle]], 0)
    return numbers, medians, counts
