"""Pooling: windows of each channel by itself, tap by tap.

No window is copied and no padding is made: each tap of the windows is one strided view
of the input, on the outputs whose tap falls on it.
"""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from itertools import product
from math import prod
from typing import Any

import numpy as np

from convmat.arrays import Array, IntArray, Shape
from convmat.geometry import Geometry
from convmat.memory import refuse_beyond

__all__ = [
    "avg_pool",
    "avg_pool_backward",
    "first_taps",
    "global_avg_pool",
    "global_avg_pool_backward",
    "max_pool",
    "max_pool_backward",
    "taps_of",
]

_Slices = tuple[slice, ...]


def max_pool(x: Array, g: Geometry) -> tuple[Array, IntArray]:
    """The largest number of each window, and which tap it is under.

    Parameters
    ----------
    x : ndarray, `(batch, channels, *spatial)`
    g : Geometry
        Of the windows, as in `convmat.linear.windows`; each has a cell of the input.

    Returns
    -------
    y : ndarray, `(batch, channels, *outs)`
    taps : ndarray of integers, shaped as `y`
        Number of the tap, in C order. Of equal numbers the first counts; NaN is larger
        than all, as in PyTorch.

    Examples
    --------
    >>> from convmat import geometry
    >>> max_pool(np.array([[[1, 5, 5, 2]]]), geometry(4, 2, stride=2))
    (array([[[5, 5]]]), array([[[1, 0]]], dtype=int8))
    """
    size = prod(g.output_size)
    kind = np.min_scalar_type(-prod(g.kernel_size))
    each = x.dtype.itemsize + kind.itemsize
    _refuse(g, len(x) * x.shape[1] * size * each)
    # Every window starts with its first cell on the input.
    numbers, firsts = first_taps(g)
    y = np.ascontiguousarray(x[:, :, *firsts])
    taps = np.empty(y.shape, kind)
    taps[...] = numbers
    for number, outs, sources in taps_of(g):
        best, tap = y[:, :, *outs], taps[:, :, *outs]
        candidate = np.ascontiguousarray(x[:, :, *sources])  # read four times
        better = (candidate > best) | (candidate != candidate)  # NaN is not itself
        np.maximum(best, candidate, out=best)
        np.maximum(tap, better.astype(kind) * number, out=tap)  # numbers only grow
    return y, taps


def max_pool_backward(grad: Array, taps: IntArray, g: Geometry) -> Array:
    """The gradient by the input: each output's goes to its largest number.

    `grad` and `taps` are `(batch, channels, *outs)`, `taps` as from `max_pool`; the
    result is `(batch, channels, *spatial)`. Where windows overlap, a cell may get
    several.

    Examples
    --------
    >>> from convmat import geometry
    >>> g = geometry(4, 2, stride=2)
    >>> y, taps = max_pool(np.array([[[1, 5, 5, 2]]]), g)
    >>> max_pool_backward(np.array([[[10, 20]]]), taps, g)
    array([[[ 0, 10, 20,  0]]])
    """
    x_grad, zero = _zeros(grad, g), np.zeros((), grad.dtype)
    for number, outs, sources in taps_of(g):
        own, there = grad[:, :, *outs], taps[:, :, *outs] == number
        x_grad[:, :, *sources] += np.where(there, own, zero)
    return x_grad


def avg_pool(x: Array, g: Geometry, divisors: IntArray) -> Array:
    """The sum of each window over its divisor.

    Parameters
    ----------
    x : ndarray, `(batch, channels, *spatial)`
    g : Geometry
        Of the windows, as in `convmat.linear.windows`.
    divisors : ndarray of int64, `(*outs)`
        As from `convmat.linear.avg_pool_divisors`.

    Examples
    --------
    >>> from convmat import geometry
    >>> g, divisors = geometry(4, 2, stride=2), np.array([2, 2])
    >>> avg_pool(np.array([[[1.0, 5.0, 6.0, 2.0]]]), g, divisors)
    array([[[3., 4.]]])
    """
    shape = (*x.shape[:2], *g.output_size)
    _refuse(g, prod(shape) * x.dtype.itemsize)
    sums = np.zeros(shape, x.dtype)
    for _, outs, sources in taps_of(g):
        sums[:, :, *outs] += x[:, :, *sources]
    return _over(sums, divisors)


