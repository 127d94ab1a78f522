"""The routes of the three maps, by name.

No route is chosen by values, with one exception that is none of speed: some routes
multiply zeros that the definition has not, which is right for all numbers but infinity
and NaN. Where one of those turns up, `columns` takes over, which multiplies what the
definition multiplies.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import TypeAlias

import numpy as np

from convmat.arrays import Array
from convmat.fast import batch_last, choice, columns, shifted, tiles
from convmat.fast.adjoint import adjoint_of, gathers, reversed_kernel
from convmat.geometry import Geometry

__all__ = ["FORWARD", "INPUT_GRAD", "KERNEL_GRAD", "Route"]

Map: TypeAlias = Callable[[Array, Array, Geometry], Array]


def _always(g: Geometry) -> bool:
    return True


@dataclass(frozen=True, slots=True)
class Route:
    """One way to compute one map, and the geometries that it carries.

    Attributes
    ----------
    apply : callable
        The map, of two arrays of one dtype and the geometry.
    fits : callable
        Whether it carries a geometry.
    """

    apply: Map
    fits: Callable[[Geometry], bool] = _always


def _tiles(x: Array, kernel: Array, g: Geometry) -> Array:
    y = tiles.forward(x, kernel, g)
    if np.isfinite(y.sum()):  # a sum is finite only when all its terms are
        return y
    return columns.forward(x, kernel, g)


def _gathered(grad: Array, kernel: Array, g: Geometry) -> Array:
    if not np.isfinite(kernel).all():
        return columns.input_grad(grad, kernel, g)
    adjoint = adjoint_of(g)
    route = FORWARD[choice.forward(adjoint, len(grad)).route]
    return route.apply(grad, reversed_kernel(kernel, g), adjoint)


def _shifted_kernel_grad(grad: Array, x: Array, g: Geometry) -> Array:
    total = shifted.kernel_grad(grad, x, g)
    if np.isfinite(total).all():
        return total
    return columns.kernel_grad(grad, x, g)


FORWARD: Mapping[str, Route] = MappingProxyType(
    {
        "columns": Route(columns.forward),
        "batch-last": Route(batch_last.forward),
        "shifted": Route(shifted.forward, shifted.fits),
        "tiles": Route(_tiles, tiles.fits),
    }
)
"""Routes of the convolution."""

INPUT_GRAD: Mapping[str, Route] = MappingProxyType(
    {
        "columns": Route(columns.input_grad),
        "batch-last": Route(batch_last.input_grad),
        "gathered": Route(_gathered, gathers),
    }
)
"""Routes of the gradient by the input."""

KERNEL_GRAD: Mapping[str, Route] = MappingProxyType(
    {
        "columns": Route(columns.kernel_grad),
        "batch-last": Route(batch_last.kernel_grad),
        "shifted": Route(_shifted_kernel_grad, shifted.fits),
    }
)
"""Routes of the gradient by the kernel."""
