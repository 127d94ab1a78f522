"""The route `lines`: lines of columns that neighbouring outputs share.

As columns a line of the input is copied once for every tap that reads it. But outputs
that are neighbours *across* the lines read the same lines, each one further on. So a
line is laid down once for every tap along it only, and the operand of an output's line
is a view that begins at its first line and ends at its last:

    line 0 | line 1 | line 2 | line 3 | ...     (channels * taps along, outputs along)
    [ operand of output line 0 ]
             [ operand of output line 1 ]

For three taps across it copies a third of the columns. Nothing is multiplied that the
definition does not multiply, and one call of NumPy multiplies all lines of a block.
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
from convmat.fast.pads import Padding, padding_of
from convmat.fast.windows import Windows, parts, shared_axis, windows_of
from convmat.fast.windows import products as line_products
from convmat.geometry import Geometry

__all__ = ["fits", "forward", "length", "products"]


def fits(g: Geometry) -> bool:
    """Whether the route carries a geometry: of dilation 1 across some lines."""
    return bool(_axes(g))


def products(g: Geometry) -> int:
    """Products of the GEMM of one line."""
    return line_products(g, shared_axis(g, _axes(g), UNPACKED))


def length(g: Geometry) -> int:
    """Outputs of a line."""
    return prod(g.output_size[shared_axis(g, _axes(g), UNPACKED) + 1 :])


def _axes(g: Geometry) -> list[int]:
    return [n for n, axis in enumerate(g.axes[:-1]) if axis.dilation == 1]


def forward(x: Array, kernel: Array, g: Geometry) -> Array:
    """The convolution; arrays as in `convmat.fast.forward`, of one dtype."""
    sizes = _sizes(g, len(x), x.itemsize)
    # Unlike as_strided, ndarray checks that all of it lies in the buffer.
    padded = sizes.padding.padded(x)
    windows = np.ndarray(sizes.windows, x.dtype, padded, strides=sizes.strides)
    taps = kernel.reshape(sizes.taps).transpose(sizes.taps_across_first)
    banks = taps.reshape(sizes.banks)
    y = np.empty(sizes.result, x.dtype)
    lines = y.reshape(sizes.outputs).transpose(sizes.channels_last_but_one)
    buffer = np.empty(sizes.room, x.dtype)
    for step in sizes.steps:
        laid = buffer[: prod(step.laid)].reshape(step.laid)
        np.copyto(laid, windows[step.windows])
        operands = np.ndarray(step.operands, x.dtype, buffer, strides=step.strides)
        np.matmul(banks, operands, out=lines[step.lines])
    return y


@dataclass(frozen=True, slots=True)
class _Step:
    """Some images, or some lines of one image.

    Attributes
    ----------
    windows, lines : tuple of slice
        Where its lines are in `_Sizes.windows`, and its outputs in the output.
    laid : tuple of int
        Shape of its lines in the buffer.
    operands, strides : tuple of int
        Of the view `(images, groups, *before, lines, taps, outputs)` of the buffer.
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
    padding : Padding
    windows, strides : tuple of int
        Of the view `(batch, groups, *before, lines, in, *taps, *along)` of the padded
        input. The axis across the lines comes after `before` and before `along`;
        `taps` are those of all axes but that one.
    taps, taps_across_first, banks : tuple of int
        Of the kernel, `(groups, out, in, *taps)`; the order of its axes that belongs
        to the lines; and as matrices, `(groups, *ones, out, taps)`.
    result, outputs, channels_last_but_one : tuple of int
        Of the output, also as `(batch, groups, out, *before, lines, outputs)`, and the
        order of these axes that has the outputs of a line as a matrix.
    room : int
        Entries of the largest step.
    steps : tuple of _Step
    """

    padding: Padding
    windows: Shape
    strides: Shape
    taps: Shape
    taps_across_first: Shape
    banks: Shape
    result: Shape
    outputs: Shape
    channels_last_but_one: Shape
    room: int
    steps: tuple[_Step, ...]


@lru_cache(maxsize=64)
def _sizes(g: Geometry, batch: int, itemsize: int) -> _Sizes:
    across = shared_axis(g, _axes(g), UNPACKED)
    others = [n for n in range(g.rank) if n != across]
    into, out_of = g.in_channels // g.groups, g.out_channels // g.groups
    view = windows_of(g, across, batch, itemsize)
    steps = tuple(_step(g, view, itemsize, part) for part in parts(g, view, itemsize))
    outputs = prod(view.along)
    return _Sizes(
        padding=padding_of(g),
        windows=view.shape,
        strides=view.strides,
        taps=(g.groups, out_of, into, *g.kernel_size),
        taps_across_first=(0, 1, 3 + across, 2, *(3 + n for n in others)),
        banks=(g.groups, *(1,) * (across + 1), out_of, g.taps_per_row),
        result=(batch, g.out_channels, *g.output_size),
        outputs=(batch, g.groups, out_of, *g.output_size[: across + 1], outputs),
        channels_last_but_one=(0, 1, *range(3, across + 4), 2, across + 4),
        room=max((prod(step.laid) for step in steps), default=0),
        steps=steps,
    )


def _step(g: Geometry, view: Windows, itemsize: int, part: tuple[slice, ...]) -> _Step:
    """The step of a part `(images, *before, outs)` of the outputs."""
    images, *before, outs = part
    lines = view.lines(outs)
    places = tuple(map(length_of, (images, slice(0, g.groups), *before)))
    laid = (*places, length_of(lines), *view.line)
    # Bytes to the next line of a step, place before it, group, image.
    line, *earlier = accumulate(
        (itemsize * prod(view.line), *laid[len(places) : 0 : -1]), mul
    )
    outputs = prod(view.along)
    every = slice(None)
    return _Step(
        windows=(images, every, *before, lines),
        lines=(images, every, *before, outs),
        laid=laid,
        operands=(*places, length_of(outs), g.taps_per_row, outputs),
        strides=(
            *(*reversed(earlier), view.axis.stride * line),
            *(itemsize * outputs, itemsize),
        ),
    )
