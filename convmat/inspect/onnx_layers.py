"""One operator of an ONNX graph as a matrix."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from convmat.arrays import Shape
from convmat.errors import ConvmatError
from convmat.inspect.facts import (
    conv_layer,
    diagonal_layer,
    full_layer,
    pool_layer,
    transposed_layer,
)
from convmat.inspect.onnx_attributes import (
    conv_of,
    transposed_of,
    whole_windows,
    windows_of,
)
from convmat.inspect.onnx_beside import QUANTIZED, Beside
from convmat.inspect.reach import Reach, everything, through, through_transposed
from convmat.inspect.value import LayerMatrix
from convmat.linear.divisors import divisors_of
from convmat.nn.pooling import refuse_empty

__all__ = ["LAYERS", "layer_of"]


def layer_of(beside: Beside) -> tuple[LayerMatrix, Reach | None]:
    """The matrix of an operator of `LAYERS`, and the receptive fields behind it.

    Raises
    ------
    ConvmatError
        When it has none, or not enough is known.
    """
    layer, reach = LAYERS[beside.node.op_type](beside)
    if reach is not None:
        layer = replace(layer, field=reach.size, jump=reach.jump)
    return layer, reach


def _conv(b: Beside) -> tuple[LayerMatrix, Reach | None]:
    name, shape = b.weight()
    g = conv_of(b.attributes, b.x, shape)
    places = {"Conv": 2, "QLinearConv": 8}  # a ConvInteger has no bias
    place = places.get(b.node.op_type)
    bias = 0 if place is None else b.bias(place)
    row = conv_layer(
        b.name, g, b.constants.itemsize(name), bias=bias, **_found(b, name)
    )
    return replace(row, kind=b.node.op_type), through(b.reach, g)


def _conv_transpose(b: Beside) -> tuple[LayerMatrix, Reach | None]:
    name, shape = b.weight()
    g = transposed_of(b.attributes, b.x, shape)
    row = transposed_layer(
        b.name, g, b.constants.itemsize(name), bias=b.bias(), **_found(b, name)
    )
    return row, through_transposed(b.reach, g)


def _gemm(b: Beside) -> tuple[LayerMatrix, Reach | None]:
    name, shape = b.weight()
    if len(shape) != 2 or len(b.x) != 2:
        rule = "must have two axes, and so must its first input"
        raise ConvmatError("the weight", rule, (b.x, shape))
    inputs, outputs = shape[::-1] if b.attributes.get("transB", 0) else shape
    reads = b.x[0] if b.attributes.get("transA", 0) else b.x[1]
    return _full(b, "Gemm", name, (outputs, inputs), reads, (), b.bias())


def _matmul(b: Beside) -> tuple[LayerMatrix, Reach | None]:
    name, shape = b.weight()
    if len(shape) != 2 or len(b.x) < 2:
        rule = "must have two axes, beside an input that has a batch axis"
        raise ConvmatError("the weight", rule, shape)
    inputs, outputs = shape
    kind = b.node.op_type
    return _full(b, kind, name, (outputs, inputs), b.x[-1], b.x[1:-1], 0)


def _full(
    b: Beside,
    kind: str,
    name: str,
    weight: tuple[int, int],
    reads: int,
    places: Shape,
    bias: int,
) -> tuple[LayerMatrix, Reach | None]:
    if reads != weight[1]:
        rule = f"must take {reads} inputs, as many as there are"
        raise ConvmatError("the weight", rule, weight)
    row = full_layer(
        b.name,
        kind,
        weight,
        b.constants.itemsize(name),
        places,
        bias=bias,
        **_found(b, name),
    )
    return row, None if places else everything(b.reach)


def _norm(b: Beside) -> tuple[LayerMatrix, Reach | None]:
    if b.attributes.get("training_mode", 0) or len(b.node.output) > 1:
        rule = "must be 0, with one output: while training it is not linear"
        raise ConvmatError("training_mode", rule, 1)
    name, shape = b.weight()
    if len(b.x) < 2 or shape != b.x[1:2]:
        raise ConvmatError("scale", f"must have the shape {b.x[1:2]}", shape)
    row = diagonal_layer(
        b.name,
        "BatchNormalization",
        b.x[1:],
        b.constants.itemsize(name),
        bias=b.bias(),
        **_found(b, name),
    )
    return row, b.reach


def _pool(b: Beside) -> tuple[LayerMatrix, Reach | None]:
    kind = b.node.op_type
    whole = kind.startswith("Global")
    if len(b.x) < 3:
        raise ConvmatError("its input", "must have spatial axes", b.x)
    windows = whole_windows(b.x) if whole else windows_of(b.attributes, b.x)
    linear = kind in ("AveragePool", "GlobalAveragePool")
    if linear:
        divisors_of(windows, bool(b.attributes.get("count_include_pad", 0)), None)
    else:
        refuse_empty(windows)
    if len([name for name in b.node.output if name]) > 1:
        raise ConvmatError("its outputs", "must be one", len(b.node.output))
    g = windows.geometry
    notes = () if linear else ("not linear: the pattern of its windows",)
    row = pool_layer(b.name, kind, g, 4, linear=linear, notes=notes)
    return row, through(b.reach, g)


def _found(b: Beside, name: str) -> dict[str, Any]:
    """What the values of its constants tell."""
    stored = [n for n in b.node.input if n and b.constants.shape(n) is not None]
    notes = []
    made = b.constants.made_by(name)
    if made == "DequantizeLinear":
        notes.append("its weights are stored as integers, and dequantised")
    if b.node.op_type in QUANTIZED:
        b.values()  # refuses a zero point that does not fit
        notes.append(
            "on integers: weight less zero point, before scales, rounding and limits"
        )
    bad = sum(map(b.constants.not_finite, dict.fromkeys(stored)))
    return {"notes": tuple(notes), "not_finite": bad}


LAYERS: Mapping[str, Callable[[Beside], tuple[LayerMatrix, Reach | None]]] = {
    "Conv": _conv,
    "ConvTranspose": _conv_transpose,
    "Gemm": _gemm,
    "MatMul": _matmul,
    "QLinearConv": _conv,
    "ConvInteger": _conv,
    "QLinearMatMul": _matmul,
    "MatMulInteger": _matmul,
    "BatchNormalization": _norm,
    "AveragePool": _pool,
    "MaxPool": _pool,
    "GlobalAveragePool": _pool,
    "GlobalMaxPool": _pool,
}
"""The operators that are read, by name."""
