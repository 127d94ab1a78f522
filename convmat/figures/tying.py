"""Why zeros stay zero and ties stay tied: a dense gradient, masked, and summed."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from convmat.arrays import Array
from convmat.constraints import ConvConstraint
from convmat.dtypes import carried
from convmat.errors import ShapeError
from convmat.figures.canvas import cell, fitting_size, text_width, widest, wrapped
from convmat.figures.content import number, short, tap_texts
from convmat.figures.entries import entry_texts
from convmat.figures.grid import Grid
from convmat.figures.sheet import Sheet
from convmat.figures.style import Mark, Theme, tap_mark, theme_of
from convmat.figures.tiles import draw_kernel, kernel_extent
from convmat.geometry import Geometry, require_geometry
from convmat.labels import labels
from convmat.tie import tie_map

__all__ = ["gradient_tying"]

_MOST, _LONGEST = 400, 40  # positions of a matrix, and rows or columns of it
_MARGIN, _GAP, _LINE = 0.25, 0.6, 0.17  # inches
_DOWN = 0.5  # inches between pictures below each other
_NARROWEST = 1.45  # inches of a picture, for its heading
_SMALL, _LETTER, _SIZE, _TITLE = 6.0, 6.0, 8.0, 9.0  # points
_PAGE = 6.5  # inches: pictures that are wider together stand below each other

_HEADINGS = (
    ("dense gradient", "every entry would move by itself"),
    ("masked", "structural zeros get nothing, so they stay 0"),
    ("summed over each tie", "a tap moves as one number, so its tie stays equal"),
)


def gradient_tying(
    geometry: Geometry,
    gradient: npt.ArrayLike,
    *,
    ax: Axes | None = None,
    theme: str | Theme = "light",
) -> Figure:
    """The gradient by the whole matrix, by its entries, and by the kernel.

    Parameters
    ----------
    geometry : Geometry
        Of at most 400 matrix positions, and 40 rows and columns.
    gradient : array_like of shape `geometry.matrix_shape`
        Of some loss, by the dense matrix.
    ax : Axes, optional
        Where to draw; by default a figure of its own.
    theme : str or Theme
        `"light"` or `"dark"`.

    Returns
    -------
    Figure
        Three pictures from left to right, or below each other
        where they would be wider than a page. Ids of the first: `G[r,c]`; of the
        second, where structural zeros are grey and every entry has the colour and the
        letter of its tap: `W[r,c]`; of the third, the sums over each tie: `w[u,v]`. An
        entry that taps share has the colour of the first, and a filled corner. The
        number in a cell has its id with `.text`, the letter with `.letter`; where some
        number fits no cell, none is written. `x[i,j]` and `y[r]` are
        the names of columns and rows, in the first picture with `.G`.

    Raises
    ------
    ShapeError
        When the gradient is not of this geometry, or the matrix is too large to draw.
    ConvmatTypeError
        When the gradient does not hold numbers.

    Examples
    --------
    >>> from convmat import geometry
    >>> figure = gradient_tying(geometry(3, 2), [[1, 2, 3], [4, 5, 6]])
    >>> print(figure.convmat["alt"].splitlines()[-1])
    Summed over each tie: α gets 1 + 5 = 6, β gets 2 + 6 = 8.
    """
    require_geometry(geometry)
    rows, columns = geometry.matrix_shape
    if rows * columns > _MOST or max(rows, columns) > _LONGEST:
        rule = f"must have at most {_MOST} matrix positions, and {_LONGEST} rows and "
        rule += f"columns, not {rows}×{columns}"
        raise ShapeError("geometry", rule, geometry, "kernel_grid draws any matrix")
    array = carried("gradient", gradient)
    if array.shape != geometry.matrix_shape:
        rule = f"must be {geometry.matrix_shape}"
        raise ShapeError("gradient.shape", rule, array.shape)
    sums = ConvConstraint(geometry).pull_back(array).reshape(-1)
    sheet = Sheet.blank(theme_of(theme), ax)
    stored = _Panels(sheet, geometry, array, sums).draw()
    params = {
        "geometry": repr(geometry),
        "gradient": [[number(v) for v in row] for row in array],
        "theme": sheet.theme.name,
    }
    alt = _alt(geometry, array, sums)
    return sheet.finish("gradient_tying", params, alt, W=stored)


class _Panels:
    """The three pictures and their measures, in inches."""

    def __init__(self, sheet: Sheet, g: Geometry, array: Array, sums: Array) -> None:
        self.sheet, self.geometry, self.array = sheet, g, array
        self.grid = Grid.of(g, padding=False)
        self.letters = tap_texts(g, None)
        self.texts = [[number(v, 3) for v in row] for row in array]
        self.sums = [number(v, 3) for v in sums]
        flat = [*(text for row in self.texts for text in row), *self.sums]
        self.side = min(0.62, max(0.4, 0.12 + widest(flat, _SIZE)))
        size = fitting_size(flat, self.side, self.side, _SIZE)
        self.points = size if size >= _SMALL else 0.0  # 0 where no number fits
        rows, columns = array.shape
        kernel = kernel_extent(g)
        self.wide = columns * self.side, columns * self.side, kernel[0] * self.side
        self.tall = rows * self.side, rows * self.side, kernel[1] * self.side
        names = [name for name, _ in self.grid.row_names()]
        self.names = 0.06 + widest(names, self._name_size(names))
        self.rooms = [max(_NARROWEST, wide) for wide in self.wide]
        self.lines = [
            wrapped(why, 7.0, room)
            for (_, why), room in zip(_HEADINGS, self.rooms, strict=True)
        ]
        # Headings, and a line for the names of the columns.
        self.head = (1.6 + max(map(len, self.lines))) * _LINE
        self.lefts, self.tops = self._places()

    def _places(self) -> tuple[list[float], list[float]]:
        """Left and top of each picture's cells: on one line, or as few as fit a page.

        The kernel stands at half the height of the matrix beside it.
        """
        step = _GAP + self.names
        two = 2 * _MARGIN + self.names + self.rooms[1] + _GAP + self.rooms[2]
        first, top = _MARGIN + self.names, _MARGIN + self.head
        middle = (self.tall[1] - self.tall[2]) / 2
        if two + step + self.rooms[0] - self.names <= _PAGE:
            second = first + self.rooms[0] + step
            third = second + self.rooms[1] + _GAP
            return [first, second, third], [top, top, top + max(0.0, middle)]
        below = top + self.tall[0] + _DOWN + self.head
        if two <= _PAGE:
            third = first + self.rooms[1] + _GAP
            return [first, first, third], [top, below, below + max(0.0, middle)]
        last = below + self.tall[1] + _DOWN + self.head
        return [first, first, first], [top, below, last]

    def draw(self) -> list[str]:
        """Draw everything; the ids of the entries."""
        for (row, column), _ in np.ndenumerate(self.array):
            mark = self.sheet.theme.plain
            self._cell(0, row, column, mark, f"G[{row},{column}]")
        stored = self._masked()
        self._summed()
        for panel, suffix in enumerate((".G", "")):
            self._name(panel, suffix)
        for panel in range(3):
            self._head(panel)
        for panel in range(2):
            self._arrow(panel)
        ends = zip(self.lefts, self.rooms, strict=True)
        lows = zip(self.tops, self.tall, strict=True)
        right = max(left + room for left, room in ends) + _MARGIN
        self.sheet.cut(right, max(top + tall for top, tall in lows) + _MARGIN)
        return stored

    def _masked(self) -> list[str]:
        """The entries in the colours and letters of their taps; zeros elsewhere."""
        stored, theme = [], self.sheet.theme
        letters = entry_texts(self.grid.entries, None, self.letters.__getitem__)
        for (row, column), entry in np.ndenumerate(self.grid.numbers()):
            gid = f"W[{row},{column}]"
            if entry < 0:
                self._cell(1, row, column, theme.untouched, gid, zero=True)
                continue
            mark = self.grid.mark(int(entry), column, theme)
            corner = self._cell(1, row, column, mark, gid)
            first = self.letters[int(self.grid.entries.taps[entry])]
            self._letter(corner, letters[entry], first, mark, gid)
            stored.append(gid)
        return stored

    def _arrow(self, panel: int) -> None:
        """From a picture to the next, beside it or below."""
        left, top = self.lefts[panel], self.tops[panel]
        if self.lefts[panel + 1] > left:
            text, x = "→", left + self.rooms[panel] + _GAP / 2
            y = top + self.tall[panel] / 2
        else:
            text, x = "↓", left + min(self.rooms[panel : panel + 2]) / 2
            y = top + self.tall[panel] + _DOWN / 2
        self.sheet.write(x, y, text, f"arrow[{panel}]", fontsize=16.0)

    def _summed(self) -> None:
        """The kernel, each tap with its letter."""
        theme = self.sheet.theme
        place = self.lefts[2], self.tops[2]
        texts = self.sums if self.points else [""] * len(self.sums)
        points, ax = self.points or _SIZE, self.sheet.ax
        drawn = draw_kernel(ax, place, self.side, self.geometry, texts, theme, points)
        corners = {
            patch.get_gid(): patch.get_xy()
            for patch in ax.patches
            if isinstance(patch, Rectangle)
        }
        for tap, gid in enumerate(drawn):
            letter, mark = self.letters[tap], tap_mark(tap, theme)
            self._letter(corners[gid], letter, letter, mark, gid)

    def _letter(
        self, place: tuple[float, float], text: str, first: str, mark: Mark, gid: str
    ) -> None:
        """The letters of a cell, small in its corner: no colour tells alone.

        A sum that is too long has its first tap, and the filled corner.
        """
        room = self.side - 0.08
        text = text if text_width(text, _LETTER) <= room else first
        across, down = place[0] + 0.04, place[1] + 0.085
        looks: dict[str, Any] = {"fontsize": _LETTER, "ha": "left", "color": mark.ink}
        self.sheet.write(across, down, text, f"{gid}.letter", **looks)

    def _cell(
        self,
        panel: int,
        row: int,
        column: int,
        mark: Mark,
        gid: str,
        *,
        zero: bool = False,
    ) -> tuple[float, float]:
        """One position, and where it lies."""
        text = "0" if zero else self.texts[row][column]
        corner = self._corner(panel, row, column)
        points = self.points or _SIZE
        text = text if self.points or zero else ""
        size = self.side, self.side
        cell(self.sheet.ax, corner, size, mark, gid, text=text, points=points)
        return corner

    def _corner(self, panel: int, row: int, column: int) -> tuple[float, float]:
        left, top = self.lefts[panel], self.tops[panel]
        return left + column * self.side, top + row * self.side

    def _head(self, panel: int) -> None:
        """What a picture shows, and why it matters."""
        left, gid = self.lefts[panel], f"title[{panel}]"
        # Above a picture beside another, at the height of that one's.
        beside = panel and self.lefts[panel] > self.lefts[panel - 1]
        y = (self.tops[panel - 1] if beside else self.tops[panel]) - self.head
        title = _HEADINGS[panel][0]
        self.sheet.write(left, y, title, gid, fontsize=_TITLE, ha="left")
        muted = self.sheet.theme.muted
        looks: dict[str, Any] = {"fontsize": 7.0, "ha": "left", "color": muted}
        for depth, line in enumerate(self.lines[panel], 1):
            down = y + depth * _LINE
            self.sheet.write(left, down, line, f"{gid}.{depth}", **looks)

    def _name(self, panel: int, suffix: str) -> None:
        """Names of the inputs above the columns, of the outputs beside the rows."""
        columns, rows = self.grid.column_names(), self.grid.row_names()
        left, top = self.lefts[panel], self.tops[panel]
        muted = self.sheet.theme.muted
        for named, is_row in ((columns, False), (rows, True)):
            size = self._name_size([name for name, _ in named])
            for place, (name, gid) in enumerate(named):
                along = (place + 0.5) * self.side
                x, y = left + along, top - 0.1
                if is_row:
                    x, y = left - 0.06, top + along
                ha = "right" if is_row else "center"
                looks: dict[str, Any] = {"fontsize": size, "color": muted, "ha": ha}
                self.sheet.write(x, y, name, gid + suffix, **looks)

    def _name_size(self, names: list[str]) -> float:
        return fitting_size(names, self.side, self.side, 7.0)


def _alt(geometry: Geometry, array: Array, sums: Array) -> str:
    rows, columns = array.shape
    head = (
        f"The gradient by the {rows}×{columns} matrix of {geometry!r}: dense; masked, "
        f"with {geometry.untouched} structural zeros; and summed over each tie."
    )
    ties, known = tie_map(geometry), labels(geometry)
    parts = []
    for tap, total in enumerate(sums):
        places = zip(*ties.where(tap), strict=True)
        terms = [number(array[row, column]) for row, column in places]
        written = " + ".join(terms) if 0 < len(terms) <= 4 else f"{len(terms)} numbers"
        parts.append(f"{short(known.letter(tap))} gets {written} = {number(total)}")
    return f"{head}\nSummed over each tie: {', '.join(parts)}."
