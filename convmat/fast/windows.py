"""All windows of a padded input as one view, in the order of lines."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate, product
from math import inf, prod
from operator import mul

from convmat.arrays import Shape
from convmat.geometry import Axis, Geometry

__all__ = ["Windows", "parts", "products", "shared_axis", "windows_of"]

_BYTES = 1 << 18
"""Lines in a part: a part of the second-level cache."""


@dataclass(frozen=True, slots=True)
class Windows:
    """A view `(batch, groups, *before, lines, in, *taps, *along)` of a padded input.

    Attributes
    ----------
    axis : Axis
        The one across the lines, which comes after `before` and before `along`.
    shape, strides : tuple of int
        Of the view. `taps` are those of all axes but `axis`.
    line : tuple of int
        Shape of one line, `(in, *taps, *along)`.
    along : tuple of int
        Outputs of a line.
    """

    axis: Axis
    shape: Shape
    strides: Shape
    line: Shape
    along: Shape

    def lines(self, outs: slice) -> slice:
        """The lines that neighbouring outputs read, each one as many as it has taps."""
        first = outs.start * self.axis.stride
        return slice(first, first + self.lines_of(outs.stop - outs.start))

    def lines_of(self, outs: int) -> int:
        """Number of lines that so many outputs read."""
        return (outs - 1) * self.axis.stride + self.axis.span


def windows_of(g: Geometry, across: int, batch: int, itemsize: int) -> Windows:
    """The windows of a geometry whose lines lie along the axes after `across`."""
    axis, into = g.axes[across], g.in_channels // g.groups
    others = [n for n in range(g.rank) if n != across]
    # Bytes to the next image, channel, and cell along each axis of the padded input.
    sizes = (g.in_channels, *(a.padded_size for a in g.axes))
    image, channel, *cells = list(accumulate((itemsize, *sizes[::-1]), mul))[::-1]
    moves = list(map(mul, cells, g.stride))
    before, along = g.output_size[:across], g.output_size[across + 1 :]
    line = (into, *(g.kernel_size[n] for n in others), *along)
    lines = (axis.out_size - 1) * axis.stride + axis.span
    return Windows(
        axis=axis,
        shape=(batch, g.groups, *before, lines, *line),
        strides=(
            *(image, channel * into, *moves[:across], cells[across], channel),
            *(cells[n] * g.dilation[n] for n in others),
            *moves[across + 1 :],
        ),
        line=line,
        along=along,
    )


def shared_axis(g: Geometry, axes: Sequence[int], most: float = inf) -> int:
    """The axis across the lines, out of some that are not the last.

    What is a line then: the outputs along all later axes. The earlier the axis, the
    longer the lines; of those with up to `most` products a line it is the first.
    """
    return next((n for n in axes if products(g, n) <= most), axes[-1])


def products(g: Geometry, axis: int) -> int:
    """Products of the GEMM of one line."""
    per_group = g.out_channels // g.groups
    return per_group * g.taps_per_row * prod(g.output_size[axis + 1 :])


def parts(
    g: Geometry, view: Windows, itemsize: int, most: float = inf
) -> Iterator[tuple[slice, ...]]:
    """Parts `(images, *before, outs)` of the outputs whose lines fit the cache.

    Whole images; or whole planes of one image, neighbours along the last axis of
    `before`; or neighbouring outputs of one plane across the lines, up to `most`.

    Yields
    ------
    tuple of slice
    """
    batch, groups, *places, _ = view.shape[: len(view.shape) - len(view.line)]
    outs = view.axis.out_size
    held = max(1, _BYTES // (itemsize * groups * prod(view.line)))  # lines
    plane = view.lines_of(outs)
    counts = (batch, *places, outs)
    if prod(places) * plane <= held and outs <= most:
        cut, many = 0, held // (prod(places) * plane)
    elif places and plane <= held and outs <= most:
        cut, many = len(places), held // plane
    else:
        cut = len(places) + 1
        many = max(1, int(min(most, (held - view.axis.span) // view.axis.stride + 1)))
    inner = tuple(slice(0, n) for n in counts[cut + 1 :])
    for outer in product(*map(range, counts[:cut])):
        ones = tuple(slice(n, n + 1) for n in outer)
        for first in range(0, counts[cut], many):
            yield (*ones, slice(first, min(first + many, counts[cut])), *inner)
