"""A dilated kernel: its taps with holes between them, and its window on the input."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from math import prod
from typing import Any

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from convmat.figures.arithmetic import ARITHMETIC
from convmat.figures.canvas import text_width
from convmat.figures.chart import LINE, SIZE, paragraph
from convmat.figures.chosen import output_number
from convmat.figures.content import cell_id, shape_told, short
from convmat.figures.padded import Padded, draw_frame, draw_grid, plane_of, text_size
from convmat.figures.sheet import Sheet
from convmat.figures.style import Look, Theme, tap_mark, theme_of
from convmat.figures.tiles import tiled_shape
from convmat.figures.tints import OUTPUT, tinted
from convmat.geometry import Axis, Geometry, IntOrInts
from convmat.geometry.wording import sizes
from convmat.labels import labels

__all__ = ["dilation"]

_WIDE, _HIGH = 6.1, 3.0  # inches of a row of grids
_LARGEST, _SMALLEST = 0.3, 0.08  # inches of a cell
_MARGIN, _GAP = 0.2, 0.26


def dilation(
    geometry: Geometry | None = None,
    *,
    output: IntOrInts = 0,
    ax: Axes | None = None,
    theme: str | Theme = "light",
) -> Figure:
    """The kernel, the kernel with its holes, and both on the input for one output.

    Parameters
    ----------
    geometry : Geometry, optional
        One or two spatial axes of at most 40 cells with padding; of channels one is
        drawn. By default a 7×7 input and a 3×3 kernel with dilation 2.
    output : int or tuple of int
        Its place, `(*spatial)`, or its flat number.
    ax : Axes, optional
        Where to draw; by default a figure of its own.
    theme : str or Theme
        `"light"` or `"dark"`.

    Returns
    -------
    Figure
        A tap has its colour and letter everywhere; where it falls on a zero of the
        padding it is grey with ×. Holes are dotted. Ids: `w[u,v]` in the kernel,
        `w[u,v]@dilated` and `hole[i,j]` (a place in the dilated kernel), `x[i,j]`,
        `pad[i,j]` (in the padded input), `y[r]`, and `window`.

    Raises
    ------
    ShapeError
        For other axes or sizes, and an output that there is not.
    ConvmatTypeError
        For what is no geometry.
    ConvmatError
        For an unknown theme.

    Examples
    --------
    >>> from convmat import geometry
    >>> figure = dilation(geometry(7, 3, dilation=2), output=1)
    >>> print(figure.convmat["alt"])
    Dilation 2 of geometry((7,), (3,), dilation=2): 3 taps reach over 2*(3 - 1) + 1 = 5
    cells, with 2 holes. Output 1 reads α on B, β on D, γ on F.
    """
    whole = ARITHMETIC["dilation"].geometry if geometry is None else geometry
    g = plane_of(whole)
    number = output_number(output, g.output_size)
    row = _Row(Sheet.blank(theme_of(theme), ax), g, number)
    row.draw(whole.has_channels)
    params = {
        "geometry": repr(whole),
        "output": number,
        "theme": row.sheet.theme.name,
    }
    read = [row.cells.id(cell) for cell, _ in row.reads if row.cells.held[cell] >= 0]
    taps = [cell_id("w", g.kernel_size, tap) for tap in range(len(row.names))]
    alt = row.told(whole, number)
    lists = {"x": read, "W": taps, "y": [f"y[{number}]"]}
    return row.sheet.finish("dilation", params, alt, **lists)


class _Row:
    """Kernel, dilated kernel, input and output from left to right."""

    def __init__(self, sheet: Sheet, g: Geometry, output: int) -> None:
        self.sheet, self.geometry, self.output = sheet, g, output
        names = labels(g)
        self.names = [short(names.letter(tap)) for tap in range(g.free_parameters)]
        self.cells = Padded(g)
        # The span as an input of its own: its one window shows where the taps are.
        none = ((0, 0),) * g.rank
        self.span = Padded(
            replace(g, input_size=g.span, padding=none, padding_mode="zeros")
        )
        self.taps = {int(cell): tap for tap, cell in enumerate(self.span.under(0))}
        under = self.cells.under(output).tolist()
        self.reads = [(cell, tap) for tap, cell in enumerate(under)]
        self.sizes = [g.kernel_size, g.span, self.cells.size, g.output_size]
        grids = [tiled_shape(size) for size in self.sizes]
        columns = sum(columns for _, columns in grids)
        high = max(rows for rows, _ in grids)
        self.side = min(_LARGEST, (_WIDE - 3 * _GAP) / columns, _HIGH / high)
        self.side = max(self.side, _SMALLEST)
        self.points = text_size([*self.names, "×"], self.side, 9.0)

    @property
    def titles(self) -> list[str]:
        """What stands above each grid."""
        g = self.geometry
        padded = ""
        if any(map(any, g.padding)):
            padded = f", padded to {shape_told(self.cells.size)}"
        return [
            f"kernel {shape_told(g.kernel_size)}",
            f"dilated {shape_told(g.span)}",
            f"input {shape_told(g.input_size)}{padded}",
            f"output {shape_told(g.output_size)}",
        ]

    def looks(self) -> list[Callable[[int], Look]]:
        """The cells of each grid."""
        theme, marks = self.sheet.theme, dict(self.reads)
        g = self.geometry

        def kernel(tap: int) -> Look:
            gid = cell_id("w", g.kernel_size, tap)
            return tap_mark(tap, theme), self.names[tap], gid

        def dilated(cell: int) -> Look:
            if cell not in self.taps:
                return theme.untouched, "", cell_id("hole", g.span, cell)
            mark, text, gid = kernel(self.taps[cell])
            return mark, text, f"{gid}@dilated"

        def own(cell: int) -> Look:
            mark, _, gid = self.cells.look(cell, theme)
            if cell not in marks:
                return mark, "", gid
            if self.cells.held[cell] < 0:
                return theme.dropped, "×", gid
            tap = marks[cell]
            return replace(tap_mark(tap, theme), line=mark.line), self.names[tap], gid

        def out(row: int) -> Look:
            mark = theme.output if row == self.output else tinted(theme, OUTPUT)
            return mark, "", f"y[{row}]"

        return [kernel, dilated, own, out]

    def draw(self, channels: bool) -> None:
        """All grids, those that fit beside each other, and the note below."""
        looks: dict[str, Any] = {"ha": "left", "fontsize": SIZE}
        left, top, low, wide = _MARGIN, _MARGIN, _MARGIN, 0.0
        whole = zip(self.titles, self.sizes, self.looks(), _KEYS, strict=True)
        for title, size, look, key in whole:
            room = max(tiled_shape(size)[1] * self.side, text_width(title, SIZE))
            if left > _MARGIN and left + room > _MARGIN + _WIDE:
                left, top = _MARGIN, low + _GAP
            place = left, top + LINE / 2
            self.sheet.write(*place, title, f"label[{key}]", **looks)
            corner = left, top + LINE + 0.04
            drawn = draw_grid(self.sheet, corner, self.side, size, look, self.points)
            if key == "input":
                box = self.cells.box(self.output)
                draw_frame(self.sheet, corner, self.side, box, "window")
            low = max(low, corner[1] + drawn[1])
            wide = max(wide, left + room - _MARGIN)
            left += room + _GAP
        note = f"Effective size {self.effective}. Output {sizes(self.geometry.axes)}."
        if len(self.taps) < prod(self.geometry.span):
            note += " Dotted: holes, which no tap reads."
        if any(map(any, self.geometry.padding)):
            note += " Dashed: padding."
        if channels:
            note += " Each channel alike."
        wide = max(wide, 2.6)
        low += 0.08 + paragraph(self.sheet, note, (_MARGIN, low + 0.08), wide)
        self.sheet.cut(wide + 2 * _MARGIN, low + 0.12)

    @property
    def effective(self) -> str:
        """The span of the kernel along each axis, with its numbers."""
        lines = [_span(axis) for axis in self.geometry.axes]
        if len(set(lines)) == 1:
            return lines[0]
        return ", ".join(f"axis {number}: {line}" for number, line in enumerate(lines))

    def told(self, whole: Geometry, output: int) -> str:
        """The alt text."""
        steps = shape_told(tuple(dict.fromkeys(self.geometry.dilation)))
        count = len(self.taps)
        holes = prod(self.geometry.span) - count
        parts = [
            f"{self.names[tap]} on {self.cells.texts[cell]}"
            for cell, tap in self.reads
            if self.cells.held[cell] >= 0
        ]
        zeros = count - len(parts)
        parts += [f"{zeros} on zeros"] if zeros else []
        return (
            f"Dilation {steps} of {whole!r}: {count} taps reach over {self.effective} "
            f"cells, with {holes} holes. Output {output} reads {', '.join(parts)}."
        )


_KEYS = "kernel", "dilated", "input", "output"


def _span(axis: Axis) -> str:
    return f"{axis.dilation}*({axis.kernel} - 1) + 1 = {axis.span}"
