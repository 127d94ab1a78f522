"""`Part`: rows that are a box, written to their place in CSR arrays.

The rows of a matrix are the outer combination of groups, outputs of a group, and the
outputs of each axis, in C order. A box is a range of each. The whole matrix is one box,
and consecutive rows are a few, since a cut may fall in the middle of a line.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from math import prod
from typing import TypeAlias

import numpy as np

from convmat.arrays import Array, IntArray, Shape
from convmat.dtypes import exact_sums, quiet
from convmat.geometry import Geometry
from convmat.tie.index import narrowest
from convmat.tie.steps import Lay, walk_through

__all__ = ["Box", "Part", "boxes", "exact_values", "row_axes"]

Box: TypeAlias = tuple[range, ...]
"""A range of groups, of outputs of a group, and of the outputs of each axis."""

_BLOCK = 1 << 11  # elements: a repeated block of this size stays in the nearest cache
_AT_ONCE = 1 << 15  # entries of the channels that are written together
_ENOUGH = 4  # channels, for which it pays to find the tap of each entry first


class Part:
    """The entries of a box of rows, ready to be written into arrays.

    Attributes
    ----------
    geometry : Geometry
    steps : tuple of Lay or Repeat
        How the rows of the first output channel are written.
    channels : range
        Output channels of the box.
    entries, rows : int
        Of one output channel.

    Examples
    --------
    >>> from convmat import geometry
    >>> part = Part(geometry((3, 3), (2, 2)), (range(1), range(1), range(1), range(2)))
    >>> part.write_indices(np.empty(part.nnz, np.int32))
    array([0, 1, 3, 4, 1, 2, 4, 5], dtype=int32)
    """

    def __init__(self, geometry: Geometry, box: Box) -> None:
        self.geometry = geometry
        self._groups, self._of_group, *outs = box
        columns = narrowest(geometry.matrix_shape[1])
        walk = walk_through(geometry, columns, outs, self._groups.start)
        self.steps = tuple(walk.steps)
        self.entries, self.rows = walk.entry, walk.row
        per_group = geometry.out_channels // geometry.groups
        # A box of several groups holds all outputs of each.
        first = self._groups.start * per_group + self._of_group.start
        self.channels = range(first, first + len(self._groups) * len(self._of_group))

    @property
    def nnz(self) -> int:
        """Number of entries in all."""
        return self.entries * len(self.channels)

    def write_indices(self, out: IntArray) -> IntArray:
        """Write the columns of all entries to `out`, of shape (nnz,)."""
        for step in self.steps:
            if isinstance(step, Lay):
                place = out[step.entry : step.stop]
                sources = np.array(step.sources, dtype=step.cols.dtype)
                place = place.reshape(step.cols.size, sources.size)
                np.add(step.cols[:, None], sources, out=place)
            else:
                _repeat(out, step.entry, step.entries, step.count, step.step)
        columns = self.geometry.weight_shape[1] * prod(self.geometry.input_size)
        alike, groups = len(self._of_group), len(self._groups)
        _repeat(out, 0, self.entries, alike, 0)
        _repeat(out, 0, self.entries * alike, groups, columns)
        return out

    def write_ends(self, out: IntArray, before: int = 0) -> IntArray:
        """Write to `out[i]` where row `i` ends, after `before` other entries."""
        for step in self.steps:
            if isinstance(step, Lay):
                out[step.row] = step.stop
            else:
                _repeat(out, step.row, step.rows, step.count, step.entries)
        _repeat(out, 0, self.rows, len(self.channels), self.entries)
        if before:
            out += before
        return out

    def write_values(self, bank: Array, out: Array) -> Array:
        """Write to each entry the weight of its tap, or the sum where taps share it.

        Parameters
        ----------
        bank : ndarray, (out_channels, taps_per_row)
            The kernel of the whole geometry.
        out : ndarray of shape (nnz,)
            C-contiguous.
        """
        out = out.reshape(len(self.channels), self.entries)
        bank = bank[self.channels.start : self.channels.stop]
        if (
            len(bank) >= _ENOUGH
            and self.entries <= _AT_ONCE
            and not self.geometry.shared
        ):
            # No tap is out of range; any mode but "raise" writes to `out` directly.
            np.take(bank, self.taps(), axis=1, out=out, mode="clip")
            return out.reshape(-1)
        bank = bank.reshape(len(bank), *self.geometry.weight_shape[1:])
        longest = max(self.entries, self.geometry.taps_per_row)
        together = max(1, _AT_ONCE // longest)
        for first in range(0, len(bank), together):
            chosen = slice(first, first + together)
            self._write(out[chosen], bank[chosen])
        return out.reshape(-1)

    def taps(self) -> IntArray:
        """Entry `i` is the tap that entry `i` of an output channel holds.

        It holds one: this is for geometries whose taps share no entries.
        """
        taps = np.empty(self.entries, np.intp)
        numbers = np.arange(self.geometry.taps_per_row)
        self._write(taps[None], numbers.reshape(1, *self.geometry.weight_shape[1:]))
        return taps

    def _write(self, out: Array, bank: Array) -> None:
        """Write `(channels, entries)` from kernels `(channels, in channels, *taps)`."""
        for step in self.steps:
            if isinstance(step, Lay):
                part = step.part(bank)
                out[:, step.entry : step.stop].reshape(part.shape)[...] = part
            else:
                _repeat(out, step.entry, step.entries, step.count, 0)


def exact_values(
    geometry: Geometry, write: Callable[[Array], Array], kernel: Array
) -> Array:
    """`write(kernel)`, refused where a sum of taps that share an entry is beyond int64.

    Raises
    ------
    ConvmatError
        When it is.
    """
    if not geometry.shared or kernel.dtype.kind != "i":
        with quiet():
            return write(kernel)
    most = prod(geometry.kernel_size)  # taps that share an entry
    return exact_sums(write, kernel.astype(np.int64), terms=most)


def row_axes(geometry: Geometry) -> Shape:
    """What the rows count in C order: groups, outputs of a group, `*outs`."""
    per_group = geometry.out_channels // geometry.groups
    return (geometry.groups, per_group, *geometry.output_size)


def boxes(sizes: Shape, start: int, stop: int) -> Iterator[Box]:
    """Positions `start` to `stop`, counted in C order of `sizes`, as boxes in order.

    There are at most two for each axis but the last, and one more.

    Yields
    ------
    tuple of range

    Examples
    --------
    >>> list(boxes((4, 3), 2, 10))
    [(range(0, 1), range(2, 3)), (range(1, 3), range(0, 3)), (range(3, 4), range(0, 1))]
    """
    if start >= stop:
        return
    if len(sizes) == 1:
        yield (range(start, stop),)
        return
    inner = sizes[1:]
    (head, first), (tail, last) = (divmod(end, prod(inner)) for end in (start, stop))
    if head == tail:
        yield from ((range(head, head + 1), *box) for box in boxes(inner, first, last))
        return
    if first:
        rest = boxes(inner, first, prod(inner))
        yield from ((range(head, head + 1), *box) for box in rest)
        head += 1
    if head < tail:
        yield (range(head, tail), *map(range, inner))
    rest = boxes(inner, 0, last)
    yield from ((range(tail, tail + 1), *box) for box in rest)


def _repeat(array: Array, start: int, size: int, count: int, step: int) -> None:
    """Write copies 1, 2, ... of the block `array[..., start : start + size]` after it.

    Copy `i` is the block plus `i * step`. Copies are first doubled until they make a
    block worth a long inner loop, which is then repeated at the speed of memory.
    """
    if not size:  # a step over nothing may be larger than the dtype holds
        return
    whole = array[..., start : start + size * count]
    done = 1
    while done < count and done * size < _BLOCK:
        more = min(done, count - done)
        fresh = whole[..., done * size : (done + more) * size]
        _moved(whole[..., : more * size], done * step, fresh)
        done += more
    blocks, rest = divmod(count, done)
    if blocks > 1:
        tiles = whole[..., : blocks * done * size]
        tiles = tiles.reshape(*tiles.shape[:-1], blocks, done * size)
        if step:
            moves = np.arange(1, blocks, dtype=array.dtype)[:, None] * (done * step)
            np.add(tiles[..., :1, :], moves, out=tiles[..., 1:, :])
        else:
            tiles[..., 1:, :] = tiles[..., :1, :]
    if rest:
        tail = whole[..., blocks * done * size :]
        _moved(whole[..., : rest * size], blocks * done * step, tail)


def _moved(block: Array, by: int, out: Array) -> None:
    """`out = block + by`; by 0, values of any dtype are copied as they are."""
    if by:
        np.add(block, by, out=out)
    else:
        out[...] = block
