"""The route `columns`: windows as columns, block by block, and one GEMM a block.

It carries every geometry. The columns of a block stay in the cache between being
written and being read; all columns at once would take as many times the input as the
kernel has taps.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from itertools import accumulate, product
from math import prod
from operator import mul

import numpy as np

from convmat.arrays import Array, Shape
from convmat.fast.blocks import UNPACKED, Block, blocks
from convmat.fast.pads import fold, padded
from convmat.geometry import Geometry

__all__ = ["forward", "input_grad", "kernel_grad"]

_FEWEST = 128
"""Outputs of a block below which the calls cost more than the packing."""

_BYTES = 1 << 18
"""Columns in a block: a part of the second-level cache, four times that if packed."""


def forward(x: Array, kernel: Array, g: Geometry) -> Array:
    """The convolution; arrays as in `convmat.fast.forward`, of one dtype."""
    sizes = _sizes(g, len(x), x.itemsize)
    windows = _windows(x, g, sizes)
    banks = kernel.reshape(sizes.banks)
    y = np.empty(sizes.outputs, x.dtype)
    buffer = np.empty(sizes.room, x.dtype)
    for block in sizes.blocks:
        columns = _laid(windows[block.windows], buffer).reshape(block.matrix_shape)
        np.matmul(banks, columns, out=y[block.matrix])
    return y.reshape(sizes.result)


def kernel_grad(grad: Array, x: Array, g: Geometry) -> Array:
    """The gradient by the kernel, of shape `g.weight_shape`, summed over the batch."""
    sizes = _sizes(g, len(x), x.itemsize)
    windows = _windows(x, g, sizes)
    grads = grad.reshape(sizes.outputs).swapaxes(2, 3)
    groups, channels, taps = sizes.banks
    total = np.zeros((groups, taps, channels), x.dtype)
    buffer = np.empty(sizes.room, x.dtype)
    for block in sizes.blocks:
        images, *_, outputs = block.matrix
        columns = _laid(windows[block.windows], buffer).reshape(block.matrix_shape)
        part = np.matmul(columns, grads[images, :, outputs])
        total += part[0] if len(part) == 1 else part.sum(axis=0)
    return np.ascontiguousarray(total.swapaxes(1, 2)).reshape(g.weight_shape)


def input_grad(grad: Array, kernel: Array, g: Geometry) -> Array:
    """The gradient by the input: every output hands its window back, tap by tap."""
    sizes = _sizes(g, len(grad), grad.itemsize)
    banks = kernel.reshape(sizes.banks).swapaxes(1, 2)
    grads = grad.reshape(sizes.outputs)
    sums = np.zeros(sizes.padded, grad.dtype)
    buffer = np.empty(sizes.room, grad.dtype)
    for block in sizes.blocks:
        shares = buffer[: block.entries].reshape(block.matrix_shape)
        np.matmul(banks, grads[block.matrix], out=shares)
        by_tap = shares.reshape(*block.shape[:2], -1, *block.shape[2 + g.rank :])
        for number, tap in enumerate(product(*map(range, g.kernel_size))):
            cells = (
                slice(
                    t * axis.dilation + out.start * axis.stride,
                    t * axis.dilation + (out.stop - 1) * axis.stride + 1,
                    axis.stride,
                )
                for t, axis, out in zip(tap, g.axes, block.outs, strict=True)
            )
            sums[block.images, :, *cells] += by_tap[:, :, number]
    return np.ascontiguousarray(fold(sums, g))


@dataclass(frozen=True, slots=True)
class _Sizes:
    """Shapes of everything that the maps hold, for one geometry and batch size.

    Attributes
    ----------
    padded : tuple of int
        Of the padded input, `(batch, channels, *padded)`.
    windows, strides : tuple of int
        Of the view `(batch, channels, *taps, *outs)` of the padded input.
    banks, outputs : tuple of int
        Of kernel and output as matrices: `(groups, channels, taps)` and `(batch,
        groups, channels, outputs)`.
    result : tuple of int
        Of the output.
    blocks : tuple of Block
    room : int
        Entries in the columns of the largest block.
    """

    padded: Shape
    windows: Shape
    strides: Shape
    banks: Shape
    outputs: Shape
    result: Shape
    blocks: tuple[Block, ...]
    room: int


@lru_cache(maxsize=64)
def _sizes(g: Geometry, batch: int, itemsize: int) -> _Sizes:
    per_group = g.out_channels // g.groups
    whole = (batch, g.in_channels, *(axis.padded_size for axis in g.axes))
    # Bytes from one cell to the next along each axis of the padded input, in C order.
    images, channels, *lines = tuple(accumulate((itemsize, *whole[:0:-1]), mul))[::-1]
    steps = tuple(blocks(g, batch, _most(g, itemsize)))
    return _Sizes(
        padded=whole,
        windows=(batch, g.in_channels, *g.kernel_size, *g.output_size),
        strides=(
            images,
            channels,
            *map(mul, lines, g.dilation),
            *map(mul, lines, g.stride),
        ),
        banks=(g.groups, per_group, g.taps_per_row),
        outputs=(batch, g.groups, per_group, prod(g.output_size)),
        result=(batch, g.out_channels, *g.output_size),
        blocks=steps,
        room=max((block.entries for block in steps), default=0),
    )


def _most(g: Geometry, itemsize: int) -> int:
    """Outputs of a block, of a size that suits the cache and the GEMM."""
    fitting = _BYTES // (itemsize * g.groups * g.taps_per_row)
    unpacked = UNPACKED // (g.out_channels // g.groups * g.taps_per_row)
    return max(1, min(fitting, unpacked) if unpacked >= _FEWEST else 4 * fitting)


def _windows(x: Array, g: Geometry, sizes: _Sizes) -> Array:
    """A view of the padded input, `(batch, channels, *taps, *outs)`: nothing copied."""
    # Unlike as_strided, ndarray checks that all of it lies in the buffer.
    return np.ndarray(sizes.windows, x.dtype, padded(x, g), strides=sizes.strides)


def _laid(windows: Array, buffer: Array) -> Array:
    """A copy of some windows, at the beginning of the buffer."""
    columns = buffer[: windows.size].reshape(windows.shape)
    np.copyto(columns, windows)
    return columns
