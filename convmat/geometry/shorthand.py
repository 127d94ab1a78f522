"""Reading what people write (`stride=2`, `padding="same"`) into a `Geometry`, once."""

from __future__ import annotations

import operator
from collections.abc import Iterable, Mapping, Set
from functools import lru_cache
from typing import Any, TypeAlias

from convmat.arrays import Pads, Shape
from convmat.errors import ConvmatTypeError, GeometryError, ShapeError
from convmat.geometry.dialects import BY_NAME, DIALECTS
from convmat.geometry.value import Geometry

__all__ = ["IntOrInts", "Padding", "geometry", "read_shape"]

IntOrInts: TypeAlias = int | Iterable[int]
"""One integer for every axis, or one per axis."""

Padding: TypeAlias = int | str | Iterable[int | tuple[int, int]]
"""An integer, one integer or `(before, after)` per axis, or a name."""


def geometry(
    input_shape: IntOrInts,
    kernel_shape: IntOrInts,
    *,
    stride: IntOrInts = 1,
    padding: Padding = 0,
    dilation: IntOrInts = 1,
    groups: int = 1,
    padding_mode: str = "zeros",
) -> Geometry:
    """The settings of a convolution, read from shorthand and checked.

    Parameters
    ----------
    input_shape : int or tuple of int
        `(*spatial)` beside a kernel of the same rank (one channel), or
        `(in_channels, *spatial)`. Any number of spatial axes; no batch axis.
    kernel_shape : int or tuple of int
        `(*kernel)`, or `(out_channels, in_channels // groups, *kernel)`.
    stride, dilation : int or tuple of int
        Cells between neighbouring outputs, and between neighbouring taps.
    padding : int, tuple or str
        Cells added around the input: one integer, one per axis, one `(before, after)`
        per axis, or a name: `"valid"` (none), `"same"` (output size
        `ceil(size / stride)`, the odd cell after the input, as TensorFlow and ONNX
        SAME_UPPER), `"same_lower"` (the odd cell before it), `"full"` (every output
        that touches the input at stride 1). `"same:scipy"`, `"same:torch"` and the
        like are what others mean by "same"; `DIALECTS` lists them.
    groups : int
        Blocks of channels that do not see each other.
    padding_mode : str
        What stands in the padding: `"zeros"`; `"circular"`, the input again from its
        other end; `"reflect"` and `"symmetric"`, its mirror image without and with the
        outermost cell; `"replicate"`, the outermost cell.

    Returns
    -------
    Geometry

    Raises
    ------
    GeometryError
        For values that no convolution can have.
    ShapeError
        For shapes that do not fit each other. Like all errors here it is a
        `ConvmatError` and names the argument, the rule, the value and the remedy.
    ConvmatTypeError
        For `True` or `1.0` where an integer belongs, and the like.

    Examples
    --------
    >>> geometry((3, 3), (2, 2)).output_shape
    (2, 2)
    >>> geometry((3, 32, 32), (16, 3, 3, 3), stride=2, padding="same").padding
    ((0, 1), (0, 1))
    >>> geometry(10, 3, padding=[(2, 0)]).nnz
    27
    """
    inputs = read_shape("input_shape", input_shape)
    kernel = read_shape("kernel_shape", kernel_shape)
    for name, shape in (("input_shape", inputs), ("kernel_shape", kernel)):
        if shape and min(shape) < 1:
            raise ShapeError(name, "must be at least 1 on every axis", shape)
    blocks = _integer("groups", groups, groups)
    input_size, channels = _channels(inputs, kernel, blocks)
    rank = len(input_size)
    kernel_size = kernel[len(kernel) - rank :]
    strides = _positive("stride", stride, rank)
    dilations = _positive("dilation", dilation, rank)
    return _shared(
        Geometry(
            input_size=input_size,
            kernel_size=kernel_size,
            stride=strides,
            padding=_padding(padding, input_size, kernel_size, strides, dilations),
            dilation=dilations,
            padding_mode=padding_mode,
            **channels,
        )
    )


@lru_cache(maxsize=256)
def _shared(value: Geometry) -> Geometry:
    """The first of all equal geometries: it has its counts ready."""
    return value


def _channels(
    inputs: Shape, kernel: Shape, groups: int
) -> tuple[Shape, dict[str, Any]]:
    """The spatial part of `inputs`, and the fields of `Geometry` about channels."""
    if len(kernel) == len(inputs) >= 1:
        if groups != 1:
            remedy = "write kernel_shape as (out_channels, in_channels // groups, ...)"
            raise GeometryError(
                "groups",
                "must be 1 beside a kernel without channel axes",
                groups,
                remedy,
            )
        return inputs, {}
    if len(kernel) != len(inputs) + 1 or len(inputs) < 2:
        raise ShapeError(
            "kernel_shape",
            f"must be (*kernel) or (out_channels, in_channels // groups, *kernel) "
            f"beside input_shape={inputs}",
            kernel,
            f"that is {len(inputs)} or {len(inputs) + 1} axes, and at least one of "
            "them spatial",
        )
    out_channels, per_group = kernel[:2]
    if groups < 1:
        raise GeometryError("groups", "must be at least 1", groups)
    if inputs[0] != per_group * groups:
        rule = (
            f"must have in_channels // groups = {inputs[0]}/{groups} on its second axis"
            f" beside input_shape={inputs}"
        )
        raise ShapeError("kernel_shape", rule, kernel)
    return inputs[1:], {
        "in_channels": inputs[0],
        "out_channels": out_channels,
        "groups": groups,
        "has_channels": True,
    }


