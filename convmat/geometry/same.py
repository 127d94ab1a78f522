"""The padding of a dialect of "same" by name, and where two dialects differ."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import product

from convmat.arrays import Pads
from convmat.geometry.axis import Axis
from convmat.geometry.dialects import dialect
from convmat.geometry.shorthand import IntOrInts, geometry
from convmat.geometry.value import Geometry

__all__ = [
    "DialectDifference",
    "pads_of",
    "read_sizes",
    "same_difference",
    "same_pads",
]


def same_pads(
    name: str,
    input_shape: IntOrInts,
    kernel_shape: IntOrInts,
    stride: IntOrInts = 1,
    dilation: IntOrInts = 1,
) -> Pads:
    """The padding that a dialect of "same" means, in numbers.

    Parameters
    ----------
    name : str
        A name or an alias of `DIALECTS`.
    input_shape, kernel_shape, stride, dilation
        As in `convmat.geometry`.

    Returns
    -------
    tuple of (int, int)
        Cells `(before, after)` of each spatial axis: what `padding=` takes.

    Raises
    ------
    GeometryError
        For an unknown name, and for a stride or dilation that the dialect refuses.
    ConvmatError, ConvmatTypeError
        As `convmat.geometry`.

    Examples
    --------
    >>> same_pads("tensorflow", 7, 4), same_pads("scipy", 7, 4)
    (((1, 2),), ((2, 1),))
    >>> same_pads("half", (5, 6), (2, 3))
    ((1, 1), (1, 1))
    """
    chosen = dialect(name)
    g = read_sizes(input_shape, kernel_shape, stride, dilation, 1)
    return pads_of([chosen.padded(axis) for axis in g.axes])


@dataclass(frozen=True)
class DialectDifference:
    """A geometry of one axis on which two dialects give different matrices.

    Attributes
    ----------
    size, kernel, stride, dilation : int
    first, second : (int, int)
        The padding `(before, after)` of each.

    Examples
    --------
    >>> found = same_difference("tensorflow", "half")
    >>> found.size, found.kernel  # one cell, a kernel of two
    (1, 2)
    >>> found.first, found.second
    ((0, 1), (1, 1))
    """

    size: int
    kernel: int
    stride: int
    dilation: int
    first: tuple[int, int]
    second: tuple[int, int]


def same_difference(first: str, second: str) -> DialectDifference | None:
    """The smallest geometry on which two dialects give different matrices.

    Smallest by stride, then dilation, then kernel, then size. All strides and dilations
    to 3 are tried, with 6 taps and 12 cells; a refusal is not a difference.

    Returns
    -------
    DialectDifference or None
        None where the two agree on all of these.

    Raises
    ------
    GeometryError
        For an unknown name.

    Examples
    --------
    >>> same_difference("tensorflow", "half")
    DialectDifference(size=1, kernel=2, stride=1, dilation=1, first=(0, 1),
                      second=(1, 1))
    >>> same_difference("torch", "matlab") is None
    True
    """
    one, two = dialect(first), dialect(second)
    box = product(range(1, 4), range(1, 4), range(1, 7), range(1, 13))
    for stride, dilation, kernel, size in box:
        if one.refusal(stride, dilation) or two.refusal(stride, dilation):
            continue
        bare = Axis(size, kernel, stride, 0, 0, dilation)
        a, b = one.padded(bare), two.padded(bare)
        if (a.before, a.out_size) != (b.before, b.out_size):
            pads = (a.before, a.after), (b.before, b.after)
            return DialectDifference(size, kernel, stride, dilation, *pads)
    return None


def read_sizes(
    input_shape: IntOrInts,
    kernel_shape: IntOrInts,
    stride: IntOrInts,
    dilation: IntOrInts,
    groups: int,
) -> Geometry:
    """The arguments, checked; any kernel fits with full padding."""
    return geometry(
        input_shape,
        kernel_shape,
        stride=stride,
        padding="full",
        dilation=dilation,
        groups=groups,
    )


def pads_of(axes: Sequence[Axis]) -> Pads:
    """The padding of each axis."""
    return tuple((axis.before, axis.after) for axis in axes)
