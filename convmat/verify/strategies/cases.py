"""A geometry with arrays that fit it."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
from hypothesis import strategies as st

from convmat.arrays import Array
from convmat.geometry import Geometry
from convmat.verify.strategies.arrays import inputs, kernels, outputs
from convmat.verify.strategies.shapes import geometries

__all__ = ["Case", "cases"]


class Case(NamedTuple):
    """A geometry with arrays that fit it, in the shapes that routes take.

    Attributes
    ----------
    geometry : Geometry
    kernel : ndarray of shape `geometry.weight_shape`
    x : ndarray, `(batch, in_channels, *spatial)`
    grad : ndarray, `(batch, out_channels, *outs)`

    Examples
    --------
    >>> from hypothesis import find
    >>> case = find(cases(), lambda case: case.geometry.nnz > 1)
    >>> case.kernel.shape == case.geometry.weight_shape
    True
    >>> case.x.shape[2:] == case.geometry.input_size
    True
    """

    geometry: Geometry
    kernel: Array
    x: Array
    grad: Array


@st.composite
def cases(
    draw: st.DrawFn,
    /,
    dtype: npt.DTypeLike = np.int64,
    *,
    batch: int = 2,
    **bounds: Any,
) -> Case:
    """Geometries with a kernel, a batch of inputs and a batch of gradients.

    Parameters
    ----------
    dtype : dtype
        Of all three arrays; see `numbers`.
    batch : int
    **bounds
        As in `geometries`.

    Examples
    --------
    >>> from hypothesis import find
    >>> case = find(cases(), lambda case: case.geometry.stride == (2,))
    >>> case.geometry, case.x.shape
    (geometry((1,), (1,), stride=2), (2, 1, 1))
    """
    g = draw(geometries(**bounds))
    kernel = draw(kernels(g, dtype)).reshape(g.weight_shape)
    return Case(
        g, kernel, draw(inputs(g, batch, dtype)), draw(outputs(g, batch, dtype))
    )
