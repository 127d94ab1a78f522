"""The convolution and its gradients, by the route that suits them.

`convmat.sliding` is the definition and carries all numbers; `convmat.fast` is fast and
carries what BLAS multiplies. Here the dtype decides between the two, and nothing else:
the fast routes carry every geometry, and choose among themselves by sizes. No answer
depends on a choice but for rounding, and no choice on values.
"""

from __future__ import annotations

from types import ModuleType
from typing import Any

import numpy as np
import numpy.typing as npt

from convmat import fast, sliding
from convmat.arrays import Array
from convmat.geometry import Geometry, IntOrInts
from convmat.geometry.doors import conv_by, input_grad_by, kernel_grad_by
from convmat.geometry.keywords import known_keywords

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
    """The convolution of `x` with `kernel`.

    Single and double precision take a fast route, which sums the same products in
    another order than the definition, `convmat.sliding.conv`: the two differ by
    rounding, within `convmat.verify.rounding.gamma(taps of a row)` times the sum of the
    absolute products each. Integers, objects and all other numbers are computed by the
    definition itself. Sizes and dtype choose the route, never values. Infinities and
    NaN spread as in any sum of products, and nothing is warned of.

    Parameters
    ----------
    x : array_like
        `(*spatial)`, `(in_channels, *spatial)` or `(batch, in_channels, *spatial)`.
    kernel : array_like
        `(*kernel)`, or `(out_channels, in_channels // groups, *kernel)`. Beside an `x`
        of the same rank, three or more, the first axis of `x` is the batch: a volume
        beside a kernel of three spatial axes wants its channel axis, `x[None]`, though
        its shape alone is enough for `conv_matrix`. A batch of images without channels
        beside a kernel of two axes wants one too, `x[:, None]`.
    bias : array_like, optional
        One number per output channel, added to all its outputs.
    **keywords
        `stride`, `padding`, `dilation`, `groups`, `padding_mode`, as in
        `convmat.geometry`.

    Returns
    -------
    ndarray
        The axes of `x`, with output channels for input channels; a kernel with channel
        axes gives the result a channel axis. Integers give int64.

    Raises
    ------
    ConvmatError, ConvmatTypeError
        For arguments that do not fit, see `convmat.geometry`, and for a sum of integers
        that does not fit int64, see `convmat.dtypes`.

    Examples
    --------
    >>> conv([[0, 1, 2], [3, 4, 5], [6, 7, 8]], [[0, 1], [2, 3]])
    array([[19, 25],
           [37, 43]])

    A batch of 64 images of 3 channels, and one volume:

    >>> conv(np.ones((64, 3, 28, 28)), np.ones((8, 3, 5, 5))).shape
    (64, 8, 24, 24)
    >>> conv(np.ones((5, 2, 7))[None], np.ones((2, 2, 2))).shape
    (1, 4, 1, 6)
    """
    return conv_by(forward, x, kernel, bias, keywords)


@known_keywords
def conv_input_grad(
    grad: npt.ArrayLike,
    kernel: npt.ArrayLike,
    input_shape: IntOrInts,
    **keywords: Any,
) -> Array:
    """The gradient of a scalar by the input of `conv`, from that by the output.

    It is the transpose of `conv` in `x`: `sum(conv(x, kernel) * grad)` equals
    `sum(x * conv_input_grad(grad, kernel, x.shape))`. Nothing is conjugated. Routes
    are chosen as in `conv`.

    Parameters
    ----------
    grad : array_like
        Shaped as the output of `conv`, with or without a batch axis.
    kernel : array_like
        As in `conv`.
    input_shape : tuple of int
        `(*spatial)` or `(in_channels, *spatial)`: of one input, without batch axis.
    **keywords
        As in `conv`.

    Returns
    -------
    ndarray
        Shaped as the input, with the batch axis of `grad`.

    Raises
    ------
    ConvmatError, ConvmatTypeError
        For arguments that do not fit, see `convmat.geometry`, and for a sum of integers
        that does not fit int64, see `convmat.dtypes`.

    Examples
    --------
    >>> conv_input_grad([[1, 1], [1, 1]], [[1, 2], [3, 4]], (3, 3))
    array([[ 1,  3,  2],
           [ 4, 10,  6],
           [ 3,  7,  4]])
    """
    return input_grad_by(input_grad, grad, kernel, input_shape, keywords)


@known_keywords
def conv_kernel_grad(
    grad: npt.ArrayLike,
    x: npt.ArrayLike,
    kernel_shape: IntOrInts,
    **keywords: Any,
) -> Array:
    """The gradient of a scalar by the kernel of `conv`, from that by the output.

    Routes are chosen as in `conv`.

    Parameters
    ----------
    grad : array_like
        Shaped as the output of `conv(x, kernel)`.
    x : array_like
        As in `conv`.
    kernel_shape : tuple of int
        Shape of the kernel.
    **keywords
        As in `conv`.

    Returns
    -------
    ndarray of shape `kernel_shape`
        Summed over the batch. Entry `[tap]` is the sum over all windows of the output's
        gradient times the input under that tap.

    Raises
    ------
    ShapeError
        When `grad` is not of the shape that `conv` gives beside `x`.
    ConvmatError, ConvmatTypeError
        For arguments that do not fit, see `convmat.geometry`, and for a sum of integers
        that does not fit int64, see `convmat.dtypes`.

    Examples
    --------
    >>> x = [[0, 1, 2], [3, 4, 5], [6, 7, 8]]
    >>> conv_kernel_grad([[1, 0], [0, 1]], x, (2, 2))
    array([[ 4,  6],
           [10, 12]])
    """
    return kernel_grad_by(kernel_grad, grad, x, kernel_shape, keywords)


def forward(x: Array, kernel: Array, g: Geometry) -> Array:
    """`convmat.sliding.forward`, by the route for the dtype of its result.

    Examples
    --------
    >>> from convmat import geometry
    >>> x = np.array([[[1, 2, 3]]])
    >>> forward(x, np.array([[[10, 1]]]), geometry(3, 2))  # integers stay integers
    array([[[12, 23]]])
    >>> forward(x / 2, np.array([[[10, 1]]]), geometry(3, 2))
    array([[[ 6. , 11.5]]])
    """
    y: Array = _route(x, kernel).forward(x, kernel, g)
    return y


def input_grad(grad: Array, kernel: Array, g: Geometry) -> Array:
    """`convmat.sliding.input_grad`, by the route for the dtype of its result.

    Examples
    --------
    >>> from convmat import geometry
    >>> input_grad(np.array([[[1, 100]]]), np.array([[[2, 5]]]), geometry(3, 2))
    array([[[  2, 205, 500]]])
    """
    x_grad: Array = _route(grad, kernel).input_grad(grad, kernel, g)
    return x_grad


def kernel_grad(grad: Array, x: Array, g: Geometry) -> Array:
    """`convmat.sliding.kernel_grad`, by the route for the dtype of its result.

    Examples
    --------
    >>> from convmat import geometry
    >>> kernel_grad(np.array([[[1, 10]]]), np.array([[[2, 3, 4]]]), geometry(3, 2))
    array([[[32, 43]]])
    """
    total: Array = _route(grad, x).kernel_grad(grad, x, g)
    return total


def _route(first: Array, second: Array) -> ModuleType:
    return fast if fast.carries(np.result_type(first, second)) else sliding
