"""The transposed convolution as a SciPy `LinearOperator`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from convmat.dtypes import carried
from convmat.geometry import IntOrInts, transposed_geometry
from convmat.geometry.keywords import known_keywords
from convmat.operator import conv_operator

if TYPE_CHECKING:
    from scipy.sparse.linalg import LinearOperator

__all__ = ["conv_transpose_operator"]


@known_keywords
def conv_transpose_operator(
    kernel: npt.ArrayLike,
    input_shape: IntOrInts,
    *,
    output_padding: IntOrInts = 0,
    output_shape: IntOrInts | None = None,
    **keywords: Any,
) -> LinearOperator[Any]:
    """The operator that acts as `conv_transpose_matrix` does, and stores no matrix.

    Parameters
    ----------
    kernel : array_like
        `(*kernel)`, or `(in_channels, out_channels // groups, *kernel)`. Its values are
        copied.
    input_shape : int or tuple of int
        The shape of `y`: `(*spatial)` beside a kernel of the same rank, or
        `(in_channels, *spatial)`.
    output_padding, output_shape
        As in `conv_transpose`.
    **keywords
        `stride`, `padding`, `dilation`, `groups`, `padding_mode`, as in
        `convmat.geometry.transposed_geometry`.

    Returns
    -------
    scipy.sparse.linalg.LinearOperator
        As from `conv_operator`. Its `rmatvec` is the paired convolution with the
        conjugate kernel.

    Raises
    ------
    ConvmatError, ConvmatTypeError
        For arguments that do not fit; see `convmat.geometry.transposed_geometry`.

    Examples
    --------
    >>> A = conv_transpose_operator([1, 2, 3], 2, stride=2)
    >>> A.shape, A @ np.array([1, 10])
    ((5, 2), array([ 1,  2, 13, 20, 30]))
    """
    array = carried("kernel", kernel)
    keywords |= {"output_padding": output_padding, "output_shape": output_shape}
    g = transposed_geometry(input_shape, array.shape, **keywords)
    # The adjoint conjugates the kernel once more: what is left is the transpose.
    return conv_operator(np.conjugate(array), g.input_shape, **g.keywords).H
