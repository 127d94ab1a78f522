"""A padded image laid out flat, where every tap is a shift.

At stride 1 a padded image has a neighbour in a row at distance 1 and in a column at the
distance of one padded row. So what all outputs read through one tap is the flat image,
shifted. Sums at a line's end, where a window runs into the next line, are computed like
all others and dropped.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product
from math import prod

import numpy as np

from convmat.arrays import Array
from convmat.fast.pads import fill
from convmat.geometry import Geometry

__all__ = ["Flat", "fits", "waste"]


def fits(g: Geometry) -> bool:
    """Whether the route carries a geometry: stride 1 along all axes."""
    return set(g.stride) == {1}


def waste(g: Geometry) -> float:
    """Sums computed over sums wanted."""
    return prod(axis.padded_size for axis in g.axes) / prod(g.output_size)


class Flat:
    """One padded image as flat lines of channels, and its shifts."""

    def __init__(self, g: Geometry, dtype: np.dtype[np.generic]) -> None:
        self.geometry = g
        self.sizes = tuple(axis.padded_size for axis in g.axes)
        self.cells = prod(self.sizes)
        self.shifts = list(_shifts(g, self.sizes))
        self.shape = (g.groups, g.in_channels // g.groups, self.cells)
        # The last channel is read beyond its end by as much as the last shift.
        self.buffer = np.zeros(prod(self.shape) + self.shifts[-1], dtype)
        self.where = tuple(slice(a.before, a.before + a.size) for a in g.axes)
        whole = self.buffer[: prod(self.shape)]
        self.padded = whole.reshape(g.in_channels, *self.sizes)
        self.inner = self.padded[:, *self.where]

    def read(self, image: Array) -> None:
        """Take `(channels, *spatial)` for the image, and pad it."""
        self.inner[...] = image
        fill(self.padded, self.geometry)

    def outputs(self, sums: Array) -> Array:
        """What is wanted of `(groups, out, cells)`: `(channels, *outs)`, a view."""
        corner = tuple(slice(0, n) for n in self.geometry.output_size)
        lines = sums.reshape(self.geometry.out_channels, *self.sizes)
        outputs: Array = lines[:, *corner]
        return outputs

    def shifted(self, shift: int) -> Array:
        """All channels from cell `shift` on, `(groups, in, cells)`: nothing copied.

        A channel's last `shift` cells are the first of the next channel. They belong
        to sums that are dropped.
        """
        return self.buffer[shift : shift + prod(self.shape)].reshape(self.shape)


def _shifts(g: Geometry, sizes: tuple[int, ...]) -> Iterator[int]:
    """Distance of each tap from the first, in cells of the flat image."""
    lines = [prod(sizes[axis + 1 :]) for axis in range(g.rank)]
    for tap in product(*map(range, g.kernel_size)):
        yield sum(
            t * d * line for t, d, line in zip(tap, g.dilation, lines, strict=True)
        )
