"""The arithmetic of a step on one chunk: pairs of a forward and a backward function.

Arrays are `(channels, *spatial, samples)`, or as matrices `(channels, places)`, with
the samples innermost. Results are written to `out`, nothing else is changed. The
functions of `convmat.nn.functional` are the same sums with the batch first.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeAlias

import numpy as np

from convmat.arrays import Array

__all__ = [
    "Pairs",
    "Tapped",
    "affine",
    "affine_backward",
    "avg_pool",
    "avg_pool_backward",
    "fold",
    "lay",
    "leaky_relu",
    "leaky_relu_backward",
    "max_pool",
    "max_pool_backward",
    "norm",
    "norm_backward",
    "norm_sums",
    "relu",
    "relu_backward",
    "statistics",
    "weave",
]

Pairs: TypeAlias = Sequence[tuple[Array, Array]]
"""Views of two arrays, entry by entry the same."""

Tapped: TypeAlias = Sequence[tuple[int, Array, Array, Array]]
"""Of each tap its number, and views of three arrays, entry by entry the same."""


def lay(windows: Array, out: Array) -> None:
    """The windows as columns: every number copied to each window that reads it.

    Both are `(channels, *taps, *outs, samples)`; `windows` is a view of the input.
    """
    np.copyto(out, windows)


def fold(zeros: Sequence[Array], firsts: Pairs, others: Pairs) -> None:
    """The transpose of `lay`: each cell of the input gets the sum of its copies.

    A pair are the cells under one tap, and their copies in the columns. `firsts` come
    first, so that sums need no zeros to begin with, but for the cells of `zeros`.
    """
    for cells in zeros:
        cells.fill(0)
    for cells, copies in firsts:
        np.copyto(cells, copies)
    for cells, copies in others:
        np.add(cells, copies, out=cells)


def weave(pairs: Pairs) -> None:
    """The second array of each pair copied to the first: cells to where they belong."""
    for cells, part in pairs:
        np.copyto(cells, part)


def affine(matrix: Array, columns: Array, out: Array) -> None:
    """`matrix @ columns`, group by group and block by block.

    `(groups, 1, rows, n)` times `(groups, blocks, n, places)`. The bias is the last
    column of `matrix`, and the last row of `columns` is all ones.
    """
    np.matmul(matrix, columns, out=out)


def affine_backward(grad: Array, columns: Array, out: Array) -> None:
    """The transposed gradient by `matrix`, `(groups, n, rows)`: summed over all places.

    `columns @ grad.T` is faster than its transpose. By the columns it is `affine` with
    the transposed matrix.
    """
    if columns.shape[1] == 1:
        np.matmul(columns[:, 0], grad[:, 0].swapaxes(1, 2), out=out)
        return
    np.matmul(columns, grad.swapaxes(2, 3)).sum(axis=1, out=out)


def relu(x: Array, zeros: Array, out: Array) -> None:
    """`max(x, 0)`; NaN stays NaN. NumPy is faster with many zeros than with one."""
    np.maximum(x, zeros, out=out)


def relu_backward(grad: Array, y: Array, out: Array) -> None:
    """`grad` where the output was positive, else 0."""
    np.multiply(grad, y > 0, out=out)


def leaky_relu(x: Array, slope: float, out: Array) -> None:
    """The larger of `x` and `slope * x`, for a slope between 0 and 1."""
    np.maximum(x, slope * x, out=out)


def leaky_relu_backward(grad: Array, y: Array, slope: float, out: Array) -> None:
    """`grad` where the output was positive, else `slope * grad`."""
    np.copyto(out, np.where(y > 0, grad, slope * grad))


def statistics(x: Array, ones: Array, apart: Array) -> tuple[Array, Array]:
    """Mean of each channel, and the sum of squares of the distances from it.

    `x` is `(channels, places)`; the distances are left in `apart`. Products with ones
    are the fastest sums.
    """
    mean = x @ ones / x.shape[1]
    np.subtract(x, mean[:, None], out=apart)
    return mean, np.vecdot(apart, apart)


def norm(apart: Array, scale: Array, shift: Array, out: Array) -> None:
    """`apart * scale + shift`; `apart` are distances from the mean."""
    np.multiply(apart, scale, out=out)
    np.add(out, shift, out=out)


def norm_sums(grad: Array, ones: Array, apart: Array) -> tuple[Array, Array]:
    """Of each channel the sums of `grad * apart` and of `grad`."""
    return np.vecdot(grad, apart), grad @ ones


def norm_backward(
    grad: Array, apart: Array, scale: Array, slope: Array, level: Array, out: Array
) -> None:
    """`grad * scale - apart * slope - level`.

    What the gradient has in common with the normalised input, and with a constant, has
    no effect on the output, so it is taken out. `apart` is overwritten.
    """
    np.multiply(grad, scale, out=out)
    np.multiply(apart, slope, out=apart)
    np.subtract(out, apart, out=out)
    np.subtract(out, level, out=out)


def max_pool(cells: Tapped, firsts: Array, y: Array, taps: Array) -> None:
    """The largest number of each window, and in `taps` the tap that it is under.

    `cells` are, of each tap, its number, the cells of the input, and the places of `y`
    and of `taps` of the windows that read them. `firsts`, `(*outs, 1)`, are the first
    taps that fall on the input. Of equal numbers the first counts; NaN is larger than
    all.
    """
    y.fill(-np.inf)
    taps[...] = firsts
    for number, x, best, tap in cells:
        better = (x > best) | (x != x)  # NaN is not itself
        np.maximum(best, x, out=best)
        np.maximum(tap, better * tap.dtype.type(number), out=tap)  # numbers only grow


def max_pool_backward(cells: Tapped, x_grad: Array) -> None:
    """To the largest number of each window its gradient.

    `cells` are, of each tap, its number, the cells of `x_grad`, and those of the
    gradient and of `taps` of the windows that read them.
    """
    x_grad.fill(0)
    for number, cell, grad, tap in cells:
        np.add(cell, grad * (tap == number), out=cell)  # where=... takes ten times that


def avg_pool(cells: Pairs, divisors: Array, y: Array) -> None:
    """The sum of each window over its divisor; `divisors` are `(*outs, 1)`.

    `cells` are, of each tap, the places of `y` and the cells that these windows read.
    """
    y.fill(0)
    for sums, x in cells:
        np.add(sums, x, out=sums)
    np.divide(y, divisors, out=y)


def avg_pool_backward(
    grad: Array, divisors: Array, shares: Array, cells: Pairs, x_grad: Array
) -> None:
    """To each cell of a window a share of its gradient, made in `shares`.

    `cells` are, of each tap, the cells of `x_grad` and the shares that they get.
    """
    np.divide(grad, divisors, out=shares)
    x_grad.fill(0)
    for cell, share in cells:
        np.add(cell, share, out=cell)
