"""How many singular values of a band are above a number, counted without them.

`A^H A - s**2 I` has as many positive eigenvalues as `A` has singular values above `s`,
and so have the blocks that elimination leaves along its diagonal (Sylvester's law of
inertia). The rounding of every block is bounded by what was computed, and moves no
eigenvalue further (Weyl): what is counted at `s` holds up to a little around it.

References
----------
J. J. Sylvester, 1852; G. H. Golub, C. F. Van Loan, "Matrix computations", sections
8.1.5 and 8.4.1. N. J. Higham, "Accuracy and stability of numerical algorithms".
"""

from __future__ import annotations

from dataclasses import dataclass
from math import sqrt
from typing import Any

import numpy as np

from convmat.arrays import Array
from convmat.matrix.bars import bar
from convmat.memory import refuse_beyond
from convmat.spectrum.band import Tall

__all__ = ["Count", "count_above"]

_EPS = float(np.finfo(np.float64).eps)


@dataclass(frozen=True)
class Count:
    """How many singular values are above a number, up to rounding.

    Attributes
    ----------
    value : int
    low, high : float
        So many values are at least `low`, and all others at most `high`.
    """

    value: int
    low: float
    high: float


def count_above(
    tall: Tall, threshold: float, subject: object, max_bytes: int | None
) -> Count:
    """The singular values of a band above `threshold`.

    Raises
    ------
    MatrixTooLargeError
        When the blocks would take more than `max_bytes`.
    """
    matrix: Any = tall.matrix
    columns, width = matrix.shape[1], tall.width
    step = min(columns, max(32, width))  # blocks touch their neighbours only
    needed = 8 * matrix.dtype.itemsize * step**2
    remedy = "use a smaller input"
    refuse_beyond("the blocks of", subject, needed, max_bytes, remedy)
    product: Any = (matrix.conj().T @ matrix).tocsr()
    most = int(matrix.count_nonzero(axis=0).max()) if matrix.nnz else 0
    moved = (most + 3) * _EPS * tall.absolute
    positive, worst = 0, 0.0
    carried: Array = np.zeros((step, step), matrix.dtype)
    scale = 8 * step * _EPS  # of a product or a decomposition of blocks
    rounding = 0.0
    hidden = None if columns * step**2 > 1 << 28 else True
    with bar("inertia", columns, " columns", hidden=hidden) as shown:
        for start in range(0, columns, step):
            stop, after = min(start + step, columns), min(start + 2 * step, columns)
            block = product[start:stop, start:stop].toarray()
            size = float(np.linalg.norm(block)) + threshold**2
            block = block - carried[: stop - start, : stop - start]
            block[range(stop - start), range(stop - start)] -= threshold**2
            values, vectors = np.linalg.eigh((block + block.conj().T) / 2)
            own = float(np.abs(values).max())
            worst = max(worst, rounding + scale * (size + own))
            positive += int((values > 0).sum())
            least = float(np.abs(values).min())
            if least == 0.0:
                return Count(positive, 0.0, float("inf"))
            beside = product[stop:after, start:stop].toarray()
            turned = beside @ vectors
            divided = turned / values
            carried = divided @ turned.conj().T
            # An error of `turned` counts beside the quotient, and once with itself.
            lost = scale * float(np.linalg.norm(beside))
            halves = float((np.abs(turned) ** 2 / np.abs(values)).sum())
            rounding = 2 * lost * float(np.linalg.norm(divided)) + lost**2 / least
            rounding += scale * halves
            shown.update(stop - start)
    total = worst + moved
    below, above = threshold**2 - total, threshold**2 + total
    return Count(positive, sqrt(max(0.0, below)), sqrt(above))
