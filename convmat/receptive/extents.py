"""The first and the last cell that each output sees along an axis, counted exactly."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from math import lcm

import numpy as np
import numpy.typing as npt

from convmat.arrays import IntArray
from convmat.memory import refuse_beyond
from convmat.receptive.layers import Layer
from convmat.receptive.windows import Cells

__all__ = ["extents_of"]

_AT_ONCE = 1 << 22  # cells that are carried through the layers together


def extents_of(
    layers: tuple[Layer, ...], axis: int, is_whole: Callable[[int], bool]
) -> IntArray:
    """The first and the last cell that each output sees along an axis.

    Outputs that no end cuts see the same pattern, moved; behind transposed convolutions
    a few patterns take turns. So only outputs near both ends, and one of each turn, are
    carried through the layers.

    Parameters
    ----------
    layers : tuple of Layer
    axis : int
    is_whole : callable
        Whether no end cuts what an output sees.

    Returns
    -------
    ndarray of int64, `(outs, 2)`
        -1 and -1 for an output that sees nothing.
    """
    outs = layers[-1].output_size[axis]
    longest = max(max(layer.input_size[axis] for layer in layers), outs)
    remedy = "a smaller input has the same fields inside"
    refuse_beyond("the extents of", layers[-1], 16 * longest, None, remedy)
    found = np.full((outs, 2), -1, np.int64)
    turn, move = _turn(layers, axis)
    # What is whole is one range, as both ends of a field grow with the output.
    start, stop = 0, outs
    while start < outs and not is_whole(start):
        start += 1
    while stop > start and not is_whole(stop - 1):
        stop -= 1
    if any(one.transposed and one.geometry.padding_mode != "zeros" for one in layers):
        stop = start  # what is folded back comes from afar
    first = min(start + turn, stop)
    some = [*range(first), *range(stop, outs)]
    found[some] = _carried(layers, axis, some, longest)
    rest = np.arange(first, stop)
    turns, place = np.divmod(rest - start, turn)
    seen = found[start + place]
    found[rest] = np.where(seen < 0, -1, seen + (turns * move)[:, None])
    return found


def _turn(layers: tuple[Layer, ...], axis: int) -> tuple[int, int]:
    """After how many outputs the pattern comes again, and how many cells further."""
    jump: Cells = 1
    turn = 1
    for layer in reversed(layers):
        jump = jump * layer.windows[axis].stride
        turn = lcm(turn, jump.denominator)
    return turn, int(turn * jump)


def _carried(
    layers: tuple[Layer, ...], axis: int, outs: Sequence[int], longest: int
) -> IntArray:
    """The extents of some outputs, by carrying each down through the layers."""
    found = np.empty((len(outs), 2), np.int64)
    many = max(1, _AT_ONCE // longest)
    count, size = layers[-1].output_size[axis], layers[0].input_size[axis]
    for begin in range(0, len(outs), many):
        some = list(outs[begin : begin + many])
        # Booleans add up to whether there is a path.
        seen: npt.NDArray[np.bool_] = np.zeros((len(some), count), bool)
        seen[np.arange(len(some)), some] = True
        for layer in reversed(layers):
            seen = layer.pull(axis, seen)
        ends = np.stack([seen.argmax(1), size - 1 - seen[:, ::-1].argmax(1)], axis=1)
        found[begin : begin + len(some)] = np.where(
            np.any(seen, axis=1, keepdims=True), ends, -1
        )
    return found
