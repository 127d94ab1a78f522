"""The definition of the convolution, by sliding windows: forward and both gradients.

This is the oracle that every other route is held against, so it is dull on purpose. It
pads, takes strided windows through NumPy and multiplies; it never sees an index table,
a matrix or a plan. Integers, floats, complex numbers and objects (`Fraction`) pass
through every function.

"Convolution" is the cross-correlation of deep learning: nothing is flipped.
"""

from __future__ import annotations

from functools import partial
from itertools import product
from math import prod
from typing import Any

import numpy as np
import numpy.typing as npt
from numpy.lib.stride_tricks import sliding_window_view

from convmat.arrays import Array, Shape
from convmat.dtypes import exact_sums
from convmat.geometry import Axis, Geometry, IntOrInts
from convmat.geometry.doors import conv_by, input_grad_by, kernel_grad_by
from convmat.geometry.keywords import known_keywords
from convmat.memory import refuse_beyond

__all__ = [
    "conv",
    "conv_input_grad",
    "conv_kernel_grad",
    "forward",
    "input_grad",
    "kernel_grad",
]


@known_keywords
def conv(
    x: npt.ArrayLike,
    kernel: npt.ArrayLike,
    bias: npt.ArrayLike | None = None,
    **keywords: Any,
) -> Array:
    """`convmat.conv` by the definition, whatever the numbers are.

    Examples
    --------
    >>> conv([[0, 1, 2], [3, 4, 5], [6, 7, 8]], [[0, 1], [2, 3]])
    array([[19, 25],
           [37, 43]])
    """
    return conv_by(forward, x, kernel, bias, keywords)


@known_keywords
def conv_input_grad(
    grad: npt.ArrayLike,
    kernel: npt.ArrayLike,
    input_shape: IntOrInts,
    **keywords: Any,
) -> Array:
    """`convmat.conv_input_grad` by the definition, whatever the numbers are.

    Examples
    --------
    >>> conv_input_grad([1, 1], [2, 5], 3)  # the middle cell is read by both taps
    array([2, 7, 5])
    """
    return input_grad_by(input_grad, grad, kernel, input_shape, keywords)


@known_keywords
def conv_kernel_grad(
    grad: npt.ArrayLike,
    x: npt.ArrayLike,
    kernel_shape: IntOrInts,
    **keywords: Any,
) -> Array:
    """`convmat.conv_kernel_grad` by the definition, whatever the numbers are.

    Examples
    --------
    >>> conv_kernel_grad([1, 10], [2, 3, 4], 2)  # 2 + 10 * 3 and 3 + 10 * 4
    array([32, 43])
    """
    return kernel_grad_by(kernel_grad, grad, x, kernel_shape, keywords)


def forward(x: Array, kernel: Array, g: Geometry) -> Array:
    """`y[b, o, *out] = sum_{c, *tap} kernel[o, c, *tap] * window[b, c, *out, *tap]`.

    `x` is `(batch, in_channels, *spatial)`, `kernel` has the shape `g.weight_shape`;
    the result is `(batch, out_channels, *outs)`.

    Examples
    --------
    >>> from convmat import geometry
    >>> forward(np.array([[[1, 2, 3]]]), np.array([[[10, 1]]]), geometry(3, 2))
    array([[[12, 23]]])
    """
    return exact_sums(partial(_forward, g=g), x, kernel, terms=g.taps_per_row)


def _forward(x: Array, kernel: Array, g: Geometry) -> Array:
    dtype = np.result_type(x, kernel)
    _refuse_too_large(len(x), dtype, g, g.out_channels * prod(g.output_size))
    columns, outs = _columns(x, g)  # (batch, groups, outputs, taps)
    banks = kernel.reshape(g.groups, -1, g.taps_per_row)  # (groups, channels, taps)
    # (batch, groups, channels, outputs)
    y: Array = np.matmul(banks, columns.swapaxes(2, 3))
    return y.reshape(len(x), g.out_channels, *outs)


def kernel_grad(grad: Array, x: Array, g: Geometry) -> Array:
    """The gradient by the kernel, of shape `g.weight_shape`, summed over the batch.

    `grad` is `(batch, out_channels, *outs)`, `x` is `(batch, in_channels, *spatial)`.

    Examples
    --------
    >>> from convmat import geometry
    >>> kernel_grad(np.array([[[1, 10]]]), np.array([[[2, 3, 4]]]), geometry(3, 2))
    array([[[32, 43]]])
    """
    terms = len(x) * prod(g.output_size)
    return exact_sums(partial(_kernel_grad, g=g), grad, x, terms=terms)


