"""What layers with a kernel share: parameters, routes, and the tied matrix."""

from __future__ import annotations

from abc import abstractmethod
from math import prod
from typing import Any, Literal, TypeAlias, get_args

import numpy as np
import numpy.typing as npt

from convmat.arrays import Array, Shape
from convmat.errors import ConvmatError, ConvmatTypeError, ShapeError
from convmat.geometry import Geometry
from convmat.nn.counts import count
from convmat.nn.functional.settings import Matrix
from convmat.nn.initial import Draw, initial
from convmat.nn.layers import Layer
from convmat.optim.rates import flag

__all__ = [
    "AMPLE",
    "KernelLayer",
    "LayerRoute",
    "channels_of",
    "taps_of",
]

LayerRoute: TypeAlias = Literal["fast", "matrix", "sliding"]
"""How a layer convolves: as it suits sizes and dtype, by its tied matrix, or by the
definition.
"""

AMPLE = 1 << 40  # cells of an input that every kernel fits; nothing is built of it


class KernelLayer(Layer):
    """A layer whose weight is the kernel of a convolution.

    The layers made of it say how the kernel is laid out and which geometry it has.

    Attributes
    ----------
    in_channels : int
    weight_shape : tuple of int
    route : {"fast", "matrix", "sliding"}
    max_bytes : int or None
        Bytes that the matrix may take.
    matrix : csr_array or ndarray
        That of the last forward pass, by `route="matrix"`: filled with the kernel, so
        its ties are equal and its structural zeros are zero at every moment.
    """

    matrix: Matrix

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        weight_shape: Shape,
        *,
        rng: np.random.Generator,
        bias: bool,
        dtype: npt.DTypeLike,
        init: str | Draw,
        route: LayerRoute,
        max_bytes: int | None,
        keywords: dict[str, Any],
    ) -> None:
        super().__init__()
        if route not in get_args(LayerRoute):
            rule = f"must be one of {', '.join(map(repr, get_args(LayerRoute)))}"
            raise ConvmatError("route", rule, route)
        self.in_channels = in_channels
        self.weight_shape = weight_shape
        self.keywords = keywords
        self.route: LayerRoute = route
        self.max_bytes = max_bytes
        self.geometry((in_channels, *(AMPLE,) * len(weight_shape[2:])))
        fan_in = prod(weight_shape[1:])  # as PyTorch has it, in both layouts
        weight = initial(rng, weight_shape, fan_in, dtype, init)
        self.parameters = {"weight": weight}
        if flag("bias", bias):
            self.parameters["bias"] = initial(rng, (out_channels,), fan_in, dtype)
        if route == "matrix":
            from convmat.nn.tied import sparse

            sparse(weight)

    @abstractmethod
    def geometry(self, input_shape: Shape) -> Geometry:
        """The geometry on inputs `(in_channels, *spatial)`."""

    def _read(self, shape: Shape, argument: str = "x.shape") -> Geometry:
        """The geometry of a batch; or of one input, if that is the argument's name."""
        lead, single = ("batch, ", 0) if argument == "x.shape" else ("", 1)
        rank = len(self.weight_shape) - 2
        channels = shape[1 - single : 2 - single]
        if len(shape) != rank + 2 - single or channels != (self.in_channels,):
            axes = "axis" if rank == 1 else "axes"
            rule = (
                f"must be ({lead}{self.in_channels}, *spatial), {rank} spatial {axes}"
            )
            raise ShapeError(argument, rule, shape)
        return self.geometry(shape[1 - single :])

    def _tied(self, g: Geometry, x: Array) -> Matrix:
        """The matrix of the present kernel, kept for the backward pass.

        Beside exact inputs it is one of objects too, as CSR carries none.
        """
        from convmat.nn.tied import tied_matrix

        weight = self.parameters["weight"]
        if x.dtype == object:
            weight = weight.astype(object, copy=False)
        self.matrix = tied_matrix(weight, g, self.max_bytes)
        return self.matrix

    def _keep(self, gradients: tuple[Array, Array, Array]) -> Array:
        """Keep the gradients by the parameters, return the one by the input."""
        x_grad, weight_grad, bias_grad = gradients
        self.gradients = {"weight": weight_grad}
        if "bias" in self.parameters:
            self.gradients["bias"] = bias_grad
        return x_grad


def taps_of(kernel_size: object) -> Shape:
    """`kernel_size` as a tuple of ints; its length tells the number of axes.

    Raises
    ------
    ConvmatTypeError
        For anything but a tuple or list of integers.
    """
    if not isinstance(kernel_size, (tuple, list)) or not kernel_size:
        rule = "must be a tuple with the taps along each spatial axis"
        remedy = "for one axis (3,), for two (3, 3)"
        raise ConvmatTypeError("kernel_size", rule, kernel_size, remedy)
    return tuple(count("kernel_size", taps, 1) for taps in kernel_size)


def channels_of(
    in_channels: int, out_channels: int, keywords: dict[str, Any]
) -> tuple[int, int, int]:
    """Both numbers of channels and that of groups, which divides both.

    Raises
    ------
    ConvmatError
        When it does not, or one of them is less than 1.
    """
    into = count("in_channels", in_channels, 1)
    groups = count("groups", keywords.get("groups", 1), 1)
    out_of = count("out_channels", out_channels, 1)
    for name, channels in (("in_channels", into), ("out_channels", out_of)):
        if channels % groups:
            raise ConvmatError("groups", f"must divide {name}={channels}", groups)
    return into, out_of, groups
