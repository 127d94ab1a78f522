"""An order of cells in which the matrix of a convolution is a band.

Cells of all channels at one place stand together, places run along the shortest axes
first. A circle is laid flat: 0, n - 1, 1, n - 2, ..., so that neighbours stay near.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from convmat.arrays import IntArray
from convmat.geometry import Geometry

__all__ = ["band_order", "orders"]


def orders(g: Geometry) -> tuple[IntArray, IntArray]:
    """The order of the outputs of one group, and that of its inputs.

    Entry `[i]` is the row, or the column, that comes to place `i`.

    Examples
    --------
    >>> from convmat import geometry
    >>> rows, columns = orders(geometry((2, 5), (1, 2, 2)))
    >>> rows.tolist(), columns.tolist()
    ([0, 1, 2, 3], [0, 5, 1, 6, 2, 7, 3, 8, 4, 9])
    """
    folded = [g.padding_mode == "circular" and sum(pads) > 0 for pads in g.padding]
    return (
        band_order(g.out_channels // g.groups, g.output_size, folded),
        band_order(g.in_channels // g.groups, g.input_size, folded),
    )


def band_order(channels: int, size: Sequence[int], folded: Sequence[bool]) -> IntArray:
    """Flat indices of `(channels, *size)`, in the order of a band.

    Parameters
    ----------
    channels : int
    size : sequence of int
    folded : sequence of bool
        Which axes are circles.

    Examples
    --------
    >>> band_order(1, (5,), [True]).tolist()
    [0, 4, 1, 3, 2]
    """
    cells = np.arange(channels * int(np.prod(size, dtype=np.int64)))
    laid = cells.reshape(channels, *size)
    for axis, (n, fold) in enumerate(zip(size, folded, strict=True), 1):
        if fold:
            laid = np.take(laid, _fold(n), axis=axis)
    slow = sorted(range(len(size)), key=lambda axis: -size[axis])
    return laid.transpose([*(1 + axis for axis in slow), 0]).reshape(-1)


def _fold(n: int) -> IntArray:
    """0, n - 1, 1, n - 2, ...: both ends of a circle of `n` cells in turn."""
    places = np.arange(n)
    return np.where(places % 2 == 0, places // 2, n - 1 - places // 2)