def _integer(name: str, value: object, whole: object) -> int:
    """`value` as a plain int; `whole` is what the caller wrote, for the error."""
    if isinstance(value, bool):
        raise ConvmatTypeError(name, "must be integers, not booleans", whole)
    try:
        return operator.index(value)  # type: ignore[arg-type]  # refused below
    except TypeError:
        rule = f"must be integers, not {type(value).__name__}"
        raise ConvmatTypeError(name, rule, whole) from None


def _listed(value: object) -> tuple[object, ...] | None:
    """The entries of a list, tuple or array; None for what stands for itself.

    Dictionaries and sets have no order of axes, and strings are no lists of numbers.
    """
    if isinstance(value, (str, bytes, Mapping, Set)) or not isinstance(value, Iterable):
        return None
    try:
        return tuple(value)
    except TypeError:  # a NumPy scalar in an array of no axes
        return None


def read_shape(name: str, value: object) -> Shape:
    """`value` as a tuple of ints; one integer stands for one axis."""
    if isinstance(value, Geometry):
        remedy = "pass g.input_shape or g.kernel_shape, and **g.keywords"
        raise ConvmatTypeError(name, "must be a shape, not a Geometry", value, remedy)
    entries = _listed(value)
    if entries is None:
        return (_integer(name, value, value),)
    return tuple(_integer(name, entry, entries) for entry in entries)


def _per_axis(name: str, value: object, rank: int) -> Shape:
    """One integer for each of `rank` axes; a lone integer stands for all of them."""
    if _listed(value) is None:
        return (_integer(name, value, value),) * rank
    entries = read_shape(name, value)
    if len(entries) != rank:
        rule = f"must be one integer or one per spatial axis, {rank} in all"
        raise ShapeError(name, rule, entries)
    return entries


def _positive(name: str, value: object, rank: int) -> Shape:
    """`_per_axis`, at least 1: checked before the formula divides by it."""
    entries = _per_axis(name, value, rank)
    if min(entries) < 1:
        raise GeometryError(name, "must be at least 1 on every axis", entries)
    return entries


def _padding(
    padding: object, size: Shape, kernel: Shape, stride: Shape, dilation: Shape
) -> Pads:
    """`padding` as one `(before, after)` per axis."""
    if isinstance(padding, str):
        return _named(padding, size, kernel, stride, dilation)
    entries = _listed(padding)
    if entries is None:
        return ((_integer("padding", padding, padding),) * 2,) * len(size)
    if len(entries) != len(size):
        raise ShapeError(
            "padding",
            f"must be one integer, or one integer or (before, after) per spatial axis, "
            f"{len(size)} in all",
            entries,
            "for one axis write padding=[(before, after)]" if len(size) == 1 else "",
        )
    return tuple(_pair(entry, entries) for entry in entries)


def _pair(entry: object, whole: object) -> tuple[int, int]:
    listed = _listed(entry)
    if listed is None:
        return (_integer("padding", entry, whole),) * 2
    cells = tuple(_integer("padding", cell, whole) for cell in listed)
    if len(cells) != 2:
        rule = "must have exactly (before, after) where an axis is given a tuple"
        raise ShapeError("padding", rule, whole)
    return cells


def _named(
    name: str, size: Shape, kernel: Shape, stride: Shape, dilation: Shape
) -> Pads:
    """The padding of a name; `"same:NAME"` is a dialect of "same" by name."""
    name = _SHORT.get(name, name)
    if name == "valid":
        return ((0, 0),) * len(size)
    if name == "full":
        spans = [d * (k - 1) + 1 for k, d in zip(kernel, dilation, strict=True)]
        return tuple((span - 1, span - 1) for span in spans)
    label, _, who = name.partition(":")
    if label == "same" and who in BY_NAME:
        return tuple(map(BY_NAME[who].pads, size, kernel, stride, dilation))
    names = ", ".join(map(repr, NAMES))
    rule = f"must be numbers or one of {names}; or 'same:NAME', with NAME one of "
    raise GeometryError("padding", rule + ", ".join(DIALECTS), name)


NAMES = ("valid", "same", "same_lower", "full")
"""Padding that has a short name."""

_SHORT = {"same": "same:tensorflow", "same_lower": "same:onnx-lower"}