def avg_pool_backward(grad: Array, g: Geometry, divisors: IntArray) -> Array:
    """The gradient by the input: each output gives every cell of its window a share.

    `grad` is `(batch, channels, *outs)`; the result is `(batch, channels, *spatial)`.

    Examples
    --------
    >>> from convmat import geometry
    >>> g, divisors = geometry(4, 2, stride=2), np.array([2, 2])
    >>> avg_pool_backward(np.array([[[10.0, 20.0]]]), g, divisors)
    array([[[ 5.,  5., 10., 10.]]])
    """
    shares = _over(grad, divisors)
    x_grad = _zeros(shares, g)
    for _, outs, sources in taps_of(g):
        x_grad[:, :, *sources] += shares[:, :, *outs]
    return x_grad


def global_avg_pool(x: Array) -> Array:
    """The mean of each channel, `(batch, channels, 1, ...)`.

    Examples
    --------
    >>> global_avg_pool(np.array([[[1.0, 2.0, 6.0], [4.0, 4.0, 4.0]]]))
    array([[[3.],
            [4.]]])
    """
    sums = x.sum(axis=tuple(range(2, x.ndim)), keepdims=True)
    return _over(sums, np.array(prod(x.shape[2:])))


def global_avg_pool_backward(grad: Array, spatial: Shape) -> Array:
    """The gradient by an input with axes `spatial`: equal shares.

    Examples
    --------
    >>> global_avg_pool_backward(np.array([[[6.0]]]), (3,))
    array([[[2., 2., 2.]]])
    """
    shares = _over(grad, np.array(prod(spatial)))
    return np.broadcast_to(shares, (*grad.shape[:2], *spatial)).copy()


def taps_of(g: Geometry) -> Iterator[tuple[int, _Slices, _Slices]]:
    """The taps of the windows that fall on the input.

    Yields
    ------
    (int, tuple of slice, tuple of slice)
        Number of the tap, the outputs whose tap falls on the input, and its cells; both
        along the spatial axes.
    """
    for number, tap in enumerate(product(*map(range, g.kernel_size))):
        insides = [axis.outputs_inside(t) for axis, t in zip(g.axes, tap, strict=True)]
        if not all(insides):
            continue
        outs, sources = [], []
        for axis, t, inside in zip(g.axes, tap, insides, strict=True):
            first, last = axis.window(inside[0])[t], axis.window(inside[-1])[t]
            outs.append(slice(inside.start, inside.stop))
            sources.append(slice(first, last + 1, axis.stride))
        yield number, tuple(outs), tuple(sources)


def first_taps(g: Geometry) -> tuple[IntArray, tuple[Any, ...]]:
    """Of each window the first tap that falls on the input, and its cell.

    Returns
    -------
    numbers : ndarray, `(*outs)`
        Of the taps, in C order.
    cells : tuple of ndarray
        Such that `x[:, :, *cells]` are the cells, `(batch, channels, *outs)`.
    """
    tables = [axis.sources() for axis in g.axes]  # (outs, taps), -1 beside the input
    firsts = [(table >= 0).argmax(axis=1) for table in tables]
    cells = [
        t[np.arange(len(t)), first] for t, first in zip(tables, firsts, strict=True)
    ]
    numbers: Any = np.ravel_multi_index(np.ix_(*firsts), g.kernel_size)
    return numbers, np.ix_(*cells)


def _over(sums: Array, divisors: IntArray) -> Array:
    """`sums / divisors`, in the dtype of the sums: exact where they are objects."""
    if sums.dtype == object:
        exact: Any = divisors.astype(object)
        exact_quotients: Array = sums * (Fraction(1) / exact)
        return exact_quotients
    if sums.dtype.kind in "fc":
        divisors = divisors.astype(sums.dtype)
    quotients: Array = sums / divisors
    return quotients


def _zeros(grad: Array, g: Geometry) -> Array:
    shape = (*grad.shape[:2], *g.input_size)
    return np.zeros(shape, grad.dtype)


def _refuse(g: Geometry, needed: int) -> None:
    refuse_beyond("the pooling of", g, needed, None, "use a smaller batch")
