"""Mutants that make too many outputs, or too few, or leave the last ones out."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from convmat import sliding
from convmat.arrays import Array
from convmat.geometry import Axis, Geometry
from convmat.geometry.doors import Map
from convmat.verify.mutants.mutant import Mutant, of_map
from convmat.verify.mutants.reads import Bend, Reads, flat, maps, right_reads, tables

__all__ = ["SIZE"]


def _sized(
    outs: Callable[[Axis], int], change: Callable[[Axis], Axis] = lambda axis: axis
) -> Bend:
    """The reads with another number of outputs on each axis, and changed axes."""

    def bend(g: Geometry) -> Reads:
        counts = tuple(max(1, outs(axis)) for axis in g.axes)
        cells = flat(tables(map(change, g.axes), counts), g.input_size)
        return replace(right_reads(g), cells=cells, outs=counts)

    return bend


def _rounded_up(axis: Axis) -> int:
    return -(-(axis.padded_size - axis.span) // axis.stride) + 1


def _undilated(axis: Axis) -> int:
    return (axis.padded_size - axis.kernel) // axis.stride + 1


def _one_less(axis: Axis) -> int:
    """The one of the formula forgotten, where that leaves any."""
    return (axis.padded_size - axis.span) // axis.stride


def _twice_before(axis: Axis) -> int:
    return (axis.size + 2 * axis.before - axis.span) // axis.stride + 1


def _tail_lost(width: int) -> Bend:
    """The outputs of the last axis made in blocks, and what is left over forgotten."""

    def bend(g: Geometry) -> Reads:
        reads = right_reads(g)
        last = g.output_size[-1]
        whole = last - last % width
        lost = np.arange(len(reads.cells)) % last >= whole
        if not whole:
            return reads
        return replace(reads, cells=np.where(lost[:, None], -1, reads.cells))

    return bend


def _last_row_lost(g: Geometry) -> Reads:
    """The window that ends with the input exactly is taken to reach beyond it."""
    reads = right_reads(g)
    each = []
    for axis, one in zip(g.axes, tables(g.axes), strict=True):
        ends = axis.padded_cells()[:, -1] == axis.padded_size - 1
        each.append(np.where(ends[:, None] & (len(one) > 1), -1, one))
    return replace(reads, cells=flat(each, g.input_size))


def _squeezed(x: Array, kernel: Array, g: Geometry) -> Array:
    y = sliding.forward(x, kernel, g)
    lone = tuple(axis for axis in range(2, y.ndim) if y.shape[axis] == 1)
    return np.squeeze(y, lone)


def _empty_refused(x: Array, kernel: Array, g: Geometry) -> Array:
    if not len(x):
        message = "the batch is empty"
        raise IndexError(message)
    return sliding.forward(x, kernel, g)


def _throughout(change: Callable[[Geometry], Geometry]) -> Map:
    """The right map for other settings: what a wrong wrapper asks for."""

    def wrong(x: Array, kernel: Array, g: Geometry) -> Array:
        return sliding.forward(x, kernel, change(g))

    return wrong


_GITHUB = "https://github.com/"

_BENT = {
    "size-rounded-up": (
        "the size of the output rounded up instead of down",
        _sized(_rounded_up),
        (),
    ),
    "size-undilated": (
        "the dilation left out of the size of the output",
        _sized(_undilated),
        (f"{_GITHUB}oneapi-src/SYCLomatic/pull/1833",),
    ),
    "size-dilation-ignored": (
        "the dilation ignored altogether",
        _sized(_undilated, lambda axis: replace(axis, dilation=1)),
        (f"{_GITHUB}tensorflow/tensorflow/issues/56498",),
    ),
    "size-one-less": (
        "one output too few on each axis",
        _sized(_one_less),
        (),
    ),
    "size-twice-before": (
        "the padding before an axis counted for that after it",
        _sized(_twice_before),
        (f"{_GITHUB}nntrainer/nntrainer/pull/1570",),
    ),
    "size-odd-tail-lost": (
        "the last of an odd number of outputs in a row left at zero",
        _tail_lost(2),
        (),
    ),
    "size-tail-of-four-lost": (
        "what is left over from blocks of four outputs left at zero",
        _tail_lost(4),
        (),
    ),
    "size-last-window-lost": (
        "a window that ends with the padded input left out",
        _last_row_lost,
        (),
    ),
}

_WRONG: dict[str, tuple[str, Map, tuple[str, ...]]] = {
    "size-squeezed": (
        "axes of length one squeezed out of the output",
        _squeezed,
        (),
    ),
    "size-empty-refused": ("an empty batch refused", _empty_refused, ()),
    "size-strides-swapped": (
        "the strides swapped between axes, in the size of the output too",
        _throughout(lambda g: replace(g, stride=g.stride[::-1])),
        (),
    ),
    "size-pads-swapped": (
        "the padding swapped between axes, in the size of the output too",
        _throughout(lambda g: replace(g, padding=g.padding[::-1])),
        (f"{_GITHUB}pytorch/pytorch/issues/37844",),
    ),
    "size-dilations-swapped": (
        "the dilations swapped between axes, in the size of the output too",
        _throughout(lambda g: replace(g, dilation=g.dilation[::-1])),
        (),
    ),
    "size-stride-forgotten": (
        "the stride forgotten, in the size of the output too",
        _throughout(lambda g: replace(g, stride=(1,) * g.rank)),
        (),
    ),
    "size-padding-forgotten": (
        "the padding forgotten, in the size of the output too",
        _throughout(lambda g: replace(g, padding=((0, 0),) * g.rank)),
        (f"{_GITHUB}pytorch/pytorch/issues/24504",),
    ),
}

SIZE: tuple[Mutant, ...] = (
    *(
        of_map("size", "forward", name, words, maps(bend)["forward"], sources)
        for name, (words, bend, sources) in _BENT.items()
    ),
    *(
        of_map("size", "forward", name, words, wrong, sources)
        for name, (words, wrong, sources) in _WRONG.items()
    ),
)
"""The output ends too late or too early."""
