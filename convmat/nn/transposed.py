"""The transposed convolution as a layer."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from convmat.arrays import Array, Shape
from convmat.geometry import Geometry, IntOrInts, transposed_geometry
from convmat.nn import functional
from convmat.nn.facts import Facts, conv_facts
from convmat.nn.initial import Draw
from convmat.nn.kernels import KernelLayer, LayerRoute, channels_of, taps_of
from convmat.receptive import transposed_window

__all__ = ["ConvTranspose"]


class ConvTranspose(KernelLayer):
    """The transposed convolution as a layer, by any route.

    Parameters
    ----------
    in_channels, out_channels : int
        Channels of input and output.
    kernel_size : tuple of int
        Taps along each spatial axis; its length is the number of axes.
    rng : numpy.random.Generator
        Draws weight and bias.
    output_padding : int or tuple of int
        Cells that the result has more than the least possible, below the stride.
    bias : bool
        Whether a number is added to each output channel.
    dtype : dtype
        Of the parameters; a floating one.
    init : str or callable
        How the weight is drawn. PyTorch's default takes the taps of an output channel,
        `out_channels // groups * prod(kernel_size)`, for the terms of a sum, and so
        does this one.
    route, max_bytes
        As of `Conv`; the matrix is that of the paired convolution, and what multiplies
        is its transpose.
    **keywords
        `stride`, `padding`, `dilation`, `groups`, `padding_mode`: those of the paired
        convolution; see `convmat.geometry.transposed_geometry`.

    Attributes
    ----------
    weight_shape : tuple of int
        `(in_channels, out_channels // groups, *kernel_size)`, as in PyTorch.

    Raises
    ------
    MatrixTooLargeError
        In the forward pass, when the matrix would take more than `max_bytes`.
    ConvmatError, ConvmatTypeError
        For settings that fit no input; see `convmat.geometry.transposed_geometry`.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> layer = ConvTranspose(8, 4, (3, 3), stride=2, output_padding=1, rng=rng)
    >>> layer.forward(np.zeros((2, 8, 5, 5))).shape
    (2, 4, 12, 12)
    """

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        kernel_size: Shape,
        *,
        rng: np.random.Generator,
        output_padding: IntOrInts = 0,
        bias: bool = True,
        dtype: npt.DTypeLike = np.float64,
        init: str | Draw = "default",
        route: LayerRoute = "fast",
        max_bytes: int | None = None,
        **keywords: Any,
    ) -> None:
        into, out_of, groups = channels_of(in_channels, out_channels, keywords)
        super().__init__(
            into,
            out_of,
            (into, out_of // groups, *taps_of(kernel_size)),
            rng=rng,
            bias=bias,
            dtype=dtype,
            init=init,
            route=route,
            max_bytes=max_bytes,
            keywords={**keywords, "output_padding": output_padding},
        )

    def geometry(self, input_shape: Shape) -> Geometry:
        """The paired geometry of inputs `(in_channels, *spatial)`."""
        return transposed_geometry(input_shape, self.weight_shape, **self.keywords)

    def forward(self, x: Array) -> Array:
        """`(batch, in_channels, *spatial)` to `(batch, out_channels, *outs)`."""
        g = self._read(x.shape)
        weight, bias = self.parameters["weight"], self.parameters.get("bias")
        if self.route == "matrix":
            y = functional.matrix_conv_transpose(x, self._tied(g, x), bias, g)
        else:
            y = functional.conv_transpose(x, weight, bias, g, self.route)
        return self._remember(x, y)

    def backward(self, grad: Array) -> Array:
        """Gradients by the same route."""
        x, weight = self._recall(grad), self.parameters["weight"]
        g = self.geometry(x.shape[1:])
        if self.route == "matrix":
            gradients = functional.matrix_conv_transpose_backward(
                grad, x, self.matrix, g
            )
        else:
            gradients = functional.conv_transpose_backward(
                grad, x, weight, g, self.route
            )
        return self._keep(gradients)

    def facts(self, input_shape: Shape) -> Facts:
        """Those of the paired convolution, with input and output exchanged."""
        g = self._read(input_shape, "input_shape")
        paired = conv_facts(g)
        rows, columns = g.matrix_shape
        return Facts(
            (g.in_channels, *g.input_size),
            paired.multiplications,
            (columns, rows),
            paired.nnz,
            tuple(map(transposed_window, g.axes)),
        )
