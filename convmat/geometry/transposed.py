"""Reading the settings of a transposed convolution: as the geometry it transposes.

A transposed convolution is the transpose of an ordinary one, its *paired* convolution.
That one has every setting; only its input size is not given, but follows:

    result = (n - 1) * stride - before - after + span + output_padding

with `n` cells of input and `span = dilation * (kernel - 1) + 1`. As many as `stride`
sizes have `n` outputs under the paired convolution, and `output_padding` tells which is
meant.
"""

from __future__ import annotations

from typing import Any, NoReturn

import numpy as np

from convmat.arrays import Pads, Shape
from convmat.errors import ConvmatTypeError, GeometryError, ShapeError
from convmat.geometry.keywords import known_keywords
from convmat.geometry.shorthand import IntOrInts, Padding, geometry, read_shape
from convmat.geometry.value import Geometry

__all__ = ["transposed_geometry"]


@known_keywords
def transposed_geometry(
    input_shape: IntOrInts,
    kernel_shape: IntOrInts,
    *,
    stride: IntOrInts = 1,
    padding: Padding = 0,
    output_padding: IntOrInts = 0,
    dilation: IntOrInts = 1,
    groups: int = 1,
    padding_mode: str = "zeros",
    output_shape: IntOrInts | None = None,
) -> Geometry:
    """The convolution whose transpose is meant: the *paired* geometry.

    What the transposed convolution reads is its output, and what it gives is its input:
    `g.output_shape` is `input_shape`, and `g.input_shape` is the shape of the result.

    Parameters
    ----------
    input_shape : int or tuple of int
        What the transposed convolution reads: `(*spatial)` beside a kernel of the same
        rank, or `(in_channels, *spatial)`.
    kernel_shape : int or tuple of int
        `(*kernel)`, or `(in_channels, out_channels // groups, *kernel)`, as in
        PyTorch. It is the shape of the paired convolution's kernel too.
    stride, dilation : int or tuple of int
        Of the paired convolution: cells of the result between neighbouring inputs, and
        between neighbouring taps.
    padding : int, tuple or str
        Of the paired convolution, so cells that are cut off the result, or folded back
        into it: numbers as in `convmat.geometry`, `"valid"` (none) or `"full"`
        (`span - 1`). Names that depend on a size, such as `"same"`, speak of the
        result's: `input * stride` as in TensorFlow and Keras, if `output_shape` says
        nothing else.
    output_padding : int or tuple of int
        Cells that the result has more than the least possible, below the stride.
    groups : int
        Blocks of channels that do not see each other.
    padding_mode : str
        What the paired convolution puts in its padding.
    output_shape : int or tuple of int, optional
        The shape of the result instead of `output_padding`: `(*spatial)`, or
        `(out_channels, *spatial)`.

    Returns
    -------
    Geometry

    Raises
    ------
    GeometryError
        For values that no transposed convolution can have. Frameworks also take an
        `output_padding` that is below the dilation only; no convolution is paired with
        such a result, because it would have more outputs than there is input.
    ShapeError
        For shapes that do not fit each other, an impossible `output_shape` among them.
    ConvmatTypeError
        For `True` or `1.0` where an integer belongs, and the like.

    References
    ----------
    V. Dumoulin and F. Visin, "A guide to convolution arithmetic for deep learning",
    arXiv:1603.07285, chapter 4, where `output_padding` is called a.

    Examples
    --------
    >>> g = transposed_geometry((2, 2), (3, 3), stride=2)
    >>> g
    geometry((5, 5), (3, 3), stride=2)
    >>> g.output_shape, g.input_shape
    ((2, 2), (5, 5))
    >>> transposed_geometry((2, 2), (3, 3), stride=2, output_shape=(6, 5))
    geometry((6, 5), (3, 3), stride=2)
    >>> transposed_geometry((8, 7), (8, 3, 4), stride=2, padding="same")
    geometry((3, 14), (8, 3, 4), stride=2, padding=1)
    """
    inputs = read_shape("input_shape", input_shape)
    kernel = read_shape("kernel_shape", kernel_shape)
    for name, shape in (("input_shape", inputs), ("kernel_shape", kernel)):
        if shape and min(shape) < 1:
            raise ShapeError(name, "must be at least 1 on every axis", shape)
    blocks = _one_integer("groups", groups)
    channels, size = _channels(inputs, kernel, blocks)
    # Full padding makes room for any kernel: this only reads settings and their span.
    read = geometry(
        size,
        kernel[len(kernel) - len(size) :],
        stride=stride,
        dilation=dilation,
        padding="full",
    )
    extra = _output_padding(output_padding, read)
    wanted = _wanted(output_shape, channels, len(size))
    pads: Pads | str
    if isinstance(padding, str) and padding not in ("valid", "full"):
        pads = padding
        result = _multiple(extra, wanted, read, padding)
    else:
        pads = _pads(padding, read)
        result = _result(extra, wanted, read, pads)
    try:
        g = geometry(
            channels + result,
            kernel,
            stride=read.stride,
            padding=pads,
            dilation=read.dilation,
            groups=blocks,
            padding_mode=padding_mode,
        )
    except GeometryError as error:
        _refuse_result(error, result)
    if g.output_size != size:  # numbers leave no choice, but names do
        _refuse_name(padding, g, size, wanted)
    return g


