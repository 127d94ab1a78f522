"""Geometries where fast kernels have branches of their own, and arrays laid oddly."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from convmat.arrays import Array, Shape
from convmat.geometry import Axis, Geometry
from convmat.verify.black_box import Supports
from convmat.verify.checks.check import Trial
from convmat.verify.checks.layouts import LAYOUTS
from convmat.verify.checks.numbers import largest_drawn
from convmat.verify.strategies.shapes import geometries

__all__ = ["CORNERS", "WIDTHS", "corners", "layouts", "trials"]

CORNERS = (
    "one output",
    "thin",
    "pointwise",
    "width",
    "depthwise",
    "multiplier",
    "dilation",
    "long sum",
)
"""The corners, the plainest first."""

WIDTHS = (7, 9, 15, 17, 31, 33)
"""One less and one more than what vector instructions take at a time."""


@st.composite
def corners(
    draw: st.DrawFn,
    /,
    *,
    supports: Supports | None = None,
    kinds: Sequence[str] = CORNERS,
    ranks: Sequence[int] = (1, 2),
    widths: Sequence[int] = WIDTHS,
    max_channels: int = 4,
    max_dilation: int = 9,
    max_terms: int = 300,
) -> Geometry:
    """Geometries in one corner each, of zeros in the padding.

    Parameters
    ----------
    supports : Supports, optional
        What is not claimed is taken out of what was drawn, see `Supports.nearest`.
    kinds : sequence of str
        Among `CORNERS`; a draw shrinks towards the first.
    ranks : sequence of int
        Numbers of spatial axes.
    widths : sequence of int
        Sizes of the last axis in the corner "width".
    max_channels : int
        Largest number of groups, and of channels in one.
    max_dilation : int
        Largest dilation in the corner "dilation", along the last axis.
    max_terms : int
        Most products in an output of the corner "long sum".

    Examples
    --------
    >>> from hypothesis import find
    >>> find(corners(kinds=["dilation"]), lambda g: g.rank == 1)
    geometry((1, 3), (1, 1, 2), dilation=2)
    >>> find(corners(), lambda g: g.groups > 1)
    geometry((2, 1), (2, 1, 1), groups=2)
    """
    kind, rank = draw(st.sampled_from(kinds)), draw(st.sampled_from(ranks))
    axes = [_axis(draw, kind, number == rank - 1) for number in range(rank)]
    if kind == "width":
        axes[-1] = _sized(axes[-1], draw(st.sampled_from(widths)))
    if kind == "dilation":
        wide = draw(st.integers(min(2, max_dilation), max_dilation))
        last = axes[-1]
        size = wide * (last.kernel - 1) + 1 + draw(st.integers(0, 3))
        axes[-1] = Axis(size, last.kernel, last.stride, 0, 0, wide)
    per_group = draw(st.integers(1, max_channels))
    if kind in ("depthwise", "multiplier"):
        groups, ins = draw(st.integers(min(2, max_channels), max_channels)), 1
        outs = draw(st.integers(2, 3)) if kind == "multiplier" else 1
    elif kind == "long sum":
        taps = int(np.prod([axis.kernel for axis in axes]))
        most = max(1, max_terms // taps)
        groups, ins, outs = 1, draw(st.integers(max(1, most // 2), most)), 1
    else:
        groups, ins, outs = 1, per_group, draw(st.integers(1, max_channels))
    g = Geometry(
        input_size=tuple(axis.size for axis in axes),
        kernel_size=tuple(axis.kernel for axis in axes),
        stride=tuple(axis.stride for axis in axes),
        padding=tuple((axis.before, axis.after) for axis in axes),
        dilation=tuple(axis.dilation for axis in axes),
        in_channels=groups * ins,
        out_channels=groups * outs,
        groups=groups,
        has_channels=True,
    )
    return g if supports is None else supports.nearest(g)


def _axis(draw: st.DrawFn, kind: str, last: bool) -> Axis:
    """One axis of a corner; `last` is the one that is next to itself in memory."""
    if kind == "pointwise":
        stride = draw(st.integers(1, 3))
        return Axis(draw(st.integers(1, 5)), 1, stride, 0, 0, 1)
    kernel = draw(st.integers(2 if kind == "dilation" and last else 1, 3))
    stride = draw(st.integers(1, 2))
    if kind == "one output":
        return Axis(kernel, kernel, stride, 0, 0, 1)
    before, after = draw(st.integers(0, 2)), draw(st.integers(0, 2))
    if kind == "thin" and not last:
        return Axis(1, 1, stride, 0, 0, 1)
    axis = Axis(1, kernel, stride, before, after, 1)
    return _sized(axis, draw(st.integers(1, 9 if kind == "thin" else 5)))


def _sized(axis: Axis, size: int) -> Axis:
    """The axis with so many cells, or as many as the kernel needs."""
    size = max(size, axis.span - axis.before - axis.after)
    return Axis(size, axis.kernel, axis.stride, axis.before, axis.after, axis.dilation)


def layouts(array: Array) -> st.SearchStrategy[Array]:
    """The same numbers in odd places of memory; shrinks to the array itself.

    Examples
    --------
    >>> from hypothesis import find
    >>> find(layouts(np.eye(2)), lambda array: not array.flags.c_contiguous).strides
    (8, 16)
    """
    ways: list[Callable[[Array], Array]] = [np.ascontiguousarray, *LAYOUTS.values()]
    return st.sampled_from(ways).map(lambda laid: laid(array))


@st.composite
def trials(
    draw: st.DrawFn,
    /,
    supports: Supports | None = None,
    *,
    max_batch: int = 2,
    **bounds: Any,
) -> Trial:
    """What checks are run on: a geometry that is claimed, with integers that fit it.

    Parameters
    ----------
    supports : Supports, optional
        All by default, but zeros only in the padding.
    max_batch : int
        Largest batch, where one is claimed.
    **bounds
        As in `geometries`.

    Examples
    --------
    >>> from hypothesis import find
    >>> from convmat.verify import CHECKS, implementation
    >>> from convmat import conv
    >>> def flipped(x, kernel, **settings):
    ...     return conv(x, kernel[..., ::-1], **settings)
    >>> wrong, check = implementation(flipped), CHECKS["equal-to-the-matrix"]
    >>> smallest = find(trials(wrong.supports), lambda one: check(wrong, one))
    >>> smallest.geometry.kernel_size, smallest.kernel.tolist()
    ((2,), [[[0.0, 1.0]]])
    """
    claims = Supports() if supports is None else supports
    limits = {"modes": claims.modes, "max_rank": max(claims.ranks), **bounds}
    limits.setdefault("min_rank", min(claims.ranks))
    drawn = draw(geometries(**limits) | corners())
    g, batch = claims.nearest(drawn), 1
    if claims.batch:
        batch = draw(st.integers(1, max_batch))
    terms = max(g.taps_per_row, batch * g.matrix_shape[0])
    most = largest_drawn(claims.dtype, terms)
    least = 0 if claims.dtype.kind == "u" else -most

    def array(*shape: int) -> Array:
        return draw(_integers(shape, claims.dtype, least, most))

    return Trial(
        geometry=g,
        kernel=array(*g.weight_shape),
        x=array(batch, g.in_channels, *g.input_size),
        grad=array(batch, g.out_channels, *g.output_size),
        bias=array(g.out_channels),
    )


def _integers(
    shape: Shape, dtype: np.dtype[Any], least: int, most: int
) -> st.SearchStrategy[Array]:
    return hnp.arrays(np.int64, shape, elements=st.integers(least, most)).map(
        lambda array: array.astype(dtype)
    )
