"""The rank: exact where the kernel is, else the number of values beyond a threshold."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from math import inf, nan
from typing import Any

import numpy as np
import numpy.typing as npt

from convmat.dtypes import carried
from convmat.errors import ConvmatError, ConvmatTypeError, NotConvergedError
from convmat.geometry import IntOrInts, geometry
from convmat.geometry.keywords import known_keywords
from convmat.spectrum.band import tall_matrices
from convmat.spectrum.exact import exact_of, exact_rank
from convmat.spectrum.inertia import Count, count_above
from convmat.spectrum.reading import Read, read
from convmat.spectrum.results import WAYS, How, Spectrum
from convmat.spectrum.smallest import ends_of, refuse_band
from convmat.spectrum.values import all_values, iterates, norm_of

__all__ = ["Rank", "full_rank", "rank", "rank_of", "threshold_of"]

_SHARES = 1e-6, 1e-2  # of the norm: where counting begins, and where it gives up
_APART = 100  # a count at so many times the threshold shows whether there is a gap


@dataclass(frozen=True, repr=False)
class Rank:
    """A rank: how many singular values are beyond a threshold.

    Attributes
    ----------
    value : int
    threshold : float
        Values up to here count as 0.
    least_kept, largest_dropped : float
        The values on either side of the threshold; infinity where none is kept, and 0
        where none is dropped. A wide gap between the two makes the rank certain, a
        narrow one a matter of the threshold. With `"exact"` they are not computed, and
        NaN; with `"enclosed"` and `"inertia"` they are bounds, the first from below,
        the other from above.
    how : {"exact", "fourier", "dense", "enclosed", "inertia"}
        See `convmat.spectrum.results`.
    proved : bool
        False where an exact rank may be larger: it is that modulo some primes, which
        can't exceed the true one.

    Examples
    --------
    >>> found = rank([1, 2], 3)
    >>> int(found), found.how, found.proved
    (2, 'exact', True)
    """

    value: int
    threshold: float
    least_kept: float
    largest_dropped: float
    how: How
    proved: bool = True

    def __int__(self) -> int:
        return self.value

    def __repr__(self) -> str:
        if self.how == "exact":
            many = "" if self.proved else "at least "
            return f"Rank({many}{self.value}, exact, modulo primes)"
        kept, dropped = f"{self.least_kept:.3g}", f"{self.largest_dropped:.3g}"
        return (
            f"Rank({self.value} values above {self.threshold:.3g}, the least {kept}; "
            f"the largest dropped {dropped}; {self.told})"
        )

    @property
    def told(self) -> str:
        """How it was obtained, in words."""
        return WAYS[self.how]


@known_keywords
def rank(
    kernel: npt.ArrayLike,
    input_shape: IntOrInts,
    *,
    threshold: float | None = None,
    exact: bool | None = None,
    max_bytes: int | None = None,
    **keywords: Any,
) -> Rank:
    """The rank of the matrix of a convolution.

    Of integers and Fractions it is exact, as long as no threshold is named. Of floats
    it is the number of singular values beyond a threshold: from the values themselves
    where they can be had, else counted by the signs of a factorization.

    Parameters
    ----------
    kernel, input_shape, max_bytes, **keywords
        As in `convmat.singular_values`.
    threshold : float, optional
        Values up to here count as 0; by default the bound on their rounding, or where
        values are counted the least number at which the count is certain.
    exact : bool, optional
        Whether it is computed without rounding, modulo primes. By default it is so for
        integers and Fractions, where that takes a few seconds at most. True does so for
        some minutes, with a bar, and tells then what is proved; False never.

    Returns
    -------
    Rank

    Raises
    ------
    MatrixTooLargeError
        When the matrix neither falls into blocks nor fits as a band.
    ConvmatError
        For a threshold that is negative or no number, one beside `exact=True`, or one
        so small that rounding hides the count; as `convmat.singular_values`.
    ConvmatTypeError
        For `exact=True` beside floats; as `convmat.singular_values`.

    References
    ----------
    J. J. Sylvester, 1852: the law of inertia, by which values are counted.

    Examples
    --------
    The differences of neighbours on a circle lose the mean:

    >>> settings = {"padding": [(0, 1)], "padding_mode": "circular"}
    >>> rank([1, -1], 6, **settings)
    Rank(5, exact, modulo primes)
    >>> circle = rank([1.0, -1.0], 6, **settings)
    >>> circle.value, circle.least_kept > 0.9, circle.largest_dropped < 1e-12
    (5, True, True)
    """
    found = _exactly(kernel, input_shape, threshold, exact, max_bytes, keywords)
    if found is not None:
        return found
    given = read(kernel, input_shape, keywords)
    if iterates(given):
        return _counted(given, threshold, max_bytes)
    return rank_of(all_values(given, max_bytes), threshold)


def rank_of(spectrum: Spectrum, threshold: float | None = None) -> Rank:
    """The rank that follows from all values.

    Raises
    ------
    ConvmatError, ConvmatTypeError
        For a threshold that is negative, not finite, or no number.
    """
    limit = threshold_of(threshold, spectrum)
    kept = int((spectrum.values > limit).sum())
    values = spectrum.values
    return Rank(
        kept,
        limit,
        float(values[kept - 1]) if kept else inf,
        float(values[kept]) if kept < len(values) else 0.0,
        spectrum.how,
    )


def threshold_of(threshold: float | None, spectrum: Spectrum) -> float:
    """The one that was given, checked, or else that of rounding.

    Raises
    ------
    ConvmatError, ConvmatTypeError
        For one that is negative, not finite, or no number.
    """
    if threshold is None:
        return float(spectrum.errors[0])
    return _checked(threshold)


def full_rank(given: Read, low: float) -> Rank:
    """The rank of a matrix whose singular values are all proved to be at least `low`.

    Its threshold is `low` as well, or the number just below it.
    """
    return Rank(given.count, float(np.nextafter(low, 0.0)), low, 0.0, "enclosed")


def _checked(threshold: float) -> float:
    if isinstance(threshold, bool) or not isinstance(
        threshold, (int, float, np.floating)
    ):
        raise ConvmatTypeError("threshold", "must be a number", threshold)
    if not 0 <= threshold < inf:
        rule = "must be at least 0 and finite"
        raise ConvmatError("threshold", rule, threshold)
    return float(threshold)


def _exactly(
    kernel: npt.ArrayLike,
    input_shape: IntOrInts,
    threshold: float | None,
    exact: bool | None,
    max_bytes: int | None,
    keywords: Mapping[str, Any],
) -> Rank | None:
    """The exact rank, where one is wanted and can be had."""
    if threshold is not None:
        if exact:
            rule = "must be left out beside exact=True"
            raise ConvmatError(
                "threshold", rule, threshold, "exact values are 0 or not"
            )
        return None
    array = carried("kernel", kernel)
    g = geometry(input_shape, array.shape, **keywords)
    held = exact_of(array, g, asked=exact, max_bytes=max_bytes)
    found = None if held is None else exact_rank(held, quick=exact is None)
    if found is None:
        return None
    value, proved = found
    return Rank(value, 0.0, nan, nan, "exact", proved)


def _counted(given: Read, threshold: float | None, max_bytes: int | None) -> Rank:
    """The rank of a matrix too large for all its values, by inertia."""
    refuse_band(given, max_bytes)
    limit = None if threshold is None else _checked(threshold) / given.scale
    norm = norm_of(given, tol=1e-2, max_steps=2000, max_bytes=max_bytes).value
    norm /= given.scale
    if norm == 0.0:
        return Rank(0, given.unscaled(limit or 0.0), inf, 0.0, "inertia")
    if threshold is None:
        limits: Any = {"tol": 1e-4, "max_steps": 2000, "max_bytes": max_bytes}
        with suppress(NotConvergedError):  # then they are counted
            low = ends_of(given, None, **limits).low
            if low > 0:
                return full_rank(given, low)
    bands = list(tall_matrices(given, max_bytes))

    def count(share: float) -> Count:
        each = [count_above(b, share, given.geometry, max_bytes) for b in bands]
        return Count(
            sum(one.value for one in each),
            min(one.low for one in each),
            max(one.high for one in each),
        )

    at = _SHARES[0] * norm if limit is None else limit
    found = count(at)
    while found.low == 0.0 and limit is None and at < _SHARES[1] * norm:
        at *= 4
        found = count(at)
    if found.low == 0.0:
        rule = "must be so large that rounding can't hide what is above it"
        remedy = "without one, the least that is certain is found"
        raise ConvmatError("threshold", rule, given.unscaled(at), remedy)
    kept = found.low
    wide = count(_APART * at)
    if wide.value == found.value:
        kept = wide.low
    every = found.value == given.count
    return Rank(
        found.value,
        given.unscaled(at),
        given.unscaled(kept) if found.value else inf,
        0.0 if every else given.unscaled(found.high),
        "inertia",
    )
