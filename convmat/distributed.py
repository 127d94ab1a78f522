"""The matrix in slabs on other processes and machines, by Dask. Needs `distributed`.

Every task gets the kernel, the geometry and a range of rows, and builds its slab where
it runs: no matrix travels. The tasks run on any scheduler: threads, processes, or the
workers of a `distributed` cluster.

Examples
--------
>>> import numpy as np
>>> y = apply([[1, 2], [3, 4]], (3, 3), np.arange(9), block=3)
>>> y.compute(scheduler="threads")
array([27, 37, 57, 67])
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt

from convmat.arrays import Array
from convmat.dtypes import carried
from convmat.errors import ConvmatTypeError, ShapeError, needs
from convmat.geometry import IntOrInts
from convmat.geometry.keywords import known_keywords
from convmat.matrix.rows import matrix_slab, read_kernel, row_ranges

try:
    import dask.array as da
    from dask import delayed
except ModuleNotFoundError as error:
    _message = needs("convmat.distributed", "Dask", "distributed")
    raise ModuleNotFoundError(_message, name=error.name) from error

__all__ = ["apply", "apply_adjoint", "delayed_rows"]

_AT_ONCE = 8  # vectors that one task adds up


@known_keywords
def delayed_rows(
    kernel: npt.ArrayLike,
    input_shape: IntOrInts,
    *,
    block: int | None = None,
    max_bytes: int | None = None,
    **keywords: Any,
) -> list[Any]:
    """The slabs of `convmat.matrix.matrix_rows`, each a task that builds it.

    Parameters
    ----------
    kernel, input_shape, block, max_bytes, **keywords
        As in `convmat.matrix.matrix_rows`. `block` should leave each worker some slabs.

    Returns
    -------
    list of dask.delayed.Delayed
        In the order of the rows; each computes to a `scipy.sparse.csr_array`. What is
        done with a slab is best made a task too, so that it happens beside it:
        `slab @ x` of a delayed slab is one.

    Raises
    ------
    ConvmatError, ConvmatTypeError
        As `convmat.matrix.matrix_rows`; before any task is run.

    Examples
    --------
    >>> import dask
    >>> slabs = delayed_rows([1, 2], 4, block=2)
    >>> first, second = dask.compute(*slabs, scheduler="threads")
    >>> first.toarray()
    array([[1, 2, 0, 0],
           [0, 1, 2, 0]])
    """
    tasks = _Tasks(kernel, input_shape, block, max_bytes, keywords)
    return [tasks.task(matrix_slab, rows) for rows in tasks.ranges]


@known_keywords
def apply(
    kernel: npt.ArrayLike,
    input_shape: IntOrInts,
    x: npt.ArrayLike,
    *,
    block: int | None = None,
    max_bytes: int | None = None,
    **keywords: Any,
) -> Any:
    """The product of the matrix and `x`, slab by slab: each task makes a part of it.

    Parameters
    ----------
    kernel, input_shape, block, max_bytes, **keywords
        As in `convmat.matrix.matrix_rows`.
    x : array_like or dask array
        `(columns,)`, an input in C order of `(channel, *spatial)`, or
        `(columns, batch)`. Integers stay integers.

    Returns
    -------
    dask.array.Array
        `(rows,)` or `(rows, batch)`, in chunks of `block` rows: entry `[r]` is output
        `r` of the convolution. Nothing is computed before `.compute()`.

    Raises
    ------
    ShapeError
        When `x` does not fit the columns of the matrix.
    ConvmatError, ConvmatTypeError
        As `convmat.matrix.matrix_rows`, and for an `x` that SciPy cannot multiply.

    Examples
    --------
    >>> import numpy as np
    >>> y = apply([1, 10], 5, np.arange(5), block=2)
    >>> y.chunks, y.compute(scheduler="threads")
    (((2, 2),), array([10, 21, 32, 43]))
    """
    tasks = _Tasks(kernel, input_shape, block, max_bytes, keywords)
    vectors = _vectors("x", x, tasks.geometry.matrix_shape[1], "columns")
    dtype = np.result_type(tasks.dtype, vectors.dtype)
    shared = delayed(vectors, pure=True)  # one node of the graph for all tasks
    parts = [
        da.from_delayed(
            tasks.task(_product, rows, shared),
            (len(rows), *vectors.shape[1:]),
            dtype,
        )
        for rows in tasks.ranges
    ]
    return da.concatenate(parts)


@known_keywords
def apply_adjoint(
    kernel: npt.ArrayLike,
    input_shape: IntOrInts,
    y: npt.ArrayLike,
    *,
    block: int | None = None,
    max_bytes: int | None = None,
    **keywords: Any,
) -> Any:
    """The product of the adjoint matrix (conjugated, transposed) and `y`.

    Each task multiplies one slab's adjoint by its rows of `y`; the products, each as
    long as the input, are added in a tree. The sum is the same in every run.

    Parameters
    ----------
    kernel, input_shape, block, max_bytes, **keywords
        As in `convmat.matrix.matrix_rows`.
    y : array_like or dask array
        `(rows,)`, an output in C order of `(channel, *outs)`, or `(rows, batch)`.

    Returns
    -------
    dask.array.Array
        `(columns,)` or `(columns, batch)`: entry `[c]` is what reaches input `c`.

    Raises
    ------
    ShapeError
        When `y` does not fit the rows of the matrix.
    ConvmatError, ConvmatTypeError
        As in `apply`.

    Examples
    --------
    >>> import numpy as np
    >>> apply_adjoint([1, 10], 5, np.arange(4), block=2).compute(scheduler="threads")
    array([ 0,  1, 12, 23, 30])
    """
    tasks = _Tasks(kernel, input_shape, block, max_bytes, keywords)
    total, columns = tasks.geometry.matrix_shape
    vectors = _vectors("y", y, total, "rows")
    parts = [
        tasks.task(_adjoint_product, rows, vectors[rows.start : rows.stop])
        for rows in tasks.ranges
    ]
    while len(parts) > 1:
        starts = range(0, len(parts), _AT_ONCE)
        parts = [
            delayed(_total, pure=True)(parts[start : start + _AT_ONCE])
            for start in starts
        ]
    dtype = np.result_type(tasks.dtype, vectors.dtype)
    return da.from_delayed(parts[0], (columns, *vectors.shape[1:]), dtype)


class _Tasks:
    """What all tasks of one matrix share."""

    def __init__(
        self,
        kernel: npt.ArrayLike,
        input_shape: IntOrInts,
        block: int | None,
        max_bytes: int | None,
        keywords: dict[str, Any],
    ) -> None:
        self.geometry, weights = read_kernel(kernel, input_shape, keywords)
        self.dtype = weights.dtype
        self.max_bytes = max_bytes
        self.kernel = delayed(weights.copy(), pure=True)  # one node for all tasks
        self.ranges = list(
            row_ranges(self.geometry, self.dtype, block=block, max_bytes=max_bytes)
        )

    def task(self, function: Callable[..., Any], rows: range, *arguments: Any) -> Any:
        """`function(kernel, input_shape, rows, *arguments, **keywords)`, delayed."""
        g = self.geometry
        return delayed(function, pure=True)(
            self.kernel,
            g.input_shape,
            rows,
            *arguments,
            max_bytes=self.max_bytes,
            **g.keywords,
        )


def _product(
    kernel: Array, input_shape: IntOrInts, rows: range, x: Array, **keywords: Any
) -> Array:
    """The rows of `y = W @ x` that one slab gives."""
    product: Array = matrix_slab(kernel, input_shape, rows, **keywords) @ x
    return product


def _adjoint_product(
    kernel: Array, input_shape: IntOrInts, rows: range, y: Array, **keywords: Any
) -> Array:
    """What the rows `y` of the output give back to the whole input."""
    slab = matrix_slab(kernel, input_shape, rows, **keywords)
    product: Array = slab.conj().T @ y
    return product


def _total(parts: list[Array]) -> Array:
    """The sum of arrays, from first to last."""
    total = parts[0].copy()
    for part in parts[1:]:
        total += part
    return total


def _vectors(name: str, value: npt.ArrayLike, length: int, what: str) -> Any:
    """`value` as one vector or a batch of them: an ndarray, or a dask array as it is.

    Raises
    ------
    ShapeError
        When it is of another length.
    ConvmatTypeError
        For numbers that SciPy's sparse products do not carry.
    """
    if isinstance(value, da.Array):  # its dtype is known before its values are
        dtype = carried(name, np.empty(0, value.dtype)).dtype
        array: Any = value.astype(dtype)  # itself where it has that dtype already
    else:
        array = carried(name, value)
    if array.dtype.kind not in "iufc":
        rule = "must be of integers, floats or complex numbers"
        remedy = "conv carries Fractions"
        raise ConvmatTypeError(name, rule, f"dtype {array.dtype}", remedy)
    if array.ndim not in (1, 2) or array.shape[0] != length:
        rule = f"must be ({length},) or ({length}, batch), as the {what} of the matrix"
        remedy = "an image becomes a vector with ravel()"
        raise ShapeError(f"{name}.shape", rule, array.shape, remedy)
    return array
