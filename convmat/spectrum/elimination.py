"""Gauss's elimination of a band modulo many primes at once.

Only the rows that the elimination has reached, and the columns that these reach, are
laid out; a row whose pivot was used is dropped. All residues are below 2**31, so that
no product leaves int64.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from convmat.arrays import Array, IntArray
from convmat.matrix.bars import bar
from convmat.spectrum.primes import inverses

__all__ = ["Band", "Residues", "eliminated", "work"]

_AT_ONCE = 1 << 20  # entries of all primes that are laid out together
_INVERSE = 64  # entries that are changed in the time of an inverse
_STEPS = 16  # columns between two layouts


@dataclass(frozen=True, eq=False)
class Band:
    """The entries of a matrix, row by row, in an order in which they are near.

    Attributes
    ----------
    shape : (int, int)
    rows, cols : ndarray of int, shape (entries,)
        Where each entry is; those at one place are added. Rows are in the order of
        their first columns, those without entries last.
    first, reach : ndarray of int, shape (rows,)
        The first column of a row, and the one after the last that any row up to it has.
    """

    shape: tuple[int, int]
    rows: IntArray
    cols: IntArray
    first: IntArray
    reach: IntArray

    @classmethod
    def of(
        cls, shape: tuple[int, int], rows: IntArray, cols: IntArray
    ) -> tuple[Band, IntArray, IntArray]:
        """A band, the order of its rows, and that of its entries.

        Entry `[i]` of the order is the row that came to place `i`.
        """
        first = np.full(shape[0], shape[1], np.int64)
        np.minimum.at(first, rows, cols)
        last = np.full(shape[0], -1, np.int64)
        np.maximum.at(last, rows, cols)
        order = np.lexsort((last, first))
        place = np.empty_like(order)
        place[order] = np.arange(shape[0])
        entries = np.argsort(place[rows], kind="stable")
        reach = np.maximum.accumulate(last[order] + 1) if shape[0] else last
        found = cls(shape, place[rows][entries], cols[entries], first[order], reach)
        return found, order, entries


@dataclass(frozen=True, eq=False)
class Residues:
    """What the elimination found modulo each prime.

    Attributes
    ----------
    ranks, determinants : ndarray of int, shape (primes,)
        The determinant of a matrix that is not square is meaningless.
    """

    ranks: IntArray
    determinants: IntArray


def work(band: Band) -> int:
    """Entries that are changed for each prime, when every column has a pivot.

    The inverse of a pivot takes as long as some of them.
    """
    columns = np.arange(band.shape[1])
    entered = np.searchsorted(band.first, columns, side="right")
    under = np.maximum(entered - columns, 0)
    right = band.reach[np.maximum(entered - 1, 0)] - columns
    return int((under * np.maximum(right, 0) + _INVERSE).sum())


def eliminated(band: Band, values: IntArray, primes: IntArray) -> Residues:
    """Ranks and determinants modulo each prime.

    Parameters
    ----------
    band : Band
    values : ndarray of int, `(primes, entries)`
        Residues of the entries, in the order of `band`.
    primes : ndarray of int, shape (primes,)

    Examples
    --------
    >>> rows, cols = np.array([0, 0, 1, 1]), np.array([0, 1, 0, 1])
    >>> band, *_ = Band.of((2, 2), rows, cols)
    >>> found = eliminated(band, np.array([[1, 2, 3, 4]]), np.array([7]))
    >>> found.ranks, found.determinants  # 1 * 4 - 2 * 3 = -2
    (array([2]), array([5]))
    """
    columns = np.arange(band.shape[1])
    entered = np.searchsorted(band.first, columns, side="right")
    wide = int((band.reach[np.maximum(entered - 1, 0)] - columns).max(initial=1))
    high = int(np.maximum(entered - columns, 1).max(initial=1))
    some = max(1, _AT_ONCE // (max(1, wide) * high))
    ranks, determinants = [], []
    with bar("residues", len(primes) * band.shape[1], " columns", hidden=None) as shown:
        for start in range(0, len(primes), some):
            own = slice(start, start + some)
            run = _Run(band, values[own], primes[own])
            for column in range(0, band.shape[1], _STEPS):
                after = min(column + _STEPS, band.shape[1])
                run.take(column, after)
                shown.update(len(run.primes) * (after - column))
            ranks.append(run.ranks)
            determinants.append(run.determinants)
    return Residues(np.concatenate(ranks), np.concatenate(determinants))


class _Run:
    """The elimination for some primes, from left to right."""

    def __init__(self, band: Band, values: IntArray, primes: IntArray) -> None:
        self.band, self.values, self.primes = band, values, primes
        self.ranks = np.zeros(len(primes), np.int64)
        self.determinants = np.ones(len(primes), np.int64)
        self._laid: Array = np.zeros((len(primes), 0, 0), np.int64)
        self._entered = 0

    def take(self, start: int, stop: int) -> None:
        """The columns from `start` to `stop`."""
        laid = self._entering(start, stop)
        top = 0
        for column in range(stop - start):
            laid, top = self._pivot(laid, top, column)
        laid = laid[:, top:, stop - start :]
        self._laid = laid[:, laid.any(axis=(0, 2))]  # rows of zeros have no pivot

    def _entering(self, start: int, stop: int) -> Array:
        """The rows that are left, and below them those that begin before `stop`."""
        band = self.band
        before, left = self._entered, self._laid.shape[1]
        after = int(np.searchsorted(band.first, stop))
        ends = int(band.reach[after - 1]) if after else stop
        wide = max(stop, ends) - start
        laid = np.zeros((len(self.primes), left + after - before, wide), np.int64)
        laid[:, :left, : self._laid.shape[2]] = self._laid
        own = slice(*np.searchsorted(band.rows, (before, after)))
        rows, cols = band.rows[own] - before + left, band.cols[own] - start
        where: Any = (slice(None), rows, cols)
        np.add.at(laid, where, self.values[:, own])  # taps may share a place
        laid %= self.primes[:, None, None]
        self._entered = after
        return laid

    def _pivot(self, laid: Array, top: int, column: int) -> tuple[Array, int]:
        """Clear a column below a pivot, where one is found, and count it."""
        primes, every = self.primes, np.arange(len(self.primes))
        below = laid[:, top:, column] != 0
        has = below.any(axis=1)
        self.determinants[~has] = 0
        if not has.any():
            return laid, top
        row = top + below.argmax(axis=1)
        if not has.all():  # a row of zeros takes the pivot's place
            nothing = np.zeros((len(primes), 1, laid.shape[2]), np.int64)
            laid = np.concatenate([laid, nothing], axis=1)
            row = np.where(has, row, laid.shape[1] - 1)
        used = laid[every, row]
        laid[every, row] = laid[:, top]
        laid[:, top] = used
        pivots = used[:, column]
        signed = np.where(row == top, pivots, primes - pivots)
        self.determinants = self.determinants * signed % primes
        self.ranks += has
        factors = laid[:, top + 1 :, column] * inverses(pivots, primes)[:, None]
        factors %= primes[:, None]
        rest = laid[:, top + 1 :, column:]
        rest -= factors[:, :, None] * used[:, None, column:]
        rest %= primes[:, None, None]
        return laid, top + 1
