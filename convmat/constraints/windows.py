"""`Windows`: what one output channel reads, slot by slot, and in the order of CSR.

All output channels of a group read the same inputs through the same taps. So the
structure of a matrix is known from one channel: a table of its outputs and their taps.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from math import prod

import numpy as np

from convmat.arrays import IntArray
from convmat.geometry import Geometry

__all__ = ["Windows", "windows_of"]


@dataclass(frozen=True, eq=False)
class Windows:
    """The slots of one output channel of the first group.

    Slot `[o, t]` is output `o` and what it reads through tap `t`. With a bias each
    output has one slot more, which reads the column of ones. Contribution `i` says:
    slot `slots[i]` counts in entry `places[i]`, where entries run in the order of CSR.
    A slot whose tap falls on zeros of the padding has no entry.

    Attributes
    ----------
    columns : ndarray of int, shape (outputs, slots of an output)
        Column of the matrix that each slot reads, -1 for none.
    slots, places : ndarray of int, shape (contributions,)
        Slots are flat indices into `columns`.
    entries : int
        Number of entries of the channel.

    Examples
    --------
    >>> from convmat import geometry
    >>> w = windows_of(geometry(3, 3, padding=1))
    >>> w.columns
    array([[-1,  0,  1],
           [ 0,  1,  2],
           [ 1,  2, -1]])
    >>> w.slots
    array([1, 2, 3, 4, 5, 6, 7])
    """

    columns: IntArray
    slots: IntArray
    places: IntArray
    entries: int


@lru_cache(maxsize=16)
def windows_of(g: Geometry, bias: bool = False) -> Windows:
    """The windows of a geometry; the last 16 are kept, as they are small.

    They take the memory of one input and one output channel, times the taps of a row.
    """
    cells = _cells(g)  # (outputs, taps of a channel)
    channels = np.arange(g.in_channels // g.groups)[:, None] * prod(g.input_size)
    columns = np.where(cells[:, None] < 0, -1, cells[:, None] + channels)
    columns = columns.reshape(len(cells), g.taps_per_row)
    if bias:
        ones = np.full((len(cells), 1), g.matrix_shape[1])
        columns = np.concatenate([columns, ones], axis=1)
    slots = np.flatnonzero(columns >= 0)
    read = columns.reshape(-1)[slots]
    rows = slots // columns.shape[1]
    if g.padding_mode != "zeros":  # else columns ascend, and none is read twice
        order = np.lexsort((read, rows))
        slots, read = slots[order], read[order]
    firsts = np.diff(rows, prepend=-1) != 0
    firsts[1:] |= np.diff(read) != 0
    return Windows(columns, slots, np.cumsum(firsts) - 1, int(firsts.sum()))


def _cells(g: Geometry) -> IntArray:
    """Entry `[o, t]` is the flat cell that output `o` reads through tap `t`, or -1."""
    cells = np.zeros((1, 1), np.int64)
    inside = np.ones((1, 1), bool)
    for axis in g.axes:
        sources = axis.sources()  # (outs, taps)
        shape = len(cells) * axis.out_size, cells.shape[1] * axis.kernel
        cells = cells[:, None, :, None] * axis.size + sources[:, None]
        inside = inside[:, None, :, None] & (sources >= 0)[:, None]
        cells, inside = cells.reshape(shape), inside.reshape(shape)
    return np.where(inside, cells, -1)
