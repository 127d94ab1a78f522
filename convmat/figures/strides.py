"""Stride 1 beside a larger one: the same outputs, some of them left out."""

from __future__ import annotations

from dataclasses import replace
from math import prod
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from convmat.arrays import IntArray
from convmat.errors import GeometryError
from convmat.figures.canvas import text_width, wrapped
from convmat.figures.chart import LINE, SIZE, paragraph
from convmat.figures.content import shape_told, short
from convmat.figures.padded import Padded, draw_frame, draw_grid, plane_of, text_size
from convmat.figures.sheet import Sheet
from convmat.figures.style import Look, Theme, theme_of
from convmat.figures.tiles import tiled_shape
from convmat.figures.tints import OUTPUT, tinted
from convmat.geometry import Geometry, geometry
from convmat.geometry.wording import sizes
from convmat.labels import labels

__all__ = ["stride"]

_WIDE, _HIGH = 5.6, 2.6  # inches of both grids of a row, and of a row
_LARGEST = 0.3  # inches of a cell
_MARGIN, _BETWEEN, _GAP = 0.2, 0.5, 0.22
_MOST_NAMED = 36  # outputs in the alt text


def stride(
    geometry: Geometry | None = None,
    *,
    ax: Axes | None = None,
    theme: str | Theme = "light",
) -> Figure:
    """The windows at stride 1 above those at the geometry's stride.

    What the larger stride gives is what stride 1 gives, with most outputs crossed out.

    Parameters
    ----------
    geometry : Geometry, optional
        With a stride of 2 or more along some axis; one or two spatial axes of at most
        40 cells with padding; of channels one is drawn. By default a 6×6 input and a
        3×3 kernel with stride 2.
    ax : Axes, optional
        Where to draw; by default a figure of its own.
    theme : str or Theme
        `"light"` or `"dark"`.

    Returns
    -------
    Figure
        Outputs that are kept have one name at both strides. Each window's first cell
        has a dot; frames are around the first window and the next. Cells of the input
        that no window reads are dotted. Ids: `x[i,j]@s1` and `y[r]@s1` at stride 1,
        `x[i,j]@s2` and `y[r]@s2` at stride 2 (`@s2x3` where axes differ),
        `pad[i,j]@s1`, `cross[r]@s1`, `dot[r]@s1`, `window@s1`, `next@s1`,
        `formula@s1[0]`.

    Raises
    ------
    ShapeError
        For other axes or sizes.
    GeometryError
        For stride 1.
    ConvmatTypeError
        For what is no geometry.
    ConvmatError
        For an unknown theme.

    Examples
    --------
    >>> from convmat import geometry
    >>> figure = stride(geometry(6, 2, stride=2))
    >>> print(figure.convmat["alt"])
    Stride 2 of geometry((6,), (2,), stride=2) beside stride 1. Stride 1 gives 5
    outputs: (6 + 2*0 - 2)//1 + 1 = 5. Stride 2 gives 3: (6 + 2*0 - 2)//2 + 1 = 3. They
    are P R T, 3 of the 5 at stride 1; the others are crossed out. Cells of the input
    that are never read at stride 2: 0.
    """
    whole = _DEFAULT if geometry is None else geometry
    steps = plane_of(whole)
    if max(steps.stride) == 1:
        remedy = "say stride=2"
        rule = "must be at least 2 along some axis, to be compared with stride 1"
        raise GeometryError("stride", rule, whole.stride, remedy)
    pair = _Pair(Sheet.blank(theme_of(theme), ax), steps)
    pair.draw(whole.has_channels)
    params = {"geometry": repr(whole), "theme": pair.sheet.theme.name}
    read = [
        f"{cells.id(int(cell))}{pair.suffix(row)}"
        for row, cells in enumerate(pair.cells)
        for cell in cells.under(0)
    ]
    kept = [f"y[{own}]@s1" for own in pair.kept]
    kept += [f"y[{number}]{pair.suffix(1)}" for number in range(len(pair.kept))]
    return pair.sheet.finish("stride", params, pair.told(whole), x=read, y=kept)


