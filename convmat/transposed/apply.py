"""The transposed convolution as a function of arrays."""

from __future__ import annotations

from math import prod
from typing import Any

import numpy as np
import numpy.typing as npt

from convmat import maps
from convmat.arrays import Array, Shape
from convmat.dtypes import carried, exact_plus
from convmat.errors import ShapeError
from convmat.geometry import Geometry, IntOrInts, Layout, transposed_geometry
from convmat.geometry.doors import read_bias
from convmat.geometry.keywords import known_keywords
from convmat.memory import refuse_beyond

__all__ = ["conv_transpose", "transposed"]


@known_keywords
def conv_transpose(
    y: npt.ArrayLike,
    kernel: npt.ArrayLike,
    bias: npt.ArrayLike | None = None,
    *,
    output_padding: IntOrInts = 0,
    output_shape: IntOrInts | None = None,
    **keywords: Any,
) -> Array:
    """The transposed convolution of `y` with `kernel`.

    It is the transpose of `conv`, not its inverse: `sum(conv(x, kernel) * y)` equals
    `sum(x * conv_transpose(y, kernel))`. Nothing is conjugated.

    Parameters
    ----------
    y : array_like
        `(*spatial)`, `(in_channels, *spatial)` or `(batch, in_channels, *spatial)`.
    kernel : array_like
        `(*kernel)`, or `(in_channels, out_channels // groups, *kernel)`, as in PyTorch.
        Beside a `y` of the same rank, three or more, the first axis of `y` is the
        batch.
    bias : array_like, optional
        One number per output channel, added to all its cells.
    output_padding : int or tuple of int
        Cells that the result has more than the least possible, below the stride.
    output_shape : int or tuple of int, optional
        The shape of the result instead: `(*spatial)` or `(out_channels, *spatial)`.
    **keywords
        `stride`, `padding`, `dilation`, `groups`, `padding_mode`: those of the paired
        convolution; see `convmat.geometry.transposed_geometry`.

    Returns
    -------
    ndarray
        The axes of `y`, with output channels for input channels; a kernel with channel
        axes gives the result a channel axis. Integers give int64.

    Raises
    ------
    MatrixTooLargeError
        When the result would take more than half of the physical memory.
    ConvmatError, ConvmatTypeError
        For arguments that do not fit, see `convmat.geometry.transposed_geometry`, and
        for a sum of integers that does not fit int64, see `convmat.dtypes`.

    Notes
    -----
    Its gradients are the other two maps of the paired convolution. With the gradient
    `G` by the result, that by `y` is `conv(G, kernel, **keywords)`, and that by the
    kernel is `conv_kernel_grad(y, G, kernel.shape, **keywords)`. An `output_padding`
    has no part in them: it is in the shape of `G`.

    Examples
    --------
    >>> conv_transpose([[0, 1], [2, 3]], [[0, 1], [2, 3]])
    array([[ 0,  0,  1],
           [ 0,  4,  6],
           [ 4, 12,  9]])
    >>> conv_transpose([[0, 1], [2, 3]], [[0, 1], [2, 3]], stride=2)
    array([[0, 0, 0, 1],
           [0, 0, 2, 3],
           [0, 2, 0, 3],
           [4, 6, 6, 9]])
    """
    y, kernel = carried("y", y), carried("kernel", kernel)
    keywords |= {"output_padding": output_padding, "output_shape": output_shape}
    g = _paired_beside(y.shape, kernel.shape, **keywords)
    layout, batch = Layout.of("y", y, g.out_channels, g.output_size)
    result = transposed(batch, kernel.reshape(g.weight_shape), g)
    if bias is not None:
        result = exact_plus(result, read_bias(bias, g.in_channels, g))
    return layout.restore(result, g.has_channels)


def transposed(y: Array, kernel: Array, g: Geometry) -> Array:
    """`convmat.transposed.scatter` by the fastest route that carries the numbers.

    Examples
    --------
    >>> g = transposed_geometry(2, 3, stride=2, padding=1)
    >>> transposed(np.array([[[1.0, 10.0]]]), np.array([[[1.0, 2.0, 3.0]]]), g)
    array([[[ 2., 13., 20.]]])
    """
    dtype = np.result_type(y, kernel)
    needed = len(y) * g.in_channels * prod(g.input_size) * dtype.itemsize
    refuse_beyond("the transpose of", g, needed, None, "use smaller parts of the input")
    return maps.input_grad(y, kernel, g)


def _paired_beside(y: Shape, kernel: Shape, **keywords: Any) -> Geometry:
    """The paired convolution of a kernel beside an array that may have a batch axis.

    Ranks tell, as in `convmat.geometry.read_beside`.

    Raises
    ------
    ShapeError
        When the two ranks fit no form.
    """
    extra = len(y) - len(kernel)
    with_channels = len(kernel) >= 3
    if with_channels and extra == -2:
        return transposed_geometry((1, *y), kernel, **keywords)
    if with_channels and extra == -1:
        return transposed_geometry(y, kernel, **keywords)
    if with_channels and extra == 0:
        try:
            return transposed_geometry(y[1:], kernel, **keywords)
        except ShapeError as error:
            if error.argument != "kernel_shape":
                raise
            remedy = f"{error.remedy}; {_NOT_A_BATCH}"
            parts = error.argument, error.rule, error.value
            raise ShapeError(*parts, remedy) from None
    if kernel and 0 <= extra <= 2:
        return transposed_geometry(y[extra:], kernel, **keywords)
    raise ShapeError(
        "y.shape",
        "must be (*spatial), (channels, *spatial) or (batch, channels, *spatial) "
        f"beside a kernel of shape {kernel}",
        y,
    )


_NOT_A_BATCH = (
    "y has as many axes as the kernel, so its first axis is read as the batch; for a "
    "kernel of spatial axes only, give y its channel axis: y[None]"
)
