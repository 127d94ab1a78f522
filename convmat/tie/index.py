"""How wide an index has to be: 32 bits where they suffice, else 64."""

from __future__ import annotations

import numpy as np

from convmat.geometry import Geometry

__all__ = ["index_dtype", "narrowest"]


def index_dtype(geometry: Geometry) -> np.dtype[np.signedinteger]:
    """int32 where all indices of the matrix fit, else int64: what SciPy would choose.

    Examples
    --------
    >>> from convmat import geometry
    >>> index_dtype(geometry((3, 3), (2, 2)))
    dtype('int32')
    """
    return narrowest(max(geometry.nnz, *geometry.matrix_shape))


def narrowest(largest: int) -> np.dtype[np.signedinteger]:
    """int32 where numbers up to `largest` fit, else int64.

    Examples
    --------
    >>> narrowest(2**31 - 1), narrowest(2**31)
    (dtype('int32'), dtype('int64'))
    """
    return np.dtype(np.int32 if largest <= np.iinfo(np.int32).max else np.int64)
