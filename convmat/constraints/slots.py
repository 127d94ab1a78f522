"""`Slots`: the entries of a CSR matrix as small dense blocks, one for each output.

At one place of the output all output channels of a group read the same inputs. So the
matrix is a stack of small blocks `(channels, slots)`, one for each place; what they
read is gathered once for all channels, and the rest is a batched GEMM. A tap that falls
on padding reads a row of zeros, the last of the inputs.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property
from math import prod

import numpy as np

from convmat.arrays import Array, IntArray
from convmat.constraints.windows import windows_of
from convmat.geometry import Geometry

__all__ = ["Slots"]

_BYTES = 1 << 18  # of gathered inputs that are held at once: they stay in the cache


class Slots:
    """The entries of a rung with structural zeros, brought into blocks and back.

    Parameters
    ----------
    geometry : Geometry
    bias : bool
        Whether each output has one slot more, for the row of ones.
    """

    def __init__(self, geometry: Geometry, bias: bool) -> None:
        g, windows = geometry, windows_of(geometry, bias)
        self.bias = bias
        self.groups, self.per_group = g.groups, g.out_channels // g.groups
        self.outputs, self.slots = windows.columns.shape
        columns = g.matrix_shape[1]
        group = np.arange(g.groups)[:, None, None] * (columns // g.groups)
        read = windows.columns
        zeros = columns + bias
        self.columns: IntArray = np.where(
            read < 0, zeros, np.where(read == columns, columns, read + group)
        )
        """Entry `[g, o, s]` is the row of the inputs that a slot reads."""
        firsts = np.flatnonzero(np.diff(windows.places, prepend=-1))
        self._held = windows.slots[firsts]  # the slot of each entry of a channel
        self._full = np.array_equal(self._held, np.arange(windows.columns.size))

    @property
    def shape(self) -> tuple[int, int, int, int]:
        """Of the blocks: `(groups, channels, outputs, slots)`."""
        return self.groups, self.per_group, self.outputs, self.slots

    def product(self, values: Array, x: Array) -> Array:
        """The outputs `(rows, batch)` of the inputs `(columns + 1, batch)`."""
        blocks = self._blocks(values).swapaxes(1, 2)
        y = np.empty((self.groups, self.per_group, self.outputs, x.shape[1]), x.dtype)
        by_output = y.swapaxes(1, 2)
        for part, read in self._gathered(x):
            np.matmul(blocks[:, part], read, out=by_output[:, part])
        # -1 could not be told from an empty batch
        return y.reshape(prod(self.shape[:3]), x.shape[1])

    def gradient(self, errors: Array, x: Array) -> Array:
        """The gradient by the slots, of shape `shape`; of no meaning in empty ones."""
        gradient = np.empty(self.shape, x.dtype)
        by_output = gradient.swapaxes(1, 2)
        handed = errors.reshape(*self.shape[:3], errors.shape[1]).swapaxes(1, 2)
        for part, read in self._gathered(x):
            np.matmul(handed[:, part], read.swapaxes(2, 3), out=by_output[:, part])
        return gradient

    def entries(self, gradient: Array) -> Array:
        """What stands in the slots that hold an entry, in the order of CSR."""
        entries: Array = gradient.reshape(-1)
        return entries if self._full else entries.take(self._flat)

    def sums(self, gradient: Array) -> Array:
        """The sum over all outputs: by kernel taps in C order, then by biases."""
        if gradient.dtype == object:
            sums = gradient.sum(axis=2)
        else:  # a product with ones is the quickest sum
            ones = np.ones((1, self.outputs), gradient.dtype)
            sums = np.matmul(ones, gradient)[:, :, 0]
        taps = self.slots - self.bias
        return np.concatenate([sums[..., :taps].ravel(), sums[..., taps:].ravel()])

    def _blocks(self, values: Array) -> Array:
        """The values, laid into their slots; a slot without an entry holds 0."""
        if self._full:
            return values.reshape(self.shape)
        blocks = np.zeros(self.shape, values.dtype)
        blocks.reshape(-1)[self._flat] = values
        return blocks

    @cached_property
    def _flat(self) -> IntArray:
        """The slot of each entry of the matrix."""
        channel = np.arange(self.groups * self.per_group)[:, None]
        size = self.outputs * self.slots
        return np.asarray(self._held + channel * size).reshape(-1)

    def _gathered(self, x: Array) -> Iterator[tuple[slice, Array]]:
        """What some outputs read at a time, `(groups, outputs, slots, batch)`."""
        each = self.groups * self.slots * max(1, x.shape[1]) * x.itemsize
        height = max(1, _BYTES // each)
        for start in range(0, self.outputs, height):
            part = slice(start, min(start + height, self.outputs))
            yield part, x.take(self.columns[:, part], axis=0)
