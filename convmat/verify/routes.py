"""`ROUTES`: every way to convolve, under one signature, so that laws run over all.

A route takes a kernel of `geometry.weight_shape` and a batch `(batch, in_channels,
*spatial)`; it reads no shorthand. The calls look their functions up at the moment they
run, so that a planted bug is seen by the route that it is planted in.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from math import prod
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np

from convmat import fast, matrix, operator, sliding
from convmat.arrays import Array, IntArray, Shape
from convmat.constraints import ConvConstraint
from convmat.errors import ConvmatError
from convmat.geometry import Geometry

if TYPE_CHECKING:
    from scipy.sparse import csr_array
    from scipy.sparse.linalg import LinearOperator

__all__ = ["ROUTES", "Map", "Route"]

Map: TypeAlias = Callable[[Array, Array, Geometry], Array]
"""Two arrays and the geometry that they belong to, to one array."""

_SPARSE = frozenset(
    map(
        np.dtype,
        [
            np.int64,
            np.float32,
            np.float64,
            np.longdouble,
            np.complex64,
            np.complex128,
            np.clongdouble,
        ],
    )
)
_FAST = frozenset(map(np.dtype, ["i8", "f4", "f8", "c8", "c16"]))
_ALL = _SPARSE | {np.dtype(np.float16), np.dtype(object)}


_EXACT = 2.0**53


@dataclass(frozen=True, slots=True)
class Route:
    """One way to convolve, with its gradients where it has them.

    Attributes
    ----------
    name : str
    carries : frozenset of dtype
        The dtypes, as `convmat.dtypes.carried` gives them, that pass unchanged.
    apply : callable
        `apply(kernel, x, geometry) -> y`.
    input_grad : callable or None
        `input_grad(grad, kernel, geometry) -> x_grad`, the transpose of `apply` in `x`.
    kernel_grad : callable or None
        `kernel_grad(grad, x, geometry) -> kernel_grad`, summed over the batch.

    Examples
    --------
    >>> import numpy as np
    >>> from convmat import geometry
    >>> g = geometry((1, 3, 3), (1, 1, 2, 2))
    >>> x, kernel = np.arange(9).reshape(1, 1, 3, 3), np.arange(4).reshape(1, 1, 2, 2)
    >>> for route in ROUTES.values():
    ...     print(route.name, route.apply(kernel, x, g).ravel())
    sliding [19 25 37 43]
    matrix [19 25 37 43]
    operator [19 25 37 43]
    dense [19 25 37 43]
    fast [19 25 37 43]
    """

    name: str
    carries: frozenset[np.dtype[Any]]
    apply: Map
    input_grad: Map | None = None
    kernel_grad: Map | None = None


def _sliding(kernel: Array, x: Array, g: Geometry) -> Array:
    return sliding.forward(x, kernel, g)


def _sliding_input_grad(grad: Array, kernel: Array, g: Geometry) -> Array:
    return sliding.input_grad(grad, kernel, g)


def _sliding_kernel_grad(grad: Array, x: Array, g: Geometry) -> Array:
    return sliding.kernel_grad(grad, x, g)


def _matrix(kernel: Array, x: Array, g: Geometry) -> Array:
    return _outputs(_csr(kernel, g) @ _flat(x), g)


def _matrix_input_grad(grad: Array, kernel: Array, g: Geometry) -> Array:
    return _inputs(_csr(kernel, g).T @ _flat(grad), g)


def _matrix_kernel_grad(grad: Array, x: Array, g: Geometry) -> Array:
    """The tie sum, with rows, columns and taps read from the CSR arrays."""
    rows, columns, taps = _held(g)
    by_entry = (_flat(grad)[rows] * _flat(x)[columns]).sum(axis=1)
    total = np.zeros(g.free_parameters, by_entry.dtype)
    np.add.at(total, taps, by_entry)
    return total.reshape(g.weight_shape)


@lru_cache(maxsize=1)  # a reading asks for one geometry many times over
def _held(g: Geometry) -> tuple[IntArray, IntArray, IntArray]:
    """Rows, columns and taps of the CSR arrays; an entry comes once for each tap."""
    numbered = _csr(np.arange(g.free_parameters).reshape(g.weight_shape), g)
    rows = np.repeat(np.arange(g.matrix_shape[0]), np.diff(numbered.indptr))
    if not g.shared:
        return rows, numbered.indices, numbered.data
    # An entry that taps share holds the sum of their numbers: ask for tap after tap.
    entries, taps = [], []
    for tap, unit in enumerate(np.eye(g.free_parameters, dtype=np.int64)):
        held = np.flatnonzero(_csr(unit.reshape(g.weight_shape), g).data)
        entries.append(held)
        taps.append(np.full(held.size, tap))
    places = np.concatenate(entries)
    return rows[places], numbered.indices[places], np.concatenate(taps)


def _operator(kernel: Array, x: Array, g: Geometry) -> Array:
    return _outputs(_linear(kernel, g) @ _flat(x), g)


def _operator_input_grad(grad: Array, kernel: Array, g: Geometry) -> Array:
    # .H is the adjoint; of the conjugated kernel it is the transpose of the kernel's.
    return _inputs(_linear(np.conjugate(kernel), g).H @ _flat(grad), g)


def _dense(kernel: Array, x: Array, g: Geometry) -> Array:
    return _outputs(ConvConstraint(g).embed(kernel) @ _flat(x), g)


def _dense_input_grad(grad: Array, kernel: Array, g: Geometry) -> Array:
    return _inputs(ConvConstraint(g).embed(kernel).T @ _flat(grad), g)


def _dense_kernel_grad(grad: Array, x: Array, g: Geometry) -> Array:
    """The tie sum of the gradient by every matrix entry, structural zeros included."""
    by_entry = _flat(grad) @ _flat(x).T  # (rows, columns)
    return ConvConstraint(g).pull_back(by_entry).reshape(g.weight_shape)


def _fast(kernel: Array, x: Array, g: Geometry) -> Array:
    return _through_doubles(fast.forward, x, kernel, g)


def _fast_input_grad(grad: Array, kernel: Array, g: Geometry) -> Array:
    return _through_doubles(fast.input_grad, grad, kernel, g)


def _fast_kernel_grad(grad: Array, x: Array, g: Geometry) -> Array:
    return _through_doubles(fast.kernel_grad, grad, x, g)


def _through_doubles(function: Map, first: Array, second: Array, g: Geometry) -> Array:
    """A fast route on integers: as doubles, which hold them exactly up to 2**53.

    So the indices of a route that carries floats only are proved in exact arithmetic.

    Raises
    ------
    ConvmatError
        For a result of 2**53 and more.
    """
    if np.result_type(first, second) != np.int64:
        return function(first, second, g)
    result = function(first.astype(np.float64), second.astype(np.float64), g)
    if np.abs(result).max(initial=0) >= _EXACT:
        rule = "must be below 2**53, up to which doubles hold integers"
        raise ConvmatError("result", rule, np.abs(result).max())
    return result.astype(np.int64)


def _beside(g: Geometry) -> Shape:
    """The input shape that belongs to a kernel written with channel axes."""
    return (g.in_channels, *g.input_size)


def _csr(kernel: Array, g: Geometry) -> csr_array[Any, tuple[int, int]]:
    csr = matrix.conv_matrix(kernel, _beside(g), **g.keywords)
    # SciPy multiplies without looking: a wrong index would end the process, and with it
    # the search for what is wrong.
    csr.check_format(full_check=True)
    return csr


def _linear(kernel: Array, g: Geometry) -> LinearOperator[Any]:
    return operator.conv_operator(kernel, _beside(g), **g.keywords)


def _flat(batch: Array) -> Array:
    """A batch as the columns of a matrix, each in C order."""
    return batch.reshape(len(batch), prod(batch.shape[1:])).T


def _outputs(columns: Array, g: Geometry) -> Array:
    return columns.T.reshape(columns.shape[1], g.out_channels, *g.output_size)


def _inputs(columns: Array, g: Geometry) -> Array:
    return columns.T.reshape(columns.shape[1], g.in_channels, *g.input_size)


ROUTES: Mapping[str, Route] = MappingProxyType(
    {
        route.name: route
        for route in (
            Route("sliding", _ALL, _sliding, _sliding_input_grad, _sliding_kernel_grad),
            Route("matrix", _SPARSE, _matrix, _matrix_input_grad, _matrix_kernel_grad),
            Route("operator", _ALL, _operator, _operator_input_grad),
            Route("dense", _ALL, _dense, _dense_input_grad, _dense_kernel_grad),
            Route("fast", _FAST, _fast, _fast_input_grad, _fast_kernel_grad),
        )
    }
)
"""The routes by name; `sliding` first, which the others are held against."""
