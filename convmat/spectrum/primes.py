"""Primes below 2**31, whose products int64 can hold, and numbers put together again."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import lru_cache
from math import isqrt

import numpy as np

from convmat.arrays import IntArray

__all__ = ["BITS", "inverses", "joined", "primes"]

BITS = 30.9
"""Bits that each prime adds at least: all of the first million are above 2**30.9."""

_TOP = 1 << 31
_AT_ONCE = 1 << 16  # numbers that are sieved together


def primes(count: int) -> IntArray:
    """The largest `count` primes below 2**31, descending.

    Examples
    --------
    >>> primes(3)
    array([2147483647, 2147483629, 2147483587])
    """
    found: list[int] = []
    for some in _sieved():
        found += some
        if len(found) >= count:
            break
    return np.array(found[:count], np.int64)


def inverses(numbers: IntArray, modulus: IntArray) -> IntArray:
    """Entry `[i]` times `numbers[i]` is 1 modulo the prime `modulus[i]`; of 0 it is 0.

    Examples
    --------
    >>> inverses(np.array([2, 0]), np.array([7, 5]))
    array([4, 0])
    """
    pairs = zip(numbers.tolist(), modulus.tolist(), strict=True)
    return np.array([pow(a, -1, p) if a else 0 for a, p in pairs], np.int64)


def joined(remainders: Sequence[int], moduli: Sequence[int]) -> int:
    """The integer nearest to 0 with these remainders (Chinese remainder theorem).

    Examples
    --------
    >>> joined([5, 9], [7, 11])
    -2
    """
    value, whole = 0, 1
    for remainder, prime in zip(remainders, moduli, strict=True):
        value += whole * ((remainder - value) * pow(whole, -1, prime) % prime)
        whole *= prime
    return value - whole if 2 * value > whole else value


def _sieved() -> Iterator[list[int]]:
    """All primes below `_TOP`, descending, some at a time."""
    small = _small()
    for high in range(_TOP, isqrt(_TOP), -_AT_ONCE):
        low = high - _AT_ONCE
        alive = np.ones(_AT_ONCE, bool)
        for prime in small:
            alive[-low % prime :: prime] = False
        yield (low + np.flatnonzero(alive)[::-1]).tolist()


@lru_cache(maxsize=1)
def _small() -> tuple[int, ...]:
    """The primes up to the root of `_TOP`."""
    alive = np.ones(isqrt(_TOP) + 1, bool)
    alive[:2] = False
    for number in range(2, isqrt(len(alive)) + 1):
        if alive[number]:
            alive[number * number :: number] = False
    return tuple(np.flatnonzero(alive).tolist())
