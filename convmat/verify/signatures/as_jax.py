"""JAX: `jax.lax.conv_general_dilated` and all that is called like it.

The gradients are those of `jax.vjp`. JAX has no float64 unless it is switched on, so
float32 is claimed where it is off.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from convmat.arrays import Array, Shape
from convmat.verify.black_box import Implementation, Supports
from convmat.verify.signatures.outside import library
from convmat.verify.signatures.ranks import ranks_of

__all__ = ["adapt"]


def adapt(function: Callable[..., Any], supports: Supports | None) -> Implementation:
    """The function on JAX's arrays, as one on NumPy's."""
    jax = library("jax", 'signature="jax"')
    inside = jax.numpy.asarray

    def conv(x: Any, kernel: Any, told: dict[str, Any]) -> Any:
        return function(
            x,
            kernel,
            window_strides=told["stride"],
            padding=told["padding"],
            rhs_dilation=told["dilation"],
            feature_group_count=told["groups"],
        )

    def forward(x: Array, kernel: Array, bias: Array | None = None, **told: Any) -> Any:
        y = conv(inside(x), inside(kernel), told)
        if bias is not None:
            y = y + bias.reshape(-1, *(1,) * (x.ndim - 2))
        return _array(y)

    def input_grad(grad: Array, kernel: Array, size: Shape, **told: Any) -> Any:
        start = inside(np.zeros((len(grad), *size), grad.dtype))
        _, back = jax.vjp(lambda x: conv(x, inside(kernel), told), start)
        return _array(back(inside(grad))[0])

    def kernel_grad(grad: Array, x: Array, size: Shape, **told: Any) -> Any:
        start = inside(np.zeros(size, grad.dtype))
        _, back = jax.vjp(lambda kernel: conv(inside(x), kernel, told), start)
        return _array(back(inside(grad))[0])

    doubles = ("float64",) if jax.config.jax_enable_x64 else ()
    claim = supports or Supports(
        ranks=ranks_of(function), bias=False, dtypes=(*doubles, "float32")
    )
    return Implementation("jax", forward, input_grad, kernel_grad, claim)


def _array(result: Any) -> Any:
    return np.asarray(result) if hasattr(result, "__array__") else result
