"""Layers: parameters, a forward pass, and a backward pass that leaves the gradients."""

from __future__ import annotations

from abc import ABC, abstractmethod
from copy import copy
from math import prod
from typing import Self

import numpy as np
import numpy.typing as npt

from convmat.arrays import Array, Shape
from convmat.costs import Cost
from convmat.errors import ConvmatError, ShapeError
from convmat.nn import functional
from convmat.nn.counts import count
from convmat.nn.facts import Facts
from convmat.nn.initial import Draw, initial
from convmat.optim.rates import Number, finite, flag

__all__ = ["Flatten", "Layer", "LeakyReLU", "Linear", "ReLU"]


class Layer(ABC):
    """A function with parameters, on arrays whose first axis is the batch.

    Attributes
    ----------
    parameters : dict of str to ndarray
        Changed in place by an update rule; empty where there is nothing to train.
    gradients : dict of str to ndarray
        By each parameter, of the last backward pass.
    buffers : dict of str to ndarray
        What a layer remembers of the data and nobody trains, such as running means.
    training : bool
        Whether the layer acts as it does in training. Most make no difference.

    Examples
    --------
    >>> class Tripled(Layer):
    ...     def forward(self, x):
    ...         return 3 * x
    ...
    ...     def backward(self, grad):
    ...         return 3 * grad
    >>> layer = Tripled()
    >>> layer.forward(np.array([[1, 2]])), layer.facts((4,)).output_shape
    (array([[3, 6]]), (4,))
    >>> layer.parameters, layer.training
    ({}, True)
    """

    def __init__(self) -> None:
        self.parameters: dict[str, Array] = {}
        self.gradients: dict[str, Array] = {}
        self.buffers: dict[str, Array] = {}
        self.training = True
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

    def facts(self, input_shape: Shape) -> Facts:
        """What the layer does to inputs of one shape, `(channels, *spatial)`.

        Here the shape of the output is found by a forward pass in eval mode, and what
        an output reads is not known. Layers of this package count instead.
        """
        probe = copy(self).eval()
        dtype = next((a.dtype for a in self.parameters.values()), np.float64)
        y = probe.forward(np.zeros((1, *input_shape), dtype))
        return Facts(y.shape[1:], reads=None)

    def train(self) -> Self:
        """Act as in training from now on, as a layer does that was just made."""
        self.training = True
        return self

    def eval(self) -> Self:
        """Act as after training from now on."""
        self.training = False
        return self

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
    """`max(x, 0)`, entry by entry.

    Examples
    --------
    >>> layer = ReLU()
    >>> layer.forward(np.array([[-2.0, 3.0]]))
    array([[0., 3.]])
    >>> layer.backward(np.array([[5.0, 7.0]]))
    array([[0., 7.]])
    """

    def forward(self, x: Array) -> Array:
        """Any shape."""
        return self._remember(x, functional.relu(x))

    def backward(self, grad: Array) -> Array:
        """`grad` where the input was positive."""
        return functional.relu_backward(grad, self._recall(grad))

    def facts(self, input_shape: Shape) -> Facts:
        """The shape stays."""
        return Facts(input_shape)


class LeakyReLU(Layer):
    """`x` where it is positive, else `slope * x`, entry by entry.

    Parameters
    ----------
    slope : float or Fraction
        Exact numbers want a `Fraction`, lest a float spoil them.

    Examples
    --------
    >>> LeakyReLU(0.5).forward(np.array([[-2.0, 3.0]]))
    array([[-1.,  3.]])
    """

    def __init__(self, slope: Number = 0.01) -> None:
        super().__init__()
        self.slope = finite("slope", slope)

    def forward(self, x: Array) -> Array:
        """Any shape."""
        return self._remember(x, functional.leaky_relu(x, self.slope))

    def backward(self, grad: Array) -> Array:
        """`grad` where the input was positive, else `slope * grad`."""
        return functional.leaky_relu_backward(grad, self._recall(grad), self.slope)

    def facts(self, input_shape: Shape) -> Facts:
        """The shape stays."""
        return Facts(input_shape)


