"""The attributes of ONNX operators, read as geometries.

References
----------
ONNX, "Operators", https://onnx.ai/onnx/operators/: Conv, ConvTranspose, AveragePool and
MaxPool, with their defaults, `auto_pad`, and how `pads` lists all beginnings first.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from convmat.arrays import Pads, Shape
from convmat.errors import GeometryError, ShapeError
from convmat.geometry import Geometry, geometry, transposed_geometry
from convmat.linear.windows import Windows, read_windows

__all__ = ["attributes_of", "conv_of", "transposed_of", "whole_windows", "windows_of"]

_NAMED = {"SAME_UPPER": "same", "SAME_LOWER": "same_lower", "VALID": "valid"}


def attributes_of(node: Any) -> dict[str, Any]:
    """The attributes of an operator: numbers, tuples of numbers, text."""
    from onnx import helper

    found = {}
    for attribute in node.attribute:
        value = helper.get_attribute_value(attribute)
        if isinstance(value, bytes):
            value = value.decode("utf-8", "replace")
        found[attribute.name] = tuple(value) if isinstance(value, list) else value
    return found


def conv_of(attributes: Mapping[str, Any], x: Shape, weight: Shape) -> Geometry:
    """The geometry of a `Conv`.

    Parameters
    ----------
    attributes : mapping
        As `attributes_of` gives them.
    x : tuple of int
        `(batch, channels, *spatial)`.
    weight : tuple of int
        `(out_channels, channels // group, *kernel)`.

    Raises
    ------
    GeometryError, ShapeError, ConvmatTypeError
        For settings that give no convolution.

    Examples
    --------
    >>> conv_of({"pads": (0, 1, 2, 3), "strides": (2, 1)}, (1, 1, 6, 6), (1, 1, 3, 3))
    geometry((1, 6, 6), (1, 1, 3, 3), stride=(2, 1), padding=((0, 2), (1, 3)))
    """
    kernel = _kernel(attributes, x, weight)
    return geometry(
        x[1:],
        weight,
        stride=_per_axis(attributes, "strides", len(kernel)),
        dilation=_per_axis(attributes, "dilations", len(kernel)),
        padding=_padding(attributes, len(kernel)),
        groups=attributes.get("group", 1),
    )


def transposed_of(attributes: Mapping[str, Any], x: Shape, weight: Shape) -> Geometry:
    """The paired geometry of a `ConvTranspose`.

    Parameters
    ----------
    attributes : mapping
        As `attributes_of` gives them.
    x : tuple of int
        `(batch, channels, *spatial)`.
    weight : tuple of int
        `(channels, out_channels // group, *kernel)`.

    Raises
    ------
    GeometryError, ShapeError, ConvmatTypeError
        For settings that no convolution is paired with.

    Examples
    --------
    >>> same = {"auto_pad": "SAME_UPPER", "strides": (2,)}
    >>> transposed_of(same, (1, 1, 4), (1, 1, 3)).input_shape
    (1, 8)
    """
    rank = len(_kernel(attributes, x, weight))
    settings: dict[str, Any] = {
        "stride": _per_axis(attributes, "strides", rank),
        "dilation": _per_axis(attributes, "dilations", rank),
        "groups": attributes.get("group", 1),
    }
    extra = attributes.get("output_padding") or (0,) * rank
    auto = attributes.get("auto_pad", "NOTSET")
    wanted = attributes.get("output_shape")
    if wanted is None and auto in ("SAME_UPPER", "SAME_LOWER"):
        wanted = tuple(n * s for n, s in zip(x[2:], settings["stride"], strict=True))
    if wanted is None:
        pads = _padding(attributes, rank)
        return transposed_geometry(
            x[1:], weight, padding=pads, output_padding=extra, **settings
        )
    wanted = tuple(wanted[-rank:])  # some writers put batch and channels before
    before_less = auto == "SAME_UPPER"
    pads = _wanted_pads(x[2:], weight[2:], wanted, extra, before_less, settings)
    return transposed_geometry(
        x[1:], weight, padding=pads, output_shape=wanted, **settings
    )


def windows_of(attributes: Mapping[str, Any], x: Shape) -> Windows:
    """The windows of an `AveragePool` or a `MaxPool`."""
    kernel = attributes.get("kernel_shape", ())
    rank = len(x) - 2
    if len(kernel) != rank:
        rule = f"must have {rank} entries beside an input of shape {x}"
        raise ShapeError("kernel_shape", rule, tuple(kernel))
    if attributes.get("storage_order", 0) not in (0, 1):
        raise GeometryError(
            "storage_order", "must be 0 or 1", attributes["storage_order"]
        )
    named = attributes.get("auto_pad", "NOTSET") in _NAMED
    return read_windows(
        x[1:],
        tuple(kernel),
        _per_axis(attributes, "strides", rank),
        _padding(attributes, rank),
        _per_axis(attributes, "dilations", rank),
        bool(attributes.get("ceil_mode", 0)) and not named,
    )


def whole_windows(x: Shape) -> Windows:
    """One window over each channel, as global pooling has it."""
    return read_windows(x[1:], x[2:], None, 0, 1, ceil_mode=False)


def _kernel(attributes: Mapping[str, Any], x: Shape, weight: Shape) -> Shape:
    """The kernel's sizes, from the weight; the attribute has to agree."""
    if len(x) < 3 or len(x) != len(weight):
        rule = f"must have as many axes as an input of shape {x}, and at least 3"
        raise ShapeError("weight", rule, weight)
    said = tuple(attributes.get("kernel_shape", weight[2:]))
    if said != weight[2:]:
        raise ShapeError(
            "kernel_shape", f"must be {weight[2:]}, as the weight is", said
        )
    return said


def _per_axis(attributes: Mapping[str, Any], name: str, rank: int) -> Shape:
    values = tuple(attributes.get(name) or (1,) * rank)
    if len(values) != rank:
        raise ShapeError(name, f"must have {rank} entries, one per axis", values)
    return values


def _padding(attributes: Mapping[str, Any], rank: int) -> Pads | str:
    """`pads`, all beginnings before all ends, as one pair per axis; or a name."""
    auto = attributes.get("auto_pad", "NOTSET") or "NOTSET"
    if auto in _NAMED:
        return _NAMED[auto]
    if auto != "NOTSET":
        rule = f"must be NOTSET, {', '.join(_NAMED)}"
        raise GeometryError("auto_pad", rule, auto)
    pads = tuple(attributes.get("pads") or (0,) * 2 * rank)
    if len(pads) != 2 * rank:
        rule = f"must have {2 * rank} entries, two per axis"
        raise ShapeError("pads", rule, pads)
    return tuple(zip(pads[:rank], pads[rank:], strict=True))


def _wanted_pads(
    size: Shape,
    kernel: Shape,
    wanted: Shape,
    extra: Shape,
    before_less: bool,
    settings: Mapping[str, Any],
) -> Pads:
    """The padding that gives the wanted output, as the standard splits it.

    Where even none is too much, the output has cells that nothing reaches, and there
    is no padding.
    """
    pads = []
    sides = zip(
        size,
        kernel,
        wanted,
        extra,
        settings["stride"],
        settings["dilation"],
        strict=True,
    )
    for n, k, out, more, s, d in sides:
        total = max(0, s * (n - 1) + more + (k - 1) * d + 1 - out)
        half = total // 2
        pads.append((half, total - half) if before_less else (total - half, half))
    return tuple(pads)
