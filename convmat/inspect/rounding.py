"""How far two sums of the same products may lie apart in floats.

References
----------
N. J. Higham, "Accuracy and Stability of Numerical Algorithms", 2nd edition, SIAM 2002,
section 3.1: `|error| <= gamma(n) * sum |w| |x|`, `gamma(n) = n u / (1 - n u)`.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from convmat.arrays import Array
from convmat.verify.rounding.units import gamma

__all__ = ["within"]


def within(
    given: Array, ours: Array, size: Array, terms: int, dtype: Any, cut: str = ""
) -> tuple[str, bool]:
    """Whether two results differ by no more than both may by rounding.

    Ours is in float64 and rounds as well, and so does the sum of sizes.
    """
    if given.shape != ours.shape:
        return f"shape {given.shape} beside {ours.shape}", False
    unit = float(np.finfo(dtype).eps) / 2
    most = gamma(terms + 2, unit) + 2 * gamma(terms + 2)
    bound = most * size + terms * float(np.finfo(dtype).tiny)
    same = bool((np.abs(given.astype(np.float64) - ours) <= bound).all())
    return (f"within rounding{cut}" if same else f"beyond rounding{cut}"), same
