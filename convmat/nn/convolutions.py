"""The convolution as a layer: without a matrix, and by the tied matrix."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from convmat.arrays import Array, Shape
from convmat.geometry import Geometry, geometry
from convmat.nn import functional
from convmat.nn.facts import Facts, conv_facts
from convmat.nn.initial import Draw
from convmat.nn.kernels import KernelLayer, LayerRoute, channels_of, taps_of

__all__ = ["Conv", "MatrixConv"]


class Conv(KernelLayer):
    """The convolution as a layer, by any route.

    The trained parameter is one number per tie, stored as the kernel, whatever the
    route. In floats routes differ by rounding.

    Parameters
    ----------
    in_channels, out_channels : int
        Channels of input and output.
    kernel_size : tuple of int
        Taps along each spatial axis; its length is the number of axes.
    rng : numpy.random.Generator
        Draws weight and bias.
    bias : bool
        Whether a number is added to each output channel.
    dtype : dtype
        Of the parameters; a floating one.
    init : str or callable
        How the weight is drawn, by default uniformly from +-1 / sqrt(taps of a row), as
        the bias always is; see `convmat.nn.initial.initial`.
    route : {"fast", "matrix", "sliding"}
        The route that suits sizes and dtype, as in `convmat.conv`; the tied matrix,
        filled with the kernel on each forward pass, and the gradient of the dense
        matrix summed over each tie; or the definition by sliding windows.
    max_bytes : int, optional
        Bytes that the matrix may take; by default half of the physical memory.
    **keywords
        `stride`, `padding`, `dilation`, `groups`, `padding_mode`, as in
        `convmat.geometry`.

    Raises
    ------
    MatrixTooLargeError
        In the forward pass, when the matrix would take more than `max_bytes`.
    ConvmatError, ConvmatTypeError
        For an unknown route, and for settings that fit no input; see
        `convmat.geometry`. For float16 by `route="matrix"`: SciPy's sparse arrays do
        not carry it.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> layer = Conv(1, 4, (3, 3), stride=2, padding=1, rng=rng)
    >>> layer.forward(np.zeros((64, 1, 28, 28))).shape
    (64, 4, 14, 14)
    >>> layer = Conv(1, 4, (3, 3), padding=1, rng=rng, route="matrix")
    >>> layer.forward(np.zeros((2, 1, 8, 8))).shape, layer.matrix.shape
    ((2, 4, 8, 8), (256, 64))
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
        init: str | Draw = "default",
        route: LayerRoute = "fast",
        max_bytes: int | None = None,
        **keywords: Any,
    ) -> None:
        into, out_of, groups = channels_of(in_channels, out_channels, keywords)
        super().__init__(
            into,
            out_of,
            (out_of, into // groups, *taps_of(kernel_size)),
            rng=rng,
            bias=bias,
            dtype=dtype,
            init=init,
            route=route,
            max_bytes=max_bytes,
            keywords=keywords,
        )

    def geometry(self, input_shape: Shape) -> Geometry:
        """The geometry on inputs `(in_channels, *spatial)`."""
        return geometry(input_shape, self.weight_shape, **self.keywords)

    def forward(self, x: Array) -> Array:
        """`(batch, in_channels, *spatial)` to `(batch, out_channels, *outs)`."""
        g = self._read(x.shape)
        weight, bias = self.parameters["weight"], self.parameters.get("bias")
        if self.route == "matrix":
            y = functional.matrix_conv(x, self._tied(g, x), bias, g)
        else:
            y = functional.conv(x, weight, bias, g, self.route)
        return self._remember(x, y)

    def backward(self, grad: Array) -> Array:
        """Gradients by the same route."""
        x, weight = self._recall(grad), self.parameters["weight"]
        g = self.geometry(x.shape[1:])
        if self.route == "matrix":
            gradients = functional.matrix_conv_backward(grad, x, self.matrix, g)
        else:
            gradients = functional.conv_backward(grad, x, weight, g, self.route)
        return self._keep(gradients)

    def facts(self, input_shape: Shape) -> Facts:
        """Counted from the geometry."""
        return conv_facts(self._read(input_shape, "input_shape"))


def MatrixConv(*arguments: Any, **keywords: Any) -> Conv:
    """`Conv` with `route="matrix"`: the convolution as a layer, by its tied matrix.

    Parameters
    ----------
    *arguments, **keywords
        As of `Conv`, all but the route.

    Examples
    --------
    >>> layer = MatrixConv(1, 4, (3, 3), padding=1, rng=np.random.default_rng(0))
    >>> layer.forward(np.zeros((2, 1, 8, 8))).shape
    (2, 4, 8, 8)
    >>> layer.matrix.shape
    (256, 64)
    """
    return Conv(*arguments, route="matrix", **keywords)
