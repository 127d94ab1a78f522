"""Layers: parameters, a forward pass, and a backward pass that leaves the gradients."""

from __future__ import annotations

from abc import ABC, abstractmethod
from math import prod

import numpy as np
import numpy.typing as npt

from convmat.arrays import Array, Shape
from convmat.errors import ConvmatError, ConvmatTypeError, ShapeError
from convmat.nn import functional
from convmat.nn.counts import count

__all__ = ["Flatten", "Layer", "Linear", "ReLU", "initial"]


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
        self._x: Array | None = None
        self._y_shape: Shape = ()

    @abstractmethod
    def forward(self, x: Array) -> Array:
        """The output, `(batch, ...)`; what the backward pass needs is kept."""

    @abstractmethod
    def backward(self, grad: Array) -> Array:
        """The gradient by the last input; `gradients` are set on the way.

        Raises
        ------
        ConvmatError
            Before any forward pass, and for a gradient that has not the shape of the
            last output.
        """

    def _remember(self, x: Array, y: Array) -> Array:
        """Keep the input and the shape of the output; return the output."""
        self._x, self._y_shape = x, y.shape
        return y

    def _recall(self, grad: Array) -> Array:
        """The last input, once `grad` is seen to have the shape of its output."""
        if self._x is None:
            rule = "must have gone through forward before backward"
            raise ConvmatError("x", rule, None, "call forward(x) first")
        if grad.shape != self._y_shape:
            rule = f"must be that of the last output, {self._y_shape}"
            raise ShapeError("grad.shape", rule, grad.shape)
        return self._x


class ReLU(Layer):
    """`max(x, 0)`, entry by entry."""

    def forward(self, x: Array) -> Array:
        """Any shape."""
        return self._remember(x, functional.relu(x))

    def backward(self, grad: Array) -> Array:
        """`grad` where the input was positive."""
        return functional.relu_backward(grad, self._recall(grad))


class Flatten(Layer):
    """All axes after the batch as one, in C order."""

    def forward(self, x: Array) -> Array:
        """`(batch, ...)` to `(batch, features)`."""
        return self._remember(x, x.reshape(len(x), prod(x.shape[1:])))

    def backward(self, grad: Array) -> Array:
        """`(batch, features)` to the input's shape."""
        return grad.reshape(self._recall(grad).shape)


class Linear(Layer):
    """`x @ weight.T + bias`: a dense matrix without constraints.

    Parameters
    ----------
    inputs, outputs : int
        Features before and after.
    rng : numpy.random.Generator
        Draws weight and bias uniformly from +-1 / sqrt(inputs), as PyTorch.
    dtype : dtype
        Of the parameters; a floating one.

    Raises
    ------
    ConvmatError, ConvmatTypeError
        When `inputs` or `outputs` is no integer of at least 1, or `dtype` not floating.
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
        shape = count("outputs", outputs, 1), count("inputs", inputs, 1)
        self.parameters = {
            "weight": initial(rng, shape, shape[1], dtype),
            "bias": initial(rng, shape[:1], shape[1], dtype),
        }

    def forward(self, x: Array) -> Array:
        """`(batch, inputs)` to `(batch, outputs)`."""
        weight = self.parameters["weight"]
        if x.ndim != 2 or x.shape[1] != weight.shape[1]:
            raise ShapeError("x.shape", f"must be (batch, {weight.shape[1]})", x.shape)
        bias = self.parameters["bias"]
        return self._remember(x, functional.linear(x, weight, bias))

    def backward(self, grad: Array) -> Array:
        """Three products."""
        x_grad, weight_grad, bias_grad = functional.linear_backward(
            grad, self._recall(grad), self.parameters["weight"]
        )
        self.gradients = {"weight": weight_grad, "bias": bias_grad}
        return x_grad


def initial(
    rng: np.random.Generator, shape: Shape, fan_in: int, dtype: npt.DTypeLike
) -> Array:
    """Numbers drawn uniformly from +-1 / sqrt(fan_in), of a floating dtype.

    Raises
    ------
    ConvmatTypeError
        For another dtype: as integers, nearly all of them would be 0.
    """
    dtype = np.dtype(dtype)
    if dtype.kind != "f":
        rule = "must be floating, because initial numbers are fractions"
        remedy = "for exact numbers, put arrays of Fractions into parameters"
        raise ConvmatTypeError("dtype", rule, str(dtype), remedy)
    bound = 1 / np.sqrt(fan_in)
    return rng.uniform(-bound, bound, shape).astype(dtype)
