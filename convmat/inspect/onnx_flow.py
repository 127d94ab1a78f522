"""Shapes that hang on numbers which the graph itself computes, step by step.

Shape inference over a whole graph stops where a size is computed: a reshape to what
`Shape`, `Slice` and `Concat` gave. Here such small numbers are computed, and then one
operator at a time is asked for its shape.
"""

from __future__ import annotations

from collections import ChainMap
from collections.abc import MutableMapping
from math import prod
from typing import Any

import numpy as np

from convmat.arrays import Array
from convmat.inspect.onnx_constants import Constants
from convmat.inspect.onnx_shapes import Shapes

__all__ = ["Flow"]

_MOST = 1024  # numbers of a value that is computed
_COMPUTED = {
    "Add", "And", "Cast", "Ceil", "Concat", "ConstantOfShape", "Div", "Equal",
    "Expand", "Floor", "Gather", "Greater", "Identity", "Less", "Max", "Min",
    "Mod", "Mul", "Neg", "Not", "Or", "Range", "ReduceProd", "Reshape", "Size",
    "Slice", "Squeeze", "Sub", "Transpose", "Unsqueeze", "Where",
}  # fmt: skip


class Flow:
    """Shapes, kinds of numbers, and small values on the way through a graph.

    Parameters
    ----------
    model : onnx.ModelProto
    shapes : dict
        Those that are known; others are added.
    kinds : dict of str to int
        Kinds of numbers, as ONNX counts them.
    constants : Constants
    values : dict of str to ndarray, optional
        Small values that are known.
    """

    def __init__(
        self,
        model: Any,
        shapes: Shapes,
        kinds: MutableMapping[str, int],
        constants: Constants,
        values: MutableMapping[str, Array] | None = None,
    ) -> None:
        self.shapes = shapes
        self.kinds = kinds
        self._model = model
        self._constants = constants
        self._values = {} if values is None else values

    def inner(self, constants: Constants) -> Flow:
        """In a graph within an operator, which sees all that is known here."""
        return Flow(
            self._model,
            ChainMap({}, self.shapes),
            ChainMap({}, self.kinds),
            constants,
            ChainMap({}, self._values),
        )

    def step(self, node: Any) -> None:
        """Find what an operator gives, where that is not known."""
        if node.op_type == "Shape" and len(node.attribute) == 0:
            shape = self.shapes.get(node.input[0])
            if shape is not None:
                self.learn(node.output[0], np.array(shape, np.int64))
            return
        names = [name for name in node.output if name]
        if any(name not in self.shapes for name in names):
            self._infer(node)
        if node.op_type in _COMPUTED and len(names) == 1:
            self._compute(node, names[0])

    def value(self, name: str) -> Array | None:
        """A small value that is known, if it is."""
        if name not in self._values:
            shape = self._constants.shape(name)
            if shape is None or prod(shape) > _MOST:
                return None
            self._values[name] = self._constants.array(name)
        return self._values[name]

    def learn(self, name: str, value: Array) -> None:
        """Keep a small value, and its shape."""
        self._values[name] = value
        self.shapes[name] = value.shape

    def _infer(self, node: Any) -> None:
        """Ask `onnx.shape_inference` about this operator alone."""
        from onnx import shape_inference

        given = [name for name in node.input if name]
        if any(name not in self.shapes and self._shape(name) is None for name in given):
            return
        model = self._alone(node, given)
        try:
            graph = shape_inference.infer_shapes(model, data_prop=True).graph
        except Exception:
            return
        for value in graph.output:
            kind = value.type.tensor_type
            if kind.elem_type:
                self.kinds.setdefault(value.name, kind.elem_type)
            dims = [d.dim_value for d in kind.shape.dim if d.HasField("dim_value")]
            if kind.HasField("shape") and len(dims) == len(kind.shape.dim):
                self.shapes.setdefault(value.name, tuple(dims))

    def _shape(self, name: str) -> Any:
        return self._constants.shape(name)

    def _alone(self, node: Any, given: list[str]) -> Any:
        """A model of one operator, whose small inputs are constants."""
        from onnx import helper, numpy_helper

        inputs, constants = [], []
        for name in dict.fromkeys(given):
            value = self.value(name)
            if value is not None:
                constants.append(numpy_helper.from_array(value, name))
            else:
                shape = self.shapes.get(name, self._shape(name))
                kind = self.kinds.get(name, 1)
                inputs.append(helper.make_tensor_value_info(name, kind, shape))
        outputs = [
            helper.make_tensor_value_info(name, self.kinds.get(name, 0), None)
            for name in node.output
            if name
        ]
        graph = helper.make_graph([node], "alone", inputs, outputs, constants)
        return helper.make_model(
            graph,
            opset_imports=self._model.opset_import,
            ir_version=self._model.ir_version,
        )

    def _compute(self, node: Any, name: str) -> None:
        """The value, where all inputs are known and it is small."""
        shape = self.shapes.get(name)
        if shape is None or prod(shape) > _MOST:
            return
        given = {n: self.value(n) for n in node.input if n}
        if any(value is None for value in given.values()):
            return
        from onnx.reference import ReferenceEvaluator

        try:
            (value,) = ReferenceEvaluator(self._alone(node, list(given))).run(None, {})
        except Exception:
            return
        if isinstance(value, np.ndarray | np.generic):
            self.learn(name, np.asarray(value))
