"""Two convolutions in a row as one: its kernel and its geometry.

On one axis, with strides `s`, dilations `d`, padding before `b` of the first (1) and
the second (2) convolution, output `out` reads through taps `t1` and `t2`

    (out * s2 + t2 * d2 - b2) * s1 + t1 * d1 - b1
      = out * (s1 * s2) + (t2 * d2 * s1 + t1 * d1) - (b2 * s1 + b1)

So the two are one convolution of stride `s1 * s2` whose taps are all the sums in the
middle: the first kernel convolved with the second, which is spread by the first stride.
"""

from __future__ import annotations

from math import gcd, prod

import numpy as np

from convmat.arrays import Array, Shape
from convmat.composition.blocks import blocks_of, kernel_from
from convmat.dtypes import exact_sums
from convmat.errors import GeometryError
from convmat.geometry import Axis, Geometry
from convmat.geometry.shorthand import read_geometry

__all__ = ["merged_of"]


def merged_of(
    a: Array, first: Geometry, b: Array, second: Geometry
) -> tuple[Array, Geometry]:
    """The merged kernel, of the shape that the merged geometry says, and that one.

    Raises
    ------
    GeometryError
        When no convolution has this padding.
    ConvmatError
        When a sum of integers does not fit int64.
    """
    mode = _mode(first, second)
    axes = list(zip(first.axes, second.axes, strict=True))
    steps = tuple(_step(one, other) for one, other in axes)
    size = tuple(
        _reach(one, other) // step + 1
        for (one, other), step in zip(axes, steps, strict=True)
    )
    groups = gcd(first.groups, second.groups)
    kernel = _merged(a, b, first, second, (groups, steps, size))
    shape: Shape = size
    if first.has_channels:
        shape = (second.out_channels, first.in_channels // groups, *size)
    merged = read_geometry(
        first.input_shape,
        shape,
        stride=tuple(one.stride * other.stride for one, other in axes),
        padding=tuple(_pads(one, other) for one, other in axes),
        dilation=steps,
        groups=groups,
        padding_mode=mode,
    )
    return kernel.reshape(merged.kernel_shape), merged


def _reach(first: Axis, second: Axis) -> int:
    """Cells from the first tap of the merged kernel to the last."""
    return (second.span - 1) * first.stride + first.span - 1


def _step(first: Axis, second: Axis) -> int:
    """The merged dilation: all taps lie at multiples of it, the first at 0."""
    one = first.dilation if first.kernel > 1 else 0
    other = second.dilation * first.stride if second.kernel > 1 else 0
    return gcd(one, other) or 1


def _pads(first: Axis, second: Axis) -> tuple[int, int]:
    """Padding with which the merged convolution has as many outputs.

    Cells that the first one leaves over at its end are fewer than its stride, so that
    they make no output here either.
    """
    after = first.after + second.after * first.stride
    return first.before + second.before * first.stride, after


def _mode(first: Geometry, second: Geometry) -> str:
    """What stands in the padding of the merged convolution.

    Raises
    ------
    GeometryError
        When nothing does.
    """
    padded = [any(map(any, g.padding)) for g in (first, second)]
    modes = [
        g.padding_mode if is_padded else "zeros"
        for g, is_padded in zip((first, second), padded, strict=True)
    ]
    if not padded[1]:
        return modes[0]
    same_size = first.input_size == first.output_size and set(first.stride) == {1}
    if modes == ["zeros", "zeros"]:
        return "zeros"
    circular = modes[1] == "circular" and (not padded[0] or modes[0] == "circular")
    if circular and same_size:
        return "circular"
    raise GeometryError(
        "padding_mode",
        "must be zeros in both, or circular in both with as many outputs as inputs",
        (first.padding_mode, second.padding_mode),
        "other padding of the second reads what no single convolution reads",
    )


def _merged(
    a: Array,
    b: Array,
    first: Geometry,
    second: Geometry,
    form: tuple[int, Shape, Shape],
) -> Array:
    """The merged kernel, `(out, in // groups, *size)`."""
    groups, steps, size = form

    def compute(one: Array, other: Array) -> Array:
        blocks = blocks_of(one, first, groups), blocks_of(other, second, groups)
        kind = np.result_type(one, other)
        outs, ins = blocks[1].shape[1], blocks[0].shape[2]
        result = np.zeros((groups, outs, ins, *size), kind)
        for t1 in np.ndindex(first.kernel_size):
            for t2 in np.ndindex(second.kernel_size):
                place = tuple(
                    (v * y.dilation * x.stride + u * x.dilation) // step
                    for u, v, x, y, step in zip(
                        t1, t2, first.axes, second.axes, steps, strict=True
                    )
                )
                # (groups, out, middle) @ (groups, middle, in)
                product = blocks[1][..., *t2] @ blocks[0][..., *t1]
                result[..., *place] += product
        return kernel_from(result)

    pairs = min(prod(first.kernel_size), prod(second.kernel_size))
    terms = second.in_channels // groups * pairs
    return exact_sums(compute, a, b, terms=terms)
