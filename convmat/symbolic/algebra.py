"""Matrix, outputs and gradients as SymPy expressions.

Vectors are columns in C order of `(channel, *spatial)`, as beside the matrix; the
kernel and its gradient keep the kernel's shape.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy.typing as npt

from convmat import sliding
from convmat.arrays import Array
from convmat.dtypes import carried
from convmat.errors import ShapeError
from convmat.geometry import Geometry
from convmat.symbolic.names import column, load_sympy, symbols_of
from convmat.tie import tie_map

if TYPE_CHECKING:
    from sympy import ImmutableDenseNDimArray, ImmutableMatrix, ImmutableSparseMatrix

__all__ = [
    "symbolic_input",
    "symbolic_input_grad",
    "symbolic_kernel",
    "symbolic_kernel_grad",
    "symbolic_matrix",
    "symbolic_output",
]


def symbolic_matrix(
    geometry: Geometry, kernel: npt.ArrayLike | None = None
) -> ImmutableSparseMatrix:
    """The matrix of a convolution with the symbols of its taps.

    Parameters
    ----------
    geometry : Geometry
        As `convmat.geometry` returns it.
    kernel : array_like, optional
        What to write for the taps, of the shape `geometry.kernel_shape`: numbers,
        Fractions or SymPy expressions. By default `symbolic_kernel(geometry)`.

    Returns
    -------
    sympy.ImmutableSparseMatrix
        Entry `[r, c]` is the weight with which output `r` reads input `c`; both count
        in C order of `(channel, *spatial)`. Where padding repeats the input, an entry
        may be a sum of taps. SymPy stores no zeros, so a tap whose value is 0 can't be
        told from a structural zero here.

    Raises
    ------
    ConvmatError
        For a geometry of more than `LIMIT` entries, taps, inputs or outputs.
    ConvmatTypeError
        When `geometry` is no `Geometry`, or `kernel` holds something else than numbers.
    ShapeError
        When the kernel is not of this geometry.

    Examples
    --------
    >>> from convmat import geometry
    >>> symbolic_matrix(geometry((3, 3), (2, 2)))
    Matrix([
    [alpha,  beta,     0, gamma, delta,     0,     0,     0,     0],
    [    0, alpha,  beta,     0, gamma, delta,     0,     0,     0],
    [    0,     0,     0, alpha,  beta,     0, gamma, delta,     0],
    [    0,     0,     0,     0, alpha,  beta,     0, gamma, delta]])
    """
    taps = symbols_of(geometry).kernel
    if kernel is not None:
        taps = _read(kernel, geometry)
    ties = tie_map(geometry)
    places = zip(ties.rows.tolist(), ties.cols.tolist(), strict=True)
    entries: dict[tuple[int, int], Any] = {}
    for place, tap in zip(places, taps.reshape(-1)[ties.taps], strict=True):
        entries[place] = entries[place] + tap if place in entries else tap
    return load_sympy().ImmutableSparseMatrix(*geometry.matrix_shape, entries)


def symbolic_kernel(geometry: Geometry) -> ImmutableDenseNDimArray:
    """The taps as symbols, in the shape of the kernel.

    Examples
    --------
    >>> from convmat import geometry
    >>> symbolic_kernel(geometry((3, 3), (2, 2)))
    [[alpha, beta], [gamma, delta]]
    """
    return _kernel_shaped(symbols_of(geometry).kernel, geometry)


def symbolic_input(geometry: Geometry) -> ImmutableMatrix:
    """The input as a column of symbols: the vector beside the matrix.

    Examples
    --------
    >>> from convmat import geometry
    >>> symbolic_input(geometry((2, 3), (2, 2))).T
    Matrix([[A, B, C, D, E, F]])
    """
    return column(symbols_of(geometry).x)


def symbolic_output(geometry: Geometry, bias: bool = True) -> ImmutableMatrix:
    """The outputs as a column of expressions: the vector `W x + b`.

    Parameters
    ----------
    geometry : Geometry
        As `convmat.geometry` returns it.
    bias : bool, optional
        Whether each output channel has a bias: `b`, or `b_0`, `b_1`, ...

    Returns
    -------
    sympy.ImmutableMatrix
        Entry `[r]` is output `r`, found by the sliding window.

    Raises
    ------
    ConvmatError, ConvmatTypeError
        As `symbolic_matrix`; so do all functions here.

    Examples
    --------
    >>> from convmat import geometry
    >>> for output in symbolic_output(geometry((3, 3), (2, 2))):
    ...     print(output)
    A*alpha + B*beta + D*gamma + E*delta + b
    B*alpha + C*beta + E*gamma + F*delta + b
    D*alpha + E*beta + G*gamma + H*delta + b
    E*alpha + F*beta + H*gamma + J*delta + b
    """
    symbols = symbols_of(geometry)
    y = sliding.forward(symbols.x, symbols.kernel, geometry)
    return column(y + symbols.bias if bias else y)


def symbolic_kernel_grad(geometry: Geometry) -> ImmutableDenseNDimArray:
    """The gradient by the kernel, in its shape; `g_P` is the gradient by output `P`.

    Returns
    -------
    sympy.ImmutableDenseNDimArray
        Entry `[tap]` is the sum over the tie of the tap: for each position of the
        matrix that holds it, the row's output gradient times the column's input.

    Examples
    --------
    >>> from convmat import geometry
    >>> symbolic_kernel_grad(geometry((3, 3), (2, 2)))[0, 0]
    A*g_P + B*g_Q + D*g_R + E*g_S
    """
    symbols = symbols_of(geometry)
    grad = sliding.kernel_grad(symbols.y_grad, symbols.x, geometry)
    return _kernel_shaped(grad, geometry)


def symbolic_input_grad(geometry: Geometry) -> ImmutableMatrix:
    """The gradient by the input, as a column; `g_P` is the gradient by output `P`.

    Returns
    -------
    sympy.ImmutableMatrix
        Entry `[c]` is the sum over all outputs that read input `c`: their gradient
        times the tap through which they read it.

    Examples
    --------
    >>> from convmat import geometry
    >>> symbolic_input_grad(geometry((3, 3), (2, 2)))[1]
    alpha*g_Q + beta*g_P
    """
    symbols = symbols_of(geometry)
    return column(sliding.input_grad(symbols.y_grad, symbols.kernel, geometry))


def _kernel_shaped(array: Array, geometry: Geometry) -> ImmutableDenseNDimArray:
    entries = array.reshape(-1).tolist()
    return load_sympy().ImmutableDenseNDimArray(entries, geometry.kernel_shape)


def _read(kernel: npt.ArrayLike, geometry: Geometry) -> Array:
    """The caller's kernel."""
    array = carried("kernel", kernel)
    if array.shape not in (geometry.kernel_shape, geometry.weight_shape):
        rule = f"must be {geometry.kernel_shape}"
        raise ShapeError("kernel.shape", rule, array.shape)
    return array
