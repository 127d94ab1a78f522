"""One number per channel, added to all places of it, and its gradient."""

from __future__ import annotations

from convmat.arrays import Array

__all__ = ["beside_channels", "bias_grad", "plus_bias", "sum_but_channels"]


def beside_channels(numbers: Array, x: Array) -> Array:
    """`numbers` `(channels,)` shaped to meet `x` `(batch, channels, *spatial)`."""
    return numbers.reshape(-1, *(1,) * (x.ndim - 2))


def sum_but_channels(x: Array) -> Array:
    """`(batch, channels, *spatial)` summed over all but the channels."""
    axes = (0, *range(2, x.ndim))
    total: Array = x.sum(axis=axes)
    return total


def plus_bias(y: Array, bias: Array | None) -> Array:
    """`bias` `(channels,)` added to `y` `(batch, channels, *outs)`."""
    return y if bias is None else y + beside_channels(bias, y)


def bias_grad(grad: Array) -> Array:
    """Summed over the batch and all outputs: `(out_channels,)`."""
    return sum_but_channels(grad)
