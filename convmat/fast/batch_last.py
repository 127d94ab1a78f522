"""The route `batch-last`: many small images, the batch innermost.

The rows of a small image are too short to copy well. With the batch as the innermost
axis every copy runs over the whole batch, and one GEMM serves all images. To the routes
that it calls it is one image with one axis more, along which the kernel has one tap.
"""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache

import numpy as np

from convmat.arrays import Array
from convmat.fast import columns, lines
from convmat.geometry import Geometry

__all__ = ["first", "forward", "forward_last", "input_grad", "kernel_grad"]


def forward(x: Array, kernel: Array, g: Geometry) -> Array:
    """The convolution; arrays as in `convmat.fast.forward`, of one dtype."""
    return first(forward_last(x, kernel, g))


def forward_last(x: Array, kernel: Array, g: Geometry) -> Array:
    """The convolution, `(1, channels, *outs, batch)`."""
    extended = _extended(g, len(x))
    route = lines if lines.fits(extended) else columns
    y: Array = route.forward(_last(x), kernel[..., None], extended)
    return y


def kernel_grad(grad: Array, x: Array, g: Geometry) -> Array:
    """The gradient by the kernel, of shape `g.weight_shape`, summed over the batch."""
    total = columns.kernel_grad(_last(grad), _last(x), _extended(g, len(x)))
    return total[..., 0]


def input_grad(grad: Array, kernel: Array, g: Geometry) -> Array:
    """The gradient by the input."""
    x_grad = columns.input_grad(_last(grad), kernel[..., None], _extended(g, len(grad)))
    return first(x_grad)


@lru_cache(maxsize=64)
def _extended(g: Geometry, batch: int) -> Geometry:
    """The geometry with the batch as its innermost axis."""
    return replace(
        g,
        input_size=(*g.input_size, batch),
        kernel_size=(*g.kernel_size, 1),
        stride=(*g.stride, 1),
        padding=(*g.padding, (0, 0)),
        dilation=(*g.dilation, 1),
    )


def _last(array: Array) -> Array:
    """`(batch, channels, *spatial)` as `(1, channels, *spatial, batch)`."""
    return np.moveaxis(array, 0, -1)[None]


def first(array: Array) -> Array:
    """`(1, channels, *spatial, batch)` as `(batch, channels, *spatial)`, copied."""
    return np.ascontiguousarray(np.moveaxis(array[0], -1, 0))
