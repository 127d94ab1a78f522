"""`RungLayer`: a layer whose matrix is on any rung of the ladder, and `FixedMatrix`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from convmat.arrays import Array
from convmat.constraints import STORES, Rung
from convmat.constraints.stores import OnPattern
from convmat.errors import ConvmatError, ShapeError
from convmat.nn.layers import Layer

if TYPE_CHECKING:
    from scipy.sparse import csr_array

__all__ = ["FixedMatrix", "RungLayer"]


class RungLayer(Layer):
    """The matrix of a rung as a layer: what is free in it is trained, and nothing else.

    Its one parameter holds the free numbers of the rung, biases included. So the same
    layer is dense, locally connected, a convolution or a circulant matrix.

    Parameters
    ----------
    rung : Rung
        As `convmat.constraints.rung_of` gives it, with or without bias.
    theta : ndarray of shape (rung.free_parameters,)
        Where to start; copied. Of a floating dtype, or exact numbers.

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

    def __init__(self, rung: Rung, theta: Array) -> None:
        super().__init__()
        if theta.shape != (rung.free_parameters,):
            rule = f"must be ({rung.free_parameters},), one for each free number"
            raise ShapeError("theta.shape", rule, theta.shape)
        if theta.dtype.kind in "iub":
            remedy = "use .astype(float), or .astype(object) for exact numbers"
            raise ConvmatError("theta", "must not be integers", theta, remedy)
        self.rung = rung
        self.parameters = {"theta": theta.copy()}
        self._store = STORES["full" if rung.name == "dense" else "pattern"](rung, theta)

    @property
    def matrix(self) -> Array:
        """The dense matrix of the present parameters; the last column is the bias."""
        self._store.take(self.parameters["theta"])
        return self._store.dense()

    def forward(self, x: Array) -> Array:
        """`(batch, *input)` to `(batch, out_channels, *outs)`."""
        g = self.rung.geometry
        if x.shape[1:] not in (g.input_shape, (g.in_channels, *g.input_size)):
            rule = f"must be (batch, {g.in_channels}, *{g.input_size})"
            raise ShapeError("x.shape", rule, x.shape)
        self._store.take(self.parameters["theta"])
        y = self._store.product(self._store.inputs(x))  # (rows, batch)
        shape = len(x), g.out_channels, *g.output_size
        return self._remember(x, y.T.reshape(shape))

    def backward(self, grad: Array) -> Array:
        """Through the matrix: tied gradients, and the transposed matrix."""
        x = self._recall(grad)
        store = self._store
        errors = store.outputs(grad)
        self.gradients = {"theta": store.pulled_back(errors, store.inputs(x))}
        matrix = store.csr() if isinstance(store, OnPattern) else store.values
        if isinstance(store, OnPattern) and grad.dtype == object:
            matrix = store.dense()  # SciPy carries no objects
        x_grad = (matrix.T @ errors)[: self.rung.geometry.matrix_shape[1]]
        return np.asarray(x_grad.T.reshape(x.shape))


class FixedMatrix(Layer):
    """A linear map without parameters, such as pooling, by its matrix.

    Parameters
    ----------
    matrix : scipy.sparse.csr_array or ndarray
        Rows are outputs, columns are inputs in C order of `(channel, *spatial)`.

    Examples
    --------
    >>> import numpy as np
    >>> layer = FixedMatrix(np.array([[0.5, 0.5, 0, 0], [0, 0, 0.5, 0.5]]))
    >>> layer.forward(np.arange(4.0).reshape(1, 1, 2, 2))
    array([[0.5, 2.5]])
    """

    def __init__(self, matrix: Array | csr_array[Any, tuple[int, int]]) -> None:
        super().__init__()
        self.matrix = matrix

    def forward(self, x: Array) -> Array:
        """`(batch, *input)` to `(batch, rows)`."""
        columns = x.reshape(len(x), -1).T
        if len(columns) != self.matrix.shape[1]:
            rule = f"must have {self.matrix.shape[1]} numbers per sample"
            raise ShapeError("x.shape", rule, x.shape)
        y: Array = np.ascontiguousarray((self.matrix @ columns).T)
        return self._remember(x, y)

    def backward(self, grad: Array) -> Array:
        """By the transposed matrix."""
        x = self._recall(grad)
        return np.asarray((self.matrix.T @ grad.T).T.reshape(x.shape))
