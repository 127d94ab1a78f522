"""Pooling over windows as layers."""

from __future__ import annotations

from collections.abc import Iterable
from math import prod
from typing import TYPE_CHECKING, Any

import numpy as np

from convmat.arrays import Array, IntArray, Shape
from convmat.costs import Cost
from convmat.errors import GeometryError, ShapeError
from convmat.geometry import Geometry, IntOrInts
from convmat.geometry.shorthand import Padding, read_shape
from convmat.memory import refuse_beyond
from convmat.nn import functional
from convmat.nn.facts import Facts
from convmat.nn.kernels import AMPLE
from convmat.nn.layers import Layer
from convmat.optim.rates import flag
from convmat.receptive import Window, window_of

if TYPE_CHECKING:
    from convmat.linear.windows import Windows

__all__ = ["AvgPool", "MaxPool", "PoolLayer", "refuse_empty"]


class PoolLayer(Layer):
    """What `MaxPool` and `AvgPool` share: where their windows lie.

    Parameters
    ----------
    pool_size : int or tuple of int
        Cells of a window along each spatial axis; an integer for all axes alike.
    stride : int or tuple of int, optional
        Cells between neighbouring windows; by default `pool_size`.
    padding : int, tuple or str
        Cells around the input, as in `convmat.geometry`. PyTorch allows half of a
        window, here it may be any number.
    dilation : int or tuple of int
        Cells between neighbouring cells of a window.
    ceil_mode : bool
        Whether a last window may hang over the end where the stride leaves cells over.
        It does not where it would begin after the input.

    Raises
    ------
    ConvmatError, ConvmatTypeError
        For settings that fit no input.
    """

    def __init__(
        self,
        pool_size: IntOrInts,
        stride: IntOrInts | None = None,
        padding: Padding = 0,
        *,
        dilation: IntOrInts = 1,
        ceil_mode: bool = False,
    ) -> None:
        super().__init__()
        pool, *others = map(_held, (pool_size, stride, padding, dilation))
        sizes = read_shape("pool_size", pool)
        self.pool_size = sizes if isinstance(pool, tuple) else sizes[0]
        self.settings = (*others, ceil_mode)
        lengths = [len(v) for v in (pool, *others) if isinstance(v, tuple)]
        self.windows((1, *(AMPLE,) * (lengths[0] if lengths else 1)))

    def windows(self, input_shape: Shape, argument: str = "input_shape") -> Windows:
        """The windows of inputs `(channels, *spatial)`."""
        pool, rank = self.pool_size, len(input_shape) - 1
        each = (pool,) * rank if isinstance(pool, int) else pool
        if rank < 1 or len(each) != rank:
            rule = "must be (channels, *spatial)"
            if isinstance(pool, tuple):
                rule += f" with as many spatial axes as pool_size={pool} has entries"
            raise ShapeError(argument, rule, input_shape)
        from convmat.linear.windows import read_windows  # with the first pooling

        return read_windows(input_shape, each, *self.settings)

    def _read(self, x: Array) -> Windows:
        """The windows of a batch."""
        return self.windows(x.shape[1:], "x.shape[1:]")


class MaxPool(PoolLayer):
    """The largest number of each window, channel by channel.

    Parameters
    ----------
    pool_size, stride, padding, dilation, ceil_mode
        As of `PoolLayer`. Cells of the padding are smaller than any number; a window
        without a cell of the input has no largest number and is refused.

    Raises
    ------
    GeometryError
        For such windows, in the forward pass.
    ConvmatError, ConvmatTypeError
        For settings that fit no input.

    Notes
    -----
    Where numbers are equal, the gradient goes to the first of them in C order, as in
    PyTorch; NaN is larger than all.

    Examples
    --------
    >>> layer = MaxPool(2)
    >>> x = np.array([[[[1.0, 2.0], [4.0, 3.0]]]])
    >>> layer.forward(x)
    array([[[[4.]]]])
    >>> layer.backward(np.array([[[[1.0]]]]))
    array([[[[0., 0.],
             [1., 0.]]]])
    """

    _taps: IntArray

    def forward(self, x: Array) -> Array:
        """`(batch, channels, *spatial)` to `(batch, channels, *outs)`."""
        windows = self._read(x)
        refuse_empty(windows)
        y, self._taps = functional.max_pool(x, windows.geometry)
        return self._remember(x, y)

    def backward(self, grad: Array) -> Array:
        """Each output's gradient, at its largest number."""
        x = self._recall(grad)
        return functional.max_pool_backward(grad, self._taps, self._read(x).geometry)

    def facts(self, input_shape: Shape) -> Facts:
        """Comparisons are no multiplications, and no matrix."""
        g = self.windows(input_shape).geometry
        return Facts((input_shape[0], *g.output_size), reads=_reads(g))