_DEFAULT = geometry((6, 6), (3, 3), stride=2)


class _Pair:
    """Two rows: input and output at stride 1, and at the other stride."""

    def __init__(self, sheet: Sheet, steps: Geometry) -> None:
        self.sheet = sheet
        unit = replace(steps, stride=(1,) * steps.rank)
        self.cells = Padded(unit), Padded(steps)
        self.kept = _kept(unit, steps)
        self.names = list(map(short, labels(unit).outputs))
        grids = [tiled_shape(unit.output_size), tiled_shape(self.cells[0].size)]
        columns = sum(columns for _, columns in grids)
        rows = max(rows for rows, _ in grids)
        self.side = min(_LARGEST, (_WIDE - _BETWEEN) / columns, _HIGH / rows)
        self.points = text_size(self.names, self.side)

    def suffix(self, row: int) -> str:
        """What ends the ids of a row."""
        return "@s" + self._stride(row, "x")

    def _stride(self, row: int, sign: str = "×") -> str:
        steps = self.cells[row].geometry.stride
        own = steps[:1] if len(set(steps)) == 1 else steps
        return sign.join(map(str, own))

    def draw(self, channels: bool) -> None:
        """Both rows, what they say, and the sheet cut to its size."""
        y = _MARGIN
        first = max(map(self._input_width, (0, 1)))
        left = _MARGIN + first + _BETWEEN
        wide = left - _MARGIN + max(map(self._output_width, (0, 1)))
        for row, cells in enumerate(self.cells):
            y = self._draw_row(row, y, left) + 0.06
            formula = f"Output: {sizes(cells.geometry.axes)}"
            looks: dict[str, Any] = {"ha": "left", "fontsize": SIZE}
            for depth, line in enumerate(wrapped(formula, SIZE, wide)):
                gid = f"formula{self.suffix(row)}[{depth}]"
                self.sheet.write(_MARGIN, y + LINE / 2, line, gid, **looks)
                y += LINE
            y += _GAP
        note = (
            "Framed: the first window, and the next (dashed). Dots: first cell of each "
        )
        note += "window. Crossed: left out."
        if not self.cells[1].read[self.cells[1].inside].all():
            note += " Dotted: never read."
        if channels:
            note += " Each channel alike."
        y += paragraph(self.sheet, note, (_MARGIN, y - 0.06), wide)
        self.sheet.cut(wide + 2 * _MARGIN, y + 0.06)

    def _input_width(self, row: int) -> float:
        columns = tiled_shape(self.cells[row].size)[1]
        return max(columns * self.side, text_width(self._input_told(row), SIZE))

    def _output_width(self, row: int) -> float:
        columns = tiled_shape(self.cells[row].geometry.output_size)[1]
        return max(columns * self.side, text_width(self._output_told(row), SIZE))

    def _input_told(self, row: int) -> str:
        g = self.cells[row].geometry
        told = f"stride {self._stride(row)}: input {shape_told(g.input_size)}"
        if any(map(any, g.padding)):
            told += f", padded to {shape_told(self.cells[row].size)}"
        return told

    def _output_told(self, row: int) -> str:
        return f"output {shape_told(self.cells[row].geometry.output_size)}"

    def _draw_row(self, row: int, top: float, right: float) -> float:
        """Input and output of one stride; where they end."""
        sheet, cells, suffix = self.sheet, self.cells[row], self.suffix(row)
        looks: dict[str, Any] = {"ha": "left", "fontsize": SIZE}
        y = top + LINE / 2
        sheet.write(_MARGIN, y, self._input_told(row), f"label[input]{suffix}", **looks)
        sheet.write(right, y, self._output_told(row), f"label[output]{suffix}", **looks)
        y = top + LINE + 0.04

        def input_look(cell: int) -> Look:
            mark, _, gid = cells.look(cell, sheet.theme, faint=True)
            return mark, "", gid + suffix

        def output_look(number: int) -> Look:
            kept = self.kept[number] if row else number
            if kept in self.kept:
                return (
                    tinted(sheet.theme, OUTPUT, 0.4),
                    self.names[kept],
                    f"y[{number}]{suffix}",
                )
            return sheet.theme.plain, "", f"y[{number}]{suffix}"

        corner, size = (_MARGIN, y), cells.geometry.output_size
        first = draw_grid(sheet, corner, self.side, cells.size, input_look, 0.0)
        self._windows(row, corner)
        second = draw_grid(sheet, (right, y), self.side, size, output_look, self.points)
        if not row:
            self._cross((right, y))
        return y + max(first[1], second[1])

    def _windows(self, row: int, corner: tuple[float, float]) -> None:
        """A dot at each window's first cell; frames around the first and the next."""
        cells, suffix = self.cells[row], self.suffix(row)
        outs = cells.geometry.output_size
        for number in range(prod(outs)):
            left, top, *_ = cells.box(number)
            place = (
                corner[0] + (left + 0.5) * self.side,
                corner[1] + (top + 0.5) * self.side,
            )
            dot = Line2D([place[0]], [place[1]], marker="o", color=self.sheet.theme.ink)
            dot.set(gid=f"dot[{number}]{suffix}", markersize=min(4.0, 22 * self.side))
            dot.set(zorder=1.8, clip_on=False)
            self.sheet.ax.add_line(dot)
        if prod(outs) > 1:
            box, gid = cells.box(1), f"next{suffix}"
            draw_frame(self.sheet, corner, self.side, box, gid, dashed=True)
        draw_frame(self.sheet, corner, self.side, cells.box(0), f"window{suffix}")

    def _cross(self, corner: tuple[float, float]) -> None:
        """Two lines through each output that the other stride leaves out."""
        _, columns = tiled_shape(self.cells[0].geometry.output_size)
        for number in set(range(len(self.names))) - set(self.kept.tolist()):
            row, column = divmod(number, columns)
            left, top = corner[0] + column * self.side, corner[1] + row * self.side
            near, far = 0.15 * self.side, 0.85 * self.side
            xs = left + near, left + far, np.nan, left + near, left + far
            ys = top + near, top + far, np.nan, top + far, top + near
            cross = Line2D(xs, ys, color=self.sheet.theme.muted, linewidth=1.0)
            cross.set(gid=f"cross[{number}]@s1", zorder=1.8, clip_on=False)
            self.sheet.ax.add_line(cross)

    def told(self, whole: Geometry) -> str:
        """The alt text."""
        ones, twos = (cells.geometry for cells in self.cells)
        kept = f"{len(self.kept)} of the {len(self.names)} at stride 1"
        if len(self.kept) <= _MOST_NAMED:
            kept = f"{' '.join(self.names[own] for own in self.kept)}, {kept}"
        cells = self.cells[1]
        unread = int((cells.inside & ~cells.read).sum())
        return (
            f"Stride {self._stride(1)} of {whole!r} beside stride 1. Stride 1 gives "
            f"{shape_told(ones.output_size)} outputs: {sizes(ones.axes)}. Stride "
            f"{self._stride(1)} gives {shape_told(twos.output_size)}: "
            f"{sizes(twos.axes)}. "
            f"They are {kept}; the others are crossed out. Cells of the input that are "
            f"never read at stride {self._stride(1)}: {unread}."
        )


def _kept(unit: Geometry, steps: Geometry) -> IntArray:
    """Entry `[r]` is the output at stride 1 whose window is that of output `r`."""
    kept: IntArray = np.zeros(1, np.int64)
    for one, other in zip(unit.axes, steps.axes, strict=True):
        windows = [one.window(out) for out in range(one.out_size)]
        own = [windows.index(other.window(out)) for out in range(other.out_size)]
        kept = (kept[:, None] * one.out_size + np.array(own)).ravel()
    return kept
