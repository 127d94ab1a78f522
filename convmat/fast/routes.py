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
from convmat.fast import (
    batch_last,
    choice,
    columns,
    flat,
    lines,
    lines_grad,
    shifted,
    tiles,
)
from convmat.fast.adjoint import adjoint_of, gathers
from convmat.fast.pads import fold
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


def _finite(quick: Map, exact: Map) -> Map:
    """`quick`, or `exact` where the result holds what is not finite."""

    def apply(first: Array, second: Array, g: Geometry) -> Array:
        with np.errstate(all="ignore"):  # what is found is computed again
            result = quick(first, second, g)
            total = result.sum()  # finite only when all its terms are
        return result if np.isfinite(total) else exact(first, second, g)

    return apply


def _gathered(grad: Array, kernel: Array, g: Geometry) -> Array:
    """By the convolution that is the transpose; see `adjoint`."""
    adjoint = adjoint_of(g)
    chosen = choice.forward(adjoint.geometry, len(grad))
    arguments = grad, adjoint.kernel(kernel), adjoint.geometry
    if chosen.route == "batch-last":  # which restores in long runs
        x_grad = batch_last.first(adjoint.restore(batch_last.forward_last(*arguments)))
    else:
        x_grad = adjoint.restore(FORWARD[chosen.route].apply(*arguments))
    if g.padding_mode == "zeros":
        return x_grad
    return np.ascontiguousarray(fold(x_grad, g))


FORWARD: Mapping[str, Route] = MappingProxyType(
    {
        "columns": Route(columns.forward),
        "lines": Route(lines.forward, lines.fits),
        "batch-last": Route(batch_last.forward),
        "shifted": Route(shifted.forward, flat.fits),
        "tiles": Route(_finite(tiles.forward, columns.forward), tiles.fits),
    }
)
"""Routes of the convolution."""

INPUT_GRAD: Mapping[str, Route] = MappingProxyType(
    {
        "columns": Route(columns.input_grad),
        "batch-last": Route(batch_last.input_grad),
        "gathered": Route(_finite(_gathered, columns.input_grad), gathers),
        "shifted": Route(_finite(shifted.input_grad, columns.input_grad), flat.fits),
    }
)
"""Routes of the gradient by the input."""

KERNEL_GRAD: Mapping[str, Route] = MappingProxyType(
    {
        "columns": Route(columns.kernel_grad),
        "lines": Route(lines_grad.kernel_grad, lines_grad.fits),
        "batch-last": Route(batch_last.kernel_grad),
        "shifted": Route(_finite(shifted.kernel_grad, columns.kernel_grad), flat.fits),
    }
)
"""Routes of the gradient by the kernel."""
