"""The determinant of a square matrix, as a sign and a logarithm."""

from __future__ import annotations

from dataclasses import dataclass
from math import inf, log, prod
from typing import Any

import numpy as np
import numpy.typing as npt

from convmat.arrays import Array
from convmat.errors import ShapeError
from convmat.geometry import IntOrInts
from convmat.geometry.keywords import known_keywords
from convmat.spectrum.axes import blocks_of
from convmat.spectrum.dense import group_matrices, refuse_dense
from convmat.spectrum.fourier import each_block
from convmat.spectrum.reading import Read, read
from convmat.spectrum.results import How, Spectrum
from convmat.spectrum.values import all_values

__all__ = ["Determinant", "determinant"]


@dataclass(frozen=True)
class Determinant:
    """A determinant that no float need hold.

    Attributes
    ----------
    sign : float or complex
        1, -1 or 0; for a complex kernel a number of size 1, or 0.
    log_abs : float
        Natural logarithm of its size; -infinity where it is 0.
    how : {"fourier", "dense"}
        See `convmat.spectrum.results`.
    error : float
        A bound on what rounding did to `log_abs`. It is infinite where the matrix is
        singular, up to rounding: then the determinant may be 0, and neither its sign
        nor its size is known.
    """

    sign: complex
    log_abs: float
    how: How
    error: float


@known_keywords
def determinant(
    kernel: npt.ArrayLike,
    input_shape: IntOrInts,
    *,
    max_bytes: int | None = None,
    **keywords: Any,
) -> Determinant:
    """The determinant of the matrix of a convolution, where it is square.

    Parameters
    ----------
    kernel, input_shape, max_bytes, **keywords
        As in `convmat.singular_values`.

    Returns
    -------
    Determinant

    Raises
    ------
    ShapeError
        For a matrix that is not square.
    MatrixTooLargeError
        When it neither falls into blocks nor fits.
    ConvmatError, ConvmatTypeError
        As `convmat.singular_values`.

    Examples
    --------
    A triangular matrix with -2 along its diagonal:

    >>> found = determinant([-2, 1], 5, padding=[(0, 1)])
    >>> found.sign, round(float(np.exp(found.log_abs)), 9), found.how
    (-1.0, 32.0, 'dense')

    The differences of neighbours on a circle lose the mean. In floats their determinant
    need not be 0, and the error says so:

    >>> determinant([1, -1], 6, padding=[(0, 1)], padding_mode="circular").error
    inf
    """
    given = read(kernel, input_shape, keywords)
    rows, columns = given.geometry.matrix_shape
    if rows != columns:
        remedy = "stride 1 and padding='same' keep the size; channels must agree, too"
        raise ShapeError("matrix", "must be square", (rows, columns), remedy)
    axes = blocks_of(given.geometry)
    inputs, outputs = given.by_group.shape[2], given.by_group.shape[1]
    together = inputs == outputs and axes is not None and all(a.same for a in axes)
    if together and axes is not None:
        alike = prod(axis.repeat for axis in axes)
        parts = [(*_of(blocks), times) for blocks, times in each_block(given, axes)]
        how: How = "fourier"
        sign, size = _product(parts, alike, given)
    else:
        refuse_dense(given, max_bytes, "use a smaller input")
        parts = [(*_of(matrix[None]), 1) for matrix in group_matrices(given)]
        how = "dense"
        sign, size = _product(parts, 1, given)
    return Determinant(sign, size, how, _error(all_values(given, max_bytes)))


def _error(spectrum: Spectrum) -> float:
    """What rounding did to the logarithm: each value is off by its own error at most.

    The logarithm of the determinant's size is the sum of those of all values.
    """
    values, errors = spectrum.values, spectrum.errors
    if values[0] == 0.0:
        return 0.0
    if (values <= errors).any():
        return inf
    sums = len(values) * float(np.finfo(np.float64).eps) * np.abs(np.log(values))
    return float((errors / (values - errors) + sums).sum())


def _of(blocks: Array) -> tuple[Array, Array]:
    """Signs and logarithms of the determinants of some blocks."""
    signs, sizes = np.linalg.slogdet(blocks)
    return signs, sizes


def _product(
    parts: list[tuple[Array, Array, int]], alike: int, given: Read
) -> tuple[complex, float]:
    """Sign and logarithm of the product of all determinants.

    Parameters
    ----------
    parts : list of (ndarray, ndarray, int)
        Signs, logarithms, and how often each counts: `alike` times, or twice that for a
        block of a real kernel that stands for its conjugate, too. The product with the
        conjugate is positive.
    alike : int
    given : Read
    """
    sign, size = complex(1.0), 0.0
    for signs, sizes, times in parts:
        size += float(sizes.sum()) * times
        own = complex(np.prod(signs))
        sign *= own**alike if times == alike else abs(own)
    size += given.geometry.matrix_shape[0] * log(given.scale)
    if size == -inf or sign == 0:
        return 0.0, -inf
    if given.weights.dtype.kind != "c":
        return float(np.sign(sign.real)), size
    return sign / abs(sign), size
