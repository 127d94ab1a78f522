"""The symbols of a small geometry, and the refusal of a large one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from convmat.arrays import Array
from convmat.errors import ConvmatError, ConvmatTypeError, needs
from convmat.geometry import Geometry
from convmat.labels import labels

if TYPE_CHECKING:
    from sympy import ImmutableMatrix

__all__ = ["LIMIT", "Symbols", "column", "load_sympy", "refuse_large", "symbols_of"]

LIMIT = 5_000
"""Most entries in symbols: SymPy adds up a row of as many in half a minute."""


@dataclass(frozen=True, eq=False)
class Symbols:
    """The symbols of a geometry as object arrays, shaped as `convmat.sliding` wants.

    Attributes
    ----------
    kernel : ndarray of shape `geometry.weight_shape`
        The taps: `alpha`, or `w_0_1`.
    x : ndarray of shape (1, in_channels, *input_size)
        The input: `A`, or `x_0_1`.
    y : ndarray of shape (1, out_channels, *output_size)
        The output: `P`, or `y_0_1`.
    y_grad : ndarray of shape (1, out_channels, *output_size)
        The gradient by the output: `g_P`, or `g_0_1`.
    bias : ndarray of shape (1, out_channels, *output_size)
        The bias of each output: `b`, or `b_0`; those of a channel share it.
    """

    kernel: Array
    x: Array
    y: Array
    y_grad: Array
    bias: Array


def symbols_of(geometry: Geometry) -> Symbols:
    """The symbols of a geometry, once it is seen to be one, and small.

    Raises
    ------
    ConvmatTypeError
        When `geometry` is something else, such as a shape.

    Examples
    --------
    >>> from convmat import geometry
    >>> symbols = symbols_of(geometry((3, 3), (2, 2)))
    >>> symbols.x[0, 0, 2], symbols.y_grad[0, 0, 0]
    (array([G, H, J], dtype=object), array([g_P, g_Q], dtype=object))
    """
    if not isinstance(geometry, Geometry):
        remedy = "make one with convmat.geometry(input_shape, kernel_shape)"
        raise ConvmatTypeError("geometry", "must be a Geometry", geometry, remedy)
    # Taps that read the input: as many as entries, or more where entries are sums.
    terms = geometry.matrix_shape[0] * geometry.taps_per_row - geometry.dropped
    largest = max(terms, geometry.free_parameters, *geometry.matrix_shape)
    refuse_large(geometry, "entries, taps, inputs or outputs", largest)
    names = labels(geometry)
    y_shape = (1, geometry.out_channels, *geometry.output_size)
    y_grads = [f"g_{name.removeprefix('y_')}" for name in names.outputs]
    channels = range(geometry.out_channels)
    biases = [f"b_{c}" for c in channels] if geometry.has_channels else ["b"]
    by_channel = _symbols(biases).reshape(1, -1, *(1,) * geometry.rank)
    return Symbols(
        kernel=_symbols(names.taps).reshape(geometry.weight_shape),
        x=_symbols(names.inputs).reshape(1, geometry.in_channels, *geometry.input_size),
        y=_symbols(names.outputs).reshape(y_shape),
        y_grad=_symbols(y_grads).reshape(y_shape),
        bias=np.broadcast_to(by_channel, y_shape),
    )


def refuse_large(geometry: Geometry, what: str, count: int) -> None:
    """Return silently when `count` things of `geometry` may be written in symbols.

    Raises
    ------
    ConvmatError
        When there are too many.
    """
    if count > LIMIT:
        rule = f"must have at most {LIMIT:,} {what} to be written in symbols"
        remedy = "conv_matrix makes the matrix of numbers, at any size"
        raise ConvmatError("geometry", rule, geometry, remedy)


def column(array: Array) -> ImmutableMatrix:
    """`array` in C order as a column of SymPy."""
    return load_sympy().ImmutableMatrix(array.size, 1, array.reshape(-1).tolist())


def load_sympy() -> Any:
    """The module SymPy, which only those who ask for symbols need to have.

    Raises
    ------
    ImportError
        When it is not installed, with the line that installs it.
    """
    try:
        import sympy
    except ImportError as error:
        message = needs("convmat.symbolic", "SymPy", "symbolic")
        raise ImportError(message) from error
    return sympy


def _symbols(names: Sequence[str]) -> Array:
    return np.array(list(map(load_sympy().Symbol, names)), dtype=object)