def _one_integer(name: str, value: Any) -> int:
    entries = read_shape(name, value)
    if len(entries) != 1 or np.ndim(value):
        raise ConvmatTypeError(name, "must be one integer", value)
    return entries[0]


def _channels(inputs: Shape, kernel: Shape, groups: int) -> tuple[Shape, Shape]:
    """`(out_channels,)`, or `()` beside a kernel without channels; and the sizes."""
    if len(kernel) == len(inputs) >= 1:
        if groups != 1:
            remedy = "write kernel_shape as (in_channels, out_channels // groups, ...)"
            rule = "must be 1 beside a kernel without channel axes"
            raise GeometryError("groups", rule, groups, remedy)
        return (), inputs
    if len(kernel) != len(inputs) + 1 or len(inputs) < 2:
        raise ShapeError(
            "kernel_shape",
            "must be (*kernel) or (in_channels, out_channels // groups, *kernel) "
            f"beside input_shape={inputs}",
            kernel,
            f"that is {len(inputs)} or {len(inputs) + 1} axes, and at least one of "
            "them spatial",
        )
    if groups < 1:
        raise GeometryError("groups", "must be at least 1", groups)
    if kernel[0] != inputs[0]:
        rule = f"must have in_channels = {inputs[0]} on its first axis"
        beside = f" beside input_shape={inputs}"
        remedy = "a transposed convolution's kernel is (in, out // groups, *kernel)"
        raise ShapeError("kernel_shape", rule + beside, kernel, remedy)
    if inputs[0] % groups:
        raise GeometryError("groups", f"must divide in_channels={inputs[0]}", groups)
    return (kernel[1] * groups,), inputs[1:]


def _output_padding(value: Any, read: Geometry) -> Shape:
    extra = read_shape("output_padding", value)
    if len(extra) == 1 and not np.ndim(value):
        extra *= read.rank
    if len(extra) != read.rank:
        rule = f"must be one integer or one per spatial axis, {read.rank} in all"
        raise ShapeError("output_padding", rule, extra)
    if not all(0 <= e < s for e, s in zip(extra, read.stride, strict=True)):
        remedy = (
            "frameworks also take it below the dilation, where no convolution has this "
            "transpose: use less padding after, or pad the result with zeros"
        )
        raise GeometryError(
            "output_padding",
            f"must be at least 0 and below stride={read.stride} on every axis",
            extra,
            remedy if min(extra) >= 0 else "for fewer cells use more padding",
        )
    return extra


def _wanted(value: IntOrInts | None, channels: Shape, rank: int) -> Shape | None:
    """The spatial sizes of `output_shape`."""
    if value is None:
        return None
    shape = read_shape("output_shape", value)
    lead = len(shape) - rank
    if lead and (lead != 1 or shape[:1] != channels):
        full = f" or ({channels[0]}, *spatial)" if channels else ""
        rule = f"must be (*spatial){full}, with {rank} spatial in all"
        remedy = "leave out the batch axis" if lead > len(channels) else ""
        raise ShapeError("output_shape", rule, shape, remedy)
    if min(shape) < 1:
        raise ShapeError("output_shape", "must be at least 1 on every axis", shape)
    return shape[lead:]


