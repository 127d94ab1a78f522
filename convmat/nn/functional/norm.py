"""Batch normalisation, by the statistics of the batch or by given ones."""

from __future__ import annotations

from collections.abc import Iterable
from fractions import Fraction
from math import isqrt
from typing import Any

import numpy as np

from convmat.arrays import Array
from convmat.errors import ConvmatError
from convmat.nn.functional.bias import beside_channels, sum_but_channels
from convmat.nn.functional.settings import beside
from convmat.optim.rates import Number

__all__ = ["batch_norm", "batch_norm_backward", "normalise", "normalise_backward"]


def normalise(
    x: Array, gamma: Array, beta: Array, mean: Array, var: Array, eps: Number
) -> Array:
    """`gamma * (x - mean) / sqrt(var + eps) + beta`, channel by channel.

    `x` is `(batch, channels, *spatial)`; all others but `eps` are `(channels,)`.

    Examples
    --------
    >>> x, ones = np.array([[3.0], [7.0]]), np.ones(1)
    >>> normalise(x, ones, 0 * ones, mean=5 * ones, var=4 * ones, eps=0)
    array([[-1.],
           [ 1.]])
    """
    scale = beside_channels(gamma / _roots(var, eps), x)
    return (x - beside_channels(mean, x)) * scale + beside_channels(beta, x)


def normalise_backward(
    grad: Array, x: Array, gamma: Array, mean: Array, var: Array, eps: Number
) -> tuple[Array, Array, Array]:
    """Gradients by `x`, `gamma` and `beta`; mean and variance are constants.

    `grad` and `x` are `(batch, channels, *spatial)`, the others `(channels,)`; so are
    the last two results.

    Examples
    --------
    >>> x, gamma = np.array([[[1.0, 5.0]]]), np.array([10.0])
    >>> mean, var = np.array([3.0]), np.array([4.0])
    >>> grads = normalise_backward(np.array([[[1.0, 0.0]]]), x, gamma, mean, var, eps=0)
    >>> [grad.tolist() for grad in grads]
    [[[[5.0, 0.0]]], [-1.0], [1.0]]
    """
    roots = _roots(var, eps)
    x_grad = grad * beside_channels(gamma / roots, x)
    apart = x - beside_channels(mean, x)
    return x_grad, sum_but_channels(grad * apart) / roots, sum_but_channels(grad)


def batch_norm(
    x: Array, gamma: Array, beta: Array, eps: Number
) -> tuple[Array, Array, Array]:
    """`normalise` by the batch's own statistics; they are returned after the result.

    Returns
    -------
    y : ndarray
        Shaped as `x`.
    mean, var : ndarray, `(channels,)`
        Over batch and space. The variance is the biased one: the mean square.

    References
    ----------
    S. Ioffe and C. Szegedy, "Batch Normalization", ICML 2015, algorithm 1.

    Examples
    --------
    >>> x = np.array([[[1.0, 5.0]]])
    >>> y, mean, var = batch_norm(x, np.array([10.0]), np.array([1.0]), eps=0)
    >>> mean, var, y
    (array([3.]), array([4.]), array([[[-9., 11.]]]))
    """
    mean = _mean(x)
    apart = x - beside_channels(mean, x)
    var = _mean(apart * apart)
    return normalise(x, gamma, beta, mean, var, eps), mean, var


def batch_norm_backward(
    grad: Array, x: Array, gamma: Array, mean: Array, var: Array, eps: Number
) -> tuple[Array, Array, Array]:
    """Gradients by `x`, `gamma` and `beta`; mean and variance follow `x`.

    What the gradient has in common with a constant, and with the normalised input
    itself, has no effect on the output, so it is taken out.

    Shapes are as in `normalise_backward`; `mean` and `var` are those of `batch_norm`.

    Examples
    --------
    >>> x, gamma = np.array([[[1.0, 5.0]]]), np.array([10.0])
    >>> grad = np.array([[[1.0, 0.0]]])
    >>> mean, var = np.array([3.0]), np.array([4.0])
    >>> grads = batch_norm_backward(grad, x, gamma, mean, var, eps=0)
    >>> [grad.tolist() for grad in grads]  # two numbers always become -1 and 1
    [[[[0.0, 0.0]]], [-1.0], [1.0]]
    """
    straight, gamma_grad, beta_grad = normalise_backward(grad, x, gamma, mean, var, eps)
    roots = _roots(var, eps)
    apart = x - beside_channels(mean, x)
    # (channels,): what is taken out of each entry, and of each entry's distance
    level = gamma / roots * _share(beta_grad, x)
    slope = gamma / (roots * roots) * _share(gamma_grad, x)
    x_grad = straight - beside_channels(level, x) - apart * beside_channels(slope, x)
    return x_grad, gamma_grad, beta_grad


def _mean(x: Array) -> Array:
    return _share(sum_but_channels(x), x)


def _share(sums: Array, x: Array) -> Array:
    """`sums` over the number of entries that a channel of `x` has."""
    entries = x.size // x.shape[1]
    share: Array = sums * Fraction(1, entries) if x.dtype == object else sums / entries
    return share


def _roots(var: Array, eps: Number) -> Array:
    """`sqrt(var + eps)`."""
    squares = var + beside("eps", eps, var)
    if squares.dtype != object:
        roots: Array = np.sqrt(squares)
        return roots
    return _array(map(_rational_root, squares))


def _array(numbers: Iterable[Any]) -> Array:
    listed = list(numbers)
    array = np.empty(len(listed), object)
    array[:] = listed
    return array


def _rational_root(value: Any) -> Fraction:
    """The square root of a square of a fraction; no other is exact."""
    if isinstance(value, (int, Fraction)) and value >= 0:
        root = Fraction(isqrt(value.numerator), isqrt(value.denominator))
        if root * root == value:
            return root
    rule = "must be the square of a Fraction in exact arithmetic"
    raise ConvmatError("var + eps", rule, value, "use floats")
