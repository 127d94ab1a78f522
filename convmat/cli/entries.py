"""The taps of a matrix as triplets, in blocks of bounded size."""

from __future__ import annotations

from collections.abc import Iterator
from math import prod

import numpy as np

from convmat.arrays import IntArray
from convmat.geometry import Geometry
from convmat.memory import refuse_beyond
from convmat.tie import check_columns

__all__ = ["blocks"]

_ARRAYS = 5  # of a block that are there at once
_TAPS = 1 << 16  # of a block, or those of one row where these are more


def blocks(g: Geometry) -> Iterator[tuple[IntArray, IntArray, IntArray]]:
    """`(rows, cols, taps)` of consecutive outputs: a `TieMap`, but never all at once.

    Raises
    ------
    MatrixTooLargeError
        When the taps of one row would take more than half of the physical memory.

    Yields
    ------
    tuple of ndarray
        Entry `i` says: row `rows[i]` reads column `cols[i]` through tap `taps[i]`.

    Examples
    --------
    >>> from convmat import geometry
    >>> [taps.tolist() for _, _, taps in blocks(geometry((3,), (2,)))]
    [[0, 1, 0, 1]]
    """
    check_columns(g.matrix_shape[1], g.input_shape)
    remedy = "use a smaller kernel"
    refuse_beyond("a row of", g, _ARRAYS * 8 * g.taps_per_row, None, remedy)
    outputs = prod(g.output_size)
    inputs = prod(g.input_size)
    per_group = g.weight_shape[1]
    step = max(1, _TAPS // g.taps_per_row)
    for channel in range(g.out_channels):
        group = channel // (g.out_channels // g.groups)
        offsets = (group * per_group + np.arange(per_group)) * inputs
        for first in range(0, outputs, step):
            outs = np.arange(first, min(first + step, outputs))
            cells, inside = _windows(g, outs)
            # (outs, channels of the group, taps of the window)
            cols = cells[:, None, :] + offsets[:, None]
            held = np.broadcast_to(inside[:, None, :], cols.shape)
            row, *tap = np.nonzero(held)
            taps = np.ravel_multi_index(tap, cols.shape[1:])
            yield (
                outs[row] + channel * outputs,
                cols[held],
                taps + channel * g.taps_per_row,
            )


def _windows(g: Geometry, outs: IntArray) -> tuple[IntArray, IntArray]:
    """The cells that each of `outs` reads in one channel, and which are on the input.

    Both of shape `(outs, taps of the window)`; a cell off the input is of no meaning.
    """
    cells = np.zeros((len(outs), 1), dtype=np.int64)
    inside = np.ones((len(outs), 1), dtype=bool)
    places = np.unravel_index(outs, g.output_size)
    for axis, place in zip(g.axes, places, strict=True):
        window = np.array(axis.window(0))
        sources = axis.fold(window + place[:, None] * axis.stride)  # (outs, taps)
        cells = (cells[:, :, None] * axis.size + sources[:, None, :]).reshape(
            len(outs), -1
        )
        inside = (inside[:, :, None] & (sources >= 0)[:, None, :]).reshape(
            len(outs), -1
        )
    return cells, inside
