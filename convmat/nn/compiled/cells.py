"""Which cells of a buffer each tap of a convolution reads, as views of both sides."""

from __future__ import annotations

from itertools import product
from math import prod
from typing import Any

import numpy as np

from convmat.arrays import Array, Shape
from convmat.geometry import Geometry

__all__ = ["folds_of", "room_to_fold", "split_of", "windows_of", "woven_of"]


def windows_of(padded: Array, g: Geometry) -> Array:
    """A view `(channels, *taps, *outs, samples)` of `(channels, *padded, samples)`."""
    channels, *lines, sample = padded.strides
    taps = (line * axis.dilation for line, axis in zip(lines, g.axes, strict=True))
    outs = (line * axis.stride for line, axis in zip(lines, g.axes, strict=True))
    shape = (g.in_channels, *g.kernel_size, *g.output_size, padded.shape[-1])
    # Unlike as_strided, ndarray checks that all of it lies in the buffer.
    strides = (channels, *taps, *outs, sample)
    return np.ndarray(shape, padded.dtype, padded, strides=strides)


def room_to_fold(g: Geometry) -> int:
    """Entries of scratch for each sample, beside the columns, in the backward pass."""
    return g.in_channels * prod(split_of(g))


def split_of(g: Geometry) -> Shape:
    """`(*strides, *sizes)`: the cells of each axis, dealt out to as many as its stride.

    Neighbouring outputs read through one tap cells that are a stride apart. Dealt out,
    they are neighbours too, and sums run over long rows.
    """
    sizes = (-(-axis.size // axis.stride) for axis in g.axes)
    return (*g.stride, *sizes)


def folds_of(
    split: Array, shares: Array, g: Geometry
) -> tuple[list[Array], list[tuple[Array, Array]], list[tuple[Array, Array]]]:
    """For each tap the cells of the input under it, and their part of the columns.

    Cells in one hand wait for the tap that covers all of them; it comes first. Without
    such a tap they have to be zeros first.
    """
    covered: set[Shape] = set()
    firsts: list[tuple[Array, Array]] = []
    others: list[tuple[Array, Array]] = []
    for tap in product(*map(range, g.kernel_size)):
        hand: list[int] = []
        cells: list[slice] = []
        outs: list[slice] = []
        for axis, t in zip(g.axes, tap, strict=True):
            inside = axis.outputs_inside(t)
            shift, rest = divmod(t * axis.dilation - axis.before, axis.stride)
            hand.append(rest)
            cells.append(slice(inside.start + shift, inside.stop + shift))
            outs.append(slice(inside.start, inside.stop))
        if not all(o.stop > o.start for o in outs):
            continue
        whole = [range(h, a.size, a.stride) for h, a in zip(hand, g.axes, strict=True)]
        covers = all(
            cell.stop - cell.start == len(of)
            for cell, of in zip(cells, whole, strict=True)
        )
        first = covers and tuple(hand) not in covered
        if first:
            covered.add(tuple(hand))
        under: tuple[Any, ...] = (slice(None), *hand, *cells)
        copies: tuple[Any, ...] = (slice(None), *tap, *outs)
        (firsts if first else others).append((split[under], shares[copies]))
    hands = product(*map(range, g.stride))
    zeros = [split[_all_of(hand)] for hand in hands if hand not in covered]
    return zeros, firsts, others


def _all_of(hand: Shape) -> tuple[Any, ...]:
    return (slice(None), *hand)


def woven_of(x_grad: Array, split: Array, g: Geometry) -> list[tuple[Array, Array]]:
    """Every part of the split cells, and where it belongs; none for strides of 1."""
    woven = []
    for hands in product(*map(range, g.stride)) if max(g.stride) > 1 else ():
        cells = [slice(hand, None, s) for hand, s in zip(hands, g.stride, strict=True)]
        whole = x_grad[:, *cells]
        own: tuple[Any, ...] = (
            slice(None),
            *hands,
            *(slice(size) for size in whole.shape[1:-1]),
        )
        woven.append((whole, split[own]))
    return woven
