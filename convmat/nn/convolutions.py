"""The convolution as a layer: without a matrix, and by the tied matrix."""

from __future__ import annotations

from math import prod
from typing import TYPE_CHECKING, Any, get_args

import numpy as np
import numpy.typing as npt

from convmat.arrays import Array, Shape
from convmat.constraints import ConvConstraint
from convmat.errors import ConvmatError, ConvmatTypeError, ShapeError
from convmat.geometry import Geometry, geometry
from convmat.matrix import from_pattern, matrix_bytes, sparse_dtype
from convmat.memory import refuse_beyond
from convmat.nn import functional
from convmat.nn.counts import count
from convmat.nn.functional import Route
from convmat.nn.layers import Layer, initial

if TYPE_CHECKING:
    from scipy.sparse import csr_array

__all__ = ["Conv", "ConvLayer", "MatrixConv"]

_AMPLE = 1 << 40  # cells of an input that every kernel fits; nothing is built of it


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
        Of the parameters; a floating one.
    **keywords
        `stride`, `padding`, `dilation`, `groups`, `padding_mode`, as in
        `convmat.geometry`.

    Raises
    ------
    ConvmatError, ConvmatTypeError
        For settings that fit no input; see `convmat.geometry`.
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
        self.in_channels = count("in_channels", in_channels, 1)
        groups = count("groups", keywords.get("groups", 1), 1)
        if self.in_channels % groups:
            rule = f"must divide in_channels={in_channels}"
            raise ConvmatError("groups", rule, groups)
        out_channels = count("out_channels", out_channels, 1)
        taps = _taps(kernel_size)
        self.weight_shape = (out_channels, self.in_channels // groups, *taps)
        self.keywords = keywords
        self.geometry((self.in_channels, *(_AMPLE,) * len(taps)))
        fan_in = prod(self.weight_shape[1:])
        self.parameters = {"weight": initial(rng, self.weight_shape, fan_in, dtype)}
        if bias:
            self.parameters["bias"] = initial(rng, (out_channels,), fan_in, dtype)

    def geometry(self, input_shape: Shape) -> Geometry:
        """The geometry on inputs `(in_channels, *spatial)`."""
        return geometry(input_shape, self.weight_shape, **self.keywords)

    def _read(self, x: Array) -> Geometry:
        """The geometry of a batch."""
        if x.ndim != len(self.weight_shape):
            rule = f"must be (batch, {self.in_channels}, *spatial) with "
            rule += f"{len(self.weight_shape) - 2} spatial axes"
            raise ShapeError("x.shape", rule, x.shape)
        return self.geometry(x.shape[1:])

    def _keep(self, gradients: tuple[Array, Array, Array]) -> Array:
        """Keep the gradients by the parameters, return the one by the input."""
        x_grad, weight_grad, bias_grad = gradients
        self.gradients = {"weight": weight_grad}
        if "bias" in self.parameters:
            self.gradients["bias"] = bias_grad
        return x_grad


class Conv(ConvLayer):
    """The convolution as a layer, without a matrix.

    Parameters
    ----------
    in_channels, out_channels, kernel_size, rng, bias, dtype
        As of `ConvLayer`.
    route : {"fast", "sliding"}
        The route that suits sizes and dtype, as in `convmat.conv`, or the definition
        by sliding windows. In floats the two differ by rounding.
    **keywords
        `stride`, `padding`, `dilation`, `groups`, `padding_mode`, as in
        `convmat.geometry`.

    Raises
    ------
    ConvmatError, ConvmatTypeError
        For an unknown route, and for settings that fit no input; see
        `convmat.geometry`.

    Examples
    --------
    >>> import numpy as np
    >>> layer = Conv(1, 4, (3, 3), stride=2, padding=1, rng=np.random.default_rng(0))
    >>> layer.forward(np.zeros((64, 1, 28, 28))).shape
    (64, 4, 14, 14)
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
        route: Route = "fast",
        **keywords: Any,
    ) -> None:
        super().__init__(
            in_channels,
            out_channels,
            kernel_size,
            rng=rng,
            bias=bias,
            dtype=dtype,
            **keywords,
        )
        if route not in get_args(Route):
            rule = f"must be one of {', '.join(map(repr, get_args(Route)))}"
            raise ConvmatError("route", rule, route)
        self.route: Route = route

    def forward(self, x: Array) -> Array:
        """`(batch, in_channels, *spatial)` to `(batch, out_channels, *outs)`."""
        g = self._read(x)
        weight, bias = self.parameters["weight"], self.parameters.get("bias")
        return self._remember(x, functional.conv(x, weight, bias, g, self.route))

    def backward(self, grad: Array) -> Array:
        """Gradients by the same route."""
        x, weight = self._recall(grad), self.parameters["weight"]
        g = self.geometry(x.shape[1:])
        gradients = functional.conv_backward(grad, x, weight, g, self.route)
        return self._keep(gradients)


class MatrixConv(ConvLayer):
    """The convolution as a layer, by its tied matrix.

    The trained parameter is one number per tie, stored as the kernel; the matrix is
    filled with it on each forward pass, so its ties are equal and its structural zeros
    are zero at every moment. The gradient is that of the dense matrix, summed over each
    tie.

    Parameters
    ----------
    in_channels, out_channels, kernel_size, rng, bias, dtype
        As of `Conv`; `dtype` may not be float16, which SciPy's sparse arrays do not
        carry.
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
        For settings that fit no input; see `convmat.geometry`.

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

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        kernel_size: Shape,
        *,
        rng: np.random.Generator,
        bias: bool = True,
        dtype: npt.DTypeLike = np.float64,
        max_bytes: int | None = None,
        **keywords: Any,
    ) -> None:
        super().__init__(
            in_channels,
            out_channels,
            kernel_size,
            rng=rng,
            bias=bias,
            dtype=dtype,
            **keywords,
        )
        self.max_bytes = max_bytes
        _sparse(self.parameters["weight"])

    def forward(self, x: Array) -> Array:
        """`(batch, in_channels, *spatial)` to `(batch, out_channels, *outs)`."""
        g = self._read(x)
        weight, bias = self.parameters["weight"], self.parameters.get("bias")
        if weight.dtype == object:  # CSR carries no objects
            needed = prod(g.matrix_shape) * weight.itemsize
        else:
            needed = matrix_bytes(g, _sparse(weight).dtype)
        remedy = "Conv needs no stored matrix"
        refuse_beyond("the matrix of", g, needed, self.max_bytes, remedy)
        if weight.dtype == object:
            self.matrix = ConvConstraint(g).embed(weight, max_bytes=needed)
        else:
            self.matrix = from_pattern(g, weight)
        return self._remember(x, functional.matrix_conv(x, self.matrix, bias, g))

    def backward(self, grad: Array) -> Array:
        """Gradients through the matrix: transposed, and summed over ties."""
        x = self._recall(grad)
        g = self.geometry(x.shape[1:])
        return self._keep(functional.matrix_conv_backward(grad, x, self.matrix, g))


def _sparse(weight: Array) -> Array:
    """`weight`, when its matrix has a dtype that SciPy's sparse arrays carry.

    Raises
    ------
    ConvmatTypeError
        For float16.
    """
    try:
        return sparse_dtype(weight)
    except ConvmatTypeError as error:
        remedy = "use float32, or Conv, which carries float16"
        raise ConvmatTypeError("dtype", error.rule, error.value, remedy) from None


def _taps(kernel_size: object) -> Shape:
    """`kernel_size` as a tuple of ints; its length tells the number of axes."""
    if not isinstance(kernel_size, (tuple, list)) or not kernel_size:
        rule = "must be a tuple with the taps along each spatial axis"
        remedy = "for one axis (3,), for two (3, 3)"
        raise ConvmatTypeError("kernel_size", rule, kernel_size, remedy)
    return tuple(count("kernel_size", taps, 1) for taps in kernel_size)
