"""The parts of `W x + b = y` on a page, in as many lines as they need."""

from __future__ import annotations

import numpy as np

from convmat.figures.canvas import cell, text_width, widest
from convmat.figures.content import cell_id
from convmat.figures.sheet import Sheet
from convmat.figures.style import Mark
from convmat.figures.sums import Sums

__all__ = ["write_equation"]

_SIZE = 9.0  # points
_SMALL = 8.0
_HIGH = 0.32  # inches of a cell
_TOP = 0.75  # inches above the higher of matrix and input: headings, names of columns
_NEXT = 0.5  # inches above the sums on a further line: their headings
_MARGIN = 0.2
_PLUS, _SIGN = 0.18, 0.4  # inches of a plus, of a sign between two parts

_FULL, _KEPT = "sums with their zero terms", "sums without zero terms"
_OUTPUT = "output y"


def write_equation(sheet: Sheet, sums: Sums, width: float) -> None:
    """The whole equation, with a new line before what goes beyond `width` inches."""
    _Writer(sheet, sums, width).write_all()


class _Writer:
    """Writes the equation line by line; `at` is the inches it has come on this one."""

    def __init__(self, sheet: Sheet, sums: Sums, width: float) -> None:
        self.sheet, self.sums, self.theme = sheet, sums, sheet.theme
        self.rows, self.columns = sums.geometry.matrix_shape
        self.width = width
        self.high: float = max(self.rows, self.columns) * _HIGH
        self.top, self.title = _TOP, 0.25  # of the cells and headings of this line
        self.at, self.right = _MARGIN, 0.0
        self.signs = 0
        self.kept = [np.flatnonzero(taps >= 0) for taps in sums.pattern]

    @property
    def first(self) -> float:
        """Inches from the top to row 0 of matrix, sums and output."""
        return self.top + (self.high - self.rows * _HIGH) / 2

    def write_all(self) -> None:
        """The whole equation, and the sheet cut to its size."""
        self.write_matrix()
        self.write_input()
        if self.sums.bias:
            self.sign("+")
            self.column("bias b", self.sums.bias, "b", self.theme.plain)
        self.equals(self.wide_sums(self.full_terms()), _FULL)
        self.write_full_sums()
        self.equals(self.wide_sums(self.kept_terms()), _KEPT)
        self.write_kept_sums()
        self.equals(self.wide_column(self.sums.results), _OUTPUT)
        self.column(_OUTPUT, self.sums.results, "y", self.theme.output)
        right = max(self.right, self.at) + _MARGIN
        self.sheet.cut(right, self.top + self.high + 0.25)

    def equals(self, wide: float, title: str) -> None:
        """The sign before a part, on a new line where the part would leave the page."""
        ends = self.at + _SIGN + max(wide, text_width(title, _SMALL)) + _MARGIN
        if ends > self.width:
            self.right, self.at = max(self.right, self.at), _MARGIN
            self.title = self.top + self.high + 0.3
            self.top, self.high = self.title + _NEXT - 0.25, self.rows * _HIGH
        self.sign("=")

    def full_terms(self) -> list[list[str]]:
        """The texts of each column of the full sums."""
        return [list(column) for column in zip(*self.sums.products, strict=True)]

    def kept_terms(self) -> list[list[str]]:
        """The texts of each column of the terms that a tap reaches."""
        products, most = self.sums.products, max(map(len, self.kept))
        rows = list(enumerate(self.kept))
        return [
            [products[row][cs[place]] for row, cs in rows if place < len(cs)]
            for place in range(most)
        ]

    def wide_sums(self, columns: list[list[str]]) -> float:
        """Inches that sums take, with their bias."""
        wide = sum(_wide(texts) + _PLUS for texts in columns)
        bias = 0.1 + widest(self.sums.bias, _SIZE) if self.sums.bias else -_PLUS
        return wide + bias

    def wide_column(self, texts: list[str]) -> float:
        """Inches across a cell of a column."""
        return max(_HIGH, 0.14 + widest(texts, _SIZE))

    def write_matrix(self) -> None:
        """Names of rows, names of columns, and the cells of `W`."""
        margin = widest(self.sums.outputs, _SMALL)
        for row, name in enumerate(self.sums.outputs):
            place = self.at + margin, self.middle(row)
            self.text(*place, name, f"row[{row}]", muted=True, ha="right")
        self.at += margin + 0.1
        start = self.at
        names = self.sums.columns
        texts = ["0", *self.sums.taps, *self.sums.cells]
        wide = max(_HIGH, widest(texts, _SIZE) + 0.12, widest(names, _SMALL) + 0.08)
        for column, name in enumerate(names):
            place = start + (column + 0.5) * wide, self.first - 0.12
            self.text(*place, name, f"column[{column}]", muted=True)
        for (row, column), entry in np.ndenumerate(self.sums.pattern):
            mark, text = self.theme.untouched, "0"
            if entry >= 0:
                mark = self.sums.mark(int(entry), self.theme)
                text = self.sums.cells[entry]
            place = start + column * wide, self.first + row * _HIGH
            self.box(place, wide, mark, f"W[{row},{column}]", text)
        self.at += self.columns * wide
        self.heading(f"W, {self.rows}×{self.columns}", start)

    def write_input(self) -> None:
        """The input as one column, beside the whole height of the matrix."""
        self.at += 0.2
        shape = self.sums.geometry.input_shape
        ids = [cell_id("x", shape, column) for column in range(self.columns)]
        self.column("input x", self.sums.inputs, ids, self.theme.plain)

    def write_full_sums(self) -> None:
        """Every term in the column of its input; zero terms stay grey."""
        start, products = self.at, self.sums.products
        for column, texts in enumerate(self.full_terms()):
            wide = _wide(texts)
            for row in range(self.rows):
                entry, text = int(self.sums.pattern[row, column]), products[row][column]
                self.term(row, text, entry, wide, f"sum[{row},{column}]")
            self.at += wide
            self.plus(last=column == self.columns - 1)
        self.write_bias("sum")
        self.heading(_FULL, start)

    def write_kept_sums(self) -> None:
        """The terms that a tap reaches, moved together."""
        start, columns = self.at, self.kept_terms()
        for place, texts in enumerate(columns):
            wide = _wide(texts)
            inside = [
                (row, cs[place]) for row, cs in enumerate(self.kept) if place < len(cs)
            ]
            for (row, column), text in zip(inside, texts, strict=True):
                entry = int(self.sums.pattern[row, column])
                self.term(row, text, entry, wide, f"term[{row},{column}]")
                if place:
                    self.sign_at(self.at - _PLUS / 2, self.middle(row), "+")
            self.at += wide + (_PLUS if place < len(columns) - 1 else 0.0)
        for row, cs in enumerate(self.kept):
            if not len(cs):
                self.text(start + 0.06, self.middle(row), "0", f"term[{row}]")
        if self.sums.bias and columns:
            self.at += _PLUS
            for row in range(self.rows):
                self.sign_at(self.at - _PLUS / 2, self.middle(row), "+")
        self.write_bias("term")
        self.heading(_KEPT, start)

    def write_bias(self, kind: str) -> None:
        """The bias as the last term of each sum."""
        if not self.sums.bias:
            return
        wide = 0.1 + widest(self.sums.bias, _SIZE)
        for row, text in enumerate(self.sums.bias):
            self.text(self.at + wide / 2, self.middle(row), text, f"{kind}.b[{row}]")
        self.at += wide

    def column(
        self, title: str, texts: list[str], prefix: str | list[str], mark: Mark
    ) -> None:
        """A column of cells, centred on the height of the matrix."""
        wide = self.wide_column(texts)
        words = text_width(title, _SMALL)
        left = self.at + max(0.0, (words - wide) / 2)
        top = self.top + (self.high - len(texts) * _HIGH) / 2
        for number, text in enumerate(texts):
            gid = f"{prefix}[{number}]" if isinstance(prefix, str) else prefix[number]
            self.box((left, top + number * _HIGH), wide, mark, gid, text)
        start, self.at = self.at, left + wide + max(0.0, (words - wide) / 2)
        self.heading(title, start)

    def term(self, row: int, text: str, entry: int, wide: float, gid: str) -> None:
        """One term: in the colour of its entry, or grey without one."""
        place = self.at, self.first + row * _HIGH + 0.03
        if entry < 0:
            self.text(self.at + wide / 2, self.middle(row), text, gid, muted=True)
        else:
            mark = self.sums.mark(entry, self.theme)
            self.box(place, wide, mark, gid, text, high=_HIGH - 0.06)

    def plus(self, last: bool) -> None:
        """A plus in each row, unless nothing follows."""
        if last and not self.sums.bias:
            return
        for row in range(self.rows):
            self.sign_at(self.at + _PLUS / 2, self.middle(row), "+")
        self.at += _PLUS

    def sign(self, text: str) -> None:
        """A sign halfway up, between two parts of the equation."""
        self.at += _SIGN / 2
        self.sign_at(self.at, self.top + self.high / 2, text, 12.0)
        self.at += _SIGN / 2

    def sign_at(self, x: float, y: float, text: str, size: float = _SIZE) -> None:
        """One sign; signs are numbered."""
        self.sheet.write(x, y, text, f"sign[{self.signs}]", fontsize=size)
        self.signs += 1

    def heading(self, text: str, start: float) -> None:
        """What the part from `start` to here is; a narrow part gets room for it."""
        self.at = max(self.at, start + text_width(text, _SMALL))
        middle = (start + self.at) / 2
        self.sheet.write(middle, self.title, text, f"heading.{text}", fontsize=_SMALL)

    def text(
        self, x: float, y: float, text: str, gid: str, muted: bool = False, **looks: str
    ) -> None:
        """A text without a box."""
        color = self.theme.muted if muted else self.theme.ink
        size = _SMALL if gid.startswith(("row", "column")) else _SIZE
        self.sheet.write(x, y, text, gid, color=color, fontsize=size, **looks)

    def box(
        self,
        corner: tuple[float, float],
        wide: float,
        mark: Mark,
        gid: str,
        text: str,
        high: float = _HIGH,
    ) -> None:
        """A cell with its text."""
        cell(self.sheet.ax, corner, (wide, high), mark, gid, text=text, points=_SIZE)

    def middle(self, row: int) -> float:
        """Inches from the top to the middle of a row."""
        return self.first + (row + 0.5) * _HIGH


def _wide(texts: list[str]) -> float:
    """Inches across a column of terms."""
    return 0.12 + widest(texts, _SIZE)
