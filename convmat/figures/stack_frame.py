"""Both grids of a stack with their sizes and places, for any output."""

from __future__ import annotations

from collections.abc import Collection
from math import prod
from typing import Any

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from convmat.arrays import Shape
from convmat.errors import ConvmatError, ConvmatTypeError, ShapeError
from convmat.figures.arithmetic import ARITHMETIC, Arithmetic
from convmat.figures.canvas import text_width, wrapped
from convmat.figures.chart import LINE, SIZE, paragraph
from convmat.figures.content import shape_told
from convmat.figures.sheet import Sheet
from convmat.figures.slanted import (
    Plane,
    draw_cell,
    draw_line,
    draw_outline,
    slanted_size,
)
from convmat.figures.stack_cells import StackCells
from convmat.figures.style import Look, Theme
from convmat.figures.tints import FRAME, OUTPUT, tinted
from convmat.geometry import Geometry
from convmat.geometry.names import did_you_mean
from convmat.geometry.wording import sizes
from convmat.receptive import Layer
from convmat.transposed import stretched

__all__ = ["Stack", "layer_of"]

_MOST = 400  # cells of the padded input, and outputs
_LARGEST, _SMALLEST = 0.38, 0.05  # inches of a cell's side
_WIDE, _HIGH = 6.1, 5.6  # inches that both grids may take
_MARGIN, _GAP, _LEAST = 0.2, 0.3, 3.2
_READ = 6.0  # points: smaller names are left out


