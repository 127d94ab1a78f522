"""Outputs where two convolutions in a row are not the merged one."""

from __future__ import annotations

from math import gcd, prod

import numpy as np
import numpy.typing as npt

from convmat.arrays import Array, IntArray
from convmat.composition.blocks import blocks_of
from convmat.dtypes import exact_sums
from convmat.geometry import Axis, Geometry
from convmat.memory import refuse_beyond

__all__ = ["border_of", "differing"]


def border_of(
    first: Geometry, second: Geometry, *, columns: bool = False
) -> npt.NDArray[np.bool_]:
    """Entry `[*out]` says whether the merged convolution may differ there.

    It may where some tap of the second one falls on a zero of its padding while a tap
    of the merged one that goes through it falls on the input. With `columns`, entry
    `[*cell]` says it of the inputs, which are the outputs of the transposed ones.

    Examples
    --------
    >>> from convmat import geometry
    >>> padded = geometry(5, 3, padding=1)
    >>> border_of(padded, padded)
    array([ True, False, False, False,  True])
    """
    reads: list[Array] = []
    beside: list[Array] = []
    zeros = second.padding_mode == "zeros"
    for one, other in zip(first.axes, second.axes, strict=True):
        sources, outside = _reads(one, other)
        inside = (sources >= 0) & (sources < one.size)
        lost = inside & outside[..., None] & zeros
        if columns:
            reads.append(np.isin(np.arange(one.size), sources[inside]))
            beside.append(np.isin(np.arange(one.size), sources[lost]))
        else:
            reads.append(np.asarray(inside.any(axis=(1, 2))))
            beside.append(np.asarray(lost.any(axis=(1, 2))))
    whole = np.zeros(first.input_size if columns else second.output_size, bool)
    for axis in range(second.rank):
        own = np.ones((), bool)
        for number, seen in enumerate(reads):
            mask = beside[number] if number == axis else seen
            own = np.logical_and.outer(own, mask)
        whole |= own
    return whole


def _reads(first: Axis, second: Axis) -> tuple[IntArray, npt.NDArray[np.bool_]]:
    """The cell that each output reads through each pair of taps.

    Returns
    -------
    ndarray of int64, `(outs, taps of the second, taps of the first)`
    ndarray of bool, `(outs, taps of the second)`
        Whether the second one's tap falls beside the first one's output.
    """
    needed = 8 * second.out_size * second.kernel * first.kernel
    remedy = "a smaller input has the same border"
    refuse_beyond("the reads of", second, needed, None, remedy)
    middle = second.padded_cells() - second.before
    taps = np.arange(first.kernel) * first.dilation
    sources = middle[..., None] * first.stride + taps - first.before
    return sources, (middle < 0) | (middle >= first.out_size)


def differing(
    first: Geometry,
    second: Geometry,
    kernels: tuple[Array, Array],
    *,
    columns: bool = False,
) -> npt.NDArray[np.bool_]:
    """Entry `[o, *out]` says whether the merged row is another one, with these kernels.

    With `columns`, entry `[i, *cell]` says it of the merged column.

    The difference of two rows is what the merged one reads through zeros of the
    padding. It is summed for each cell of input, since parts may cancel.

    Raises
    ------
    MatrixTooLargeError
        When the differences do not fit into memory.
    """
    groups = gcd(first.groups, second.groups)
    border = border_of(first, second)
    outs = np.flatnonzero(border)
    rows, cells, pairs = _missing(first, second, outs)
    sides = second.out_channels, border.size
    if columns:
        sides = first.in_channels, prod(first.input_size)
    result = np.zeros(sides, bool)
    if not rows.size:
        return result
    keys, sums_of = np.unique(
        rows * prod(first.input_size) + cells, return_inverse=True
    )
    shape = groups, second.out_channels // groups, first.in_channels // groups
    needed = 16 * max(len(keys), len(pairs)) * prod(shape)
    remedy = "border tells the outputs that may differ, and needs no rows"
    refuse_beyond("the rows at the border of", second, needed, None, remedy)

    def compute(one: Array, other: Array) -> Array:
        a, b = blocks_of(one, first, groups), blocks_of(other, second, groups)
        a = np.moveaxis(a.reshape(*a.shape[:3], -1), 3, 0)[None]
        b = np.moveaxis(b.reshape(*b.shape[:3], -1), 3, 0)[:, None]
        products = (b @ a).reshape(-1, *shape)  # of each tap of b with each of a
        sums = np.zeros((len(keys), *shape), products.dtype)
        np.add.at(sums, sums_of, products[pairs])
        return sums

    terms = second.in_channels // groups * prod(second.kernel_size)
    sums = exact_sums(compute, *kernels, terms=terms)
    # (keys, groups, outputs, inputs)
    wrong = np.asarray(sums != 0).any(axis=-2 if columns else -1)
    found, channels = np.nonzero(wrong.reshape(len(keys), -1))
    places = np.divmod(keys[found], prod(first.input_size))
    result[channels, places[1] if columns else places[0]] = True
    return result


def _missing(
    first: Geometry, second: Geometry, outs: IntArray
) -> tuple[IntArray, IntArray, IntArray]:
    """What the merged rows `outs` read through the second one's padding.

    Returns
    -------
    rows, cells, pairs : ndarray of int64
        Row, cell of input and pair of taps `t2 * taps of the first + t1`, all flat.
    """
    size = second.output_size
    places = np.unravel_index(outs, size)
    tables = [
        _reads(one, other) for one, other in zip(first.axes, second.axes, strict=True)
    ]
    rows, cells, pairs = [], [], []
    number = 0
    for t2 in np.ndindex(second.kernel_size):
        beside = np.zeros(len(outs), bool)
        for place, (_, outside), tap in zip(places, tables, t2, strict=True):
            beside |= outside[place, tap]
        for t1 in np.ndindex(first.kernel_size):
            inside = beside.copy()
            flat = np.zeros(len(outs), np.int64)
            for place, (sources, _), u, v, n in zip(
                places, tables, t1, t2, first.input_size, strict=True
            ):
                own = sources[place, v, u]
                inside &= (own >= 0) & (own < n)
                flat = flat * n + own
            rows.append(outs[inside])
            cells.append(flat[inside])
            pairs.append(np.full(int(inside.sum()), number))
            number += 1
    return np.concatenate(rows), np.concatenate(cells), np.concatenate(pairs)
