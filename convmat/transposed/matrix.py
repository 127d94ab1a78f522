"""The matrix of a transposed convolution, as SciPy CSR."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy.typing as npt

from convmat.dtypes import carried
from convmat.errors import ConvmatTypeError
from convmat.geometry import IntOrInts, transposed_geometry
from convmat.geometry.keywords import known_keywords
from convmat.matrix import conv_matrix, matrix_bytes, sparse_dtype
from convmat.memory import refuse_beyond
from convmat.tie import index_dtype

if TYPE_CHECKING:
    from scipy.sparse import csr_array

__all__ = ["conv_transpose_matrix"]


@known_keywords
def conv_transpose_matrix(
    kernel: npt.ArrayLike,
    input_shape: IntOrInts,
    *,
    output_padding: IntOrInts = 0,
    output_shape: IntOrInts | None = None,
    max_bytes: int | None = None,
    **keywords: Any,
) -> csr_array[Any, tuple[int, int]]:
    """The matrix `W` with `conv_transpose(y, kernel).ravel() == W @ y.ravel()`.

    It is the transpose of the paired convolution's matrix, sorted by its own rows.

    Parameters
    ----------
    kernel : array_like
        `(*kernel)`, or `(in_channels, out_channels // groups, *kernel)`.
    input_shape : int or tuple of int
        The shape of `y`: `(*spatial)` beside a kernel of the same rank, or
        `(in_channels, *spatial)`.
    output_padding, output_shape
        As in `conv_transpose`.
    max_bytes : int, optional
        Bytes that may be taken, by default half of the physical memory. The paired
        matrix is held until it is transposed, so that this is twice the matrix.
    **keywords
        `stride`, `padding`, `dilation`, `groups`, `padding_mode`, as in
        `convmat.geometry.transposed_geometry`.

    Returns
    -------
    scipy.sparse.csr_array
        Entry `[r, c]` is the weight with which input `c` goes into cell `r` of the
        result; both count in C order of `(channel, *spatial)`. The form is canonical,
        and a tap whose value is 0 is stored, as in `conv_matrix`. Integers give int64.

    Raises
    ------
    MatrixTooLargeError
        When more than `max_bytes` would be taken; nothing is allocated then.
    ConvmatTypeError
        For a dtype that SciPy's sparse arrays cannot carry, such as `Fraction`.
    ConvmatError
        For settings that give no transposed convolution; see
        `convmat.geometry.transposed_geometry`.

    Examples
    --------
    >>> conv_transpose_matrix([1, 2, 3], 2, stride=2).toarray()
    array([[1, 0],
           [2, 0],
           [3, 1],
           [0, 2],
           [0, 3]])
    """
    array = carried("kernel", kernel)
    keywords |= {"output_padding": output_padding, "output_shape": output_shape}
    g = transposed_geometry(input_shape, array.shape, **keywords)
    try:
        array = sparse_dtype(array)
    except ConvmatTypeError as error:
        remedy = "use conv_transpose, which carries it"
        raise ConvmatTypeError(
            error.argument, error.rule, error.value, remedy
        ) from None
    paired = matrix_bytes(g, array.dtype)
    rows, columns = g.matrix_shape
    refuse_beyond(
        "the transposed matrix of",
        g,
        2 * paired + (columns - rows) * index_dtype(g).itemsize,
        max_bytes,
        "conv_transpose_operator needs no stored matrix",
    )
    matrix = conv_matrix(array, g.input_shape, max_bytes=paired, **g.keywords)
    transposed = matrix.T.tocsr()  # counts the entries of each row, and lays them there
    transposed.has_canonical_format = True  # rows were read in order
    return transposed
