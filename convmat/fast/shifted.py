"""The route `shifted`: one GEMM a tap on the whole padded input, and no columns.

In a flat padded image all outputs read through one tap the image itself, shifted; see
`flat`. For many channels, and for the sums of few channel pairs on a large image. In
the literature "kn2row".

References
----------
A. Vasudevan, A. Anderson, D. Gregg, *Parallel Multi Channel Convolution using General
Matrix Multiplication*, ASAP 2017.
"""

from __future__ import annotations

import numpy as np

from convmat.arrays import Array
from convmat.fast.flat import Flat
from convmat.fast.pads import fold
from convmat.geometry import Geometry

__all__ = ["forward", "input_grad", "kernel_grad"]

_BYTES = 1 << 18
"""Shares in a block: a good part of the second-level cache."""


def forward(x: Array, kernel: Array, g: Geometry) -> Array:
    """The convolution; arrays as in `convmat.fast.forward`, of one dtype."""
    from scipy.linalg.blas import get_blas_funcs

    gemm = get_blas_funcs("gemm", dtype=x.dtype)
    flat = Flat(g, x.dtype)
    into, out_of = g.in_channels // g.groups, g.out_channels // g.groups
    y = np.empty((len(x), g.out_channels, *g.output_size), x.dtype)
    sums = np.empty((g.groups, out_of, flat.cells), x.dtype)
    shaped = flat.outputs(sums)
    # (taps, groups, out, in), each matrix contiguous
    banks = np.ascontiguousarray(
        np.moveaxis(kernel.reshape(g.groups, out_of, into, -1), 3, 0)
    )
    for image, result in zip(x, y, strict=True):
        flat.read(image)
        for number, shift in enumerate(flat.shifts):
            read = flat.shifted(shift)  # (groups, in, cells)
            for group in range(g.groups):
                # BLAS counts columns first: all three are transposed, nothing moves.
                gemm(
                    1.0,
                    read[group].T,
                    banks[number, group].T,
                    float(number > 0),
                    sums[group].T,
                    overwrite_c=True,
                )
        result[...] = shaped
    return y


def kernel_grad(grad: Array, x: Array, g: Geometry) -> Array:
    """The gradient by the kernel, of shape `g.weight_shape`, summed over the batch."""
    flat = Flat(g, x.dtype)
    into, out_of = g.in_channels // g.groups, g.out_channels // g.groups
    # Zeros between the lines take the sums over a line's end away.
    grads = np.zeros((g.groups, out_of, flat.cells), x.dtype)
    shaped = flat.outputs(grads)
    total = np.zeros((len(flat.shifts), g.groups, out_of, into), x.dtype)
    for image, given in zip(x, grad, strict=True):
        flat.read(image)
        shaped[...] = given
        for number, shift in enumerate(flat.shifts):
            total[number] += np.matmul(grads, flat.shifted(shift).swapaxes(1, 2))
    return np.ascontiguousarray(np.moveaxis(total, 0, 3)).reshape(g.weight_shape)


def input_grad(grad: Array, kernel: Array, g: Geometry) -> Array:
    """The gradient by the input: shares of all taps by one GEMM, added up shifted."""
    flat = Flat(g, grad.dtype)
    into, out_of = g.in_channels // g.groups, g.out_channels // g.groups
    banks = np.ascontiguousarray(
        kernel.reshape(g.groups, out_of, g.taps_per_row).swapaxes(1, 2)
    )
    grads = np.zeros((g.groups, out_of, flat.cells), grad.dtype)
    shaped = flat.outputs(grads)
    most = max(1, _BYTES // (grad.itemsize * g.groups * g.taps_per_row))
    x_grad = np.empty((len(grad), g.in_channels, *g.input_size), grad.dtype)
    # Shares of the padding at a line's end go to the next line: they are 0.
    sums = np.zeros((g.groups, into, flat.cells + flat.shifts[-1]), grad.dtype)
    lines = sums[:, :, : flat.cells].reshape(g.in_channels, *flat.sizes)
    for given, result in zip(grad, x_grad, strict=True):
        shaped[...] = given
        sums[...] = 0
        for start in range(0, flat.cells, most):
            shares = np.matmul(banks, grads[:, :, start : start + most])
            count = shares.shape[2]
            by_tap = shares.reshape(g.groups, into, -1, count)
            for number, shift in enumerate(flat.shifts):
                first = start + shift
                sums[:, :, first : first + count] += by_tap[:, :, number]
        result[...] = fold(lines, g)
    return x_grad