def _kernel_grad(grad: Array, x: Array, g: Geometry) -> Array:
    # Taps of each image, before they are summed over the batch.
    _refuse_too_large(len(x), np.result_type(grad, x), g, g.free_parameters)
    columns, _ = _columns(x, g)
    outputs = prod(grad.shape[2:])
    grads = grad.reshape(len(x), g.groups, g.out_channels // g.groups, outputs)
    # (batch, groups, channels, taps), then summed over the batch
    total: Array = np.matmul(grads, columns).sum(axis=0)
    return total.reshape(g.weight_shape)


def input_grad(grad: Array, kernel: Array, g: Geometry) -> Array:
    """The gradient by the input: every output hands its window back, tap by tap.

    `grad` is `(batch, out_channels, *outs)`, `kernel` has the shape `g.weight_shape`;
    the result is `(batch, in_channels, *spatial)`.

    Examples
    --------
    >>> from convmat import geometry
    >>> input_grad(np.array([[[1, 100]]]), np.array([[[2, 5]]]), geometry(3, 2))
    array([[[  2, 205, 500]]])
    """
    terms = g.out_channels // g.groups * prod(map(_readers, g.axes))
    return exact_sums(partial(_input_grad, g=g), grad, kernel, terms=terms)


def _readers(axis: Axis) -> int:
    """At most so many taps of all outputs read one cell of an axis.

    One for each tap and each cell of the padded input that shows it.
    """
    cells = 1 if axis.mode == "zeros" else 1 + axis.before + axis.after
    return axis.kernel * min(cells, axis.out_size)


def _input_grad(grad: Array, kernel: Array, g: Geometry) -> Array:
    banks = kernel.reshape(g.groups, -1, g.taps_per_row)
    outputs = prod(grad.shape[2:])  # -1 cannot be told from an empty batch
    grads = grad.reshape(len(grad), g.groups, g.out_channels // g.groups, outputs)
    _refuse_too_large(len(grad), np.result_type(grad, kernel), g, 0)
    shares = np.matmul(banks.swapaxes(1, 2), grads)  # (batch, groups, taps, outputs)
    shares = shares.reshape(len(grad), g.in_channels, *g.kernel_size, *grad.shape[2:])
    padded_size = [n + before + after for n, (before, after) in _sized_pads(g)]
    padded = np.zeros((len(grad), g.in_channels, *padded_size), shares.dtype)
    for tap in product(*map(range, g.kernel_size)):
        cells = tuple(
            slice(t * d, t * d + s * (outs - 1) + 1, s)
            for t, d, s, outs in zip(
                tap, g.dilation, g.stride, grad.shape[2:], strict=True
            )
        )
        padded[:, :, *cells] += shares[:, :, *tap]
    return _unpad(padded, g)


def _refuse_too_large(
    batch: int, dtype: np.dtype[Any], g: Geometry, results: int
) -> None:
    """Refuse before padding, windows or `results` for each image exhaust memory.

    Windows are copied once.
    """
    padded = prod(n + before + after for n, (before, after) in _sized_pads(g))
    windows = prod(g.output_size) * prod(g.kernel_size)
    entries = g.in_channels * (padded + windows) + results
    needed = batch * entries * dtype.itemsize
    remedy = "use a smaller batch, or apply the kernel to parts of the input"
    refuse_beyond("the windows of", g, needed, None, remedy)


def _pad(x: Array, g: Geometry) -> Array:
    widths = [(0, 0), (0, 0), *g.padding]
    if g.padding_mode == "zeros":
        # Of its own accord np.pad puts int64 among objects.
        return np.pad(x, widths, constant_values=np.zeros((), x.dtype))
    padded: Array = np.pad(x, widths, _NUMPY_MODES[g.padding_mode])
    return padded


def _unpad(padded: Array, g: Geometry) -> Array:
    """The transpose of `_pad`: each cell of the padding is added to its source."""
    if g.padding_mode == "zeros":
        inner = tuple(slice(before, before + n) for n, (before, _) in _sized_pads(g))
        return padded[:, :, *inner]
    for axis, (n, pads) in enumerate(_sized_pads(g), start=2):
        sources = np.pad(np.arange(n), pads, _NUMPY_MODES[g.padding_mode])
        cells = np.moveaxis(padded, axis, 0)
        total = np.zeros((n, *cells.shape[1:]), padded.dtype)
        np.add.at(total, sources, cells)
        padded = np.moveaxis(total, 0, axis)
    return padded


_NUMPY_MODES: dict[str, Any] = {
    "circular": "wrap",
    "reflect": "reflect",
    "replicate": "edge",
    "symmetric": "symmetric",
}


def _columns(x: Array, g: Geometry) -> tuple[Array, Shape]:
    """Windows as columns `(batch, groups, outputs, taps)`, and outputs per axis."""
    padded = _pad(x, g) if any(map(any, g.padding)) else x
    spatial = tuple(range(2, x.ndim))
    windows = sliding_window_view(padded, g.span, axis=spatial)
    strides = tuple(slice(None, None, s) for s in g.stride)
    dilations = tuple(slice(None, None, d) for d in g.dilation)
    windows = windows[:, :, *strides, *dilations]  # (batch, channels, *outs, *taps)
    outs = windows.shape[2 : 2 + g.rank]
    windows = windows.reshape(
        len(x), g.groups, g.in_channels // g.groups, *outs, *g.kernel_size
    )
    windows = np.moveaxis(windows, 2, 2 + g.rank)  # channels beside their taps
    outputs = prod(outs)
    return windows.reshape(len(x), g.groups, outputs, g.taps_per_row), outs


def _sized_pads(g: Geometry) -> zip[tuple[int, tuple[int, int]]]:
    return zip(g.input_size, g.padding, strict=True)
