"""What `convmat spectrum` tells: the values, and what follows from them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from convmat.arrays import Array
from convmat.geometry import Geometry
from convmat.spectrum import (
    BoundTable,
    Determinant,
    Estimate,
    Rank,
    Spectrum,
    bounds,
    determinant,
    rank,
    singular_values,
    squared_frobenius,
)
from convmat.spectrum.axes import blocks_of
from convmat.spectrum.conditions import both_ends, condition_of
from convmat.spectrum.ranks import full_rank, rank_of
from convmat.spectrum.reading import read
from convmat.spectrum.smallest import ends_work, refuse_band

__all__ = ["Facts", "facts_of"]

_SMALL = 1024  # shorter side of the largest matrix of a group that is decomposed
_QUICK = 2e10  # multiplications of a factorization that takes a second


@dataclass(frozen=True, eq=False)
class Facts:
    """The spectrum of one layer, and what is known beside it.

    Attributes
    ----------
    spectrum : Spectrum
    table : BoundTable
    total : number
        The sum of the squares of all matrix entries, exact for exact kernels.
    smallest, condition : Estimate or None
        None where the smallest value was not computed.
    rank : Rank or None
    determinant : Determinant or None
        None for a matrix that is not square, and for large ones of floats.
    """

    spectrum: Spectrum
    table: BoundTable
    total: Any
    smallest: Estimate | None
    condition: Estimate | None
    rank: Rank | None
    determinant: Determinant | None


def facts_of(
    kernel: Array,
    g: Geometry,
    *,
    count: int,
    smallest: bool,
    tol: float,
    max_steps: int,
) -> Facts:
    """All that can be had: quickly, or where `smallest` asks for it.

    Raises
    ------
    NotConvergedError
        When an iteration stopped early.
    MatrixTooLargeError
        When what was asked for would not fit.
    ConvmatError, ConvmatTypeError
        As `convmat.singular_values`.
    """
    limits: dict[str, Any] = {"tol": tol, "max_steps": max_steps}
    total = squared_frobenius(kernel, g.input_shape, **g.keywords)
    given = read(kernel, g.input_shape, g.keywords)
    few = min(given.group_shape) <= _SMALL or blocks_of(g) is not None
    if smallest and not few:
        refuse_band(given, None)  # before an iteration takes its time
    some = None if few else min(count, *g.matrix_shape)
    spectrum = singular_values(
        kernel, g.input_shape, count=some, **limits, **g.keywords
    )
    table = BoundTable(g, spectrum.norm, bounds(kernel, g.input_shape, **g.keywords))
    exact = kernel.dtype.kind in "iO"
    if not spectrum.complete:
        if not smallest and ends_work(given)[0] * g.groups > _QUICK:
            return Facts(spectrum, table, total, None, None, None, None)
        ends, condition = both_ends(given, max_bytes=None, **limits)
        if ends.low > 0 and not exact:
            known = full_rank(given, ends.low)
        else:
            known = rank(kernel, g.input_shape, **g.keywords)
        return Facts(spectrum, table, total, ends.smallest, condition, known, None)
    least = Estimate(
        float(spectrum.values[-1]), spectrum.how, float(spectrum.errors[-1])
    )
    known = rank(kernel, g.input_shape, **g.keywords) if exact else rank_of(spectrum)
    square = g.matrix_shape[0] == g.matrix_shape[1]
    found = determinant(kernel, g.input_shape, **g.keywords) if square else None
    return Facts(spectrum, table, total, least, condition_of(spectrum), known, found)
