"""The transpose at stride 1: a convolution too, so that its routes serve twice."""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache

import numpy as np

from convmat.arrays import Array
from convmat.geometry import Geometry

__all__ = ["adjoint_of", "gathers", "reversed_kernel"]


def gathers(g: Geometry) -> bool:
    """Whether `adjoint_of` carries a geometry: stride 1, no padding beyond a span."""
    return set(g.stride) == {1} and all(max(a.before, a.after) < a.span for a in g.axes)


@lru_cache(maxsize=256)
def adjoint_of(g: Geometry) -> Geometry:
    """The geometry of the transpose, with the padding that `g` left out.

    Examples
    --------
    >>> from convmat import geometry
    >>> adjoint_of(geometry((2, 5, 5), (4, 2, 3, 3), padding=[(1, 2), 0]))
    geometry((4, 6, 3), (2, 4, 3, 3), padding=((1, 0), 2))
    """
    return replace(
        g,
        input_size=g.output_size,
        padding=tuple((a.span - 1 - a.before, a.span - 1 - a.after) for a in g.axes),
        in_channels=g.out_channels,
        out_channels=g.in_channels,
    )


def reversed_kernel(kernel: Array, g: Geometry) -> Array:
    """The kernel of the transpose: reversed along space, its channel axes swapped."""
    into, out_of = g.in_channels // g.groups, g.out_channels // g.groups
    banks = kernel.reshape(g.groups, out_of, into, *g.kernel_size).swapaxes(1, 2)
    spatial = tuple(range(3, 3 + g.rank))
    return np.ascontiguousarray(np.flip(banks, spatial)).reshape(
        g.in_channels, out_of, *g.kernel_size
    )
