"""A convolution as the product of two matrices: its padding, and all the rest."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy.typing as npt

from convmat.dtypes import carried
from convmat.geometry import IntOrInts, geometry
from convmat.geometry.keywords import known_keywords
from convmat.linear.padding import WHAT, padding_of
from convmat.linear.reading import Input
from convmat.matrix import conv_matrix, matrix_bytes, sparse_dtype
from convmat.memory import refuse_beyond

if TYPE_CHECKING:
    from scipy.sparse import csr_array

__all__ = ["ConvFactors", "conv_factors"]


class ConvFactors(NamedTuple):
    """`conv @ pad` is the matrix of a convolution.

    Attributes
    ----------
    conv : scipy.sparse.csr_array
        `K`: the convolution of the padded input, without padding.
    pad : scipy.sparse.csr_array
        `P`: the padding, in the dtype of `conv`.

    Examples
    --------
    >>> factors = conv_factors([5, 7], 2, padding=1)
    >>> factors.conv.toarray()
    array([[5, 7, 0, 0],
           [0, 5, 7, 0],
           [0, 0, 5, 7]])
    >>> factors.pad.toarray()
    array([[0, 0],
           [1, 0],
           [0, 1],
           [0, 0]])
    """

    conv: csr_array[Any, tuple[int, int]]
    pad: csr_array[Any, tuple[int, int]]


@known_keywords
def conv_factors(
    kernel: npt.ArrayLike,
    input_shape: IntOrInts,
    *,
    max_bytes: int | None = None,
    **keywords: Any,
) -> ConvFactors:
    """The two factors `K` and `P` of `conv_matrix(kernel, ...) == K @ P`.

    All that a padding mode does is in `P`, and all that the kernel says is in `K`. With
    zeros in the padding, the columns of `K` that `P` leaves out hold the taps that are
    dropped by padding; in the other modes `P` adds the taps that read one cell.

    Parameters
    ----------
    kernel : array_like
        `(*kernel)`, or `(out_channels, in_channels // groups, *kernel)`.
    input_shape : int or tuple of int
        `(*spatial)` beside a kernel of the same rank, or `(in_channels, *spatial)`.
    max_bytes : int, optional
        Bytes that both matrices together may take; by default half of the physical
        memory.
    **keywords
        `stride`, `padding`, `dilation`, `groups`, `padding_mode`, as in
        `convmat.geometry`.

    Returns
    -------
    ConvFactors
        `(K, P)`. `K` has the outputs as its rows and the padded input as its columns,
        `P` the padded input and the input. Both are canonical and of the kernel's
        dtype, so that their product is too. It is exact for integers; of floats, three
        and more taps that share an entry may be added in another order.

    Raises
    ------
    MatrixTooLargeError
        When the two would take more than `max_bytes`; nothing is allocated then.
    ConvmatTypeError
        For a dtype that SciPy's sparse arrays cannot carry, such as `Fraction`.
    ConvmatError
        For settings that give no convolution; see `convmat.geometry`.

    Examples
    --------
    >>> from convmat.matrix import conv_matrix
    >>> settings = {"padding": [(2, 1)], "padding_mode": "reflect"}
    >>> K, P = conv_factors([1, 2, 3, 4], 3, **settings)
    >>> K.toarray()
    array([[1, 2, 3, 4, 0, 0],
           [0, 1, 2, 3, 4, 0],
           [0, 0, 1, 2, 3, 4]])
    >>> (K @ P).toarray()
    array([[3, 6, 1],
           [2, 4, 4],
           [1, 6, 3]])
    >>> (K @ P != conv_matrix([1, 2, 3, 4], 3, **settings)).nnz
    0
    """
    array = carried("kernel", kernel)
    g = geometry(input_shape, array.shape, **keywords)
    array = sparse_dtype(array)
    given = Input(g.in_channels, g.input_size, g.has_channels)
    chosen = padding_of(given, g.padding, g.padding_mode)
    padded = replace(
        g,
        input_size=tuple(axis.padded_size for axis in g.axes),
        padding=((0, 0),) * g.rank,
        padding_mode="zeros",
    )
    refuse_beyond(
        "the two factors of",
        g,
        matrix_bytes(padded, array.dtype) + chosen.bytes(array.dtype),
        max_bytes,
        "conv_matrix takes less, and conv_operator needs no stored matrix",
    )
    pad = chosen.matrix(WHAT, given, max_bytes, "", array.dtype)
    return ConvFactors(
        conv_matrix(array, padded.input_shape, max_bytes=max_bytes, **padded.keywords),
        pad,
    )
