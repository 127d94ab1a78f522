"""Cutting the outputs into blocks, so that columns are never held all at once."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product
from math import prod

from convmat.arrays import Shape

__all__ = ["Block", "blocks"]


@dataclass(frozen=True, slots=True)
class Block:
    """Outputs that are neighbours in C order.

    Attributes
    ----------
    images : slice
        The images of the batch: one, or several as a whole.
    outs : tuple of slice
        The outputs along each spatial axis.
    flat : slice
        The same outputs, counted through one image.
    """

    images: slice
    outs: tuple[slice, ...]
    flat: slice


def blocks(batch: int, outs: Shape, most: int) -> Iterator[Block]:
    """Blocks of about `most` outputs, in order, that make up a batch.

    Parameters
    ----------
    batch : int
        Number of images.
    outs : tuple of int
        Outputs along each spatial axis of one image.
    most : int
        Outputs of a block, at least 1.

    Yields
    ------
    Block

    Examples
    --------
    >>> [block.flat for block in blocks(1, (3, 4), 8)]
    [slice(0, 8, None), slice(8, 12, None)]
    >>> [block.images for block in blocks(5, (3, 4), 24)]
    [slice(0, 2, None), slice(2, 4, None), slice(4, 5, None)]
    """
    each = prod(outs)
    if each <= most:
        whole, step = tuple(slice(0, n) for n in outs), max(1, most // each)
        for start in range(0, batch, step):
            images = slice(start, min(start + step, batch))
            yield Block(images, whole, slice(0, each))
        return
    # The axis that is cut: the first whose inner axes fit a block as a whole.
    cut = next(axis for axis in range(len(outs)) if prod(outs[axis + 1 :]) <= most)
    inner = prod(outs[cut + 1 :])
    step = most // inner
    whole = tuple(slice(0, n) for n in outs[cut + 1 :])
    for image in range(batch):
        position = 0
        for outer in product(*map(range, outs[:cut])):
            fixed = tuple(slice(o, o + 1) for o in outer)
            for start in range(0, outs[cut], step):
                stop = min(start + step, outs[cut])
                end = position + (stop - start) * inner
                yield Block(
                    slice(image, image + 1),
                    (*fixed, slice(start, stop), *whole),
                    slice(position, end),
                )
                position = end
