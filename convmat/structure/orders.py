"""Orders that rows and columns may be in, of channels and axes, and directions.

An order of rows and one of columns are undone together. Rows whose axes are swapped are
read as rows in C order, with the axes of the input named the other way round.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from math import prod

import numpy as np

from convmat.arrays import IntArray, Shape
from convmat.structure.entries import Entries
from convmat.structure.search import divisors

__all__ = ["ORDERS", "Order", "orders", "placed"]

_CHANNELS = 1 << 10  # numbers of output channels that are tried for an order of rows

ORDERS = (
    "C",
    "channels last",
    "swapped",
    "Fortran",
    "flipped",
    "flipped, channels last",
)
"""What rows and columns may count: `(channel, *spatial)`, `(*spatial, channel)`, both
with the spatial axes in the opposite order, and those that count them backwards.
"""

_SWAP = {
    "C": "swapped",
    "swapped": "C",
    "channels last": "Fortran",
    "Fortran": "channels last",
}


@dataclass(frozen=True, eq=False)
class Order:
    """A matrix whose rows and columns are put into C order, and what they were in.

    Attributes
    ----------
    entries : Entries
        In C order.
    rows, columns : str
        One of `ORDERS`.
    out_channels : int or None
        Known where the order of the rows depends on it.
    swapped : bool
        Whether the spatial axes of `entries` are in the opposite order.
    """

    entries: Entries
    rows: str
    columns: str
    out_channels: int | None
    swapped: bool = False


def placed(order: str, channels: int, sizes: Shape) -> IntArray:
    """Where entry `[i]` in some order stands in the C order of `(channels, *sizes)`.

    Examples
    --------
    >>> placed("channels last", 2, (3,))
    array([0, 3, 1, 4, 2, 5])
    >>> placed("flipped", 2, (3,))
    array([2, 1, 0, 5, 4, 3])
    """
    places = np.arange(channels * prod(sizes)).reshape(channels, *sizes)
    if order.startswith("flipped"):
        places = np.flip(places, tuple(range(1, places.ndim)))
        order = order.removeprefix("flipped").removeprefix(", ") or "C"
    axes = [*range(1, places.ndim)]
    if order in ("swapped", "Fortran"):
        axes.reverse()
    ahead = order in ("C", "swapped")
    return places.transpose([0, *axes] if ahead else [*axes, 0]).reshape(-1)


def orders(
    entries: Entries, in_channels: int, inputs: Shape, out_channels: int | None
) -> Iterator[Order]:
    """All orders but C for both, the likeliest first.

    Parameters
    ----------
    entries : Entries
    in_channels, inputs
        How the columns are read.
    out_channels : int or None
        None to try those that divide the rows.

    Yields
    ------
    Order
    """
    rows = entries.shape[0]
    counts = [c for c in divisors(rows) if 1 < c < rows and c <= _CHANNELS]
    if in_channels == 1 and out_channels is None:
        counts = []  # channels on one side only: too many numbers of them to try
    if out_channels is not None:
        counts = [c for c in counts if c == out_channels]
    for rows_in, columns_in, swapped in _pairs(in_channels, inputs):
        sizes = inputs[::-1] if swapped else inputs
        # With the axes swapped on both sides, rows are in C order or channels last.
        ahead, behind = rows_in, columns_in
        if swapped:
            ahead, behind = _SWAP[rows_in], _SWAP[columns_in]
        column = placed(behind, in_channels, sizes)
        if ahead == "C":
            moved = entries.moved(None, column)
            yield Order(moved, rows_in, columns_in, out_channels, swapped)
            continue
        for count in counts:
            row = placed("channels last", count, (rows // count,))
            moved = entries.moved(row, column)
            yield Order(moved, rows_in, columns_in, count, swapped)


def _pairs(in_channels: int, inputs: Shape) -> Iterator[tuple[str, str, bool]]:
    """`(order of rows, order of columns, whether the axes are swapped)`."""
    sides = ["channels last"] if in_channels > 1 else []
    several = sum(size > 1 for size in inputs) > 1
    for rows in ("C", "channels last"):
        for columns in ["C", *sides]:
            if (rows, columns) != ("C", "C"):
                yield rows, columns, False
    if several:
        both = ["swapped", "Fortran"] if in_channels > 1 else ["swapped"]
        for rows in ("C", "channels last"):
            for columns in both:
                yield rows, columns, False
        for rows in ("swapped", "Fortran"):
            for columns in ["C", *sides, *both]:
                yield rows, columns, True
    if prod(inputs) > 1:
        yield "C", "flipped", False
        if in_channels > 1:
            yield "channels last", "flipped, channels last", False