class Stack:
    """Both grids with their sizes and places in inches, for any output."""

    def __init__(
        self, geometry: Geometry | str, transposed: bool, theme: Theme
    ) -> None:
        layer, self.caption = layer_of(geometry, transposed)
        _refuse(layer)
        self.theme, self.layer = theme, layer
        self.cells = StackCells.of(layer)
        self.outputs = layer.output_shape
        ins, outs = self.cells.padded, (layer.channels[1], *layer.output_size)
        self.ins, self.outs = _flat(ins), _flat(outs)  # planes, rows, columns
        high = sum(Plane.extent(*part[1:])[1] for part in (self.ins, self.outs))
        wide = max(_row(part, 1.0, 0.0) for part in (self.ins, self.outs))
        gaps = _GAP * (max(self.ins[0], self.outs[0]) - 1)
        self.side = min(_LARGEST, (_WIDE - gaps) / wide, (_HIGH - _GAP) / high)
        if self.side < _SMALLEST:
            rule = f"must leave cells of {_SMALLEST} inches (here {self.side:.2f})"
            raise ShapeError("geometry", rule, layer.geometry, _REMEDY)
        texts = [*self.cells.tap_names, *self.cells.ends[1], "×"]
        if layer.geometry.padding_mode != "zeros":
            texts += self.cells.ends[0]
        points = slanted_size(texts, self.side, 9.0)
        self.points = points if points >= _READ else 0.0
        self.params = {
            "geometry": repr(layer.geometry),
            "transposed": layer.transposed,
            "theme": theme.name,
        }

    @property
    def head(self) -> str:
        """A sentence on the layer."""
        kind = "The transpose of" if self.layer.transposed else "Convolution"
        ends = shape_told(self.layer.input_shape), shape_told(self.layer.output_shape)
        return (
            f"{kind} {self.layer.geometry!r}: {ends[0]} input, {ends[1]} output. "
            f"{self.note}"
        )

    @property
    def note(self) -> str:
        """The size of the output with its numbers, and what the borders say."""
        formula = f"Output: {sizes(self.cells.drawn.axes)}."
        padded = any(map(any, self.cells.drawn.padding))
        told = [formula]
        if self.layer.transposed:
            steps = shape_told(self.layer.geometry.stride)
            wider = max(self.layer.geometry.stride) > 1
            told.append(f"Input stretched by {steps}, kernel flipped," if wider else "")
            told[-1] += " stride 1." if wider else "Kernel flipped."
            if (self.cells.inputs < 0).any():
                told.append("Dotted: inserted zeros.")
        if padded:
            told.append("Dashed: padding.")
        return " ".join(told)

    def draw(self, output: int, before: Collection[int], ax: Axes | None) -> Figure:
        """The frame of an output; those before it are filled already."""
        sheet = Sheet.blank(self.theme, ax)
        wide = max(_row(part, self.side, _GAP) for part in (self.ins, self.outs))
        wide = max(wide, _LEAST, text_width(self.caption, SIZE + 1) + 0.1)
        wide = min(wide, _WIDE)
        y = _MARGIN
        looks: dict[str, Any] = {"ha": "left", "fontsize": SIZE + 1}
        titles = wrapped(self.caption, SIZE + 1, wide)
        for depth, line in enumerate(titles):
            sheet.write(_MARGIN, y + LINE / 2, line, f"title[{depth}]", **looks)
            y += LINE
        y = self._label(
            sheet, y, f"output {shape_told(self.layer.output_shape)}", "output"
        )
        middle = _MARGIN + wide / 2
        above = self._planes(self.outs, middle, y)
        y += Plane.extent(*self.outs[1:])[1] * self.side + _GAP
        below = self._planes(self.ins, middle, y)
        y += Plane.extent(*self.ins[1:])[1] * self.side + 0.04
        self._inputs(sheet, below, output)
        self._outputs(sheet, above, output, before)
        self._lines(sheet, below, above, output)
        y = self._label(sheet, y, self._input_told(), "input")
        y += paragraph(sheet, self.note, (_MARGIN, y + 0.04), wide)
        sheet.cut(wide + 2 * _MARGIN, y + 0.04 + 0.12)
        read = [
            self.cells.cell(cell)
            for cell, entry in enumerate(self.cells.numbers[output])
            if entry >= 0 and self.cells.held(cell) >= 0
        ]
        params = {**self.params, "output": output}
        alt = f"{self.head}\n{self.cells.told(output)}"
        return sheet.finish("stack3d", params, alt, x=read, y=[f"y[{output}]"])

    def _label(self, sheet: Sheet, y: float, text: str, gid: str) -> float:
        looks: dict[str, Any] = {"ha": "left", "fontsize": SIZE}
        sheet.write(_MARGIN, y + LINE / 2, text, f"label[{gid}]", **looks)
        return y + LINE

    def _input_told(self) -> str:
        told = f"input {shape_told(self.layer.input_shape)}"
        drawn = self.cells.drawn
        if self.layer.transposed and drawn.input_size != self.layer.input_size:
            told += f", stretched to {shape_told(drawn.input_size)}"
        if any(map(any, drawn.padding)):
            told += f", padded to {shape_told(self.cells.padded[1:])}"
        return told

    def _planes(self, part: Shape, middle: float, top: float) -> list[Plane]:
        """One plane a channel, side by side about the middle."""
        count, rows, columns = part
        step = Plane.extent(rows, columns)[0] * self.side + _GAP
        left = middle - _row(part, self.side, _GAP) / 2
        corners = [(left + number * step, top) for number in range(count)]
        return [Plane.within(rows, columns, self.side, corner) for corner in corners]

    def _inputs(self, sheet: Sheet, planes: list[Plane], output: int) -> None:
        _, rows, columns = self.ins
        for number, plane in enumerate(planes):
            for place in range(rows * columns):
                cell = number * rows * columns + place
                look = self.cells.look(output, cell, self.theme)
                self._cell(sheet, plane, divmod(place, columns), look)

    def _outputs(
        self, sheet: Sheet, planes: list[Plane], output: int, before: Collection[int]
    ) -> None:
        _, rows, columns = self.outs
        for number, plane in enumerate(planes):
            for place in range(rows * columns):
                own = number * rows * columns + place
                text = self.cells.ends[1][own]
                mark = tinted(self.theme, OUTPUT, 0.6 if own in before else 0.16)
                if own == output:
                    mark = self.theme.output
                shown = text if own == output or own in before else ""
                look = mark, shown, f"y[{own}]"
                # Lines run over the other outputs, and end below this one.
                level = 1.0 if own == output else 0.0
                self._cell(sheet, plane, divmod(place, columns), look, level)

    def _cell(
        self,
        sheet: Sheet,
        plane: Plane,
        at: tuple[int, int],
        look: Look,
        level: float = 0.0,
    ) -> None:
        mark, text, gid = look
        shown = mark, text if self.points else "", gid
        draw_cell(sheet, plane, at, shown, self.points, level)

    def _lines(
        self, sheet: Sheet, below: list[Plane], above: list[Plane], output: int
    ) -> None:
        """The window on each plane that is read, and lines to the output's corners."""
        _, rows, columns = self.outs
        number, place = divmod(output, rows * columns)
        cell = above[number].corners(*divmod(place, columns), 1, 1)
        group, spans = self.cells.window(output)
        (top, high), (left, wide) = [(0, 1), *spans][-2:]
        per_group = self.cells.drawn.weight_shape[1]
        color = self.theme.lines[FRAME]
        for channel in range(group * per_group, (group + 1) * per_group):
            ends = below[channel].corners(top, left, high, wide)
            many = f"{channel}," if len(below) > 1 else ""
            draw_outline(sheet, ends, f"window[{channel}]" if many else "window")
            for corner, (start, end) in enumerate(zip(ends, cell, strict=True)):
                draw_line(sheet, start, end, color, f"line[{many}{corner}]")


