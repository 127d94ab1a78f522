"""The upper left corner of a matrix, found without the rest of it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from itertools import islice, product
from math import prod

import numpy as np

from convmat.arrays import IntArray, Shape
from convmat.figures.entries import Entries
from convmat.geometry import Axis, Geometry

__all__ = ["corner"]


def corner(
    geometry: Geometry, rows: int, columns: int, *, transposed: bool = False
) -> Entries:
    """The entries in the first rows and columns of the matrix of a geometry.

    With `transposed`, of its transpose.

    Its cost is a matter of the rows and of the taps of each axis; the size of the input
    and the number of channels do not count.

    Examples
    --------
    >>> from convmat import geometry
    >>> entries = corner(geometry((10**9, 10**9), (2, 2)), rows=2, columns=4)
    >>> entries.rows, entries.cols, entries.taps
    (array([0, 0, 1, 1]), array([0, 1, 1, 2]), array([0, 1, 0, 1]))
    """
    if transposed:
        entries = corner(geometry, columns, rows)
        rows_of = np.repeat(entries.cols, entries.counts)
        cols_of = np.repeat(entries.rows, entries.counts)
        return Entries.of(rows_of, cols_of, entries.terms)
    none = np.empty(0, dtype=np.int64)
    found: list[tuple[IntArray, IntArray, IntArray]] = [(none, none, none)]
    positions = _first((geometry.out_channels, *geometry.output_size), rows)
    for row, (channel, *outs) in enumerate(positions):
        cols, taps = _row(geometry, channel, outs, columns)
        found.append((np.full(len(cols), row), cols, taps))
    at_rows, cols, taps = map(np.concatenate, zip(*found, strict=True))
    return Entries.of(at_rows, cols, taps)


def _row(
    geometry: Geometry, channel: int, outs: list[int], columns: int
) -> tuple[IntArray, IntArray]:
    """Columns, as far as they are shown, and taps of the row of one output."""
    per_group = geometry.weight_shape[1]
    group = channel * geometry.groups // geometry.out_channels
    first = group * per_group
    pitch, taps_pitch = prod(geometry.input_size), prod(geometry.kernel_size)
    stop = min(first + per_group, -(-columns // pitch))
    seen = np.arange(first, max(first, stop))
    cols = seen * min(pitch, columns)
    taps = channel * geometry.taps_per_row + (seen - first) * taps_pitch
    for axis, out in zip(geometry.axes, outs, strict=True):
        pitch, taps_pitch = pitch // axis.size, taps_pitch // axis.kernel
        sources = _sources(axis, out)
        # Of a pitch beyond the columns only source 0 is left: its size is no matter.
        inside = np.flatnonzero((sources >= 0) & (sources < -(-columns // pitch)))
        cols = (cols[:, None] + sources[inside] * min(pitch, columns)).ravel()
        taps = (taps[:, None] + inside * taps_pitch).ravel()
    shown = cols < columns
    return cols[shown], taps[shown]


def _sources(axis: Axis, out: int) -> IntArray:
    """Row `out` of `axis.sources()`: that of an axis with this one output."""
    before = axis.before - out * axis.stride
    alone = replace(axis, before=before, after=axis.span - axis.size - before)
    sources: IntArray = alone.sources()[0]
    return sources


def _first(shape: Shape, count: int) -> Iterator[tuple[int, ...]]:
    """The first positions of a shape in C order; no axis goes beyond their number."""
    return islice(product(*(range(min(size, count)) for size in shape)), count)
