"""The steps in which the entries of one output channel are written.

A convolution's matrix repeats itself: the next output row is the last one, moved by the
stride. So its entries are a short list of two kinds of steps, found from the geometry
alone:

* `Lay` writes the entries of one row, the first of a range that is alike,
* `Repeat` writes one more copy after another of the block just laid, moved by a fixed
  number of columns.

The innermost axis repeats rows; outer axes repeat whole lines and planes. The number
of steps is a matter of the kernel, not of the number of rows.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import pairwise
from math import prod

import numpy as np

from convmat.arrays import IntArray
from convmat.geometry import Axis, Geometry

__all__ = ["Lay", "Repeat", "Walk", "walk_through"]


@dataclass(frozen=True, slots=True)
class Lay:
    """The entries of one row of the first output channel.

    Their columns are `cols[:, None] + sources`: what the channels and outer axes
    contribute, and the sources on the innermost axis. Their taps are the part
    `kernel[o, :, *taps]` of the kernel.
    """

    entry: int
    row: int
    cols: IntArray
    sources: IntArray
    taps: tuple[slice, ...]

    @property
    def stop(self) -> int:
        """Position after the last entry of the row."""
        return self.entry + self.cols.size * self.sources.size


@dataclass(frozen=True, slots=True)
class Repeat:
    """`count` blocks in a row, of which the first is there already.

    One block has `entries` entries and `rows` rows; from one block to the next the
    columns move by `step`.
    """

    entry: int
    row: int
    entries: int
    rows: int
    count: int
    step: int


@dataclass(frozen=True, slots=True)
class _Run:
    """Outputs of one axis that are alike: how many, and how the first reads.

    `taps` fall on the input, at its cells `sources`.
    """

    count: int
    taps: slice
    sources: IntArray


@dataclass(slots=True)
class Walk:
    """Finds the steps of one output channel, from the outermost axis inwards.

    Attributes
    ----------
    steps : list of Lay or Repeat
        In the order in which they are carried out.
    entry, row : int
        Position after all of them: in the end, entries and rows of the channel.
    """

    geometry: Geometry
    runs: list[list[_Run]]  # of each axis
    steps: list[Lay | Repeat] = field(default_factory=list)
    entry: int = 0
    row: int = 0

    def block(self, number: int, cols: IntArray, taps: tuple[slice, ...]) -> None:
        """Lay everything from axis `number` inwards.

        `cols` and `taps` are what the channels and the axes outside of it contribute.
        """
        axis = self.geometry.axes[number]
        innermost = number == self.geometry.rank - 1
        pitch = prod(self.geometry.input_size[number + 1 :])
        for run in self.runs[number]:
            within = (*taps, run.taps)
            entry, row = self.entry, self.row
            if innermost:
                lay = Lay(entry, row, cols, run.sources, within)
                self.steps.append(lay)
                self.entry, self.row = lay.stop, row + 1
            else:
                inner_cols = (cols[:, None] + run.sources * pitch).ravel()
                self.block(number + 1, inner_cols, within)
            if run.count > 1:
                self._repeat(entry, row, run.count, axis.stride * pitch)

    def _repeat(self, entry: int, row: int, count: int, step: int) -> None:
        entries, rows = self.entry - entry, self.row - row
        self.steps.append(Repeat(entry, row, entries, rows, count, step))
        self.entry, self.row = entry + entries * count, row + rows * count


def walk_through(geometry: Geometry, dtype: np.dtype[np.signedinteger]) -> Walk:
    """The finished walk through a geometry, with columns of an index dtype.

    Examples
    --------
    >>> from convmat import geometry
    >>> walk = walk_through(geometry(9, 3), np.dtype(np.int32))
    >>> [type(step).__name__ for step in walk.steps], walk.entry, walk.row
    (['Lay', 'Repeat'], 21, 7)
    """
    walk = Walk(geometry, [list(_runs(axis, dtype)) for axis in geometry.axes])
    channels = np.arange(geometry.weight_shape[1], dtype=dtype)
    walk.block(0, channels * prod(geometry.input_size), ())
    return walk


def _runs(axis: Axis, dtype: np.dtype[np.signedinteger]) -> Iterator[_Run]:
    """The outputs of an axis, in ranges that have the same taps on the input.

    A tap is on the input for one range of outputs, so the ranges begin and end where
    one of those does: there are about twice as many as taps, however wide the padding.

    Yields
    ------
    _Run
        In the order of the outputs.
    """
    edges = {0, axis.out_size}
    for tap in range(axis.kernel):
        inside = axis.outputs_inside(tap)
        edges |= {inside.start, inside.stop}
    for first, stop in pairwise(sorted(edges)):
        taps = axis.taps_inside(first)
        sources = np.arange(taps.start, taps.stop) * axis.dilation
        sources += first * axis.stride - axis.before
        yield _Run(stop - first, slice(taps.start, taps.stop), sources.astype(dtype))
