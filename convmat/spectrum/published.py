"""The estimates of the literature, as numbers; `bounds` says what each is worth.

All but the first two speak of a convolution without end, or around a circle: its norm
is the largest norm of a small matrix per frequency. `convmat.spectrum.bounds` leads
each finite matrix back to one of these.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import product
from math import cos, pi, prod, sqrt

import numpy as np

from convmat import maps
from convmat.arrays import Array, Shape
from convmat.geometry import Geometry
from convmat.spectrum.axes import AxisBlocks, circle
from convmat.spectrum.fourier import each_block
from convmat.spectrum.reading import Read

__all__ = [
    "circles",
    "gram_of_frequencies",
    "gram_of_kernel",
    "one_and_inf",
    "reshaped",
    "reshapes",
    "toeplitz",
]

_FINE = 16  # points a wave, at which the supremum over frequencies is sampled
_GRAMS = 6  # iterations on small matrices
_WORK = 1 << 30, 1 << 30, 1 << 23  # multiplications of a first, second, later step


def reshaped(read: Read) -> float:
    """The norm of the kernel as a matrix, `outputs` by `inputs * taps`."""
    groups = read.by_group.reshape(*read.by_group.shape[:2], -1)
    return max(float(np.linalg.norm(group, 2)) for group in groups)


def reshapes(read: Read) -> float:
    """The least norm of the kernel as a matrix, with each axis at rows or at columns.

    Times the root of the number of taps it is at least the norm at each frequency,
    because the waves along each axis are vectors whose length is the root of its taps.
    """
    rank = read.geometry.rank
    sides = product((False, True), repeat=rank) if rank <= 4 else [(False,) * rank]
    norms = []
    for above in sides:
        rows = [1, *(3 + axis for axis in range(rank) if above[axis])]
        columns = [2, *(3 + axis for axis in range(rank) if not above[axis])]
        laid = read.by_group.transpose([0, *rows, *columns])
        height = prod(read.by_group.shape[axis] for axis in rows)
        groups = laid.reshape(len(laid), height, -1)
        norms.append(max(float(np.linalg.norm(group, 2)) for group in groups))
    return min(norms) * sqrt(prod(read.geometry.kernel_size))


def circles(g: Geometry, sizes: Shape) -> list[AxisBlocks]:
    """The frequencies of a circle of that many cells along each axis, with stride 1."""
    return [circle(axis, size) for axis, size in zip(g.axes, sizes, strict=True)]


def gram_of_frequencies(read: Read, axes: Sequence[AxisBlocks]) -> float:
    """The largest bound on the norm of a block, each by squaring it with its adjoint.

    The Frobenius norm of `G` after `t` steps `G <- G^H G` is at least the norm to the
    power `2**t`, and its root comes near it. `G` is scaled in each step, and the scales
    are kept as logarithms.
    """
    largest = 0.0
    for blocks, _ in each_block(read, axes):
        wide = blocks.shape[1] < blocks.shape[2]
        gram = np.conjugate(blocks).swapaxes(1, 2) if wide else blocks
        logs = np.zeros(len(gram))
        for _ in range(_GRAMS):
            gram, sizes = _scaled(gram)
            logs = 2 * (logs + sizes)
            gram = np.conjugate(gram).swapaxes(1, 2) @ gram
        _, sizes = _scaled(gram)
        largest = max(largest, float(np.exp((logs + sizes) / 2**_GRAMS).max()))
    return largest


def _scaled(gram: Array) -> tuple[Array, Array]:
    """`gram` with Frobenius norms 1, and the logarithms of what they were."""
    sizes = np.linalg.norm(gram, axis=(1, 2))
    with np.errstate(divide="ignore"):
        logs = np.log(sizes)
    return gram / np.where(sizes > 0, sizes, 1.0)[:, None, None], logs


def gram_of_kernel(read: Read) -> float:
    """A bound from correlating the kernel with itself, again and again.

    The norm of the convolution without end by the last kernel is at most the largest
    sum of its absolute taps for one channel. Dilation only spreads the taps, which
    changes no norm there.
    """
    return max(_gram_of_group(group) for group in read.by_group)


def _gram_of_group(kernel: Array) -> float:
    if kernel.shape[0] < kernel.shape[1]:
        kernel = np.conjugate(kernel).swapaxes(0, 1)
    log, times = 0.0, 0
    while times < _GRAMS and _work(kernel) <= _WORK[min(times, 2)]:
        largest = float(np.abs(kernel).max())
        if largest == 0:
            return 0.0
        log = 2 * (log + np.log(largest))
        kernel = _correlated(kernel / largest)
        times += 1
    sums = np.abs(kernel).reshape(*kernel.shape[:2], -1).sum(axis=2)
    # The same for rows and columns of a correlation, which is Hermitian.
    total = sqrt(float(sums.sum(axis=0).max() * sums.sum(axis=1).max()))
    return float(np.exp((log + np.log(total)) / 2**times)) if total else 0.0


def _work(kernel: Array) -> int:
    """Multiplications of `_correlated`."""
    sizes = kernel.shape[2:]
    around = prod(2 * size - 1 for size in sizes)
    outputs, channels = kernel.shape[:2]
    work: int = outputs * channels * channels * prod(sizes) * around
    return work


def _correlated(kernel: Array) -> Array:
    """Entry `[i, j]` is the sum over outputs of channel `i` correlated with `j`."""
    channels, outputs = kernel.shape[1], kernel.shape[0]
    sizes = kernel.shape[2:]
    swapped = np.ascontiguousarray(kernel.swapaxes(0, 1))
    ones = (1,) * len(sizes)
    g = Geometry(
        input_size=sizes,
        kernel_size=sizes,
        stride=ones,
        dilation=ones,
        padding=tuple((size - 1, size - 1) for size in sizes),
        in_channels=outputs,
        out_channels=channels,
        has_channels=True,
    )
    return maps.forward(swapped, np.conjugate(swapped), g)


def toeplitz(read: Read) -> float:
    """The root of a sum over channels of the largest power at any frequency.

    A block row of the matrix, all that one output channel reads, has a norm of at most
    the root of the largest sum of powers; the squares of all rows add up. The same goes
    for columns, and the smaller of the two is taken. The power is a trigonometric
    polynomial of degree `d = taps - 1` per axis. From its largest value on `n` points,
    of which one is within `pi / n` of where it is largest, it is at most
    `1 / cos(pi d / n)` times that (M. Riesz).
    """
    g = read.geometry
    sizes = tuple(max(1, _FINE * (taps - 1)) for taps in g.kernel_size)
    plain = [
        type(axis)(n, axis.kernel, 1, 0, 0, 1, "zeros")
        for axis, n in zip(g.axes, sizes, strict=True)
    ]
    axes = [circle(axis, size) for axis, size in zip(plain, sizes, strict=True)]
    factor = prod(
        1 / cos(pi * (k - 1) / n) for k, n in zip(g.kernel_size, sizes, strict=True)
    )
    rows: Array = np.zeros(read.by_group.shape[:2])
    columns: Array = np.zeros((g.groups, read.by_group.shape[2]))
    for powers in _powers(read, axes):
        rows = np.maximum(rows, powers.sum(axis=3).max(axis=0))
        columns = np.maximum(columns, powers.sum(axis=2).max(axis=0))
    smaller = np.minimum(rows.sum(axis=1), columns.sum(axis=1))
    return sqrt(factor * float(smaller.max()))


def _powers(read: Read, axes: Sequence[AxisBlocks]) -> Iterator[Array]:
    """`|block|**2`, some frequencies at a time, `(some, groups, outputs, inputs)`."""
    for blocks, _ in each_block(read, axes):
        shape = (-1, read.geometry.groups, *read.by_group.shape[1:3])
        yield (blocks.real**2 + blocks.imag**2).reshape(shape)


def one_and_inf(read: Read) -> float:
    """The root of the largest sum along a row times the largest along a column.

    Where taps share an entry, their absolute values are added: it may be larger then.
    """
    g = read.geometry
    sizes = np.abs(read.weights)
    x = np.ones((1, g.in_channels, *g.input_size))
    y = np.ones((1, g.out_channels, *g.output_size))
    row = float(maps.forward(x, sizes, g).max())
    column = float(maps.input_grad(y, sizes, g).max())
    return sqrt(row * column)
