"""Reading the kernel of a known geometry out of a matrix, tap by tap.

A tap that stands alone in some entry is read there. Where taps only ever stand in sums,
a linear system of the axis is solved, exactly. What no entry can tell is taken as 0.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache
from math import prod
from typing import Any

import numpy as np

from convmat.arrays import Array, IntArray
from convmat.geometry import Axis, Geometry
from convmat.structure.entries import Entries

__all__ = ["TapReader", "blocks", "read_kernel", "tap_reader"]


@dataclass(frozen=True, eq=False)
class TapReader:
    """Which entries of an axis tell its taps, and how.

    Attributes
    ----------
    outs, cells : ndarray of int, shape (entries,)
        The entries that are read.
    shares : ndarray of Fraction, shape (taps, entries), or None
        A tap is the sum of the entries, each times its share; None where tap `t` is
        entry `t`.
    unknown : tuple of int
        Taps that no entry tells: dead ones, and those that others stand in for.
    """

    outs: IntArray
    cells: IntArray
    shares: Array | None
    unknown: tuple[int, ...]

    @property
    def one_output(self) -> bool:
        """Whether one output tells all taps, one entry each."""
        return self.shares is None and not self.unknown and bool(np.ptp(self.outs) == 0)


@lru_cache(maxsize=4096)
def tap_reader(axis: Axis) -> TapReader:
    """How to read the taps of an axis.

    Examples
    --------
    >>> reader = tap_reader(Axis(3, 3, 1, 1, 1, 1))
    >>> reader.outs, reader.cells, reader.unknown
    (array([1, 1, 1]), array([0, 1, 2]), ())
    >>> tap_reader(Axis(1, 3, 1, 1, 1, 1)).unknown
    (0, 2)
    """
    offsets = np.arange(axis.kernel) * axis.dilation - axis.before
    # The middle one of the outputs whose window lies on the input as a whole.
    first = max(0, -(-axis.before // axis.stride))
    last = (axis.size - 1 - int(offsets[-1])) // axis.stride
    last = min(last, axis.out_size - 1)
    if first <= last:
        outs = np.full(axis.kernel, (first + last) // 2)
        return TapReader(outs, outs * axis.stride + offsets, None, ())
    if axis.mode == "zeros":
        held = [axis.outputs_inside(tap) for tap in range(axis.kernel)]
        alive = [bool(inside) for inside in held]
        outs = np.array([inside[len(inside) // 2] if inside else 0 for inside in held])
        cells = np.where(alive, outs * axis.stride + offsets, -1)
        dead = tuple(tap for tap, lives in enumerate(alive) if not lives)
        return TapReader(outs, cells, None, dead)
    return _solved(axis)


def _solved(axis: Axis) -> TapReader:
    sources = axis.sources()
    rows: dict[tuple[int, ...], tuple[int, int]] = {}
    for out, read in enumerate(sources.tolist()):
        counts: dict[int, list[int]] = {}
        for tap, cell in enumerate(read):
            counts.setdefault(cell, [0] * axis.kernel)[tap] += 1
        for cell, row in counts.items():
            rows.setdefault(tuple(row), (out, cell))
    systems = sorted(rows, key=sum)  # taps that stand alone first
    alone = {row.index(1): rows[row] for row in systems if sum(row) == 1}
    if len(alone) == axis.kernel:
        outs, cells = zip(*(alone[tap] for tap in range(axis.kernel)), strict=True)
        return TapReader(np.array(outs), np.array(cells), None, ())
    shares, pivots, used = _left_inverse(systems, axis.kernel)
    outs, cells = zip(*(rows[systems[row]] for row in used), strict=True)
    unknown = tuple(tap for tap in range(axis.kernel) if tap not in pivots)
    return TapReader(np.array(outs), np.array(cells), shares, unknown)


def _left_inverse(
    rows: list[tuple[int, ...]], taps: int
) -> tuple[Array, set[int], list[int]]:
    """`shares`, with which independent rows give the taps; those that are free are 0.

    Gauss and Jordan, in fractions: each kept row carries how it was made of the rows.
    """
    kept: list[tuple[int, list[Fraction], dict[int, Fraction]]] = []
    used: list[int] = []
    for number, row in enumerate(rows):
        values = [Fraction(value) for value in row]
        made = {number: Fraction(1)}
        for pivot, other, recipe in kept:
            _subtract(values, made, other, recipe, values[pivot])
        pivot = next((tap for tap, value in enumerate(values) if value), -1)
        if pivot < 0:
            continue
        scale = values[pivot]
        values = [value / scale for value in values]
        made = {key: value / scale for key, value in made.items()}
        for _, other, recipe in kept:
            _subtract(other, recipe, values, made, other[pivot])
        kept.append((pivot, values, made))
        used.append(number)
        if len(kept) == taps:
            break
    shares = np.full((taps, len(used)), Fraction(0), dtype=object)
    for pivot, _, made in kept:
        for number, value in made.items():
            shares[pivot, used.index(number)] = value
    return shares, {pivot for pivot, _, _ in kept}, used


def _subtract(
    values: list[Fraction],
    made: dict[int, Fraction],
    other: list[Fraction],
    recipe: dict[int, Fraction],
    times: Fraction,
) -> None:
    """Take `times` another row off a row, and keep how it is made."""
    if not times:
        return
    for place, value in enumerate(other):
        values[place] -= times * value
    for key, value in recipe.items():
        made[key] = made.get(key, Fraction(0)) - times * value


def read_kernel(entries: Entries, g: Geometry) -> Array:
    """The kernel that the matrix has, if it is a matrix of the geometry.

    Returns
    -------
    ndarray of shape `g.weight_shape`
        Integers stay integers where all taps are.
    """
    readers = [tap_reader(axis) for axis in g.axes]
    if all(reader.one_output for reader in readers):
        return _of_one_output(entries, g, readers)
    outs, cells = (
        _outer([getattr(r, name) for r in readers], size)
        for name, size in (("outs", g.output_size), ("cells", g.input_size))
    )
    per_group, per_out = g.weight_shape[1], g.out_channels // g.groups
    out_channel = np.arange(g.out_channels)[:, None, None]
    in_channel = out_channel // per_out * per_group + np.arange(per_group)[:, None]
    rows = out_channel * prod(g.output_size) + outs
    columns = np.where(cells < 0, -1, in_channel * prod(g.input_size) + cells)
    read = entries.at(rows, columns)  # no column is -1: a dead tap reads 0
    read = read.reshape(g.weight_shape[:2] + tuple(len(r.outs) for r in readers))
    for number, reader in enumerate(readers):
        if reader.shares is not None:
            read = _shared(read, reader.shares, number + 2)
    if entries.data.dtype.kind == "i" and read.dtype == object:
        return _integers(read)
    return read


def _of_one_output(entries: Entries, g: Geometry, readers: list[TapReader]) -> Array:
    """The kernel, from one row of each output channel."""
    outs = _outer([reader.outs[:1] for reader in readers], g.output_size)
    cells = _outer([reader.cells for reader in readers], g.input_size)
    rows = np.arange(g.out_channels) * prod(g.output_size) + outs
    out_channel, columns, values = entries.of_rows(rows)
    in_channel, cell = np.divmod(columns, prod(g.input_size))
    per_group, per_out = g.weight_shape[1], g.out_channels // g.groups
    in_channel -= out_channel // per_out * per_group
    tap = np.full(prod(g.input_size), -1)
    tap[cells] = np.arange(len(cells))
    held = (tap[cell] >= 0) & (in_channel >= 0) & (in_channel < per_group)
    kernel = np.zeros((g.out_channels, per_group, len(cells)), values.dtype)
    kernel[out_channel[held], in_channel[held], tap[cell[held]]] = values[held]
    return kernel.reshape(g.weight_shape)


def _outer(each: list[IntArray], sizes: tuple[int, ...]) -> IntArray:
    """Flat indices of the outer combination of per-axis indices; -1 stays -1."""
    flat, gone = np.zeros(1, np.int64), np.zeros(1, bool)
    for index, size in zip(each, sizes, strict=True):
        flat = (flat[:, None] * size + index).reshape(-1)
        gone = (gone[:, None] | (index < 0)).reshape(-1)
    return np.where(gone, -1, flat)


def _shared(read: Array, shares: Array, axis: int) -> Array:
    weights = shares
    if read.dtype.kind in "fc":
        weights = shares.astype(np.float64).astype(read.dtype)
    else:
        read = read.astype(object)
    product = np.tensordot(read, weights, axes=([axis], [1]))
    return np.moveaxis(product, -1, axis)


def _integers(values: Array) -> Array:
    """Fractions as int64, where all of them are integers that fit."""
    flat: list[Any] = [Fraction(value) for value in values.flat]
    whole = all(v.denominator == 1 and -(2**63) <= v < 2**63 for v in flat)
    made = [int(v) if whole else v for v in flat]
    dtype: Any = np.int64 if whole else object
    return np.array(made, dtype=dtype).reshape(values.shape)


def blocks(kernel: Array) -> int:
    """The most groups that a kernel of one group falls into.

    Examples
    --------
    >>> blocks(np.eye(4).reshape(4, 4, 1))
    4
    """
    out_channels, in_channels = kernel.shape[:2]
    held = (kernel != 0).reshape(out_channels, in_channels, -1).any(axis=2)
    into, out_of = np.nonzero(held)
    most = np.gcd(out_channels, in_channels)
    for groups in range(int(most), 1, -1):
        if most % groups == 0 and len(into):
            same = into // (out_channels // groups) == out_of // (in_channels // groups)
            if same.all():
                return groups
    return 1
