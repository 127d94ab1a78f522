"""The parts of a convolution with channels side by side, and its matrix below."""

from __future__ import annotations

from math import prod
from typing import Any

import numpy as np
from matplotlib.lines import Line2D

from convmat.arrays import Shape
from convmat.errors import ShapeError
from convmat.figures.canvas import fitting_size, text_width, widest
from convmat.figures.chart import SIZE, paragraph
from convmat.figures.content import cell_id, many, tap_texts
from convmat.figures.grid import Grid
from convmat.figures.matrix_cells import MatrixCells
from convmat.figures.sheet import Sheet
from convmat.figures.style import Look, Mark, tap_mark
from convmat.figures.sums import Sums
from convmat.figures.tiles import draw_tiles, tiled_shape

__all__ = ["PlaneRows"]

_WIDEST, _LEAST = 6.1, 0.12  # inches: all but the margins; a cell of a plane
_LEAST_SIDE, _SIDE = 0.11, 0.27  # inches of a cell of the matrix
_MARGIN, _SIGN, _GAP = 0.25, 0.36, 0.2
_SMALL = 7.0  # points


class PlaneRows:
    """Planes, kernels, products, sum and outputs from left to right, in inches.

    Parameters
    ----------
    sheet : Sheet
    sums : Sums
    row : int
        The output that is shown.
    products : list of list of str
        What each channel of the group adds at each place, where it is known.

    Attributes
    ----------
    read : list of str
        Ids of the cells under the window.
    """

    def __init__(
        self, sheet: Sheet, sums: Sums, row: int, products: list[list[str]]
    ) -> None:
        self.sheet, self.sums, self.row, self.products = sheet, sums, row, products
        g = self.geometry = sums.geometry
        self.grid = Grid.of(g, padding=True)
        self.numbers = self.grid.numbers()[row]
        self.out, self.place = divmod(row, prod(g.output_size))
        self.per_group = g.weight_shape[1]
        self.first = self.out * g.groups // g.out_channels * self.per_group
        self.padded = tuple(axis.padded_size for axis in g.axes)
        names = self.grid.column_names()
        self.read = [names[cell][1] for cell in np.flatnonzero(self.numbers >= 0)]
        self.shapes: list[Shape] = [
            self.padded,
            g.kernel_size,
            g.output_size,
            g.output_size,
        ]
        texts = [*sums.taps, *sums.inputs, *sums.results]
        texts += [text for product in products for text in product]
        cells = sum(tiled_shape(shape)[1] for shape in self.shapes)
        self.sum = max(0.7, text_width(self._offset(), SIZE) + 0.3)
        room = _WIDEST - 2 * _SIGN - self.sum
        wished = min(0.45, max(0.27, widest(texts, SIZE) + 0.12))
        self.tile = min(wished, room / cells)
        if self.tile < _LEAST:
            rule = f"must be at most {int(room / _LEAST)} cells wide, input, kernel "
            rule += f"and twice the output beside each other, not {cells}"
            raise ShapeError("geometry", rule, g, "matrix_plot draws any geometry")
        size = fitting_size(texts, self.tile, self.tile, SIZE)
        self.points = size if size >= 5.0 else 0.0
        self.high = [tiled_shape(shape)[0] * self.tile for shape in self.shapes]

    def draw(self) -> list[str]:
        """Everything, and the sheet cut to its size; the ids of the matrix' entries."""
        g = self.geometry
        heads = self._heads()
        lefts, left = [], _MARGIN
        gaps = (_SIGN, _SIGN, self.sum, 0.0)
        for head, shape, gap in zip(heads, self.shapes, gaps, strict=True):
            wide = tiled_shape(shape)[1] * self.tile
            room = max(wide, widest(head, _SMALL))
            lefts.append(left + (room - wide) / 2)
            for depth, line in enumerate(head):
                gid = f"heading[{len(lefts) - 1}]" + (f".{depth}" if depth else "")
                at = left + room / 2, _MARGIN + depth * 0.14
                self.sheet.write(*at, line, gid, fontsize=_SMALL)
            left += room + gap
        top = _MARGIN + 0.3
        pitch = max(self.high[:3]) + _GAP, self.high[3] + _GAP
        tall = max(g.in_channels * pitch[0], g.out_channels * pitch[1]) - _GAP
        first = top + (tall + _GAP - g.in_channels * pitch[0]) / 2
        middles = []
        for channel in range(g.in_channels):
            middle = first + channel * pitch[0] + (pitch[0] - _GAP) / 2
            self._row(channel, middle, lefts)
            middles.append(middle)
        maps = top + (tall + _GAP - g.out_channels * pitch[1]) / 2
        for channel in range(g.out_channels):
            self._map(channel, (lefts[3], maps + channel * pitch[1]))
        target = maps + self.out * pitch[1] + self.high[3] / 2
        read = middles[self.first : self.first + self.per_group]
        self._sum(lefts, read, target)
        return self._below(top + tall, left)

    def _heads(self) -> list[list[str]]:
        g = self.geometry
        padded = "padded input" if any(map(any, g.padding)) else "input"
        return [
            [f"{padded} x,", many(g.in_channels, "channel")],
            ["kernels of", f"output channel {self.out}"],
            ["products"],
            ["output y,", many(g.out_channels, "channel")],
        ]

    def _row(self, channel: int, middle: float, lefts: list[float]) -> None:
        """One input channel: its plane, its kernel and their product."""
        cells = prod(self.padded)

        def plane(flat: int) -> Look:
            return self._cell(channel * cells + flat)

        self._tiles(0, lefts, middle, plane)
        own = channel - self.first
        if not 0 <= own < self.per_group:
            gid, muted = f"unread[{channel}]", self.sheet.theme.muted
            looks: dict[str, Any] = {"fontsize": _SMALL, "color": muted, "ha": "left"}
            text = "not read: another group"
            self.sheet.write(lefts[1] - _SIGN / 2, middle, text, gid, **looks)
            return
        taps = prod(self.geometry.kernel_size)
        before = (self.out * self.per_group + own) * taps

        def weight(flat: int) -> Look:
            tap = before + flat
            gid = cell_id("w", self.geometry.kernel_shape, tap)
            return tap_mark(tap, self.sheet.theme), self.sums.taps[tap], gid

        def product(flat: int) -> Look:
            text = self.products[own][flat] if self.products else ""
            shape = self.geometry.in_channels, *self.geometry.output_size
            gid = cell_id("p", shape, channel * len(self._places) + flat)
            return self._output(flat == self.place), text, gid

        self._tiles(1, lefts, middle, weight)
        self._tiles(2, lefts, middle, product)
        for place, text in ((1, "*"), (2, "=")):
            x = lefts[place] - _SIGN / 2
            gid = f"sign[{channel}].{place}"
            self.sheet.write(x, middle, text, gid, fontsize=SIZE + 1)

    def _map(self, channel: int, corner: tuple[float, float]) -> None:
        """One output channel."""
        before = channel * len(self._places)

        def look(flat: int) -> Look:
            row = before + flat
            mark = self._output(row == self.row)
            return mark, self.sums.results[row], f"y[{row}]"

        middle = corner[1] + self.high[3] / 2
        self._tiles(3, [0.0, 0.0, 0.0, corner[0]], middle, look)

    def _sum(self, lefts: list[float], middles: list[float], target: float) -> None:
        """A line from each product to the sum, and one on to the output channel."""
        theme = self.sheet.theme
        start = lefts[2] + tiled_shape(self.shapes[2])[1] * self.tile + 0.05
        stop = lefts[3] - 0.05
        words = self._offset()
        wide = text_width(words, SIZE) / 2 + 0.05
        x = stop - 0.1 - wide
        for number_, middle in enumerate(middles):
            gid = f"line[{self.first + number_}]"
            line = Line2D((start, x - wide), (middle, target), gid=gid, zorder=0.5)
            line.set(color=theme.muted, linewidth=1.0)
            self.sheet.ax.add_line(line)
        line = Line2D((x + wide, stop), (target, target), gid="line", zorder=0.5)
        line.set(color=theme.muted, linewidth=1.0)
        self.sheet.ax.add_line(line)
        self.sheet.write(x, target, words, "sum", fontsize=SIZE)

    def _below(self, below: float, left: float) -> list[str]:
        """The block matrix and the caption; the ids of its entries."""
        g, sheet = self.geometry, self.sheet
        rows, columns = g.matrix_shape
        grid, stored = Grid.of(g, padding=False), []
        room = max(left - _MARGIN, 3.6)
        side = min(_SIDE, (_WIDEST - 0.4) / columns, 6.0 / rows)
        note = f"The matrix W, {rows}×{columns}: a block for each pair of channels. "
        if side < _LEAST_SIDE:
            note += "It is too large to be drawn here; matrix_plot draws it."
        else:
            named = self.sums.taps == tap_texts(g, None)
            letters = self.sums.taps if named else None
            matrix = MatrixCells(sheet, grid, self.sums.cells, side, letters=letters)
            corner = _MARGIN + matrix.margins[0], below + 0.2 + matrix.margins[1]
            stored = matrix.draw(corner, named="@W")
            per_channel = len(self._places)
            matrix.frame(corner, self.out * per_channel, "rows", per_channel)
            below = corner[1] + matrix.size[1]
            room = max(room, matrix.margins[0] + matrix.size[0])
            note += f"Framed: the rows of output channel {self.out}."
            note += " Filled corner: a sum of taps." * bool(grid.entries.sums.any())
        if g.groups > 1:
            note += f" Channels fall into {g.groups} groups, which do not see each "
            note += "other."
        below += 0.12 + paragraph(sheet, note, (_MARGIN, below + 0.12), room)
        sheet.cut(room + 2 * _MARGIN, below + 0.12)
        return stored

    @property
    def _places(self) -> range:
        """Of one output channel."""
        return range(prod(self.geometry.output_size))

    def _output(self, chosen: bool) -> Mark:
        return self.sheet.theme.output if chosen else self.sheet.theme.plain

    def _offset(self) -> str:
        """What is added to the products, beside each other."""
        if not self.sums.bias:
            return "Σ"
        offset = self.sums.bias[self.row]
        return f"Σ − {offset[1:]}" if offset.startswith("-") else f"Σ + {offset}"

    def _tiles(self, part: int, lefts: list[float], middle: float, look: Any) -> None:
        corner = lefts[part], middle - self.high[part] / 2

        def shown(flat: int) -> Look:
            mark, text, gid = look(flat)
            return mark, text if self.points else "", gid

        size, points = self.shapes[part], self.points or SIZE
        draw_tiles(self.sheet.ax, corner, self.tile, size, shown, points)

    def _cell(self, cell: int) -> Look:
        """A cell of the padded input under the window of the output."""
        theme, entry = self.sheet.theme, int(self.numbers[cell])
        held = int(self.grid.held[cell])
        text = self.sums.inputs[held] if held >= 0 else self.grid.filler
        gid, mark = f"pad[{cell}]", theme.plain
        if self.grid.is_padding[cell]:
            mark = Mark(theme.background, theme.muted, theme.muted, "dashed")
        else:
            gid = cell_id("x", self.geometry.input_shape, held)
        if entry == -2:
            return theme.dropped, "×", gid
        if entry >= 0:
            mark = self.grid.mark(entry, cell, theme)
        return mark, text, gid

    def alt(self) -> str:
        """The output as a sum, one sentence for each channel that it reads."""
        g = self.geometry
        cells = prod(self.padded)
        told = []
        for own in range(self.per_group):
            channel = self.first + own
            terms = []
            for cell in range(channel * cells, (channel + 1) * cells):
                entry, held = int(self.numbers[cell]), int(self.grid.held[cell])
                if entry >= 0:
                    tap = int(self.grid.entries.taps[entry])
                    factors = self.sums.taps[tap], self.sums.inputs[held]
                    terms.append(
                        "·".join(f"({t})" if t[0] == "-" else t for t in factors)
                    )
            result = f" = {self.products[own][self.place]}" if self.products else ""
            told.append(f"Channel {channel}: {' + '.join(terms) or '0'}{result}.")
        name = self.grid.row_names()[self.row][0]
        head = f"Output {name} of {g!r}, channel by channel."
        last = "The products are"
        if self.sums.bias:
            last = f"The products and the bias {self.sums.bias[self.row]} are"
        result = self.sums.results[self.row]
        return " ".join([head, *told, f"{last} added to {result}."])
