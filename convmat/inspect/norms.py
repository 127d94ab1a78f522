"""The true norm and condition number of each layer's matrix, with their errors."""

from __future__ import annotations

from dataclasses import replace
from math import inf, prod, sqrt
from typing import Any

import numpy as np

from convmat.arrays import Array
from convmat.errors import ConvmatError, MatrixTooLargeError
from convmat.inspect.onnx_beside import Beside
from convmat.inspect.value import LayerMatrix
from convmat.spectrum import Spectrum, singular_values, spectral_norm

__all__ = ["onnx_norms", "with_norms"]

_DENSE = 24 << 20  # bytes of a decomposition that is still worth a condition number
_UNIT = 2.0**-53
_NOT_FINITE = "norm not known: weights are not finite"


def onnx_norms(row: LayerMatrix, beside: Beside, model: Any) -> LayerMatrix:
    """The row of an ONNX layer with its norm and condition number."""
    if row.kind == "BatchNormalization":
        scale = beside.constants.array(beside.weight()[0]).astype(np.float64)
        var = beside.constants.array(beside.weight(4)[0]).astype(np.float64)
        if not np.isfinite(var).all():
            return _noted(row, _NOT_FINITE)
        wide = var + beside.attributes.get("epsilon", 1e-5)
        if not (wide > 0).all():
            return _noted(row, "norm not known: a variance and epsilon are not above 0")
        return with_norms(row, scale / np.sqrt(wide))
    if row.parameters == 0:
        return with_norms(row, None)
    weight = beside.values().astype(np.float64)
    if row.kind == "Gemm":
        weight = weight * beside.attributes.get("alpha", 1.0)
    return with_norms(row, weight)


def with_norms(row: LayerMatrix, weight: Array | None) -> LayerMatrix:
    """The row with the largest singular value, and its ratio to the smallest.

    Parameters
    ----------
    row : LayerMatrix
    weight : ndarray or None
        The kernel; of a normalisation the factor of each channel; None for a pooling.

    Returns
    -------
    LayerMatrix
        Each number with its error, and with a note where one is not known, or is the
        end of an iteration.

    Examples
    --------
    >>> import numpy as np
    >>> from convmat.inspect.facts import diagonal_layer
    >>> row = diagonal_layer("norm", "BatchNormalization", (2, 4), 4)
    >>> found = with_norms(row, np.array([3.0, -0.5]))
    >>> found.condition, found.condition_error < 1e-14
    (6.0, True)
    """
    if weight is not None and not np.isfinite(weight).all():
        return _noted(row, _NOT_FINITE)
    if not row.linear:
        return row
    if weight is None:
        return _of_mean(row)
    if row.geometry is not None:
        g = row.geometry
        return _of_kernel(row, weight.reshape(g.kernel_shape), g.input_shape)
    if weight.ndim == 1:
        return _of_factors(row, np.sort(np.abs(weight))[::-1])
    if row.matrix_shape is not None and weight.ndim == 2:
        # The block that stands at every place: a convolution of one cell.
        return _of_kernel(row, weight[:, :, None], (weight.shape[1], 1))
    return row


def _of_factors(row: LayerMatrix, values: Array) -> LayerMatrix:
    """A diagonal; each factor is a root and a quotient, rounded in the last place."""
    largest, least = float(values[0]), float(values[-1])
    row = replace(row, norm=largest, norm_error=4 * _UNIT * largest)
    if not least:
        return replace(row, condition=inf, condition_error=0.0)
    ratio = largest / least
    return replace(row, condition=ratio, condition_error=10 * _UNIT * ratio)


def _of_mean(row: LayerMatrix) -> LayerMatrix:
    """Means over windows that do not overlap nor leave the input: rows apart."""
    g = row.geometry
    assert g is not None  # a pooling has one
    apart = all(stride >= span for stride, span in zip(g.stride, g.span, strict=True))
    if not apart or g.dropped:
        return _noted(row, "norm not computed: its windows overlap, or leave the input")
    norm = 1 / sqrt(prod(g.kernel_size))
    return replace(
        row, norm=norm, norm_error=2 * _UNIT * norm, condition=1.0, condition_error=0.0
    )


def _of_kernel(row: LayerMatrix, kernel: Array, shape: Any) -> LayerMatrix:
    """A convolution, or one transposed: that has the same singular values."""
    keywords = {} if row.geometry is None else row.geometry.keywords
    try:
        try:
            every = singular_values(kernel, shape, max_bytes=_DENSE, **keywords)
        except MatrixTooLargeError:
            norm = spectral_norm(kernel, shape, **keywords)
        else:
            return _with_all(row, every)
        row = replace(row, norm=norm.value, norm_error=norm.error)
        if norm.how == "fourier":  # whose blocks have all values
            return _with_all(row, singular_values(kernel, shape, **keywords))
    except ConvmatError as error:
        return _noted(row, f"norm not known: {error}")
    row = _noted(
        row,
        f"norm iterative, by Golub-Kahan Lanczos after {norm.steps} steps: some "
        "singular value lies within the error of it",
    )
    return _noted(row, "condition not known: only all singular values tell it")


def _with_all(row: LayerMatrix, every: Spectrum) -> LayerMatrix:
    """The row with the ends of a whole spectrum."""
    largest, least = float(every.values[0]), float(every.values[-1])
    off, low = float(every.errors[0]), float(every.errors[-1])
    row = replace(row, norm=largest, norm_error=off)
    if least > low:
        ratio = largest / least
        # (s + e) / (t - e) - s / t, at most
        error = (off + ratio * low) / (least - low)
        return replace(row, condition=ratio, condition_error=error)
    row = replace(row, condition=inf, condition_error=inf)
    if not largest:
        return _noted(row, "singular: its norm is 0")
    at_least = (largest - off) / (least + low)
    return _noted(
        row, f"singular up to rounding: its condition is {at_least:.2g} or more"
    )


def _noted(row: LayerMatrix, note: str) -> LayerMatrix:
    return replace(row, notes=(*row.notes, note))
