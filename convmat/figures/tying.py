"""Why zeros stay zero and ties stay tied: a dense gradient, masked, and summed."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from convmat.arrays import Array, IntArray
from convmat.constraints import ConvConstraint
from convmat.dtypes import carried
from convmat.errors import ShapeError
from convmat.figures.canvas import Sheet, cell, describe, fitting_size, widest, wrapped
from convmat.figures.content import number, short
from convmat.figures.style import Mark, Theme, tap_mark, theme_of
from convmat.figures.tiles import draw_kernel, kernel_extent
from convmat.geometry import Geometry
from convmat.labels import labels
from convmat.tie import tie_map

__all__ = ["gradient_tying"]

_MOST = 400  # positions of a matrix that is drawn cell by cell
_MARGIN, _GAP, _HEAD, _LINE = 0.3, 0.75, 0.62, 0.17  # inches
_SMALL, _LETTER, _SIZE = 5.5, 5.0, 8.0  # points


def gradient_tying(
    geometry: Geometry, gradient: npt.ArrayLike, *, theme: str | Theme = "light"
) -> Figure:
    """The gradient by the whole matrix, by its entries, and by the kernel.

    Parameters
    ----------
    geometry : Geometry
        Of at most 400 matrix positions.
    gradient : array_like of shape `geometry.matrix_shape`
        Of some loss, by the dense matrix.
    theme : str or Theme
        `"light"` or `"dark"`.

    Returns
    -------
    Figure
        Three pictures from left to right. Ids of the first: `G[r,c]`; of the second,
        where structural zeros are grey and every entry has the colour of its tap:
        `W[r,c]`; of the third, the sums over each tie: `w[u,v]`. An entry that taps
        share has the colour of the first, and a filled corner.

    Raises
    ------
    ShapeError
        When the gradient is not of this geometry, or the matrix is too large to draw.

    Examples
    --------
    >>> from convmat import geometry
    >>> figure = gradient_tying(geometry(3, 2), [[1, 2, 3], [4, 5, 6]])
    >>> print(figure.convmat["alt"].splitlines()[-1])
    Summed over each tie: α gets 1 + 5 = 6, β gets 2 + 6 = 8.
    """
    array = carried("gradient", gradient)
    if array.shape != geometry.matrix_shape:
        rule = f"must be {geometry.matrix_shape}"
        raise ShapeError("gradient.shape", rule, array.shape)
    if array.size > _MOST:
        rule = f"must have at most {_MOST} matrix positions, not {array.size}"
        raise ShapeError("geometry", rule, geometry, "kernel_grid draws any matrix")
    sums = ConvConstraint(geometry).pull_back(array).reshape(-1)
    sheet = Sheet.blank(theme_of(theme))
    stored = _Panels(sheet, geometry, array, sums).draw()
    params = {
        "geometry": repr(geometry),
        "gradient": [[number(v) for v in row] for row in array],
        "theme": sheet.theme.name,
    }
    alt = _alt(geometry, array, sums)
    return describe(sheet.figure, "gradient_tying", params, alt, W=stored)


class _Panels:
    """The three pictures and their measures, in inches."""

    def __init__(self, sheet: Sheet, g: Geometry, array: Array, sums: Array) -> None:
        self.sheet, self.geometry, self.array = sheet, g, array
        self.names = labels(g)
        self.texts = [[number(v, 3) for v in row] for row in array]
        self.sums = [number(v, 3) for v in sums]
        flat = [text for row in self.texts for text in row]
        width = 0.12 + widest([*flat, *self.sums], _SIZE)
        self.side = min(0.62, max(0.4, width))
        size = fitting_size([*flat, *self.sums], self.side, self.side, _SIZE)
        self.points = size if size >= _SMALL else 0.0
        self.top = _MARGIN + _HEAD

    def draw(self) -> list[str]:
        """Draw everything; the ids of the entries."""
        rows, columns = self.array.shape
        wide, kernel = columns * self.side, kernel_extent(self.geometry)
        lefts = [_MARGIN, _MARGIN + wide + _GAP, _MARGIN + 2 * (wide + _GAP)]
        tallest = max(rows, kernel[1]) * self.side
        last = max(kernel[0] * self.side, 1.1)
        self._dense(lefts[0])
        stored = self._masked(lefts[1])
        drop = (tallest - kernel[1] * self.side) / 2
        texts = self.sums if self.points else [""] * len(self.sums)
        place = lefts[2], self.top + drop
        theme, points = self.sheet.theme, self.points or _SIZE
        drawn = draw_kernel(
            self.sheet.ax, place, self.side, self.geometry, texts, theme, points
        )
        corners = {
            patch.get_gid(): patch.get_xy()
            for patch in self.sheet.ax.patches
            if isinstance(patch, Rectangle)
        }
        for tap, gid in enumerate(drawn):
            self._letter(corners[gid], tap, tap_mark(tap, theme), gid)
        titles = {
            "dense gradient": (lefts[0], wide, "every entry would move by itself"),
            "masked": (lefts[1], wide, "structural zeros get nothing, so they stay 0"),
            "summed over each tie": (lefts[2], last, "one number a tap"),
        }
        for index, (title, (left, room, why)) in enumerate(titles.items()):
            room = max(room, 1.0)
            for depth, line in enumerate([title, *wrapped(why, 7.0, room + _GAP / 2)]):
                looks = {} if not depth else {"color": theme.muted}
                self.sheet.write(
                    left,
                    _MARGIN + depth * _LINE,
                    line,
                    f"title[{index}]" if not depth else f"title[{index}].{depth}",
                    fontsize=7.0 if depth else 9.0,
                    ha="left",
                    **looks,
                )
        for index, left in enumerate(lefts[1:]):
            middle = self.top + tallest / 2
            self.sheet.write(
                left - _GAP / 2, middle, "→", f"arrow[{index}]", fontsize=16.0
            )
        self.sheet.cut(lefts[2] + last + _GAP, self.top + tallest + _MARGIN)
        return stored

    def _dense(self, left: float) -> None:
        for (row, column), _ in np.ndenumerate(self.array):
            mark = self.sheet.theme.plain
            self._cell(left, row, column, mark, f"G[{row},{column}]")

    def _masked(self, left: float) -> list[str]:
        ties, theme = tie_map(self.geometry), self.sheet.theme
        taps: IntArray = np.full(self.array.shape, -1)
        held = np.zeros(self.array.shape, dtype=np.int64)
        # The first of the taps that share an entry is written last.
        taps[ties.rows[::-1], ties.cols[::-1]] = ties.taps[::-1]
        np.add.at(held, (ties.rows, ties.cols), 1)
        stored = []
        for (row, column), tap in np.ndenumerate(taps):
            gid = f"W[{row},{column}]"
            if tap < 0:
                self._cell(left, row, column, theme.untouched, gid, "0")
                continue
            mark = tap_mark(int(tap), theme, is_sum=bool(held[row, column] > 1))
            self._cell(left, row, column, mark, gid)
            place = left + column * self.side, self.top + row * self.side
            self._letter(place, int(tap), mark, gid)
            stored.append(gid)
        return stored

    def _letter(
        self, place: tuple[float, float], tap: int, mark: Mark, gid: str
    ) -> None:
        """The name of a tap, small in the corner of its cell: no colour tells alone."""
        if self.points:
            name = short(self.names.letter(tap))
            across, down = place[0] + 0.04, place[1] + 0.08
            looks = {"fontsize": _LETTER, "ha": "left", "color": mark.ink}
            self.sheet.write(across, down, name, f"{gid}.letter", **looks)

    def _cell(
        self,
        left: float,
        row: int,
        column: int,
        mark: Mark,
        gid: str,
        text: str | None = None,
    ) -> None:
        shown = self.texts[row][column] if text is None else text
        place = left + column * self.side, self.top + row * self.side
        size = self.side, self.side
        points = self.points or _SIZE
        text = shown if self.points else ""
        cell(self.sheet.ax, place, size, mark, gid, text=text, points=points)


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
