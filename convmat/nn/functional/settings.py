"""Numbers of a layer, such as a slope, beside the arrays that they multiply."""

from __future__ import annotations

from fractions import Fraction
from math import prod
from numbers import Rational
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np

from convmat.arrays import Array
from convmat.errors import ConvmatTypeError
from convmat.memory import refuse_beyond
from convmat.optim.rates import Number

if TYPE_CHECKING:
    from scipy.sparse import csr_array

__all__ = ["Matrix", "beside", "matrix_beside"]

Matrix: TypeAlias = "Array | csr_array[Any, tuple[int, int]]"
"""CSR, or dense for numbers that CSR does not carry."""


def beside(argument: str, value: Number, x: Array) -> Number:
    """`value` as a number that leaves the dtype of `x` as it is.

    Raises
    ------
    ConvmatTypeError
        For a float beside exact numbers, which it would spoil.

    Examples
    --------
    >>> import numpy as np
    >>> beside("slope", Fraction(1, 4), np.zeros(2))
    0.25
    >>> beside("slope", Fraction(1, 4), np.array([Fraction(3)]))
    Fraction(1, 4)
    """
    if x.dtype != object:
        return float(value)
    if not isinstance(value, Rational):
        rule = "must be an integer or a Fraction beside exact numbers"
        remedy = "Fraction(1, 10) is 0.1 exactly"
        raise ConvmatTypeError(argument, rule, value, remedy)
    return Fraction(value)


def matrix_beside(matrix: Matrix, array: Array) -> Matrix:
    """`matrix` as it is, or dense where SciPy does not carry the dtype of `array`.

    Raises
    ------
    MatrixTooLargeError
        When the dense matrix would not fit the memory.

    Examples
    --------
    >>> from scipy.sparse import csr_array
    >>> matrix = csr_array(np.array([[2.0, 0.0]]))
    >>> matrix_beside(matrix, np.array([1.0, 2.0])) is matrix
    True
    >>> matrix_beside(matrix, np.array([Fraction(1), Fraction(2)]))
    array([[2., 0.]])
    """
    if isinstance(matrix, np.ndarray) or array.dtype not in (np.float16, object):
        return matrix
    needed = prod(matrix.shape) * matrix.dtype.itemsize
    remedy = "use numbers that sparse matrices carry, such as float32"
    refuse_beyond("the dense form of", matrix, needed, None, remedy)
    dense: Array = matrix.toarray()
    return dense
