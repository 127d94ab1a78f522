"""The kernel that most entries of a matrix agree with: the median over each tie."""

from __future__ import annotations

import numpy as np

from convmat.arrays import Array
from convmat.constraints import ConvConstraint
from convmat.geometry import Geometry
from convmat.structure.entries import Entries

__all__ = ["median_kernel"]


def median_kernel(entries: Entries, g: Geometry) -> Array:
    """The kernel that most entries agree with: the median over each tie.

    Where a tap is nowhere alone it is the nearest kernel.
    """
    rung = ConvConstraint(g).rung
    values = entries.at(rung.rows, rung.cols)
    if values.dtype.kind == "c" or not rung.ties.all_alone:
        theta = rung.extract(values)
        if entries.data.dtype.kind == "i":
            theta = np.array([round(v) for v in theta], dtype=np.int64)
        return theta.reshape(g.weight_shape)
    taps = rung.taps
    if rung.shared:  # only entries that hold a tap alone tell it
        single = np.bincount(rung.places)[rung.places] == 1
        taps, values = taps[single], values[rung.places[single]]
    order = np.lexsort((_ranks(values), taps))
    counts = np.bincount(taps, minlength=g.free_parameters)
    starts = np.cumsum(counts) - counts
    middle = np.minimum(starts + counts // 2, max(0, len(values) - 1))
    usual = np.zeros(g.free_parameters, values.dtype)
    live = counts > 0
    usual[live] = values[order[middle[live]]]
    return usual.reshape(g.weight_shape)


def _ranks(values: Array) -> Array:
    """Keys that sort as the values do."""
    if values.dtype != object:
        return values
    ranks = np.empty(len(values), np.int64)
    ranks[sorted(range(len(values)), key=values.__getitem__)] = np.arange(len(values))
    return ranks
