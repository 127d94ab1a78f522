"""The smallest singular value of a matrix too large to be decomposed whole.

Its band is brought to a triangle, on whose inverse the largest value is found by
Lanczos. The input direction that belongs to it shows a singular value no larger than
its output's length; a factorization shows that none is much smaller.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from math import hypot
from typing import Any

import numpy as np

from convmat.arrays import Array
from convmat.errors import NotConvergedError
from convmat.memory import refuse_beyond
from convmat.spectrum.band import Tall, band_width, tall_matrices
from convmat.spectrum.definite import gram, gram_bytes
from convmat.spectrum.lanczos import Iteration
from convmat.spectrum.reading import Read
from convmat.spectrum.results import Estimate
from convmat.spectrum.triangle import triangle, triangle_bytes

__all__ = ["Ends", "ends_of", "ends_work", "refuse_band"]

_ROOM = 24  # directions that are kept
_EPS = float(np.finfo(np.float64).eps)


@dataclass(frozen=True)
class Ends:
    """The smallest singular value, and bounds that are proved.

    Attributes
    ----------
    smallest : Estimate
        With `"enclosed"` its error is a bound that is proved, with `"inverse"` the
        residual.
    low : float
        No singular value is smaller; 0 where nothing else is proved.
    high : float
        None is larger; infinity where that was not asked.
    """

    smallest: Estimate
    low: float
    high: float


@dataclass(frozen=True)
class _Found:
    """The smallest value of a group, and whether its residual is small enough."""

    value: float
    residual: float
    rounding: float
    steps: int
    done: bool


def ends_work(given: Read) -> tuple[int, int]:
    """Multiplications that `ends_of` takes, about, and bytes.

    Both are those of one group, which are done one after the other.
    """
    columns, width = min(given.group_shape), band_width(given)
    itemsize = given.weights.dtype.itemsize
    held = (
        triangle_bytes(width, columns, itemsize),
        gram_bytes(width, columns, itemsize),
    )
    return 8 * columns * (width + 1) ** 2, max(held)


def refuse_band(given: Read, max_bytes: int | None) -> None:
    """Before the band of a matrix is laid out that would not fit.

    Raises
    ------
    MatrixTooLargeError
        When it would take more than `max_bytes`.
    """
    needed = ends_work(given)[1]
    remedy = "use a smaller input; the norm needs no band"
    refuse_beyond("the band of", given.geometry, needed, max_bytes, remedy)


def ends_of(
    given: Read,
    norm: float | None,
    *,
    tol: float,
    max_steps: int,
    max_bytes: int | None,
) -> Ends:
    """The smallest singular value, and proved bounds on all.

    Parameters
    ----------
    given : Read
    norm : float or None
        The largest singular value of `given.weights`, of which a bound is proved.
    tol : float
        Of the iteration: the residual is at most this times the value, or the value
        is enclosed.
    max_steps : int
    max_bytes : int or None

    Raises
    ------
    MatrixTooLargeError
        When the triangle, or a factor, would take more than `max_bytes`.
    NotConvergedError
        When the iteration stopped early, and nothing could be proved.
    """
    least, low, high, steps = np.inf, np.inf, 0.0 if norm else np.inf, 0
    error, rounding = 0.0, 0.0
    for tall in tall_matrices(given, max_bytes):
        limits: Any = {"tol": tol, "max_steps": max_steps, "max_bytes": max_bytes}
        found = _smallest(tall, given, hasty=True, **limits)
        squares = gram(tall, given.geometry, max_bytes)
        own = squares.least(found.value)
        if not found.done and own == 0.0 and found.steps < max_steps:
            found = _smallest(tall, given, hasty=False, **limits)
        steps += found.steps
        if not found.done and own == 0.0:  # neither converged nor proved
            far, value = given.unscaled(found.residual), given.unscaled(found.value)
            what = Estimate(value, "inverse", far, steps)
            raise NotConvergedError("smallest value", far, tol * value, steps, what)
        low = min(low, own)
        high = max(high, squares.most(norm)) if norm else high
        if found.value < least:
            least, error = found.value, found.residual
        rounding = max(rounding, found.rounding)
    enclosed = low > 0
    off = max(rounding, least - low) if enclosed else error
    smallest = Estimate(
        given.unscaled(least),
        "enclosed" if enclosed else "inverse",
        given.unscaled(off),
        steps,
    )
    return Ends(smallest, given.unscaled(low), high * given.scale)


def _smallest(
    tall: Tall,
    given: Read,
    *,
    hasty: bool,
    tol: float,
    max_steps: int,
    max_bytes: int | None,
) -> _Found:
    """The smallest value of a group; if `hasty`, as soon as it seems settled."""
    exponent = int(np.frexp(np.abs(tall.matrix.data).max(initial=0.0))[1])
    scale = 2.0**exponent  # of this group, which may be far below the others
    tall = replace(tall, matrix=tall.matrix * 2.0**-exponent)
    if tall.absolute == 0.0:
        return _Found(0.0, 0.0, 0.0, 0, done=True)
    upper = triangle(tall, given.geometry, max_bytes)
    matrix = tall.matrix
    columns = matrix.shape[1]

    def inverse(x: Array) -> Array:
        return upper.solve(x)

    def inverse_adjoint(y: Array) -> Array:
        return upper.solve(y, adjoint=True)

    room = min(_ROOM, columns)
    run = Iteration(inverse, inverse_adjoint, (columns, columns), matrix.dtype, room)
    done, settled, before = False, False, 0.0
    while not done and not settled and run.steps < max_steps:
        run.step()
        values, residuals = run.estimates()
        done = bool(residuals[0] <= tol * values[0])
        if (
            hasty and run.steps % _ROOM == 0
        ):  # values in a cluster settle before directions do
            settled = bool(values[0] - before <= 0.1 * tol * values[0])
            before = float(values[0])
    found = run.triplets(1).outputs[0]
    direction = found / np.linalg.norm(found)
    output = matrix @ direction
    value = float(np.linalg.norm(output))
    # Sums of as many products as a row has entries, and a length of as many squares.
    entries = int(np.diff(matrix.indptr).max(initial=0))
    rounding = 4 * (entries + 4) * _EPS * float(np.sqrt(tall.absolute))
    residual = rounding + upper.moved
    if value > residual:
        back = matrix.conj().T @ (output / value) - value * direction
        residual = hypot(residual, float(np.linalg.norm(back)))
    value, residual, rounding = value * scale, residual * scale, rounding * scale
    return _Found(value, residual, rounding, run.steps, done)
