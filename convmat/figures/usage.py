"""How often each cell is read or written to, as a map."""

from __future__ import annotations

from typing import Any, Literal

import numpy as np
import numpy.typing as npt
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from convmat.errors import ConvmatError, ShapeError
from convmat.figures.canvas import cell, fitting_size, widest, wrapped
from convmat.figures.chart import LINE, SIZE, paragraph
from convmat.figures.content import number
from convmat.figures.shades import reals
from convmat.figures.sheet import Sheet
from convmat.figures.style import Mark, Theme, best_ink, mixed, theme_of

__all__ = ["usage_map"]

_MOST = 64  # cells on each side
_WIDE, _LARGEST = 5.6, 0.42  # inches of all, of a cell
_MARGIN, _NAMES, _HEAD = 0.2, 0.28, 0.3
_SMALLEST, _SMALL = 4.2, 6.5  # points

_WORDS = {
    "read": ("How often each cell of the input is read", "never read"),
    "written": ("How often each cell of the result is written to", "never written to"),
}


def usage_map(
    counts: npt.ArrayLike,
    *,
    kind: Literal["read", "written"] = "read",
    ax: Axes | None = None,
    theme: str | Theme = "light",
) -> Figure:
    """How often each cell is read, or written to, as numbers on colours.

    Parameters
    ----------
    counts : array_like, `(cells,)` or `(high, wide)`
        As `convmat.receptive.usage_map` counts what is read, and `overlap_map` what is
        written to; of one channel, and at most 64 on each side.
    kind : {"read", "written"}
        Which of the two.
    ax : Axes, optional
        Where to draw; by default a figure of its own.
    theme : str or Theme
        `"light"` or `"dark"`.

    Returns
    -------
    Figure
        The more often, the stronger the colour; cells that never are have dotted
        borders. Ids of its artists: the cells `x[i,j]`, or `y[i,j]` where written, with
        `.text`; `row[i]` and `column[j]` around them. Where some number fits no cell,
        none is written.

    Raises
    ------
    ShapeError
        For other axes, a larger map, and counts that are negative or no whole numbers.
    ConvmatTypeError
        For what are no numbers.
    ConvmatError
        For another kind, and an unknown theme.

    Examples
    --------
    >>> from convmat.receptive import overlap_map
    >>> figure = usage_map(overlap_map("tk3s2", (2, 2)), kind="written")
    >>> print(figure.convmat["alt"])
    How often each cell of the result is written to, 5 rows of 5: from 1 to 4 times.
    """
    if kind not in _WORDS:
        raise ConvmatError("kind", "must be 'read' or 'written'", kind)
    array = reals("counts", counts)
    if array.ndim == 1:
        array = array[None]
    if array.ndim != 2 or not array.size or max(array.shape) > _MOST:
        rule = f"must be (cells,) or (high, wide), at most {_MOST} on each side"
        remedy = "show one channel, or a part" if array.size else ""
        raise ShapeError("counts.shape", rule, array.shape, remedy)
    if not (array >= 0).all() or not (array == np.rint(array)).all():
        raise ShapeError("counts", "must be whole numbers of at least 0", counts)
    rows, columns = array.shape
    texts = {at: number(int(n)) for at, n in np.ndenumerate(array)}
    side = min(_LARGEST, _WIDE / max(columns, rows))
    side = min(side, max(0.24, 0.1 + widest(texts.values(), SIZE)))
    points = fitting_size(list(texts.values()), side, side, SIZE)
    sheet = Sheet.blank(theme_of(theme), ax)
    look, most = sheet.theme, float(array.max()) or 1.0
    left, top = _MARGIN + _NAMES, _MARGIN + _HEAD + _NAMES
    letter = "x" if kind == "read" else "y"
    for (row, column), count in np.ndenumerate(array):
        mark = look.untouched
        if count:
            share = 0.12 + 0.88 * float(count) / most
            fill = mixed(look.background, look.lines[0], share)
            mark = Mark(fill, best_ink(fill), look.muted)
        text = texts[row, column] if points >= _SMALLEST else ""
        at = left + column * side, top + row * side
        gid = f"{letter}[{row},{column}]"
        cell(sheet.ax, at, (side, side), mark, gid, text=text, points=points)
    _names(sheet, (rows, columns), side, (left, top))
    head, never = _WORDS[kind]
    room = max(3.2, _NAMES + columns * side)
    title = wrapped(head, SIZE + 1, room)
    for depth, line in enumerate(title):
        looks: dict[str, Any] = {"ha": "left", "fontsize": SIZE + 1}
        sheet.write(_MARGIN, _MARGIN + depth * LINE, line, f"title[{depth}]", **looks)
    none = int((array == 0).sum())
    range_told = f"From {number(int(array.min()))} to {number(int(array.max()))} times."
    note = range_told + (f" Dotted: {none} {never}." if none else "")
    below = top + rows * side + 0.14
    below += paragraph(sheet, note, (_MARGIN, below), room)
    sheet.cut(room + 2 * _MARGIN, below + 0.1)
    params = {
        "shape": list(array.shape),
        "kind": kind,
        "least": int(array.min()),
        "most": int(array.max()),
        "none": none,
        "theme": look.name,
    }
    alt = f"{head}, {rows} rows of {columns}: f{range_told[1:]}"
    alt += f" {none} cells are {never}." if none else ""
    return sheet.finish("usage_map", params, alt)


def _names(
    sheet: Sheet, shape: tuple[int, int], side: float, corner: tuple[float, float]
) -> None:
    """Numbers of rows and columns; where they are too close, each fifth."""
    (rows, columns), (left, top) = shape, corner
    points = fitting_size(["00"], side, side, _SMALL)
    step = 1 if points >= _SMALLEST else 5
    looks = {"fontsize": max(points, _SMALLEST), "color": sheet.theme.muted}
    for row in range(0, rows, step):
        y = top + (row + 0.5) * side
        sheet.write(left - 0.07, y, f"{row}", f"row[{row}]", ha="right", **looks)
    for column in range(0, columns, step):
        x = left + (column + 0.5) * side
        sheet.write(x, top - 0.1, f"{column}", f"column[{column}]", **looks)
