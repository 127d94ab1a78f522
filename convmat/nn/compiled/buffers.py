"""Where the arrays of a plan lie: all are made once, before the first step."""

from __future__ import annotations

from dataclasses import dataclass
from math import prod
from typing import Any

import numpy as np

from convmat.arrays import Array, Shape

__all__ = ["Buffers", "in_blocks"]

_LINE = 64
"""Bytes of a line of the cache: buffers begin at one."""


@dataclass(frozen=True)
class Buffers:
    """The memory of one plan.

    Attributes
    ----------
    dtype : dtype
        Of every array.
    sizes : tuple of int
        Samples of each chunk.
    workers : int
        Threads that work at the same time; chunk `n` belongs to worker `n % workers`.
    scratch : tuple of ndarray
        Of each worker: what a step needs only until it returns.
    """

    dtype: np.dtype[Any]
    sizes: tuple[int, ...]
    workers: int
    scratch: tuple[Array, ...]

    @classmethod
    def of(
        cls, dtype: np.dtype[Any], sizes: tuple[int, ...], workers: int, room: int
    ) -> Buffers:
        """Buffers with a scratch of `room` entries for each sample of a chunk."""
        entries = (room * max(sizes),)
        scratch = tuple(_aligned(entries, dtype) for _ in range(workers))
        return cls(dtype, sizes, workers, scratch)

    def kept(self, *shape: int) -> list[Array]:
        """Of each chunk an array `(*shape, samples)`, 0 at first."""
        return [_aligned((*shape, size), self.dtype) for size in self.sizes]

    def lent(self, *shape: int, behind: int = 0) -> list[Array]:
        """Of each chunk an array `(*shape, samples)` in the scratch of its worker.

        It begins `behind` so many entries for each sample.
        """
        views = []
        for number, size in enumerate(self.sizes):
            scratch = self.scratch[number % self.workers]
            whole = (*shape, size)
            views.append(scratch[behind * size :][: prod(whole)].reshape(whole))
        return views


def _aligned(shape: Shape, dtype: np.dtype[Any]) -> Array:
    """Zeros that begin at a line of the cache."""
    size = prod(shape) * dtype.itemsize
    memory = np.zeros(size + _LINE, np.uint8)
    first = -memory.ctypes.data % _LINE
    return memory[first : first + size].view(dtype).reshape(shape)


def in_blocks(matrices: Array, blocks: int) -> Array:
    """`(groups, rows, places)` as a view `(groups, blocks, rows, places // blocks)`."""
    groups, rows, places = matrices.shape
    return matrices.reshape(groups, rows, blocks, places // blocks).swapaxes(1, 2)
