"""Orders that rows and columns may be in: C order, channels last, Fortran order."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from math import prod

import numpy as np

from convmat.arrays import IntArray, Shape
from convmat.structure.entries import Entries
from convmat.structure.search import divisors

__all__ = ["Order", "fortran", "orders"]

_CHANNELS = 1 << 10  # numbers of output channels that are tried for an order of rows


@dataclass(frozen=True, eq=False)
class Order:
    """A matrix whose rows and columns are put into C order, and what they were in.

    Attributes
    ----------
    entries : Entries
        In C order.
    rows, columns : str
    out_channels : int or None
        Known where the order of the rows depends on it.
    """

    entries: Entries
    rows: str
    columns: str
    out_channels: int | None


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
    last = _channels_last(in_channels, prod(inputs))
    columns = {"channels last": last, "Fortran": fortran((in_channels, *inputs))}
    columns = {
        name: order
        for name, order in columns.items()
        if not np.array_equal(order, np.arange(len(order)))
    }
    if len(inputs) == 1:  # then both are the same
        columns.pop("Fortran", None)
    rows = entries.shape[0]
    if in_channels == 1 and out_channels is None:
        rows = 1  # channels on one side only: too many numbers of them to try
    counts = [c for c in divisors(rows) if 1 < c < rows and c <= _CHANNELS]
    if out_channels is not None:
        counts = [c for c in counts if c == out_channels]
    for count in counts:
        place = _channels_last(count, rows // count)
        for name in [*columns, "C"]:
            moved = entries.moved(place, columns.get(name))
            yield Order(moved, "channels last", name, count)
    for name, order in columns.items():
        yield Order(entries.moved(None, order), "C", name, out_channels)


def _channels_last(channels: int, cells: int) -> IntArray:
    """Where entry `[i]` of `(*spatial, channels)` stands in `(channels, *spatial)`."""
    return np.arange(channels * cells).reshape(channels, cells).T.reshape(-1)


def fortran(shape: Shape) -> IntArray:
    """Where entry `[i]` in Fortran order stands in C order."""
    return np.arange(prod(shape)).reshape(shape).reshape(-1, order="F")
