"""`Pattern`: the CSR arrays of a geometry, written straight to their place.

A convolution's matrix repeats itself: the next output row is the last one, moved by the
stride. A pattern is therefore a short list of two kinds of steps, found once from the
geometry and then carried out on each array:

* `Lay` writes the entries of one row (at the borders, and the first of each interior),
* `Repeat` writes one more copy after another of the block just laid, moved by a fixed
  number of columns.

The innermost axis is laid as head, body and tail; outer axes repeat whole lines, planes
and channels. Nothing is sorted, nothing of the matrix's size is made besides the result,
and the number of steps grows with the padding, not with the number of rows.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from math import prod

import numpy as np

from convmat.arrays import Array, IntArray
from convmat.geometry import Axis, Geometry

__all__ = ["Pattern", "pattern_of"]

_BLOCK = 1 << 13  # elements: a repeated block of this size stays in the nearest cache
_KEPT_NNZ = 1 << 16  # the finished arrays of smaller patterns are kept


@dataclass(frozen=True, slots=True)
class Lay:
    """The entries of one row of the first output channel.

    Their columns are `cols[:, None] + sources`: what the channels and outer axes
    contribute, and the sources on the innermost axis. Their taps are the part
    `kernel[o, :, *taps]` of the kernel.
    """

    entry: int
    row: int
    cols: IntArray
    sources: IntArray
    taps: tuple[slice, ...]

    @property
    def stop(self) -> int:
        """Position after the last entry of the row."""
        return self.entry + self.cols.size * self.sources.size


@dataclass(frozen=True, slots=True)
class Repeat:
    """`count` blocks in a row, of which the first is there: entries and rows of one
    block, and the columns from one block to the next.
    """

    entry: int
    row: int
    entries: int
    rows: int
    count: int
    step: int


@dataclass(slots=True)
class _Walk:
    """Finds the steps of one output channel, from the outermost axis inwards."""

    geometry: Geometry
    dtype: np.dtype[np.signedinteger]
    steps: list[Lay | Repeat] = field(default_factory=list)
    entry: int = 0
    row: int = 0

    def block(self, number: int, cols: IntArray, taps: tuple[slice, ...]) -> None:
        """Lay everything from axis `number` inwards; `cols` and `taps` are what the
        channels and the axes outside of it contribute.
        """
        axis = self.geometry.axes[number]
        innermost = number == self.geometry.rank - 1
        pitch = prod(self.geometry.input_size[number + 1 :])
        for out, count in _runs(axis):
            inside = axis.taps_inside(out)
            within = (*taps, slice(inside.start, inside.stop))
            sources = np.arange(inside.start, inside.stop, dtype=self.dtype)
            sources *= axis.dilation
            sources += out * axis.stride - axis.before
            entry, row = self.entry, self.row
            if innermost:
                lay = Lay(entry, row, cols, sources, within)
                self.steps.append(lay)
                self.entry, self.row = lay.stop, row + 1
            else:
                self.block(
                    number + 1, (cols[:, None] + sources * pitch).ravel(), within
                )
            if count > 1:
                self._repeat(entry, row, count, axis.stride * pitch)

    def _repeat(self, entry: int, row: int, count: int, step: int) -> None:
        entries, rows = self.entry - entry, self.row - row
        self.steps.append(Repeat(entry, row, entries, rows, count, step))
        self.entry, self.row = entry + entries * count, row + rows * count


def _runs(axis: Axis) -> Iterator[tuple[int, int]]:
    """`(first output, how many alike)`: head one by one, body as a whole, tail."""
    body = axis.interior()
    for out in range(body.start):
        yield out, 1
    if body:
        yield body.start, len(body)
    for out in range(body.stop, axis.out_size):
        yield out, 1


class Pattern:
    """The CSR pattern of a geometry, ready to be written into arrays.

    Attributes
    ----------
    geometry : Geometry
    index_dtype : dtype
        int32 where all indices fit, else int64: what SciPy would choose.

    Examples
    --------
    >>> from convmat import geometry
    >>> import numpy as np
    >>> pattern = Pattern(geometry((3,), (2,)))
    >>> pattern.structure()
    (array([0, 2, 4], dtype=int32), array([0, 1, 1, 2], dtype=int32))
    >>> pattern.values(np.array([5, 7]))
    array([5, 7, 5, 7])
    """

    def __init__(self, geometry: Geometry) -> None:
        self.geometry = geometry
        largest = max(geometry.nnz, *geometry.matrix_shape)
        fits = largest <= np.iinfo(np.int32).max
        self.index_dtype: np.dtype[np.signedinteger] = np.dtype(
            np.int32 if fits else np.int64
        )
        walk = _Walk(geometry, self.index_dtype)
        channels = np.arange(geometry.weight_shape[1], dtype=self.index_dtype)
        walk.block(0, channels * prod(geometry.input_size), ())
        self._steps = tuple(walk.steps)
        self._entries, self._rows = walk.entry, walk.row  # of one output channel
        self._kept: tuple[IntArray, IntArray, IntArray] | None = None

    def structure(self) -> tuple[IntArray, IntArray]:
        """New arrays `(indptr, indices)` of the matrix."""
        if self.geometry.nnz > _KEPT_NNZ:
            return self._indptr(), self._indices()
        indptr, indices, _ = self._small()
        return indptr.copy(), indices.copy()

    def values(self, kernel: Array, out: Array | None = None) -> Array:
        """The `data` array of the matrix: `data[i]` is the tap that entry `i` holds.

        Parameters
        ----------
        kernel : ndarray of shape `geometry.weight_shape` or `geometry.kernel_shape`
        out : ndarray of shape (nnz,), optional
            Array to write to, C-contiguous and of the kernel's dtype.
        """
        if self.geometry.nnz <= _KEPT_NNZ:
            # No tap is out of range; any mode but "raise" writes to `out` directly.
            return np.take(kernel.reshape(-1), self._small()[2], out=out, mode="clip")
        data = np.empty(self.geometry.nnz, kernel.dtype) if out is None else out
        self._write(data, kernel)
        return data

    def _write(self, data: Array, kernel: Array) -> None:
        """Write to each entry of the matrix the tap that it holds."""
        bank = kernel.reshape(self.geometry.weight_shape)
        rows = data.reshape(len(bank), -1)  # (out channels, entries of a channel)
        for step in self._steps:
            if isinstance(step, Lay):
                part = bank[:, :, *step.taps]
                rows[:, step.entry : step.stop].reshape(part.shape)[...] = part
            else:
                _repeat(rows, step.entry, step.entries, step.count, 0)

    def _indices(self) -> IntArray:
        geometry = self.geometry
        indices: IntArray = np.empty((1, geometry.nnz), self.index_dtype)
        for step in self._steps:
            if isinstance(step, Lay):
                place = indices[0, step.entry : step.stop]
                place = place.reshape(step.cols.size, step.sources.size)
                np.add(step.cols[:, None], step.sources, out=place)
            else:
                _repeat(indices, step.entry, step.entries, step.count, step.step)
        per_group = geometry.out_channels // geometry.groups
        columns = geometry.weight_shape[1] * prod(geometry.input_size)
        _repeat(indices, 0, self._entries, per_group, 0)
        _repeat(indices, 0, self._entries * per_group, geometry.groups, columns)
        return indices.reshape(-1)

    def _indptr(self) -> IntArray:
        geometry = self.geometry
        indptr: IntArray = np.zeros(geometry.matrix_shape[0] + 1, self.index_dtype)
        ends = indptr[1:].reshape(1, -1)
        for step in self._steps:
            if isinstance(step, Lay):
                ends[0, step.row] = step.stop
            else:
                _repeat(ends, step.row, step.rows, step.count, step.entries)
        _repeat(ends, 0, self._rows, geometry.out_channels, self._entries)
        return indptr

    def _small(self) -> tuple[IntArray, IntArray, IntArray]:
        """`(indptr, indices, taps)`, made on first use and kept."""
        if self._kept is None:
            taps = np.empty(self.geometry.nnz, np.intp)
            self._write(taps, np.arange(self.geometry.free_parameters))
            self._kept = self._indptr(), self._indices(), taps
        return self._kept


@lru_cache(maxsize=64)
def pattern_of(geometry: Geometry) -> Pattern:
    """The pattern of a geometry; the last 64 are kept."""
    return Pattern(geometry)


def _repeat(array: Array, start: int, size: int, count: int, step: int) -> None:
    """Write copies 1, 2, ... of the block `array[:, start : start + size]` after it.

    Copy `i` is the block plus `i * step`. Copies are first doubled until they make a
    block worth a long inner loop, which is then repeated at the speed of memory.
    """
    whole = array[:, start : start + size * count]
    done = 1
    while done < count and done * size < _BLOCK:
        more = min(done, count - done)
        fresh = whole[:, done * size : (done + more) * size]
        _moved(whole[:, : more * size], done * step, fresh)
        done += more
    blocks, rest = divmod(count, done)
    if blocks > 1:
        tiles = whole[:, : blocks * done * size].reshape(len(whole), blocks, -1)
        if step:
            moves = np.arange(1, blocks, dtype=array.dtype)[:, None] * (done * step)
            np.add(tiles[:, :1], moves, out=tiles[:, 1:])
        else:
            tiles[:, 1:] = tiles[:, :1]
    if rest:
        tail = whole[:, blocks * done * size :]
        _moved(whole[:, : rest * size], blocks * done * step, tail)


def _moved(block: Array, by: int, out: Array) -> None:
    """`out = block + by`; by 0, values of any dtype are copied as they are."""
    if by:
        np.add(block, by, out=out)
    else:
        out[...] = block
