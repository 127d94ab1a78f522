"""Reading padding: numbers in all their forms, and names."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TypeAlias

from convmat.arrays import Pads, Shape
from convmat.errors import GeometryError, ShapeError
from convmat.geometry.axis import PADDING_MODES
from convmat.geometry.dialects import ALL_NAMES, BY_NAME
from convmat.geometry.integers import integer, listed
from convmat.geometry.names import did_you_mean, nearest

__all__ = ["Padding", "read_padding"]

Padding: TypeAlias = int | str | Iterable[int | tuple[int, int]]
"""An integer, one integer or `(before, after)` per axis, or a name."""


def read_padding(
    padding: object, size: Shape, kernel: Shape, stride: Shape, dilation: Shape
) -> Pads:
    """`padding` as one `(before, after)` per axis."""
    if isinstance(padding, str):
        return _named(padding, size, kernel, stride, dilation)
    entries = listed(padding)
    if entries is None:
        return ((integer("padding", padding, padding),) * 2,) * len(size)
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
    each = listed(entry)
    if each is None:
        return (integer("padding", entry, whole),) * 2
    cells = tuple(integer("padding", cell, whole) for cell in each)
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
    raise GeometryError("padding", rule + ALL_NAMES, name, _meant(name))


def _meant(name: str) -> str:
    if name in PADDING_MODES:
        return f"padding says how much; padding_mode={name!r} says what stands there"
    label, colon, who = name.partition(":")
    if colon and label.lower() == "same":
        found = nearest(who, BY_NAME)
        return f"did you mean 'same:{found}'?" if found else ""
    return did_you_mean(name, NAMES, _ELSEWHERE)


NAMES = ("valid", "same", "same_lower", "full")
"""Padding that has a short name."""

_SHORT = {"same": "same:tensorflow", "same_lower": "same:onnx-lower"}
_ELSEWHERE = {
    **{name: f"same:{name}" for name in BY_NAME},
    "same-upper": "same",
    "none": "valid",
}
