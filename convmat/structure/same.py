"""Whether a matrix is that of a kernel and a geometry, entry by entry."""

from __future__ import annotations

from typing import Any

import numpy as np

from convmat.arrays import Array
from convmat.dtypes import quiet
from convmat.geometry import Geometry
from convmat.memory import refuse_beyond
from convmat.structure.entries import Entries
from convmat.tie import index_dtype, pattern_of

__all__ = ["built", "differences", "same"]


def built(kernel: Array, g: Geometry) -> Entries:
    """The matrix of a kernel, as `conv_matrix` builds it, of any numbers.

    Raises
    ------
    MatrixTooLargeError
        When it would take more than half of the physical memory.
    """
    item = kernel.dtype.itemsize + index_dtype(g).itemsize
    remedy = "recognize a part of the matrix"
    refuse_beyond("the matrix of", g, g.nnz * item, None, remedy)
    pattern = pattern_of(g)
    indptr, indices = pattern.structure()
    return Entries(g.matrix_shape, indptr, indices, pattern.values(kernel))


def same(entries: Entries, kernel: Array, g: Geometry, tolerance: Any) -> bool:
    """Whether no entry is further than `tolerance` from that of the kernel's matrix."""
    if g.nnz > 4 * len(entries.indices) + 4096 and not tolerance:
        # Most of its entries would be 0: the kernel is asked before they are built.
        bank = kernel.reshape(kernel.shape[0], -1)
        if g.padding_mode == "zeros" and np.count_nonzero(bank) == bank.size:
            return False
    other = built(kernel, g)
    if np.array_equal(entries.indptr, other.indptr) and np.array_equal(
        entries.indices, other.indices
    ):
        return _close(entries.data, other.data, tolerance)
    rows, _, found, expected = differences(
        entries.without_zeros(), other.without_zeros()
    )
    return len(rows) == 0 or _close(found, expected, tolerance)


def _close(found: Array, expected: Array, tolerance: Any) -> bool:
    if np.array_equal(found, expected):  # no array of differences is made for these
        return True
    if not tolerance:
        return False
    with quiet():
        return bool((np.abs(found - expected) <= tolerance).all())


def differences(one: Entries, other: Entries) -> tuple[Array, Array, Array, Array]:
    """`(rows, columns, values of one, values of the other)` where either has an entry.

    In C order of the matrix; positions at which both are equal are left out.
    """
    width = one.shape[1]
    keys = [each.rows.astype(np.int64) * width + each.indices for each in (one, other)]
    every = np.union1d(keys[0], keys[1])
    kind = np.result_type(one.data.dtype, other.data.dtype)
    values = []
    for key, each in zip(keys, (one, other), strict=True):
        full = np.zeros(len(every), kind)
        full[np.searchsorted(every, key)] = each.data
        values.append(full)
    unlike = np.asarray(values[0] != values[1], dtype=bool)
    places = every[unlike]
    return places // width, places % width, values[0][unlike], values[1][unlike]
