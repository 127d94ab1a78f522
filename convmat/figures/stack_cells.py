"""What stands where while a window lies on the input: for convolutions, and transposed.

A transposed convolution is shown as the direct one that does the same: zeros inserted
into its input, and the kernel flipped. Its colours are those of the kernel as given, so
that the flip is seen.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from math import prod

import numpy as np

from convmat.arrays import IntArray, Shape
from convmat.figures.content import cell_id, short
from convmat.figures.grid import Grid
from convmat.figures.padded import Padded
from convmat.figures.style import Look, Mark, Theme, tap_mark
from convmat.figures.tints import INPUT, tinted
from convmat.geometry import Geometry
from convmat.labels import labels
from convmat.receptive import Layer
from convmat.transposed import stretched

__all__ = ["StackCells"]


@dataclass(frozen=True, eq=False)
class StackCells:
    """The cells of a layer, and which tap reads them for which output.

    Attributes
    ----------
    layer : Layer
    drawn : Geometry
        The convolution whose windows are drawn: of a transposed one, the direct one.
    grid : Grid
        Its matrix over the padded input.
    taps : ndarray of int, shape (taps,)
        Entry `t` is the tap of the layer's kernel that stands at `t` in the drawn one.
    inputs : ndarray of int, shape (cells,)
        Entry `c` is the layer's input in cell `c` of the drawn input; -1 for a zero
        that was inserted.
    cells : ndarray of int, shape (padded cells,)
        Entry `c` is the cell of the drawn input that stands in cell `c` of the padded
        one, -1 for a zero of the padding.

    Examples
    --------
    >>> from convmat import geometry
    >>> cells = StackCells.of(Layer(geometry(5, 3, stride=2), transposed=True))
    >>> cells.drawn, cells.taps, cells.inputs
    (geometry((3,), (3,), padding=2), array([2, 1, 0]), array([ 0, -1,  1]))
    >>> cells.read(2)
    [(2, 0), (0, 1)]
    """

    layer: Layer
    drawn: Geometry
    grid: Grid
    taps: IntArray
    inputs: IntArray
    cells: IntArray

    @classmethod
    def of(cls, layer: Layer) -> StackCells:
        """The cells of a layer.

        Raises
        ------
        GeometryError
            For a transposed convolution whose padding repeats the result.
        """
        g = layer.geometry
        if not layer.transposed:
            taps, inputs = np.arange(g.free_parameters), np.arange(g.matrix_shape[1])
            return cls(layer, g, Grid.of(g, padding=True), taps, inputs, _cells(g))
        direct = stretched(g)
        taps = direct.kernel(np.arange(g.free_parameters).reshape(g.kernel_shape))
        shape = g.out_channels, *g.output_size
        inputs = direct.input(np.arange(1, g.matrix_shape[0] + 1).reshape(shape)) - 1
        grid = Grid.of(direct.geometry, padding=True)
        both = taps.ravel(), inputs.ravel()
        return cls(layer, direct.geometry, grid, *both, _cells(direct.geometry))

    @cached_property
    def numbers(self) -> IntArray:
        """Entry `[r, c]` is the entry there, -1 where untouched, -2 where dropped."""
        return self.grid.numbers()

    @cached_property
    def padded(self) -> Shape:
        """Cells of the padded input, `(channels, *spatial)`."""
        sizes = (axis.padded_size for axis in self.drawn.axes)
        return self.drawn.in_channels, *sizes

    @cached_property
    def tap_names(self) -> list[str]:
        """Letter of each tap of the layer's kernel."""
        names = labels(self.layer.geometry)
        count = self.layer.geometry.free_parameters
        return [short(names.letter(tap)) for tap in range(count)]

    @cached_property
    def ends(self) -> tuple[list[str], list[str]]:
        """Names of the layer's inputs and of its outputs."""
        names = labels(self.layer.geometry)
        both = names.inputs, names.outputs
        ins, outs = both[::-1] if self.layer.transposed else both
        return list(map(short, ins)), list(map(short, outs))

    def held(self, cell: int) -> int:
        """The layer's input in a cell of the padded input; -1 for zeros."""
        own = int(self.cells[cell])
        return int(self.inputs[own]) if own >= 0 else -1

    def tap(self, output: int, cell: int) -> int:
        """The tap that reads a cell for an output, or -1."""
        entry = int(self.numbers[output, cell])
        return int(self.taps[self.grid.entries.taps[entry]]) if entry >= 0 else -1

    def read(self, output: int) -> list[tuple[int, int]]:
        """The taps that read inputs for an output, each with the input it reads."""
        cells = np.flatnonzero(self.numbers[output] >= 0).tolist()
        pairs = [(self.tap(output, cell), self.held(cell)) for cell in cells]
        return [(tap, own) for tap, own in pairs if own >= 0]

    def cell(self, cell: int) -> str:
        """The id of a cell: `x[i,j]`, `pad[i,j]`, or `zero[i,j]` where inserted.

        Cells of padding count in the padded input, inserted zeros in the one without.
        """
        lead = 0 if self.drawn.has_channels else 1
        if self.grid.is_padding[cell]:
            return cell_id("pad", self.padded[lead:], cell)
        own = self.held(cell)
        if own < 0:
            return cell_id("zero", self.drawn.input_shape, int(self.cells[cell]))
        return cell_id("x", self.layer.input_shape, own)

    def look(self, output: int, cell: int, theme: Theme) -> Look:
        """Mark, text and id of a cell of the padded input under an output's window."""
        entry, own, gid = (
            int(self.numbers[output, cell]),
            self.held(cell),
            self.cell(cell),
        )
        outside = bool(self.grid.is_padding[cell])
        line = "dashed" if outside else "dotted"
        if own < 0 and entry != -1:  # a tap on a zero, of the padding or inserted
            look = theme.dropped
            return Mark(look.fill, look.ink, look.edge, line), "×", gid
        if entry >= 0:
            tap = self.tap(output, cell)
            mark = tap_mark(tap, theme)
            if outside:
                mark = Mark(mark.fill, mark.ink, mark.edge, "dashed", mark.hatch)
            return mark, self.tap_names[tap], gid
        if own < 0:
            mark = Mark(theme.background, theme.muted, theme.muted, line)
            return mark, "" if outside else "0", gid
        repeats = self.drawn.padding_mode != "zeros" and any(
            map(any, self.drawn.padding)
        )
        text = self.ends[0][own] if repeats else ""
        return tinted(theme, INPUT, 0.1 if outside else 0.22, dashed=outside), text, gid

    def window(self, output: int) -> tuple[int, list[tuple[int, int]]]:
        """Where the window of an output lies on the padded input.

        Returns
        -------
        int
            The group of input channels.
        list of (int, int)
            First cell and cells along each axis.
        """
        shape = self.drawn.out_channels, *self.drawn.output_size
        channel, *outs = map(int, np.unravel_index(output, shape))
        group = channel * self.drawn.groups // self.drawn.out_channels
        spans = [
            (axis.window(out).start + axis.before, axis.span)
            for axis, out in zip(self.drawn.axes, outs, strict=True)
        ]
        return group, spans

    def told(self, output: int) -> str:
        """What an output reads, in words: `P: α on A, 3 on zeros.`."""
        ins, outs = self.ends
        parts = [
            f"{self.tap_names[tap]} on {ins[own]}" for tap, own in self.read(output)
        ]
        zeros = self.drawn.taps_per_row - len(parts)
        parts += [f"{zeros} on zeros"] if zeros else []
        return f"{outs[output]}: {', '.join(parts)}."


def _cells(g: Geometry) -> IntArray:
    """Entry `[c]` is the input in cell `c` of the padded input of all channels, or -1.

    Unlike what a matrix holds, this knows cells of padding that no window reads.
    """
    one = Padded(g).held
    firsts = np.arange(g.in_channels)[:, None] * prod(g.input_size)
    cells: IntArray = np.where(one < 0, -1, one + firsts).ravel()
    return cells
