"""The entries of a matrix as figures show them, some of them sums of taps."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from convmat.arrays import Array, IntArray
from convmat.figures.content import number

__all__ = ["Entries", "entry_texts"]

_MOST_TERMS = 9  # of a sum that is written out


@dataclass(frozen=True, eq=False)
class Entries:
    """The stored entries of a matrix: taps at one position are one entry, their sum.

    That happens where padding repeats the input: two taps of a row read one input.

    Attributes
    ----------
    rows, cols : ndarray of int, shape (entries,)
        Position of each entry, in C order of the matrix.
    taps : ndarray of int, shape (entries,)
        Its first tap, which gives it its colour.
    counts : ndarray of int, shape (entries,)
        How many taps it is the sum of.
    terms : ndarray of int
        The taps of all entries, one entry after the other.

    Examples
    --------
    >>> import numpy as np
    >>> entries = Entries.of(np.array([0, 0, 0]), np.array([1, 0, 1]), np.arange(3))
    >>> entries.cols, entries.taps, entries.counts, entries.terms
    (array([0, 1]), array([1, 0]), array([1, 2]), array([1, 0, 2]))
    """

    rows: IntArray
    cols: IntArray
    taps: IntArray
    counts: IntArray
    terms: IntArray

    @classmethod
    def of(cls, rows: IntArray, cols: IntArray, taps: IntArray) -> Entries:
        """The entries of a list of contributions: taps and where they add up."""
        if not _ascend(rows, cols):
            order = np.lexsort((taps, cols, rows))
            rows, cols, taps = rows[order], cols[order], taps[order]
        fresh = np.ones(len(rows), dtype=bool)
        fresh[1:] = (np.diff(rows) != 0) | (np.diff(cols) != 0)
        starts = np.flatnonzero(fresh)
        counts = np.diff(starts, append=len(rows))
        return cls(rows[starts], cols[starts], taps[starts], counts, taps)

    @property
    def sums(self) -> npt.NDArray[np.bool_]:
        """Whether each entry is a sum of several taps."""
        return self.counts > 1

    def numbers(self, shape: tuple[int, int]) -> IntArray:
        """Entry `[r, c]` is the number of the entry there, or -1."""
        numbers: IntArray = np.full(shape, -1)
        numbers[self.rows, self.cols] = np.arange(len(self.rows))
        return numbers


def _ascend(rows: IntArray, cols: IntArray) -> bool:
    """Whether positions are in C order and none comes twice: most geometries'."""
    down, right = np.diff(rows), np.diff(cols)
    return bool(((down > 0) | ((down == 0) & (right > 0))).all())


def entry_texts(
    entries: Entries, taps: Array | None, letter: Callable[[int], str]
) -> list[str]:
    """What each entry says: its value, or else its letters, such as `α+γ`.

    Of a very long sum only the first and the last letter are written.
    """
    texts = []
    stops = np.cumsum(entries.counts)
    for terms in np.split(entries.terms, stops[:-1]) if len(stops) else []:
        if taps is not None:
            texts.append(number(taps[terms].sum()))
        elif len(terms) <= _MOST_TERMS:
            texts.append("+".join(map(letter, terms.tolist())))
        else:
            texts.append(f"{letter(int(terms[0]))}+…+{letter(int(terms[-1]))}")
    return texts
