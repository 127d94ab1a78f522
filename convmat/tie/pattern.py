"""`Pattern`: the CSR arrays of a geometry, written straight to their place.

The steps are found once from the geometry and then carried out on each array. Nothing
of the matrix's size is sorted, or made besides the result.

All output channels have the same pattern. Values are written one channel after another,
by the steps where a channel is long, else by the taps that its entries hold.
"""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache
from math import prod

import numpy as np

from convmat.arrays import Array, IntArray
from convmat.dtypes import exact_sums
from convmat.errors import ConvmatError
from convmat.geometry import Geometry
from convmat.tie.steps import Lay, walk_through
from convmat.tie.ties import tie_map

__all__ = ["Pattern", "index_dtype", "pattern_of"]

_BLOCK = 1 << 11  # elements: a repeated block of this size stays in the nearest cache
_KEPT_NNZ = 1 << 16  # the finished arrays of smaller patterns are kept
_SHORT = 1 << 15  # entries of a channel, for which one call is faster than the steps


class Pattern:
    """The CSR pattern of a geometry, ready to be written into arrays.

    Attributes
    ----------
    geometry : Geometry
    index_dtype : dtype
        Of `indptr` and `indices`.

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
        self.index_dtype = index_dtype(geometry)
        walk = walk_through(geometry, self.index_dtype)
        self._steps = tuple(walk.steps)
        self._entries, self._rows = walk.entry, walk.row  # of one output channel
        self._kept: tuple[IntArray, IntArray] | None = None
        self._kept_taps: IntArray | None = None
        self._kept_sums: tuple[IntArray, IntArray, IntArray, IntArray] | None = None

    def structure(self) -> tuple[IntArray, IntArray]:
        """New arrays `(indptr, indices)` of the matrix."""
        if self.geometry.nnz > _KEPT_NNZ:
            return self._indptr(), self._indices()
        if self._kept is None:
            self._kept = self._indptr(), self._indices()
        indptr, indices = self._kept
        return indptr.copy(), indices.copy()

    def values(self, kernel: Array, out: Array | None = None) -> Array:
        """The `data` array of the matrix: `data[i]` is the tap that entry `i` holds.

        Where taps share an entry it is their sum.

        Parameters
        ----------
        kernel : ndarray of shape `geometry.weight_shape` or `geometry.kernel_shape`
        out : ndarray of shape (nnz,), optional
            Array to write to, C-contiguous and of the kernel's dtype.

        Raises
        ------
        ConvmatError
            When a sum of integers does not fit their dtype.
        """
        if not self.geometry.shared or kernel.dtype.kind != "i":
            return self._values(kernel, out)
        most = prod(self.geometry.kernel_size)  # taps that share an entry
        sums = exact_sums(self._values, kernel.astype(np.int64), terms=most)
        if out is None:
            return sums
        if not np.array_equal(sums.astype(out.dtype), sums):
            remedy = "build a new matrix with conv_matrix"
            rule = f"must have sums of taps that fit {out.dtype}"
            raise ConvmatError("kernel", rule, kernel, remedy)
        out[...] = sums
        return out

    def _values(self, kernel: Array, out: Array | None = None) -> Array:
        geometry = self.geometry
        data = np.empty(geometry.nnz, kernel.dtype) if out is None else out
        # (out channels, entries of a channel), (out channels, taps of a channel)
        channels = data.reshape(geometry.out_channels, self._entries)
        bank = kernel.reshape(geometry.out_channels, geometry.taps_per_row)
        if self._entries > _SHORT:
            for channel, weights in zip(channels, bank, strict=True):
                self._write(channel, weights)
        elif geometry.shared:
            firsts, shared, taps, starts = self._sums()
            np.take(bank, firsts, axis=1, out=channels, mode="clip")
            channels[:, shared] = np.add.reduceat(bank[:, taps], starts, axis=1)
        else:
            # No tap is out of range; any mode but "raise" writes to `out` directly.
            np.take(bank, self._taps(), axis=1, out=channels, mode="clip")
        return data

    def _taps(self) -> IntArray:
        """Entry `i` is the tap that entry `i` of every output channel holds."""
        if self._kept_taps is None:
            taps = np.empty(self._entries, np.intp)
            self._write(taps, np.arange(self.geometry.taps_per_row))
            self._kept_taps = taps  # finished, so that other threads may read it
        return self._kept_taps

    def _sums(self) -> tuple[IntArray, IntArray, IntArray, IntArray]:
        """How an output channel is filled where taps share entries.

        The first tap of every entry; the entries that several taps share; the taps of
        those, in the order of entries; and where the taps of each begin.
        """
        if self._kept_sums is None:
            g = self.geometry
            channel = g
            if g.out_channels > 1:
                channel = replace(
                    g,
                    in_channels=g.weight_shape[1],
                    out_channels=1,
                    groups=1,
                    has_channels=True,
                )
            ties = tie_map(channel)
            places = ties.rows * channel.matrix_shape[1] + ties.cols
            order = np.argsort(places, kind="stable")
            taps, fresh = ties.taps[order], np.diff(places[order], prepend=-1) > 0
            begins = np.flatnonzero(fresh)
            counts = np.diff(begins, append=len(taps))
            shared = np.flatnonzero(counts > 1)
            several = counts[shared]
            starts = np.cumsum(several) - several
            chosen = taps[np.repeat(counts > 1, counts)]
            self._kept_sums = taps[begins], shared, chosen, starts
        return self._kept_sums

    def _write(self, channel: Array, weights: Array) -> None:
        """Write to each entry of one output channel the weight of its tap."""
        weights = weights.reshape(self.geometry.weight_shape[1:])
        for step in self._steps:
            if isinstance(step, Lay):
                part = step.part(weights)
                channel[step.entry : step.stop].reshape(part.shape)[...] = part
            else:
                _repeat(channel, step.entry, step.entries, step.count, 0)

    def _indices(self) -> IntArray:
        geometry = self.geometry
        indices: IntArray = np.empty(geometry.nnz, self.index_dtype)
        for step in self._steps:
            if isinstance(step, Lay):
                place = indices[step.entry : step.stop]
                sources = np.array(step.sources, dtype=self.index_dtype)
                place = place.reshape(step.cols.size, sources.size)
                np.add(step.cols[:, None], sources, out=place)
            else:
                _repeat(indices, step.entry, step.entries, step.count, step.step)
        per_group = geometry.out_channels // geometry.groups
        columns = geometry.weight_shape[1] * prod(geometry.input_size)
        _repeat(indices, 0, self._entries, per_group, 0)
        _repeat(indices, 0, self._entries * per_group, geometry.groups, columns)
        return indices

    def _indptr(self) -> IntArray:
        geometry = self.geometry
        indptr: IntArray = np.zeros(geometry.matrix_shape[0] + 1, self.index_dtype)
        ends = indptr[1:]
        for step in self._steps:
            if isinstance(step, Lay):
                ends[step.row] = step.stop
            else:
                _repeat(ends, step.row, step.rows, step.count, step.entries)
        _repeat(ends, 0, self._rows, geometry.out_channels, self._entries)
        return indptr


def index_dtype(geometry: Geometry) -> np.dtype[np.signedinteger]:
    """int32 where all indices of the matrix fit, else int64: what SciPy would choose.

    Examples
    --------
    >>> from convmat import geometry
    >>> index_dtype(geometry((3, 3), (2, 2)))
    dtype('int32')
    """
    largest = max(geometry.nnz, *geometry.matrix_shape)
    return np.dtype(np.int32 if largest <= np.iinfo(np.int32).max else np.int64)


@lru_cache(maxsize=64)
def pattern_of(geometry: Geometry) -> Pattern:
    """The pattern of a geometry; the last 64 are kept."""
    return Pattern(geometry)


def _repeat(array: Array, start: int, size: int, count: int, step: int) -> None:
    """Write copies 1, 2, ... of the block `array[start : start + size]` after it.

    Copy `i` is the block plus `i * step`. Copies are first doubled until they make a
    block worth a long inner loop, which is then repeated at the speed of memory.
    """
    whole = array[start : start + size * count]
    done = 1
    while done < count and done * size < _BLOCK:
        more = min(done, count - done)
        fresh = whole[done * size : (done + more) * size]
        _moved(whole[: more * size], done * step, fresh)
        done += more
    blocks, rest = divmod(count, done)
    if blocks > 1:
        tiles = whole[: blocks * done * size].reshape(blocks, -1)
        if step:
            moves = np.arange(1, blocks, dtype=array.dtype)[:, None] * (done * step)
            np.add(tiles[0], moves, out=tiles[1:])
        else:
            tiles[1:] = tiles[0]
    if rest:
        tail = whole[blocks * done * size :]
        _moved(whole[: rest * size], blocks * done * step, tail)


def _moved(block: Array, by: int, out: Array) -> None:
    """`out = block + by`; by 0, values of any dtype are copied as they are."""
    if by:
        np.add(block, by, out=out)
    else:
        out[...] = block