def _flat(shape: Shape) -> Shape:
    """`(channels, rows, columns)`; one axis is a row."""
    return (shape[0], 1, shape[1]) if len(shape) == 2 else shape


def _row(part: Shape, side: float, gap: float) -> float:
    """Inches across all planes of a kind."""
    count, rows, columns = part
    return count * Plane.extent(rows, columns)[0] * side + (count - 1) * gap


_REMEDY = "matrix_plot draws any geometry"


def _refuse(layer: Layer) -> None:
    """Refuse what cannot be drawn.

    Raises
    ------
    ShapeError
        For other axes, or too many cells.
    """
    g = layer.geometry
    if g.rank > 2:
        raise ShapeError("geometry", "must have one or two spatial axes", g, _REMEDY)
    drawn = stretched(g).geometry if layer.transposed else g
    cells = drawn.in_channels * prod(axis.padded_size for axis in drawn.axes)
    outs = layer.channels[1] * prod(layer.output_size)
    if cells > _MOST or outs > _MOST:
        rule = f"must have at most {_MOST} cells of padded input, and outputs"
        raise ShapeError("geometry", f"{rule} (here {cells} and {outs})", g, _REMEDY)


def layer_of(geometry: Geometry | str, transposed: bool) -> tuple[Layer, str]:
    """The layer, and its caption.

    Raises
    ------
    ConvmatError
        For a name that is none of the guide's.
    ConvmatTypeError
        For what is no geometry.
    """
    if not isinstance(transposed, bool):
        raise ConvmatTypeError("transposed", "must be True or False", transposed)
    if isinstance(geometry, Geometry):
        told = ", transposed" if transposed else ""
        return Layer(geometry, transposed), repr(geometry) + told
    if not isinstance(geometry, str):
        rule = "must be a Geometry, or a name such as 'padding_strides'"
        raise ConvmatTypeError("geometry", rule, geometry)
    if geometry not in ARITHMETIC:
        rule = f"must be a Geometry or one of {', '.join(ARITHMETIC)}"
        remedy = did_you_mean(geometry, ARITHMETIC)
        raise ConvmatError("geometry", rule, geometry, remedy)
    preset = ARITHMETIC[geometry]
    if transposed and not preset.transposed:
        told = f"{preset.caption}, transposed"
        preset = Arithmetic(Layer(preset.geometry, transposed=True), told)
    return preset.layer, preset.caption
