"""The truth and all estimates beside it, as one value and as text."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy.typing as npt

from convmat.geometry import Geometry, IntOrInts
from convmat.geometry.keywords import known_keywords
from convmat.spectrum.bounds import Bound, bounds_of
from convmat.spectrum.reading import read
from convmat.spectrum.results import Estimate
from convmat.spectrum.values import check_limits, norm_of

__all__ = ["BoundTable", "compare_bounds"]


@dataclass(frozen=True)
class BoundTable:
    """The norm of one convolution, and every estimate of it.

    Attributes
    ----------
    geometry : Geometry
    truth : Estimate
        The norm, with how it was obtained.
    bounds : tuple of Bound

    Examples
    --------
    >>> table = compare_bounds([1, 1], 3)
    >>> round(table.truth.value**2, 9), table.bounds[0].name
    (3.0, 'reshaped kernel')
    >>> all(b.value >= table.truth.value for b in table.bounds if b.label == "upper")
    True
    """

    geometry: Geometry
    truth: Estimate
    bounds: tuple[Bound, ...]

    def __str__(self) -> str:
        rows = [("estimate", "value", "/ truth", "label", "source")]
        truth = self.truth.value
        rows.append(("truth", f"{truth:.6g}", "1.000", "", self.truth.told))
        for bound in self.bounds:
            share = f"{bound.value / truth:.3f}" if truth else "-"
            rows.append(
                (bound.name, f"{bound.value:.6g}", share, bound.label, bound.source)
            )
        widths = [max(len(row[place]) for row in rows) for place in range(4)]
        return "\n".join(
            f"{name:<{widths[0]}}  {value:>{widths[1]}}  {share:>{widths[2]}}  "
            f"{label:<{widths[3]}}  {source}".rstrip()
            for name, value, share, label, source in rows
        )

    def _repr_html_(self) -> str:
        from convmat.spectrum.display import bounds_html

        return bounds_html(self)


@known_keywords
def compare_bounds(
    kernel: npt.ArrayLike,
    input_shape: IntOrInts,
    *,
    tol: float = 1e-6,
    max_steps: int = 2000,
    max_bytes: int | None = None,
    **keywords: Any,
) -> BoundTable:
    """The norm of a convolution beside every published estimate of it.

    Parameters
    ----------
    kernel, input_shape, tol, max_steps, max_bytes, **keywords
        As in `convmat.spectral_norm`.

    Returns
    -------
    BoundTable

    Raises
    ------
    NotConvergedError
        As `convmat.spectral_norm`.
    ConvmatError, ConvmatTypeError
        As `convmat.singular_values`.

    Examples
    --------
    >>> print(compare_bounds([1, 2], 3))
    estimate                          value  / truth  label    source
    truth                           2.64575    1.000           exact up to rounding, ...
    reshaped kernel                 2.23607    0.845  lower    Yoshida and Miyato ...
    ...
    """
    given = read(kernel, input_shape, keywords)
    check_limits(tol, max_steps)
    truth = norm_of(given, tol=tol, max_steps=max_steps, max_bytes=max_bytes)
    return BoundTable(given.geometry, truth, bounds_of(given))
