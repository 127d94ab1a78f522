"""`Positions`: where the entries of a rung stand, and which parameters they hold."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from convmat.arrays import IntArray
from convmat.constraints.windows import windows_of
from convmat.geometry import Geometry

__all__ = ["Positions", "dense_positions", "tied_positions", "untied"]


@dataclass(frozen=True, eq=False)
class Positions:
    """The entries of a rung, in C order of the matrix; all arrays are read-only.

    Attributes
    ----------
    rows, cols : ndarray of int, shape (entries,)
        Position of each entry.
    places, taps : ndarray of int, shape (contributions,)
        Contribution `i` says: entry `places[i]` holds parameter `taps[i]`. They run in
        the order of the entries.
    """

    rows: IntArray
    cols: IntArray
    places: IntArray
    taps: IntArray

    def __post_init__(self) -> None:
        for array in (self.rows, self.cols, self.places, self.taps):
            array.flags.writeable = False


def dense_positions(rows: int, columns: int) -> Positions:
    """All positions, each with a parameter of its own."""
    every = np.arange(rows * columns)
    return Positions(every // columns, every % columns, every, every)


def tied_positions(g: Geometry, bias: bool) -> Positions:
    """The positions that no padding leaves out, with the taps that they hold."""
    windows = windows_of(g, bias)
    outputs, slots = windows.columns.shape
    row, tap = np.divmod(windows.slots, slots)
    column = windows.columns.reshape(-1)[windows.slots]
    starts = np.flatnonzero(np.diff(windows.places, prepend=-1))
    channel = np.arange(g.out_channels)[:, None]
    group = channel // (g.out_channels // g.groups)
    cols = column[starts] + group * (g.matrix_shape[1] // g.groups)
    taps = tap + channel * g.taps_per_row
    if bias:
        cols[:, column[starts] == g.matrix_shape[1]] = g.matrix_shape[1]
        taps[:, tap == g.taps_per_row] = g.free_parameters + channel
    return Positions(
        (row[starts] + channel * outputs).reshape(-1),
        cols.reshape(-1),
        (windows.places + channel * windows.entries).reshape(-1),
        taps.reshape(-1),
    )


def untied(positions: Positions) -> Positions:
    """The same positions, each with a parameter of its own."""
    every = np.arange(len(positions.rows))
    return Positions(positions.rows, positions.cols, every, every)