class AvgPool(PoolLayer):
    """The mean of each window, channel by channel.

    Parameters
    ----------
    pool_size, stride, padding, dilation, ceil_mode
        As of `PoolLayer`. Cells of the padding are zeros.
    count_include_pad : bool
        Whether cells of padding count in the divisor; what hangs over the padding
        never does.
    divisor_override : int, optional
        The divisor of every window.

    Raises
    ------
    GeometryError
        In the forward pass, for windows that nothing is divided by.
    ConvmatError, ConvmatTypeError
        For settings that fit no input.

    Examples
    --------
    >>> layer = AvgPool(3, 2, 1, count_include_pad=False)
    >>> layer.forward(np.array([[[2.0, 4.0, 6.0, 8.0]]]))
    array([[[3., 6.]]])
    """

    def __init__(
        self,
        pool_size: IntOrInts,
        stride: IntOrInts | None = None,
        padding: Padding = 0,
        *,
        dilation: IntOrInts = 1,
        ceil_mode: bool = False,
        count_include_pad: bool = True,
        divisor_override: int | None = None,
    ) -> None:
        super().__init__(
            pool_size, stride, padding, dilation=dilation, ceil_mode=ceil_mode
        )
        self.count_include_pad = flag("count_include_pad", count_include_pad)
        self.divisor_override = divisor_override
        from convmat.linear.divisors import divisors_of
        from convmat.linear.windows import read_windows

        one = read_windows(1, 1, None, 0, 1, ceil_mode=False)  # to check the divisor
        divisors_of(one, self.count_include_pad, divisor_override)

    def forward(self, x: Array) -> Array:
        """`(batch, channels, *spatial)` to `(batch, channels, *outs)`."""
        windows = self._read(x)
        y = functional.avg_pool(x, windows.geometry, self.divisors(windows))
        return self._remember(x, y)

    def backward(self, grad: Array) -> Array:
        """To every cell of a window, a share of its gradient."""
        windows = self._read(self._recall(grad))
        divisors = self.divisors(windows)
        return functional.avg_pool_backward(grad, windows.geometry, divisors)

    def facts(self, input_shape: Shape) -> Facts:
        """One multiplication for each mean."""
        g = self.windows(input_shape).geometry
        shape = (input_shape[0], *g.output_size)
        means = prod(shape)
        return Facts(shape, Cost(means, means), g.matrix_shape, g.nnz, _reads(g))

    def divisors(self, windows: Windows) -> IntArray:
        """What each window is divided by, `(*outs)`."""
        from convmat.linear.divisors import divisors_of  # with the first pooling

        _refuse_beyond(windows)
        return divisors_of(windows, self.count_include_pad, self.divisor_override)


def _held(setting: Any) -> Any:
    """`setting`, with a tuple in place of what can be read only once or changed."""
    if isinstance(setting, str) or not isinstance(setting, Iterable):
        return setting
    return tuple(map(_held, setting))


def _reads(g: Geometry) -> tuple[Window, ...]:
    return tuple(map(window_of, g.axes))


def refuse_empty(windows: Windows) -> None:
    """Refuse a window without a cell of the input."""
    _refuse_beyond(windows)
    counts = windows.cells(include_pad=False)
    if counts.all():
        return
    out = tuple(map(int, np.argwhere(counts == 0)[0]))
    raise GeometryError(
        "padding",
        "must leave every window a cell of the input, "
        f"and that of output {out} has none",
        windows.padding,
        "use less padding",
    )


def _refuse_beyond(windows: Windows) -> None:
    """Refuse outputs that cannot fit, before they are counted one by one."""
    g = windows.geometry
    needed = 8 * prod(g.output_size)
    refuse_beyond("the pooling of", g, needed, None, "use less padding")
