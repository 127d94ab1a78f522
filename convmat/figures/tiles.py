"""Small arrays drawn as tiles: the kernel with its taps, an input, an output."""

from __future__ import annotations

from collections.abc import Callable
from math import prod

from matplotlib.axes import Axes

from convmat.arrays import Shape
from convmat.figures.canvas import cell
from convmat.figures.content import cell_id
from convmat.figures.style import Look, Theme, tap_mark
from convmat.geometry import Geometry

__all__ = [
    "blocks_extent",
    "draw_blocks",
    "draw_kernel",
    "draw_tiles",
    "kernel_extent",
    "planes_of",
    "tiled_shape",
]

_GAP = 0.35  # between blocks of a kernel, in cells


def tiled_shape(size: Shape) -> tuple[int, int]:
    """Rows and columns of an array laid flat: the last axis runs along the rows."""
    return prod(size[:-1]), size[-1]


def draw_tiles(
    ax: Axes,
    corner: tuple[float, float],
    side: float,
    size: Shape,
    look: Callable[[int], Look],
    points: float,
) -> None:
    """A grid of square cells; `look(flat)` tells mark, text and id of each."""
    _, columns = tiled_shape(size)
    for flat in range(prod(size)):
        row, column = divmod(flat, columns)
        mark, text, gid = look(flat)
        place = corner[0] + column * side, corner[1] + row * side
        cell(ax, place, (side, side), mark, gid, text=text, points=points)


def planes_of(channels: int, size: Shape) -> tuple[tuple[int, int], Shape]:
    """Rows and columns of channels as blocks: lines below, pictures beside each other.

    Examples
    --------
    >>> planes_of(3, (8,)), planes_of(3, (8, 8))
    (((3, 1), (8,)), ((1, 3), (8, 8)))
    """
    return ((channels, 1) if len(size) == 1 else (1, channels)), size


def blocks_extent(blocks: tuple[int, int], size: Shape) -> tuple[float, float]:
    """Width and height of blocks beside and below each other, in cells."""
    high, wide = tiled_shape(size)
    return (
        blocks[1] * wide + (blocks[1] - 1) * _GAP,
        blocks[0] * high + (blocks[0] - 1) * _GAP,
    )


def draw_blocks(
    ax: Axes,
    corner: tuple[float, float],
    side: float,
    blocks: tuple[int, int],
    size: Shape,
    look: Callable[[int], Look],
    points: float,
) -> None:
    """Grids of one size, in rows and columns; `look(flat)` counts through all of them.

    Entry `flat` is that of an array `(rows, columns, *size)` in C order.
    """
    high, wide = tiled_shape(size)
    for block in range(blocks[0] * blocks[1]):
        row, column = divmod(block, blocks[1])
        place = (
            corner[0] + column * (wide + _GAP) * side,
            corner[1] + row * (high + _GAP) * side,
        )

        def own(flat: int, first: int = block * prod(size)) -> Look:
            return look(first + flat)

        draw_tiles(ax, place, side, size, own, points)


def kernel_extent(geometry: Geometry) -> tuple[float, float]:
    """Width and height of a drawn kernel, in cells."""
    out_blocks, in_blocks, *size = geometry.weight_shape
    return blocks_extent((out_blocks, in_blocks), tuple(size))


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
    drawn = []

    def look(tap: int) -> Look:
        gid = cell_id("w", geometry.kernel_shape, tap) + suffix
        drawn.append(gid)
        return tap_mark(tap, theme), texts[tap], gid

    blocks = out_blocks, in_blocks
    draw_blocks(ax, corner, side, blocks, tuple(size), look, points)
    return drawn
