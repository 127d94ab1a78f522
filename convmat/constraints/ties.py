"""`Ties`: which entries of a matrix hold the same parameters, in several orders."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from convmat.arrays import Array, IntArray
from convmat.constraints.positions import Positions

__all__ = ["Ties", "runs"]


@dataclass(frozen=True, eq=False)
class Ties:
    """The ties of the weights of a rung.

    Attributes
    ----------
    positions : Positions
        Of the entries, and what they hold.
    channels : int
        Output channels: all have the same structure, and parameters of their own.
    free_parameters : int
    """

    positions: Positions
    channels: int
    free_parameters: int

    @cached_property
    def multiplicity(self) -> IntArray:
        """Entry `[k]` is the number of entries that hold parameter `k`."""
        return np.bincount(self.positions.taps, minlength=self.free_parameters)

    @cached_property
    def by_tap(self) -> tuple[IntArray, IntArray, IntArray]:
        """Entries in order of their parameter, where each begins, and which."""
        order = np.argsort(self.positions.taps, kind="stable")
        live = np.flatnonzero(self.multiplicity)
        counts = self.multiplicity[live]
        return self.positions.places[order], np.cumsum(counts) - counts, live

    @cached_property
    def starts(self) -> IntArray:
        """The first contribution of each entry."""
        return np.flatnonzero(np.diff(self.positions.places, prepend=-1))

    @cached_property
    def classes(self) -> tuple[IntArray, IntArray]:
        """`(number, first)`: entries that hold the same parameters have one number.

        `first[number]` is the first entry of the class. An entry that holds several
        parameters is in the class of those that hold exactly these.
        """
        # Found in one output channel; no class reaches into another.
        entries = len(self.starts) // self.channels
        taps = self.positions.taps[: len(self.positions.taps) // self.channels]
        if len(taps) == entries:
            _, first, number = np.unique(taps, return_index=True, return_inverse=True)
        else:
            lists = np.split(taps, self.starts[1:entries])
            known: dict[bytes, int] = {}
            held = (known.setdefault(each.tobytes(), len(known)) for each in lists)
            number = np.fromiter(held, np.intp, entries)
            first = np.unique(number, return_index=True)[1]
        channel = np.arange(self.channels)[:, None]
        return (
            (number + channel * len(first)).reshape(-1),
            (first + channel * entries).reshape(-1),
        )

    @cached_property
    def first(self) -> IntArray:
        """Entry `[i]` is the first entry of the class of entry `i`."""
        number, first = self.classes
        return first[number]

    @cached_property
    def alone(self) -> tuple[IntArray, IntArray]:
        """Parameters that stand alone in some entry, and the first such entry."""
        places = self.positions.places
        held = np.bincount(places, minlength=len(self.starts))
        single = np.flatnonzero(held[places] == 1)
        taps, first = np.unique(self.positions.taps[single], return_index=True)
        return taps, places[single[first]]

    @cached_property
    def all_alone(self) -> bool:
        """Whether every parameter that is not dead stands alone in some entry."""
        return len(self.alone[0]) == np.count_nonzero(self.multiplicity)


def runs(values: Array, starts: IntArray) -> Array:
    """The sum of each run of `values`, which begin at `starts`."""
    if len(starts) == len(values):
        return values
    sums: Array = np.add.reduceat(values, starts)
    return sums
