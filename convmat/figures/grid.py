"""Where things sit in a drawn matrix: taps, dropped taps, names, channel blocks."""

from __future__ import annotations

from dataclasses import dataclass
from math import prod

import numpy as np
from matplotlib.colors import to_rgb

from convmat.arrays import Array, IntArray
from convmat.figures.content import cell_id, input_cells, padded_counts, short
from convmat.figures.style import SHADES, Theme, tap_mark
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
    rows, cols, taps : ndarray of int, shape (nnz,)
        Entry `i` says: tap `taps[i]` is drawn at row `rows[i]`, column `cols[i]`.
    dropped_rows, dropped_cols : ndarray of int
        Positions of the zeros dropped by padding; empty over the input alone.
    inputs : ndarray of int, shape (inputs,)
        Entry `c` is the column at which input `c` is drawn.

    Examples
    --------
    >>> from convmat import geometry
    >>> grid = Grid.of(geometry((2,), (3,), padding=1), padding=True)
    >>> grid.shape, grid.inputs, grid.dropped_cols
    ((2, 4), array([1, 2]), array([0, 3]))
    """

    geometry: Geometry
    padding: bool
    shape: tuple[int, int]
    rows: IntArray
    cols: IntArray
    taps: IntArray
    dropped_rows: IntArray
    dropped_cols: IntArray
    inputs: IntArray

    @classmethod
    def of(cls, geometry: Geometry, padding: bool) -> Grid:
        """The positions of `geometry`, from its tie map."""
        ties = tie_map(geometry)
        rows, columns = geometry.matrix_shape
        if not padding:
            none, whole = np.empty(0, dtype=np.int64), np.arange(columns)
            entries = ties.rows, ties.cols, ties.taps
            return cls(geometry, padding, (rows, columns), *entries, none, none, whole)
        columns, _ = padded_counts(geometry)
        inputs = input_cells(geometry)
        dropped_rows, cells, _ = ties.dropped
        entries = ties.rows, inputs[ties.cols], ties.taps
        outside = dropped_rows, cells, inputs
        return cls(geometry, padding, (rows, columns), *entries, *outside)

    def marks(self) -> IntArray:
        """Entry `[r, c]` is the tap there, -1 where untouched, -2 where dropped."""
        marks: IntArray = np.full(self.shape, -1)
        marks[self.dropped_rows, self.dropped_cols] = -2
        marks[self.rows, self.cols] = self.taps
        return marks

    def row_names(self) -> list[tuple[str, str]]:
        """Name and id of each row."""
        names = labels(self.geometry).outputs
        return [(short(name), f"y[{row}]") for row, name in enumerate(names)]

    def column_names(self) -> list[tuple[str, str]]:
        """Name and id of each column; a cell of padding is named 0, which it holds."""
        named = [("0", f"pad[{column}]") for column in range(self.shape[1])]
        names = labels(self.geometry).inputs
        for number, column in enumerate(self.inputs.tolist()):
            gid = cell_id("x", self.geometry.input_shape, number)
            named[column] = short(names[number]), gid
        return named

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
        high, wide = min(self.shape[0], most[0]), min(self.shape[1], most[1])
        image = np.empty((high, wide, 3))
        image[:] = to_rgb(theme.untouched.fill)
        fills = [to_rgb(tap_mark(tap, theme).fill) for tap in range(SHADES)]
        colors = np.array(fills)  # an image has no hatches: colours repeat

        def dots(rows: IntArray, cols: IntArray) -> tuple[IntArray, IntArray]:
            return rows * high // self.shape[0], cols * wide // self.shape[1]

        image[dots(self.dropped_rows, self.dropped_cols)] = to_rgb(theme.dropped.fill)
        image[dots(self.rows, self.cols)] = colors[self.taps % SHADES]
        return image
