"""The nearest convolution of a matrix that is none: a geometry by vote, then a mean."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from math import gcd, prod, sqrt
from typing import Any

import numpy as np

from convmat.arrays import Array, IntArray, Shape
from convmat.constraints import ConvConstraint
from convmat.errors import ConvmatError
from convmat.geometry import PADDING_MODES, Axis, Geometry
from convmat.structure.entries import Entries
from convmat.structure.fit import settled
from convmat.structure.projection import Shapes, axis_table
from convmat.structure.reading import blocks
from convmat.structure.recognition import Broken, Nearest
from convmat.structure.same import built, differences

__all__ = ["nearest_of", "projected", "voted"]

_STRIDES = 64  # tried by vote
_SIGMAS = 6.0  # a value this many times above the noise is no noise
_CELLS = 1 << 18  # of a table that is voted on
_MANY = 1 << 22  # rung positions that are looked at
_GRAM = 64  # taps of a channel, where they share entries: an exact system is solved


def projected(entries: Entries, g: Geometry) -> tuple[Array, Any]:
    """The kernel nearest to a matrix, and the square of the distance.

    Examples
    --------
    >>> from convmat import geometry
    >>> from convmat.structure.entries import read_entries
    >>> projected(read_entries([[1, 2, 0], [0, 2, 2]]), geometry(3, 2))
    (array([Fraction(3, 2), Fraction(2, 1)], dtype=object), Fraction(1, 2))
    """
    rung = ConvConstraint(g).rung
    values = entries.at(rung.rows, rung.cols)
    theta = rung.extract(values)
    rest = values - rung.embed(theta)
    here = entries.rows.astype(np.int64) * entries.shape[1] + entries.indices
    outside = entries.data[~np.isin(here, rung.flat)]  # at structural zeros
    return theta.reshape(g.kernel_shape), _squares(outside) + _squares(rest)


def _squares(values: Array) -> Any:
    if values.dtype.kind == "i":
        values = values.astype(object)
    return (values * np.conj(values)).sum().real if len(values) else 0


def nearest_of(entries: Entries, g: Geometry, tolerance: Any) -> Nearest:
    """The orthogonal projection of a matrix on the convolutions of a geometry."""
    kernel, square = projected(entries, g)
    usual = _usual(entries, g)
    rows, columns, found, expected = differences(entries, built(usual, g))
    off = np.asarray(np.abs(found - expected) > tolerance, dtype=bool)
    broken = None
    if off.any():
        first = int(np.flatnonzero(off)[0])
        row, column = int(rows[first]), int(columns[first])
        tap, beside = _tied(entries, g, row, column, expected[first])
        value, wanted = _plain(found[first]), _plain(expected[first])
        broken = Broken(row, column, value, wanted, tap, beside)
    norm = sqrt(float(_squares(entries.data)))
    distance = sqrt(float(square))
    relative = distance / norm if norm else 0.0
    shape = g.kernel_shape
    return Nearest(g, kernel.reshape(shape), distance, relative, broken, int(off.sum()))


def _plain(value: Any) -> Any:
    return value.item() if isinstance(value, np.generic) else value


def _tied(
    entries: Entries, g: Geometry, row: int, column: int, expected: Any
) -> tuple[int | None, tuple[int, int] | None]:
    """The tap at a position, and another position of its tie that is as expected."""
    rung = ConvConstraint(g).rung
    entry = np.flatnonzero((rung.rows == row) & (rung.cols == column))
    if not len(entry):
        return None, None
    tap = int(rung.taps[np.flatnonzero(rung.places == entry[0])[0]])
    tie = rung.places[rung.taps == tap]
    values = entries.at(rung.rows[tie], rung.cols[tie])
    good = tie[np.asarray(values == expected, dtype=bool)]
    if not len(good):
        return tap, None
    return tap, (int(rung.rows[good[0]]), int(rung.cols[good[0]]))


def _usual(entries: Entries, g: Geometry) -> Array:
    """The kernel that most entries agree with: the median over each tie.

    Where a tap is nowhere alone it is the nearest kernel.
    """
    rung = ConvConstraint(g).rung
    values = entries.at(rung.rows, rung.cols)
    if values.dtype.kind == "c" or not rung.ties.all_alone:
        theta = rung.extract(values)
        if entries.data.dtype.kind == "i":
            theta = np.array([round(v) for v in theta], dtype=np.int64)
        return theta.reshape(g.weight_shape)
    taps = rung.taps
    if rung.shared:  # only entries that hold a tap alone tell it
        single = np.bincount(rung.places)[rung.places] == 1
        taps, values = taps[single], values[rung.places[single]]
    order = np.lexsort((_ranks(values), taps))
    counts = np.bincount(taps, minlength=g.free_parameters)
    starts = np.cumsum(counts) - counts
    middle = np.minimum(starts + counts // 2, max(0, len(values) - 1))
    usual = np.zeros(g.free_parameters, values.dtype)
    live = counts > 0
    usual[live] = values[order[middle[live]]]
    return usual.reshape(g.weight_shape)


def _ranks(values: Array) -> Array:
    """Keys that sort as the values do."""
    if values.dtype != object:
        return values
    ranks = np.empty(len(values), np.int64)
    ranks[sorted(range(len(values)), key=values.__getitem__)] = np.arange(len(values))
    return ranks


# ------------------------------------------------------------- a geometry, by vote


def voted(
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
    groups = blocks(_usual(entries, g))
    return replace(g, groups=groups)


def _geometries(axes: list[Axis], shapes: Shapes) -> Iterator[Geometry]:
    padded = any(axis.before or axis.after for axis in axes)
    for mode in PADDING_MODES if padded else ("zeros",):
        try:
            yield Geometry(
                input_size=shapes.inputs,
                kernel_size=tuple(axis.kernel for axis in axes),
                stride=tuple(axis.stride for axis in axes),
                padding=tuple((axis.before, axis.after) for axis in axes),
                dilation=tuple(axis.dilation for axis in axes),
                in_channels=shapes.in_channels,
                out_channels=shapes.out_channels,
                padding_mode=mode,
                has_channels=shapes.has_channels,
            )
        except ConvmatError:  # more padding than the mode has cells for
            continue


def _length(rough: Entries, g: Geometry) -> float:
    """Taps, and entries that they leave unexplained: those beyond the noise."""
    rung = ConvConstraint(g).rung
    values = rough.at(rung.rows, rung.cols)
    theta = _usual(rough, g).reshape(-1)
    rest = np.abs(values - rung.embed(theta))
    noise = _SIGMAS * 1.4826 * float(np.median(rest)) if len(rest) else 0.0
    limit = max(noise, 1e-9 * float(rough.largest))
    held = int((np.abs(rough.data) > limit).sum())
    inside = int((np.abs(values) > limit).sum())
    return float(g.free_parameters + (rest > limit).sum() + held - inside)


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
        limit = np.maximum(1e-9 * largest, _SIGMAS * 1.4826 * noise / np.sqrt(counts))
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
