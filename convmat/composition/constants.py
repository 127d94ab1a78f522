"""What biases of two layers add to each output of the second.

`y = W2 (W1 x + b1) + b2` adds `W2 b1 + b2`. Where all taps of the second layer fall on
outputs of the first, that is one number for each channel; where some fall on zeros of
the padding, or the stride of a transposed layer leaves out taps, it is another one.
"""

from __future__ import annotations

from math import prod

import numpy as np

from convmat.arrays import Array, IntArray
from convmat.composition.links import Link
from convmat.dtypes import exact_plus, exact_sums
from convmat.geometry import Axis
from convmat.memory import refuse_beyond

__all__ = ["constants_of", "uneven_of", "usual_of"]


def constants_of(second: Link, inner: Array, own: Array) -> Array:
    """`W2 b1 + b2` in every output, `(out_channels, *outs)`.

    Parameters
    ----------
    second : Link
    inner : ndarray, `(middle_channels,)`
        The bias of the first layer.
    own : ndarray, `(out_channels,)`
        That of the second.

    Raises
    ------
    MatrixTooLargeError
        When there are more outputs than memory.
    ConvmatError
        When a sum of integers does not fit int64.
    """
    return _added(second, inner, own, _counts(second))


def usual_of(second: Link, inner: Array, own: Array) -> Array:
    """The constant of outputs away from the ends, `(out_channels,)`.

    All taps count there; behind a stride of a transposed layer, those that reach the
    output in the middle.
    """
    return _added(second, inner, own, _usual(second)).reshape(-1)


def uneven_of(second: Link) -> Array:
    """Whether an output is reached by other taps than those away from the ends.

    Returns
    -------
    ndarray of bool, `(*outs)`
    """
    alike: Array = np.ones((), bool)
    for counts, usual in zip(_counts(second), _usual(second), strict=True):
        alike = np.logical_and.outer(alike, (counts == usual).all(axis=1))
    return ~alike


def _counts(second: Link) -> list[IntArray]:
    """For each axis, how often an output reads the middle through each tap."""
    g = second.geometry
    return [_reached(axis, transposed=second.transposed) for axis in g.axes]


def _reached(axis: Axis, *, transposed: bool) -> IntArray:
    """`(outs, taps)`."""
    outs = axis.size if transposed else axis.out_size
    needed = 16 * (axis.out_size + outs) * axis.kernel
    refuse_beyond("the taps of", axis, needed, None, "a smaller input has the same")
    sources = axis.sources()
    if not transposed:
        return (sources >= 0).astype(np.int64)
    found = np.zeros((outs, axis.kernel), np.int64)
    for tap, cells in enumerate(sources.T):
        np.add.at(found[:, tap], cells[cells >= 0], 1)
    return found


def _usual(second: Link) -> list[IntArray]:
    """The same for one output, `(1, taps)`, away from the ends."""
    g = second.geometry
    if not second.transposed or set(g.stride) == {1}:
        return [np.ones((1, axis.kernel), np.int64) for axis in g.axes]
    middles = [counts.shape[0] // 2 for counts in _counts(second)]
    pairs = zip(_counts(second), middles, strict=True)
    return [counts[place : place + 1] for counts, place in pairs]


def _added(second: Link, inner: Array, own: Array, counts: list[IntArray]) -> Array:
    """The sum, tap by tap in one order, so that equal taps round alike."""
    g = second.geometry
    outs = tuple(len(one) for one in counts)
    needed = 3 * 8 * len(own) * prod(outs)
    refuse_beyond("the constants of", g, needed, None, "a smaller input has the same")
    across = (1,) * g.rank

    def compute(kernel: Array, bias: Array) -> Array:
        blocks = kernel.reshape(g.groups, -1, *kernel.shape[1:])
        parts = bias.reshape(g.groups, -1)
        if second.transposed:  # (groups, inputs, outputs, *taps)
            sums = np.einsum("gio...,gi->go...", blocks, parts)
        else:  # (groups, outputs, inputs, *taps)
            sums = np.einsum("goi...,gi->go...", blocks, parts)
        taps = sums.reshape(-1, *g.kernel_size)
        total = np.zeros((len(taps), *outs), np.result_type(kernel, bias))
        for tap in np.ndindex(g.kernel_size):
            reached: Array = np.ones((), np.int64)
            for one, place in zip(counts, tap, strict=True):
                reached = np.multiply.outer(reached, one[:, place])
            total = total + taps[:, *tap].reshape(-1, *across) * reached
        return total

    terms = len(inner) // g.groups * prod(g.kernel_size)
    terms *= max(1, max(int(one.max()) for one in counts)) ** g.rank
    sums = exact_sums(compute, second.kernel, inner, terms=terms)
    return exact_plus(sums, own.reshape(-1, *across))
