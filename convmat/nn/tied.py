"""The matrix of a kernel, for the layers that multiply with it.

A file of its own: the rooms that it needs are loaded with the first matrix, and most
networks have none.
"""

from __future__ import annotations

from math import prod

from convmat.arrays import Array
from convmat.constraints import ConvConstraint
from convmat.errors import ConvmatTypeError
from convmat.geometry import Geometry
from convmat.matrix import from_pattern, matrix_bytes, sparse_dtype
from convmat.memory import refuse_beyond
from convmat.nn.functional.settings import Matrix

__all__ = ["sparse", "tied_matrix"]


def tied_matrix(weight: Array, g: Geometry, max_bytes: int | None) -> Matrix:
    """The matrix of a kernel: CSR, or dense where its numbers are objects.

    Raises
    ------
    MatrixTooLargeError
        When it would take more than `max_bytes`; nothing is allocated then.
    ConvmatTypeError
        For float16.
    """
    if weight.dtype == object:  # CSR carries no objects
        needed = prod(g.matrix_shape) * weight.itemsize
    else:
        needed = matrix_bytes(g, sparse(weight).dtype)
    remedy = "the other routes need no stored matrix"
    refuse_beyond("the matrix of", g, needed, max_bytes, remedy)
    if weight.dtype == object:
        return ConvConstraint(g).embed(weight, max_bytes=needed)
    return from_pattern(g, weight)


def sparse(weight: Array) -> Array:
    """`weight`, when its matrix has a dtype that SciPy's sparse arrays carry.

    Raises
    ------
    ConvmatTypeError
        For float16.
    """
    try:
        return sparse_dtype(weight)
    except ConvmatTypeError as error:
        remedy = "use float32, or route='fast', which carries float16"
        raise ConvmatTypeError("dtype", error.rule, error.value, remedy) from None
