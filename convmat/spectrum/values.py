"""`singular_values` and `spectral_norm`: the way is chosen by the geometry."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from convmat.arrays import Array
from convmat.errors import ConvmatError, ConvmatTypeError
from convmat.geometry import IntOrInts
from convmat.geometry.integers import integer
from convmat.geometry.keywords import known_keywords
from convmat.spectrum.axes import blocks_of
from convmat.spectrum.dense import dense_error, dense_values
from convmat.spectrum.fourier import block_error, block_norm, block_values
from convmat.spectrum.leading import leading
from convmat.spectrum.reading import Read, read
from convmat.spectrum.results import Estimate, How, Spectrum

__all__ = [
    "all_values",
    "check_limits",
    "iterates",
    "norm_of",
    "singular_values",
    "spectral_norm",
]

_SMALL = 400  # shorter side of a matrix that is decomposed rather than iterated on


@known_keywords
def singular_values(
    kernel: npt.ArrayLike,
    input_shape: IntOrInts,
    *,
    count: int | None = None,
    tol: float = 1e-6,
    max_steps: int = 2000,
    max_bytes: int | None = None,
    **keywords: Any,
) -> Spectrum:
    """The singular values of the matrix of a convolution, of the true finite one.

    All of them come from blocks, where the geometry lets the matrix fall into some:
    with circular padding and a stride that divides the circle, and where no two windows
    share a cell. Elsewhere the matrix is written out. Groups are separate matrices
    whose values are put together. The largest few of any matrix, however large, come
    from an iteration.

    Parameters
    ----------
    kernel : array_like
        `(*kernel)`, or `(out_channels, in_channels // groups, *kernel)`. It is rounded
        to double precision.
    input_shape : int or tuple of int
        `(*spatial)` or `(in_channels, *spatial)`.
    count : int, optional
        How many of the largest; by default all.
    tol : float
        Of an iteration: each residual is at most this times the largest value.
    max_steps : int
        Of an iteration: products with the matrix at most, and with its adjoint.
    max_bytes : int, optional
        Bytes that may be taken; by default half of the physical memory.
    **keywords
        `stride`, `padding`, `dilation`, `groups`, `padding_mode`, as in
        `convmat.geometry`.

    Returns
    -------
    Spectrum
        Descending, with how they were obtained and how far off they may be.

    Raises
    ------
    NotConvergedError
        When an iteration stopped early; it has the residual, and what was found.
    MatrixTooLargeError
        When all are asked for and the matrix would not fit.
    ConvmatError
        For a kernel that is not finite, more values than there are, and arguments that
        do not fit.

    Notes
    -----
    A residual says that some singular value lies within it. That no larger one was
    missed is not proved: the start is random, and misses one with probability 0. Values
    that occur several times are looked for again from a second start.

    References
    ----------
    H. Sedghi, V. Gupta, P. M. Long, "The singular values of convolutional layers",
    2019. G. Golub, W. Kahan, "Calculating the singular values and pseudo-inverse of a
    matrix", 1965.

    Examples
    --------
    A circle of 4 cells, each the sum of itself and the next:

    >>> circle = singular_values([1, 1], 4, padding=[(0, 1)], padding_mode="circular")
    >>> circle.how, (circle.values**2).round(9).tolist()
    ('fourier', [4.0, 2.0, 2.0, 0.0])

    The sum of their squares is that of all matrix entries, 8. With zeros in the
    padding the matrix has 7 ones, and other values:

    >>> line = singular_values([1, 1], 4, padding=[(0, 1)])
    >>> line.how, round(float((line.values**2).sum()), 9)
    ('dense', 7.0)

    The largest three of a matrix with 9,216 rows and 3,072 columns:

    >>> kernel = np.random.default_rng(0).standard_normal((9, 3, 3, 3))
    >>> singular_values(kernel, (3, 32, 32), count=3, padding=1)
    Spectrum(the largest 3 of a 9216x3072 matrix, 13.373 to 13.3287; iterative, by
    Golub-Kahan Lanczos: residual ... after ... steps)
    """
    given = read(kernel, input_shape, keywords)
    check_limits(tol, max_steps)
    if count is None:
        return all_values(given, max_bytes)
    wanted = integer("count", count, count)
    if not 1 <= wanted <= given.count:
        rule = f"must be from 1 to {given.count}, the shorter side of the matrix"
        raise ConvmatError("count", rule, count)
    if iterates(given):
        return leading(given, wanted, tol=tol, max_steps=max_steps, max_bytes=max_bytes)
    every = all_values(given, max_bytes)
    values, errors = every.values[:wanted].copy(), every.errors[:wanted].copy()
    return Spectrum(values, every.how, errors, every.matrix_shape)


@known_keywords
def spectral_norm(
    kernel: npt.ArrayLike,
    input_shape: IntOrInts,
    *,
    tol: float = 1e-6,
    max_steps: int = 2000,
    max_bytes: int | None = None,
    **keywords: Any,
) -> Estimate:
    """The norm of the matrix of a convolution: how much it can lengthen an input.

    It is the largest singular value, of the true finite matrix, with its padding. Other
    programs compute other numbers by that name; see `convmat.spectrum.bounds`.

    Parameters
    ----------
    kernel, input_shape, **keywords
        As in `singular_values`.
    tol : float
        Of an iteration: the residual is at most this times the norm. A kernel of single
        precision is iterated on in single precision where `tol` is 1e-4 or more.
    max_steps : int
        Of an iteration: products with the matrix at most, and with its adjoint.
    max_bytes : int, optional
        Bytes that may be taken; by default half of the physical memory.

    Returns
    -------
    Estimate
        With how it was obtained, and how far off it may be. One of an iteration is at
        most the true norm, but for rounding.

    Raises
    ------
    NotConvergedError
        When the iteration stopped early; it has the residual, and what was found.
    ConvmatError, ConvmatTypeError
        As `singular_values`.

    Examples
    --------
    >>> spectral_norm([[1, 1], [1, 1]], (64, 64))
    Estimate(3.997..., iterative, by Golub-Kahan Lanczos: residual ... after ... steps)
    """
    given = read(kernel, input_shape, keywords)
    check_limits(tol, max_steps)
    return norm_of(given, tol=tol, max_steps=max_steps, max_bytes=max_bytes)


def norm_of(
    given: Read, *, tol: float, max_steps: int, max_bytes: int | None
) -> Estimate:
    """`spectral_norm` of what was read."""
    if iterates(given):
        found = leading(given, 1, tol=tol, max_steps=max_steps, max_bytes=max_bytes)
        return found.norm
    axes = blocks_of(given.geometry)
    if axes is None:
        return all_values(given, max_bytes).norm
    norm = block_norm(given, axes)
    error = block_error(given, axes, norm)
    return Estimate(given.unscaled(norm), "fourier", given.unscaled(error))


def all_values(given: Read, max_bytes: int | None) -> Spectrum:
    """All singular values: by blocks where there are some, else of the dense matrix."""
    axes = blocks_of(given.geometry)
    if axes is None:
        values = dense_values(given, max_bytes)
        error = dense_error(given, float(values[0]))
        return _spectrum(given, values, error, dense=True)
    values = block_values(given, axes, max_bytes)
    error = block_error(given, axes, float(values[0]))
    return _spectrum(given, values, error, dense=False)


def iterates(given: Read) -> bool:
    """Whether one value is better found without all the others."""
    small = min(given.group_shape) <= _SMALL and max(given.group_shape) <= 8 * _SMALL
    return not small and blocks_of(given.geometry) is None


def check_limits(tol: float, max_steps: int) -> None:
    """Refuse limits of an iteration that mean nothing.

    Raises
    ------
    ConvmatError
        For a tolerance outside 0 to 1, or no steps.
    ConvmatTypeError
        For what is no number.
    """
    if isinstance(tol, bool) or not isinstance(tol, (int, float, np.floating)):
        raise ConvmatTypeError("tol", "must be a number", tol)
    if not 0 < tol < 1:
        raise ConvmatError("tol", "must be more than 0 and less than 1", tol)
    if integer("max_steps", max_steps, max_steps) < 1:
        raise ConvmatError("max_steps", "must be at least 1", max_steps)


def _spectrum(given: Read, values: Array, error: float, *, dense: bool) -> Spectrum:
    errors = np.full(len(values), given.unscaled(error))
    how: How = "dense" if dense else "fourier"
    return Spectrum(given.unscaled(values), how, errors, given.geometry.matrix_shape)
