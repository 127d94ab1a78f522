"""How wide an index has to be: 32 bits where they suffice, else 64."""

from __future__ import annotations

import numpy as np

from convmat.arrays import Shape
from convmat.errors import ConvmatError
from convmat.geometry import Geometry

__all__ = ["check_columns", "index_dtype", "narrowest"]


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


def check_columns(columns: int, input_shape: Shape) -> None:
    """Refuse more columns than an int64 can number: SciPy knows no wider index.

    Rows and entries need no such check. As many of them fit no memory.

    Raises
    ------
    ConvmatError
        When there are 2**63 and more.

    Examples
    --------
    >>> check_columns(1 << 64, (1 << 32, 1 << 32))
    Traceback (most recent call last):
        ...
    convmat.errors.ConvmatError: input_shape must have fewer than 2**63 cells in all,
    got input_shape=(4294967296, 4294967296)
    """
    if columns >= 1 << 63:
        rule = "must have fewer than 2**63 cells in all"
        raise ConvmatError("input_shape", rule, input_shape)
