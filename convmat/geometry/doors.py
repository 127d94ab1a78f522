"""The doors of the public functions: what people write, brought to a map and back.

A map computes on `(batch, channels, *spatial)`, a kernel with channel axes, and a
checked geometry. Each door reads arrays and shorthand into these, lets a map compute,
and gives its result the axes that the caller's arrays have. The functions of the same
names in `convmat.maps` and `convmat.sliding` say what comes in and goes out.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, TypeAlias

import numpy.typing as npt

from convmat.arrays import Array
from convmat.dtypes import carried, exact_plus
from convmat.errors import ShapeError
from convmat.geometry.layout import Layout, read_beside
from convmat.geometry.shorthand import IntOrInts, geometry
from convmat.geometry.value import Geometry

__all__ = ["Map", "conv_by", "input_grad_by", "kernel_grad_by", "read_bias"]

Map: TypeAlias = Callable[[Array, Array, Geometry], Array]
"""Two arrays and the geometry that they belong to, to one array."""


def conv_by(
    forward: Map,
    x: npt.ArrayLike,
    kernel: npt.ArrayLike,
    bias: npt.ArrayLike | None,
    keywords: Mapping[str, Any],
) -> Array:
    """`conv` by a forward map."""
    x, kernel = carried("x", x), carried("kernel", kernel)
    g = read_beside(x.shape, kernel.shape, **keywords)
    layout, batch = Layout.of("x", x, g.in_channels, g.input_size)
    y = forward(batch, kernel.reshape(g.weight_shape), g)
    if bias is not None:
        y = exact_plus(y, read_bias(bias, g.out_channels, g))
    return layout.restore(y, g.has_channels)


def input_grad_by(
    input_grad: Map,
    grad: npt.ArrayLike,
    kernel: npt.ArrayLike,
    input_shape: IntOrInts,
    keywords: Mapping[str, Any],
) -> Array:
    """`conv_input_grad` by the gradient of a map by its input."""
    grad, kernel = carried("grad", grad), carried("kernel", kernel)
    g = geometry(input_shape, kernel.shape, **keywords)
    layout, batch = Layout.of("grad", grad, g.out_channels, g.output_size)
    x_grad = input_grad(batch, kernel.reshape(g.weight_shape), g)
    return layout.restore(x_grad, g.has_channels)


def kernel_grad_by(
    kernel_grad: Map,
    grad: npt.ArrayLike,
    x: npt.ArrayLike,
    kernel_shape: IntOrInts,
    keywords: Mapping[str, Any],
) -> Array:
    """`conv_kernel_grad` by the gradient of a map by its kernel.

    Raises
    ------
    ShapeError
        When `grad` is not of the shape that `conv` gives beside `x`.
    """
    grad, x = carried("grad", grad), carried("x", x)
    g = read_beside(x.shape, kernel_shape, **keywords)
    layout, batch = Layout.of("x", x, g.in_channels, g.input_size)
    grad_layout, grads = Layout.of("grad", grad, g.out_channels, g.output_size)
    if len(grads) != len(batch) or grad_layout.leading != max(
        layout.leading, int(g.has_channels)
    ):
        rule = f"must be that of conv's output beside x.shape={x.shape}"
        raise ShapeError("grad.shape", rule, grad.shape)
    return kernel_grad(grads, batch, g).reshape(g.kernel_shape)


def read_bias(bias: npt.ArrayLike, channels: int, g: Geometry) -> Array:
    """`bias` shaped to be added to `(batch, channels, *spatial)`.

    Raises
    ------
    ShapeError
        When it has not one number per channel.
    """
    array = carried("bias", bias)
    if array.shape != (channels,) and (array.ndim or g.has_channels):
        rule = f"must be ({channels},), one number per output channel"
        raise ShapeError("bias.shape", rule, array.shape)
    return array.reshape(channels, *(1,) * g.rank)
