"""A transposed convolution in three ways: its matrix, a scatter, a direct one."""

from __future__ import annotations

from typing import Any, TypeAlias

import numpy as np

from convmat.arrays import Array, Shape
from convmat.errors import ShapeError
from convmat.figures.canvas import fitting_size, text_width, widest
from convmat.figures.chart import LINE, SIZE, paragraph
from convmat.figures.content import cell_id, short, tap_texts
from convmat.figures.entries import entry_texts
from convmat.figures.grid import Grid
from convmat.figures.matrix_cells import MatrixCells
from convmat.figures.mirrored import Mirrored
from convmat.figures.sheet import Sheet
from convmat.figures.style import Look, Mark, tap_mark
from convmat.figures.tiles import blocks_extent, draw_blocks, draw_kernel, planes_of
from convmat.geometry import Geometry
from convmat.labels import labels
from convmat.tie import tie_map

__all__ = ["TransposePage"]

_WIDEST, _SIDE = 6.1, 0.3  # inches of both matrices, and of a cell
_MARGIN, _GAP, _SIGN = 0.25, 0.6, 0.45
_LEAST = 0.1  # inches of a cell of the grids
_SMALL = 7.0  # points

_Blocks: TypeAlias = tuple[tuple[int, int], Shape]


class TransposePage:
    """Both matrices, and both ways to do without them, in inches.

    Parameters
    ----------
    sheet : Sheet
    g : Geometry
        The paired convolution.
    taps : ndarray, optional
        Numbers in place of letters.
    chosen : (int, int)
        The input that is scattered, and the cell of the result that is shown.

    Attributes
    ----------
    reached : list of str
        Ids of the cells that the input is scattered over.
    """

    def __init__(
        self, sheet: Sheet, g: Geometry, taps: Array | None, chosen: tuple[int, int]
    ) -> None:
        self.sheet, self.geometry, self.chosen = sheet, g, chosen
        self.grid = Grid.of(g, padding=False)
        known = labels(g)
        entries = self.grid.entries
        self.words = entry_texts(entries, taps, lambda tap: short(known.letter(tap)))
        self.texts = tap_texts(g, taps, known)
        self.letters = self.texts if taps is None else None
        self.inputs = [short(name) for name in known.inputs]
        self.outputs = [short(name) for name in known.outputs]
        self.numbers = self.grid.numbers()
        self.reached = [
            f"{cell_id('x', g.input_shape, int(column))}@scatter"
            for column in np.flatnonzero(self.numbers[chosen[0]] >= 0)
        ]
        rows, columns = g.matrix_shape
        side = (_WIDEST - _GAP - 0.6) / (rows + columns)
        self.side = min(_SIDE, side)
        self.mirrored = None
        if g.padding_mode == "zeros" or not any(map(any, g.padding)):
            self.mirrored = Mirrored(g)
        flat = [*self.inputs, *self.outputs, *self.texts]
        flat += self.words if taps is not None else []  # sums of letters are cut
        wished = min(0.42, max(0.24, widest(flat, SIZE) + 0.12))
        across = sum(blocks_extent(*shape)[0] for shape in self._parts())
        if self.mirrored:
            direct = self._direct_parts(self.mirrored)
            across = max(across, sum(blocks_extent(*shape)[0] for shape in direct))
        self.tile = min(wished, (_WIDEST - 2 * _SIGN) / across)
        if self.tile < _LEAST:
            rule = f"must be at most {int((_WIDEST - 2 * _SIGN) / _LEAST)} cells wide, "
            rule += f"kernel, input and result beside each other, not {across:.0f}"
            raise ShapeError("geometry", rule, g, "matrix_plot draws any matrix")
        size = fitting_size(flat, self.tile, self.tile, SIZE)
        self.points = size if size >= 5.0 else 0.0
        self.right = 0.0

    def _parts(self) -> list[_Blocks]:
        """The grids in the middle: input, kernel, result."""
        g = self.geometry
        out_blocks, in_blocks, *size = g.weight_shape
        return [
            planes_of(g.out_channels, g.output_size),
            ((out_blocks, in_blocks), tuple(size)),
            planes_of(g.in_channels, g.input_size),
        ]

    def _direct_parts(self, way: Mirrored) -> list[_Blocks]:
        """The grids below: kernel, input, result."""
        return [way.kernel_blocks, way.input_blocks, self._parts()[2]]

    def draw(self) -> list[str]:
        """Everything, and the sheet cut to its size; the ids of the entries of `W`."""
        matrices = [self._matrix(turned=turned) for turned in (False, True)]
        stored, left, below = [], _MARGIN, 0.0
        top = _MARGIN + LINE + max(one.margins[1] for one in matrices) + 0.06
        names = "W", "Wᵀ"
        for number, one in enumerate(matrices):
            corner = left + one.margins[0], top
            suffix = "@T" * number
            rows, columns = self.geometry.matrix_shape[:: -1 if number else 1]
            told = f"{names[number]}, {rows}×{columns}"
            self._title(left, _MARGIN, told, f"title.W{suffix}")
            stored += [] if number else one.draw(corner)
            if number:
                one.draw(corner, suffix)
            one.frame(corner, self.chosen[0], f"column{suffix}")
            left = corner[0] + one.size[0] + _GAP
            below = max(below, top + one.size[1])
            self._reach(left - _GAP)
        below = self._scatter(below + 0.3)
        below = self._direct(below + 0.3)
        room = max(3.2, self.right - _MARGIN)
        note = self._note()
        below += 0.1 + paragraph(self.sheet, note, (_MARGIN, below + 0.1), room)
        self.sheet.cut(room + 2 * _MARGIN, below + 0.12)
        return stored

    def _matrix(self, *, turned: bool) -> MatrixCells:
        parts = self.sheet, self.grid, self.words, self.side
        return MatrixCells(*parts, transposed=turned, letters=self.letters)

    def _scatter(self, top: float) -> float:
        """One input times the kernel, at its place in the result; where it ends."""
        g, theme, column = self.geometry, self.sheet.theme, self.chosen[0]
        name = self.outputs[column]
        text = f"scatter: input {name} times the kernel, added into the result"
        self._title(_MARGIN, top, text, "title.scatter")

        def source(flat: int) -> Look:
            mark = theme.output if flat == column else theme.plain
            return mark, self._fit(self.outputs[flat]), f"y[{flat}]@scatter"

        def target(flat: int) -> Look:
            entry, mark = int(self.numbers[column, flat]), theme.plain
            gid = f"{cell_id('x', g.input_shape, flat)}@scatter"
            if entry < 0:
                mark = Mark(theme.background, theme.muted, theme.muted)
                return mark, self._fit(self.inputs[flat]), gid
            mark = self.grid.mark(entry, flat, theme)
            return mark, self._fit(self._word(entry)), gid

        ins, _, outs = self._parts()
        parts = [blocks_extent(*shape) for shape in self._parts()]
        titles = "input y", "kernel", "result x"
        lefts, y = self._heads(top + LINE, titles, parts, "scatter")
        tops = [y + (max(h for _, h in parts) - h) * self.tile / 2 for _, h in parts]
        ax, points = self.sheet.ax, self.points or SIZE
        draw_blocks(ax, (lefts[0], tops[0]), self.tile, *ins, source, points)
        self._sign(lefts[1], tops[1] + parts[1][1] * self.tile / 2, "·", "scatter[0]")
        place, texts = (lefts[1], tops[1]), [self._fit(text) for text in self.texts]
        draw_kernel(ax, place, self.tile, g, texts, theme, points)
        self._sign(lefts[2], tops[1] + parts[1][1] * self.tile / 2, "→", "scatter[1]")
        draw_blocks(ax, (lefts[2], tops[2]), self.tile, *outs, target, points)
        return y + max(h for _, h in parts) * self.tile

    def _direct(self, top: float) -> float:
        """The flipped kernel on the stretched input; where it ends."""
        if self.mirrored is None:
            return top - 0.3
        g, theme, row, way = (
            self.geometry,
            self.sheet.theme,
            self.chosen[1],
            self.mirrored,
        )
        text = f"direct: the flipped kernel on the input, {way.between}"
        self._title(_MARGIN, top, text, "title.direct")

        def kernel(flat: int) -> Look:
            tap = int(way.flips[flat])
            gid = f"{cell_id('w', g.kernel_shape, tap)}@direct"
            return tap_mark(tap, theme), self._fit(self.texts[tap]), gid

        def source(flat: int) -> Look:
            mark, text = way.look(row, flat, self.outputs, theme)
            return mark, self._fit(text), cell_id("s", way.padded_shape, flat)

        def target(flat: int) -> Look:
            gid = f"{cell_id('x', g.input_shape, flat)}@direct"
            if flat == row:
                return theme.output, self._fit(self.inputs[flat]), gid
            mark = Mark(theme.background, theme.muted, theme.muted)
            return mark, self._fit(self.inputs[flat]), gid

        shapes = self._direct_parts(way)
        parts = [blocks_extent(*shape) for shape in shapes]
        titles = "flipped kernel", "stretched input", "result x"
        lefts, y = self._heads(top + LINE, titles, parts, "direct")
        tallest = max(h for _, h in parts) * self.tile
        looks = kernel, source, target
        for left, (_, high), shape, look, sign in zip(
            lefts, parts, shapes, looks, ("", "on", "="), strict=True
        ):
            place = left, y + (tallest - high * self.tile) / 2
            points = self.points or SIZE
            draw_blocks(self.sheet.ax, place, self.tile, *shape, look, points)
            if sign:
                self._sign(left, y + tallest / 2, sign, f"direct.{sign}")
        return y + tallest

    def _heads(
        self, top: float, titles: Any, parts: list[tuple[float, float]], name: str
    ) -> tuple[list[float], float]:
        """Headings over grids beside each other; their left ends, and their top."""
        lefts, left = [], _MARGIN
        for title, (wide, _) in zip(titles, parts, strict=True):
            width = wide * self.tile
            room = max(width, text_width(title, _SMALL))
            middle = left + room / 2
            gid = f"heading.{title.replace(' ', '-')}@{name}"
            self.sheet.write(middle, top + 0.12, title, gid, fontsize=_SMALL)
            lefts.append(middle - width / 2)
            left += room + _SIGN
        self._reach(left - _SIGN)
        return lefts, top + 0.27

    def _sign(self, left: float, middle: float, text: str, name: str) -> None:
        x = left - _SIGN / 2
        self.sheet.write(x, middle, text, f"sign.{name}", fontsize=SIZE + 1)

    def _title(self, left: float, top: float, text: str, gid: str) -> None:
        self.sheet.write(left, top, text, gid, fontsize=SIZE + 1, ha="left")
        self._reach(left + text_width(text, SIZE + 1))

    def _reach(self, right: float) -> None:
        self.right = max(self.right, right)

    def _word(self, entry: int) -> str:
        """What an entry says; too long a sum has its first tap, and a filled corner."""
        text = self.words[entry]
        if self.letters is None or text_width(text, self.points) <= 0.9 * self.tile:
            return text
        return self.letters[int(self.grid.entries.taps[entry])]

    def _fit(self, text: str) -> str:
        return text if self.points else ""

    def _note(self) -> str:
        """What the marks say."""
        note = "Framed: the entries of one input, a column of Wᵀ and a row of W."
        note += " Filled corner: a sum of taps." * bool(self.grid.entries.sums.any())
        note += self._cut_off()
        if self.mirrored is None:
            mode = self.geometry.padding_mode
            return f"{note} {_no_direct(mode)}"
        return f"{note}{self.mirrored.key(self.chosen[1])}"

    def _cut_off(self) -> str:
        """How many taps of the scattered input find no cell of the result."""
        count = int((tie_map(self.geometry).dropped[0] == self.chosen[0]).sum())
        what = "tap falls" if count == 1 else "taps fall"
        return f" {count} {what} beside the result, where it is cut off." * bool(count)

    def alt(self) -> str:
        """The figure in words."""
        g, (column, row) = self.geometry, self.chosen
        rows, columns = g.matrix_shape
        told = [f"The {rows}×{columns} matrix of {g!r}, and its transpose."]
        reached = [
            f"{self.words[entry]} to {self.inputs[cell]}"
            for cell, entry in enumerate(self.numbers[column].tolist())
            if entry >= 0
        ]
        name = self.outputs[column]
        told.append(f"Input {name} is scattered: {', '.join(reached) or 'nowhere'}.")
        told += filter(None, [self._cut_off().strip()])
        if self.mirrored is None:
            told.append(_no_direct(g.padding_mode))
            return " ".join(told)
        way = self.mirrored
        flipped = " ".join(self.texts[int(tap)] for tap in way.flips)
        cells = " ".join(self.outputs[n] if n >= 0 else "0" for n in way.held.tolist())
        reads = [
            f"{self.outputs[source]} through {self.texts[tap]}"
            for tap, source in way.reads(row)
        ]
        told.append(
            "The same by an ordinary convolution: the kernel flipped, "
            f"{flipped}, on the input {way.between}, {cells}, at stride 1; cell "
            f"{self.inputs[row]} of the result reads {', '.join(reads) or 'zeros'}."
        )
        return " ".join(told)


def _no_direct(mode: str) -> str:
    return (
        f"No ordinary convolution does the same: with padding mode {mode!r} what falls "
        "on the padding is added back to the cells that it repeats."
    )
