"""What the geometry alone says of a norm: how often cells are read and copied."""

from __future__ import annotations

from math import prod
from typing import Any

import numpy as np
import numpy.typing as npt

from convmat.arrays import Array, IntArray
from convmat.dtypes import carried
from convmat.errors import ConvmatError
from convmat.geometry import Geometry, IntOrInts, geometry
from convmat.geometry.axis import Axis
from convmat.geometry.keywords import known_keywords
from convmat.memory import refuse_beyond

__all__ = [
    "copies",
    "has_whole_window",
    "overlaps",
    "reads",
    "squared_frobenius",
    "visits",
    "weighed",
]


@known_keywords
def squared_frobenius(
    kernel: npt.ArrayLike, input_shape: IntOrInts, **keywords: Any
) -> Any:
    """The sum of the squares of all matrix entries, from the multiplicities of ties.

    It is the sum of the squares of all singular values (Parseval), and exact for
    integers of any size and Fractions: the check of a spectrum.

    Parameters
    ----------
    kernel, input_shape, **keywords
        As in `convmat.conv_matrix`.

    Returns
    -------
    int, Fraction or float
        As the kernel's numbers are; infinite where a float is too small for it.

    Raises
    ------
    ConvmatError
        For floats that are not finite, and arguments that do not fit.
    ConvmatTypeError
        For what are no numbers; see `convmat.geometry`.

    Examples
    --------
    Each of the four taps of Kleinsmith's kernel stands in the matrix four times:

    >>> squared_frobenius([[1, 2], [3, 4]], (3, 3)) == 4 * (1 + 4 + 9 + 16)
    True
    """
    array = carried("kernel", kernel)
    g = geometry(input_shape, array.shape, **keywords)
    weights = array.reshape(g.weight_shape)
    if weights.dtype.kind == "i":
        weights = weights.astype(object)  # squares may leave int64
    elif weights.dtype.kind != "O":
        weights = weights.astype(np.result_type(weights.dtype, np.float64))
    if weights.dtype == object:
        return (np.conjugate(weights) * weighed(weights, g)).sum()
    if not np.isfinite(weights).all():
        raise ConvmatError("kernel", "must hold finite numbers", array)
    with np.errstate(over="ignore"):
        return float((np.conjugate(weights) * weighed(weights, g)).sum().real)


def weighed(weights: Array, g: Geometry) -> Array:
    """Entry `[o, i, *t]` is the sum over all taps that stand where tap `t` stands.

    Each counts as often as they stand there together; a tap alone is times its
    multiplicity.

    Parameters
    ----------
    weights : ndarray of shape `g.weight_shape`
    g : Geometry
    """
    total = weights
    for number, axis in enumerate(g.axes):
        counts: Array = overlaps(axis)
        if weights.dtype == object:
            counts = counts.astype(object)  # Python's integers, not NumPy's
        total = np.moveaxis(
            np.tensordot(counts, total, axes=(1, 2 + number)), 0, 2 + number
        )
    return total


def overlaps(axis: Axis) -> IntArray:
    """Entry `[s, t]` is the number of outputs whose taps `s` and `t` read one cell.

    Examples
    --------
    >>> overlaps(Axis(3, 3, 1, 1, 1, 1, "replicate"))
    array([[3, 1, 0],
           [1, 3, 1],
           [0, 1, 3]])
    """
    if axis.mode == "zeros":
        return np.diag(np.array(axis.tap_counts()))
    sources = _sources(axis)
    shared = [(sources == sources[:, [tap]]).sum(axis=0) for tap in range(axis.kernel)]
    return np.array(shared)


def reads(g: Geometry) -> int:
    """How often the cell that is read most is read, over all windows and their taps.

    Examples
    --------
    >>> from convmat import geometry
    >>> reads(geometry((5, 5), (3, 3), stride=(1, 2)))
    6
    """
    return prod(_most(_sources(axis)) for axis in g.axes)


def copies(axis: Axis) -> int:
    """How often the cell occurs that occurs most in the padded input: 1 with zeros."""
    if axis.mode == "zeros":
        return 1
    needed = 8 * axis.padded_size
    refuse_beyond("the padded cells of", axis, needed, None, "use less padding")
    return _most(axis.fold(np.arange(-axis.before, axis.size + axis.after)))


def visits(axis: Axis) -> int:
    """How many outputs lie on one cell of the circle, at most."""
    return _most(np.arange(axis.out_size, dtype=np.int64) * axis.stride % axis.size)


def has_whole_window(axis: Axis) -> bool:
    """Whether some output reads a cell of its own through every tap."""
    sources = np.sort(_sources(axis), axis=1)
    apart = (np.diff(sources, axis=1) > 0).all(axis=1)
    return bool((apart & (sources[:, 0] >= 0)).any())


def _sources(axis: Axis) -> IntArray:
    needed = 24 * axis.out_size * axis.kernel
    refuse_beyond("the windows of", axis, needed, None, "use a smaller kernel")
    return axis.sources()


def _most(cells: IntArray) -> int:
    inside = cells[cells >= 0]
    return int(np.unique(inside, return_counts=True)[1].max(initial=0))
