"""Pictures of paddings from left to right, each with its output and its formula."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from convmat.figures.canvas import wrapped
from convmat.figures.chart import LINE, SIZE, paragraph
from convmat.figures.content import shape_told
from convmat.figures.padded import Padded, draw_frame, draw_grid, text_size
from convmat.figures.sheet import Sheet
from convmat.figures.style import Look
from convmat.figures.tiles import tiled_shape
from convmat.figures.tints import OUTPUT, tinted
from convmat.geometry.wording import sizes

__all__ = ["Panel", "Row"]

_WIDE = 6.15  # inches of a row of pictures
_LARGEST, _ROOM = 0.25, 1.26  # inches of a cell, and across a picture at least
_MARGIN, _GAP, _BELOW = 0.17, 0.18, 0.08
_TALL, _LEAST = 6.0, 0.06  # inches of all grids down a page, of a cell then
_SMALL = 7.0  # points


@dataclass(frozen=True)
class Panel:
    """One picture: its name and the cells of its padded input."""

    name: str
    cells: Padded

    @property
    def formulas(self) -> list[str]:
        """The size of the output along each axis; once, where they are alike."""
        axes = self.cells.geometry.axes
        lines = [sizes((axis,)) for axis in axes]
        if len(set(lines)) == 1:
            return lines[:1]
        return [f"axis {number}: {line}" for number, line in enumerate(lines)]

    @property
    def told(self) -> str:
        """One line for the alt text."""
        rows, columns = tiled_shape(self.cells.size)
        texts = self.cells.texts
        lines = [
            " ".join(texts[row * columns : (row + 1) * columns]) for row in range(rows)
        ]
        own = " / ".join(lines)
        return f"{self.name}: {'; '.join(self.formulas)}; the padded input is {own}."


class Row:
    """The pictures from left to right, in as many rows as they need."""

    def __init__(self, sheet: Sheet, panels: list[Panel]) -> None:
        self.sheet, self.panels = sheet, panels
        grids = [tiled_shape(panel.cells.size) for panel in panels]
        most = max(columns for _, columns in grids)
        self.side = min(_LARGEST, _WIDE / most, 3.6 / max(rows for rows, _ in grids))
        texts = [text for panel in panels for text in panel.cells.texts]
        while True:
            self.points = text_size(texts, self.side)
            self.rooms = [max(_ROOM, columns * self.side) for _, columns in grids]
            self.rows = self._broken()
            if self._tall() <= _TALL or self.side < _LEAST:
                break
            self.side *= 0.85
        outputs = {panel.cells.geometry.output_size for panel in panels}
        self.outputs = len(outputs) > 1 or len(panels) == 1  # else all are alike

    def _broken(self) -> list[range]:
        """Which pictures stand in each row: about as many in all of them."""
        count = len(self.panels)
        for rows in range(1, count + 1):
            each = -(-count // rows)
            starts = range(0, count, each)
            parts = [range(start, min(start + each, count)) for start in starts]
            if all(self._across(part) <= _WIDE for part in parts):
                return parts
        return [range(number, number + 1) for number in range(count)]

    def _tall(self) -> float:
        """Inches that the grids of all rows take below each other."""
        grids = [
            tiled_shape(panel.cells.size)[0]
            + tiled_shape(panel.cells.geometry.output_size)[0]
            for panel in self.panels
        ]
        return sum(max(grids[n] for n in part) for part in self.rows) * self.side

    def _line(self, n: int) -> float:
        """Inches of a small line: a part of the gap beside the picture is its own."""
        return self.rooms[n] + 0.7 * _GAP

    def _across(self, part: range) -> float:
        return sum(self.rooms[n] for n in part) + _GAP * (len(part) - 1)

    def draw(self, channels: bool) -> None:
        """All rows, the note below them, and the sheet cut to their size."""
        y, wide = _MARGIN, max(map(self._across, self.rows))
        for part in self.rows:
            y = self._draw_row(part, y) + 2 * _GAP
        framed = (
            "the window of the filled output" if self.outputs else "the first window"
        )
        note = f"Framed: {framed}. Dashed: padding."
        if any(not panel.cells.read.all() for panel in self.panels):
            note += " Dotted: never read."
        if channels:
            note += " Each channel alike."
        wide = max(wide, 2.6)
        y -= _GAP
        y += paragraph(self.sheet, note, (_MARGIN, y), wide)
        self.sheet.cut(wide + 2 * _MARGIN, y + 0.12)

    def _draw_row(self, part: range, top: float) -> float:
        titles = {n: wrapped(self.panels[n].name, SIZE, self.rooms[n]) for n in part}
        told = {n: wrapped(self._input_told(n), _SMALL, self._line(n)) for n in part}
        head = top + LINE * max(map(len, titles.values()))
        low = head + LINE * max(map(len, told.values()))
        left, bottom = _MARGIN, head
        for n in part:
            lines = titles[n]
            self._lines(lines, left, head - LINE * len(lines), f"name@{n}", SIZE)
            self._lines(told[n], left, head, f"input@{n}")
            bottom = max(bottom, self._draw_panel(n, left, low))
            left += self.rooms[n] + _GAP
        return bottom

    def _input_told(self, n: int) -> str:
        cells = self.panels[n].cells
        told = f"input {shape_told(cells.geometry.input_size)}"
        if any(map(any, cells.geometry.padding)):
            told += f", padded to {shape_told(cells.size)}"
        return told

    def _draw_panel(self, n: int, left: float, top: float) -> float:
        """Padded input, output and formula of one picture; where it ends."""
        panel, side, theme = self.panels[n], self.side, self.sheet.theme
        cells, g = panel.cells, panel.cells.geometry

        def input_look(cell: int) -> Look:
            mark, text, gid = cells.look(cell, theme, faint=True)
            return mark, text, f"{gid}@{n}"

        def output_look(row: int) -> Look:
            mark = theme.output if row == 0 else tinted(theme, OUTPUT)
            return mark, "", f"y[{row}]@{n}"

        corner, y = (left, top + _BELOW / 2), top
        y += draw_grid(self.sheet, corner, side, cells.size, input_look, self.points)[1]
        draw_frame(self.sheet, corner, side, cells.box(0), f"window@{n}")
        told = f"output {shape_told(g.output_size)}"
        y = self._lines([told], left, y + 2 * _BELOW, f"output@{n}")
        if self.outputs:
            corner, shape = (left, y + _BELOW / 2), g.output_size
            y += draw_grid(self.sheet, corner, side, shape, output_look, 0.0)[1]
            y += 1.6 * _BELOW
        lines = [
            line
            for formula in panel.formulas
            for part in _broken(formula, self._line(n))
            for line in wrapped(part, _SMALL, self._line(n))
        ]
        return self._lines(lines, left, y, f"formula@{n}")

    def _lines(
        self,
        lines: list[str],
        left: float,
        top: float,
        gid: str,
        points: float = _SMALL,
    ) -> float:
        """Lines below each other; where they end."""
        looks: dict[str, Any] = {"ha": "left", "fontsize": points}
        for depth, line in enumerate(lines):
            y = top + (depth + 0.5) * LINE
            self.sheet.write(left, y, line, f"{gid}[{depth}]", **looks)
        return top + LINE * len(lines)


def _broken(formula: str, room: float) -> list[str]:
    """A formula that is too wide, in lines: its axis, itself, its result."""
    left, _, right = formula.rpartition(" = ")
    axis, colon, own = left.rpartition(": ")
    head, tail = [axis + colon.strip()] if axis else [], f"= {right}"
    tried = [formula], [left, tail], [*head, f"{own} {tail}"], [*head, own, tail]
    for lines in tried:
        if all(len(wrapped(line, _SMALL, room)) == 1 for line in lines):
            return lines
    return tried[-1]
