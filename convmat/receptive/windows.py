"""What an output of one layer reads along one axis: an interval that moves with it."""

from __future__ import annotations

from fractions import Fraction
from typing import NamedTuple, TypeAlias

from convmat.geometry import Axis

__all__ = ["Cells", "Window", "plain", "transposed_window", "window_of"]

Cells: TypeAlias = Fraction | int
"""Cells, or parts of one behind a transposed convolution."""


class Window(NamedTuple):
    """What an output reads along one spatial axis of a layer's input.

    Output `o` reads cells from `first + o * stride` to `first + o * stride + reach`.

    Attributes
    ----------
    reach : Fraction or int
        Length of the interval that holds the cells it reads, from the first to the
        last: 0 where that is one. Below a transposed convolution intervals move by
        parts of a cell, so that their ends need not be at cells.
    stride : Fraction or int
        Cells of input between neighbouring outputs; less than 1 where there are more
        outputs than inputs.
    first : Fraction or int
        Where the interval of output 0 begins: negative by the padding.

    Examples
    --------
    >>> from convmat import geometry
    >>> window_of(geometry(28, 3, stride=2, padding=1).axes[0])
    Window(reach=2, stride=2, first=-1)
    """

    reach: Cells
    stride: Cells
    first: Cells = 0


def window_of(axis: Axis) -> Window:
    """What an output of a convolution or a pooling reads.

    Examples
    --------
    >>> from convmat import geometry
    >>> window_of(geometry(9, 3, dilation=2, padding=1).axes[0])
    Window(reach=4, stride=1, first=-1)
    """
    return Window(axis.span - 1, axis.stride, -axis.before)


def transposed_window(axis: Axis) -> Window:
    """What a cell of a transposed convolution's result reads; `axis` is the paired one.

    Tap `t` takes the cell to `(cell + before - t * dilation) / stride`, and to an input
    where that is an integer.

    Examples
    --------
    >>> from convmat import transposed_geometry
    >>> transposed_window(transposed_geometry(4, 3, stride=2).axes[0])
    Window(reach=1, stride=Fraction(1, 2), first=-1)
    """
    reach = Fraction(axis.span - 1, axis.stride)
    first = Fraction(axis.before - axis.span + 1, axis.stride)
    return Window(plain(reach), plain(Fraction(1, axis.stride)), plain(first))


def plain(number: Cells) -> Cells:
    """A whole number as an integer."""
    return int(number) if number == int(number) else number
