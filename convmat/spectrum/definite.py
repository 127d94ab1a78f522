"""Proofs that every singular value of a band is above, or below, a number.

Cholesky's factorization of `A^H A - s**2 I` ends well only when the matrix is positive
definite, up to its own rounding: then all values are above `s`, or a little less. The
rounding is bounded by the factor that was found: with `L L^H = M + E`, `|E|` is at most
`gamma_{w + 2} |L| |L^H|` for a band of width `w`.

References
----------
N. J. Higham, "Accuracy and stability of numerical algorithms", theorem 10.3. S. M.
Rump, "Verification of positive definiteness", 2006.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import sqrt
from typing import Any

import numpy as np

from convmat.arrays import Array
from convmat.memory import refuse_beyond
from convmat.spectrum.band import Tall

__all__ = ["Gram", "gram", "gram_bytes"]

_EPS = float(np.finfo(np.float64).eps)
_GAPS = (1e-6, 1e-3, 0.03, 0.2)  # shares of a square that are given up


@dataclass(frozen=True, eq=False)
class Gram:
    """`A^H A` as a band, and what rounding did to it.

    Attributes
    ----------
    stored : ndarray, `(width + 1, columns)`
        Entry `[i - j, j]` is `(A^H A)[i, j]` on and below the diagonal.
    error : float
        The norm of what it differs by from the true one, at most.
    """

    stored: Array
    error: float

    def least(self, value: float) -> float:
        """A number that no singular value is below, as near to `value` as is proved.

        It is 0 where nothing could be proved.
        """
        square = value * value
        shift = square / 2  # how much is lost to rounding shows how near one may come
        rounding = self._definite(-shift, 1.0) if shift > self.error else None
        if rounding is None or rounding >= shift:
            return 0.0
        proved = shift - rounding
        for share in (0.0, *_GAPS):  # the nearest one that can be proved
            gap = max(0.1 * rounding, 1e-9 * square) + share * square
            own = self._definite(gap - square, 1.0) if gap < square / 2 else None
            if own is not None:
                proved = max(proved, square - gap - own)
                break
        return sqrt(proved) * (1 - 4 * _EPS)

    def most(self, value: float) -> float:
        """A number that no singular value is above, as near to `value` as is proved."""
        for gap in (1e-9, *_GAPS):
            shift = value * value * (1 + gap)
            rounding = self._definite(shift, -1.0)
            if rounding is not None:
                return sqrt(shift + rounding) * (1 + 4 * _EPS)
        return float("inf")

    def _definite(self, shift: float, sign: float) -> float | None:
        """The rounding, when `sign * A^H A + shift` is positive definite up to it."""
        from scipy.linalg import get_lapack_funcs

        moved = np.array(sign * self.stored, order="F")
        moved[0] += shift
        found: Any = get_lapack_funcs(("pbtrf",), (moved,))
        lower, info = found[0](moved, lower=1, overwrite_ab=1)
        if info:
            return None
        sizes = np.abs(lower)
        width, columns = len(sizes) - 1, sizes.shape[1]
        across = np.zeros(columns)
        for below in range(width + 1):
            across[below:] += sizes[below, : columns - below]
        size = float(sizes.sum(axis=0).max() * across.max())
        # Complex products take a few roundings each; the shift adds one to an entry.
        factors = 4 if moved.dtype.kind == "c" else 1
        gamma = factors * (width + 4) * _EPS
        return self.error + gamma / (1 - gamma) * size + _EPS * abs(shift)


def gram_bytes(width: int, columns: int, itemsize: int) -> int:
    """Bytes of a Gram matrix, of a factor, and of its absolute values."""
    return 4 * itemsize * (width + 1) * columns


def gram(tall: Tall, subject: object, max_bytes: int | None) -> Gram:
    """`A^H A` of a band.

    Raises
    ------
    MatrixTooLargeError
        When it would take more than `max_bytes`.
    """
    matrix: Any = tall.matrix
    columns, width = matrix.shape[1], tall.width
    needed = gram_bytes(width, columns, matrix.dtype.itemsize)
    remedy = "use a smaller input"
    refuse_beyond("the Gram matrix of", subject, needed, max_bytes, remedy)
    product: Any = (matrix.conj().T @ matrix).tocoo()
    stored: Array = np.zeros((width + 1, columns), matrix.dtype, order="F")
    below = product.row >= product.col
    rows, cols = product.row[below], product.col[below]
    stored[rows - cols, cols] = product.data[below]
    most = int(matrix.count_nonzero(axis=0).max()) if matrix.nnz else 0
    factors = 4 if matrix.dtype.kind == "c" else 1
    gamma = factors * (most + 2) * _EPS
    return Gram(stored, gamma / (1 - gamma) * tall.absolute)
