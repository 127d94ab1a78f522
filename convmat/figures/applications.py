"""The kernel applied at each of its places: Kleinsmith's rows of pictures."""

from __future__ import annotations

from math import prod

import numpy as np
import numpy.typing as npt
from matplotlib.figure import Figure

from convmat.arrays import Shape
from convmat.errors import ConvmatTypeError, ShapeError
from convmat.figures.canvas import fitting_size, widest
from convmat.figures.content import cell_id
from convmat.figures.grid import Grid
from convmat.figures.sheet import Sheet, describe
from convmat.figures.style import Mark, Theme, theme_of
from convmat.figures.sums import Sums
from convmat.figures.tiles import draw_kernel, draw_tiles
from convmat.geometry import Geometry

__all__ = ["four_applications"]

_KLEINSMITH = Geometry(
    input_size=(3, 3),
    kernel_size=(2, 2),
    stride=(1, 1),
    padding=((0, 0), (0, 0)),
    dilation=(1, 1),
)
_MOST_OUTPUTS = 16
_MOST_CELLS = 100  # of the padded input
_BETWEEN = 0.85  # inches for "applied to" and for "yields"
_SMALL = 8.0  # points
_MARGIN, _TOP, _GAP = 0.3, 0.5, 0.35  # inches


def four_applications(
    geometry: Geometry | None = None,
    kernel: npt.ArrayLike | None = None,
    x: npt.ArrayLike | None = None,
    *,
    theme: str | Theme = "light",
) -> Figure:
    """For each output: the kernel, the input under its window, and the output filled.

    Parameters
    ----------
    geometry : Geometry, optional
        Two spatial axes and one channel, at most 16 outputs and 100 cells of input with
        padding; by default a 3×3 input and a 2×2 kernel, which has four places.
    kernel, x : array_like, optional
        Numbers in place of letters; with both, the outputs are numbers too.
    theme : str or Theme
        `"light"` or `"dark"`.

    Returns
    -------
    Figure
        A cell of the window has the colour of the tap that reads it. Cells of padding
        are dashed; where a tap falls on a zero they are grey with ×, and where padding
        repeats the input they show what they repeat. Ids in the picture of
        output `r`: `w[u,v]@y[r]`, `x[i,j]@y[r]`, `pad[i,j]@y[r]` (a position in the
        padded input), and in the output grid `y[s]@y[r]`, where the one filled is
        `y[r]`.

    Raises
    ------
    ShapeError
        For other axes or channels, too many outputs or cells, or an array that is not
        of this geometry.
    ConvmatTypeError
        When `geometry` is no `Geometry`.

    Examples
    --------
    >>> figure = four_applications()
    >>> figure.convmat["highlighted"]["y"]
    ['y[0]', 'y[1]', 'y[2]', 'y[3]']
    >>> print(figure.convmat["alt"].splitlines()[1])
    P: α on A, β on B, γ on D, δ on E.
    """
    geometry = _KLEINSMITH if geometry is None else _readable(geometry)
    sheet = Sheet.blank(theme_of(theme))
    sums = Sums.of(geometry, kernel, x, None)
    rows = _Rows(sheet, sums, Grid.of(geometry, padding=True))
    read, filled = rows.draw()
    params = {
        "geometry": repr(geometry),
        "kernel": None if kernel is None else sums.taps,
        "x": None if x is None else sums.inputs,
        "theme": sheet.theme.name,
    }
    alt = _alt(sums, rows.grid)
    return describe(sheet.figure, "four_applications", params, alt, x=read, y=filled)


def _readable(geometry: Geometry) -> Geometry:
    """`geometry`, when its applications can be drawn."""
    if not isinstance(geometry, Geometry):
        remedy = "make one with convmat.geometry(input_shape, kernel_shape)"
        raise ConvmatTypeError("geometry", "must be a Geometry", geometry, remedy)
    remedy = "matrix_plot draws any geometry"
    if geometry.rank != 2 or (geometry.in_channels, geometry.out_channels) != (1, 1):
        rule = "must have two spatial axes and one channel"
        raise ShapeError("geometry", rule, geometry, remedy)
    cells = prod(axis.padded_size for axis in geometry.axes)
    outputs = prod(geometry.output_size)
    if outputs > _MOST_OUTPUTS or cells > _MOST_CELLS:
        rule = (
            f"must have at most {_MOST_OUTPUTS} outputs and {_MOST_CELLS} cells of "
            f"padded input (here {outputs} and {cells})"
        )
        raise ShapeError("geometry", rule, geometry, remedy)
    return geometry


