"""Hypothesis strategies for geometries, kernels and inputs. Needs the `verify` extra.

Every draw is valid by construction: nothing is filtered, nothing is assumed. Some axes
are drawn freely, the others from the kinds that tell buggy routes apart. A failure
shrinks towards one axis, one channel, one tap, stride 1, no padding, and the number 0.

>>> from hypothesis import given, settings
>>> from convmat.verify import ROUTES
>>> @settings(max_examples=20, database=None)
... @given(cases())
... def matrix_is_the_sliding_window(case):
...     by_matrix = ROUTES["matrix"].apply(case.kernel, case.x, case.geometry)
...     by_windows = ROUTES["sliding"].apply(case.kernel, case.x, case.geometry)
...     assert (by_matrix == by_windows).all()
>>> matrix_is_the_sliding_window()
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from typing import Any, Literal, NamedTuple

import numpy as np
import numpy.typing as npt
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from convmat.arrays import Array, Shape
from convmat.geometry import PADDING_MODES, Axis, Geometry, geometry

__all__ = [
    "Case",
    "axes",
    "cases",
    "geometries",
    "inputs",
    "kernels",
    "numbers",
    "outputs",
]

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


class Case(NamedTuple):
    """A geometry with arrays that fit it, in the shapes that routes take.

    Attributes
    ----------
    geometry : Geometry
    kernel : ndarray of shape `geometry.weight_shape`
    x : ndarray, `(batch, in_channels, *spatial)`
    grad : ndarray, `(batch, out_channels, *outs)`
    """

    geometry: Geometry
    kernel: Array
    x: Array
    grad: Array


@st.composite
def cases(
    draw: st.DrawFn,
    /,
    dtype: npt.DTypeLike = np.int64,
    *,
    batch: int = 2,
    **bounds: Any,
) -> Case:
    """Geometries with a kernel, a batch of inputs and a batch of gradients.

    Parameters
    ----------
    dtype : dtype
        Of all three arrays; see `numbers`.
    batch : int
    **bounds
        As in `geometries`.

    Examples
    --------
    >>> from hypothesis import find
    >>> case = find(cases(), lambda case: case.geometry.stride == (2,))
    >>> case.geometry, case.x.shape
    (geometry((1,), (1,), stride=2), (2, 1, 1))
    """
    g = draw(geometries(**bounds))
    kernel = draw(kernels(g, dtype)).reshape(g.weight_shape)
    return Case(
        g, kernel, draw(inputs(g, batch, dtype)), draw(outputs(g, batch, dtype))
    )


def kernels(
    geometry: Geometry, dtype: npt.DTypeLike = np.int64
) -> st.SearchStrategy[Array]:
    """Kernels of the shape `geometry.kernel_shape`."""
    return _arrays(dtype, geometry.kernel_shape)


def inputs(
    geometry: Geometry, batch: int = 2, dtype: npt.DTypeLike = np.int64
) -> st.SearchStrategy[Array]:
    """Batches of inputs, `(batch, in_channels, *spatial)`."""
    return _arrays(dtype, (batch, geometry.in_channels, *geometry.input_size))


def outputs(
    geometry: Geometry, batch: int = 2, dtype: npt.DTypeLike = np.int64
) -> st.SearchStrategy[Array]:
    """Batches of outputs or of gradients by them, `(batch, out_channels, *outs)`."""
    return _arrays(dtype, (batch, geometry.out_channels, *geometry.output_size))


def numbers(dtype: npt.DTypeLike) -> st.SearchStrategy[Any]:
    """Numbers for one dtype, such that sums of products neither over- nor underflow.

    Integers run from -9 to 9; objects are fractions with denominators up to 7; floats
    and the parts of complex numbers are 0 or from 1/8 to 8 in size.

    Examples
    --------
    >>> from hypothesis import find
    >>> find(numbers(object), lambda number: number > 1)
    Fraction(2, 1)
    """
    dtype = np.dtype(dtype)
    if dtype.kind == "O":
        return st.builds(Fraction, st.integers(-9, 9), st.integers(1, 7))
    if dtype.kind == "c":
        parts = _floats(dtype.itemsize * 4)
        return st.builds(complex, parts, parts)
    if dtype.kind == "f":
        return _floats(dtype.itemsize * 8)
    return st.integers(-9, 9)


def _floats(bits: int) -> st.SearchStrategy[float]:
    width: Literal[16, 32, 64] = 16 if bits == 16 else 32 if bits == 32 else 64
    return st.floats(-8, 8, width=width).map(lambda x: x if abs(x) >= 0.125 else 0.0)


def _arrays(dtype: npt.DTypeLike, shape: Shape) -> st.SearchStrategy[Array]:
    return hnp.arrays(np.dtype(dtype), shape, elements=numbers(dtype))


def _less(most: int, rank: int) -> int:
    """`most`, less 1 for each axis after the first, but no less than 2 for that."""
    return max(min(most, 2), most - (rank - 1))
