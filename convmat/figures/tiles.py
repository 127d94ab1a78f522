"""Small arrays drawn as tiles: the kernel with its taps, an input, an output."""

from __future__ import annotations

from collections.abc import Callable
from math import prod

from matplotlib.axes import Axes

from convmat.arrays import Shape
from convmat.figures.canvas import cell
from convmat.figures.content import cell_id
from convmat.figures.style import Mark, Theme, tap_mark
from convmat.geometry import Geometry

__all__ = ["draw_kernel", "draw_tiles", "kernel_extent", "tiled_shape"]

_GAP = 0.35  # between blocks of a kernel, in cells


def tiled_shape(size: Shape) -> tuple[int, int]:
    """Rows and columns of an array laid flat: the last axis runs along the rows."""
    return prod(size[:-1]), size[-1]


def draw_tiles(
    ax: Axes,
    corner: tuple[float, float],
    side: float,
    size: Shape,
    look: Callable[[int], tuple[Mark, str, str]],
    points: float,
) -> None:
    """A grid of square cells; `look(flat)` tells mark, text and id of each."""
    _, columns = tiled_shape(size)
    for flat in range(prod(size)):
        row, column = divmod(flat, columns)
        mark, text, gid = look(flat)
        place = corner[0] + column * side, corner[1] + row * side
        cell(ax, place, (side, side), mark, gid, text=text, points=points)


def kernel_extent(geometry: Geometry) -> tuple[float, float]:
    """Width and height of a drawn kernel, in cells."""
    out_blocks, in_blocks, *size = geometry.weight_shape
    high, wide = tiled_shape(tuple(size))
    return (
        in_blocks * wide + (in_blocks - 1) * _GAP,
        out_blocks * high + (out_blocks - 1) * _GAP,
    )


def draw_kernel(
    ax: Axes,
    corner: tuple[float, float],
    side: float,
    geometry: Geometry,
    texts: list[str],
    theme: Theme,
    points: float,
    suffix: str = "",
) -> list[str]:
    """The taps in their places, each in its colour; ids `w[...]` are returned.

    Output channels are blocks from top to bottom, input channels from left to right.
    """
    out_blocks, in_blocks, *size = geometry.weight_shape
    high, wide = tiled_shape(tuple(size))
    drawn = []
    for block in range(out_blocks * in_blocks):
        out, channel = divmod(block, in_blocks)
        place = (
            corner[0] + channel * (wide + _GAP) * side,
            corner[1] + out * (high + _GAP) * side,
        )

        def look(flat: int, first: int = block * prod(size)) -> tuple[Mark, str, str]:
            tap = first + flat
            gid = cell_id("w", geometry.kernel_shape, tap) + suffix
            drawn.append(gid)
            return tap_mark(tap, theme), texts[tap], gid

        draw_tiles(ax, place, side, tuple(size), look, points)
    return drawn
