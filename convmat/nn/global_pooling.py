"""Pooling over whole channels as a layer."""

from __future__ import annotations

from math import prod

from convmat.arrays import Array, Shape
from convmat.costs import Cost
from convmat.errors import ShapeError
from convmat.nn import functional
from convmat.nn.facts import Facts
from convmat.nn.layers import Layer
from convmat.receptive import Window

__all__ = ["GlobalAvgPool"]


class GlobalAvgPool(Layer):
    """The mean of each channel, which keeps its spatial axes with one cell each.

    Examples
    --------
    >>> import numpy as np
    >>> GlobalAvgPool().forward(np.array([[[1.0, 2.0, 6.0]]]))
    array([[[3.]]])
    """

    def forward(self, x: Array) -> Array:
        """`(batch, channels, *spatial)` to `(batch, channels, 1, ...)`."""
        _check_spatial("x.shape[1:]", x.shape[1:])
        return self._remember(x, functional.global_avg_pool(x))

    def backward(self, grad: Array) -> Array:
        """Equal shares."""
        spatial = self._recall(grad).shape[2:]
        return functional.global_avg_pool_backward(grad, spatial)

    def facts(self, input_shape: Shape) -> Facts:
        """One multiplication for each mean."""
        _check_spatial("input_shape", input_shape)
        channels, *size = input_shape
        entries = prod(input_shape)
        reads = tuple(Window(n - 1, n) for n in size)
        shape = (channels, *(1,) * len(size))
        cost = Cost(channels, channels)
        return Facts(shape, cost, (channels, entries), entries, reads)


def _check_spatial(argument: str, shape: Shape) -> None:
    if len(shape) < 2 or 0 in shape:
        rule = "must be (channels, *spatial) with at least 1 on every axis"
        raise ShapeError(argument, rule, shape)
