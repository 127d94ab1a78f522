"""The transposed convolution: the gradient by the input of its paired convolution."""

from __future__ import annotations

from convmat.arrays import Array
from convmat.geometry import Geometry
from convmat.nn.functional.bias import bias_grad, plus_bias
from convmat.nn.functional.convolution import MAPS, Route
from convmat.nn.functional.settings import Matrix, matrix_beside

__all__ = [
    "conv_transpose",
    "conv_transpose_backward",
    "matrix_conv_transpose",
    "matrix_conv_transpose_backward",
]


def conv_transpose(
    x: Array,
    weight: Array,
    bias: Array | None,
    g: Geometry,
    route: Route = "fast",
) -> Array:
    """The transposed convolution of `(batch, in_channels, *spatial)`.

    `g` is the paired geometry, whose output has the shape of `x` and whose input that
    of the result; `weight` is `(in_channels, out_channels // groups, *kernel)`.

    Examples
    --------
    >>> import numpy as np
    >>> from convmat import geometry
    >>> x, weight = np.array([[[1, 2]]]), np.array([[[10, 1]]])
    >>> conv_transpose(x, weight, np.array([100]), geometry(3, 2))
    array([[[110, 121, 102]]])
    """
    return plus_bias(MAPS[route].input_grad(x, weight, g), bias)


def conv_transpose_backward(
    grad: Array, x: Array, weight: Array, g: Geometry, route: Route = "fast"
) -> tuple[Array, Array, Array]:
    """Gradients by input, weight and bias.

    The transpose of a transpose is the paired convolution itself. By the weight, `x`
    and the gradient change places.

    Examples
    --------
    >>> import numpy as np
    >>> from convmat import geometry
    >>> x, weight = np.array([[[1, 2]]]), np.array([[[10, 1]]])
    >>> grad = np.array([[[1, 0, 3]]])
    >>> grads = conv_transpose_backward(grad, x, weight, geometry(3, 2))
    >>> [part.tolist() for part in grads]
    [[[[10, 3]]], [[[1, 6]]], [4]]
    """
    return (
        MAPS[route].forward(grad, weight, g),
        MAPS[route].kernel_grad(x, grad, g),
        bias_grad(grad),
    )


def matrix_conv_transpose(
    x: Array,
    matrix: Matrix,
    bias: Array | None,
    g: Geometry,
) -> Array:
    """The transposed convolution by the paired matrix: `W.T @ x` for each sample.

    Examples
    --------
    >>> import numpy as np
    >>> from convmat import conv_matrix, geometry
    >>> x, matrix = np.array([[[1, 2]]]), conv_matrix([10, 1], 3)
    >>> matrix_conv_transpose(x, matrix, None, geometry(3, 2))
    array([[[10, 21,  2]]])
    """
    y = (matrix_beside(matrix, x).T @ x.reshape(len(x), g.matrix_shape[0]).T).T
    return plus_bias(y.reshape(len(x), g.in_channels, *g.input_size), bias)


def matrix_conv_transpose_backward(
    grad: Array, x: Array, matrix: Matrix, g: Geometry
) -> tuple[Array, Array, Array]:
    """Gradients by input, weight and bias, through the paired matrix.

    Examples
    --------
    >>> import numpy as np
    >>> from convmat import conv_matrix, geometry
    >>> grad, x = np.array([[[1, 0, 3]]]), np.array([[[1, 2]]])
    >>> matrix = conv_matrix([10, 1], 3)
    >>> grads = matrix_conv_transpose_backward(grad, x, matrix, geometry(3, 2))
    >>> [part.tolist() for part in grads]
    [[[[10, 3]]], [[[1, 6]]], [4]]
    """
    from convmat.constraints import ConvConstraint  # with the first matrix

    rows = x.reshape(len(x), g.matrix_shape[0]).T  # (rows, batch)
    columns = grad.reshape(len(grad), g.matrix_shape[1])  # (batch, columns)
    x_grad = (matrix_beside(matrix, grad) @ columns.T).T.reshape(x.shape)
    weight_grad = ConvConstraint(g).pull_back_product(rows, columns)
    return x_grad, weight_grad.reshape(g.weight_shape), bias_grad(grad)
