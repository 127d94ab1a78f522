"""`Cut`: a long axis without its middle, which tells as much as the whole axis.

Where each output reads what the one before it reads, `stride` cells further on, outputs
far from both ends have nothing to add. Without `removed` of them, and `stride` times as
many cells, the axis has the same kernel, stride, padding and dilation.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from convmat.arrays import IntArray
from convmat.structure.axis_fit import AxisFit
from convmat.structure.entries import Entries

__all__ = ["Cut", "cut_of", "steady"]

_LEAST = 6  # outputs that stay at each end, at least
_CELLS = 1 << 17  # of what stays; the cut is there to save time


@dataclass(frozen=True, slots=True)
class Cut:
    """A long axis without its middle.

    Attributes
    ----------
    keep : int
        Outputs that stay at each end.
    stride : int
        Cells from one output to the next.
    removed : int
        Outputs that are left out.
    whole : int
        Cells of the axis as it is.
    """

    keep: int
    stride: int
    removed: int
    whole: int

    @property
    def size(self) -> int:
        """Cells that stay."""
        return self.whole - self.stride * self.removed

    @property
    def outs(self) -> IntArray:
        """Outputs that stay, as the whole axis counts them."""
        ends = np.arange(2 * self.keep)
        return ends + (ends >= self.keep) * self.removed

    def moved(self, cells: IntArray) -> IntArray | None:
        """Where cells are after the cut; None if some fall outside what stays.

        Those of the nearer half stay, also what an output at the other end reads there.
        """
        there = np.where(
            2 * cells < self.whole, cells, cells - self.stride * self.removed
        )
        if len(there) and (there.min() < 0 or there.max() >= self.size):
            return None
        return there

    def lifted(self, fits: dict[str, AxisFit]) -> dict[str, AxisFit] | None:
        """Fits of the cut axis as fits of the whole one; None where it is no cut."""
        if "zeros" not in fits or fits["zeros"].axis.stride not in (
            self.stride,
            self.size,
        ):
            return None
        found = {
            mode: replace(fit, axis=replace(fit.axis, size=self.whole))
            for mode, fit in fits.items()
            if fit.axis.stride == self.stride and not fit.vacuous
        }
        return found or None


def steady(
    entries: Entries, inner: int, size: int, out_size: int, after: int
) -> tuple[int, int] | None:
    """`(stride, span)` of two neighbouring outputs in the middle, if they tell one."""
    row = entries.fullest
    middle = row + (out_size // 2 - row // after % out_size) * after
    if entries.counts[middle] == entries.counts[row]:
        row = middle
    out = row // after % out_size
    first, last = _ends(entries, row, inner, size)
    for step in (1, -1):
        if 0 <= out + step < out_size:
            there, end = _ends(entries, row + step * after, inner, size)
            stride = step * (there - first)
            if stride > 0 and step * (end - last) == stride:
                return stride, last - first + 1
    return None


def _ends(entries: Entries, row: int, inner: int, size: int) -> tuple[int, int]:
    """The first and the last cell of the axis that a row holds."""
    held = entries.indices[entries.indptr[row] : entries.indptr[row + 1]]
    if not len(held):
        return 0, 0
    cells = held // inner % size
    return int(cells.min()), int(cells.max())


def cut_of(pace: tuple[int, int], size: int, out_size: int) -> Cut | None:
    """The cut of an axis whose outputs move by `(stride, span)`, if it is long."""
    stride, span = pace
    keep = max(_LEAST, 2 * -(-span // stride) + 2)
    cut = Cut(keep, stride, out_size - 2 * keep, size)
    if cut.removed < keep or cut.size < 2 * span or 2 * keep * cut.size > _CELLS:
        return None
    return cut
