"""One spatial axis of a convolution: the one formula, and what follows from it.

    source   = out * stride + tap * dilation - before
    out_size = (size + before + after - dilation * (kernel - 1) - 1) // stride + 1

Every index in convmat comes from here, except in `convmat.sliding`, which finds its
windows a second time and in another way, so that the two check each other.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from convmat.arrays import IntArray

__all__ = ["PADDING_MODES", "Axis"]

PADDING_MODES = ("zeros", "circular", "reflect", "replicate", "symmetric")
"""What may stand outside the input. Only `zeros` is carried out so far."""


@dataclass(frozen=True, slots=True)
class Axis:
    """One axis of a checked geometry; all lengths in cells.

    Attributes
    ----------
    size, kernel, stride, dilation : int
        Cells of the input, taps of the kernel, cells between neighbouring outputs,
        cells between neighbouring taps.
    before, after : int
        Cells of padding before and after the input.

    Examples
    --------
    >>> axis = Axis(size=3, kernel=3, stride=1, before=1, after=1, dilation=1)
    >>> axis.out_size, axis.span
    (3, 3)
    >>> axis.sources()
    array([[-1,  0,  1],
           [ 0,  1,  2],
           [ 1,  2, -1]])
    >>> axis.tap_counts()
    (2, 3, 2)
    """

    size: int
    kernel: int
    stride: int
    before: int
    after: int
    dilation: int

    @property
    def span(self) -> int:
        """Cells from the first tap to the last, both included."""
        return self.dilation * (self.kernel - 1) + 1

    @property
    def padded_size(self) -> int:
        """Cells of the input together with its padding."""
        return self.before + self.size + self.after

    @property
    def out_size(self) -> int:
        """Number of outputs: how often the span fits at multiples of the stride."""
        return (self.padded_size - self.span) // self.stride + 1

    def sources(self) -> IntArray:
        """Entry `[o, t]` is the input index that output `o` reads through tap `t`.

        It is -1 where the tap falls on the padding.

        Returns
        -------
        ndarray of int64, shape (out_size, kernel)
        """
        cells = self.padded_cells() - self.before
        return np.where((cells >= 0) & (cells < self.size), cells, -1)

    def padded_cells(self) -> IntArray:
        """Entry `[o, t]` is the cell of the padded input under tap `t` of output `o`.

        Returns
        -------
        ndarray of int64, shape (out_size, kernel)
        """
        outs = np.arange(self.out_size, dtype=np.int64) * self.stride
        taps = np.arange(self.kernel, dtype=np.int64) * self.dilation
        return outs[:, None] + taps

    def taps_inside(self, out: int) -> range:
        """Taps of output `out` that fall on the input; the others fall on padding."""
        first_cell = out * self.stride - self.before
        start = min(max(0, -(first_cell // self.dilation)), self.kernel)
        stop = min((self.size - 1 - first_cell) // self.dilation + 1, self.kernel)
        return range(start, max(start, stop))

    def outputs_inside(self, tap: int) -> range:
        """Outputs whose tap `tap` falls on the input."""
        first_cell = tap * self.dilation - self.before
        start = min(max(0, -(first_cell // self.stride)), self.out_size)
        stop = min((self.size - 1 - first_cell) // self.stride + 1, self.out_size)
        return range(start, max(start, stop))

    def tap_counts(self) -> tuple[int, ...]:
        """Entry `t` is the number of outputs whose tap `t` falls on the input."""
        outs = map(self.outputs_inside, range(self.kernel))
        return tuple(inside.stop - inside.start for inside in outs)  # len() has a limit
