"""`RungLayer`: a layer whose matrix is on any rung of the ladder, and `FixedMatrix`."""

from __future__ import annotations

from functools import cached_property
from math import prod
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
import numpy.typing as npt

from convmat.arrays import Array
from convmat.constraints import STORES, Rung
from convmat.constraints.stores import FullMatrix, MatrixFree, OnPattern
from convmat.dtypes import carried
from convmat.errors import ConvmatError, ConvmatTypeError, ShapeError
from convmat.nn.functional.settings import matrix_beside
from convmat.nn.layers import Layer

if TYPE_CHECKING:
    from scipy.sparse import csr_array

    Sparse: TypeAlias = csr_array[Any, tuple[int, int]]

__all__ = ["FixedMatrix", "RungLayer"]

_NOT_SPARSE = (np.float16, object)
"""SciPy's sparse arrays carry neither."""


class RungLayer(Layer):
    """The matrix of a rung as a layer: what is free in it is trained, and nothing else.

    Its one parameter holds the free numbers of the rung, biases included. So the same
    layer is dense, locally connected, a convolution or a circulant matrix.

    Parameters
    ----------
    rung : Rung
        As `convmat.constraints.rung_of` gives it, with or without bias.
    theta : array_like of shape (rung.free_parameters,)
        Where to start; copied. Of a floating dtype, or exact numbers.

    Raises
    ------
    ShapeError
        When `theta` has another shape.
    ConvmatError
        When `theta` has an integer dtype, in which no step could be taken.
    ConvmatTypeError
        When `rung` is none, or `theta` does not hold numbers.
    MatrixTooLargeError
        When the matrix would not fit the memory.

    Examples
    --------
    >>> import numpy as np
    >>> from convmat import geometry
    >>> from convmat.constraints import rung_of
    >>> rung = rung_of("locally_connected", geometry((1, 4), (2, 1, 2)), bias=True)
    >>> layer = RungLayer(rung, np.ones(rung.free_parameters))
    >>> layer.forward(np.arange(4.0).reshape(1, 1, 4))
    array([[[2., 4., 6.],
            [2., 4., 6.]]])
    """

    def __init__(self, rung: Rung, theta: npt.ArrayLike) -> None:
        super().__init__()
        if not isinstance(rung, Rung):
            raise ConvmatTypeError("rung", "must be a Rung, as of rung_of", rung)
        start = carried("theta", theta)
        if start.shape != (rung.free_parameters,):
            rule = f"must be ({rung.free_parameters},), one for each free number"
            raise ShapeError("theta.shape", rule, start.shape)
        if start.dtype.kind == "i":
            remedy = "use .astype(float), or .astype(object) for exact numbers"
            raise ConvmatError("theta", "must not be integers", start, remedy)
        self.rung = rung
        self.parameters = {"theta": start.copy()}
        self._held = _Held(rung, start)

    @property
    def matrix(self) -> Array:
        """The dense matrix of the present parameters; the last column is the bias."""
        theta = self.parameters["theta"]
        return self._present(theta.dtype).store.dense()

    def forward(self, x: Array) -> Array:
        """`(batch, *input)` to `(batch, out_channels, *outs)`."""
        g = self.rung.geometry
        if x.shape[1:] not in (g.input_shape, (g.in_channels, *g.input_size)):
            rule = f"must be (batch, {g.in_channels}, *{g.input_size})"
            raise ShapeError("x.shape", rule, x.shape)
        dtype = np.result_type(self.parameters["theta"], x)
        store = self._present(dtype).store
        y = store.product(store.inputs(_some(x, dtype)))  # (rows, batch)
        shape = len(x), g.out_channels, *g.output_size
        return self._remember(x, y[:, : len(x)].T.reshape(shape))

    def backward(self, grad: Array) -> Array:
        """Through the matrix: tied gradients, and the transposed matrix."""
        x = self._recall(grad)
        dtype = np.result_type(self.parameters["theta"], x, grad)
        held = self._present(dtype)
        errors = held.store.outputs(_some(grad, dtype))
        inputs = held.store.inputs(_some(x, dtype))
        self.gradients = {"theta": held.store.pulled_back(errors, inputs)}
        columns = self.rung.geometry.matrix_shape[1]  # that of the bias is left out
        x_grad = (held.matrix.T @ errors)[:columns, : len(x)]
        return np.asarray(x_grad.T.reshape(x.shape))

    def _present(self, dtype: np.dtype[Any]) -> _Held:
        """The matrix of the present parameters, in a dtype that loses nothing."""
        theta = self.parameters["theta"]
        if self._held.store.values.dtype != dtype:
            self._held = _Held(self.rung, theta.astype(dtype))
        self._held.store.take(theta)
        return self._held


class _Held:
    """A store, and its matrix as something to multiply with."""

    def __init__(self, rung: Rung, theta: Array) -> None:
        self.rung = rung
        name = "full" if rung.name == "dense" else "pattern"
        self.store: FullMatrix | OnPattern | MatrixFree = STORES[name](rung, theta)

    @property
    def matrix(self) -> Array | Sparse:
        """`(rows, columns)`, of the values that the store has now."""
        values = self.store.values
        if self.rung.name == "dense":
            return values
        return self.store.dense() if values.dtype in _NOT_SPARSE else self._sparse

    @cached_property
    def _sparse(self) -> Sparse:
        """Its data are the store's own values, which the store changes in place."""
        from scipy.sparse import csr_array

        rung = self.rung
        starts = np.searchsorted(rung.rows, np.arange(rung.shape[0] + 1))
        return csr_array((self.store.values, rung.cols, starts), shape=rung.shape)


def _some(batch: Array, dtype: np.dtype[Any]) -> Array:
    """`batch` in that dtype; for an empty one a sample of zeros, which adds nothing."""
    if len(batch):
        return batch.astype(dtype, copy=False)
    return np.zeros((1, *batch.shape[1:]), dtype)


class FixedMatrix(Layer):
    """A linear map without parameters, such as pooling, by its matrix.

    Parameters
    ----------
    matrix : scipy.sparse.csr_array or array_like
        Rows are outputs, columns are inputs in C order of `(channel, *spatial)`.

    Raises
    ------
    ShapeError
        When the matrix has no two axes.
    ConvmatTypeError
        When it does not hold numbers.

    Examples
    --------
    >>> import numpy as np
    >>> layer = FixedMatrix(np.array([[0.5, 0.5, 0, 0], [0, 0, 0.5, 0.5]]))
    >>> layer.forward(np.arange(4.0).reshape(1, 1, 2, 2))
    array([[0.5, 2.5]])
    """

    def __init__(self, matrix: npt.ArrayLike | Sparse) -> None:
        super().__init__()
        known: Any = matrix
        if not hasattr(known, "tocsr"):
            known = carried("matrix", known)
        self.matrix = known
        if self.matrix.ndim != 2:
            raise ShapeError("matrix.shape", "must have two axes", self.matrix.shape)

    def forward(self, x: Array) -> Array:
        """`(batch, ...)` to `(batch, rows)`."""
        columns = x.reshape(len(x), prod(x.shape[1:])).T
        if len(columns) != self.matrix.shape[1]:
            rule = f"must have {self.matrix.shape[1]} numbers per sample"
            raise ShapeError("x.shape", rule, x.shape)
        y: Array = np.ascontiguousarray((matrix_beside(self.matrix, x) @ columns).T)
        return self._remember(x, y)

    def backward(self, grad: Array) -> Array:
        """By the transposed matrix."""
        x = self._recall(grad)
        return np.asarray(
            (matrix_beside(self.matrix, grad).T @ grad.T).T.reshape(x.shape)
        )
