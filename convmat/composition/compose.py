"""`compose`: two convolutions in a row as one, and the outputs where that is wrong.

On one axis, with strides `s`, dilations `d`, padding before `b` of the first (1) and
the second (2) convolution, output `out` reads through taps `t1` and `t2`

    (out * s2 + t2 * d2 - b2) * s1 + t1 * d1 - b1
      = out * (s1 * s2) + (t2 * d2 * s1 + t1 * d1) - (b2 * s1 + b1)

So the two are one convolution of stride `s1 * s2` whose taps are all the sums in the
middle: the first kernel convolved with the second, which is spread by the first stride.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from math import gcd, prod

import numpy as np
import numpy.typing as npt

from convmat.arrays import Array, Shape
from convmat.composition.blocks import blocks_of, kernel_from, read_kernel
from convmat.composition.border import border_of, differing
from convmat.dtypes import exact_sums
from convmat.errors import GeometryError, ShapeError
from convmat.geometry import Axis, Geometry, require_geometry
from convmat.geometry.shorthand import read_geometry

__all__ = ["Composition", "compose"]


@dataclass(frozen=True, eq=False)
class Composition:
    """Two convolutions in a row, merged into one.

    Attributes
    ----------
    kernel : ndarray
        The merged kernel, of the shape `geometry.kernel_shape`.
    geometry : Geometry
        Of the merged convolution: input of the first, output of the second.
    first, second : Geometry
        Of the two.
    kernels : tuple of ndarray
        Of the two, in that order.
    """

    kernel: Array
    geometry: Geometry
    first: Geometry
    second: Geometry
    kernels: tuple[Array, Array]

    @cached_property
    def border(self) -> npt.NDArray[np.bool_]:
        """Where the merged convolution may differ, whatever the kernels.

        Returns
        -------
        ndarray of bool, `(*outs)`
            Entry `[*out]` says whether the second convolution reads a zero of its
            padding there, beside the end of the first one's output, while the merged
            one reads input. Elsewhere the two are equal for all kernels.
        """
        return border_of(self.first, self.second)

    @cached_property
    def differs(self) -> npt.NDArray[np.bool_]:
        """Where the merged convolution does differ, with these kernels.

        Returns
        -------
        ndarray of bool, of shape `geometry.output_shape`
            Entry `[*out]` says whether its row of the merged matrix is another one than
            that of the product of the two matrices. Sums of floats are rounded, so that
            one which is 0 in theory may count.

        Raises
        ------
        MatrixTooLargeError
            When the rows at the border would not fit into memory.
        ConvmatError
            When a sum of integers does not fit int64.
        """
        rows = differing(self.first, self.second, self.kernels, self.border)
        return rows.reshape(self.geometry.output_shape)

    @property
    def exact(self) -> bool:
        """Whether the merged convolution equals the two, in every output."""
        return not self.differs.any()

    def __str__(self) -> str:
        """What became of the two, in words."""
        told = f"one convolution: {self.geometry!r}"
        wrong, rows = int(self.differs.sum()), self.differs.size
        if not wrong:
            return f"{told}; equal in all {rows:,} outputs"
        inner = rows - wrong
        return (
            f"{told}; equal in {inner:,} of {rows:,} outputs, and not in {wrong:,} at "
            "the border, where the second one reads zeros in place of outputs"
        )

    def _repr_html_(self) -> str:
        from convmat.composition.display import composition_html

        return composition_html(self)


def compose(
    kernel_a: npt.ArrayLike,
    geometry_a: Geometry,
    kernel_b: npt.ArrayLike,
    geometry_b: Geometry,
) -> Composition:
    """Two convolutions in a row as one: first `a`, then `b`.

    Parameters
    ----------
    kernel_a, kernel_b : array_like
        Of the shapes that their geometries say. Integers and Fractions stay exact.
    geometry_a, geometry_b : Geometry
        `geometry_b.input_shape` is `geometry_a.output_shape`.

    Returns
    -------
    Composition
        Its kernel is the sum over all pairs of taps: tap `t1 * d1 + t2 * d2 * s1`,
        divided by the merged dilation, holds `b[o, :, t2] @ a[:, i, t1]`. Its groups
        are those that both have. The matrices are equal where `b` has no padding; where
        it has, `differs` tells the rows where they are not.

    Raises
    ------
    ShapeError
        For kernels and geometries that do not follow each other.
    GeometryError
        Where the padding of either is filled from the input, unless `b` has none, or
        both are circular and `a` keeps the size: then no convolution equals the two.
    ConvmatError
        When a sum of integers does not fit int64.
    ConvmatTypeError
        For what is no geometry, and no kernel of numbers.

    Examples
    --------
    >>> from convmat import geometry
    >>> first = geometry(9, 3, stride=2)
    >>> second = geometry(first.output_shape, 2)
    >>> merged = compose([1, 2, 1], first, [1, -1], second)
    >>> merged.kernel, merged.geometry
    (array([ 1,  2,  0, -2, -1]), geometry((9,), (5,), stride=2))
    >>> padded = geometry(5, 3, padding=1)
    >>> print(compose([1, 1, 1], padded, [1, 1, 1], padded))
    one convolution: geometry((5,), (5,), padding=2); equal in 3 of 5 outputs, and not
    in 2 at the border, where the second one reads zeros in place of outputs
    """
    for g in (geometry_a, geometry_b):
        require_geometry(g)
    if geometry_b.input_shape != geometry_a.output_shape:
        rule = f"must be {geometry_a.output_shape}, what geometry_a gives"
        raise ShapeError("geometry_b.input_shape", rule, geometry_b.input_shape)
    a = read_kernel("kernel_a", kernel_a, geometry_a)
    b = read_kernel("kernel_b", kernel_b, geometry_b)
    mode = _mode(geometry_a, geometry_b)
    axes = list(zip(geometry_a.axes, geometry_b.axes, strict=True))
    steps = tuple(_step(one, other) for one, other in axes)
    size = tuple(
        _reach(one, other) // step + 1
        for (one, other), step in zip(axes, steps, strict=True)
    )
    groups = gcd(geometry_a.groups, geometry_b.groups)
    kernel = _merged(a, b, geometry_a, geometry_b, (groups, steps, size))
    shape: Shape = size
    if geometry_a.has_channels:
        shape = (geometry_b.out_channels, geometry_a.in_channels // groups, *size)
    merged = read_geometry(
        geometry_a.input_shape,
        shape,
        stride=tuple(one.stride * other.stride for one, other in axes),
        padding=tuple(_pads(one, other) for one, other in axes),
        dilation=steps,
        groups=groups,
        padding_mode=mode,
    )
    whole = kernel.reshape(merged.kernel_shape)
    return Composition(whole, merged, geometry_a, geometry_b, (a, b))


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
