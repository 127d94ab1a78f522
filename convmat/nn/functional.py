"""The arithmetic of the layers: pairs of pure functions, forward and backward.

A backward function takes the gradient of the loss by the output and what the forward
function was given, and returns the gradients by its arguments, in their order. Arrays
are `(batch, ...)`; nothing is changed in place. With object arrays (`Fraction`) all of
them are exact.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType, ModuleType
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

import numpy as np

from convmat import maps, sliding
from convmat.arrays import Array
from convmat.constraints import ConvConstraint
from convmat.geometry import Geometry

if TYPE_CHECKING:
    from scipy.sparse import csr_array

__all__ = [
    "Route",
    "conv",
    "conv_backward",
    "linear",
    "linear_backward",
    "matrix_conv",
    "matrix_conv_backward",
    "relu",
    "relu_backward",
]

Route: TypeAlias = Literal["fast", "sliding"]
"""How a convolution is computed without a matrix."""

_MAPS: Mapping[Route, ModuleType] = MappingProxyType({"fast": maps, "sliding": sliding})


def conv(
    x: Array,
    weight: Array,
    bias: Array | None,
    g: Geometry,
    route: Route = "fast",
) -> Array:
    """The convolution, `(batch, out_channels, *outs)`.

    By the route that suits it, as in `convmat.conv`, or with `route="sliding"` by the
    definition, whose rounding differs.
    """
    return _plus_bias(_MAPS[route].forward(x, weight, g), bias)


def conv_backward(
    grad: Array, x: Array, weight: Array, g: Geometry, route: Route = "fast"
) -> tuple[Array, Array, Array]:
    """Gradients by input, weight and bias; routes as in `conv`."""
    return (
        _MAPS[route].input_grad(grad, weight, g),
        _MAPS[route].kernel_grad(grad, x, g),
        _bias_grad(grad),
    )


def matrix_conv(
    x: Array,
    matrix: Array | csr_array[Any, tuple[int, int]],
    bias: Array | None,
    g: Geometry,
) -> Array:
    """The convolution by its matrix: `W @ x` for each sample of the batch.

    `matrix` is the matrix of the kernel: CSR, or dense for numbers that CSR does not
    carry.
    """
    y = (matrix @ x.reshape(len(x), -1).T).T  # (batch, rows)
    return _plus_bias(y.reshape(len(x), g.out_channels, *g.output_size), bias)


def matrix_conv_backward(
    grad: Array, x: Array, matrix: Array | csr_array[Any, tuple[int, int]], g: Geometry
) -> tuple[Array, Array, Array]:
    """Gradients by input, weight and bias, through the matrix.

    By the input it is the transposed matrix; by the weight, the gradient of the dense
    matrix summed over each tie.
    """
    rows = grad.reshape(len(grad), -1).T  # (rows, batch)
    columns = x.reshape(len(x), -1)  # (batch, columns)
    x_grad = (matrix.T @ rows).T.reshape(x.shape)
    weight_grad = ConvConstraint(g).pull_back_product(rows, columns)
    return x_grad, weight_grad.reshape(g.weight_shape), _bias_grad(grad)


def linear(x: Array, weight: Array, bias: Array) -> Array:
    """`x @ weight.T + bias`: `(batch, inputs)` to `(batch, outputs)`."""
    return x @ weight.T + bias


def linear_backward(grad: Array, x: Array, weight: Array) -> tuple[Array, Array, Array]:
    """Gradients by input, weight `(outputs, inputs)` and bias `(outputs,)`."""
    return grad @ weight, grad.T @ x, grad.sum(axis=0)


def relu(x: Array) -> Array:
    """`x` where it is positive, else 0; NaN stays NaN, lest a loss hide it."""
    return np.where(x <= 0, x.dtype.type(0) if x.dtype != object else 0, x)


def relu_backward(grad: Array, x: Array) -> Array:
    """`grad` where `x` was positive, else 0; 0 at the kink, as PyTorch has it."""
    return np.where(x <= 0, grad.dtype.type(0) if grad.dtype != object else 0, grad)


def _plus_bias(y: Array, bias: Array | None) -> Array:
    """`bias` `(channels,)` added to `y` `(batch, channels, *outs)`."""
    return y if bias is None else y + bias.reshape(-1, *(1,) * (y.ndim - 2))


def _bias_grad(grad: Array) -> Array:
    """Summed over the batch and all outputs: `(out_channels,)`."""
    total: Array = grad.reshape(*grad.shape[:2], -1).sum(axis=(0, 2))
    return total
