"""`Gram`: how the ties of a geometry overlap, and the kernel nearest to a matrix.

The Gram matrix of the `B_t` (see `convmat.constraints.constraint`) is one block for
each pair of an output and an input channel, the same for all of them: entry `[s, t]` is
the number of matrix entries that hold both taps `s` and `t` of the kernel.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property, lru_cache
from math import prod
from typing import Any

import numpy as np

from convmat.arrays import Array, IntArray
from convmat.geometry import Geometry

__all__ = ["Gram", "gram_of"]


@dataclass(frozen=True, eq=False)
class Gram:
    """The overlaps of one geometry.

    Examples
    --------
    >>> from convmat import geometry
    >>> g = geometry(3, 3, padding=1, padding_mode="replicate")
    >>> gram_of(g).block
    array([[3, 1, 0],
           [1, 3, 1],
           [0, 1, 3]])
    """

    geometry: Geometry

    @cached_property
    def block(self) -> IntArray:
        """Entry `[s, t]` counts the entries that hold taps `s` and `t` of a kernel."""
        block = np.ones((1, 1), dtype=np.int64)
        for axis in self.geometry.axes:
            sources = axis.sources()  # (outs, taps)
            both = (sources[:, :, None] == sources[:, None, :]) & (
                sources[:, :, None] >= 0
            )
            block = np.kron(block, both.sum(axis=0))
        return block

    @cached_property
    def independent(self) -> list[int]:
        """Taps of a kernel whose ties no earlier ones add up to: the free ones."""
        rows = [[Fraction(int(v)) for v in row] for row in self.block]
        chosen: list[int] = []
        for tap in range(len(rows)):
            # Elimination on a positive semidefinite matrix: a pivot of 0 means that the
            # tap depends on those before it.
            pivot = rows[tap][tap]
            if pivot == 0:
                continue
            chosen.append(tap)
            for below in range(tap + 1, len(rows)):
                share = rows[below][tap] / pivot
                if share:
                    rows[below] = [
                        v - share * p
                        for v, p in zip(rows[below], rows[tap], strict=True)
                    ]
        return chosen

    def solve(self, sums: Array) -> Array:
        """The flat kernel whose Gram product is `sums`, 0 at taps that depend.

        Parameters
        ----------
        sums : ndarray of shape (free_parameters,)
            Inner products with the `B_t`, as `pull_back` gives them.
        """
        taps = prod(self.geometry.kernel_size)
        free = self.independent
        right = sums.reshape(-1, taps)[:, free].T  # (free taps, channel pairs)
        block = self.block[np.ix_(free, free)]
        solved = np.zeros((sums.size // taps, taps), sums.dtype)
        if sums.dtype == object:
            solved[:, free] = _solve_exactly(block, right).T
        else:
            known = _lapack(right)
            solution = np.linalg.solve(block.astype(known), right.astype(known))
            solved[:, free] = solution.T
        return solved.reshape(-1)


@lru_cache(maxsize=64)
def gram_of(geometry: Geometry) -> Gram:
    """The overlaps of a geometry; the last 64 are kept."""
    return Gram(geometry)


def _lapack(array: Array) -> np.dtype[Any]:
    """The nearest dtype of `array` that LAPACK knows."""
    single, double = (
        (np.complex64, np.complex128)
        if array.dtype.kind == "c"
        else (
            np.float32,
            np.float64,
        )
    )
    return np.dtype(single if array.real.dtype.itemsize <= 4 else double)


def _solve_exactly(block: IntArray, right: Array) -> Array:
    """Gauss-Jordan elimination in Fractions; `block` is positive definite."""
    rows: list[list[Any]] = [
        [Fraction(int(v)) for v in left] + list(values)
        for left, values in zip(block, right, strict=True)
    ]
    for pivot, row in enumerate(rows):
        scale = 1 / row[pivot]
        rows[pivot] = row = [v * scale for v in row]
        for other in range(len(rows)):
            share = rows[other][pivot]
            if other != pivot and share:
                pairs = zip(rows[other], row, strict=True)
                rows[other] = [v - share * p for v, p in pairs]
    solved = np.empty(right.shape, dtype=object)
    for place, row in enumerate(rows):
        solved[place] = row[len(block) :]
    return solved
