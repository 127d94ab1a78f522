"""The route `columns`: windows as columns, block by block, and one GEMM a block.

It carries every geometry. The columns of a block stay in the cache between being
written and being read; all columns at once would take as many times the input as the
kernel has taps.
"""

from __future__ import annotations

from itertools import product
from math import prod

import numpy as np

from convmat.arrays import Array
from convmat.fast.blocks import Block, blocks
from convmat.geometry import Geometry

__all__ = ["BLOCK", "forward", "input_grad", "kernel_grad"]

BLOCK = 1 << 17
"""Bytes of columns in a block: a good part of the second-level cache."""


def forward(x: Array, kernel: Array, g: Geometry) -> Array:
    """The convolution; arrays as in `convmat.fast.forward`, of one dtype."""
    windows = _windows(x, g)
    banks = kernel.reshape(g.groups, -1, g.taps_per_row)  # (groups, channels, taps)
    outs = g.output_size
    y = np.empty((len(x), g.groups, banks.shape[1], prod(outs)), x.dtype)
    most = _most(x, g)
    buffer = _buffer(x, g, most)
    for block in blocks(len(x), outs, most):
        columns = _columns(windows, block, buffer, g)
        np.matmul(banks, columns, out=y[block.images, :, :, block.flat])
    return y.reshape(len(x), g.out_channels, *outs)


def kernel_grad(grad: Array, x: Array, g: Geometry) -> Array:
    """The gradient by the kernel, of shape `g.weight_shape`, summed over the batch."""
    windows = _windows(x, g)
    outs = g.output_size
    grads = grad.reshape(len(x), g.groups, g.out_channels // g.groups, prod(outs))
    total = np.zeros((g.groups, grads.shape[2], g.taps_per_row), x.dtype)
    most = _most(x, g)
    buffer = _buffer(x, g, most)
    for block in blocks(len(x), outs, most):
        columns = _columns(windows, block, buffer, g).swapaxes(2, 3)
        for image, part in zip(
            grads[block.images, :, :, block.flat], columns, strict=True
        ):
            total += np.matmul(image, part)
    return total.reshape(g.weight_shape)


def input_grad(grad: Array, kernel: Array, g: Geometry) -> Array:
    """The gradient by the input: every output hands its window back, tap by tap."""
    banks = kernel.reshape(g.groups, -1, g.taps_per_row).swapaxes(1, 2)
    outs = g.output_size
    grads = grad.reshape(len(grad), g.groups, g.out_channels // g.groups, prod(outs))
    padded = np.zeros(
        (len(grad), g.in_channels, *(axis.padded_size for axis in g.axes)), grad.dtype
    )
    most = _most(grad, g)
    buffer = _buffer(grad, g, most)
    for block in blocks(len(grad), outs, most):
        images, sizes = _sizes(block)
        shares = buffer[: images * g.groups * g.taps_per_row * prod(sizes)]
        np.matmul(
            banks,
            grads[block.images, :, :, block.flat],
            out=shares.reshape(images, g.groups, g.taps_per_row, prod(sizes)),
        )
        by_tap = shares.reshape(images, g.in_channels, -1, *sizes)
        for number, tap in enumerate(product(*map(range, g.kernel_size))):
            cells = tuple(
                slice(
                    t * axis.dilation + out.start * axis.stride,
                    t * axis.dilation + (out.stop - 1) * axis.stride + 1,
                    axis.stride,
                )
                for t, axis, out in zip(tap, g.axes, block.outs, strict=True)
            )
            padded[block.images, :, *cells] += by_tap[:, :, number]
    inner = tuple(slice(a.before, a.before + a.size) for a in g.axes)
    return np.ascontiguousarray(padded[:, :, *inner])


def _windows(x: Array, g: Geometry) -> Array:
    """A view of the padded input, `(batch, channels, *taps, *outs)`: nothing copied."""
    if any(map(any, g.padding)):
        sizes = [axis.padded_size for axis in g.axes]
        padded = np.zeros((*x.shape[:2], *sizes), x.dtype)
        inner = tuple(slice(a.before, a.before + a.size) for a in g.axes)
        padded[:, :, *inner] = x
    else:
        padded = np.ascontiguousarray(x)
    spatial = padded.strides[2:]
    taps = tuple(s * d for s, d in zip(spatial, g.dilation, strict=True))
    steps = tuple(s * d for s, d in zip(spatial, g.stride, strict=True))
    return np.ndarray(  # checked against the buffer's size, unlike as_strided
        (*x.shape[:2], *g.kernel_size, *g.output_size),
        x.dtype,
        padded,
        strides=(*padded.strides[:2], *taps, *steps),
    )


def _columns(windows: Array, block: Block, buffer: Array, g: Geometry) -> Array:
    """The columns of one block, `(images, groups, taps, outputs)`, in the buffer."""
    images, sizes = _sizes(block)
    columns = buffer[: images * g.groups * g.taps_per_row * prod(sizes)]
    every = (slice(None),) * (1 + g.rank)  # channels and taps
    shaped = columns.reshape(images, g.in_channels, *g.kernel_size, *sizes)
    np.copyto(shaped, windows[block.images, *every, *block.outs])
    return columns.reshape(images, g.groups, g.taps_per_row, prod(sizes))


def _sizes(block: Block) -> tuple[int, tuple[int, ...]]:
    """Images of a block, and outputs along each axis."""
    return (
        block.images.stop - block.images.start,
        tuple(out.stop - out.start for out in block.outs),
    )


def _most(x: Array, g: Geometry) -> int:
    """Outputs of a block."""
    return max(1, BLOCK // (x.itemsize * g.groups * g.taps_per_row))


def _buffer(x: Array, g: Geometry, most: int) -> Array:
    """Room for the columns of the largest block."""
    outputs = min(most, len(x) * prod(g.output_size))
    return np.empty(outputs * g.groups * g.taps_per_row, x.dtype)
