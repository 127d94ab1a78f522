"""The gradient by the kernel of the route `lines`.

Lines are laid down once for every tap along them, as in `lines`, but one after the
other for each channel: what all outputs of a block read through the taps of one row of
the kernel is then one matrix, and for the next row of taps the same matrix, shifted by
a line.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from itertools import accumulate
from math import prod
from operator import mul

import numpy as np

from convmat.arrays import Array, Shape
from convmat.fast.blocks import UNPACKED, length_of
from convmat.fast.pads import padded
from convmat.fast.windows import Windows, parts, shared_axis, windows_of
from convmat.geometry import Geometry

__all__ = ["fits", "kernel_grad"]

_APART = 16
"""Numbers between rows that would else be a power of two apart, and fall on each other
in the cache while they are read across."""


def fits(g: Geometry) -> bool:
    """Whether the route carries a geometry: of stride 1 across some lines."""
    return any(axis.stride == 1 for axis in g.axes[:-1])


def kernel_grad(grad: Array, x: Array, g: Geometry) -> Array:
    """The gradient by the kernel, of shape `g.weight_shape`, summed over the batch."""
    sizes = _sizes(g, len(x), x.itemsize)
    # Unlike as_strided, ndarray checks that all of it lies in the buffer.
    windows = np.ndarray(sizes.windows, x.dtype, padded(x, g), strides=sizes.strides)
    windows = windows.transpose(sizes.lines_after_taps)
    grads = grad.reshape(sizes.outputs).transpose(sizes.channels_last_but_two)
    total = np.zeros(sizes.total, x.dtype)
    buffer = np.empty(sizes.room, x.dtype)
    apart = np.empty(sizes.apart, x.dtype)
    for step in sizes.steps:
        laid = buffer[: prod(step.laid)].reshape(step.laid)
        np.copyto(laid, windows[step.windows])
        operands = np.ndarray(step.operands, x.dtype, buffer, strides=step.strides)
        given = grads[step.lines]  # (images, groups, *before, out, lines, outputs)
        rows = given.reshape(*given.shape[:-2], -1)
        # A GEMM is up to twice as fast where no operand is transposed.
        kept = apart[: prod(rows.shape[:-1]) * (rows.shape[-1] + _APART)]
        kept = kept.reshape(*rows.shape[:-1], -1)[..., : rows.shape[-1]]
        np.copyto(kept, rows)
        turned = np.ascontiguousarray(kept.swapaxes(-1, -2))[..., None, :, :]
        part = np.matmul(operands, turned)  # (images, groups, *before, across, ...)
        total += part.sum(axis=sizes.summed)
    by_tap = total.reshape(sizes.shares).transpose(sizes.taps_in_place)
    return np.ascontiguousarray(by_tap).reshape(g.weight_shape)


@dataclass(frozen=True, slots=True)
class _Step:
    """Some images, or some lines of one image.

    Attributes
    ----------
    windows, lines : tuple of slice
        Where its lines are in the windows, and its outputs in the output.
    laid : tuple of int
        Shape of its lines in the buffer.
    operands, strides : tuple of int
        Of the view `(images, groups, *before, across, taps, outputs)` of the buffer.
    """

    windows: tuple[slice, ...]
    lines: tuple[slice, ...]
    laid: Shape
    operands: Shape
    strides: Shape


@dataclass(frozen=True, slots=True)
class _Sizes:
    """Shapes of all that the route holds, for one geometry and batch size.

    Attributes
    ----------
    windows, strides, lines_after_taps : tuple of int
        Of the view that `convmat.fast.windows` describes, and the order of its axes
        that has the lines between taps and outputs.
    outputs, channels_last_but_two : tuple of int
        Of the output, `(batch, groups, out, *before, lines, outputs)`, and the order
        of these axes that has the outputs of one place as a matrix.
    total, shares, taps_in_place : tuple of int
        Of the sums, `(groups, across, taps, out)`; the same with `in` and the taps of
        each axis apart; and the order of those axes that the kernel has.
    summed : tuple of int
        Axes of a step's sums that are no longer there in the total.
    room, apart : int
        Entries of the largest step, and of its gradients.
    steps : tuple of _Step
    """

    windows: Shape
    strides: Shape
    lines_after_taps: Shape
    outputs: Shape
    channels_last_but_two: Shape
    total: Shape
    shares: Shape
    taps_in_place: Shape
    summed: Shape
    room: int
    apart: int
    steps: tuple[_Step, ...]


@lru_cache(maxsize=64)
def _sizes(g: Geometry, batch: int, itemsize: int) -> _Sizes:
    axes = [n for n, axis in enumerate(g.axes[:-1]) if axis.stride == 1]
    across = shared_axis(g, axes, UNPACKED)
    others = [n for n in range(g.rank) if n != across]
    into, out_of = g.in_channels // g.groups, g.out_channels // g.groups
    taps = g.taps_per_row // g.kernel_size[across]
    view = windows_of(g, across, batch, itemsize)
    outputs = prod(view.along)
    most = max(1, UNPACKED // (taps * out_of * outputs))
    steps = tuple(
        _step(g, view, itemsize, part) for part in parts(g, view, itemsize, most)
    )
    places = across + 2  # of batch, groups and `before`
    ends = places + 1 + g.rank  # of these, the lines, `in` and taps
    return _Sizes(
        windows=view.shape,
        strides=view.strides,
        lines_after_taps=(
            *(*range(places), *range(places + 1, ends), places),
            *range(ends, len(view.shape)),
        ),
        outputs=(batch, g.groups, out_of, *g.output_size[: across + 1], outputs),
        channels_last_but_two=(0, 1, *range(3, across + 3), 2, across + 3, across + 4),
        total=(g.groups, g.kernel_size[across], taps, out_of),
        shares=(
            *(g.groups, g.kernel_size[across], into),
            *(g.kernel_size[n] for n in others),
            out_of,
        ),
        taps_in_place=(
            *(0, g.rank + 2, 2),
            *(1 if n == across else 3 + others.index(n) for n in range(g.rank)),
        ),
        summed=(0, *range(2, places)),
        room=max((prod(step.laid) for step in steps), default=0),
        apart=max((_apart(g, step) for step in steps), default=0),
        steps=steps,
    )


def _step(g: Geometry, view: Windows, itemsize: int, part: tuple[slice, ...]) -> _Step:
    """The step of a part `(images, *before, outs)` of the outputs."""
    images, *before, outs = part
    lines = view.lines(outs)
    places = tuple(map(length_of, (images, slice(0, g.groups), *before)))
    taps = view.line[: len(view.line) - len(view.along)]  # (in, *taps)
    laid = (*places, *taps, length_of(lines), *view.along)
    line = itemsize * prod(view.along)
    # Bytes to the next tap, place before it, group, image.
    row = line * length_of(lines)
    place, *earlier = accumulate((row * prod(taps), *places[:0:-1]), mul)
    every = slice(None)
    return _Step(
        windows=(images, every, *before, *(every,) * len(taps), lines),
        lines=(images, every, *before, every, outs),
        laid=laid,
        operands=(
            *(*places, view.axis.kernel, prod(taps)),
            length_of(outs) * prod(view.along),
        ),
        strides=(
            *(*reversed((place, *earlier)), view.axis.dilation * line),
            *(row, itemsize),
        ),
    )


def _apart(g: Geometry, step: _Step) -> int:
    *places, _, _, outputs = step.operands
    return prod(places) * (g.out_channels // g.groups) * (outputs + _APART)
