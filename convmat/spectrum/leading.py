"""The largest values by iteration, with a residual that is computed, not inferred."""

from __future__ import annotations

import numpy as np

from convmat.arrays import Array
from convmat.errors import NotConvergedError
from convmat.matrix.bars import bar
from convmat.spectrum.lanczos import Iteration, Triplets, start
from convmat.spectrum.reading import Read
from convmat.spectrum.results import Spectrum

__all__ = ["leading"]

_ROOM = 40  # directions beside two for each value that is asked for
_SINGLE = 1e-4  # from this tolerance on single precision is enough


def leading(
    read: Read,
    count: int,
    *,
    tol: float,
    max_steps: int,
    max_bytes: int | None = None,
) -> Spectrum:
    """The `count` largest values of any geometry, none of them stored or blocked.

    Parameters
    ----------
    read : Read
    count : int
    tol : float
        The residual of each value is at most this times the largest.
    max_steps : int
        Products with the matrix at most; as many with its adjoint.
    max_bytes : int, optional
        Bytes that the directions may take.

    Returns
    -------
    Spectrum

    Raises
    ------
    NotConvergedError
        When a residual is larger after `max_steps`.
    MatrixTooLargeError
        When the directions would not fit.
    """
    weights = read.weights
    if read.single and count == 1 and tol >= _SINGLE:
        weights = weights.astype(
            np.complex64 if weights.dtype.kind == "c" else np.float32
        )
    room = _ROOM + 2 * count
    run = start(read.geometry, weights, room, max_bytes=max_bytes)
    count = min(count, run.room)
    with bar("singular values", max_steps, " steps", hidden=None) as progress:

        def settled(many: int) -> bool:
            """Whether the first `many` settle before the steps are used up."""
            while run.steps < max_steps:
                run.step()
                progress.update()
                values, residuals = run.estimates()
                if len(values) == run.room or run.steps % 5 == 0:
                    allowed = tol * max(float(values[0]), np.finfo(float).tiny)
                    if len(values) >= many and (residuals[:many] <= allowed / 2).all():
                        return True
            return False

        done = settled(count)
        while done and count > 1:  # the norm is the same, however often it occurs
            before = run.estimates()[0][:count]
            run.shake(count)
            done = settled(min(count + 1, run.room))
            after = run.estimates()[0][:count]
            if (after - before <= tol * float(after[0])).all():
                break
    found = run.triplets(count)
    residuals = _residuals(run, found)
    worst = float(residuals.max())
    allowed = tol * float(found.values[0])
    shape = read.geometry.matrix_shape
    values, errors = read.unscaled(found.values), read.unscaled(residuals)
    result = Spectrum(values, "lanczos", errors, shape, run.steps)
    if not done or worst > allowed:
        far, near = worst * read.scale, allowed * read.scale
        raise NotConvergedError("singular values", far, near, run.steps, result)
    return result


def _residuals(run: Iteration, found: Triplets) -> Array:
    """Entry `[i]` is `|(W v - s u, W^H u - s v)| / sqrt(2)`, for u and v of length 1.

    It is the residual of `(u, v) / sqrt(2)` as an eigenvector of the Hermitian matrix
    `[[0, W], [W^H, 0]]`, whose eigenvalues are the singular values, their negatives
    and zeros; one of them lies within it.
    """
    residuals = []
    for value, y, x in zip(found.values, found.outputs, found.inputs, strict=True):
        u, v = y / np.linalg.norm(y), x / np.linalg.norm(x)
        ahead = float(np.linalg.norm(run.apply(v) - value * u))
        back = float(np.linalg.norm(run.apply_adjoint(u) - value * v))
        residuals.append(np.hypot(ahead, back) / np.sqrt(2))
    return np.array(residuals)
