"""The matrix written out, group by group, where it is small enough."""

from __future__ import annotations

from collections.abc import Iterator
from math import prod, sqrt
from typing import Any

import numpy as np

from convmat.arrays import Array
from convmat.matrix import conv_matrix
from convmat.memory import refuse_beyond
from convmat.spectrum.reading import Read

__all__ = ["dense_error", "dense_values", "group_matrices", "refuse_dense"]


def dense_values(read: Read, max_bytes: int | None) -> Array:
    """All singular values, largest first: those of all groups together.

    Raises
    ------
    MatrixTooLargeError
        When the matrix of a group would take more than `max_bytes`.
    """
    remedy = "ask for the largest ones only: count=10, or spectral_norm"
    refuse_dense(read, max_bytes, remedy)
    parts = [np.linalg.svd(m, compute_uv=False) for m in group_matrices(read)]
    return np.sort(np.concatenate(parts))[::-1]


def group_matrices(read: Read) -> Iterator[Array]:
    """The dense matrix of each group, the blocks along the diagonal of the whole.

    Yields
    ------
    ndarray, `(rows // groups, columns // groups)`
    """
    g = read.geometry
    keywords: dict[str, Any] = {**g.keywords, "groups": 1}
    shape = (g.in_channels // g.groups, *g.input_size)
    for weights in read.by_group:
        yield conv_matrix(weights, shape, **keywords).toarray()


def refuse_dense(read: Read, max_bytes: int | None, remedy: str) -> None:
    """Before the matrix of a group, and what its decomposition needs, is allocated.

    Raises
    ------
    MatrixTooLargeError
        When they would take more than `max_bytes`.
    """
    rows, columns = read.group_shape
    needed = 3 * rows * columns * read.weights.dtype.itemsize
    refuse_beyond("the dense matrix of", read.geometry, needed, max_bytes, remedy)


def dense_error(read: Read, norm: float) -> float:
    """A bound on what rounding did to any value of the dense matrix.

    LAPACK's values are those of a matrix that differs by a rounding of each row and
    column, relative to the norm. Entries are exact, but for those that add taps.
    """
    g = read.geometry
    eps = float(np.finfo(np.float64).eps)
    error = eps * sum(read.group_shape) * norm
    if g.shared:
        taps = prod(g.kernel_size)
        whole = float(np.linalg.norm(read.weights)) * sqrt(taps * prod(g.output_size))
        error += eps * taps * whole
    return error
