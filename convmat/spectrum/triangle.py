"""A band as a triangle of the same singular values, by reflections from top to bottom.

`R^H R = A^H A` holds without that product being formed, so that the smallest value
keeps the accuracy of the matrix: it is off by roundings of the norm, not by their root.

References
----------
A. Bjorck, "Numerical methods for least squares problems", 1996, section 6.2: QR of
banded matrices.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from convmat.arrays import Array
from convmat.errors import ConvmatError
from convmat.matrix.bars import bar
from convmat.memory import refuse_beyond
from convmat.spectrum.band import Tall

__all__ = ["Triangle", "triangle", "triangle_bytes"]


@dataclass(frozen=True, eq=False)
class Triangle:
    """The upper triangle `R` of a band.

    Attributes
    ----------
    stored : ndarray, `(width + 1, columns)`
        Entry `[width + i - j, j]` is `R[i, j]`, as LAPACK stores bands.
    moved : float
        What was added to any entry of the diagonal, so that none is 0.
    """

    stored: Array
    moved: float

    def solve(self, y: Array, *, adjoint: bool = False) -> Array:
        """`R^-1 y`, or `R^-H y`."""
        from scipy.linalg import get_lapack_funcs

        found: Any = get_lapack_funcs(("tbtrs",), (self.stored,))
        x: Array
        x, info = found[0](self.stored, y, uplo="U", trans="C" if adjoint else "N")
        if info:  # the diagonal holds no 0
            raise ConvmatError("kernel", "must have a triangle without 0", info)
        return x


def triangle_bytes(width: int, columns: int, itemsize: int) -> int:
    """Bytes of a triangle, and of what is laid out on the way."""
    return itemsize * ((width + _step(width) + 1) * columns + 12 * (width + 32) ** 2)


def triangle(tall: Tall, subject: object, max_bytes: int | None) -> Triangle:
    """`R` of a band with an entry that is not 0.

    Raises
    ------
    MatrixTooLargeError
        When it would take more than `max_bytes`.
    """
    matrix = tall.matrix
    columns, width = matrix.shape[1], tall.width
    needed = triangle_bytes(width, columns, matrix.dtype.itemsize)
    remedy = "use a smaller input"
    refuse_beyond("the triangle of", subject, needed, max_bytes, remedy)
    step = _step(width)
    kept = min(width + step, columns - 1)
    stored: Any = np.zeros((kept + 1, columns), matrix.dtype, order="F")
    left: Array = np.zeros((0, 0), matrix.dtype)
    entered = 0
    hidden = None if columns * width**2 > 1 << 30 else True
    with bar("triangle", columns, " columns", hidden=hidden) as shown:
        for start in range(0, columns, step):
            stop = min(start + step, columns)
            before, entered = entered, int(np.searchsorted(tall.first, stop))
            end = max(stop, int(tall.reach[entered - 1]) if entered else stop)
            window = np.zeros((len(left) + entered - before, end - start), matrix.dtype)
            window[: len(left), : left.shape[1]] = left
            window[len(left) :] = matrix[before:entered, start:end].toarray()
            upper: Any = np.linalg.qr(window, mode="r") if len(window) else window
            for row in range(min(stop - start, len(upper))):
                places = np.arange(row, end - start)
                stored[kept + row - places, start + places] = upper[row, row:]
            left = upper[stop - start :, stop - start :]
            shown.update(stop - start)
    diagonal = stored[kept]
    floor = float(np.finfo(np.float64).eps) * float(np.abs(stored).max())
    small = np.abs(diagonal) < floor
    stored[kept, small] = floor
    return Triangle(stored, 2 * floor if small.any() else 0.0)


def _step(width: int) -> int:
    """Columns that are finished together."""
    return max(32, width // 4)
