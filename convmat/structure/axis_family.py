"""All axes of a convolution that have the matrix of one axis, up to some limits.

Zeros in the padding: a stride fits where entries depend on their offset alone; the taps
must then lie at all offsets that hold something. Padding filled from the input: the
matrix must be a sum of taps, which a linear system tells.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from convmat.arrays import Array, IntArray
from convmat.geometry import PADDING_MODES, Axis
from convmat.structure.zero_fit import zero_strides

__all__ = ["alternatives", "axis_matrix", "shortened"]

_CLOSE = 1e-9  # of float64 sums, over the largest


def axis_matrix(axis: Axis, taps: Array) -> Array:
    """Entry `[o, i]` is the sum of the taps through which output `o` reads input `i`.

    Examples
    --------
    >>> axis_matrix(Axis(3, 2, 1, 0, 0, 1), np.array([5, 7]))
    array([[5, 7, 0],
           [0, 5, 7]])
    """
    sources = axis.sources()
    matrix = np.zeros((axis.out_size, axis.size), taps.dtype)
    outs, numbers = np.nonzero(sources >= 0)
    np.add.at(matrix, (outs, sources[outs, numbers]), taps[numbers])
    return matrix


def shortened(axis: Axis) -> Axis:
    """An axis with the same settings and no more cells than tell all about them."""
    enough = 3 * axis.span + axis.before + axis.after + 2 * axis.stride
    removed = max(0, (axis.size - enough) // axis.stride)
    return replace(axis, size=axis.size - removed * axis.stride)


def alternatives(
    axis: Axis, taps: Array, strides: int, dilations: int
) -> dict[str, list[Axis]]:
    """Axes of no more taps that have the matrix of an axis, for each padding mode.

    Parameters
    ----------
    axis : Axis
    taps : ndarray, shape (axis.kernel,)
        Not all 0.
    strides, dilations : int
        The largest that are looked at.

    Examples
    --------
    >>> axis = Axis(size=4, kernel=2, stride=2, before=0, after=0, dilation=1)
    >>> [a.after for a in alternatives(axis, np.array([5, 7]), 4, 4)["zeros"]]
    [0, 1]
    """
    table = axis_matrix(axis, taps / np.abs(taps).max())
    limit = _CLOSE * float(np.abs(table).max())
    zeros = list(_with_zeros(axis, table, limit, strides, dilations))
    bare = [each for each in zeros if not each.before and not each.after]
    found = {"zeros": zeros}
    for mode in PADDING_MODES[1:]:
        found[mode] = [replace(each, mode=mode) for each in bare]
        found[mode] += _filled(axis, mode, table, limit, strides, dilations)
    return found


def _with_zeros(
    axis: Axis, table: Array, limit: float, strides: int, dilations: int
) -> Iterator[Axis]:
    size, out_size = axis.size, axis.out_size
    rows, columns = np.nonzero(np.abs(table) > limit)
    steps: list[int] = list(range(1, strides + 1))
    if out_size > 1:
        steps = [*zero_strides(table, np.arange(out_size), limit)]
        steps += range(size, strides + 1)
    for stride in steps:
        offsets = np.unique(columns - rows * stride)
        low, high = int(offsets[0]), int(offsets[-1])
        for kernel in range(1, axis.kernel + 1):
            for dilation in range(1, dilations + 1):
                if ((offsets - low) % dilation).any():
                    continue
                last = (kernel - 1) * dilation
                for first in range(0, last - (high - low) + 1, dilation):
                    before = first - low
                    if before >= 0:
                        plain = Axis(size, kernel, stride, before, 0, dilation)
                        yield from _ended(plain, out_size)


def _ended(axis: Axis, out_size: int) -> Iterator[Axis]:
    """The axis with each padding after it that gives it so many outputs."""
    least = (out_size - 1) * axis.stride + axis.span - axis.size - axis.before
    for after in range(max(0, least), least + axis.stride):
        yield replace(axis, after=after)


def _filled(
    axis: Axis, mode: str, table: Array, limit: float, strides: int, dilations: int
) -> Iterator[Axis]:
    size, out_size = axis.size, axis.out_size
    most = {"circular": size, "symmetric": size, "reflect": size - 1}.get(mode)
    fold = Axis(size, 1, 1, 0, 0, 1, mode).fold
    held = np.argwhere(np.abs(table) > limit)
    stride = np.arange(1, strides + 1)
    outs = np.arange(out_size)
    for kernel in range(1, axis.kernel + 1):
        for dilation in range(1, dilations + 1):
            span = (kernel - 1) * dilation
            widest = (out_size - 1) * strides + span
            before = np.arange((widest if most is None else min(widest, most)) + 1)
            first = outs * stride[:, None, None] - before[:, None]
            # (strides, befores, outputs, taps)
            read = fold(first[..., None] + np.arange(kernel) * dilation)
            for number, ahead in np.argwhere(_covers(read, held)):
                step, pad = int(stride[number]), int(before[ahead])
                if mode == "replicate" and pad > (out_size - 1) * step + span:
                    continue
                if not _sums(read[number, ahead], table, limit):
                    continue
                plain = Axis(size, kernel, step, pad, 0, dilation, mode)
                for each in _ended(plain, out_size):
                    padded = each.before or each.after
                    if padded and (most is None or each.after <= most):
                        yield each


def _covers(read: IntArray, held: IntArray) -> Array:
    """Entry `[s, b]` tells whether all that is held is read somewhere."""
    fits = np.ones(read.shape[:2], bool)
    for out, cell in held:
        fits &= (read[:, :, out] == cell).any(axis=-1)
        if not fits.any():
            break
    return fits


def _sums(read: IntArray, table: Array, limit: float) -> bool:
    """Whether some taps at these places make the matrix of the axis."""
    outs, kernel = read.shape
    system = np.zeros((*table.shape, kernel))
    np.add.at(system, (np.arange(outs)[:, None], read, np.arange(kernel)), 1)
    system = system.reshape(-1, kernel)
    flat = table.reshape(-1)
    taps = np.linalg.lstsq(system, flat, rcond=None)[0]
    return bool((np.abs(system @ taps - flat) <= limit).all())
