"""The convolution without a matrix, and by its matrix."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType, ModuleType
from typing import Literal, TypeAlias

from convmat import maps, sliding
from convmat.arrays import Array
from convmat.geometry import Geometry
from convmat.nn.functional.bias import bias_grad, plus_bias
from convmat.nn.functional.settings import Matrix, matrix_beside

__all__ = [
    "MAPS",
    "Route",
    "conv",
    "conv_backward",
    "matrix_conv",
    "matrix_conv_backward",
]

Route: TypeAlias = Literal["fast", "sliding"]
"""How a convolution is computed without a matrix."""

MAPS: Mapping[Route, ModuleType] = MappingProxyType({"fast": maps, "sliding": sliding})
"""The three maps of a convolution, by their route."""


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

    `x` is `(batch, in_channels, *spatial)`, `weight` has the shape `g.weight_shape`,
    and `bias`, if there is one, is `(out_channels,)`.

    Examples
    --------
    >>> import numpy as np
    >>> from convmat import geometry
    >>> x, weight = np.array([[[1, 2, 3]]]), np.array([[[10, 1]]])
    >>> conv(x, weight, np.array([100]), geometry(3, 2))
    array([[[112, 123]]])
    """
    return plus_bias(MAPS[route].forward(x, weight, g), bias)


def conv_backward(
    grad: Array, x: Array, weight: Array, g: Geometry, route: Route = "fast"
) -> tuple[Array, Array, Array]:
    """Gradients by input, weight and bias; routes as in `conv`.

    `grad` is `(batch, out_channels, *outs)`; each result is shaped as what it
    belongs to.

    Examples
    --------
    >>> import numpy as np
    >>> from convmat import geometry
    >>> x, weight = np.array([[[1, 2, 3]]]), np.array([[[10, 1]]])
    >>> grads = conv_backward(np.array([[[1, 2]]]), x, weight, geometry(3, 2))
    >>> [part.tolist() for part in grads]
    [[[[10, 21, 2]]], [[[5, 8]]], [3]]
    """
    return (
        MAPS[route].input_grad(grad, weight, g),
        MAPS[route].kernel_grad(grad, x, g),
        bias_grad(grad),
    )


def matrix_conv(
    x: Array,
    matrix: Matrix,
    bias: Array | None,
    g: Geometry,
) -> Array:
    """The convolution by its matrix: `W @ x` for each sample of the batch.

    `matrix` is the matrix of the kernel: CSR, or dense for numbers that CSR does not
    carry.

    Examples
    --------
    >>> import numpy as np
    >>> from convmat import conv_matrix, geometry
    >>> matrix = conv_matrix([10, 1], 3)
    >>> matrix_conv(np.array([[[1, 2, 3]]]), matrix, np.array([100]), geometry(3, 2))
    array([[[112, 123]]])
    """
    y = (
        matrix_beside(matrix, x) @ x.reshape(len(x), g.matrix_shape[1]).T
    ).T  # (batch, rows)
    return plus_bias(y.reshape(len(x), g.out_channels, *g.output_size), bias)


def matrix_conv_backward(
    grad: Array, x: Array, matrix: Matrix, g: Geometry
) -> tuple[Array, Array, Array]:
    """Gradients by input, weight and bias, through the matrix.

    By the input it is the transposed matrix; by the weight, the gradient of the dense
    matrix summed over each tie.

    Examples
    --------
    >>> import numpy as np
    >>> from convmat import conv_matrix, geometry
    >>> x, matrix = np.array([[[1, 2, 3]]]), conv_matrix([10, 1], 3)
    >>> grads = matrix_conv_backward(np.array([[[1, 2]]]), x, matrix, geometry(3, 2))
    >>> [part.tolist() for part in grads]
    [[[[10, 21, 2]]], [[[5, 8]]], [3]]
    """
    from convmat.constraints import ConvConstraint  # with the first matrix

    rows = grad.reshape(len(grad), g.matrix_shape[0]).T  # (rows, batch)
    columns = x.reshape(len(x), g.matrix_shape[1])  # (batch, columns)
    x_grad = (matrix_beside(matrix, grad).T @ rows).T.reshape(x.shape)
    weight_grad = ConvConstraint(g).pull_back_product(rows, columns)
    return x_grad, weight_grad.reshape(g.weight_shape), bias_grad(grad)