class Flatten(Layer):
    """All axes after the batch as one, in C order.

    Examples
    --------
    >>> layer = Flatten()
    >>> layer.forward(np.arange(4).reshape(1, 2, 2))
    array([[0, 1, 2, 3]])
    >>> layer.backward(np.array([[5, 6, 7, 8]]))
    array([[[5, 6],
            [7, 8]]])
    """

    def forward(self, x: Array) -> Array:
        """`(batch, ...)` to `(batch, features)`."""
        return self._remember(x, x.reshape(len(x), prod(x.shape[1:])))

    def backward(self, grad: Array) -> Array:
        """`(batch, features)` to the input's shape."""
        return grad.reshape(self._recall(grad).shape)

    def facts(self, input_shape: Shape) -> Facts:
        """One axis."""
        return Facts((prod(input_shape),))


class Linear(Layer):
    """`x @ weight.T + bias`: a dense matrix without constraints.

    Parameters
    ----------
    inputs, outputs : int
        Features before and after.
    rng : numpy.random.Generator
        Draws weight and bias.
    bias : bool
        Whether a number is added to each output.
    dtype : dtype
        Of the parameters; a floating one.
    init : str or callable
        How the weight is drawn, by default uniformly from +-1 / sqrt(inputs), as the
        bias always is; see `convmat.nn.initial.initial`.

    Raises
    ------
    ConvmatError, ConvmatTypeError
        When `inputs` or `outputs` is no integer of at least 1, or `dtype` not floating.

    Examples
    --------
    >>> layer = Linear(4, 2, rng=np.random.default_rng(0))
    >>> {name: array.shape for name, array in layer.parameters.items()}
    {'weight': (2, 4), 'bias': (2,)}
    """

    def __init__(
        self,
        inputs: int,
        outputs: int,
        *,
        rng: np.random.Generator,
        bias: bool = True,
        dtype: npt.DTypeLike = np.float64,
        init: str | Draw = "default",
    ) -> None:
        super().__init__()
        shape = count("outputs", outputs, 1), count("inputs", inputs, 1)
        self.parameters = {"weight": initial(rng, shape, shape[1], dtype, init)}
        if flag("bias", bias):
            self.parameters["bias"] = initial(rng, shape[:1], shape[1], dtype)

    def forward(self, x: Array) -> Array:
        """`(batch, inputs)` to `(batch, outputs)`."""
        self._check(x.shape, "x.shape", "batch, ", 1)
        weight, bias = self.parameters["weight"], self.parameters.get("bias")
        return self._remember(x, functional.linear(x, weight, bias))

    def backward(self, grad: Array) -> Array:
        """Three products."""
        x_grad, weight_grad, bias_grad = functional.linear_backward(
            grad, self._recall(grad), self.parameters["weight"]
        )
        self.gradients = {"weight": weight_grad}
        if "bias" in self.parameters:
            self.gradients["bias"] = bias_grad
        return x_grad

    def facts(self, input_shape: Shape) -> Facts:
        """Every output reads every input."""
        self._check(input_shape, "input_shape", "", 0)
        outputs, inputs = shape = self.parameters["weight"].shape
        products = outputs * inputs
        return Facts((outputs,), Cost(products, products), shape, products, "all")

    def _check(self, shape: Shape, argument: str, lead: str, leading: int) -> None:
        """Refuse all but `inputs` features after the leading axes."""
        inputs = self.parameters["weight"].shape[1]
        if len(shape) == leading + 1 and shape[leading] == inputs:
            return
        rule = f"must be ({lead}{inputs}{'' if lead else ','})"
        flat = len(shape) > leading + 1 and prod(shape[leading:]) == inputs
        raise ShapeError(argument, rule, shape, "put Flatten() before it" * flat)
