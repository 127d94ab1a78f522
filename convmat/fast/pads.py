"""The padding in a buffer: filled from the input that stands in it, and added back.

A route lays the input into a buffer that has room for the padding, which is all that
zeros take. In the other modes `fill` then copies cells of the input into the padding,
axis by axis; `fold` is its transpose and adds each cell of the padding to the cell that
it came from. What stands between the two knows nothing of modes.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any, TypeAlias

import numpy as np

from convmat.arrays import Array, IntArray, Shape
from convmat.geometry import Geometry

__all__ = ["Padding", "fill", "fold", "padded", "padding_of", "unpadded"]

_Index: TypeAlias = tuple[Any, ...]


def padded(x: Array, g: Geometry) -> Array:
    """`(..., *padded)`, contiguous; `x` itself where it is that already."""
    return padding_of(g).padded(x)


def fill(buffer: Array, g: Geometry) -> None:
    """Write the padding of `(..., *padded)` from the input that stands in it."""
    padding_of(g).fill(buffer)


def fold(buffer: Array, g: Geometry) -> Array:
    """Add the padding of `(..., *padded)` to where it came from; a view of the input.

    Zeros came from nowhere: their cells are left out.
    """
    padding = padding_of(g)
    for run in reversed(padding.runs):
        cells = buffer[run.cells]
        if run.repeated is not None:
            cells = cells.sum(axis=run.repeated, keepdims=True)
        buffer[run.sources] += cells
    inner: Array = buffer[padding.inner]
    return inner


@lru_cache(maxsize=256)
def unpadded(g: Geometry) -> Geometry:
    """The geometry on inputs that have their padding already."""
    return replace(
        g,
        input_size=tuple(axis.padded_size for axis in g.axes),
        padding=((0, 0),) * g.rank,
        padding_mode="zeros",
    )


@dataclass(frozen=True, slots=True)
class _Run:
    """The padding on one side of one axis, and the cells that it comes from.

    Attributes
    ----------
    cells, sources : tuple of slice
        Where they are in the buffer.
    repeated : int or None
        The axis along which all cells have the same source; None where each has its
        own.
    """

    cells: _Index
    sources: _Index
    repeated: int | None


@dataclass(frozen=True, slots=True)
class Padding:
    """What padding means for one geometry.

    Attributes
    ----------
    any : bool
        Whether there is any.
    sizes : tuple of int
        Of the padded input, along space.
    inner : tuple of slice
        Where the input is in it.
    runs : tuple of _Run
        In the order of filling; none where zeros are put.
    """

    any: bool
    sizes: Shape
    inner: _Index
    runs: tuple[_Run, ...]

    def padded(self, x: Array) -> Array:
        """`(..., *padded)`, contiguous; `x` itself where it is that already."""
        if not self.any:
            return np.ascontiguousarray(x)
        buffer = np.zeros((*x.shape[: -len(self.sizes)], *self.sizes), x.dtype)
        buffer[self.inner] = x
        self.fill(buffer)
        return buffer

    def fill(self, buffer: Array) -> None:
        """Write the padding of `(..., *padded)` from the input that stands in it."""
        for run in self.runs:
            buffer[run.cells] = buffer[run.sources]


@lru_cache(maxsize=256)
def padding_of(g: Geometry) -> Padding:
    """The padding of a geometry, and the same one every time."""
    inner = [slice(a.before, a.before + a.size) for a in g.axes]
    runs: list[_Run] = []
    for number, axis in enumerate(g.axes if g.padding_mode != "zeros" else ()):
        # Axes before this one are filled as a whole by now, those after it are not.
        whole = [slice(None)] * number
        for start, stop in ((0, axis.before), (axis.padded_size - axis.after, None)):
            cells = np.arange(axis.padded_size)[start:stop]
            if not len(cells):
                continue
            sources = axis.fold(cells - axis.before) + axis.before
            repeated = len(cells) > 1 and sources[0] == sources[-1]
            runs.append(
                _Run(
                    (..., *whole, slice(start, stop), *inner[number + 1 :]),
                    (..., *whole, _slice(sources), *inner[number + 1 :]),
                    number - g.rank if repeated else None,
                )
            )
    sizes = tuple(axis.padded_size for axis in g.axes)
    return Padding(any(map(any, g.padding)), sizes, (..., *inner), tuple(runs))


def _slice(sources: IntArray) -> slice:
    """The sources of one side: neighbours forwards or backwards, or one and the same.

    A geometry puts each cell of the input into one side at most once, but for
    `replicate`, which puts the outermost into all of it.
    """
    first, last = int(sources[0]), int(sources[-1])
    if first <= last:
        return slice(first, last + 1)
    return slice(first, last - 1 if last else None, -1)
