"""Grids that lie flat in space, seen from above and a little from the side.

Parallel lines stay parallel and cells of one size. The view is turned by 30 degrees,
not by 45: seen along a diagonal, two corners of each cell would lie above each other.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from math import cos, radians, sin
from typing import Any

from matplotlib.lines import Line2D
from matplotlib.patches import Polygon

from convmat.figures.canvas import POINT, text_width
from convmat.figures.sheet import Sheet
from convmat.figures.style import Look, mixed
from convmat.figures.tints import FRAME, cased

__all__ = ["Plane", "draw_cell", "draw_line", "draw_outline", "slanted_size"]

_TURN, _TILT = radians(30), sin(radians(33))
_COLUMN = cos(_TURN), sin(_TURN) * _TILT  # a side along a row: right and down
_ROW = -sin(_TURN), cos(_TURN) * _TILT  # a side along a column: left and down
_FRAME = 1.8  # points
_SUM = 0.28  # of a cell's side, as in upright cells

Place = tuple[float, float]
"""Inches from the left and from the top."""


@dataclass(frozen=True, slots=True)
class Plane:
    """A grid of square cells: a row runs to the right, a column to the left and down.

    Attributes
    ----------
    rows, columns : int
    side : float
        Of a cell, in inches.
    corner : (float, float)
        Where row 0 and column 0 begin: its highest point.

    Examples
    --------
    >>> plane = Plane.within(2, 2, 1.0, (0.0, 3.0))
    >>> plane.point(0, 0) == plane.corner
    True
    >>> plane.point(1, 1) > plane.point(1, 0)
    True
    """

    rows: int
    columns: int
    side: float
    corner: Place

    @classmethod
    def within(cls, rows: int, columns: int, side: float, corner: Place) -> Plane:
        """The plane whose box has this left top corner."""
        left, top = corner
        return cls(rows, columns, side, (left - rows * side * _ROW[0], top))

    @staticmethod
    def extent(rows: int, columns: int) -> tuple[float, float]:
        """Width and height of the box of a plane, in sides."""
        across = columns * _COLUMN[0] - rows * _ROW[0]
        return across, columns * _COLUMN[1] + rows * _ROW[1]

    def point(self, row: float, column: float) -> Place:
        """Where the edges of so many rows and columns meet."""
        left, top = self.corner
        across = column * _COLUMN[0] + row * _ROW[0]
        down = column * _COLUMN[1] + row * _ROW[1]
        return left + across * self.side, top + down * self.side

    def corners(
        self, row: float, column: float, high: float, wide: float
    ) -> list[Place]:
        """The corners of a part of it, from its highest on around."""
        ends = ((0.0, 0.0), (0.0, wide), (high, wide), (high, 0.0))
        return [self.point(row + down, column + along) for down, along in ends]


def slanted_size(texts: Iterable[str], side: float, most: float) -> float:
    """The font size, at most `most`, at which each text fits a slanted cell."""
    widths = [text_width(text, 10.0) for text in set(texts)]
    if not widths:
        return most
    wide, high = max(widths), 0.74 * 10 * POINT
    # The corners of a box are so many sides along both edges of a cell, from its middle
    # on; within the cell both are at most a half.
    area = _COLUMN[0] * _ROW[1] - _COLUMN[1] * _ROW[0]
    along = wide * _ROW[1] - high * _ROW[0]
    across = wide * _COLUMN[1] + high * _COLUMN[0]
    return min(most, 10.0 * 0.95 * side * area / max(along, across))


def draw_cell(
    sheet: Sheet,
    plane: Plane,
    at: tuple[int, int],
    look: Look,
    points: float,
    level: float = 0.0,
) -> None:
    """A cell with mark, text and id; ids of its parts are as in `canvas.cell`.

    Cells of a higher level hide what lies below them.
    """
    mark, text, gid = look
    ends = plane.corners(*at, 1, 1)
    # Whole borders over broken ones.
    whole = level + (1.0 if mark.line == "solid" else 0.9)
    looks: Any = {"edgecolor": mark.edge, "linestyle": mark.line, "linewidth": 0.8}
    _polygon(sheet, ends, gid, facecolor=mark.fill, zorder=whole, **looks)
    if mark.hatch:
        faint: Any = {"edgecolor": mixed(mark.fill, mark.ink, 0.3), "linewidth": 0.0}
        _polygon(
            sheet,
            ends,
            f"{gid}.hatch",
            fill=False,
            hatch=mark.hatch,
            zorder=whole,
            **faint,
        )
    if mark.is_sum:
        low = plane.corners(at[0] + 1 - _SUM, at[1] + 1 - _SUM, _SUM, _SUM)
        _polygon(
            sheet, low[1:], f"{gid}.sum", color=mark.ink, linewidth=0.0, zorder=whole
        )
    if text:
        middle = plane.point(at[0] + 0.5, at[1] + 0.5)
        sheet.write(*middle, text, f"{gid}.text", color=mark.ink, fontsize=points)


def draw_outline(sheet: Sheet, ends: Sequence[Place], gid: str) -> None:
    """A strong line around a part of a plane."""
    looks: Any = {"edgecolor": sheet.theme.lines[FRAME], "linewidth": _FRAME}
    looks |= {"joinstyle": "round", "path_effects": cased(sheet.theme, _FRAME)}
    _polygon(sheet, ends, gid, fill=False, zorder=1.5, **looks)


def draw_line(sheet: Sheet, start: Place, end: Place, color: str, gid: str) -> None:
    """A thin line from one plane to another, below all texts."""
    looks: Any = {"color": color, "linewidth": 0.9, "alpha": 0.85, "zorder": 1.6}
    line = Line2D((start[0], end[0]), (start[1], end[1]), **looks)
    line.set(gid=gid, clip_on=False)
    sheet.ax.add_artist(line)


def _polygon(sheet: Sheet, ends: Sequence[Place], gid: str, **looks: Any) -> None:
    sheet.ax.add_artist(Polygon(ends, gid=gid, clip_on=False, **looks))
