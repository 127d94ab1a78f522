"""The determinant of a square matrix, as a sign and a logarithm."""

from __future__ import annotations

from dataclasses import dataclass, field
from fractions import Fraction
from math import inf, log, prod
from typing import Any

import numpy as np
import numpy.typing as npt

from convmat.arrays import Array
from convmat.dtypes import carried
from convmat.errors import ShapeError
from convmat.geometry import IntOrInts, geometry
from convmat.geometry.keywords import known_keywords
from convmat.spectrum.axes import blocks_of
from convmat.spectrum.dense import group_matrices, refuse_dense
from convmat.spectrum.exact import exact_determinant, exact_of
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
    how : {"exact", "fourier", "dense"}
        See `convmat.spectrum.results`.
    error : float
        A bound on what rounding did to `log_abs`. It is infinite where the matrix is
        singular, up to rounding: then the determinant may be 0, and neither its sign
        nor its size is known.
    value : int, Fraction or None
        The determinant itself with `"exact"`, else None.

    Examples
    --------
    >>> found = determinant([2], 3)
    >>> found.value, found.sign, round(float(found.log_abs / np.log(2)), 9)
    (8, 1.0, 3.0)
    """

    sign: complex
    log_abs: float
    how: How
    error: float
    value: int | Fraction | None = field(default=None, repr=False)


@known_keywords
def determinant(
    kernel: npt.ArrayLike,
    input_shape: IntOrInts,
    *,
    exact: bool | None = None,
    max_bytes: int | None = None,
    **keywords: Any,
) -> Determinant:
    """The determinant of the matrix of a convolution, where it is square.

    Parameters
    ----------
    kernel, input_shape, max_bytes, **keywords
        As in `convmat.singular_values`.
    exact : bool, optional
        Whether it is computed without rounding, modulo primes. By default it is so for
        integers and Fractions, where that takes a few seconds at most. True does so
        however long it takes, with a bar; False never.

    Returns
    -------
    Determinant

    Raises
    ------
    ShapeError
        For a matrix that is not square.
    MatrixTooLargeError
        When it neither falls into blocks nor fits.
    ConvmatTypeError
        For `exact=True` beside floats; as `convmat.singular_values`.
    ConvmatError
        As `convmat.singular_values`.

    References
    ----------
    J. von zur Gathen, J. Gerhard, "Modern computer algebra", section 5.5.

    Examples
    --------
    A triangular matrix with -2 along its diagonal:

    >>> found = determinant([-2, 1], 5, padding=[(0, 1)])
    >>> found.value, found.sign, found.how
    (-32, -1.0, 'exact')
    >>> floats = determinant([-2.0, 1.0], 5, padding=[(0, 1)])
    >>> floats.sign, round(float(np.exp(floats.log_abs)), 9), floats.how
    (-1.0, 32.0, 'dense')

    The differences of neighbours on a circle lose the mean. In floats their determinant
    need not be 0, and the error says so:

    >>> circle = {"padding": [(0, 1)], "padding_mode": "circular"}
    >>> determinant([1, -1], 6, **circle).value
    0
    >>> determinant([1.0, -1.0], 6, **circle).error
    inf
    """
    array = carried("kernel", kernel)
    g = geometry(input_shape, array.shape, **keywords)
    rows, columns = g.matrix_shape
    if rows != columns:
        remedy = "stride 1 and padding='same' keep the size; channels must agree, too"
        raise ShapeError("matrix", "must be square", (rows, columns), remedy)
    found = exact_of(array, g, asked=exact, max_bytes=max_bytes)
    if found is not None:
        value = exact_determinant(found, quick=exact is None)
        if value is not None:
            return _exactly(value)
    given = read(kernel, input_shape, keywords)
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


def _exactly(value: int | Fraction) -> Determinant:
    """An exact determinant, with the logarithm of its size."""
    if value == 0:
        return Determinant(0.0, -inf, "exact", 0.0, value)
    above, below = log(abs(value.numerator)), log(value.denominator)
    error = 4 * float(np.finfo(np.float64).eps) * (above + below + 1)
    return Determinant(1.0 if value > 0 else -1.0, above - below, "exact", error, value)


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