def _pads(padding: Padding, read: Geometry) -> Pads:
    """`padding` as one `(before, after)` per axis."""
    try:  # one window fits its own span, so nothing but the padding can be wrong
        return geometry(
            read.span, read.kernel_size, dilation=read.dilation, padding=padding
        ).padding
    except GeometryError as error:
        remedy = "to add cells to the result, pad it" if error.remedy else ""
        raise GeometryError(error.argument, error.rule, error.value, remedy) from None


def _result(extra: Shape, wanted: Shape | None, read: Geometry, pads: Pads) -> Shape:
    """Cells of the result per axis, from padding in numbers."""
    uncut = [(n - 1) * s + span for n, s, span in _sizes(read)]
    least = [cells - sum(pad) for cells, pad in zip(uncut, pads, strict=True)]
    if wanted is None:
        result = tuple(cells + e for cells, e in zip(least, extra, strict=True))
    else:
        result = wanted
    for number, (cells, s) in enumerate(zip(least, read.stride, strict=True)):
        # `wanted` may still be possible where the least size is not.
        if (cells + s - 1 if wanted else result[number]) < 1:
            more = f", or output_padding={1 - cells}" if cells + s > 1 else ""
            raise GeometryError(
                "padding",
                f"must leave at least one of the {uncut[number] + extra[number]} cells "
                f"that the result has without it on axis {number}",
                pads[number],
                f"use less padding{more}",
            )
    if wanted is None:
        return result
    implied = tuple(cells - few for cells, few in zip(wanted, least, strict=True))
    if not all(0 <= e < s for e, s in zip(implied, read.stride, strict=True)):
        told = ", ".join(
            f"{_from_to(max(1, cells), cells + s - 1)} on axis {number}"
            for number, (cells, s) in enumerate(zip(least, read.stride, strict=True))
        )
        raise ShapeError("output_shape", f"must be {told}", wanted)
    if any(extra) and extra != implied:
        rule = f"must be {implied} beside output_shape={wanted}"
        raise GeometryError("output_padding", rule, extra, "leave one of them out")
    return wanted


def _multiple(
    extra: Shape, wanted: Shape | None, read: Geometry, padding: str
) -> Shape:
    """Cells of the result per axis, where the padding is a name that follows them."""
    if any(extra):
        rule = f"must be 0 beside padding={padding!r}, which follows the result's size"
        raise GeometryError("output_padding", rule, extra, "use output_shape")
    return wanted or tuple(n * s for n, s, _ in _sizes(read))


def _sizes(read: Geometry) -> zip[tuple[int, int, int]]:
    """Input, stride and span per axis."""
    return zip(read.input_size, read.stride, read.span, strict=True)


def _from_to(first: int, last: int) -> str:
    between = {0: "", 1: f" or {last}"}
    return f"{first}{between.get(last - first, f' to {last}')}"


def _refuse_result(error: GeometryError, result: Shape) -> NoReturn:
    """Say that what the paired convolution calls its input is the result here."""
    if error.argument == "input_size":
        raise GeometryError("output_size", error.rule, result) from None
    if error.argument == "padding" and error.remedy and type(error.value) is not str:
        remedy = f"that input is the result here, {result}; {error.remedy}"
        raise GeometryError("padding", error.rule, error.value, remedy) from None
    raise error


def _refuse_name(
    padding: Padding, g: Geometry, size: Shape, wanted: Shape | None
) -> NoReturn:
    rule = (
        f"must be a size from which padding={padding!r} gives {size}; "
        f"it gives {g.output_size}"
    )
    if wanted is not None:
        raise ShapeError("output_shape", rule, wanted)
    rule = f"must give {size} from {g.input_size}, the input times the stride"
    remedy = f"it gives {g.output_size}; say output_shape too, or use numbers"
    raise GeometryError("padding", rule, padding, remedy)
