"""Numbers, and the arrays that fit a geometry."""

from __future__ import annotations

from fractions import Fraction
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from convmat.arrays import Array, Shape
from convmat.geometry import Geometry

__all__ = ["inputs", "kernels", "numbers", "outputs"]


def kernels(
    geometry: Geometry, dtype: npt.DTypeLike = np.int64
) -> st.SearchStrategy[Array]:
    """Kernels of the shape `geometry.kernel_shape`.

    Examples
    --------
    >>> from hypothesis import find
    >>> from convmat import geometry
    >>> find(kernels(geometry(3, 2)), lambda kernel: kernel[1] > 2)
    array([3, 3])
    """
    return _arrays(dtype, geometry.kernel_shape)


def inputs(
    geometry: Geometry, batch: int = 2, dtype: npt.DTypeLike = np.int64
) -> st.SearchStrategy[Array]:
    """Batches of inputs, `(batch, in_channels, *spatial)`.

    Examples
    --------
    >>> from hypothesis import find
    >>> from convmat import geometry
    >>> find(inputs(geometry(3, 2), batch=1), lambda x: x[0, 0, 2] > 4)
    array([[[5, 5, 5]]])
    """
    return _arrays(dtype, (batch, geometry.in_channels, *geometry.input_size))


def outputs(
    geometry: Geometry, batch: int = 2, dtype: npt.DTypeLike = np.int64
) -> st.SearchStrategy[Array]:
    """Batches of outputs or of gradients by them, `(batch, out_channels, *outs)`.

    Examples
    --------
    >>> from hypothesis import find
    >>> from convmat import geometry
    >>> find(outputs(geometry(3, 2), batch=1), lambda y: y[0, 0, 1] > 4)
    array([[[5, 5]]])
    """
    return _arrays(dtype, (batch, geometry.out_channels, *geometry.output_size))


def numbers(dtype: npt.DTypeLike) -> st.SearchStrategy[Any]:
    """Numbers for one dtype, such that sums of products neither over- nor underflow.

    Integers run from -9 to 9; objects are fractions with denominators up to 7; floats
    and the parts of complex numbers are 0 or from 1/8 to 8 in size.

    Examples
    --------
    >>> from hypothesis import find
    >>> find(numbers(object), lambda number: number > 1)
    Fraction(2, 1)
    """
    dtype = np.dtype(dtype)
    if dtype.kind == "O":
        return st.builds(Fraction, st.integers(-9, 9), st.integers(1, 7))
    if dtype.kind == "c":
        parts = _floats(dtype.itemsize * 4)
        return st.builds(complex, parts, parts)
    if dtype.kind == "f":
        return _floats(dtype.itemsize * 8)
    return st.integers(-9, 9)


def _floats(bits: int) -> st.SearchStrategy[float]:
    width: Literal[16, 32, 64] = 16 if bits == 16 else 32 if bits == 32 else 64
    return st.floats(-8, 8, width=width).map(lambda x: x if abs(x) >= 0.125 else 0.0)


def _arrays(dtype: npt.DTypeLike, shape: Shape) -> st.SearchStrategy[Array]:
    return hnp.arrays(np.dtype(dtype), shape, elements=numbers(dtype))
