"""The convolution as a SciPy `LinearOperator`: the matrix without its entries."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from convmat import maps
from convmat.arrays import Array
from convmat.dtypes import carried
from convmat.geometry import IntOrInts, geometry
from convmat.geometry.keywords import known_keywords

if TYPE_CHECKING:
    from scipy.sparse.linalg import LinearOperator

__all__ = ["conv_operator"]


@known_keywords
def conv_operator(
    kernel: npt.ArrayLike, input_shape: IntOrInts, **keywords: Any
) -> LinearOperator[Any]:
    """The linear operator that acts as `conv_matrix` does, and stores the kernel only.

    It computes as `conv` does: single and double precision by a fast route, all other
    numbers by the definition.

    Parameters
    ----------
    kernel : array_like
        `(*kernel)`, or `(out_channels, in_channels // groups, *kernel)`. Its values are
        copied: a later change of the array does not reach the operator.
    input_shape : int or tuple of int
        `(*spatial)` beside a kernel of the same rank, or `(in_channels, *spatial)`: the
        shape of one input. A batch axis would be read as one more spatial axis; see the
        notes on `convmat.geometry`.
    **keywords
        `stride`, `padding`, `dilation`, `groups`, `padding_mode`, as in
        `convmat.geometry`.

    Returns
    -------
    scipy.sparse.linalg.LinearOperator
        With `matvec`, `rmatvec` (the adjoint: conjugated and transposed), `matmat` and
        `rmatmat`; vectors are flat in C order of `(channel, *spatial)`, the columns of
        a matrix are a batch. An image therefore goes in as `A @ x.ravel()` and comes
        out as `(A @ x.ravel()).reshape(g.output_shape)`, a batch of images as
        `A @ x.reshape(len(x), -1).T`. Of an `x` with its axes SciPy says "dimension
        mismatch", because it takes the first axis for the length of the vectors.

    Raises
    ------
    ConvmatError, ConvmatTypeError
        For arguments that do not fit; see `convmat.geometry`.

    Examples
    --------
    >>> import numpy as np
    >>> A = conv_operator([[1, 2], [3, 4]], (3, 3))
    >>> A.shape, A @ np.arange(9)
    ((4, 9), array([27, 37, 57, 67]))
    >>> A.H @ np.ones(4, int)
    array([ 1,  3,  2,  4, 10,  6,  3,  7,  4])
    """
    from scipy.sparse.linalg import LinearOperator

    weights = carried("kernel", kernel).copy()
    g = geometry(input_shape, weights.shape, **keywords)
    weights = weights.reshape(g.weight_shape)
    adjoint = np.conjugate(weights)
    rows, cols = g.matrix_shape  # -1 cannot be told from an empty batch

    def matmat(columns: Array) -> Array:
        batch = carried("x", columns).T.reshape(-1, g.in_channels, *g.input_size)
        y = maps.forward(batch, weights, g)
        return y.reshape(len(batch), rows).T

    def rmatmat(columns: Array) -> Array:
        batch = carried("y", columns).T.reshape(-1, g.out_channels, *g.output_size)
        x = maps.input_grad(batch, adjoint, g)
        return x.reshape(len(batch), cols).T

    def matvec(x: Array) -> Array:
        return matmat(x.reshape(-1, 1)).reshape(-1)

    def rmatvec(y: Array) -> Array:
        return rmatmat(y.reshape(-1, 1)).reshape(-1)

    return LinearOperator(
        g.matrix_shape,
        matvec=matvec,
        rmatvec=rmatvec,
        matmat=matmat,
        rmatmat=rmatmat,
        dtype=weights.dtype,
    )
