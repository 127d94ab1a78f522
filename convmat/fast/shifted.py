"""The route `shifted`: one GEMM a tap on the whole padded input, and no columns.

Laid out flat, a padded image has a neighbour in a row at distance 1 and in a column at
distance of one padded row. So what all outputs read through one tap is the flat image,
shifted. The sums over a line's end, where a window would run into the next line, are
computed and dropped. For many channels at stride 1; in the literature "kn2row".

References
----------
A. Vasudevan, A. Anderson, D. Gregg, *Parallel Multi Channel Convolution using General
Matrix Multiplication*, ASAP 2017.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product
from math import prod

import numpy as np

from convmat.arrays import Array
from convmat.geometry import Geometry

__all__ = ["fits", "forward", "kernel_grad", "waste"]


def fits(g: Geometry) -> bool:
    """Whether the route carries a geometry: stride 1 along all axes."""
    return set(g.stride) == {1}


def waste(g: Geometry) -> float:
    """Sums computed over sums wanted."""
    return prod(axis.padded_size for axis in g.axes) / prod(g.output_size)


def forward(x: Array, kernel: Array, g: Geometry) -> Array:
    """The convolution; arrays as in `convmat.fast.forward`, of one dtype."""
    from scipy.linalg.blas import get_blas_funcs

    gemm = get_blas_funcs("gemm", dtype=x.dtype)
    flat = _Flat(g, x.dtype)
    into, out_of = g.in_channels // g.groups, g.out_channels // g.groups
    y = np.empty((len(x), g.out_channels, *g.output_size), x.dtype)
    sums = np.empty((g.groups, out_of, flat.cells), x.dtype)
    corner = tuple(slice(0, n) for n in g.output_size)
    shaped = sums.reshape(g.out_channels, *flat.sizes)[:, *corner]
    # (taps, groups, out, in), each matrix contiguous
    banks = np.ascontiguousarray(
        np.moveaxis(kernel.reshape(g.groups, out_of, into, -1), 3, 0)
    )
    for image, result in zip(x, y, strict=True):
        flat.inner[...] = image
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
    flat = _Flat(g, x.dtype)
    into, out_of = g.in_channels // g.groups, g.out_channels // g.groups
    # Zeros between the lines take the sums over a line's end away.
    grads = np.zeros((g.groups, out_of, flat.cells), x.dtype)
    corner = tuple(slice(0, n) for n in g.output_size)
    shaped = grads.reshape(g.out_channels, *flat.sizes)[:, *corner]
    total = np.zeros((len(flat.shifts), g.groups, out_of, into), x.dtype)
    for image, given in zip(x, grad, strict=True):
        flat.inner[...] = image
        shaped[...] = given
        for number, shift in enumerate(flat.shifts):
            total[number] += np.matmul(grads, flat.shifted(shift).swapaxes(1, 2))
    return np.ascontiguousarray(np.moveaxis(total, 0, 3)).reshape(g.weight_shape)


class _Flat:
    """One padded image as flat lines of channels, and its shifts."""

    def __init__(self, g: Geometry, dtype: np.dtype[np.generic]) -> None:
        self.sizes = tuple(axis.padded_size for axis in g.axes)
        self.cells = prod(self.sizes)
        self.shifts = list(_shifts(g, self.sizes))
        self.shape = (g.groups, g.in_channels // g.groups, self.cells)
        # The last channel is read beyond its end by as much as the last shift.
        self.buffer = np.zeros(prod(self.shape) + self.shifts[-1], dtype)
        inner = tuple(slice(a.before, a.before + a.size) for a in g.axes)
        whole = self.buffer[: prod(self.shape)]
        self.inner = whole.reshape(g.in_channels, *self.sizes)[:, *inner]

    def shifted(self, shift: int) -> Array:
        """All channels from cell `shift` on, `(groups, in, cells)`: nothing copied.

        A channel's last `shift` cells are the first of the next channel. They belong
        to sums that are dropped.
        """
        return self.buffer[shift : shift + prod(self.shape)].reshape(self.shape)


def _shifts(g: Geometry, sizes: tuple[int, ...]) -> Iterator[int]:
    """Distance of each tap from the first, in cells of the flat image."""
    lines = [prod(sizes[axis + 1 :]) for axis in range(g.rank)]
    for tap in product(*map(range, g.kernel_size)):
        yield sum(
            t * d * line for t, d, line in zip(tap, g.dilation, lines, strict=True)
        )
