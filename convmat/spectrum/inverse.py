"""The pseudo-inverse at work: the input that comes nearest to an output."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from convmat import maps
from convmat.arrays import Array
from convmat.dtypes import carried
from convmat.errors import ConvmatError, NotConvergedError, ShapeError
from convmat.geometry import IntOrInts
from convmat.geometry.keywords import known_keywords
from convmat.spectrum.reading import Read, read
from convmat.spectrum.values import check_limits

__all__ = ["Solution", "null_space_apply", "pseudo_inverse_apply"]


@dataclass(frozen=True, eq=False)
class Solution:
    """The shortest input among those whose output is nearest to a given one.

    Attributes
    ----------
    x : ndarray of the input's shape
    misfit : float
        Length of `W x - y`: 0 where `y` can be reached.
    residual : float
        Length of `W^H (W x - y)`, 0 at the true answer, over the norm of `W` (as the
        iteration estimates it) times the length of `y`.
    steps : int
        Of the iteration.
    norm : float
        The Frobenius norm of `W` as far as the iteration saw it, an estimate of `|W|`.

    Examples
    --------
    >>> found = pseudo_inverse_apply([3, 5], [1, 1], 3)
    >>> found.x.round(6).tolist(), found.misfit < 1e-9
    ([0.333333, 2.666667, 2.333333], True)
    """

    x: Array = field(repr=False)
    misfit: float
    residual: float
    steps: int
    norm: float = field(default=0.0, repr=False)


@known_keywords
def pseudo_inverse_apply(
    y: npt.ArrayLike,
    kernel: npt.ArrayLike,
    input_shape: IntOrInts,
    *,
    tol: float = 1e-10,
    max_steps: int = 10_000,
    **keywords: Any,
) -> Solution:
    """The pseudo-inverse of the matrix times `y`, by LSQR; no matrix is stored.

    Parameters
    ----------
    y : array_like
        One output, of the shape of `conv(x, kernel)`.
    kernel, input_shape, **keywords
        As in `convmat.singular_values`.
    tol : float
        The residual is at most this.
    max_steps : int
        Products with the matrix at most, and with its adjoint.

    Returns
    -------
    Solution

    Raises
    ------
    NotConvergedError
        When the residual is larger after `max_steps`; it has the solution so far.
    ShapeError
        For a `y` of another shape.
    ConvmatError
        For a `y` that is not finite; as `convmat.singular_values`.
    ConvmatTypeError
        As `convmat.singular_values`.

    References
    ----------
    C. C. Paige, M. A. Saunders, "LSQR: an algorithm for sparse linear equations and
    sparse least squares", 1982.

    Examples
    --------
    >>> from convmat import conv
    >>> y = conv([1, 5, 2, 4], [1, 1])
    >>> found = pseudo_inverse_apply(y, [1, 1], 4)
    >>> found.x.round(6).tolist(), found.misfit < 1e-9
    ([2.5, 3.5, 3.5, 2.5], True)

    These sums can't tell `(2.5, 3.5, 3.5, 2.5)` from `(1, 5, 2, 4)`; the
    former is the shorter one.
    """
    from scipy.sparse.linalg import LinearOperator

    given = read(kernel, input_shape, keywords)
    check_limits(tol, max_steps)
    g = given.geometry
    wanted = carried("y", y)
    if wanted.shape not in (g.output_shape, (g.out_channels, *g.output_size)):
        raise ShapeError("y.shape", f"must be {g.output_shape}", wanted.shape)
    complexes = "c" in (wanted.dtype.kind, given.weights.dtype.kind)
    wide = np.complex128 if complexes else np.float64
    target: Any = wanted.astype(wide).reshape(-1)
    if not np.isfinite(target).all():
        raise ConvmatError("y", "must hold finite numbers", wanted)
    forward, adjoint = _maps(given)
    rows, columns = g.matrix_shape
    if complexes:  # LSQR is for real numbers: real parts first, then the others
        forward, adjoint = _as_real(forward), _as_real(adjoint)
        rows, columns, target = 2 * rows, 2 * columns, _real(target)
    operator = LinearOperator(
        (rows, columns), matvec=forward, rmatvec=adjoint, dtype=np.float64
    )
    x, misfit, residual, steps, norm = _least(operator, target, tol, max_steps)
    flat = x[: columns // 2] + 1j * x[columns // 2 :] if complexes else x
    solution = Solution(
        (flat / given.scale).reshape(g.input_shape),
        misfit,
        residual,
        steps,
        norm * given.scale,
    )
    # With y within rounding of the range, W^H (W x - y) is as small as it gets.
    if residual > tol and misfit > tol * float(np.linalg.norm(target)):
        raise NotConvergedError("pseudo-inverse", residual, tol, steps, solution)
    return solution


@known_keywords
def null_space_apply(
    x: npt.ArrayLike,
    kernel: npt.ArrayLike,
    input_shape: IntOrInts,
    *,
    tol: float = 1e-8,
    max_steps: int = 10_000,
    **keywords: Any,
) -> Solution:
    """The part of an input that a convolution maps to 0, by LSQR.

    It is the orthogonal projection of `x` on the null space, for matrices of any size;
    `null_space` gives a basis of small ones.

    Parameters
    ----------
    x : array_like
        One input, of the shape `input_shape`.
    kernel, input_shape, **keywords
        As in `convmat.singular_values`.
    tol : float
        The output of the part is at most this times the norm of the matrix (as the
        iteration estimates it) times the length of `x`.
    max_steps : int
        Products with the matrix at most, and with its adjoint.

    Returns
    -------
    Solution
        `x` is the part, `misfit` the length of its output.

    Raises
    ------
    NotConvergedError
        When the output is longer after `max_steps`; it has the part so far.
    ShapeError
        For an `x` of another shape.
    ConvmatError
        For an `x` that is not finite; as `convmat.singular_values`.
    ConvmatTypeError
        As `convmat.singular_values`.

    References
    ----------
    As `pseudo_inverse_apply`.

    Examples
    --------
    Sums of neighbours don't see what alternates:

    >>> found = null_space_apply([1, 0, 0, 0], [1, 1], 4)
    >>> found.x.round(6).tolist(), found.misfit < 1e-9
    ([0.25, -0.25, 0.25, -0.25], True)
    """
    given = read(kernel, input_shape, keywords)
    check_limits(tol, max_steps)
    g = given.geometry
    start = carried("x", x)
    if start.shape not in (g.input_shape, (g.in_channels, *g.input_size)):
        raise ShapeError("x.shape", f"must be {g.input_shape}", start.shape)
    complexes = "c" in (start.dtype.kind, given.weights.dtype.kind)
    wide: Any = np.complex128 if complexes else np.float64
    begun = start.astype(wide).reshape(-1)
    size = float(np.linalg.norm(begun))
    if not np.isfinite(size):
        raise ConvmatError("x", "must hold finite numbers", start)
    forward, _ = _maps(given)
    target = forward(begun).reshape(g.output_shape) * given.scale
    try:
        reached = pseudo_inverse_apply(
            target,
            kernel,
            input_shape,
            tol=tol / 100,
            max_steps=max_steps,
            **keywords,
        )
    except NotConvergedError as error:
        reached = error.estimate  # near enough, as it may be, for an output of 0
    part = begun - reached.x.reshape(-1)
    misfit = float(np.linalg.norm(forward(part)))
    norm = reached.norm / given.scale
    share = misfit / (norm * size) if norm * size else 0.0
    solution = Solution(
        part.reshape(g.input_shape),
        misfit * given.scale,
        share,
        reached.steps,
        reached.norm,
    )
    if share > tol:
        raise NotConvergedError(
            "part in the null space", share, tol, reached.steps, solution
        )
    return solution


def _least(
    operator: Any, target: Array, tol: float, max_steps: int
) -> tuple[Array, float, float, int, float]:
    """`x`, with its misfit and its residual, after how many steps, and the norm.

    LSQR stops on estimates of its own, which part from the truth as it goes on: a tenth
    leaves room, and what is left over is given to it again, as long as that helps.
    """
    from scipy.sparse.linalg import lsqr

    size = misfit = float(np.linalg.norm(target))
    x: Array = np.zeros(operator.shape[1])
    left, residual, steps, norm = target, float("inf"), 0, 0.0
    while steps < max_steps:
        more, _, taken, _, _, seen, *_ = lsqr(
            operator,
            left,
            atol=tol / 10,
            btol=tol / 10,
            conlim=0,
            iter_lim=max_steps - steps,
        )
        steps, norm = steps + int(taken), max(norm, float(seen))
        left = target - operator.matvec(x + more)
        back = float(np.linalg.norm(operator.rmatvec(left)))
        now = back / (norm * size) if norm * size else 0.0
        if now >= residual:
            break
        x, misfit, helped = x + more, float(np.linalg.norm(left)), now < residual / 2
        residual = now
        if residual <= tol or misfit <= tol * size or not helped:
            break
    return x, misfit, residual, steps, norm


def _maps(given: Read) -> tuple[Callable[[Array], Array], Callable[[Array], Array]]:
    """The matrix and its adjoint, on flat vectors."""
    g, weights = given.geometry, given.weights
    conjugate = np.conjugate(weights)

    def forward(x: Array) -> Array:
        shape = (1, g.in_channels, *g.input_size)
        return maps.forward(x.reshape(shape), weights, g).reshape(-1)

    def adjoint(y: Array) -> Array:
        shape = (1, g.out_channels, *g.output_size)
        return maps.input_grad(y.reshape(shape), conjugate, g).reshape(-1)

    return forward, adjoint


def _as_real(function: Callable[[Array], Array]) -> Callable[[Array], Array]:
    """A map of complex vectors on real ones: real parts first, then the others."""

    def mapped(pair: Array) -> Array:
        real, imaginary = pair.reshape(2, -1)
        return _real(function(real + 1j * imaginary))

    return mapped


def _real(vector: Array) -> Array:
    return np.concatenate([vector.real, vector.imag])
