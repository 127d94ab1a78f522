"""The condition number: the largest singular value over the smallest."""

from __future__ import annotations

from math import inf
from typing import Any

import numpy.typing as npt

from convmat.geometry import IntOrInts
from convmat.geometry.keywords import known_keywords
from convmat.spectrum.reading import Read, read
from convmat.spectrum.results import Estimate, Spectrum
from convmat.spectrum.smallest import Ends, ends_of, refuse_band
from convmat.spectrum.values import all_values, check_limits, iterates, norm_of

__all__ = ["both_ends", "condition_number", "condition_of", "smallest_value"]


@known_keywords
def condition_number(
    kernel: npt.ArrayLike,
    input_shape: IntOrInts,
    *,
    tol: float = 1e-6,
    max_steps: int = 2000,
    max_bytes: int | None = None,
    **keywords: Any,
) -> Estimate:
    """The largest singular value over the smallest.

    The smallest is that of the shorter side of the matrix: among the first
    `min(rows, columns)`. It is infinite where the smallest is 0, and where rounding
    alone could have made the smallest what it is, the error is infinite.

    Parameters
    ----------
    kernel, input_shape, tol, max_steps, max_bytes, **keywords
        As in `convmat.spectral_norm`; the iterations are those for both values.

    Returns
    -------
    Estimate
        `"enclosed"` where the matrix is large and its error is proved, `"inverse"`
        where no bound below the smallest value could be.

    Raises
    ------
    MatrixTooLargeError
        When the matrix neither falls into blocks nor fits as a band.
    NotConvergedError
        When an iteration stopped early; it has the residual.
    ConvmatError, ConvmatTypeError
        As `convmat.singular_values`.

    References
    ----------
    See `smallest_value`.

    Examples
    --------
    >>> condition_number([[2]], (5, 5)).value
    1.0
    >>> float(condition_number([1, 1], 4, padding=[(0, 1)]))
    5.41...
    >>> condition_number([[1, 2], [2, 9]], (40, 40))
    Estimate(2.328..., enclosed, by a direction and a factorization: error at most ...)
    """
    given = read(kernel, input_shape, keywords)
    check_limits(tol, max_steps)
    if iterates(given):
        return both_ends(given, tol=tol, max_steps=max_steps, max_bytes=max_bytes)[1]
    return condition_of(all_values(given, max_bytes))


def condition_of(spectrum: Spectrum) -> Estimate:
    """The condition number that follows from all values."""
    largest, least = float(spectrum.values[0]), float(spectrum.values[-1])
    error = float(spectrum.errors[-1])
    if least == 0.0:
        return Estimate(inf, spectrum.how, 0.0 if largest == 0.0 else inf)
    value = largest / least
    # (s + e) / (t - e) - s / t, at most
    off = inf if least <= error else (1 + value) * error / (least - error)
    return Estimate(value, spectrum.how, off)


@known_keywords
def smallest_value(
    kernel: npt.ArrayLike,
    input_shape: IntOrInts,
    *,
    tol: float = 1e-6,
    max_steps: int = 2000,
    max_bytes: int | None = None,
    **keywords: Any,
) -> Estimate:
    """The smallest singular value: how much a convolution shortens an input, at most.

    It is that of the shorter side of the matrix: of a matrix with more columns than
    rows, the smallest for inputs without a part that it maps to 0.

    Parameters
    ----------
    kernel, input_shape, max_bytes, **keywords
        As in `convmat.spectral_norm`.
    tol : float
        Of an iteration: the residual is at most this times the value, but for rounding.
    max_steps : int
        Of an iteration: steps at most.

    Returns
    -------
    Estimate
        `"enclosed"`: its error is proved, up to the rounding of a factorization, which
        is bounded. `"inverse"`: some singular value lies within the residual, and
        rounding hides whether there is a smaller one.

    Raises
    ------
    MatrixTooLargeError
        When the matrix neither falls into blocks nor fits as a band.
    NotConvergedError
        When the iteration stopped early, and nothing could be proved; it has the
        residual.
    ConvmatError, ConvmatTypeError
        As `convmat.singular_values`.

    References
    ----------
    A. Bjorck, "Numerical methods for least squares problems", 1996, section 6.2: the
    triangle of a band. N. J. Higham, "Accuracy and stability of numerical algorithms",
    theorem 10.3: the proof from below.

    Examples
    --------
    >>> smallest_value([[1, 2], [2, 9]], (40, 40))
    Estimate(6.006..., enclosed, by a direction and a factorization: error at most ...)
    >>> float(smallest_value([2], 5))
    2.0
    """
    given = read(kernel, input_shape, keywords)
    check_limits(tol, max_steps)
    if iterates(given):
        refuse_band(given, max_bytes)
        limits: Any = {"tol": tol, "max_steps": max_steps, "max_bytes": max_bytes}
        return ends_of(given, None, **limits).smallest
    spectrum = all_values(given, max_bytes)
    value, error = float(spectrum.values[-1]), float(spectrum.errors[-1])
    return Estimate(value, spectrum.how, error)


def both_ends(
    given: Read, *, tol: float, max_steps: int, max_bytes: int | None
) -> tuple[Ends, Estimate]:
    """The ends of the spectrum and the condition number of a large matrix.

    Raises
    ------
    MatrixTooLargeError, NotConvergedError
        As `condition_number`.
    """
    limits: Any = {"tol": tol, "max_steps": max_steps, "max_bytes": max_bytes}
    refuse_band(given, max_bytes)
    norm = norm_of(given, **limits)
    ends = ends_of(given, norm.value / given.scale, **limits)
    return ends, _quotient(norm, ends)


def _quotient(norm: Estimate, ends: Ends) -> Estimate:
    """The norm over the smallest value, with what is known of both."""
    least, steps = ends.smallest, norm.steps + ends.smallest.steps
    if norm.value == 0.0:
        return Estimate(inf, least.how, 0.0, steps)
    if least.value <= 0.0 or (least.how == "inverse" and least.value <= least.error):
        value = norm.value / least.value if least.value else inf
        return Estimate(value, least.how, inf, steps)
    value = norm.value / least.value
    if ends.low > 0:
        above = ends.high / ends.low - value
        below = value - (norm.value - norm.error) / (least.value + least.error)
        return Estimate(value, "enclosed", max(above, below), steps)
    error = (norm.error + value * least.error) / (least.value - least.error)
    return Estimate(value, "inverse", error, steps)
