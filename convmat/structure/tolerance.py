"""How far two entries may be apart and still be equal."""

from __future__ import annotations

from numbers import Real
from typing import Any

import numpy as np

from convmat.errors import ConvmatError, ConvmatTypeError
from convmat.structure.entries import Entries

__all__ = ["read_tolerance", "tolerance_for"]

_LARGEST = float(np.finfo(np.float64).max)
_ROUNDINGS = 64  # of the largest entry, that floats may be off by default


def read_tolerance(tolerance: Any) -> Any:
    """The tolerance that a caller gave, checked."""
    if isinstance(tolerance, bool) or not isinstance(tolerance, Real):
        raise ConvmatTypeError("tolerance", "must be a number", tolerance)
    allowed: Any = tolerance
    if not 0 <= allowed <= _LARGEST:
        raise ConvmatError("tolerance", "must be at least 0 and finite", tolerance)
    return tolerance


def tolerance_for(entries: Entries, tolerance: Any) -> tuple[Any, bool]:
    """How far entries may be apart, and whether the caller said so."""
    if tolerance is None:
        if entries.exact:
            return 0, False
        unit = float(np.finfo(entries.data.dtype).eps)
        return _ROUNDINGS * unit * float(entries.largest), False
    allowed = read_tolerance(tolerance)
    return allowed, bool(allowed)
