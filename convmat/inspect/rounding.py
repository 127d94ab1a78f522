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

__all__ = ["gamma", "within"]


def gamma(terms: int, dtype: Any) -> float:
    """The rounding of a sum of so many products, relative to the sum of their sizes.

    Examples
    --------
    >>> gamma(4, "float64") == 4 * 2**-53 / (1 - 4 * 2**-53)
    True
    """
    share = terms * float(np.finfo(dtype).eps) / 2
    return share / (1 - share) if share < 1 else float("inf")


def within(
    given: Array, ours: Array, size: Array, terms: int, dtype: Any, cut: str = ""
) -> tuple[str, bool]:
    """Whether two results differ by no more than both may by rounding.

    Ours is in float64 and rounds as well, and so does the sum of sizes.
    """
    if given.shape != ours.shape:
        return f"shape {given.shape} beside {ours.shape}", False
    most = gamma(terms + 2, dtype) + 2 * gamma(terms + 2, "float64")
    bound = most * size + terms * float(np.finfo(dtype).tiny)
    same = bool((np.abs(given.astype(np.float64) - ours) <= bound).all())
    return (f"within rounding{cut}" if same else f"beyond rounding{cut}"), same
