"""A matrix drawn cell by cell on a sheet, as it is or transposed, with its names."""

from __future__ import annotations

from typing import Any

import numpy as np
from matplotlib.lines import Line2D
from matplotlib.patches import Rectangle

from convmat.figures.canvas import POINT, cell, fitting_size, text_width, widest
from convmat.figures.grid import Grid
from convmat.figures.sheet import Sheet

__all__ = ["MatrixCells"]

_SIZE, _NAME, _SMALLEST = 8.0, 7.0, 5.0  # points


class MatrixCells:
    """A matrix over the input in cells, and the inches that it takes.

    Cells have their texts where all of them fit, or else their colours only.

    Parameters
    ----------
    sheet : Sheet
    grid : Grid
    words : list of str
        What each entry says.
    side : float
        Inches of a cell.
    transposed : bool
        Whether rows and columns change places.
    letters : list of str, optional
        What each tap says, where that is no number: a sum of taps that is too long for
        a cell has the letter of its first tap, and the filled corner.

    Attributes
    ----------
    points : float
        Font size in the cells; 0 where they have no text.
    margins : (float, float)
        Inches that the names take on the left and above.
    size : (float, float)
        Width and height of the cells.
    """

    def __init__(
        self,
        sheet: Sheet,
        grid: Grid,
        words: list[str],
        side: float,
        *,
        transposed: bool = False,
        letters: list[str] | None = None,
    ) -> None:
        self.sheet, self.grid, self.side = sheet, grid, side
        self.words = words
        if letters is not None:
            firsts = [letters[tap] for tap in grid.entries.taps.tolist()]
            self.words = [
                word if text_width(word, 6.0) <= 0.86 * side else first
                for word, first in zip(words, firsts, strict=True)
            ]
        self.transposed = transposed
        size = fitting_size([*self.words, "0"], side, side, _SIZE)
        self.points = size if size >= _SMALLEST else 0.0
        named = grid.row_names(), grid.column_names()
        self.rows, self.columns = named[::-1] if transposed else named
        self.size = len(self.columns) * side, len(self.rows) * side
        self.name_size = min(_NAME, 0.72 * side / POINT)
        broadest = widest([name for name, _ in self.columns], self.name_size)
        self.upright = broadest > 0.85 * side
        left = widest([name for name, _ in self.rows], self.name_size)
        self.margins = left + 0.06, (broadest if self.upright else 0.12) + 0.08

    def draw(
        self, corner: tuple[float, float], suffix: str = "", named: str = ""
    ) -> list[str]:
        """Draw it; the ids of its entries, `W[r,c]` also where it is transposed.

        Parameters
        ----------
        corner : (float, float)
            Left and top of the first cell.
        suffix : str
            Of all ids.
        named : str
            Of the ids of names, beside it.
        """
        theme, drawn = self.sheet.theme, []
        for (row, column), entry in np.ndenumerate(self.grid.numbers()):
            gid, mark, text = f"W[{row},{column}]{suffix}", theme.untouched, "0"
            if entry >= 0:
                mark = self.grid.mark(int(entry), column, theme)
                text = self.words[entry]
                drawn.append(gid)
            across, down = (row, column) if self.transposed else (column, row)
            place = corner[0] + across * self.side, corner[1] + down * self.side
            looks: dict[str, Any] = {"text": text if self.points else ""}
            size, points = (self.side, self.side), self.points or _SIZE
            cell(self.sheet.ax, place, size, mark, gid, points=points, **looks)
        self._name(corner, suffix + named)
        self._blocks(corner, suffix)
        return drawn

    def frame(
        self, corner: tuple[float, float], row: int, gid: str, rows: int = 1
    ) -> None:
        """A thick border around rows of the matrix, columns where it is transposed."""
        wide, high = self.size
        x, y = corner
        if self.transposed:
            x, wide = x + row * self.side, rows * self.side
        else:
            y, high = y + row * self.side, rows * self.side
        looks: dict[str, Any] = {"edgecolor": self.sheet.theme.ink, "fill": False}
        looks |= {"linewidth": 2.2, "clip_on": False, "zorder": 2.5}
        self.sheet.ax.add_patch(Rectangle((x, y), wide, high, gid=gid, **looks))

    def _name(self, corner: tuple[float, float], suffix: str) -> None:
        looks: dict[str, Any] = {"fontsize": self.name_size}
        looks["color"] = self.sheet.theme.muted
        for place, (name, gid) in enumerate(self.columns):
            x, y = corner[0] + (place + 0.5) * self.side, corner[1] - 0.05
            turned: dict[str, Any] = {"va": "bottom"}
            if self.upright:
                turned["rotation"] = 90
            self.sheet.write(x, y, name, gid + suffix, **looks, **turned)
        for place, (name, gid) in enumerate(self.rows):
            at = corner[0] - 0.05, corner[1] + (place + 0.5) * self.side
            self.sheet.write(*at, name, gid + suffix, ha="right", **looks)

    def _blocks(self, corner: tuple[float, float], suffix: str) -> None:
        """Thick lines between channels."""
        rows, columns = self.grid.blocks()
        if self.transposed:
            rows, columns = columns, rows
        (left, top), (wide, high) = corner, self.size
        for kind, places in (("row", rows), ("column", columns)):
            for number, place in enumerate(places[1:], 1):
                x = y = place * self.side
                ends = (left, left + wide), (top + y, top + y)
                if kind == "column":
                    ends = (left + x, left + x), (top, top + high)
                gid = f"block.{kind}[{number}]{suffix}"
                line = Line2D(*ends, linewidth=1.8, gid=gid, zorder=2.2)
                line.set_color(self.sheet.theme.ink)
                self.sheet.ax.add_line(line)
