"""Names for the types of arrays and shapes. Nothing here runs."""

from __future__ import annotations

from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

__all__ = ["Array", "IntArray", "Pads", "Shape"]

Array: TypeAlias = npt.NDArray[Any]
"""Any dtype that convmat carries: int64, floats, complex, object (`Fraction`, ...)."""

IntArray: TypeAlias = npt.NDArray[np.integer]
"""Indices and counts."""

Shape: TypeAlias = tuple[int, ...]
"""One integer per axis."""

Pads: TypeAlias = tuple[tuple[int, int], ...]
"""One `(before, after)` per spatial axis."""
