"""What one output sees: the pyramid of its precedents, and the cells of the input."""

from __future__ import annotations

from typing import Any

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from convmat.arrays import Shape
from convmat.errors import ConvmatTypeError, ShapeError
from convmat.figures.canvas import cell, fitting_size, wrapped
from convmat.figures.chart import LINE, SIZE, paragraph
from convmat.figures.field_mask import MASK, draw_mask
from convmat.figures.sheet import Sheet
from convmat.figures.style import Mark, Theme, best_ink, theme_of
from convmat.geometry import IntOrInts
from convmat.geometry.shorthand import read_shape
from convmat.receptive import ReceptiveField, text_of

__all__ = ["receptive_field"]

_MOST = 64  # cells of the input along an axis, drawn one by one
_PYRAMID, _NAMES = 4.2, 1.5  # inches
_ROW, _HIGH, _WIDEST = 0.62, 0.2, 0.26  # inches: rows apart, a cell
_MARGIN, _GAP, _HEAD = 0.25, 0.45, 0.34


def receptive_field(
    field: ReceptiveField,
    out: IntOrInts | None = None,
    *,
    axis: int = -1,
    ax: Axes | None = None,
    theme: str | Theme = "light",
) -> Figure:
    """The receptive field of one output, layer by layer and cell by cell.

    Above, one axis: the output on top, below it what it reads, down to the input,
    each cell above the middle of its own field. Below, for two axes, the cells of the
    input that a path leads from, by how many paths.

    Parameters
    ----------
    field : ReceptiveField
        As `convmat.receptive_field` gives it, on one or two axes.
    out : int or tuple of int, optional
        The output, `(*spatial)`; by default the middle one.
    axis : int
        Of the pyramid.
    ax : Axes, optional
        Where to draw; by default a figure of its own.
    theme : str or Theme
        `"light"` or `"dark"`.

    Returns
    -------
    Figure
        Ids of its artists: in the pyramid `y[o]` for the output's row, `h1[i]` and so
        on for those between, `x[i]` for the input, `pad1[i]` for zeros beside a row
        that are read, and `wire[layer,out,cell]`; `seen` is a bar below what is seen,
        `field` one for what the recurrence says. In the mask the cells are `mask[i,j]`,
        and `frame` is the recurrence's field, cut off where the input ends.

    Raises
    ------
    ShapeError
        For another number of axes, an input of more than 64 cells along one, and an
        output that there is not.
    ConvmatTypeError
        For what is no receptive field.
    ConvmatError
        For an unknown theme.

    Examples
    --------
    >>> from convmat import receptive_field as field_of
    >>> figure = receptive_field(field_of(["k3s2p1", "k3s2p1"], 9), 1)
    >>> print(figure.convmat["alt"])
    Receptive field of output 1 through k3s2p1, k3s2p1. Along axis 0 the fields are 3, 7
    cells behind the layers. This one is cells 1 to 7 by the recurrence; it sees 7 of
    them from 1 to 7.
    """
    if not isinstance(field, ReceptiveField):
        remedy = "make one with convmat.receptive_field"
        raise ConvmatTypeError("field", "must be a ReceptiveField", field, remedy)
    size = field.layers[0].input_size
    if len(size) > 2 or max(size) > _MOST:
        rule = f"must have one or two axes of at most {_MOST} cells"
        raise ShapeError("field", rule, size, "show a smaller input")
    place = _place(field, out)
    if axis not in range(-len(size), len(size)):
        raise ShapeError("axis", f"must be below {len(size)}", axis)
    along = axis % len(size)
    sheet = Sheet.blank(theme_of(theme), ax)
    pyramid = _Pyramid(sheet, field, along, place[along])
    bottom = pyramid.draw()
    wide = 2 * _MARGIN + _NAMES + _PYRAMID
    left, top = _MARGIN, bottom + 0.1
    alt = _alt(field, place, along)
    note = (
        "Each cell stands above the middle of its own field. Dashed: zeros of the "
        "padding. The thick bar is what is seen, the thin one the recurrence's field."
    )
    if len(size) == 2:
        note += " Mask: how many paths lead from each cell, dotted where none does; "
        note += "dashed, the field."
    if len(size) == 2:  # the note stands beside the mask, below the pyramid
        top = bottom + _GAP
        bottom = draw_mask(sheet, field, place, (_MARGIN, top))
        left = 2 * _MARGIN + MASK
        top += _HEAD
    room = wide - left - _MARGIN
    paragraph(sheet, note, (left, top), room)
    low = top + len(wrapped(note, SIZE, room)) * LINE
    sheet.cut(wide, max(bottom + _MARGIN, low + 0.12))
    params = {
        "layers": [text_of(layer) for layer in field.layers],
        "out": list(place),
        "axis": along,
        "theme": sheet.theme.name,
    }
    seen = [f"x[{i}]" for i in pyramid.rows[0]]
    tip = [f"y[{place[along]}]"]
    return sheet.finish("receptive_field", params, alt, x=seen, y=tip)


