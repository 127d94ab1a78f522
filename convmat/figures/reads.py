"""What each output reads: the tap on each cell of the padded input, and every term."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
import numpy.typing as npt

from convmat.arrays import IntArray, Shape
from convmat.figures.content import cell_id, cells_read
from convmat.figures.grid import Grid
from convmat.figures.style import Look, Mark, Theme, tap_mark
from convmat.figures.sums import Sums
from convmat.geometry import Geometry

__all__ = ["Reads", "Term"]


@dataclass(frozen=True, slots=True)
class Term:
    """One product of an output's sum: a tap and the cell under it.

    Attributes
    ----------
    tap : int
        Its number in the flat kernel.
    weight, value : str
        What the tap and the cell say; the value of a zero of the padding is `0`.
    gid : str
        The id of the cell: `x[i,j]`, or `pad[i,j]` in the padded input.
    kind : {"input", "repeated", "zero"}
        Whether the cell is of the input, of padding that repeats it, or a zero.
    """

    tap: int
    weight: str
    value: str
    gid: str
    kind: Literal["input", "repeated", "zero"]

    def mark(self, theme: Theme) -> Mark:
        """The look of the tap here; that of a dropped tap is a zero's."""
        if self.kind == "zero":
            return theme.dropped
        mark = tap_mark(self.tap, theme)
        return replace(mark, line="dashed") if self.kind == "repeated" else mark


@dataclass(frozen=True, eq=False)
class Reads:
    """The windows of a geometry over its padded input, in texts and looks.

    Attributes
    ----------
    sums : Sums
        The texts.
    grid : Grid
        What the cells of the padded input hold.

    Examples
    --------
    >>> from convmat import geometry
    >>> reads = Reads.of(geometry(3, 2, padding=[(1, 0)]), None, None, None)
    >>> reads.under(0), [(term.weight, term.value) for term in reads.terms(0)]
    ({0: 0, 1: 1}, [('α', '0'), ('β', 'A')])
    """

    sums: Sums
    grid: Grid

    @classmethod
    def of(
        cls,
        geometry: Geometry,
        kernel: npt.ArrayLike | None,
        x: npt.ArrayLike | None,
        bias: str | npt.ArrayLike | None,
    ) -> Reads:
        """The windows with these values, or with names in place of those not given."""
        sums = Sums.of(geometry, kernel, x, bias)
        return cls(sums, Grid.of(geometry, padding=True))

    @property
    def geometry(self) -> Geometry:
        """The settings."""
        return self.sums.geometry

    @property
    def padded(self) -> Shape:
        """Cells of the padded input along each spatial axis."""
        return tuple(axis.padded_size for axis in self.geometry.axes)

    @property
    def input_name(self) -> str:
        """What to call the cells that windows lie on."""
        return "padded input" if any(map(any, self.geometry.padding)) else "input"

    def channel(self, row: int) -> int:
        """The output channel of a row."""
        return row * self.geometry.out_channels // self.geometry.matrix_shape[0]

    def taps(self, row: int) -> range:
        """The flat taps of a row's kernel."""
        count = self.geometry.taps_per_row
        first = self.channel(row) * count
        return range(first, first + count)

    def under(self, row: int) -> dict[int, int]:
        """The tap of `row` on each cell of the padded input that it reads."""
        taps: IntArray = np.array(self.taps(row))
        cells = cells_read(self.geometry, np.full(len(taps), row), taps)
        return dict(zip(cells.tolist(), taps.tolist(), strict=True))

    def terms(self, row: int) -> list[Term]:
        """The sum of `row`, tap by tap, with those that padding drops."""
        terms = []
        for cell, tap in self.under(row).items():
            held = int(self.grid.held[cell])
            kind: Literal["input", "repeated", "zero"] = "input"
            if self.grid.is_padding[cell]:
                kind = "zero" if held < 0 else "repeated"
            value = "0" if held < 0 else self.sums.inputs[held]
            weight = self.sums.taps[tap]
            terms.append(Term(tap, weight, value, self.cell_gid(cell), kind))
        return terms

    def told(self, row: int) -> str:
        """The sum of `row` as one reads it, with its bias and its result."""
        sums = self.sums
        parts = [sums.product(term.weight, term.value) for term in self.terms(row)]
        whole = " + ".join(parts + sums.bias[row : row + 1])
        name, result = sums.outputs[row], sums.results[row]
        return f"{name} = {whole}" + (f" = {result}" if result != name else "")

    def cell_gid(self, cell: int) -> str:
        """The id of a cell of the padded input."""
        geometry, held = self.geometry, int(self.grid.held[cell])
        if not self.grid.is_padding[cell]:
            return cell_id("x", geometry.input_shape, held)
        channels = (geometry.in_channels,) if geometry.has_channels else ()
        return cell_id("pad", (*channels, *self.padded), cell)

    def look(self, under: dict[int, int], cell: int, theme: Theme) -> Look:
        """Mark, text and id of a cell of the padded input with these taps on it."""
        held, gid = int(self.grid.held[cell]), self.cell_gid(cell)
        text = self.sums.inputs[held] if held >= 0 else self.grid.filler
        outside = bool(self.grid.is_padding[cell])
        mark = theme.plain
        if outside:
            mark = Mark(theme.background, theme.muted, theme.muted, "dashed")
        if cell in under:
            if held < 0:
                return theme.dropped, "×", gid
            mark = tap_mark(under[cell], theme)
            mark = replace(mark, line="dashed") if outside else mark
        return mark, text, gid
