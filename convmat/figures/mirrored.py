"""The direct convolution that is a transposed one, cell by cell and tap by tap."""

from __future__ import annotations

from functools import cached_property
from math import prod

import numpy as np

from convmat.arrays import IntArray, Shape
from convmat.figures.grid import Grid
from convmat.figures.style import Mark, Theme, tap_mark
from convmat.figures.tiles import planes_of
from convmat.geometry import Geometry
from convmat.transposed import stretched

__all__ = ["Mirrored"]


class Mirrored:
    """What `convmat.transposed.stretched` makes of a geometry, to be drawn.

    Parameters
    ----------
    paired : Geometry
        The convolution whose transpose is meant.

    Attributes
    ----------
    geometry : Geometry
        The direct convolution.
    flips : ndarray of int, shape (taps,)
        Entry `[t]` is the tap of the paired kernel that stands at place `t` of the
        flipped one.
    held : ndarray of int, shape (cells,)
        Entry `[c]` is the input that cell `c` of the padded, stretched input holds, or
        -1 for a zero.

    Examples
    --------
    >>> from convmat import transposed_geometry
    >>> way = Mirrored(transposed_geometry(2, 3, stride=2))
    >>> way.flips, way.held, way.reads(2)
    (array([2, 1, 0]), array([-1, -1,  0, -1,  1, -1, -1]), [(2, 0), (0, 1)])
    """

    def __init__(self, paired: Geometry) -> None:
        direct = stretched(paired)
        self.paired, self.geometry = paired, direct.geometry
        taps = np.arange(paired.free_parameters).reshape(paired.kernel_shape)
        self.flips: IntArray = direct.kernel(taps).reshape(-1)
        self.grid = Grid.of(direct.geometry, padding=True)
        shape = paired.out_channels, *paired.output_size
        numbers = np.arange(1, prod(shape) + 1).reshape(shape)
        inside: IntArray = direct.input(numbers).reshape(-1) - 1
        self.held: IntArray = np.full(self.grid.shape[1], -1)
        self.held[self.grid.inputs] = inside

    @property
    def input_blocks(self) -> tuple[tuple[int, int], Shape]:
        """The padded input as blocks, one for each channel."""
        size = tuple(axis.padded_size for axis in self.geometry.axes)
        return planes_of(self.geometry.in_channels, size)

    @property
    def padded_shape(self) -> Shape:
        """Shape of the padded input, with channels where the kernel has them."""
        _, size = self.input_blocks
        whole = self.geometry.in_channels, *size
        return whole if self.geometry.has_channels else size

    @property
    def kernel_blocks(self) -> tuple[tuple[int, int], Shape]:
        """The flipped kernel as blocks: output channels down, input channels across."""
        out_blocks, in_blocks, *size = self.geometry.weight_shape
        return (out_blocks, in_blocks), tuple(size)

    @cached_property
    def taps(self) -> IntArray:
        """Entry `[r, c]` is the paired tap on cell `c` for cell `r` of the result.

        -1 where there is none, -2 where it falls on a zero.
        """
        entries, numbers = self.grid.entries, self.grid.numbers()
        found = np.where(numbers == -2, -2, -1)
        on_zero = self.held[entries.cols] < 0
        taps = np.where(on_zero, -2, self.flips[entries.taps])
        found[entries.rows, entries.cols] = taps
        return found

    @property
    def between(self) -> str:
        """Where the zeros are, in words."""
        places = ["between"] * self._stretches + ["around"] * self._pads
        return f"with zeros {' and '.join(places)}" if places else "as it is"

    def key(self, row: int) -> str:
        """What the marks of zeros mean, as far as they are drawn."""
        key = " Dotted: zeros between inputs." * self._stretches
        key += " Dashed: zeros around the input." * self._pads
        return key + " ×: a tap falls on a zero." * bool((self.taps[row] == -2).any())

    @property
    def _stretches(self) -> bool:
        return bool((self.held[self.grid.inputs] < 0).any())

    @property
    def _pads(self) -> bool:
        return bool(self.grid.is_padding.any())

    def reads(self, row: int) -> list[tuple[int, int]]:
        """The paired tap and the input of each term of cell `row` of the result."""
        cells = np.flatnonzero(self.taps[row] >= 0)
        return [(int(self.taps[row, cell]), int(self.held[cell])) for cell in cells]

    def look(
        self, row: int, place: int, names: list[str], theme: Theme
    ) -> tuple[Mark, str]:
        """Mark and text of a cell of the padded input under the window of `row`."""
        tap, source = int(self.taps[row, place]), int(self.held[place])
        text = names[source] if source >= 0 else "0"
        if tap == -2:
            return theme.dropped, "×"
        if tap >= 0:
            return tap_mark(tap, theme), text
        if self.grid.is_padding[place]:
            return Mark(theme.background, theme.muted, theme.muted, "dashed"), text
        return (theme.plain if source >= 0 else theme.untouched), text
