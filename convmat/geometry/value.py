"""`Geometry`: the frozen, canonical, checked settings of one convolution."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from math import prod
from typing import Any

from convmat.arrays import Pads, Shape
from convmat.errors import ConvmatTypeError, GeometryError
from convmat.geometry.axis import Axis
from convmat.geometry.checks import (
    SHORTHAND,
    check_fit,
    check_groups,
    check_mode,
    check_padding,
    check_positive,
    check_rank,
    check_reach,
)
from convmat.geometry.display import geometry_html, geometry_latex
from convmat.geometry.wording import shortest, sizes, times

__all__ = ["Geometry", "require_geometry"]


@dataclass(frozen=True, kw_only=True, repr=False)
class Geometry:
    """The settings of one convolution in canonical form: everything but the values.

    `convmat.geometry` makes one from the shorthand that people write. Two geometries
    are equal, and hash equally, when all their fields are. `dataclasses.replace` gives
    a changed copy, which is checked again.

    Attributes
    ----------
    input_size, kernel_size : tuple of int
        Cells and taps of each spatial axis.
    stride, dilation : tuple of int
        Cells between neighbouring outputs, and between neighbouring taps, per axis.
    padding : tuple of (int, int)
        Cells before and after the input, per axis.
    in_channels, out_channels, groups : int
        Channels, and the number of blocks that they fall into: output channels of one
        group read the input channels of that group only.
    padding_mode : str
        What stands outside the input.
    has_channels : bool
        Whether the kernel is written with channel axes. It decides only how shapes are
        written: `(2, 2)` or `(1, 1, 2, 2)`.

    Examples
    --------
    >>> from convmat import geometry
    >>> g = geometry((3, 3), (2, 2))
    >>> g
    geometry((3, 3), (2, 2))
    >>> g.output_shape, g.matrix_shape, g.nnz
    ((2, 2), (4, 9), 16)
    >>> print(geometry((3, 28, 28), (8, 3, 5, 5), stride=2, padding=2).summary())
    3x28x28 input, 8x3x5x5 kernel -> 8x14x14 output:
    (28 + 2*2 - 5)//2 + 1 = 14 on both axes;
    matrix 1568x2352, 107,736 stored, 3,580,200 structural zeros (9,864 taps dropped by
    padding), 600 free parameters
    """

    input_size: Shape
    kernel_size: Shape
    stride: Shape
    padding: Pads
    dilation: Shape
    in_channels: int = 1
    out_channels: int = 1
    groups: int = 1
    padding_mode: str = "zeros"
    has_channels: bool = False

    def __post_init__(self) -> None:
        if not isinstance(self.input_size, tuple):
            rule = "must be a tuple of integers in canonical form"
            raise ConvmatTypeError("input_size", rule, self.input_size, SHORTHAND)
        rank = len(self.input_size)
        check_rank(self.input_size)
        for name in ("input_size", "kernel_size", "stride", "dilation"):
            check_positive(name, getattr(self, name), rank)
        check_padding(self.padding, rank)
        for name in ("in_channels", "out_channels", "groups"):
            check_positive(name, (getattr(self, name),), 1)
        check_groups(self.in_channels, self.out_channels, self.groups)
        if not isinstance(self.has_channels, bool):
            rule = "must be True or False"
            raise ConvmatTypeError("has_channels", rule, self.has_channels)
        if not self.has_channels and (self.in_channels, self.out_channels) != (1, 1):
            rule = "must be true beside more than one channel"
            raise GeometryError("has_channels", rule, self.has_channels)
        check_mode(self.padding_mode)
        for number, axis in enumerate(self.axes):
            check_reach(number, axis)
            check_fit(number, axis)

    @cached_property
    def axes(self) -> tuple[Axis, ...]:
        """The spatial axes, each with the one formula."""
        return tuple(
            Axis(size, kernel, stride, before, after, dilation, self.padding_mode)
            for size, kernel, stride, (before, after), dilation in zip(
                self.input_size,
                self.kernel_size,
                self.stride,
                self.padding,
                self.dilation,
                strict=True,
            )
        )

    @property
    def rank(self) -> int:
        """Number of spatial axes."""
        return len(self.input_size)

    @cached_property
    def output_size(self) -> Shape:
        """Outputs along each spatial axis."""
        return tuple(axis.out_size for axis in self.axes)

    @property
    def span(self) -> Shape:
        """Cells from the first tap to the last along each spatial axis."""
        return tuple(axis.span for axis in self.axes)

    @property
    def input_shape(self) -> Shape:
        """Shape of one input: `(*spatial)`, or `(in_channels, *spatial)`."""
        return self._written(self.in_channels, self.input_size)

    @property
    def output_shape(self) -> Shape:
        """Shape of one output: `(*spatial)`, or `(out_channels, *spatial)`."""
        return self._written(self.out_channels, self.output_size)

    @property
    def kernel_shape(self) -> Shape:
        """Shape of the kernel, as the caller writes it."""
        return self.weight_shape if self.has_channels else self.kernel_size

    @property
    def weight_shape(self) -> Shape:
        """Shape of the kernel with channel axes: `(out, in // groups, *kernel)`."""
        per_group = self.in_channels // self.groups
        return (self.out_channels, per_group, *self.kernel_size)

    @property
    def taps_per_row(self) -> int:
        """Taps of one window: matrix entries of a row that no padding cuts."""
        return prod(self.weight_shape[1:])

    @property
    def free_parameters(self) -> int:
        """Number of taps of the whole kernel: what training may choose."""
        return prod(self.weight_shape)

    @cached_property
    def matrix_shape(self) -> tuple[int, int]:
        """Rows (outputs) and columns (inputs) of the matrix."""
        rows = self.out_channels * prod(self.output_size)
        return rows, self.in_channels * prod(self.input_size)

    @cached_property
    def nnz(self) -> int:
        """Number of stored matrix entries, counted without building anything."""
        pairs = {axis: axis.pairs() for axis in set(self.axes)}  # most axes are alike
        return prod(self.weight_shape[:2]) * prod(pairs[axis] for axis in self.axes)

    @cached_property
    def contributions(self) -> int:
        """Number of taps, over all rows, that read the input.

        As many as stored entries, unless taps share an entry: in the modes that fill
        the padding from the input, two taps of a row may read the same cell.
        """
        counts = prod(axis.contributions() for axis in self.axes)
        return prod(self.weight_shape[:2]) * counts

    @property
    def shared(self) -> int:
        """Number of taps, over all rows, that share the entry of an earlier tap."""
        return self.contributions - self.nnz

    @property
    def dead_taps(self) -> int:
        """Number of taps that fall on padding in every window: no row holds them."""
        live = prod(sum(map(bool, axis.tap_counts())) for axis in self.axes)
        return self.free_parameters - prod(self.weight_shape[:2]) * live

    @property
    def untouched(self) -> int:
        """Number of matrix positions that no tap reaches: the structural zeros."""
        rows, columns = self.matrix_shape
        return rows * columns - self.nnz

    @property
    def dropped(self) -> int:
        """Number of taps, over all rows, that fall on zeros of the padding.

        They have no column in the matrix. In the matrix over the padded input they are
        structural zeros, in its columns of padding.
        """
        return self.matrix_shape[0] * self.taps_per_row - self.contributions

    @property
    def keywords(self) -> dict[str, Any]:
        """The settings as keywords of any function: `conv(x, kernel, **g.keywords)`."""
        return {
            "stride": self.stride,
            "padding": self.padding,
            "dilation": self.dilation,
            "groups": self.groups,
            "padding_mode": self.padding_mode,
        }

    def summary(self) -> str:
        """One line: the shapes, the output size with its numbers, the counts."""
        rows, columns = self.matrix_shape
        notes = {"dropped by padding": self.dropped, "sharing an entry": self.shared}
        told = ", ".join(
            f"{count:,} taps {how}" for how, count in notes.items() if count
        )
        return (
            f"{times(self.input_shape)} input, {times(self.kernel_shape)} kernel -> "
            f"{times(self.output_shape)} output: {sizes(self.axes)}; "
            f"matrix {rows}x{columns}, {self.nnz:,} stored, "
            f"{self.untouched:,} structural zeros{f' ({told})' if told else ''}, "
            f"{self.free_parameters:,} free parameters"
        )

    def __repr__(self) -> str:
        arguments = [repr(self.input_shape), repr(self.kernel_shape)]
        for name, default in (("stride", 1), ("padding", 0), ("dilation", 1)):
            short = shortest(getattr(self, name))
            if short != default:
                arguments.append(f"{name}={short!r}")
        if self.groups != 1:
            arguments.append(f"groups={self.groups}")
        if self.padding_mode != "zeros":
            arguments.append(f"padding_mode={self.padding_mode!r}")
        return f"geometry({', '.join(arguments)})"

    def _repr_html_(self) -> str:
        return geometry_html(self)

    def _repr_latex_(self) -> str:
        return geometry_latex(self)

    def _written(self, channels: int, size: Shape) -> Shape:
        return (channels, *size) if self.has_channels else size


def require_geometry(value: object) -> None:
    """Refuse what is no geometry, such as a shape.

    Raises
    ------
    ConvmatTypeError
        When `value` is no `Geometry`.

    Examples
    --------
    >>> from convmat import geometry
    >>> require_geometry(geometry(3, 2))
    >>> require_geometry((3, 2))
    Traceback (most recent call last):
        ...
    convmat.errors.ConvmatTypeError: geometry must be a Geometry, got geometry=(3,
    2); make one with convmat.geometry(input_shape, kernel_shape)
    """
    if not isinstance(value, Geometry):
        remedy = "make one with convmat.geometry(input_shape, kernel_shape)"
        raise ConvmatTypeError("geometry", "must be a Geometry", value, remedy)
