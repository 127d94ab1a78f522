"""Dropout: entries set to 0 at random, the others made larger to keep the mean."""

from __future__ import annotations

from convmat.arrays import Array
from convmat.nn.functional.settings import beside
from convmat.optim.rates import Number

__all__ = ["dropout", "dropout_backward"]


def dropout(x: Array, kept: Array, rate: Number) -> Array:
    """`x / (1 - rate)` where `kept`, else 0; NaN stays NaN wherever it is.

    `kept` is an array of bool, shaped as `x`; `rate` is the share that is dropped.

    Examples
    --------
    >>> import numpy as np
    >>> dropout(np.array([1.0, 2.0, 3.0]), np.array([True, False, True]), 0.5)
    array([2., 0., 6.])
    """
    return x * (kept.astype(x.dtype) * (1 / (1 - beside("rate", rate, x))))


def dropout_backward(grad: Array, kept: Array, rate: Number) -> Array:
    """The map is diagonal, so it is its own transpose.

    Examples
    --------
    >>> import numpy as np
    >>> dropout_backward(np.array([1.0, 1.0]), np.array([True, False]), 0.75)
    array([4., 0.])
    """
    return dropout(grad, kept, rate)
