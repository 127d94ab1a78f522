"""A geometry in words: shapes, the output size with its numbers, the shorthand back."""

from __future__ import annotations

from convmat.arrays import Pads, Shape
from convmat.geometry.axis import Axis

__all__ = ["shortest", "sizes", "times"]


def times(shape: Shape) -> str:
    """A shape as one says it: `3x28x28`."""
    return "x".join(map(str, shape))


def sizes(axes: tuple[Axis, ...]) -> str:
    """The formula of the output size with the numbers of each axis put in."""
    lines = [size(axis) for axis in axes]
    if len(set(lines)) > 1:
        return ", ".join(f"axis {n}: {line}" for n, line in enumerate(lines))
    everywhere = {1: "", 2: " on both axes"}.get(len(axes), f" on all {len(axes)} axes")
    return lines[0] + everywhere


def size(axis: Axis) -> str:
    """As fastbook writes it: (n + 2*pad - ks)//stride + 1."""
    pad = (
        f"2*{axis.before}"
        if axis.before == axis.after
        else (f"{axis.before} + {axis.after}")
    )
    kernel = (
        f"{axis.kernel}"
        if axis.dilation == 1
        else (f"({axis.dilation}*({axis.kernel} - 1) + 1)")
    )
    return f"({axis.size} + {pad} - {kernel})//{axis.stride} + 1 = {axis.out_size}"


def shortest(values: Shape | Pads) -> object:
    """The shorthand that `convmat.geometry` reads back into `values`."""
    entries = [
        entry[0] if isinstance(entry, tuple) and entry[0] == entry[1] else entry
        for entry in values
    ]
    alike = len(set(entries)) == 1 and not isinstance(entries[0], tuple)
    return entries[0] if alike else tuple(entries)
