"""The other route to receptive fields: the product of the layers' matrices."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from math import prod
from typing import TYPE_CHECKING, Any

import numpy as np

from convmat.errors import ConvmatError, ConvmatTypeError, ShapeError
from convmat.geometry import IntOrInts
from convmat.geometry.integers import integer, listed
from convmat.memory import refuse_beyond
from convmat.receptive.chain import Spec, most_paths, read_chain
from convmat.receptive.layers import Layer

if TYPE_CHECKING:
    from scipy.sparse import csr_array

__all__ = ["path_matrix"]


def path_matrix(
    layers: Spec | Iterable[Spec],
    input_shape: IntOrInts | None = None,
    *,
    rows: Sequence[int] | None = None,
    max_bytes: int | None = None,
) -> csr_array[Any, tuple[int, int]]:
    """The product of the layers' matrices, with every weight 1.

    It shares nothing with `receptive_field` but the geometries: each matrix is built
    whole by `conv_matrix`, and SciPy multiplies them.

    Parameters
    ----------
    layers, input_shape
        As in `receptive_field`.
    rows : sequence of int, optional
        Outputs to keep, in C order of `(channel, *spatial)`; by default all.
    max_bytes : int, optional
        Bytes that each layer's matrix, and the largest that the product can be, may
        take; by default half of the physical memory.

    Returns
    -------
    scipy.sparse.csr_array of int64
        Entry `[r, c]` is the number of paths from input `c` to output `r`; where none
        leads, nothing is stored.

    Raises
    ------
    ConvmatError
        When a number of paths might not fit int64; `receptive_field` counts on.
    ShapeError
        For rows that there are not.
    ConvmatTypeError
        For rows that are no list of integers.
    MatrixTooLargeError
        When more than `max_bytes` would be taken.

    Examples
    --------
    >>> path_matrix(["k2", "k2"], 4).toarray()
    array([[1, 2, 1, 0],
           [0, 1, 2, 1]])
    """
    from scipy.sparse import csr_array, identity

    chain = read_chain(layers, input_shape)
    if (most := most_paths(chain)) >= 1 << 63:
        remedy = "receptive_field(...).visits counts in integers of any size"
        rule = "must have fewer than 2**63 paths"
        raise ConvmatError("layers", rule, most, remedy)
    outs = prod(chain[-1].output_size) * chain[-1].channels[1]
    picked = None if rows is None else _picked(rows, outs)
    kept = outs if picked is None else len(picked)
    _refuse(chain, kept, max_bytes)
    product: Any = csr_array(identity(outs, np.int64, format="csr"))
    if picked is not None:
        product = product[picked]
    for layer in reversed(chain):
        product = product @ _ones(layer)
    product.sort_indices()
    return csr_array(product)


def _picked(rows: Sequence[int], outs: int) -> list[int]:
    """The rows that are kept, checked.

    Raises
    ------
    ShapeError
        For one that there is not.
    ConvmatTypeError
        For what is no list of integers.
    """
    given = listed(rows)
    if given is None:
        raise ConvmatTypeError("rows", "must be a list of integers", rows)
    picked = [integer("rows", row, rows) for row in given]
    if not all(0 <= row < outs for row in picked):
        raise ShapeError("rows", f"must be from 0 to {outs - 1}", picked)
    return picked


def _ones(layer: Layer) -> Any:
    from convmat.matrix import conv_matrix  # networks have fields, and no matrices

    g = layer.geometry
    matrix = conv_matrix(np.ones(g.kernel_shape, int), g.input_shape, **g.keywords)
    return matrix.T.tocsr() if layer.transposed else matrix


def _refuse(chain: tuple[Layer, ...], kept: int, max_bytes: int | None) -> None:
    """Refuse what might not fit: the matrices, and the fullest that a product can be.

    Raises
    ------
    MatrixTooLargeError
        When one of them is beyond the limit.
    """
    from convmat.matrix import matrix_bytes

    remedy = "receptive_field needs no matrix, and rows=[...] keeps some outputs"
    widest = 1
    for layer in reversed(chain):
        g = layer.geometry
        refuse_beyond("the matrix of", g, matrix_bytes(g, np.int64), max_bytes, remedy)
        cells = layer.channels[0] * prod(layer.input_size)
        widest = min(cells, widest * layer.most_paths)
        refuse_beyond("the product down to", g, 16 * kept * widest, max_bytes, remedy)
