"""Cutting the outputs into blocks, so that columns are never held all at once."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product
from math import prod

from convmat.arrays import Shape
from convmat.geometry import Geometry

__all__ = ["UNPACKED", "Block", "blocks", "length_of"]

UNPACKED = 1_000_000
"""So many products and fewer OpenBLAS multiplies where the operands lie, and packs them
into order first beyond: 230 and 150 Gflop/s, measured side by side."""


@dataclass(frozen=True, slots=True)
class Block:
    """Outputs that are neighbours in C order, and where their numbers are.

    Attributes
    ----------
    images : slice
        The images of the batch: one, or several as a whole.
    outs : tuple of slice
        The outputs along each spatial axis.
    windows : tuple of slice
        Where they are in an array `(batch, channels, *taps, *outs)`.
    matrix : tuple of slice
        Where they are in an array `(batch, groups, channels, outputs)`.
    shape : tuple of int
        Of their columns: `(images, channels, *taps, *outs)`.
    matrix_shape : tuple of int
        Of their columns as matrices: `(images, groups, taps, outputs)`.
    entries : int
        Of their columns.
    """

    images: slice
    outs: tuple[slice, ...]
    windows: tuple[slice, ...]
    matrix: tuple[slice, ...]
    shape: Shape
    matrix_shape: Shape
    entries: int


def blocks(g: Geometry, batch: int, most: int) -> Iterator[Block]:
    """Blocks of up to `most` outputs, in order, that make up a batch.

    Parameters
    ----------
    g : Geometry
    batch : int
        Number of images.
    most : int
        Outputs of a block, at least 1.

    Yields
    ------
    Block

    Examples
    --------
    >>> from convmat import geometry
    >>> g = geometry((3, 4), (1, 1))
    >>> [block.matrix[-1] for block in blocks(g, 1, 8)]
    [slice(0, 8, None), slice(8, 12, None)]
    >>> [block.images for block in blocks(g, 5, 24)]
    [slice(0, 2, None), slice(2, 4, None), slice(4, 5, None)]
    """
    outs = g.output_size
    each = prod(outs)
    if each <= most:
        step = most // each
        for start in range(0, batch, step):
            images = slice(start, min(start + step, batch))
            yield _block(g, images, tuple(slice(0, n) for n in outs), 0)
        return
    # The axis that is cut: the first whose inner axes fit a block as a whole.
    cut = next(axis for axis in range(len(outs)) if prod(outs[axis + 1 :]) <= most)
    step = most // prod(outs[cut + 1 :])
    inner = tuple(slice(0, n) for n in outs[cut + 1 :])
    for image in range(batch):
        first = 0
        for outer in product(*map(range, outs[:cut])):
            for start in range(0, outs[cut], step):
                along = slice(start, min(start + step, outs[cut]))
                fixed = (slice(o, o + 1) for o in outer)
                block = _block(
                    g, slice(image, image + 1), (*fixed, along, *inner), first
                )
                first = block.matrix[-1].stop
                yield block


def _block(g: Geometry, images: slice, outs: tuple[slice, ...], first: int) -> Block:
    """The block of some outputs, of which the first has number `first`."""
    count = length_of(images)
    sizes = tuple(map(length_of, outs))
    outputs = prod(sizes)
    every = slice(None)
    return Block(
        images=images,
        outs=outs,
        windows=(images, every, *(every,) * g.rank, *outs),
        matrix=(images, every, every, slice(first, first + outputs)),
        shape=(count, g.in_channels, *g.kernel_size, *sizes),
        matrix_shape=(count, g.groups, g.taps_per_row, outputs),
        entries=count * g.groups * g.taps_per_row * outputs,
    )


def length_of(part: slice) -> int:
    """Places in a part that has a start and a stop."""
    length: int = part.stop - part.start
    return length
