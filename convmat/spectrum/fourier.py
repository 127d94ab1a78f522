"""The singular values of a matrix that falls into blocks: those of all its blocks.

The Fourier transform of a kernel of few taps is a product with a small matrix for each
axis, which lays the blocks where LAPACK wants them. Blocks of opposite frequencies of a
real kernel are conjugates, so one of the two is enough.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from math import prod, sqrt

import numpy as np

from convmat.arrays import Array, IntArray
from convmat.matrix.bars import bar
from convmat.memory import refuse_beyond
from convmat.spectrum.axes import AxisBlocks
from convmat.spectrum.reading import Read

__all__ = ["block_error", "block_norm", "block_values", "blocks_at", "each_block"]

_AT_ONCE = 8 << 20  # bytes of blocks that are laid together, about a core's cache


def block_values(
    read: Read, axes: Sequence[AxisBlocks], max_bytes: int | None
) -> Array:
    """All singular values, largest first, with those that are 0.

    Parameters
    ----------
    read : Read
    axes : sequence of AxisBlocks
        One for each spatial axis.
    max_bytes : int or None
        Bytes that the values may take.

    Returns
    -------
    ndarray of float64, shape (read.count,)

    Raises
    ------
    MatrixTooLargeError
        When they would take more.
    """
    remedy = "ask for the largest ones only: count=10, or spectral_norm"
    refuse_beyond("all values of", read.geometry, 24 * read.count, max_bytes, remedy)
    values = np.zeros(read.count)
    place = 0
    for blocks, times in each_block(read, axes):
        some = _values(blocks).reshape(-1)
        for _ in range(times):
            values[place : place + len(some)] = some
            place += len(some)
    values.sort()
    return values[::-1]


def block_norm(read: Read, axes: Sequence[AxisBlocks]) -> float:
    """The largest singular value; the others are not kept."""
    return max(float(_values(blocks).max()) for blocks, _ in each_block(read, axes))


def block_error(read: Read, axes: Sequence[AxisBlocks], norm: float) -> float:
    """A bound on what rounding did to any value.

    A block is off by at most `gamma_n` times the sum of its absolute products, and its
    decomposition adds a rounding of each row and column, relative to the norm
    (Higham, "Accuracy and stability of numerical algorithms", chapters 3 and 19).
    """
    taps = prod(read.geometry.kernel_size)
    sizes = [float(np.abs(axis.phases).max()) * sqrt(axis.columns) for axis in axes]
    large = prod(sizes)
    size = float(np.linalg.norm(read.weights)) * sqrt(taps) * large
    sides = sum(read.by_group.shape[1:3]) * prod(axis.columns for axis in axes)
    eps = float(np.finfo(np.float64).eps)
    return eps * ((taps + 8 * len(axes)) * size + sides * norm)


def each_block(read: Read, axes: Sequence[AxisBlocks]) -> Iterator[tuple[Array, int]]:
    """The blocks, some at a time, and how often each of them occurs.

    Yields
    ------
    blocks : ndarray, `(some, outputs of a group, columns * inputs of it)`
    times : int
        With all blocks that are alike or conjugates of one another.
    """
    weights = read.by_group
    groups, outputs, inputs = weights.shape[:3]
    taps_first = np.moveaxis(weights, (0, 1, 2), (-3, -2, -1))
    repeat = prod(axis.repeat for axis in axes)
    columns = prod(axis.columns for axis in axes)
    most = max(1, _AT_ONCE // (16 * groups * outputs * inputs * columns))
    total = prod(axis.blocks for axis in axes)
    real = weights.dtype.kind != "c"
    hidden = None if total * groups * outputs * inputs * columns > 1 << 22 else True
    with bar("spectrum", total, " blocks", hidden=hidden) as progress:
        for box, twice in _boxes([axis.blocks for axis in axes], real):
            for part in _parts(box, most):
                blocks = _laid(taps_first, axes, part)
                yield blocks, twice * repeat
                progress.update(twice * prod(map(len, part)))


def blocks_at(read: Read, axes: Sequence[AxisBlocks]) -> Array:
    """The blocks of all frequencies in their order, `(blocks * groups, outputs, ...)`.

    Without those that stand for others: conjugates come by themselves.
    """
    taps_first = np.moveaxis(read.by_group, (0, 1, 2), (-3, -2, -1))
    return _laid(taps_first, axes, [np.arange(axis.blocks) for axis in axes])


def _boxes(sizes: Sequence[int], real: bool) -> Iterator[tuple[list[IntArray], int]]:
    """Frequencies, one of each pair `k`, `-k` for a real kernel, and how many it is.

    In a pair, the first axis on which the two differ tells them apart.

    Yields
    ------
    box : list of ndarray
        Frequencies of each axis; all their combinations are meant.
    twice : int
        2 for pairs, 1 for those that are their own opposites.
    """
    if not sizes:
        yield [], 1
        return
    if not real:
        yield [np.arange(size) for size in sizes], 1
        return
    first, *others = sizes
    own = np.flatnonzero(2 * np.arange(first) % first == 0)
    for rest, twice in _boxes(others, real):
        yield [own, *rest], twice
    inner = np.arange(1, (first + 1) // 2)
    if len(inner):
        yield [inner, *map(np.arange, others)], 2


def _parts(box: list[IntArray], most: int) -> Iterator[list[IntArray]]:
    """A box of frequencies in parts of about `most`, cut along its longest axis."""
    longest = max(range(len(box)), key=lambda axis: len(box[axis]))
    beside = prod(len(ks) for axis, ks in enumerate(box) if axis != longest)
    step = max(1, most // beside)
    for start in range(0, len(box[longest]), step):
        part = list(box)
        part[longest] = box[longest][start : start + step]
        if beside > most and len(box) > 1:  # still too many: cut the next axis, too
            rest = part[:longest] + part[longest + 1 :]
            for cut in _parts(rest, most):
                yield [*cut[:longest], part[longest], *cut[longest:]]
        else:
            yield part


def _laid(
    taps_first: Array, axes: Sequence[AxisBlocks], part: Sequence[IntArray]
) -> Array:
    """The blocks of some frequencies, `(some, outputs, columns * inputs)`.

    Parameters
    ----------
    taps_first : ndarray, `(*kernel, groups, outputs, inputs)`
    axes : sequence of AxisBlocks
    part : sequence of ndarray
        The frequencies of each axis.
    """
    groups, outputs, inputs = taps_first.shape[-3:]
    laid = taps_first
    done = 1  # (done, taps of this axis, ...) -> (done, frequencies, columns, ...)
    for axis, ks in zip(axes, part, strict=True):
        phases = axis.phases[ks].reshape(-1, axis.phases.shape[-1])
        laid = phases @ laid.reshape(done, axis.phases.shape[-1], -1)
        done *= len(phases)
    shape = [
        size
        for axis, ks in zip(axes, part, strict=True)
        for size in (len(ks), axis.columns)
    ]
    laid = laid.reshape(*shape, groups, outputs, inputs)
    if prod(axis.columns for axis in axes) > 1:
        rank = len(axes)
        order = [2 * axis for axis in range(rank)] + [2 * rank, 2 * rank + 1]
        order += [2 * axis + 1 for axis in range(rank)] + [2 * rank + 2]
        laid = laid.transpose(order)
    count = prod(map(len, part)) * groups
    return laid.reshape(count, outputs, -1)


def _values(blocks: Array) -> Array:
    """Their singular values; of a lone row or column, its length."""
    if 1 in blocks.shape[1:]:
        lengths: Array = np.linalg.norm(blocks.reshape(len(blocks), -1), axis=1)
        return lengths
    values: Array = np.linalg.svd(blocks, compute_uv=False)
    return values