def _place(field: ReceptiveField, out: IntOrInts | None) -> Shape:
    """The output, `(*spatial)`.

    Raises
    ------
    ShapeError
        When there is none of that place.
    """
    sizes = field.layers[-1].output_size
    if out is None:
        return tuple(n // 2 for n in sizes)
    place = read_shape("out", out)
    if len(place) != len(sizes) or not all(
        0 <= n < most for n, most in zip(place, sizes, strict=True)
    ):
        raise ShapeError(
            "out", f"must be an output of {sizes}, without channels", place
        )
    return place


class _Pyramid:
    """Rows of cells, one for the input and one for each layer, in inches."""

    def __init__(
        self, sheet: Sheet, field: ReceptiveField, axis: int, place: int
    ) -> None:
        self.sheet, self.field, self.axis, self.place = sheet, field, axis, place
        self.reads = field.precedents(axis, place)
        # Cells of each row that the output depends on, the input's row first.
        inner = [{cell for _, cell, ok in reads if ok} for reads in self.reads]
        self.rows = [sorted(cells) for cells in [*inner, {place}]]
        first = field.layers[0].input_size[axis]
        steps = [(0.0, 1.0, first)]
        for behind in field.behind:
            own = behind[axis]
            steps.append((float(own.center), float(own.jump), own.count))
        self.steps = steps
        ends = [start + jump * i for start, jump, n in steps for i in (0, n - 1)]
        for level, reads in enumerate(self.reads):
            start, jump, _ = steps[level]
            ends += [start + jump * cell for _, cell, _ in reads]
        ends += [float(end) for end in field.axes[axis].interval(place)]
        self.low = min(ends) - 0.6
        self.scale = _PYRAMID / (max(ends) - min(ends) + 1.2)

    def x(self, level: int, cell_number: float) -> float:
        """Inches from the left of the middle of a cell."""
        start, jump, _ = self.steps[level]
        return self.across(start + jump * cell_number)

    def across(self, cells: float) -> float:
        """Inches from the left of a place on the input's axis."""
        return _MARGIN + _NAMES + (cells - self.low) * self.scale

    def y(self, level: int) -> float:
        """Inches from the top of the middle of a row."""
        return _MARGIN + _HEAD + (len(self.steps) - 1 - level) * _ROW

    def draw(self) -> float:
        """Draw it; where it ends, in inches from the top."""
        theme, axis = self.sheet.theme, self.axis
        head = f"Along axis {axis}, to output {self.place}"
        looks: dict[str, Any] = {"fontsize": SIZE, "ha": "left"}
        self.sheet.write(_MARGIN, _MARGIN, head, "title[0]", **looks)
        for level, reads in enumerate(self.reads):
            for out, own, inside in dict.fromkeys(reads):
                ends = (self.x(level + 1, out), self.x(level, own))
                heights = (
                    self.y(level + 1) + _HIGH / 2,
                    self.y(level) - _HIGH / 2,
                )
                wire = Line2D(ends, heights, color=theme.muted)
                wire.set_linestyle("-" if inside else (0, (2, 2)))
                wire.set(linewidth=0.7, gid=f"wire[{level},{out},{own}]", zorder=0.5)
                self.sheet.ax.add_line(wire)
        for level in range(len(self.steps)):
            self._row(level)
        return self._bars()

    def _row(self, level: int) -> None:
        theme = self.sheet.theme
        _, jump, count = self.steps[level]
        wide = min(_WIDEST, 0.84 * jump * self.scale)
        last = len(self.steps) - 1
        seen = set(self.rows[level])
        fill = theme.lines[0]
        marked = Mark(fill, best_ink(fill), theme.ink)
        key = {0: "x", last: "y"}.get(level, f"h{level}")
        cells = [(n, marked if n in seen else theme.plain, key) for n in range(count)]
        if level < last:
            beside = {own for _, own, inside in self.reads[level] if not inside}
            cells += [(n, theme.dropped, f"pad{level}") for n in sorted(beside)]
        if level == last:
            cells = [
                (n, theme.output if n == self.place else mark, name)
                for n, mark, name in cells
            ]
        for n, mark, name in cells:
            corner = self.x(level, n) - wide / 2, self.y(level) - _HIGH / 2
            cell(self.sheet.ax, corner, (wide, _HIGH), mark, f"{name}[{n}]")
        title = "input" if level == 0 else text_of(self.field.layers[level - 1])
        told = f"{count} cells"
        if level:
            own = self.field.behind[level - 1][self.axis]
            told = (
                f"{count} {'outputs' if level == last else 'cells'} · field {own.size}"
            )
        points = fitting_size([title, told], _NAMES, 0.5, SIZE)
        looks: dict[str, Any] = {"ha": "left", "fontsize": points}
        y = self.y(level)
        self.sheet.write(_MARGIN, y - 0.085, title, f"layer[{level}]", **looks)
        looks["color"] = theme.muted
        self.sheet.write(_MARGIN, y + 0.085, told, f"told[{level}]", **looks)

    def _bars(self) -> float:
        """Below the input: what is seen, and what the recurrence says."""
        theme, y = self.sheet.theme, self.y(0) + 0.26
        low, high = map(float, self.field.axes[self.axis].interval(self.place))
        bars = [(low, high, 1.2, "field", theme.lines[1])]
        seen = self.rows[0]
        if seen:
            bars.insert(0, (seen[0], seen[-1], 3.6, "seen", theme.lines[0]))
        for depth, (first, last, width, gid, color) in enumerate(bars):
            ends = self.across(first - 0.45), self.across(last + 0.45)
            bar = Line2D(ends, (y + 0.09 * depth,) * 2, color=color, linewidth=width)
            bar.set(gid=gid, solid_capstyle="butt")
            self.sheet.ax.add_line(bar)
        size = str(self.field.size[self.axis])
        told = f"field {size}"
        if seen:
            told += f", seen {seen[-1] - seen[0] + 1}: cells {seen[0]} to {seen[-1]}"
        looks: dict[str, Any] = {"ha": "left", "fontsize": SIZE}
        self.sheet.write(_MARGIN + _NAMES, y + 0.27, told, "bars", **looks)
        return y + 0.4


def _alt(field: ReceptiveField, place: Shape, axis: int) -> str:
    layers = ", ".join(text_of(layer) for layer in field.layers)
    sizes = ", ".join(str(behind[axis].size) for behind in field.behind)
    ends = field.ends(place)[axis]
    cells = field.along(axis, place[axis]).nonzero()[0]
    told = "it sees none of the input"
    if cells.size:
        told = f"it sees {cells.size} of them from {cells[0]} to {cells[-1]}"
    text = (
        f"Receptive field of output {','.join(map(str, place))} through {layers}. "
        f"Along axis {axis} the fields are {sizes} cells behind the layers. This one "
        f"is cells {ends.first} to {ends.last} by the recurrence; {told}."
    )
    if len(place) == 2:
        seen = field.support(place)
        own = seen if seen.ndim == 2 else seen.any(axis=0)
        text += f" In all, {int(own.sum())} of {own.size} cells are seen."
    return text
