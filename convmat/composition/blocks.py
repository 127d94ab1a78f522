"""Kernels as blocks of channels, so that two of different groups multiply."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from convmat.arrays import Array
from convmat.dtypes import carried
from convmat.errors import ConvmatError, ShapeError
from convmat.geometry import Geometry

__all__ = ["blocks_of", "finite", "kernel_from", "read_kernel"]


def read_kernel(argument: str, kernel: npt.ArrayLike, g: Geometry) -> Array:
    """`kernel` as `(out, in // groups, *taps)`.

    Raises
    ------
    ShapeError
        When it is no kernel of this geometry.
    ConvmatTypeError
        For what are no numbers.
    """
    array = carried(argument, kernel)
    if array.shape not in (g.kernel_shape, g.weight_shape):
        rule = f"must be {g.kernel_shape}, as its geometry says"
        raise ShapeError(f"{argument}.shape", rule, array.shape)
    return array.reshape(g.weight_shape)


def blocks_of(kernel: Array, g: Geometry, groups: int) -> Array:
    """A kernel in fewer groups than its own, `(groups, outs, ins, *taps)`.

    `groups` divides the kernel's own. Between channels that do not see each other stand
    zeros.

    Examples
    --------
    >>> from convmat import geometry
    >>> g = geometry((2, 1), (2, 1, 1), groups=2)
    >>> blocks_of(np.array([[[3]], [[4]]]), g, 1)[..., 0]
    array([[[3, 0],
            [0, 4]]])
    """
    outs, ins = g.out_channels // g.groups, g.in_channels // g.groups
    inner = g.groups // groups
    own = kernel.reshape(groups, inner, outs, ins, *g.kernel_size)
    shape = groups, inner, outs, inner, ins, *g.kernel_size
    wide: Array = np.zeros(shape, kernel.dtype)
    for block in range(inner):
        wide[:, block, :, block] = own[:, block]
    return wide.reshape(groups, inner * outs, inner * ins, *g.kernel_size)


def kernel_from(blocks: Array) -> Array:
    """Blocks `(groups, outs, ins, *taps)` as a kernel `(groups * outs, ins, *taps)`."""
    groups, outs, *rest = blocks.shape
    return blocks.reshape(groups * outs, *rest)


def finite(name: str, array: Array) -> Array:
    """Numbers whose sums mean something: a NaN would differ from itself.

    Raises
    ------
    ConvmatError
        For NaN and infinities.
    """
    bad = array.dtype.kind in "fc" and not np.isfinite(array).all()
    if not bad and array.dtype.kind == "O":
        floats = (n for n in array.flat if isinstance(n, float | np.floating))
        bad = not all(map(np.isfinite, floats))
    if bad:
        raise ConvmatError(name, "must be finite", array)
    return array
