"""`Pattern`: the CSR arrays of a geometry, written straight to their place.

The steps are found once from the geometry and then carried out on each array. Nothing
of the matrix's size is sorted, or made besides the result.

All output channels have the same pattern. Values are written one channel after another,
by the steps where a channel is long, else by the taps that its entries hold.
"""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache

import numpy as np

from convmat.arrays import Array, IntArray
from convmat.errors import ConvmatError
from convmat.geometry import Geometry
from convmat.tie.index import index_dtype
from convmat.tie.part import Part, exact_values, row_axes
from convmat.tie.ties import tie_map

__all__ = ["Pattern", "pattern_of"]

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
        self._part = Part(geometry, tuple(map(range, row_axes(geometry))))
        self._kept: tuple[IntArray, IntArray] | None = None
        self._kept_taps: IntArray | None = None
        self._kept_sums: tuple[IntArray, IntArray, IntArray, IntArray] | None = None

    def structure(self) -> tuple[IntArray, IntArray]:
        """New arrays `(indptr, indices)` of the matrix."""
        if self.geometry.nnz > _KEPT_NNZ:
            return self._structure()
        if self._kept is None:
            self._kept = self._structure()
        indptr, indices = self._kept
        return indptr.copy(), indices.copy()

    def _structure(self) -> tuple[IntArray, IntArray]:
        geometry = self.geometry
        indptr: IntArray = np.zeros(geometry.matrix_shape[0] + 1, self.index_dtype)
        indices: IntArray = np.empty(geometry.nnz, self.index_dtype)
        self._part.write_ends(indptr[1:])
        return indptr, self._part.write_indices(indices)

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
        if out is not None and not (self.geometry.shared and kernel.dtype.kind == "i"):
            return self._values(kernel, out)
        sums = exact_values(self.geometry, self._values, kernel)
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
        # (out channels, taps of a channel), (out channels, entries of a channel)
        bank = kernel.reshape(geometry.out_channels, geometry.taps_per_row)
        channels = data.reshape(geometry.out_channels, self._part.entries)
        if self._part.entries > _SHORT:
            self._part.write_values(bank, data)
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
            self._kept_taps = self._part.taps()
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


@lru_cache(maxsize=64)
def pattern_of(geometry: Geometry) -> Pattern:
    """The pattern of a geometry; the last 64 are kept."""
    return Pattern(geometry)
