"""Dropout: entries set to 0 at random, the others made larger to keep the mean."""

from __future__ import annotations

from convmat.arrays import Array
from convmat.nn.functional.settings import beside
from convmat.optim.rates import Number

__all__ = ["dropout", "dropout_backward"]


def dropout(x: Array, kept: Array, rate: Number) -> Array:
    """`x / (1 - rate)` where `kept`, else 0; NaN stays NaN wherever it is."""
    return x * (kept.astype(x.dtype) * (1 / (1 - beside("rate", rate, x))))


def dropout_backward(grad: Array, kept: Array, rate: Number) -> Array:
    """The map is diagonal, so it is its own transpose."""
    return dropout(grad, kept, rate)
