"""The transpose as a convolution: gathering what every output hands back.

At stride 1 the transpose of a convolution is one too, with the kernel reversed, its
channel axes swapped, and the padding that the first one left out. At stride `s` it is
`s` of them along each axis, one for each remainder of the input's position: they read
the same gradients through every `s`-th tap. They are computed as one convolution with
`s` times the channels, and their results laid between each other.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import lru_cache
from itertools import product
from math import prod

import numpy as np

from convmat.arrays import Array, IntArray
from convmat.fast.pads import unpadded
from convmat.geometry import Axis, Geometry

__all__ = ["Adjoint", "adjoint_of", "gathers", "waste"]


def gathers(g: Geometry) -> bool:
    """Whether `adjoint_of` carries a geometry.

    It does where no padding exceeds what a window may hang over, and no axis has both
    stride and dilation.
    """
    return all(
        (a.stride == 1 or a.dilation == 1) and min(_pads(a)) >= 0
        for a in _by_zeros(g).axes
    )


def waste(g: Geometry) -> float:
    """Products computed over products wanted: remainders may have unequal taps."""
    return prod(_taps(a) * a.stride / a.kernel for a in g.axes)


_MANY_NUMBERS = 1 << 15
"""Of a kernel, up to which the places of its numbers are kept: 256 KiB and more."""


@dataclass(frozen=True, slots=True)
class Adjoint:
    """The transpose of a geometry, as a geometry and what is done before and after.

    Attributes
    ----------
    of : Geometry
        What it is the transpose of: where the padding is not zeros, the geometry on
        inputs that are padded already. Its result is then to be folded.
    geometry : Geometry
        The convolution at stride 1. Its output channels are
        `(in_channels, *remainders)`.
    """

    of: Geometry
    geometry: Geometry

    def kernel(self, kernel: Array) -> Array:
        """The kernel of `geometry`, from that of `of`."""
        g, shape = self.of, self.geometry.weight_shape
        if kernel.size > _MANY_NUMBERS:
            return _rearranged(g, kernel).reshape(shape)
        # Few numbers are faster found by their places than moved in runs of two.
        with_zero = np.append(kernel.reshape(-1), kernel.dtype.type(0))
        return with_zero.take(_places(g)).reshape(shape)

    def restore(self, y: Array) -> Array:
        """The gradient by the input, from the output of `geometry`.

        Axes after those of space stay what they are.
        """
        g, axes = self.of, self.of.axes
        if set(g.stride) == {1}:
            return y
        parts = y.reshape(len(y), g.in_channels, *g.stride, *y.shape[2:])
        more = y.shape[2 + g.rank :]
        x_grad = np.empty((len(y), g.in_channels, *g.input_size, *more), y.dtype)
        for remainder in product(*map(range, g.stride)):
            cells: list[slice] = []
            places: list[int | slice] = list(remainder)
            for a, r in zip(axes, remainder, strict=True):
                first = -((r - a.before) // a.stride)  # ceil((before - r) / stride)
                start = first * a.stride + r - a.before
                count = len(range(start, a.size, a.stride))
                cells.append(slice(start, None, a.stride))
                start = first - a.before // a.stride
                places.append(slice(start, start + count))
            x_grad[:, :, *cells] = parts[:, :, *places]
        return x_grad


@lru_cache(maxsize=256)
def adjoint_of(g: Geometry) -> Adjoint:
    """The transpose of a geometry that `gathers` accepts.

    Examples
    --------
    >>> from convmat import geometry
    >>> adjoint_of(geometry((2, 5, 5), (4, 2, 3, 3), padding=[(1, 2), 0])).geometry
    geometry((4, 6, 3), (2, 4, 3, 3), padding=((1, 0), 2))
    >>> adjoint_of(geometry((2, 8), (4, 2, 3), stride=2, padding=1)).geometry
    geometry((4, 4), (4, 4, 2), padding=1)
    """
    g = _by_zeros(g)
    return Adjoint(
        g,
        replace(
            g,
            input_size=g.output_size,
            kernel_size=tuple(map(_taps, g.axes)),
            stride=(1,) * g.rank,
            padding=tuple(map(_pads, g.axes)),
            in_channels=g.out_channels,
            out_channels=g.in_channels * prod(g.stride),
            has_channels=True,
        ),
    )


def _rearranged(g: Geometry, kernel: Array) -> Array:
    """`(groups, in, *remainders, out, *quotients)`; missing taps are 0."""
    axes, groups = g.axes, g.groups
    into, out_of = g.in_channels // groups, g.out_channels // groups
    # A tap is quotient * stride + remainder.
    split = [size for a in axes for size in (_taps(a), a.stride)]
    full = np.zeros(
        (groups, out_of, into, *(_taps(a) * a.stride for a in axes)), kernel.dtype
    )
    taps = tuple(slice(0, n) for n in g.kernel_size)
    full[:, :, :, *taps] = kernel.reshape(groups, out_of, into, *g.kernel_size)
    quotients = tuple(range(3, 3 + 2 * g.rank, 2))
    remainders = tuple(range(4, 4 + 2 * g.rank, 2))
    parts = full.reshape(groups, out_of, into, *split)
    return np.flip(parts, quotients).transpose(0, 2, *remainders, 1, *quotients)


@lru_cache(maxsize=32)
def _places(g: Geometry) -> IntArray:
    """Where in the kernel each number of `_rearranged` is; its size for a 0."""
    size = g.free_parameters
    numbered = np.arange(1, size + 1).reshape(g.weight_shape)
    places = _rearranged(g, numbered).reshape(-1) - 1
    places[places < 0] = size
    places.flags.writeable = False
    return places


def _by_zeros(g: Geometry) -> Geometry:
    return g if g.padding_mode == "zeros" else unpadded(g)


def _taps(a: Axis) -> int:
    """Taps of one remainder: all of them at stride 1."""
    return -(-a.kernel // a.stride)


def _pads(a: Axis) -> tuple[int, int]:
    """Padding of the outputs, so that every input is reached."""
    reach = (_taps(a) - 1) * a.dilation
    last = (a.before + a.size - 1) // a.stride
    return reach - a.before // a.stride, last - (a.out_size - 1)
