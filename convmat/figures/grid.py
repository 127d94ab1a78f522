"""Where things sit in a drawn matrix: taps, dropped taps, names, channel blocks."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from math import prod

import numpy as np
import numpy.typing as npt

from convmat.arrays import Array, IntArray
from convmat.figures.content import (
    caption,
    cell_id,
    cells_read,
    input_cells,
    padded_counts,
    short,
)
from convmat.figures.entries import Entries
from convmat.figures.style import SHADES, Mark, Theme, tap_mark
from convmat.geometry import Geometry
from convmat.labels import labels
from convmat.tie import tie_map

__all__ = ["Grid"]


@dataclass(frozen=True, eq=False)
class Grid:
    """The positions of one matrix, over the input or over the padded input.

    Attributes
    ----------
    geometry : Geometry
    padding : bool
        Whether columns are cells of the padded input.
    shape : (int, int)
        Rows and columns as drawn.
    entries : Entries
        What is drawn where. Over the padded input no two taps share a position.
    dropped_rows, dropped_cols : ndarray of int
        Positions of the zeros dropped by padding; empty over the input alone.
    inputs : ndarray of int, shape (inputs,)
        Entry `c` is the column at which input `c` is drawn.
    held : ndarray of int, shape (columns,)
        Entry `c` is the input that column `c` holds, also where it is padding that
        repeats the input; -1 where it holds a zero, or no window reads it.

    Examples
    --------
    >>> from convmat import geometry
    >>> grid = Grid.of(geometry((2,), (3,), padding=1), padding=True)
    >>> grid.shape, grid.inputs, grid.dropped_cols, grid.held
    ((2, 4), array([1, 2]), array([0, 3]), array([-1,  0,  1, -1]))
    """

    geometry: Geometry
    padding: bool
    shape: tuple[int, int]
    entries: Entries
    dropped_rows: IntArray
    dropped_cols: IntArray
    inputs: IntArray
    held: IntArray

    @classmethod
    def of(cls, geometry: Geometry, padding: bool) -> Grid:
        """The positions of `geometry`, from its tie map."""
        ties = tie_map(geometry)
        rows, columns = geometry.matrix_shape
        if not padding:
            none, whole = np.empty(0, dtype=np.int64), np.arange(columns)
            entries = Entries.of(ties.rows, ties.cols, ties.taps)
            ends = none, none, whole, whole
            return cls(geometry, padding, (rows, columns), entries, *ends)
        columns, _ = padded_counts(geometry)
        inputs = input_cells(geometry)
        cells = cells_read(geometry, ties.rows, ties.taps)
        held: IntArray = np.full(columns, -1)
        held[cells] = ties.cols
        held[inputs] = np.arange(len(inputs))
        dropped_rows, dropped_cells, _ = ties.dropped
        entries = Entries.of(ties.rows, cells, ties.taps)
        outside = dropped_rows, dropped_cells, inputs, held
        return cls(geometry, padding, (rows, columns), entries, *outside)

    @cached_property
    def is_padding(self) -> npt.NDArray[np.bool_]:
        """Whether each column is a cell of padding."""
        outside = np.ones(self.shape[1], dtype=bool)
        outside[self.inputs] = False
        return outside

    def numbers(self) -> IntArray:
        """Entry `[r, c]` is the entry there, -1 where untouched, -2 where dropped."""
        numbers = self.entries.numbers(self.shape)
        numbers[self.dropped_rows, self.dropped_cols] = -2
        return numbers

    def mark(self, number: int, column: int, theme: Theme) -> Mark:
        """The look of an entry; over padding that repeats the input it is dashed."""
        tap, is_sum = int(self.entries.taps[number]), bool(self.entries.sums[number])
        mark = tap_mark(tap, theme, is_sum=is_sum)
        return replace(mark, line="dashed") if self.is_padding[column] else mark

    def caption(self, cells: bool) -> list[str]:
        """The counts of this matrix; `cells` are drawn, or dots."""
        sums = int(self.entries.sums.sum())
        repeated = int(self.is_padding[self.entries.cols].sum())
        counts = {"sums": sums, "repeated": repeated}
        return caption(self.geometry, self.padding, cells, **counts)

    def row_names(self) -> list[tuple[str, str]]:
        """Name and id of each row."""
        names = labels(self.geometry).outputs
        return [(short(name), f"y[{row}]") for row, name in enumerate(names)]

    def column_names(self) -> list[tuple[str, str]]:
        """Name and id of each column.

        A cell of padding has the name of what it holds: 0, or the input it repeats.
        """
        names, shape = labels(self.geometry).inputs, self.geometry.input_shape
        named = []
        for column, number in enumerate(self.held.tolist()):
            gid = f"pad[{column}]"
            if not self.is_padding[column]:
                gid = cell_id("x", shape, number)
            named.append((self.filler if number < 0 else short(names[number]), gid))
        return named

    @property
    def filler(self) -> str:
        """What stands in padding that repeats no input, as far as windows tell."""
        return "0" if self.geometry.padding_mode == "zeros" else ""

    def blocks(self) -> tuple[list[int], list[int]]:
        """First rows of output channels and first columns of input channels."""
        high = prod(self.geometry.output_size)
        wide = self.shape[1] // self.geometry.in_channels
        return list(range(0, self.shape[0], high)), list(range(0, self.shape[1], wide))

    def picture(self, theme: Theme, most: tuple[int, int]) -> Array:
        """The matrix as an image of at most `most` rows and columns of dots.

        Returns
        -------
        ndarray of float, shape (rows, columns, 3)
            Where a dot stands for several positions it has the colour of a tap if any
            of them holds one, so that no diagonal is lost.
        """
        from matplotlib.colors import to_rgb  # nothing else here needs matplotlib

        high, wide = min(self.shape[0], most[0]), min(self.shape[1], most[1])
        image = np.empty((high, wide, 3))
        image[:] = to_rgb(theme.untouched.fill)
        fills = [to_rgb(tap_mark(tap, theme).fill) for tap in range(SHADES)]
        colors = np.array(fills)  # an image has no hatches: colours repeat

        def dots(rows: IntArray, cols: IntArray) -> tuple[IntArray, IntArray]:
            return rows * high // self.shape[0], cols * wide // self.shape[1]

        image[dots(self.dropped_rows, self.dropped_cols)] = to_rgb(theme.dropped.fill)
        entries = self.entries
        image[dots(entries.rows, entries.cols)] = colors[entries.taps % SHADES]
        return image
