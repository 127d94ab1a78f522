"""Reading what people write (`stride=2`, `padding="same"`) into a `Geometry`, once."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from convmat.arrays import Shape
from convmat.errors import GeometryError, ShapeError
from convmat.geometry.checks import check_mode
from convmat.geometry.integers import IntOrInts, integer, positive, read_shape
from convmat.geometry.keywords import known_keywords
from convmat.geometry.padding import Padding, read_padding
from convmat.geometry.readings import missing_channels, other_reading, refuse_with
from convmat.geometry.value import Geometry

__all__ = ["IntOrInts", "Padding", "geometry", "read_geometry", "read_shape"]


@known_keywords
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
        `(in_channels, *spatial)`. Any number of spatial axes. It is the shape of one
        input: a batch axis would be one more spatial axis, see Notes.
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
        outermost cell; `"replicate"`, the outermost cell. In `np.pad` the second and
        the last are called `wrap` and `edge`; in `scipy.ndimage` the mirror image with
        the outermost cell is called `reflect`, and that without it `mirror`.

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
        For `True` or `1.0` where an integer belongs, for an unknown keyword, and the
        like.

    Notes
    -----
    Shapes are read by their number of axes, and never by what would fit. So
    `geometry((64, 3, 28, 28), (8, 3, 5, 5))` is no batch of 64 images, but one input of
    four spatial axes without channels; `print(g.summary())` shows such a reading at
    once. Functions that are given an array in place of a shape, such as `conv`, do take
    a batch: there as many axes as the kernel has, three or more, mean a batch.

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
    settings = {
        "stride": stride,
        "padding": padding,
        "dilation": dilation,
        "groups": groups,
        "padding_mode": padding_mode,
    }
    try:
        return read_geometry(inputs, kernel, **settings)
    except (GeometryError, ShapeError) as error:
        other = other_reading(inputs, kernel, read_geometry, settings)
        if other is None:
            raise
        refuse_with(error, other.of_shapes())


def read_geometry(
    input_shape: IntOrInts,
    kernel_shape: IntOrInts,
    stride: Any = 1,
    padding: Any = 0,
    dilation: Any = 1,
    groups: Any = 1,
    padding_mode: Any = "zeros",
) -> Geometry:
    """`geometry`, without a word on what else may be meant.

    For callers whose own callers wrote other shapes than these.

    Raises
    ------
    ShapeError
        As `geometry`, and so its other errors.
    """
    inputs = read_shape("input_shape", input_shape)
    kernel = read_shape("kernel_shape", kernel_shape)
    for name, shape in (("input_shape", inputs), ("kernel_shape", kernel)):
        if shape and min(shape) < 1:
            raise ShapeError(name, "must be at least 1 on every axis", shape)
    blocks = integer("groups", groups, groups)
    input_size, channels = _channels(inputs, kernel, blocks)
    rank = len(input_size)
    kernel_size = kernel[len(kernel) - rank :]
    strides = positive("stride", stride, rank)
    dilations = positive("dilation", dilation, rank)
    pads = read_padding(padding, input_size, kernel_size, strides, dilations)
    check_mode(padding_mode)  # before it is hashed
    return _shared(
        input_size=input_size,
        kernel_size=kernel_size,
        stride=strides,
        padding=pads,
        dilation=dilations,
        padding_mode=str.__str__(padding_mode),  # not NumPy's, nor an enumeration's
        **channels,
    )


@lru_cache(maxsize=256)
def _shared(**fields: Any) -> Geometry:
    """The first of all equal geometries: it is checked, and has its counts ready.

    Fields are plain integers by now; else `True` would be found in place of 1.
    """
    return Geometry(**fields)


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
        axes = f"that is {len(inputs)} or {len(inputs) + 1} axes, and at least one of "
        remedy = missing_channels(inputs, kernel, groups)
        raise ShapeError(
            "kernel_shape",
            f"must be (*kernel) or (out_channels, in_channels // groups, *kernel) "
            f"beside input_shape={inputs}",
            kernel,
            f"{axes}them spatial{f'; {remedy}' if remedy else ''}",
        )
    out_channels, per_group = kernel[:2]
    if groups < 1:
        raise GeometryError("groups", "must be at least 1", groups)
    if inputs[0] % groups:
        raise GeometryError("groups", f"must divide in_channels={inputs[0]}", groups)
    if inputs[0] != per_group * groups:
        needed = f"in_channels = {inputs[0]}"
        if groups > 1:
            needed = f"in_channels // groups = {inputs[0]} // {groups}"
            needed += f" = {inputs[0] // groups}"
        rule = f"must have {needed} on its second axis beside input_shape={inputs}"
        fitting, rest = divmod(inputs[0], per_group)
        fits = not rest and not out_channels % fitting
        remedy = f"did you mean groups={fitting}?" if fits else ""
        raise ShapeError("kernel_shape", rule, kernel, remedy)
    return inputs[1:], {
        "in_channels": inputs[0],
        "out_channels": out_channels,
        "groups": groups,
        "has_channels": True,
    }
