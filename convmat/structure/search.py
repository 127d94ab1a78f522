"""`Search`: which geometries a matrix may be of, as guesses.

The axes are looked at from the last to the first, each for all outputs it may have.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property
from itertools import islice
from math import prod

import numpy as np

from convmat.arrays import Array, IntArray, Shape
from convmat.structure.axis_fit import AxisFit
from convmat.structure.cut import cut_of, steady
from convmat.structure.effort import Effort
from convmat.structure.entries import Entries
from convmat.structure.fit import axis_fits
from convmat.structure.guess import Guess, guesses_in_modes
from convmat.structure.projection import Shapes, axis_table, cut_table

__all__ = ["NOISE", "Search", "divisors"]

NOISE = 1e-9  # of float64 sums with weights of chance, over the largest of them
_FAIR = 24  # guesses at the outputs of an axis that are followed up, where many fit
_LONGEST = 4  # outputs of an axis that is searched for, over its inputs and 2
_EACH = 1 << 14  # cells that looking at an axis costs, however small its table
_LONG = 64  # outputs and cells from which an axis is expected to have a steady middle
_VACUOUS = 1 << 10  # entries from which axes that tie nothing are passed over
_PREFIX = 1 << 13  # rows in which a period is looked for


class Search:
    """Guesses at the geometry of one matrix.

    Parameters
    ----------
    entries : Entries
        Of numbers that are no objects.
    tolerance : float
        Entries that differ by no more are equal, where the largest is 1.
    depth : int
        How much is looked at. 0: of long axes both ends, where the outputs in the
        middle are alike; 1: some rows of a large matrix; 2: all rows.
    effort : Effort, optional
        Shared with other searches. When nothing is left, no more shapes are tried.

    Attributes
    ----------
    fewest : int
        Geometries with more taps are passed over; whoever finds one may lower it.
    passed : bool
        Whether outputs were left out or passed over that a greater depth looks at.
    """

    def __init__(
        self,
        entries: Entries,
        tolerance: float,
        depth: int = 1,
        effort: Effort | None = None,
    ) -> None:
        self.entries = entries
        self.tolerance = tolerance
        self.depth = depth
        self.effort = effort or Effort()
        self.fewest = 1 << 62
        self.passed = False

    @cached_property
    def _first(self) -> IntArray:
        """The first column of each of the first rows, -1 where there is none."""
        starts = self.entries.indptr[:-1][: _PREFIX + 1]
        if not len(self.entries.indices):
            return np.full(len(starts), -1)
        places = np.minimum(starts, len(self.entries.indices) - 1)
        held = self.entries.counts[: len(starts)] > 0
        return np.where(held, self.entries.indices[places], -1)

    def guesses(
        self,
        in_channels: int,
        inputs: Shape,
        outputs: Shape | None,
        channels: bool,
        out_channels: int | None = None,
    ) -> Iterator[Guess]:
        """All guesses at one reading of the columns.

        Parameters
        ----------
        in_channels : int
        inputs : tuple of int
            Cells of each spatial axis.
        outputs : tuple of int or None
            Outputs of each spatial axis; None to search for them.
        channels : bool
            Whether there may be several output channels.
        out_channels : int, optional
            How many there are, where that is known.

        Yields
        ------
        Guess
        """
        if not channels:
            out_channels = 1
        cells = 0 if out_channels is None else self.entries.shape[0] // out_channels
        for found, sizes in self._axes(in_channels, inputs, outputs, cells):
            count = self.entries.shape[0] // prod(sizes)
            if (count > 1 and not channels) or out_channels not in (None, count):
                continue
            shapes = Shapes(count, in_channels, sizes, inputs, channels)
            yield from guesses_in_modes(found, shapes)

    def likely_outputs(self, inputs: Shape, most: int) -> Iterator[Shape]:
        """Outputs of each axis that the rows may count, the likeliest first."""

        def walk(axis: int, after: int) -> Iterator[Shape]:
            if axis < 0:
                yield ()
                return
            fair = self._likely(self.entries.shape[0] // after, after)
            fair = [size for size in fair if size <= 2 * inputs[axis] + 1]
            fair.sort(key=lambda size: abs(size - inputs[axis]) * (size > 1))
            for size in fair[: max(2, most // 2)]:
                for before in walk(axis - 1, after * size):
                    yield *before, size

        yield from islice(walk(len(inputs) - 1, 1), most)

    def _axes(
        self, in_channels: int, inputs: Shape, outputs: Shape | None, cells: int
    ) -> Iterator[tuple[list[dict[str, AxisFit]], Shape]]:
        """Fits of all axes, with the outputs of each; `cells` is 0 or their product."""
        known = [] if outputs is None else list(outputs)
        self._cells = cells
        yield from self._below(
            in_channels, inputs, known, len(inputs) - 1, 1, in_channels
        )

    def _below(
        self,
        in_channels: int,
        inputs: Shape,
        known: list[int],
        axis: int,
        after: int,
        bound: int,
    ) -> Iterator[tuple[list[dict[str, AxisFit]], Shape]]:
        if axis < 0:
            yield [], ()
            return
        rows = self.entries.shape[0] // after
        if self._cells:
            rows = self._cells // after
        if known:
            sizes = [known[axis]]
        else:
            sizes = [rows] if self._cells and not axis else self._likely(rows, after)
        shapes = Shapes(1, in_channels, (), inputs, has_channels=True)
        taken = 0
        for size in sizes:
            if not known and size > _LONGEST * (inputs[axis] + 2):
                continue
            if not known and self.effort.left <= 0:
                return
            self.effort.left -= _EACH
            pace = None
            if not self.depth:
                inner = prod(inputs[axis + 1 :])
                pace = steady(self.entries, inner, inputs[axis], size, after)
                if pace is None and not known and size >= _LONG <= inputs[axis]:
                    self.passed = True
                    continue
            fits = self._cut_fits(axis, size, after, shapes, pace)
            if fits is None:
                fits = self._whole_fits(axis, size, after, shapes)
            empty = list(fits) == ["zeros"] and fits["zeros"].vacuous
            if not known and empty and len(self.entries.indices) > _VACUOUS:
                continue
            taps = bound * min(fit.axis.kernel for fit in fits.values())
            if taps > self.fewest:
                continue
            taken += 1
            deeper = self._below(
                in_channels, inputs, known, axis - 1, after * size, taps
            )
            for others, before in deeper:
                yield [*others, fits], (*before, size)
            if taken == _FAIR:
                break

    def _cut_fits(
        self,
        axis: int,
        out_size: int,
        after: int,
        shapes: Shapes,
        pace: tuple[int, int] | None,
    ) -> dict[str, AxisFit] | None:
        """Fits of a long axis that its ends tell, if they tell any."""
        size = shapes.inputs[axis]
        cut = None if pace is None else cut_of(pace, size, out_size)
        if cut is None:
            return None
        table = cut_table(self.entries, axis, out_size, after, shapes, cut)
        self.passed = True
        if table is None:
            return None
        outs = np.arange(len(table))
        fits = axis_fits(table, outs, len(outs), self._allowed(table))
        return cut.lifted(fits)

    def _whole_fits(
        self, axis: int, out_size: int, after: int, shapes: Shapes
    ) -> dict[str, AxisFit]:
        table, outs = axis_table(
            self.entries, axis, out_size, after, shapes, self.depth == 2
        )
        return axis_fits(table, outs, out_size, self._allowed(table))

    def _allowed(self, table: Array) -> float:
        self.effort.left -= table.size
        return float(np.abs(table).max(initial=0)) * NOISE + self.tolerance

    def _likely(self, rows: int, after: int) -> list[int]:
        """Divisors of a number of rows, those first that rows repeat with."""
        sizes = divisors(rows)
        if len(self.entries.indices) <= _PREFIX:
            return sizes
        steps = np.diff(self._first[::after])

        def period(size: int) -> tuple[float, int]:
            if size >= len(steps):
                return 1.0, size
            return -float((steps[size:] == steps[:-size]).mean()), size

        return sorted(sizes, key=period)


def divisors(number: int) -> list[int]:
    """All divisors, ascending.

    Examples
    --------
    >>> divisors(12)
    [1, 2, 3, 4, 6, 12]
    """
    small = [d for d in range(1, int(number**0.5) + 1) if number % d == 0]
    return sorted({*small, *(number // d for d in small)})
