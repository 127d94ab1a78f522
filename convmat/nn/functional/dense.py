"""The dense matrix without constraints."""

from __future__ import annotations

from convmat.arrays import Array

__all__ = ["linear", "linear_backward"]


def linear(x: Array, weight: Array, bias: Array | None = None) -> Array:
    """`x @ weight.T + bias`: `(batch, inputs)` to `(batch, outputs)`.

    Examples
    --------
    >>> import numpy as np
    >>> weight, bias = np.array([[1, 0, 0], [1, 1, 1]]), np.array([10, 20])
    >>> linear(np.array([[1, 2, 3]]), weight, bias)
    array([[11, 26]])
    """
    y: Array = x @ weight.T
    return y if bias is None else y + bias


def linear_backward(grad: Array, x: Array, weight: Array) -> tuple[Array, Array, Array]:
    """Gradients by input, weight `(outputs, inputs)` and bias `(outputs,)`.

    `grad` is `(batch, outputs)`, `x` is `(batch, inputs)`.

    Examples
    --------
    >>> import numpy as np
    >>> grad, x, weight = np.array([[1, 10]]), np.array([[2, 3]]), np.eye(2, dtype=int)
    >>> [part.tolist() for part in linear_backward(grad, x, weight)]
    [[[1, 10]], [[2, 3], [20, 30]], [1, 10]]
    """
    return grad @ weight, grad.T @ x, grad.sum(axis=0)
