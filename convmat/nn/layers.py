"""Layers: parameters, a forward pass, and a backward pass that leaves the gradients."""

from __future__ import annotations

from abc import ABC, abstractmethod
from math import prod
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from convmat.arrays import Array, Shape
from convmat.constraints import ConvConstraint
from convmat.errors import ConvmatError, ShapeError
from convmat.geometry import Geometry, geometry
from convmat.matrix import from_pattern
from convmat.nn import functional

if TYPE_CHECKING:
    from scipy.sparse import csr_array

__all__ = ["Conv", "ConvLayer", "Flatten", "Layer", "Linear", "MatrixConv", "ReLU"]


class Layer(ABC):
    """A function with parameters, on arrays whose first axis is the batch.

    Attributes
    ----------
    parameters : dict of str to ndarray
        Changed in place by an update rule; empty where there is nothing to train.
    gradients : dict of str to ndarray
        By each parameter, of the last backward pass.
    """

    def __init__(self) -> None:
        self.parameters: dict[str, Array] = {}
        self.gradients: dict[str, Array] = {}

    @abstractmethod
    def forward(self, x: Array) -> Array:
        """The output, `(batch, ...)`; what the backward pass needs is kept."""

    @abstractmethod
    def backward(self, grad: Array) -> Array:
        """The gradient by the last input; `gradients` are set on the way."""


class ConvLayer(Layer):
    """What `Conv` and `MatrixConv` share: everything but the route.

    Parameters
    ----------
    in_channels, out_channels : int
        Channels of input and output.
    kernel_size : tuple of int
        Taps along each spatial axis; its length is the number of axes.
    rng : numpy.random.Generator
        Draws weight and bias uniformly from +-1 / sqrt(taps of a row), as PyTorch.
    bias : bool
        Whether a number is added to each output channel.
    dtype : dtype
        Of the parameters.
    **keywords
        `stride`, `padding`, `dilation`, `groups`, `padding_mode`, as in
        `convmat.geometry`.
    """

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        kernel_size: Shape,
        *,
        rng: np.random.Generator,
        bias: bool = True,
        dtype: npt.DTypeLike = np.float64,
        **keywords: Any,
    ) -> None:
        super().__init__()
        self.in_channels = in_channels
        per_group, rest = divmod(in_channels, keywords.get("groups", 1))
        if rest:
            rule = f"must divide in_channels={in_channels}"
            raise ConvmatError("groups", rule, keywords["groups"])
        self.weight_shape = (out_channels, per_group, *kernel_size)
        self.keywords = keywords
        bound = 1 / np.sqrt(per_group * prod(kernel_size))
        self.parameters = {
            "weight": rng.uniform(-bound, bound, self.weight_shape).astype(dtype)
        }
        if bias:
            values = rng.uniform(-bound, bound, out_channels)
            self.parameters["bias"] = values.astype(dtype)

    def geometry(self, input_shape: Shape) -> Geometry:
        """The geometry on inputs `(in_channels, *spatial)`."""
        return geometry(input_shape, self.weight_shape, **self.keywords)

    def _read(self, x: Array) -> Geometry:
        """The geometry of a batch; remembers the batch for the backward pass."""
        if x.ndim != len(self.weight_shape):
            rule = f"must be (batch, {self.in_channels}, *spatial) with "
            rule += f"{len(self.weight_shape) - 2} spatial axes"
            raise ShapeError("x.shape", rule, x.shape)
        self._x, self._geometry = x, self.geometry(x.shape[1:])
        return self._geometry

    def _keep(self, gradients: tuple[Array, Array, Array]) -> Array:
        """Keep the gradients by the parameters, return the one by the input."""
        x_grad, weight_grad, bias_grad = gradients
        self.gradients = {"weight": weight_grad}
        if "bias" in self.parameters:
            self.gradients["bias"] = bias_grad
        return x_grad


