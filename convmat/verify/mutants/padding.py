"""Mutants that pad on the wrong side, by the wrong amount or with the wrong value."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace

import numpy as np

from convmat import sliding
from convmat.arrays import Array
from convmat.geometry import Axis, Geometry
from convmat.verify.mutants.mutant import Mutant, of_map
from convmat.verify.mutants.reads import (
    Bend,
    Reads,
    along,
    flat,
    maps,
    right_reads,
    tables,
)
from convmat.verify.mutants.stride import crossed

__all__ = ["PADDING", "PADDING_BENDS"]


def _before(change: Callable[[Axis], int]) -> Bend:
    """The reads with another amount of padding before each axis.

    That after it needs no change: whatever is beyond the input is padding.
    """
    return along(lambda axes: (replace(a, before=change(a)) for a in axes))


def _odd_cell_first(axis: Axis) -> int:
    return axis.before + (axis.after == axis.before + 1)


def _begins_then_ends(axes: tuple[Axis, ...]) -> Iterable[Axis]:
    """ONNX's order `(begins, ends)` read as pairs, one for each axis."""
    pads = [a.before for a in axes] + [a.after for a in axes]
    for axis, before in zip(axes, pads[::2], strict=True):
        yield replace(axis, before=before)


def _valued(value: float) -> Bend:
    return lambda g: replace(right_reads(g), outside=value)


def _border_left_out(g: Geometry) -> Reads:
    reads = right_reads(g)
    border = (reads.cells < 0).any(axis=1, keepdims=True)
    return replace(reads, cells=np.where(border, -1, reads.cells))


def _pulled_in(g: Geometry) -> Reads:
    """Windows that reach beyond the input are moved into it."""
    each = []
    for axis in g.axes:
        cells = axis.padded_cells() - axis.before
        low, high = cells.min(axis=1), cells.max(axis=1)
        cells -= np.minimum(low, 0)[:, None]
        cells -= np.maximum(high - axis.size + 1, 0)[:, None]
        each.append(np.where((cells >= 0) & (cells < axis.size), cells, -1))
    return replace(right_reads(g), cells=flat(each, g.input_size))


def _from_the_back(g: Geometry) -> Reads:
    """Negative indices count from the end, as Python has it."""
    each = []
    for axis in g.axes:
        cells = axis.padded_cells() - axis.before
        inside = (cells >= -axis.size) & (cells < axis.size)
        each.append(np.where(inside, cells % axis.size, -1))
    return replace(right_reads(g), cells=flat(each, g.input_size))


def _next_row(g: Geometry) -> Reads:
    """Nobody stops the last axis at the end of its row."""
    *rows, last = g.axes
    cells = last.padded_cells() - last.before
    first = flat(tables(rows), g.input_size[:-1])  # (rows, taps of a row)
    total = np.where(first < 0, -1, first * last.size)[:, None, :, None]
    both = total + cells[:, None]  # (rows, outs, taps of a row, taps)
    shape = len(first) * len(cells), first.shape[1] * cells.shape[1]
    outside = np.broadcast_to(total < 0, both.shape).reshape(shape)
    flattened = both.reshape(shape)
    held = np.prod(g.input_size)
    beyond = outside | (flattened < 0) | (flattened >= held)
    return replace(right_reads(g), cells=np.where(beyond, -1, flattened))


def _clamped(axes: tuple[Axis, ...]) -> Iterable[Axis]:
    return (replace(a, mode="replicate") if a.mode == "zeros" else a for a in axes)


_GITHUB = "https://github.com/"

PADDING_BENDS: dict[str, tuple[str, Bend, tuple[str, ...]]] = {
    "pads-sides-swapped": (
        "the padding before and after an axis swapped",
        _before(lambda axis: axis.after),
        (),
    ),
    "pads-axes-swapped": (
        "the padding swapped between axes",
        crossed("before", "after"),
        (f"{_GITHUB}autogluon/autogluon/pull/438",),
    ),
    "pads-all-first": (
        "all the padding before the axis",
        _before(lambda axis: axis.before + axis.after),
        (),
    ),
    "pads-all-last": (
        "all the padding after the axis",
        _before(lambda axis: 0),
        (),
    ),
    "pads-halved": (
        "half of all padding put on each side",
        _before(lambda axis: (axis.before + axis.after) // 2),
        (f"{_GITHUB}root-project/root/pull/21793",),
    ),
    "pads-odd-cell-first": (
        "same-lower for same-upper: the odd cell of padding before the axis",
        _before(_odd_cell_first),
        (f"{_GITHUB}root-project/root/pull/21793",),
    ),
    "pads-begins-then-ends": (
        "pads listed as begins and ends read as one pair for each axis",
        along(_begins_then_ends),
        (f"{_GITHUB}qualcomm/aimet/pull/2873",),
    ),
    "pads-one": (
        "ones in the padding instead of zeros",
        _valued(1.0),
        (f"{_GITHUB}apache/tvm/pull/4807",),
    ),
    "pads-minus-infinity": (
        "the padding of a maximum: minus infinity",
        _valued(-np.inf),
        (),
    ),
    "pads-clamped": (
        "the outermost cell repeated instead of zeros",
        along(_clamped),
        (),
    ),
    "border-left-out": (
        "outputs at the border left at zero",
        _border_left_out,
        (),
    ),
    "border-pulled-in": (
        "windows at the border moved into the input",
        _pulled_in,
        (),
    ),
    "border-from-the-back": (
        "negative indices counted from the end",
        _from_the_back,
        (),
    ),
    "border-next-row": (
        "the end of a row running on into the next",
        _next_row,
        (),
    ),
}
"""Wrong reads by name, with words and sources; the gradients know some of them too."""


def _crossings_ignored(x: Array, kernel: Array, g: Geometry) -> Array:
    """Only the border, and only where two axes meet: the corners are left at zero."""
    y = sliding.forward(x, kernel, g)
    beyond = [(one < 0).any(axis=1) for one in tables(g.axes)]
    if g.rank < 2:
        return y
    corners = np.zeros(g.output_size, np.int64)
    for axis, outs in enumerate(beyond):
        corners += np.expand_dims(outs, [a for a in range(g.rank) if a != axis])
    return np.where(corners > 1, np.zeros((), y.dtype), y)


PADDING: tuple[Mutant, ...] = (
    *(
        of_map("padding", "forward", name, words, maps(bend)["forward"], sources)
        for name, (words, bend, sources) in PADDING_BENDS.items()
    ),
    of_map(
        "padding",
        "forward",
        "border-corners-left-out",
        "outputs at the corners left at zero",
        _crossings_ignored,
    ),
)
"""Zeros in the wrong place, or something else in the place of zeros."""
