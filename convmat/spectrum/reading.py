"""What every function here begins with: a kernel that is finite, in double precision.

Singular values are irrational in general, so that no exactness is lost: integers and
Fractions are rounded to float64 once, here.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from convmat.arrays import Array
from convmat.dtypes import carried
from convmat.errors import ConvmatError, ConvmatTypeError
from convmat.geometry import Geometry, IntOrInts, geometry

__all__ = ["Read", "read"]


@dataclass(frozen=True, eq=False)
class Read:
    """A kernel beside its geometry.

    Attributes
    ----------
    geometry : Geometry
    weights : ndarray of shape `geometry.weight_shape`
        Of float64 or complex128, divided by `scale`: none is larger than 1, so that no
        square overflows, and none that matters underflows.
    scale : float
        A power of two, by which every value of `weights` is to be multiplied.
    single : bool
        Whether the caller's kernel was of single precision or less.
    """

    geometry: Geometry
    weights: Array
    scale: float = 1.0
    single: bool = False

    @property
    def by_group(self) -> Array:
        """The weights as `(groups, outputs of a group, inputs of it, *kernel)`."""
        groups = self.geometry.groups
        return self.weights.reshape(groups, -1, *self.weights.shape[1:])

    @property
    def group_shape(self) -> tuple[int, int]:
        """Rows and columns of the matrix of one group."""
        rows, columns = self.geometry.matrix_shape
        return rows // self.geometry.groups, columns // self.geometry.groups

    def unscaled(self, value: Any) -> Any:
        """A result about `weights` as one about the kernel: times `scale`.

        Raises
        ------
        ConvmatError
            When that is beyond float64.
        """
        with np.errstate(over="ignore"):
            result = value * self.scale
        if not np.isfinite(result).all():
            rule = "must have a matrix whose values float64 can hold"
            raise ConvmatError("kernel", rule, result, "scale the kernel first")
        return result

    @property
    def count(self) -> int:
        """Number of singular values: the smaller of rows and columns, group by group.

        Groups are blocks along the diagonal of the matrix, so that their values
        together are those of the whole.
        """
        return min(self.geometry.matrix_shape)


def read(
    kernel: npt.ArrayLike, input_shape: IntOrInts, keywords: Mapping[str, Any]
) -> Read:
    """The arguments of a public function, checked.

    Raises
    ------
    ConvmatError
        For a kernel with a value that is not finite, or beyond float64; and as
        `convmat.geometry`.
    ConvmatTypeError
        For objects that are no real numbers.

    Examples
    --------
    >>> from fractions import Fraction
    >>> read([Fraction(1, 2), 3], 4, {}).weights
    array([[[0.125, 0.75 ]]])
    """
    array = carried("kernel", kernel)
    g = geometry(input_shape, array.shape, **keywords)
    single = array.dtype.kind in "fc" and array.real.dtype.itemsize <= 4
    wide = np.complex128 if array.dtype.kind == "c" else np.float64
    try:
        with np.errstate(over="ignore"):
            weights = array.astype(wide).reshape(g.weight_shape)
    except OverflowError:
        rule = "must hold numbers that float64 can hold"
        raise ConvmatError("kernel", rule, array, "scale the kernel first") from None
    except (TypeError, ValueError):
        rule = "must hold real numbers, or complex ones of a complex dtype"
        remedy = "put numbers in for the symbols"
        raise ConvmatTypeError("kernel", rule, array, remedy) from None
    if not np.isfinite(weights).all():
        remedy = "a spectrum is that of a finite matrix"
        raise ConvmatError("kernel", "must hold finite numbers", array, remedy)
    with np.errstate(over="ignore"):
        largest = float(np.abs(weights).max())
    # 0 stays 0. The scale itself must be a number: 2**1024 is none.
    exponent = min(int(np.frexp(largest)[1]), 1023) if np.isfinite(largest) else 1023
    return Read(g, weights * 2.0**-exponent, 2.0**exponent, single)
