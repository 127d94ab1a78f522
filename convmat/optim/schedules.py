"""Schedules: what a rate is at each position of a training run.

A schedule takes the share of the run that is done, from 0 to 1, and returns a rate. It
knows nothing of rules; a loop says `rule.lr = schedule(done / total)` before each step,
and the same for `rule.momentum`.
"""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Callable, Sequence
from fractions import Fraction
from itertools import accumulate, pairwise
from typing import TypeAlias

from convmat.errors import ConvmatError, ConvmatTypeError
from convmat.optim.rates import Number, finite, positive

__all__ = ["Schedule", "combined", "constant", "cosine", "linear"]

Schedule: TypeAlias = Callable[[Number], Number]
"""From a position in [0, 1], the share of the run that is done, to a rate."""


def constant(rate: Number) -> Schedule:
    """The same rate from start to end.

    Raises
    ------
    ConvmatError
        When the rate, or later a position, is not finite, or a position outside [0, 1].
    ConvmatTypeError
        When one is no real number.

    Examples
    --------
    >>> constant(0.1)(0.5)
    0.1
    """
    rate = finite("rate", rate)

    def at(position: Number) -> Number:
        _position(position)
        return rate

    return at


def linear(start: Number, end: Number) -> Schedule:
    """From `start` to `end` in a straight line; Fractions stay Fractions.

    Raises
    ------
    ConvmatError, ConvmatTypeError
        As for `constant`.

    Examples
    --------
    >>> linear(0.5, 0.25)(0.5)
    0.375
    """
    start, end = finite("start", start), finite("end", end)
    return lambda position: _between(start, end, _position(position))


def cosine(start: Number, end: Number) -> Schedule:
    """From `start` to `end` along half a wave of the cosine: flat at both ends.

    At position `x` the share `(1 - cos(pi x)) / 2` of the way is done.

    Raises
    ------
    ConvmatError, ConvmatTypeError
        As for `constant`.

    References
    ----------
    I. Loshchilov and F. Hutter, "SGDR: stochastic gradient descent with warm restarts",
    ICLR 2017, equation 5.

    Examples
    --------
    >>> [round(cosine(1.0, 0.0)(x), 3) for x in (0, 0.25, 0.5, 1)]
    [1.0, 0.854, 0.5, 0.0]
    """
    start, end = finite("start", start), finite("end", end)

    def at(position: Number) -> Number:
        done = (1 - math.cos(math.pi * _position(position))) / 2
        return _between(start, end, done)

    return at


def combined(shares: Sequence[Number], schedules: Sequence[Schedule]) -> Schedule:
    """Schedules one after another, each squeezed into its share of the run.

    Where one ends and the next begins, the next one counts.

    Parameters
    ----------
    shares : sequence of float or Fraction
        Each greater than 0; their sum is 1.
    schedules : sequence of Schedule
        As many as shares, at least one.

    Raises
    ------
    ConvmatError
        For another number of shares than of schedules, and for shares of 0 or less or
        of another sum; for positions as `constant`.
    ConvmatTypeError
        When a share is no real number, or a schedule can't be called.

    Examples
    --------
    The learning rate of the 1-cycle policy, with a quarter of the run to warm up:

    >>> one_cycle = combined([0.25, 0.75], [cosine(0.0024, 0.06), cosine(0.06, 6e-7)])
    >>> [round(one_cycle(x), 4) for x in (0, 0.125, 0.25, 0.625, 1)]
    [0.0024, 0.0312, 0.06, 0.03, 0.0]
    """
    if len(shares) != len(schedules) or not schedules:
        rule = f"must be as many as schedules, {len(schedules)}, and at least one"
        raise ConvmatError("shares", rule, shares)
    for i, schedule in enumerate(schedules):
        if not callable(schedule):
            raise ConvmatTypeError(f"schedules[{i}]", "must be callable", schedule)
    parts = [positive(f"shares[{i}]", share) for i, share in enumerate(shares)]
    if abs(math.fsum(parts) - 1) > 2**-52:  # each share rounds once, and the sum
        raise ConvmatError("shares", "must sum to 1", shares)
    inner = list(accumulate(parts))[:-1]
    ends = [Fraction(0), *inner, Fraction(1)]  # exact positions stay exact
    if not all(begin < end for begin, end in pairwise(ends)):
        raise ConvmatError("shares", "must each be more than rounding", shares)

    def at(position: Number) -> Number:
        position = _position(position)
        part = bisect_right(inner, position)
        begin, end = ends[part : part + 2]
        return schedules[part]((position - begin) / (end - begin))

    return at


def _between(start: Number, end: Number, done: Number) -> Number:
    """The point that is `done` of the way; the ends themselves to the bit."""
    return (1 - done) * start + done * end


def _position(position: Number) -> Number:
    number = finite("position", position)
    if not 0 <= number <= 1:
        rule, remedy = "must be in [0, 1]", "it is the share of the run that is done"
        raise ConvmatError("position", rule, position, remedy)
    return number
