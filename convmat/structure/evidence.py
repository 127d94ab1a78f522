"""`Evidence`: what speaks for a convolution, because any matrix is one of many taps.

With a kernel large enough every sparse matrix is the matrix of a convolution: each
entry gets a tap of its own. What makes one is that few taps account for many entries.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import reduce

import numpy as np

from convmat.arrays import Array
from convmat.geometry import Geometry
from convmat.structure.guess import uses

__all__ = ["Evidence", "evidence_of", "numbers_of"]

_USES = 1.25  # entries that a tap stands in, on the average, to be tied at all
_CLEAR = 4  # and to leave no doubt, if none stands alone


@dataclass(frozen=True, slots=True)
class Evidence:
    """How many taps account for how many entries.

    Attributes
    ----------
    weights : int
        All taps of the kernel, also those of value 0.
    taps : int
        Taps that are not 0.
    entries : int
        Entries of the matrix that are not 0.
    least : int
        How often the tap that is seen least stands in the matrix.
    single : int
        Taps that stand in one position only: nothing else confirms their value.

    Examples
    --------
    >>> import numpy as np
    >>> from convmat import geometry
    >>> print(evidence_of(geometry(5, 3, padding=1), np.ones((1, 1, 3)), 13))
    3 taps account for 13 entries, each for 4 or more
    """

    weights: int
    taps: int
    entries: int
    least: int
    single: int

    @property
    def thin(self) -> bool:
        """Whether a tap stands in hardly more than one entry, on the average."""
        return self.entries < _USES * max(1, self.taps)

    @property
    def clear(self) -> bool:
        """Whether a few entries that are off could not have been made to fit.

        A tap, with place and value of an entry that is off, are three numbers.
        """
        plenty = self.single == 0 and self.entries >= _CLEAR * self.taps
        return plenty or self.numbers <= 3

    @property
    def numbers(self) -> int:
        """How many numbers tell the kernel: all taps, or place and value of some."""
        return min(self.weights, 2 * self.taps)

    def outdone(self, kernel: Array, wrong: int) -> bool:
        """Whether another kernel tells the same matrix in fewer numbers.

        Parameters
        ----------
        kernel : ndarray
            Of another convolution.
        wrong : int
            Entries that are off from it: place and value of each have to be told too.
        """
        return numbers_of(kernel) + 2 * wrong < self.numbers

    def __str__(self) -> str:
        taps = "1 tap accounts" if self.taps == 1 else f"{self.taps:,} taps account"
        entries = "1 entry" if self.entries == 1 else f"{self.entries:,} entries"
        if self.single == self.taps:
            each = "each for one"
        elif self.single:
            each = f"{self.single:,} of them for one only"
        else:
            each = f"each for {self.least:,} or more"
        if self.taps == 1:
            return f"{taps} for {entries}"
        return f"{taps} for {entries}, {each}"


def numbers_of(kernel: Array) -> int:
    """How many numbers tell a kernel: all taps, or place and value of some."""
    return min(kernel.size, 2 * int(np.count_nonzero(kernel)))


def evidence_of(g: Geometry, kernel: Array, entries: int) -> Evidence:
    """The evidence for a kernel `(out, in // groups, *taps)` of a geometry."""
    held = np.asarray(kernel != 0, dtype=bool)
    counts = reduce(np.multiply.outer, [uses(axis) for axis in g.axes])
    seen = np.broadcast_to(counts, held.shape)[held]
    seen = seen[seen > 0]
    least = int(seen.min()) if len(seen) else 0
    return Evidence(kernel.size, len(seen), entries, least, int((seen == 1).sum()))
