"""The nearest convolution of a geometry: the mean over each tie, and its distance."""

from __future__ import annotations

from math import sqrt
from typing import Any

import numpy as np

from convmat.arrays import Array
from convmat.constraints import ConvConstraint
from convmat.geometry import Geometry
from convmat.structure.entries import Entries
from convmat.structure.median import median_kernel
from convmat.structure.recognition import Broken, Nearest
from convmat.structure.same import built, differences

__all__ = ["nearest_of", "projected"]


def projected(entries: Entries, g: Geometry) -> tuple[Array, Any]:
    """The kernel nearest to a matrix, and the square of the distance.

    Examples
    --------
    >>> from convmat import geometry
    >>> from convmat.structure.entries import read_entries
    >>> projected(read_entries([[1, 2, 0], [0, 2, 2]]), geometry(3, 2))
    (array([Fraction(3, 2), Fraction(2, 1)], dtype=object), Fraction(1, 2))
    """
    rung = ConvConstraint(g).rung
    values = entries.at(rung.rows, rung.cols)
    theta = rung.extract(values)
    rest = values - rung.embed(theta)
    here = entries.rows.astype(np.int64) * entries.shape[1] + entries.indices
    outside = entries.data[~np.isin(here, rung.flat)]  # at structural zeros
    return theta.reshape(g.kernel_shape), _squares(outside) + _squares(rest)


def _squares(values: Array) -> Any:
    if values.dtype.kind == "i":
        values = values.astype(object)
    return (values * np.conj(values)).sum().real if len(values) else 0


def nearest_of(entries: Entries, g: Geometry, tolerance: Any) -> Nearest:
    """The orthogonal projection of a matrix on the convolutions of a geometry."""
    kernel, square = projected(entries, g)
    usual = median_kernel(entries, g)
    rows, columns, found, expected = differences(entries, built(usual, g))
    off = np.asarray(np.abs(found - expected) > tolerance, dtype=bool)
    broken = None
    if off.any():
        first = int(np.flatnonzero(off)[0])
        row, column = int(rows[first]), int(columns[first])
        tap, beside = _tied(entries, g, row, column, expected[first])
        value, wanted = _plain(found[first]), _plain(expected[first])
        broken = Broken(row, column, value, wanted, tap, beside)
    norm = sqrt(float(_squares(entries.data)))
    distance = sqrt(float(square))
    relative = distance / norm if norm else 0.0
    shape = g.kernel_shape
    kernel, wrong = kernel.reshape(shape), int(off.sum())
    held = len(entries.indices)
    return Nearest(g, kernel, distance, relative, broken, wrong, held)


def _plain(value: Any) -> Any:
    return value.item() if isinstance(value, np.generic) else value


def _tied(
    entries: Entries, g: Geometry, row: int, column: int, expected: Any
) -> tuple[int | None, tuple[int, int] | None]:
    """The tap at a position, and another position of its tie that is as expected."""
    rung = ConvConstraint(g).rung
    entry = np.flatnonzero((rung.rows == row) & (rung.cols == column))
    if not len(entry):
        return None, None
    tap = int(rung.taps[np.flatnonzero(rung.places == entry[0])[0]])
    tie = rung.places[rung.taps == tap]
    values = entries.at(rung.rows[tie], rung.cols[tie])
    good = tie[np.asarray(values == expected, dtype=bool)]
    if not len(good):
        return tap, None
    return tap, (int(rung.rows[good[0]]), int(rung.cols[good[0]]))
