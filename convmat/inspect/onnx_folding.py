"""Constants that an ONNX graph computes from constants: weights in another form.

Only operators that cannot make much of little are computed, so that no file asks for
more memory than a few times its own size.

References
----------
ONNX, "Operators", https://onnx.ai/onnx/operators/: DequantizeLinear, with its scale for
the whole tensor, for each entry of an axis, or for blocks along it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from convmat.arrays import Array, Shape
from convmat.dtypes import quiet
from convmat.errors import ConvmatError

__all__ = ["FOLDED", "dequantized", "folded"]

FOLDED = {
    "Cast", "DequantizeLinear", "Flatten", "Identity", "Reshape", "Squeeze",
    "Transpose", "Unsqueeze",
}  # fmt: skip
"""The operators that are computed where all their inputs are constants."""


def folded(
    node: Any, attributes: Mapping[str, Any], arrays: Sequence[Array | None], model: Any
) -> Array:
    """What an operator of `FOLDED` gives.

    Parameters
    ----------
    node : onnx.NodeProto
    attributes : mapping
        As `attributes_of` gives them.
    arrays : sequence of ndarray or None
        Its inputs; None for one that is left out.
    model : onnx.ModelProto
        Says which version of the operators holds.

    Raises
    ------
    ConvmatError
        When it is not as the standard says.
    """
    if node.op_type == "DequantizeLinear":
        x, scale, zero = (*arrays, None)[:3]
        if x is None or scale is None:
            raise ConvmatError("DequantizeLinear", "must have a tensor and a scale", 0)
        found = dequantized(
            x, scale, zero, attributes.get("axis", 1), attributes.get("block_size", 0)
        )
        kind = attributes.get("output_dtype", 0)
        return found if not kind else found.astype(_dtype(kind))
    try:
        return _evaluated(node, arrays, model)
    except Exception as error:
        told = " ".join(str(error).split())[:120]
        rule = "must be as the standard says to be computed"
        raise ConvmatError(node.op_type, rule, told) from None


def dequantized(
    x: Array, scale: Array, zero: Array | None, axis: int = 1, block: int = 0
) -> Array:
    """`(x - zero) * scale`, the difference exactly, the product in the kind of `scale`.

    Parameters
    ----------
    x : ndarray
        Stored integers, or floats of 8 bits.
    scale : ndarray
        One number; one for each entry of `axis`; or one for each `block` entries of it,
        with as many axes as `x`.
    zero : ndarray, optional
        Of the shape of `scale`: the integer that stands for 0.
    axis, block : int
        As the attributes `axis` and `block_size` say.

    Raises
    ------
    ConvmatError
        For shapes that do not fit, and a scale that is no float.

    Examples
    --------
    >>> x = np.array([[1, 2], [3, 4]], np.int8)
    >>> scale, zero = np.array([0.5, 2.0], np.float32), np.array([0, 4], np.int8)
    >>> dequantized(x, scale, zero, axis=0)
    array([[ 0.5,  1. ],
           [-2. ,  0. ]], dtype=float32)
    """
    if "float" not in scale.dtype.name:
        raise ConvmatError("the scale", "must be floats", scale.dtype.name)
    factors = _spread("the scale", scale, x.shape, axis, block)
    small = x.dtype.kind in "iu" or "int" in x.dtype.name
    wide = x.astype(np.int64) if small else x.astype(np.float32)
    if zero is not None:
        wide = wide - _spread("the zero point", zero, x.shape, axis, block).astype(
            wide.dtype
        )
    with quiet():  # what is beyond its kind of number is infinite, and told as such
        made: Array = wide.astype(np.float32) * factors.astype(np.float32)
        return made.astype(scale.dtype)


def _spread(name: str, values: Array, shape: Shape, axis: int, block: int) -> Array:
    """Numbers of a tensor, of an axis or of blocks, so that they multiply entries."""
    if values.size == 1 and values.ndim <= 1:
        return values.reshape(())
    rank = len(shape)
    if not -rank <= axis < rank:
        raise ConvmatError("axis", f"must be from {-rank} to {rank - 1}", axis)
    place = axis % rank
    if block > 0:
        wanted = (*shape[:place], -(-shape[place] // block), *shape[place + 1 :])
        if values.shape != wanted:
            rule = f"must be {wanted}, one number for each {block} entries"
            raise ConvmatError(name, rule, values.shape)
        return np.repeat(values, block, axis=place).take(range(shape[place]), place)
    if values.shape != (shape[place],):
        rule = f"must be one number, or {shape[place]}, one for each entry of the axis"
        raise ConvmatError(name, rule, values.shape)
    return values.reshape(shape[place], *(1,) * (rank - 1 - place))


def _dtype(kind: int) -> Any:
    from onnx import helper

    return helper.tensor_dtype_to_np_dtype(kind)


def _evaluated(node: Any, arrays: Sequence[Array | None], model: Any) -> Array:
    """By ONNX's reference evaluator, which only moves or converts numbers here."""
    from onnx import helper
    from onnx.reference import ReferenceEvaluator

    given = {n: a for n, a in zip(node.input, arrays, strict=True) if a is not None}
    inputs = [
        helper.make_tensor_value_info(
            name, helper.np_dtype_to_tensor_dtype(array.dtype), array.shape
        )
        for name, array in given.items()
    ]
    output = helper.make_tensor_value_info(node.output[0], 0, None)
    graph = helper.make_graph([node], "fold", inputs, [output])
    alone = helper.make_model(
        graph, opset_imports=model.opset_import, ir_version=model.ir_version
    )
    (found,) = ReferenceEvaluator(alone).run(None, given)
    return np.asarray(found)
