"""Layers on integers, held against ONNX's reference evaluator.

The matrix is the stored weight less its zero point, and what it multiplies the input
less that one's zero point. `ConvInteger` and `MatMulInteger` give that sum; the others
scale, round and limit it, which with all scales 1 and no zero point of the output
leaves the sum between the limits of its kind of number.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from convmat.arrays import Array
from convmat.inspect.onnx_alone import run_alone
from convmat.inspect.onnx_attributes import conv_of
from convmat.inspect.onnx_beside import Beside
from convmat.inspect.onnx_comparison import conv_by_matrix, cut_of
from convmat.inspect.value import LayerMatrix

__all__ = ["conv_of_integers", "product_of_integers"]


def conv_of_integers(
    row: LayerMatrix, b: Beside, model: Any, rng: np.random.Generator
) -> tuple[str, bool]:
    """What a comparison of a convolution of integers found."""
    x, cut = cut_of(row, b)
    g = conv_of(b.attributes, x, b.weight()[1])
    values, stored = _input(b, x, rng)
    ours = conv_by_matrix(b.values(), values, g)
    same = _same(b, model, stored, ours)
    return f"{'exact' if same else 'on integers'}{cut}", same


def product_of_integers(
    row: LayerMatrix, b: Beside, model: Any, rng: np.random.Generator
) -> tuple[str, bool]:
    """What a comparison of a matrix product of integers found."""
    values, stored = _input(b, (1, *b.x[1:]), rng)
    same = _same(b, model, stored, values @ b.values())
    return "exact" if same else "on integers", same


def _input(b: Beside, x: Any, rng: np.random.Generator) -> tuple[Array, Array]:
    """Random integers less their zero point, and as they are stored."""
    zero = b.zero_point(2)
    most = np.iinfo(zero.dtype)
    # Small ones, so that most sums stay between the limits of eight bits.
    shift = rng.integers(-1, 2, x)
    stored = np.clip(shift + zero.astype(np.int64), most.min, most.max)
    return stored - zero.astype(np.int64), stored.astype(zero.dtype)


def _same(b: Beside, model: Any, stored: Array, ours: Array) -> bool:
    """Whether the evaluator gives the same sums, limited as its results are."""
    weight = b.constants.array(b.weight()[0])
    zero = b.zero_point(2), b.zero_point(1).astype(weight.dtype)
    if b.node.op_type.endswith("Integer"):
        given = run_alone(b, model, stored, weight, *zero)
        return bool(np.array_equal(given, ours))
    one = np.ones((), np.float32)
    result: Array = np.zeros((), _kind_of(b, stored))
    values = stored, one, zero[0], weight, one, zero[1], one, result
    given = run_alone(b, model, *values)
    most = np.iinfo(result.dtype)
    return bool(np.array_equal(given, np.clip(ours, most.min, most.max)))


def _kind_of(b: Beside, stored: Array) -> Any:
    """The kind of number of the result: that of its zero point."""
    name = b.input(7)
    known = bool(name) and b.constants.shape(name) is not None
    return b.constants.array(name).dtype if known else stored.dtype
