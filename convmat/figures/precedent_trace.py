"""The grids of a chain of layers from left to right, and the arrows between them."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product
from math import prod
from typing import Any

import numpy as np
from matplotlib.lines import Line2D
from matplotlib.patheffects import withStroke

from convmat.arrays import Array, Shape
from convmat.errors import ShapeError
from convmat.figures.canvas import cell, widest
from convmat.figures.chart import LINE, SIZE, paragraph
from convmat.figures.chosen import output_number
from convmat.figures.content import cell_id, number, shape_told
from convmat.figures.padded import draw_frame, draw_grid, text_size
from convmat.figures.sheet import Sheet
from convmat.figures.style import Look
from convmat.figures.tints import INPUT, tinted
from convmat.geometry import IntOrInts
from convmat.receptive import ReceptiveField, text_of

__all__ = ["Trace"]

_WIDE, _HIGH = 6.1, 4.6  # inches of all grids
_LARGEST, _SMALLEST = 0.32, 0.1  # inches of a cell
_MARGIN, _GAP = 0.2, 0.75

Read = tuple[Shape, Shape, bool]
"""An output's place, that of a cell it reads, and whether that is in the input."""


class Trace:
    """A grid for each layer from left to right, and the arrows between them."""

    def __init__(
        self, sheet: Sheet, field: ReceptiveField, output: IntOrInts | None
    ) -> None:
        self.sheet, self.field = sheet, field
        self.sizes = [field.layers[0].input_size]
        self.sizes += [layer.output_size for layer in field.layers]
        last = self.sizes[-1]
        if len(last) > 2:
            rule = "must have one or two spatial axes"
            remedy = "convmat.receptive_field counts on any number of axes"
            raise ShapeError("layers", rule, self.sizes, remedy)
        middle = tuple(n // 2 for n in last)
        self.number = output_number(middle if output is None else output, last)
        self.place = tuple(int(n) for n in np.unravel_index(self.number, last))
        self._measure([*self.sizes, *(layer.geometry.span for layer in field.layers)])
        self.axes = [field.precedents(axis, own) for axis, own in enumerate(self.place)]
        self.outside = [self._beside(level) for level in range(len(self.sizes))]
        self._measure(list(map(self._extent, range(len(self.sizes)))))
        self.reads = list(self._all_reads())
        self.paths = [self._paths(level) for level in range(len(self.sizes))]
        texts = [number(n) for paths in self.paths for n in paths if n]
        self.points = text_size(texts, self.side)

    def _measure(self, sizes: list[Shape]) -> None:
        """The side of a cell, so that all of these grids fit beside each other."""
        grids = [_flat(size) for size in sizes]
        wide = sum(columns for _, columns in grids[: len(self.sizes)])
        high = max(max(rows, columns) for rows, columns in grids)
        room = _WIDE - _GAP * (len(self.sizes) - 1)
        self.side = min(_LARGEST, room / wide, _HIGH / high)
        if self.side < _SMALLEST:
            rule = f"must leave cells of {_SMALLEST} inches beside each other"
            remedy = "figures.receptive_field draws long chains along one axis"
            raise ShapeError("layers", rule, self.sizes, remedy)

    def _extent(self, level: int) -> Shape:
        """Rows and columns of a layer with the zeros beside it."""
        rows, columns = _flat(self.sizes[level])
        above, below, left, right = self.outside[level]
        return rows + above + below, columns + left + right

    def _all_reads(self) -> Iterator[list[Read]]:
        """What is read in each layer: along every axis, and so in all together."""
        for level in range(len(self.field.layers)):
            pairs = product(*(dict.fromkeys(axis[level]) for axis in self.axes))
            yield [
                (
                    tuple(out for out, _, _ in each),
                    tuple(own for _, own, _ in each),
                    all(inside for _, _, inside in each),
                )
                for each in pairs
            ]

    def _paths(self, level: int) -> Array:
        """Entry `[c]` is the number of paths from a cell of a layer to the output."""
        if level == len(self.field.layers):
            paths: Array = np.zeros(prod(self.sizes[-1]), np.int64)
            paths[self.number] = 1
            return paths
        visits = ReceptiveField(self.field.layers[level:]).visits(self.place)
        paths = visits.reshape(-1, prod(self.sizes[level])).sum(axis=0)
        return paths

    def draw(self) -> None:
        """All layers, the note below, and the sheet cut to its size."""
        left, wide, self.corners = _MARGIN, 0.0, []
        grids = [_flat(size) for size in self.sizes]
        titles = [self._titles(level) for level in range(len(grids))]
        heads = LINE * max(map(len, titles)) + 0.06
        tall = [
            rows + top + low
            for (rows, _), (top, low, *_) in zip(grids, self.outside, strict=True)
        ]
        for level, (_, columns) in enumerate(grids):
            before, _, first, last = self.outside[level]
            room = max(
                (columns + first + last) * self.side, widest(titles[level], SIZE)
            )
            top = _MARGIN + heads + (max(tall) - tall[level]) / 2 * self.side
            self.corners.append((left + first * self.side, top + before * self.side))
            self._write(titles[level], left, heads, level)
            left += room + _GAP
            wide = left - _GAP - _MARGIN
        for level in range(len(grids)):
            self._grid(level)
            if level < len(self.reads):
                self._arrows(level)
        self._clear()
        wide = max(wide, 2.8)
        y = _MARGIN + heads + max(tall) * self.side + 0.1
        y += paragraph(self.sheet, self._note(), (_MARGIN, y), wide)
        self.sheet.cut(wide + 2 * _MARGIN, y + 0.12)

    def _beside(self, level: int) -> tuple[int, int, int, int]:
        """Cells of padding that are read: above, below, left and right."""
        found = [(0, 0), (0, 0)]
        reads = [axis[level] for axis in self.axes if level < len(axis)]
        if reads and all(reads):
            for axis, own in enumerate(reads):
                cells = [cell for _, cell, _ in own]
                beyond = max(cells) + 1 - self.sizes[level][axis]
                found[axis] = max(0, -min(cells)), max(0, beyond)
        return *found[0], *found[1]

    def _titles(self, level: int) -> list[str]:
        if not level:
            return ["input", shape_told(self.sizes[0])]
        own = text_of(self.field.layers[level - 1])
        what = "output " if level == len(self.reads) else ""
        return [own, f"{what}{shape_told(self.sizes[level])}"]

    def _write(self, lines: list[str], left: float, heads: float, level: int) -> None:
        looks: dict[str, Any] = {"ha": "left", "fontsize": SIZE}
        top = _MARGIN + heads - 0.06 - LINE * len(lines)
        for depth, line in enumerate(lines):
            y = top + (depth + 0.5) * LINE
            self.sheet.write(left, y, line, f"label[{level}][{depth}]", **looks)

    def _key(self, level: int) -> str:
        return {0: "x", len(self.reads): "y"}.get(level, f"h{level}")

    def _grid(self, level: int) -> None:
        """The cells of a layer, and the zeros beside it that are read."""
        theme, side, corner = self.sheet.theme, self.side, self.corners[level]
        paths, key, size = self.paths[level], self._key(level), self.sizes[level]
        most = max(int(paths.max()), 1)

        def look(own: int) -> Look:
            gid = f"y[{own}]" if key == "y" else cell_id(key, size, own)
            if key == "y" and own == self.number:
                return theme.output, "", gid
            if not paths[own]:
                return theme.plain, "", gid
            share = 0.25 + 0.5 * int(paths[own]) / most
            return tinted(theme, INPUT, share), number(paths[own]), gid

        draw_grid(self.sheet, corner, side, _flat(size), look, self.points)
        for place in self._zeros(level):
            row, column = _at(place)
            spot = corner[0] + column * side, corner[1] + row * side
            gid = f"pad{level}[{','.join(map(str, place))}]"
            text = "0" if self.points else ""
            looks: dict[str, Any] = {"text": text, "points": self.points}
            cell(self.sheet.ax, spot, (side, side), theme.dropped, gid, **looks)
        if key != "y" and paths.any():
            places = np.argwhere(paths.reshape(_flat(size)))
            (top, left), (low, right) = places.min(axis=0), places.max(axis=0) + 1
            box = int(left), int(top), int(right - left), int(low - top)
            draw_frame(self.sheet, corner, side, box, f"range[{level}]")

    def _clear(self) -> None:
        """A border in the colour of the cell about each number, over the arrows."""
        fills = {
            patch.get_gid(): patch.get_facecolor() for patch in self.sheet.ax.patches
        }
        for text in self.sheet.ax.texts:
            fill = fills.get((text.get_gid() or "").removesuffix(".text"))
            if fill is not None:
                text.set_path_effects([withStroke(linewidth=2.4, foreground=fill)])

    def _zeros(self, level: int) -> list[Shape]:
        if level == len(self.reads):
            return []
        outside = (own for _, own, inside in self.reads[level] if not inside)
        return list(dict.fromkeys(outside))

    def _arrows(self, level: int) -> None:
        """To the left edge of each cell that reads, from what it reads."""
        looks: dict[str, Any] = {"color": self.sheet.theme.ink, "clip_on": False}
        whole = {**looks, "marker": "o", "markevery": [0], "markersize": 2.6}
        for gid, start, out, inside in self._starts(level):
            end = self._spot(level + 1, out, 0.0)
            wire = Line2D((start[0], end[0]), (start[1], end[1]), **whole)
            wire.set(linewidth=0.7, alpha=0.75, zorder=1.8, gid=f"wire[{gid}]")
            wire.set_linestyle("-" if inside else (0, (2, 2)))
            self.sheet.ax.add_line(wire)
        for out in dict.fromkeys(out for out, _, _ in self.reads[level]):
            x, y = self._spot(level + 1, out, 0.0)
            head = Line2D([x], [y], marker=">", markersize=3.6, **looks)
            head.set(gid=f"head[{_joined(level, *out)}]", zorder=2.4)
            self.sheet.ax.add_line(head)

    def _starts(
        self, level: int
    ) -> Iterator[tuple[str, tuple[float, float], Shape, bool]]:
        """Id, start and reader of each arrow, and whether it starts in the input."""
        if len(self.place) == 1:
            for out, own, inside in self.reads[level]:
                yield (
                    _joined(level, *out, *own),
                    self._spot(level, own, 1.0),
                    out,
                    inside,
                )
            return
        # On two axes as many arrows as there are taps would hide the numbers.
        corner, windows = self.corners[level], list(self._windows(level))
        for out, (left, top, wide, high) in windows:
            start = (
                corner[0] + (left + wide) * self.side,
                corner[1] + (top + high / 2) * self.side,
            )
            yield _joined(level, *out), start, out, True
        if windows and level < len(self.reads) - 1:
            box, gid = windows[0][1], f"window[{level}]"
            draw_frame(self.sheet, corner, self.side, box, gid, dashed=True)

    def _windows(self, level: int) -> Iterator[tuple[Shape, tuple[int, int, int, int]]]:
        """For each reader left, top, width and height of all that it reads."""
        known: dict[Shape, list[Shape]] = {}
        for out, own, _ in self.reads[level]:
            known.setdefault(out, []).append(own)
        for out, cells in known.items():
            rows, columns = zip(*cells, strict=True)
            left, top = min(columns), min(rows)
            yield out, (left, top, max(columns) + 1 - left, max(rows) + 1 - top)

    def _spot(
        self, level: int, place: Shape, across: float = 0.5
    ) -> tuple[float, float]:
        """A place within a cell of a layer, at half its height."""
        row, column = _at(place)
        left, top = self.corners[level]
        return left + (column + across) * self.side, top + (row + 0.5) * self.side

    def _note(self) -> str:
        note = "Numbers: paths to the filled output"
        channels = any(max(layer.channels) > 1 for layer in self.field.layers)
        note += ", over all channels. " if channels else ". "
        note += "Frames: all cells that it depends on."
        if any(map(any, self.outside)):
            note += " Grey: zeros of the padding."
        if len(self.place) == 2:
            note += " An arrow leads from the window of each cell to it"
            note += "; the first one is dashed." if len(self.reads) > 1 else "."
        return note

    def told(self) -> str:
        """The alt text."""
        layers = ", ".join(text_of(layer) for layer in self.field.layers)
        parts = []
        for level in range(len(self.reads) - 1, -1, -1):
            seen, cells = int((self.paths[level] > 0).sum()), len(self.paths[level])
            where = f"behind {text_of(self.field.layers[level - 1])}"
            parts.append(
                f"{seen} of the {cells} cells {where if level else 'of the input'}"
            )
        head = (
            f"Precedents of output {','.join(map(str, self.place))} through {layers}."
        )
        paths = int(self.paths[0].sum())
        return f"{head} It depends on {', and on '.join(parts)}, on {paths} paths."


def _flat(size: Shape) -> Shape:
    """Rows and columns; one axis is a column, so that arrows run across it."""
    return (size[0], 1) if len(size) == 1 else size


def _at(place: Shape) -> tuple[int, int]:
    """Row and column of a place."""
    return (place[0], 0) if len(place) == 1 else (place[0], place[1])


def _joined(*numbers: int) -> str:
    return ",".join(map(str, numbers))
