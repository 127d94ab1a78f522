"""The windows of a pooling: where they lie, and how many cells each is divided by."""

from __future__ import annotations

from dataclasses import dataclass, replace
from math import prod
from typing import Any

import numpy as np

from convmat.arrays import IntArray, Pads
from convmat.errors import GeometryError
from convmat.geometry import Axis, Geometry, IntOrInts
from convmat.geometry.shorthand import Padding, read_geometry, read_shape
from convmat.linear.reading import read_input, renamed, require_bool

__all__ = ["Windows", "read_windows"]


@dataclass(frozen=True, slots=True)
class Windows:
    """The windows of a pooling, as those of a convolution of each channel by itself.

    Attributes
    ----------
    geometry : Geometry
        Depthwise. Where a window hangs over the end (`ceil_mode`), its padding is as
        much wider.
    padding : tuple of (int, int)
        The padding that the caller named.
    """

    geometry: Geometry
    padding: Pads

    def cells(self, include_pad: bool) -> IntArray:
        """Cells of each window that count: those of the input, or of padding too.

        Entry `[*out]` is the number of cells of window `out` on the input, with
        `include_pad` on the padded input. What hangs over the padding never counts.

        Returns
        -------
        ndarray of int64, `(*outs)`
        """
        total: IntArray = np.ones((), np.int64)
        for axis, (before, after) in zip(self.geometry.axes, self.padding, strict=True):
            within = _among_padding(axis, before, after) if include_pad else axis
            counts = np.empty(axis.out_size, np.int64)
            for outs in within.alike():
                counts[outs.start : outs.stop] = len(within.taps_inside(outs.start))
            total = np.multiply.outer(total, counts)
        return total


def _among_padding(axis: Axis, before: int, after: int) -> Axis:
    """The same windows on an input to which the padding belongs."""
    beyond = axis.after - after
    return replace(axis, size=before + axis.size + after, before=0, after=beyond)


def read_windows(
    input_shape: IntOrInts,
    pool_size: IntOrInts,
    stride: IntOrInts | None,
    padding: Padding,
    dilation: IntOrInts,
    ceil_mode: bool,
) -> Windows:
    """The windows of a pooling, read from shorthand and checked.

    Parameters
    ----------
    input_shape, pool_size, stride, padding, dilation, ceil_mode
        As in `convmat.linear.avg_pool_matrix`.

    Returns
    -------
    Windows

    Raises
    ------
    GeometryError
        For windows that do not fit, or hold 2**63 cells and more.

    Examples
    --------
    >>> read_windows(6, 3, 2, 0, 1, ceil_mode=True).cells(include_pad=True)
    array([3, 3, 2])
    """
    require_bool("ceil_mode", ceil_mode)
    given, listed = read_input(input_shape, "pool_size", pool_size)
    pool = read_shape("pool_size", listed)
    if min(pool) < 1:
        rule = "must be at least 1 on every axis"
        raise GeometryError("pool_size", rule, pool)
    if prod(pool) >= 1 << 63:
        rule = "must be fewer than 2**63 cells in all"
        raise GeometryError("pool_size", rule, pool)
    named = isinstance(padding, str) and padding != "valid"
    # One tap on one cell fits any settings, so that they are read before the windows.
    one = (1,) * len(pool)
    read = read_geometry(
        one,
        one,
        stride=pool if stride is None else stride,
        dilation=dilation,
        padding=0 if isinstance(padding, str) else padding,
    )
    settings: dict[str, Any] = {"stride": read.stride, "dilation": read.dilation}
    with renamed(kernel_size="pool_size"):
        pads = (
            read_geometry(given.size, pool, padding=padding, **settings).padding
            if named
            else read.padding
        )
        axes = zip(given.size, pool, read.stride, pads, read.dilation, strict=True)
        wider = [
            _overhanging(Axis(n, k, s, before, after, d))
            if ceil_mode
            else (before, after)
            for n, k, s, (before, after), d in axes
        ]
        kernel = (given.channels, 1, *pool) if given.has_channels else pool
        g = read_geometry(
            given.shape, kernel, padding=wider, groups=given.channels, **settings
        )
    return Windows(g, pads)


def _overhanging(axis: Axis) -> tuple[int, int]:
    """`(before, after)` wide enough for one more window that hangs over the end.

    There is none where the stride leaves no cells over, nor where it would begin after
    the input. A window that fits is never taken away.
    """
    over = (axis.span - axis.padded_size) % axis.stride
    begins = axis.padded_size + over - axis.span
    inside = 0 <= begins < axis.before + axis.size
    return axis.before, axis.after + (over if inside else 0)
