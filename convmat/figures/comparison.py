"""The matrix that a convolution implies, beside the one that it should have."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from convmat.arrays import Array
from convmat.dtypes import carried
from convmat.errors import ShapeError
from convmat.figures.canvas import cell, fitting_size, text_width
from convmat.figures.content import number, tap_texts
from convmat.figures.grid import Grid
from convmat.figures.sheet import Sheet
from convmat.figures.style import Mark, Theme, tap_mark, theme_of
from convmat.geometry import Geometry, require_geometry
from convmat.tie import tie_map

__all__ = ["matrices_compared"]

_MOST, _LONGEST = 900, 40  # positions of a matrix, and rows or columns of it
_MARGIN, _GAP, _SIDE, _LINE = 0.25, 0.55, 0.36, 0.19  # inches
_SIZE, _NAME, _TITLE = 8.0, 7.0, 9.0  # points
_LEAST = 5.5  # points: a longer sum of taps becomes …
_PAGE, _SIDES = 6.5, 0.4  # inches: the width of a page, names beside rows
_TOLD = 12  # wrong entries that the alt text names


def matrices_compared(
    geometry: Geometry,
    weights: npt.ArrayLike,
    *,
    name: str = "what was checked",
    ax: Axes | None = None,
    theme: str | Theme = "light",
) -> Figure:
    """The right matrix and an implied one, with every difference framed.

    Parameters
    ----------
    geometry : Geometry
        Of at most 900 matrix positions, and 40 rows and columns.
    weights : array_like, shape (taps, rows, columns)
        The weight of each tap at each position, as
        `convmat.verify.implied_matrix` reads it.
    name : str
        Of what implies them.
    ax : Axes, optional
        Where to draw; by default a figure of its own.
    theme : str or Theme
        `"light"` or `"dark"`.

    Returns
    -------
    Figure
        Ids of its artists: `R[r,c]` in the right matrix, `W[r,c]` in the other, with
        `.text`; `wrong[r,c]` for the frame of a difference, in both (`.right`).

    Raises
    ------
    ShapeError
        For a matrix that is too large, and weights of another shape.

    Examples
    --------
    >>> import numpy as np
    >>> from convmat import geometry
    >>> shifted = np.array([[[0, 1, 0], [0, 0, 1]], [[0, 1, 0], [0, 0, 1]]])
    >>> figure = matrices_compared(geometry(3, 2), shifted)
    >>> print(figure.convmat["alt"].splitlines()[-1])
    Wrong: row 0, column 0 is 0 and should be α; row 0, column 1 is α+β and should be β;
    row 1, column 1 is 0 and should be α; row 1, column 2 is α+β and should be β.
    """
    require_geometry(geometry)
    rows, columns = geometry.matrix_shape
    if rows * columns > _MOST or max(rows, columns) > _LONGEST:
        rule = f"must have at most {_MOST} matrix positions, and {_LONGEST} rows and "
        rule += f"columns, not {rows}×{columns}"
        raise ShapeError("geometry", rule, geometry, "compare a smaller geometry")
    array = carried("weights", weights)
    if array.shape != (geometry.free_parameters, rows, columns):
        rule = f"must be {(geometry.free_parameters, rows, columns)}"
        raise ShapeError("weights.shape", rule, array.shape)
    sheet = Sheet.blank(theme_of(theme), ax)
    panels = _Panels(sheet, geometry, array)
    wrong = panels.draw(name)
    params = {"geometry": repr(geometry), "name": name, "theme": sheet.theme.name}
    alt = panels.alt(name)
    ids = [f"W[{row},{column}]" for row, column in wrong]
    return sheet.finish("matrices_compared", params, alt, W=ids)


class _Panels:
    """Both matrices, in inches."""

    def __init__(self, sheet: Sheet, g: Geometry, weights: Array) -> None:
        self.sheet, self.geometry = sheet, g
        self.grid = Grid.of(g, padding=False)
        self.letters = tap_texts(g, None)
        ties = tie_map(g)
        right = np.zeros((g.free_parameters, *g.matrix_shape), np.int64)
        right[ties.taps, ties.rows, ties.cols] = 1
        self.weights = right, weights
        differ = np.any(weights != right, axis=0)
        self.wrong = [(int(row), int(column)) for row, column in np.argwhere(differ)]
        names = [name for name, _ in self.grid.row_names()]
        size = fitting_size(names, 0.5, _SIDE, _NAME)
        self.points = size
        rows, columns = g.matrix_shape
        self.size = columns * _SIDE, rows * _SIDE
        self.first = _MARGIN + 2 * _LINE + 0.12

    def draw(self, name: str) -> list[tuple[int, int]]:
        """Draw everything; the positions that differ."""
        count = len(self.wrong)
        differ = "no difference" if count == 0 else f"{count} differ"
        heads = ("as it should be", f"{name}: {differ}, framed")
        self._place(heads)
        for panel, prefix in enumerate("RW"):
            for row, column in np.ndindex(self.geometry.matrix_shape):
                self._position(panel, prefix, row, column)
            self._name(panel)
        for row, column in self.wrong:
            for panel, suffix in enumerate((".right", "")):
                self._frame(panel, row, column, f"wrong[{row},{column}]{suffix}")
        for panel, head in enumerate(heads):
            place = self.lefts[panel], self.tops[panel] - self.first + _MARGIN
            looks: dict[str, Any] = {"fontsize": _TITLE, "ha": "left"}
            self.sheet.write(*place, head, f"title[{panel}]", **looks)
        widths = [max(self.size[0], text_width(head, _TITLE)) for head in heads]
        ends = zip(self.lefts, widths, strict=True)
        right = max(left + wide for left, wide in ends) + _MARGIN
        self.sheet.cut(right, self.tops[1] + self.size[1] + _MARGIN)
        return self.wrong

    def _place(self, heads: tuple[str, str]) -> None:
        """Beside each other where a page is wide enough, else the right one above."""
        left, top = _MARGIN + _SIDES, self.first
        widths = [max(self.size[0], text_width(head, _TITLE)) for head in heads]
        second = left + widths[0] + _GAP + _SIDES
        if second + widths[1] + _MARGIN <= _PAGE:
            self.lefts, self.tops = (left, second), (top, top)
        else:
            self.lefts = left, left
            self.tops = top, top + self.size[1] + _LINE + self.first

    def alt(self, name: str) -> str:
        """What a reader sees, in words."""
        rows, columns = self.geometry.matrix_shape
        head = (
            f"The {rows}×{columns} matrix of {self.geometry!r}, and beside it the one "
            f"that {name} implies. {len(self.wrong)} positions differ."
        )
        told = [
            f"row {row}, column {column} is {self._word(1, row, column)} and should be "
            f"{self._word(0, row, column)}"
            for row, column in self.wrong[:_TOLD]
        ]
        more = len(self.wrong) - _TOLD
        told += [f"and {more} more"] if more > 0 else []
        return f"{head}\nWrong: {'; '.join(told)}." if told else head

    def _word(self, panel: int, row: int, column: int) -> str:
        """The entry as a sum of taps: `0`, `a`, `2a`, `a+b`."""
        here = self.weights[panel][:, row, column]
        terms = []
        for tap in np.flatnonzero(here):
            weight, letter = here[tap], self.letters[int(tap)]
            terms.append(letter if weight == 1 else f"{number(weight, 3)}{letter}")
        return "+".join(terms).replace("+-", "-") or "0"

    def _position(self, panel: int, prefix: str, row: int, column: int) -> None:
        here = np.flatnonzero(self.weights[panel][:, row, column])
        theme, word = self.sheet.theme, self._word(panel, row, column)
        mark: Mark = theme.untouched
        if len(here):
            mark = tap_mark(int(here[0]), theme, is_sum=len(here) > 1)
        points = fitting_size([word], _SIDE, _SIDE, _SIZE)
        corner = self._corner(panel, row, column)
        gid = f"{prefix}[{row},{column}]"
        text = word if points >= _LEAST else "…"
        size = _SIDE, _SIDE
        points = max(points, _LEAST)
        cell(self.sheet.ax, corner, size, mark, gid, text=text, points=points)

    def _corner(self, panel: int, row: int, column: int) -> tuple[float, float]:
        left, top = self.lefts[panel], self.tops[panel]
        return left + column * _SIDE, top + row * _SIDE

    def _frame(self, panel: int, row: int, column: int, gid: str) -> None:
        """A thick border: nothing else on the sheet has one, in any colour."""
        corner = self._corner(panel, row, column)
        dashed = "solid" if panel else "dashed"
        looks: dict[str, Any] = {"edgecolor": self.sheet.theme.ink, "linestyle": dashed}
        frame = Rectangle(corner, _SIDE, _SIDE, fill=False, linewidth=2.2, **looks)
        frame.set_gid(gid)
        frame.set_zorder(3)
        self.sheet.ax.add_patch(frame)

    def _name(self, panel: int) -> None:
        """Names of the inputs above the columns, of the outputs beside the rows."""
        left, top = self.lefts[panel], self.tops[panel]
        muted = self.sheet.theme.muted
        suffix = ".right" if panel == 0 else ""
        columns, rows = self.grid.column_names(), self.grid.row_names()
        size = fitting_size([name for name, _ in columns], _SIDE, _SIDE, _NAME)
        for place, (name, gid) in enumerate(columns):
            at = left + (place + 0.5) * _SIDE, top - 0.1
            looks: dict[str, Any] = {"fontsize": size, "color": muted}
            self.sheet.write(*at, name, gid + suffix, **looks)
        for place, (name, gid) in enumerate(rows):
            at = left - 0.06, top + (place + 0.5) * _SIDE
            looks = {"fontsize": self.points, "color": muted, "ha": "right"}
            self.sheet.write(*at, name, gid + suffix, **looks)
