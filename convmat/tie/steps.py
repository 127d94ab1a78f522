"""The steps in which the entries of one output channel are written, or of a part of it.

A convolution's matrix repeats itself: the next output row is the last one, moved by the
stride. So its entries are a short list of two kinds of steps, found from the geometry
alone:

* `Lay` writes the entries of one row, the first of a range that is alike,
* `Repeat` writes one more copy after another of the block just laid, moved by a fixed
  number of columns.

The innermost axis repeats rows; outer axes repeat whole lines and planes. The number
of steps is a matter of the kernel, not of the number of rows; where the padding is
filled from the input, each row at the border is a step of its own.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from math import prod
from typing import TypeAlias

import numpy as np

from convmat.arrays import Array, IntArray
from convmat.geometry import Axis, Geometry

__all__ = ["Lay", "Merge", "Repeat", "Walk", "walk_through"]


@dataclass(frozen=True, slots=True)
class Merge:
    """Taps of one axis in the order of their sources, added where they share one.

    `order` sorts the taps; a sum begins at each of `starts`.
    """

    order: IntArray
    starts: IntArray

    @property
    def sums(self) -> bool:
        """Whether any two taps share a source."""
        return len(self.starts) < len(self.order)

    def cells(self) -> IntArray:
        """Entry `[t]` says to which of the sums tap `t` belongs."""
        lengths = np.diff(self.starts, append=len(self.order))
        cells = np.empty_like(self.order)
        cells[self.order] = np.repeat(np.arange(len(self.starts)), lengths)
        return cells


Taps: TypeAlias = tuple[slice | Merge, ...]
"""The taps that a row holds, for each axis."""


@dataclass(frozen=True, slots=True)
class Lay:
    """The entries of one row of an output channel.

    Their columns are `cols[:, None] + sources`: what the channels and outer axes
    contribute, and the sources on the innermost axis. `taps` says for each axis which
    taps they hold.
    """

    entry: int
    row: int
    cols: IntArray
    sources: range | IntArray
    taps: Taps

    def part(self, weights: Array) -> Array:
        """What the row holds of `weights`, `(outputs, channels, *kernel)`."""
        if sum(isinstance(taps, Merge) and taps.sums for taps in self.taps) > 1:
            return self._summed_at_once(weights)
        for axis, taps in enumerate(self.taps, start=2):
            if isinstance(taps, slice):
                weights = weights[(slice(None),) * axis + (taps,)]
            else:
                ordered = weights.take(taps.order, axis)
                weights = np.add.reduceat(ordered, taps.starts, axis)
        return weights

    def _summed_at_once(self, weights: Array) -> Array:
        """`part` where taps share an entry along several axes.

        Each sum runs over its taps in their order in the kernel, so that rounding is
        the same whichever way the values of a matrix are written.
        """
        kernel = weights.shape[2:]
        chosen: IntArray = np.zeros(1, np.intp)
        sums: IntArray = np.zeros(1, np.intp)
        cells: IntArray
        for taps, size in zip(self.taps, kernel, strict=True):
            if isinstance(taps, slice):
                inside = np.arange(size)[taps]
                cells, count = np.arange(len(inside)), len(inside)
            else:
                inside, cells, count = np.arange(size), taps.cells(), len(taps.starts)
            chosen = np.add.outer(chosen * size, inside).ravel()
            sums = np.add.outer(sums * count, cells).ravel()
        order = np.argsort(sums, kind="stable")
        starts = np.flatnonzero(np.diff(sums[order], prepend=-1))
        flat = weights.reshape(*weights.shape[:2], -1)
        return np.add.reduceat(flat[:, :, chosen[order]], starts, axis=2)

    @property
    def stop(self) -> int:
        """Position after the last entry of the row."""
        return self.entry + self.cols.size * len(self.sources)


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
    """Outputs of one axis of which each repeats the last, moved by `step` cells.

    `taps` of the first read the cells `sources` of the input, which ascend.
    """

    count: int
    step: int
    taps: slice | Merge
    sources: range | IntArray  # a range takes no memory, however long the kernel


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

    def block(self, number: int, cols: IntArray, taps: Taps) -> None:
        """Lay everything from axis `number` inwards.

        `cols` and `taps` are what the channels and the axes outside of it contribute.
        """
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
                sources = np.array(run.sources, dtype=cols.dtype) * pitch
                inner_cols = (cols[:, None] + sources).ravel()
                self.block(number + 1, inner_cols, within)
            if run.count > 1:
                self._repeat(entry, row, run.count, run.step * pitch)

    def _repeat(self, entry: int, row: int, count: int, step: int) -> None:
        entries, rows = self.entry - entry, self.row - row
        self.steps.append(Repeat(entry, row, entries, rows, count, step))
        self.entry, self.row = entry + entries * count, row + rows * count


def walk_through(
    geometry: Geometry,
    dtype: np.dtype[np.signedinteger],
    outs: Sequence[range] | None = None,
    group: int = 0,
) -> Walk:
    """The finished walk through an output channel, with columns of an index dtype.

    Parameters
    ----------
    geometry : Geometry
    dtype : dtype
    outs : sequence of range, optional
        Outputs of each axis, none of them empty; by default all of them. Rows are
        counted from the first, in C order of these ranges.
    group : int
        Group of the channel; its columns begin where the group's inputs do.

    Examples
    --------
    >>> from convmat import geometry
    >>> walk = walk_through(geometry(9, 3), np.dtype(np.int32))
    >>> [type(step).__name__ for step in walk.steps], walk.entry, walk.row
    (['Lay', 'Repeat'], 21, 7)
    >>> walk = walk_through(geometry(9, 3), np.dtype(np.int32), [range(4, 6)])
    >>> walk.steps[0].cols + walk.steps[0].sources, walk.row
    (array([4, 5, 6]), 2)
    """
    ranges = map(range, geometry.output_size) if outs is None else outs
    runs = [
        list(_runs(axis, dtype, chosen))
        for axis, chosen in zip(geometry.axes, ranges, strict=True)
    ]
    walk = Walk(geometry, runs)
    per_group = geometry.weight_shape[1]
    channels = np.arange(group * per_group, (group + 1) * per_group, dtype=dtype)
    walk.block(0, channels * prod(geometry.input_size), ())
    return walk


def _runs(
    axis: Axis, dtype: np.dtype[np.signedinteger], chosen: range
) -> Iterator[_Run]:
    """The chosen outputs of an axis, in runs of which each output repeats the last.

    Yields
    ------
    _Run
        In the order of the outputs.
    """
    for outs in _alike(axis, chosen):
        whole = len(axis.taps_inside(outs.start)) == axis.kernel
        if axis.mode == "zeros" or whole:
            yield _plain_run(axis, outs)
        elif (step := _fold_moves(axis, outs)) is not None:
            yield _folded_run(axis, outs, step, dtype)
        else:
            for out in outs:
                yield _folded_run(axis, range(out, out + 1), 0, dtype)


def _fold_moves(axis: Axis, outs: range) -> int | None:
    """Cells by which all sources of `outs` move from one output to the next.

    None where some of them move otherwise than others: a mirror moves against the
    input, and the outermost cell stays.
    """
    if axis.mode == "circular":
        return axis.stride
    if not axis.beyond(outs):
        return None
    return 0 if axis.mode == "replicate" else -axis.stride


def _alike(axis: Axis, chosen: range) -> Iterator[range]:
    """The chosen outputs in ranges that have the same taps on the input.

    Yields
    ------
    range
        In the order of the outputs.
    """
    taps = axis.taps_inside(chosen.start)
    if taps and taps == axis.taps_inside(chosen.stop - 1):
        yield chosen  # taps leave at one end and come in at the other, so all have them
        return
    for outs in axis.alike():
        start, stop = max(outs.start, chosen.start), min(outs.stop, chosen.stop)
        if start < stop:
            yield range(start, stop)


def _plain_run(axis: Axis, outs: range) -> _Run:
    """Outputs whose taps on the input move along with them."""
    inside = axis.taps_inside(outs.start)
    taps = slice(inside.start, inside.stop)
    return _Run(
        outs.stop - outs.start, axis.stride, taps, axis.window(outs.start)[taps]
    )


def _folded_run(
    axis: Axis, outs: range, step: int, dtype: np.dtype[np.signedinteger]
) -> _Run:
    """Outputs with taps on the padding, some of which may read one cell."""
    sources = axis.fold(np.array(axis.window(outs.start)))
    order = np.argsort(sources, kind="stable")
    ascending = sources[order]
    starts = np.flatnonzero(np.diff(ascending, prepend=-1))
    taps, cells = Merge(order, starts), ascending[starts].astype(dtype)
    return _Run(outs.stop - outs.start, step, taps, cells)