class Conv(ConvLayer):
    """The convolution as a layer, by sliding windows.

    Examples
    --------
    >>> import numpy as np
    >>> layer = Conv(1, 4, (3, 3), stride=2, padding=1, rng=np.random.default_rng(0))
    >>> layer.forward(np.zeros((64, 1, 28, 28))).shape
    (64, 4, 14, 14)
    """

    def forward(self, x: Array) -> Array:
        """`(batch, in_channels, *spatial)` to `(batch, out_channels, *outs)`."""
        g = self._read(x)
        weight, bias = self.parameters["weight"], self.parameters.get("bias")
        return functional.conv(x, weight, bias, g)

    def backward(self, grad: Array) -> Array:
        """Gradients by windows."""
        weight = self.parameters["weight"]
        return self._keep(
            functional.conv_backward(grad, self._x, weight, self._geometry)
        )


class MatrixConv(ConvLayer):
    """The convolution as a layer, by its tied matrix.

    The trained parameter is one number per tie, stored as the kernel; the matrix is
    filled with it on each forward pass, so its ties are equal and its structural zeros
    are zero at every moment. The gradient is that of the dense matrix, summed over each
    tie.

    Examples
    --------
    >>> import numpy as np
    >>> layer = MatrixConv(1, 4, (3, 3), padding=1, rng=np.random.default_rng(0))
    >>> layer.forward(np.zeros((2, 1, 8, 8))).shape
    (2, 4, 8, 8)
    >>> layer.matrix.shape
    (256, 64)
    """

    matrix: Array | csr_array[Any, tuple[int, int]]

    def forward(self, x: Array) -> Array:
        """`(batch, in_channels, *spatial)` to `(batch, out_channels, *outs)`."""
        g = self._read(x)
        weight = self.parameters["weight"]
        if weight.dtype == object:  # CSR carries no objects
            self.matrix = ConvConstraint(g).embed(weight)
        else:
            self.matrix = from_pattern(g, weight)
        return functional.matrix_conv(x, self.matrix, self.parameters.get("bias"), g)

    def backward(self, grad: Array) -> Array:
        """Gradients through the matrix: transposed, and summed over ties."""
        return self._keep(
            functional.matrix_conv_backward(grad, self._x, self.matrix, self._geometry)
        )


class ReLU(Layer):
    """`max(x, 0)`, entry by entry."""

    def forward(self, x: Array) -> Array:
        """Any shape."""
        self._x = x
        return functional.relu(x)

    def backward(self, grad: Array) -> Array:
        """`grad` where the input was positive."""
        return functional.relu_backward(grad, self._x)


class Flatten(Layer):
    """All axes after the batch as one, in C order."""

    def forward(self, x: Array) -> Array:
        """`(batch, ...)` to `(batch, features)`."""
        self._shape = x.shape
        return x.reshape(len(x), prod(x.shape[1:]))

    def backward(self, grad: Array) -> Array:
        """`(batch, features)` to the input's shape."""
        return grad.reshape(self._shape)


class Linear(Layer):
    """`x @ weight.T + bias`: a dense matrix without constraints.

    Parameters
    ----------
    inputs, outputs : int
        Features before and after.
    rng : numpy.random.Generator
        Draws weight and bias uniformly from +-1 / sqrt(inputs), as PyTorch.
    dtype : dtype
        Of the parameters.
    """

    def __init__(
        self,
        inputs: int,
        outputs: int,
        *,
        rng: np.random.Generator,
        dtype: npt.DTypeLike = np.float64,
    ) -> None:
        super().__init__()
        bound = 1 / np.sqrt(inputs)
        self.parameters = {
            "weight": rng.uniform(-bound, bound, (outputs, inputs)).astype(dtype),
            "bias": rng.uniform(-bound, bound, outputs).astype(dtype),
        }

    def forward(self, x: Array) -> Array:
        """`(batch, inputs)` to `(batch, outputs)`."""
        weight = self.parameters["weight"]
        if x.ndim != 2 or x.shape[1] != weight.shape[1]:
            raise ShapeError("x.shape", f"must be (batch, {weight.shape[1]})", x.shape)
        self._x = x
        return functional.linear(x, weight, self.parameters["bias"])

    def backward(self, grad: Array) -> Array:
        """Three products."""
        x_grad, weight_grad, bias_grad = functional.linear_backward(
            grad, self._x, self.parameters["weight"]
        )
        self.gradients = {"weight": weight_grad, "bias": bias_grad}
        return x_grad
