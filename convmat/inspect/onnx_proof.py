"""Layers held against ONNX's own reference evaluator, one operator at a time.

With small integers for weights and input every sum is exact, so `==` decides. Then the
layer's own weights: there two sums in any order differ by no more than rounding allows.
A large input is cut to a few windows of each axis, with the same remainder at the end,
so that attributes mean the same.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from math import prod
from typing import Any

import numpy as np

from convmat.arrays import Array
from convmat.inspect.onnx_alone import run_alone
from convmat.inspect.onnx_attributes import (
    conv_of,
    transposed_of,
    whole_windows,
    windows_of,
)
from convmat.inspect.onnx_beside import Beside
from convmat.inspect.onnx_comparison import (
    both_ways,
    conv_by_matrix,
    cut_of,
    slabs_of,
)
from convmat.inspect.onnx_proof_integers import conv_of_integers, product_of_integers
from convmat.inspect.rounding import within
from convmat.inspect.value import LayerMatrix
from convmat.linear.divisors import divisors_of

__all__ = ["prove"]

_CHANNELS = 3  # of a pooling, whose channels are all alike
_NORM_OPSET = 15  # below 14 the evaluator of onnx 1.23 takes statistics of the batch


def prove(row: LayerMatrix, beside: Beside, model: Any) -> LayerMatrix:
    """The row with what the comparison found.

    A layer that the evaluator cannot run is left without a verdict, and says why.

    Raises
    ------
    ImportError
        When a part of `onnx` is missing.
    MemoryError
        When memory ends.
    """
    rng = np.random.default_rng(0)
    reason = _beyond(row, beside)
    if reason:
        return replace(row, proof=f"not compared: {reason}")
    try:
        found = _PROOFS[row.kind](row, beside, model, rng)
    except (ImportError, MemoryError):
        raise
    except Exception as error:
        reason = " ".join(str(error).split())[:120]
        return replace(row, proof=f"not compared: {reason or type(error).__name__}")
    told, same = found
    return replace(row, proof=told if same else f"DIFFERS: {told}", proved=same)


def _beyond(row: LayerMatrix, b: Beside) -> str:
    """Where the evaluator of onnx 1.23 departs from the standard; empty elsewhere."""
    named = b.attributes.get("auto_pad", "NOTSET")
    same = named in ("SAME_UPPER", "SAME_LOWER")
    if b.node.op_type == "MaxPool" and row.geometry is not None:
        g = row.geometry
        steps = {*g.stride, *g.dilation}
        if named == "SAME_LOWER" or (steps == {1} and any(map(any, g.padding))):
            return "the evaluator pads MaxPool otherwise than AveragePool"
    if b.node.op_type == "AveragePool":
        windows = windows_of(b.attributes, b.x)
        if windows.padding != windows.geometry.padding:
            return "the evaluator fills windows that hang over the end"
    if "output_shape" in b.attributes and not same:
        return "the evaluator does not split the padding of output_shape"
    if b.attributes.get("alpha", 1.0) != 1.0:
        return f"alpha is {b.attributes['alpha']:g}, and integers do not stay so"
    return ""


def _conv(
    row: LayerMatrix, b: Beside, model: Any, rng: np.random.Generator
) -> tuple[str, bool]:
    name, shape = b.weight()
    x, cut = cut_of(row, b)
    g = conv_of(b.attributes, x, shape)

    def by_matrix(kernel: Array, values: Array) -> Array:
        return conv_by_matrix(kernel, values, g)

    def by_evaluator(kernel: Array, values: Array) -> Array:
        return run_alone(b, model, values, kernel)

    return both_ways(b, name, x, cut, g.taps_per_row, by_matrix, by_evaluator, rng)


def _conv_transpose(
    row: LayerMatrix, b: Beside, model: Any, rng: np.random.Generator
) -> tuple[str, bool]:
    name, shape = b.weight()
    x, cut = cut_of(row, b)
    g = transposed_of(b.attributes, x, shape)

    def by_matrix(kernel: Array, values: Array) -> Array:
        flat = values.reshape(-1)
        dtype = np.result_type(kernel, values)
        total: Array = np.zeros(g.matrix_shape[1], dtype)
        first = 0
        for slab in slabs_of(kernel, g):
            stop = first + slab.shape[0]
            total += slab.T @ flat[first:stop]
            first = stop
        return total.reshape(1, g.in_channels, *g.input_size)

    def by_evaluator(kernel: Array, values: Array) -> Array:
        # Group by group: the evaluator of onnx 1.23 lays the outputs of groups over
        # each other.
        groups = zip(
            np.split(values, g.groups, 1), np.split(kernel, g.groups), strict=True
        )
        parts = [run_alone(b, model, v, k, group=1) for v, k in groups]
        return np.concatenate(parts, 1)

    terms = g.out_channels // g.groups * prod(g.kernel_size)
    return both_ways(b, name, x, cut, terms, by_matrix, by_evaluator, rng)


def _full(
    row: LayerMatrix, b: Beside, model: Any, rng: np.random.Generator
) -> tuple[str, bool]:
    name, shape = b.weight()
    x = (1, *b.x[1:-1], b.x[-1])
    turned = b.node.op_type == "Gemm" and b.attributes.get("transB", 0)
    sides = b.node.op_type == "Gemm" and b.attributes.get("transA", 0)
    x = (b.x[0], 1) if sides else x

    def by_matrix(weight: Array, values: Array) -> Array:
        matrix = weight if turned else weight.T
        return (values.T if sides else values) @ matrix.T

    def by_evaluator(weight: Array, values: Array) -> Array:
        return run_alone(b, model, values, weight)

    terms = shape[1] if turned else shape[0]
    return both_ways(b, name, x, "", terms, by_matrix, by_evaluator, rng)


def _norm(
    row: LayerMatrix, b: Beside, model: Any, rng: np.random.Generator
) -> tuple[str, bool]:
    scale, shift, mean, var = (b.constants.array(b.weight(i)[0]) for i in (1, 2, 3, 4))
    shape = (1, len(scale), *(min(n, 3) for n in b.x[2:]))
    x = rng.standard_normal(shape).astype(scale.dtype)
    given = run_alone(b, model, x, scale, shift, mean, var, opset=_NORM_OPSET)
    across = (-1, *(1,) * (len(shape) - 2))
    wide = [a.astype(np.float64).reshape(across) for a in (scale, shift, mean, var)]
    factor = wide[0] / np.sqrt(wide[3] + b.attributes.get("epsilon", 1e-5))
    ours = factor * (x - wide[2]) + wide[1]
    size = np.abs(factor) * (np.abs(x) + np.abs(wide[2])) + np.abs(wide[1])
    # Difference, sum under the root, root, quotient, product, sum; and epsilon rounded.
    return within(given, ours, size, 8, scale.dtype)


def _pool(
    row: LayerMatrix, b: Beside, model: Any, rng: np.random.Generator
) -> tuple[str, bool]:
    whole = row.kind.startswith("Global")
    x, cut = (b.x, "") if whole else cut_of(row, b)
    x = (1, min(_CHANNELS, x[1]), *x[2:])
    windows = whole_windows(x) if whole else windows_of(b.attributes, x)
    g = windows.geometry
    values = rng.integers(-99, 100, x)
    given = run_alone(b, model, values.astype(np.float64))
    ones = np.ones(g.weight_shape, np.int64)
    flat = values.reshape(-1)
    if not row.linear:
        parts = [
            np.maximum.reduceat(flat[slab.indices], slab.indptr[:-1])
            for slab in slabs_of(ones, g)
        ]
        ours = np.concatenate(parts).reshape(1, g.out_channels, *g.output_size)
        return f"exact{cut}", bool(np.array_equal(given, ours))
    sums = np.concatenate([slab @ flat for slab in slabs_of(ones, g)])
    sums = sums.reshape(1, g.out_channels, *g.output_size)
    include = bool(b.attributes.get("count_include_pad", 0)) and not whole
    means = sums / divisors_of(windows, include, None)
    sizes = np.concatenate([slab @ np.abs(flat) for slab in slabs_of(ones, g)])
    sizes = sizes.reshape(means.shape) / divisors_of(windows, include, None)
    return within(given, means, sizes, prod(g.kernel_size) + 2, "float64", cut)


_PROOFS: dict[str, Callable[..., tuple[str, bool]]] = {
    "Conv": _conv,
    "ConvTranspose": _conv_transpose,
    "Gemm": _full,
    "MatMul": _full,
    "QLinearConv": conv_of_integers,
    "ConvInteger": conv_of_integers,
    "QLinearMatMul": product_of_integers,
    "MatMulInteger": product_of_integers,
    "BatchNormalization": _norm,
    "AveragePool": _pool,
    "MaxPool": _pool,
    "GlobalAveragePool": _pool,
    "GlobalMaxPool": _pool,
}
