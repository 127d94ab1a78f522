"""Steps: the layers of a plan, each with its buffers, chunk by chunk.

A step owns its input `x`, with its padding around it, and writes its output to `y`,
which is the input of the next step. So no array is copied between layers, and none is
padded. `grad_y` and `grad_x` are the gradients by both; elementwise steps have one
array for the two. All are lists with one array for each chunk, `(channels, *spatial,
samples)`.
"""

from __future__ import annotations

from abc import ABC, abstractmethod

import numpy as np

from convmat.arrays import Array, Shape
from convmat.nn.compiled import arithmetic
from convmat.nn.compiled.buffers import Buffers
from convmat.nn.layers import LeakyReLU, ReLU

__all__ = ["Activation", "Step"]


class Step(ABC):
    """One layer on buffers.

    Attributes
    ----------
    output_shape : tuple of int
        `(channels, *spatial)` or `(features,)`.
    x, y, grad_x, grad_y : list of ndarray
        Of each chunk: input, output, and the gradients by both. The first step of a
        plan has no `grad_x` if it can do without.
    """

    output_shape: Shape
    x: list[Array]
    y: list[Array]
    grad_x: list[Array]
    grad_y: list[Array]

    def join(self, y: list[Array], grad_y: list[Array]) -> None:
        """Say where the output goes to and where its gradient comes from."""
        self.y, self.grad_y = y, grad_y

    def begin(self) -> None:  # noqa: B027 - most steps have none to read
        """Read the parameters, before the first chunk."""

    @abstractmethod
    def forward(self, chunk: int) -> None:
        """Write `y`."""

    @abstractmethod
    def backward(self, chunk: int) -> None:
        """Write `grad_x`."""

    def finish(self) -> None:  # noqa: B027 - most layers have no parameters
        """Give the layer its gradients, after the last chunk."""


class Activation(Step):
    """`ReLU` or `LeakyReLU`: the input is gone once the output is there."""

    def __init__(self, layer: ReLU | LeakyReLU, buffers: Buffers, shape: Shape) -> None:
        self.layer = layer
        self.output_shape = shape
        self.x = buffers.lent(*shape)
        self.zeros = [np.zeros(x.shape[-2:], x.dtype) for x in self.x]

    def join(self, y: list[Array], grad_y: list[Array]) -> None:
        """The gradient stays where it is."""
        super().join(y, grad_y)
        self.grad_x = grad_y

    def begin(self) -> None:
        """Read the slope: 0 for `ReLU`."""
        layer = self.layer
        self.slope = float(layer.slope) if isinstance(layer, LeakyReLU) else 0.0

    def forward(self, chunk: int) -> None:
        """One pass."""
        if self.slope:
            arithmetic.leaky_relu(self.x[chunk], self.slope, self.y[chunk])
        else:
            arithmetic.relu(self.x[chunk], self.zeros[chunk], self.y[chunk])

    def backward(self, chunk: int) -> None:
        """The signs of the output are those of the input."""
        grad, y = self.grad_y[chunk], self.y[chunk]
        if self.slope:
            arithmetic.leaky_relu_backward(grad, y, self.slope, grad)
        else:
            arithmetic.relu_backward(grad, y, grad)