class _Rows:
    """One picture an output: in one column, or in several where they are many."""

    def __init__(self, sheet: Sheet, sums: Sums, grid: Grid) -> None:
        self.sheet, self.sums, self.grid = sheet, sums, grid
        self.theme, self.geometry = sheet.theme, sums.geometry
        self.numbers = grid.numbers()  # [output, cell of the padded input]
        self.sizes: tuple[Shape, ...] = (
            self.geometry.kernel_size,
            tuple(axis.padded_size for axis in self.geometry.axes),
            self.geometry.output_size,
        )
        texts = [*sums.taps, *sums.inputs, *sums.results]
        self.side = min(0.7, max(0.32, 0.12 + widest(texts, 9.0)))
        self.points = fitting_size(texts, self.side, self.side, 9.0)
        self.tall = self.side * max(size[0] for size in self.sizes)
        self.wide = self.side * sum(size[1] for size in self.sizes) + 2 * _BETWEEN

    def draw(self) -> tuple[list[str], list[str]]:
        """All pictures; ids of the cells read and of the outputs filled."""
        outputs = len(self.sums.outputs)
        columns = 1 if outputs <= 4 else 2 if outputs <= 10 else 3
        for output in range(outputs):
            row, column = divmod(output, columns)
            left = _MARGIN + column * (self.wide + 2 * _GAP)
            self.picture(output, left, _TOP + row * (self.tall + _GAP), row == 0)
        self.sheet.cut(
            2 * _MARGIN + columns * self.wide + (columns - 1) * 2 * _GAP,
            _TOP + -(-outputs // columns) * (self.tall + _GAP),
        )
        read = [
            self.input_look(int(output), int(cell))[2]
            for output, cell in np.argwhere(self.numbers >= 0)
        ]
        return read, [f"y[{output}]" for output in range(outputs)]

    def picture(self, output: int, left: float, top: float, heading: bool) -> None:
        """Kernel, input and output of one application, side by side."""
        ax, side, middle = self.sheet.ax, self.side, top + self.tall / 2
        padded = any(map(any, self.geometry.padding))
        titles = "kernel", "padded input" if padded else "input", "output"
        words = "applied to", "yields", ""
        for number, size in enumerate(self.sizes):
            corner = left, middle - size[0] * side / 2
            if number == 0:
                looks = self.geometry, self.sums.taps, self.theme, self.points
                draw_kernel(ax, corner, side, *looks, f"@y[{output}]")
            else:
                look = self.input_look if number == 1 else self.output_look
                tiles = [look(output, flat) for flat in range(prod(size))]
                draw_tiles(ax, corner, side, size, tiles.__getitem__, self.points)
            right = left + size[1] * side
            if heading:
                self.word((left + right) / 2, 0.25, titles[number], output)
            if words[number]:
                self.word(right + _BETWEEN / 2, middle, words[number], output)
            left = right + _BETWEEN

    def word(self, x: float, y: float, text: str, output: int) -> None:
        """A heading, or a word between two grids."""
        gid = f"{text.replace(' ', '-')}@y[{output}]"
        self.sheet.write(x, y, text, gid, fontsize=_SMALL)

    def input_look(self, output: int, cell: int) -> tuple[Mark, str, str]:
        """Mark, text and id of a cell of the padded input under an output's window."""
        entry, theme = int(self.numbers[output, cell]), self.theme
        held = int(self.grid.held[cell])
        text = self.sums.inputs[held] if held >= 0 else self.grid.filler
        if self.grid.is_padding[cell]:
            gid = cell_id("pad", self.sizes[1], cell)
            mark = Mark(theme.background, theme.muted, theme.muted, "dashed")
        else:
            gid = cell_id("x", self.geometry.input_size, held)
            mark = theme.plain
        if entry == -2:
            mark, text = theme.dropped, "×"
        elif entry >= 0:
            mark = self.grid.mark(entry, cell, theme)
        return mark, text, f"{gid}@y[{output}]"

    def output_look(self, output: int, cell: int) -> tuple[Mark, str, str]:
        """Mark, text and id of a cell of the output grid; one is filled."""
        if cell == output:
            return self.theme.output, self.sums.results[cell], f"y[{cell}]"
        return self.theme.plain, "", f"y[{cell}]@y[{output}]"


def _alt(sums: Sums, grid: Grid) -> str:
    """A sentence, and one line for each output."""
    outputs = len(sums.outputs)
    times = "once" if outputs == 1 else f"{outputs} times, once for each output"
    lines = [f"The kernel of {sums.geometry!r} applied to the input {times}."]
    dropped = np.bincount(grid.dropped_rows, minlength=outputs)
    for row, name in enumerate(sums.outputs):
        mine = grid.entries.rows == row
        told = []
        pairs = zip(grid.entries.taps[mine], grid.entries.cols[mine], strict=True)
        for tap, cell in pairs:
            again = "repeated " if grid.is_padding[cell] else ""
            told.append(f"{sums.taps[tap]} on {again}{sums.inputs[grid.held[cell]]}")
        if dropped[row]:
            told.append(f"{dropped[row]} on padding")
        result = (
            "" if sums.results[row] == name else f", which gives {sums.results[row]}"
        )
        lines.append(f"{name}: {', '.join(told)}{result}.")
    return "\n".join(lines)
