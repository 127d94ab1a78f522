"""What comparisons of layers share: a small input, the matrix in slabs, two ways."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from convmat.arrays import Array, Shape
from convmat.geometry import Geometry
from convmat.inspect.onnx_beside import Beside
from convmat.inspect.rounding import within
from convmat.inspect.value import LayerMatrix
from convmat.matrix import matrix_rows

__all__ = ["both_ways", "conv_by_matrix", "cut_of", "slabs_of"]

_MOST = 10**6  # entries of a matrix that is compared whole


def cut_of(row: LayerMatrix, b: Beside) -> tuple[Shape, str]:
    """The input's shape for one sample, cut where its matrix would be large."""
    g = row.geometry
    if g is None or (row.nnz or 0) <= _MOST:
        return (1, *b.x[1:]), ""
    sizes = []
    for n, axis in zip(b.x[2:], g.axes, strict=True):
        if row.kind == "ConvTranspose":
            sizes.append(min(n, 3))
            continue
        least = axis.span + 2 * axis.stride
        sizes.append(n - max(0, n - least) // axis.stride * axis.stride)
    told = "" if tuple(sizes) == b.x[2:] else f", input cut to {_times(sizes)}"
    return (1, b.x[1], *sizes), told


def both_ways(
    b: Beside,
    name: str,
    x: Shape,
    cut: str,
    terms: int,
    by_matrix: Callable[[Array, Array], Array],
    by_evaluator: Callable[[Array, Array], Array],
    rng: np.random.Generator,
) -> tuple[str, bool]:
    """Integers exactly, then the layer's own weights within the bound of rounding."""
    own = b.constants.array(name)
    kernel, values = rng.integers(-9, 10, own.shape), rng.integers(-9, 10, x)
    given = by_evaluator(kernel.astype(np.float64), values.astype(np.float64))
    if not np.array_equal(given, by_matrix(kernel, values)):
        return f"on integers{cut}", False
    if own.dtype not in (np.float32, np.float64) or not np.isfinite(own).all():
        return f"exact{cut}; own weights not compared", True
    floats = rng.standard_normal(x).astype(own.dtype)
    wide, inputs = own.astype(np.float64), floats.astype(np.float64)
    ours = by_matrix(wide, inputs)
    size = by_matrix(np.abs(wide), np.abs(inputs))
    told, same = within(by_evaluator(own, floats), ours, size, terms, own.dtype)
    return (f"exact{cut}", True) if same else (f"own weights, {told}", False)


def conv_by_matrix(kernel: Array, values: Array, g: Geometry) -> Array:
    """The matrix of a convolution times one sample."""
    flat = values.reshape(-1)
    parts = [slab @ flat for slab in slabs_of(kernel, g)]
    return np.concatenate(parts).reshape(1, g.out_channels, *g.output_size)


def slabs_of(kernel: Array, g: Geometry) -> Iterator[Any]:
    """The matrix in slabs of rows; never whole, never dense."""
    return matrix_rows(kernel.reshape(g.kernel_shape), g.input_shape, **g.keywords)


def _times(values: Any) -> str:
    return "x".join(map(str, values))
