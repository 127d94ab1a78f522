"""Axes and geometries, plain ones and witnesses."""

from __future__ import annotations

from collections.abc import Sequence

from hypothesis import strategies as st

from convmat.arrays import Shape
from convmat.geometry import PADDING_MODES, Axis, Geometry, geometry

__all__ = ["axes", "geometries"]

_WITNESSES = ("uneven", "even", "leap", "single")
"""Unequal pads; an even kernel; a stride beyond the kernel; size 1, often with dead
taps."""


@st.composite
def axes(
    draw: st.DrawFn,
    /,
    *,
    max_size: int = 6,
    max_kernel: int = 4,
    max_stride: int = 4,
    max_dilation: int = 3,
    max_padding: int = 3,
    mode: str = "zeros",
) -> Axis:
    """One spatial axis, plain or a witness.

    Parameters
    ----------
    max_size, max_kernel, max_stride, max_dilation, max_padding : int
        Largest values. A size goes beyond `max_size` only where the kernel would not
        fit otherwise, or the padding would reach too far for its mode.
    mode : str
        What stands in the padding.

    Examples
    --------
    >>> from hypothesis import find
    >>> find(axes(), lambda axis: axis.before > 1)
    Axis(size=1, kernel=1, stride=1, before=2, after=0, dilation=1, mode='zeros')
    """
    # A free axis takes no more draws than a witness, so that a witness shrinks to it.
    kind = draw(st.sampled_from(_WITNESSES)) if draw(st.booleans()) else "free"
    before = draw(st.integers(0, max_padding))
    after = draw(st.integers(0, max_padding))
    if kind == "uneven" and before == after and max_padding:
        after = (before + 1) % (max_padding + 1)
    dilation = draw(st.integers(1, max_dilation))
    fitting = (before + after) // dilation + 1  # taps that fit one cell of input
    most = {
        "leap": max(1, max_stride - 1),
        "single": fitting,
        "even": max_kernel // 2,
    }
    kernel = draw(st.integers(1, min(max_kernel, most.get(kind, max_kernel)) or 1))
    if kind == "even" and max_kernel > 1:
        kernel *= 2
    slowest = min(kernel + 1, max_stride) if kind == "leap" else 1
    stride = draw(st.integers(slowest, max_stride))
    reach = {"circular": 0, "symmetric": 0, "reflect": 1}
    deep = max(before, after) + reach[mode] if mode in reach else 1
    least = max(1, deep, dilation * (kernel - 1) + 1 - before - after)
    # Drawn as what it has beyond the least, which stays small while the kernel shrinks.
    beyond = 0 if kind == "single" else draw(st.integers(0, max(0, max_size - least)))
    return Axis(least + beyond, kernel, stride, before, after, dilation, mode)


@st.composite
def geometries(
    draw: st.DrawFn,
    /,
    *,
    min_rank: int = 1,
    max_rank: int = 3,
    max_channels: int = 3,
    max_groups: int = 3,
    modes: Sequence[str] = PADDING_MODES,
    **bounds: int,
) -> Geometry:
    """Geometries of all ranks and padding modes, with channels and groups or without.

    So that matrices stay small, each axis after the first takes 1 off every bound, as
    long as 2 are left.

    Parameters
    ----------
    min_rank, max_rank : int
        Number of spatial axes.
    max_channels : int
        Channels of one group, of the input and of the output.
    max_groups : int
    modes : sequence of str
        What may stand in the padding; a draw shrinks towards the first.
    **bounds
        `max_size`, `max_kernel`, `max_stride`, `max_dilation`, `max_padding`, as in
        `axes`.

    Examples
    --------
    >>> from hypothesis import find
    >>> find(geometries(max_rank=1), lambda g: g.groups > 1)
    geometry((2, 1), (2, 1, 1), groups=2)
    """
    rank = draw(st.integers(min_rank, max_rank))
    limits = {"max_size": 6, "max_kernel": 4, "max_stride": 4, "max_dilation": 3}
    limits |= {"max_padding": 3, **bounds}
    limits = {name: _less(most, rank) for name, most in limits.items()}
    mode = draw(st.sampled_from(modes))
    parts = [draw(axes(**limits, mode=mode)) for _ in range(rank)]
    inputs: Shape = tuple(axis.size for axis in parts)
    kernel: Shape = tuple(axis.kernel for axis in parts)
    groups = 1
    if draw(st.booleans()):
        groups = draw(st.integers(1, _less(max_groups, rank)))
        per_group = st.integers(1, _less(max_channels, rank))
        into, out_of = draw(per_group), draw(per_group)
        inputs, kernel = (into * groups, *inputs), (out_of * groups, into, *kernel)
    return geometry(
        inputs,
        kernel,
        stride=tuple(axis.stride for axis in parts),
        padding=tuple((axis.before, axis.after) for axis in parts),
        dilation=tuple(axis.dilation for axis in parts),
        groups=groups,
        padding_mode=mode,
    )


def _less(most: int, rank: int) -> int:
    """`most`, less 1 for each axis after the first, but no less than 2 for that."""
    return max(min(most, 2), most - (rank - 1))
