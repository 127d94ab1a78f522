"""The definition of the transposed convolution, by a loop.

It is the oracle of this room, so it is dull on purpose: every input multiplies the
whole kernel, and the products are added into the result where they belong. It shares
nothing with the windows of `convmat.sliding` and the indices of `convmat.geometry`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from itertools import product
from math import prod
from types import MappingProxyType

import numpy as np

from convmat.arrays import Array
from convmat.dtypes import exact_sums
from convmat.geometry import Geometry
from convmat.memory import refuse_beyond

__all__ = ["scatter"]


def scatter(y: Array, kernel: Array, g: Geometry) -> Array:
    """The transposed convolution, input by input.

    Parameters
    ----------
    y : ndarray, `(batch, g.out_channels, *g.output_size)`
        What the transposed convolution reads.
    kernel : ndarray of shape `g.weight_shape`
    g : Geometry
        The paired convolution.

    Returns
    -------
    ndarray, `(batch, g.in_channels, *g.input_size)`
        Entry `[b, c, *cell]` is the sum of `y[b, o, *out] * kernel[o, c, *tap]` over
        all outputs and taps through which the paired convolution reads that cell.

    Raises
    ------
    MatrixTooLargeError
        When the result would take more than half of the physical memory.
    ConvmatError
        For a sum of integers that does not fit int64, see `convmat.dtypes`.

    Examples
    --------
    >>> from convmat.geometry import transposed_geometry
    >>> g = transposed_geometry(2, 3, stride=2, padding=1)
    >>> scatter(np.array([[[1, 10]]]), np.array([[[1, 2, 3]]]), g)
    array([[[ 2, 13, 20]]])
    """
    # More than can meet in one cell, whatever the padding repeats.
    terms = g.out_channels // g.groups * prod(g.output_size) * prod(g.kernel_size)
    return exact_sums(partial(_scatter, g=g), y, kernel, terms=terms)


def _scatter(y: Array, kernel: Array, g: Geometry) -> Array:
    per_group = g.out_channels // g.groups
    sizes = [n + sum(pad) for n, pad in zip(g.input_size, g.padding, strict=True)]
    dtype = np.result_type(y, kernel)
    needed = len(y) * g.in_channels * prod(sizes) * dtype.itemsize
    refuse_beyond("the transpose of", g, needed, None, "use smaller parts of the input")
    # (batch, groups, channels of a group, *padded)
    padded = np.zeros((len(y), g.groups, g.weight_shape[1], *sizes), dtype)
    axes = list(zip(g.kernel_size, g.stride, g.dilation, strict=True))
    for out in product(*map(range, g.output_size)):
        window: tuple[slice, ...] = tuple(
            slice(o * s, o * s + (k - 1) * d + 1, d)
            for o, (k, s, d) in zip(out, axes, strict=True)
        )
        for channel in range(g.out_channels):
            place: tuple[int | slice, ...] = (slice(None), channel, *out)
            share = np.multiply.outer(y[place], kernel[channel])
            padded[:, channel // per_group][:, :, *window] += share
    padded = padded.reshape(len(y), g.in_channels, *sizes)
    for axis, (n, (before, _)) in enumerate(
        zip(g.input_size, g.padding, strict=True), start=2
    ):
        padded = _fold(padded, axis, n, before, g.padding_mode)
    return padded


def _fold(padded: Array, axis: int, size: int, before: int, mode: str) -> Array:
    """Add each cell of the padding on one axis to the cell that it repeats."""
    lines = np.moveaxis(padded, axis, 0)
    folded = np.zeros((size, *lines.shape[1:]), padded.dtype)
    for place, line in enumerate(lines):
        cell = place - before
        while not 0 <= cell < size:
            if mode == "zeros":
                break  # it repeats none
            cell = _NEARER[mode](cell, size)
        else:
            folded[cell] += line
    return np.moveaxis(folded, 0, axis)


_NEARER: Mapping[str, Callable[[int, int], int]] = MappingProxyType(
    {
        "circular": lambda cell, size: cell + size if cell < 0 else cell - size,
        "replicate": lambda cell, size: 0 if cell < 0 else size - 1,
        "reflect": lambda cell, size: -cell if cell < 0 else 2 * (size - 1) - cell,
        "symmetric": lambda cell, size: -1 - cell if cell < 0 else 2 * size - 1 - cell,
    }
)
"""From a cell beside the input to the one that it repeats, or to one nearer to it."""
