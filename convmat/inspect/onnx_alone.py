"""One operator of a graph by ONNX's reference evaluator."""

from __future__ import annotations

from typing import Any

import numpy as np

from convmat.arrays import Array
from convmat.inspect.onnx_beside import Beside

__all__ = ["run_alone"]

_OLDER = ("spatial", "is_test", "consumed_inputs")  # attributes that it no longer has


def run_alone(
    b: Beside, model: Any, *values: Array, opset: int | None = None, **changed: int
) -> Array:
    """What the operator gives for these inputs, without its bias.

    Parameters
    ----------
    b : Beside
    model : onnx.ModelProto
        Says which version of the operators holds.
    *values : ndarray
        Its inputs, in order.
    opset : int, optional
        Another version of the operators.
    **changed : int
        Attributes with other values.
    """
    from onnx import NodeProto, helper
    from onnx.reference import ReferenceEvaluator

    node = NodeProto()
    node.CopyFrom(b.node)
    names = [f"given {place}" for place in range(len(values))]
    del node.input[:]
    node.input.extend(names)
    del node.output[:]
    node.output.append("found")
    del node.attribute[:]
    for attribute in b.node.attribute:
        if opset is None or attribute.name not in _OLDER:
            node.attribute.append(attribute)
            if attribute.name in changed:
                node.attribute[-1].i = changed[attribute.name]
    inputs = [
        helper.make_tensor_value_info(
            name, helper.np_dtype_to_tensor_dtype(value.dtype), value.shape
        )
        for name, value in zip(names, values, strict=True)
    ]
    output = helper.make_tensor_value_info("found", 0, None)
    graph = helper.make_graph([node], "one", inputs, [output])
    version = model.opset_import
    if opset is not None:
        version = [helper.make_opsetid("", opset)]
    alone = helper.make_model(graph, opset_imports=version, ir_version=model.ir_version)
    feeds = dict(zip(names, values, strict=True))
    with np.errstate(all="ignore"):
        (found,) = ReferenceEvaluator(alone).run(None, feeds)
    return np.asarray(found)
