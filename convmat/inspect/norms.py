"""The true norm and condition number of each layer's matrix."""

from __future__ import annotations

from dataclasses import replace
from math import inf, prod, sqrt
from typing import Any

import numpy as np

from convmat.arrays import Array
from convmat.errors import ConvmatError
from convmat.inspect.onnx_beside import Beside
from convmat.inspect.value import LayerMatrix
from convmat.spectrum import condition_number, spectral_norm

__all__ = ["onnx_norms", "with_norms"]

_DENSE = 8 << 20  # bytes of a matrix whose smallest singular value is still worth it


def onnx_norms(row: LayerMatrix, beside: Beside, model: Any) -> LayerMatrix:
    """The row of an ONNX layer with its norm and condition number."""
    if row.kind == "BatchNormalization":
        scale = beside.constants.array(beside.weight()[0]).astype(np.float64)
        var = beside.constants.array(beside.weight(4)[0]).astype(np.float64)
        epsilon = beside.attributes.get("epsilon", 1e-5)
        return with_norms(row, scale / np.sqrt(var + epsilon))
    if row.parameters == 0:
        return with_norms(row, None)
    weight = beside.constants.array(beside.weight()[0]).astype(np.float64)
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
        With a note where a number is not known, or is the end of an iteration.

    Examples
    --------
    >>> import numpy as np
    >>> from convmat.inspect.facts import diagonal_layer
    >>> row = diagonal_layer("norm", "BatchNormalization", (2, 4), 4)
    >>> with_norms(row, np.array([3.0, -0.5])).condition
    6.0
    """
    if weight is not None and not np.isfinite(weight).all():
        return _noted(row, "norm not known: weights are not finite")
    if not row.linear:
        return row
    if weight is None:
        return _of_mean(row)
    if row.geometry is not None:
        return _of_kernel(row, weight)
    if weight.ndim == 1:
        values = np.sort(np.abs(weight))[::-1]
    elif row.matrix_shape is not None and weight.ndim == 2:
        values = np.linalg.svd(weight, compute_uv=False)  # the block, at every place
    else:
        return row
    return _with(row, values)


def _with(row: LayerMatrix, values: Array) -> LayerMatrix:
    largest, least = float(values[0]), float(values[-1])
    return replace(row, norm=largest, condition=largest / least if least else inf)


def _of_mean(row: LayerMatrix) -> LayerMatrix:
    """Means over windows that do not overlap nor leave the input: rows apart."""
    g = row.geometry
    assert g is not None  # a pooling has one
    apart = all(stride >= span for stride, span in zip(g.stride, g.span, strict=True))
    if not apart or g.dropped:
        return _noted(row, "norm not computed: its windows overlap, or leave the input")
    return replace(row, norm=1 / sqrt(prod(g.kernel_size)), condition=1.0)


def _of_kernel(row: LayerMatrix, weight: Array) -> LayerMatrix:
    """A convolution, or one transposed: that has the same singular values."""
    g = row.geometry
    assert g is not None  # whoever calls has looked
    kernel = weight.reshape(g.kernel_shape)
    try:
        norm = spectral_norm(kernel, g.input_shape, **g.keywords)
    except ConvmatError as error:
        return _noted(row, f"norm not known: {error}")
    row = replace(row, norm=float(norm))
    if norm.how == "lanczos":
        row = _noted(row, f"norm {norm.told}")
    try:
        condition = condition_number(
            kernel, g.input_shape, max_bytes=_DENSE, **g.keywords
        )
    except ConvmatError:
        return _noted(row, "condition not known: only all singular values tell it")
    if condition.error == inf:
        return replace(_noted(row, "singular, up to rounding"), condition=inf)
    return replace(row, condition=float(condition))


def _noted(row: LayerMatrix, note: str) -> LayerMatrix:
    return replace(row, notes=(*row.notes, note))
