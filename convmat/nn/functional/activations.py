"""Activations: one number in, one number out."""

from __future__ import annotations

import numpy as np

from convmat.arrays import Array
from convmat.nn.functional.settings import beside
from convmat.optim.rates import Number

__all__ = ["leaky_relu", "leaky_relu_backward", "relu", "relu_backward"]


def relu(x: Array) -> Array:
    """`x` where it is positive, else 0; NaN stays NaN, lest a loss hide it.

    Examples
    --------
    >>> relu(np.array([-2, 0, 3]))
    array([0, 0, 3])
    """
    positive: Array = np.maximum(x, 0)
    return positive


def relu_backward(grad: Array, x: Array) -> Array:
    """`grad` where `x` was positive, else 0; 0 at the kink, as PyTorch has it.

    Examples
    --------
    >>> relu_backward(np.array([5, 6, 7]), np.array([-2, 0, 3]))
    array([0, 0, 7])
    """
    return np.where(x <= 0, grad.dtype.type(0) if grad.dtype != object else 0, grad)


def leaky_relu(x: Array, slope: Number) -> Array:
    """`x` where it is positive, else `slope * x`.

    Examples
    --------
    >>> leaky_relu(np.array([-2.0, 3.0]), 0.5)
    array([-1.,  3.])
    """
    return np.where(x > 0, x, beside("slope", slope, x) * x)


def leaky_relu_backward(grad: Array, x: Array, slope: Number) -> Array:
    """`grad` where `x` was positive, else `slope * grad`; so also at the kink.

    Examples
    --------
    >>> leaky_relu_backward(np.array([5.0, 6.0, 7.0]), np.array([-2.0, 0.0, 3.0]), 0.5)
    array([2.5, 3. , 7. ])
    """
    return np.where(x > 0, grad, beside("slope", slope, grad) * grad)
