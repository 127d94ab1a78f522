"""Random integers for each geometry, and what the tie map makes of them."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from convmat.arrays import Array, IntArray
from convmat.errors import ConvmatError
from convmat.geometry.integers import integer
from convmat.tie import TieMap
from convmat.verify.readings import x_shape, y_shape

__all__ = ["Sample", "read_seed"]

_BOUND = 9  # random integers run from -9 to 9
_BATCH = 2
_POOL = 1 << 16  # integers of which all small geometries take theirs
_STEP = 7919  # a prime, so that neighbours begin far apart


@dataclass(frozen=True, slots=True)
class Sample:
    """Random integers for one geometry, and what the tie map makes of them.

    Attributes
    ----------
    kernel, x, grad : ndarray
        Read-only; `x` and `grad` are batches.
    results : dict
        What there should be, by the part: "forward", "input_grad", "kernel_grad".
    """

    kernel: Array
    x: Array
    grad: Array
    results: dict[str, Array]

    @classmethod
    def of(cls, ties: TieMap, seed: int, number: int) -> Sample:
        """The integers of geometry `number` of a box: each seed and number has its own.

        They do not depend on who asks, nor on what was asked before.
        """
        g = ties.geometry
        rows, columns = g.matrix_shape
        taps = g.free_parameters
        ends = taps, taps + _BATCH * columns, taps + _BATCH * (columns + rows)
        drawn = _drawn(seed, number, ends[-1])
        kernel = drawn[: ends[0]]
        x = drawn[ends[0] : ends[1]].reshape(_BATCH, columns)
        grad = drawn[ends[1] :].reshape(_BATCH, rows)
        places = ties.rows * columns + ties.cols
        # Sums of a few small products: doubles hold them.
        entries = np.bincount(places, kernel[ties.taps], rows * columns)
        matrix = entries.astype(np.int64).reshape(rows, columns)
        products = (grad.T @ x).reshape(-1)[places]
        kernel_grad = np.bincount(ties.taps, products, taps).astype(np.int64)
        outputs, inputs = (_BATCH, *y_shape(g)), (_BATCH, *x_shape(g))
        return cls(
            kernel.reshape(g.weight_shape),
            x.reshape(inputs),
            grad.reshape(outputs),
            {
                "forward": (x @ matrix.T).reshape(outputs),
                "input_grad": (grad @ matrix).reshape(inputs),
                "kernel_grad": kernel_grad.reshape(g.weight_shape),
            },
        )

    def arguments(self, part: str) -> tuple[Array, Array]:
        """The two arrays that a map takes."""
        return {
            "forward": (self.kernel, self.x),
            "input_grad": (self.grad, self.kernel),
            "kernel_grad": (self.grad, self.x),
        }[part]


def read_seed(seed: object) -> int:
    """A seed as a plain integer.

    Raises
    ------
    ConvmatError
        When it is below 0.
    ConvmatTypeError
        When it is no integer.

    Examples
    --------
    >>> read_seed(7)
    7
    """
    number = integer("seed", seed, seed)
    if number < 0:
        raise ConvmatError("seed", "must be at least 0", number)
    return number


def _drawn(seed: int, number: int, count: int) -> IntArray:
    pool = _pool(seed)
    if 2 * count > len(pool):
        own = np.random.default_rng([seed, number])
        return _read_only(own.integers(-_BOUND, _BOUND, count, endpoint=True))
    start = number * _STEP % (len(pool) - count)
    return pool[start : start + count]


@lru_cache(maxsize=4)
def _pool(seed: int) -> IntArray:
    random = np.random.default_rng(seed)
    return _read_only(random.integers(-_BOUND, _BOUND, _POOL, endpoint=True))


def _read_only(array: IntArray) -> IntArray:
    array.flags.writeable = False
    return array
