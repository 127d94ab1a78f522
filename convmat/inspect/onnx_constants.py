"""The constants of an ONNX graph: weights, and what is known before any input."""

from __future__ import annotations

from typing import Any

import numpy as np

from convmat.arrays import Array, Shape
from convmat.errors import ConvmatError
from convmat.inspect.onnx_attributes import attributes_of
from convmat.inspect.onnx_file import array_of, size_of
from convmat.inspect.onnx_folding import FOLDED, folded

__all__ = ["Constants"]

_NUMBERS = ("value_int", "value_ints", "value_float", "value_floats")
_SAME_SHAPE = ("Cast", "DequantizeLinear", "Identity")


class Constants:
    """What does not depend on the input, by the name of its tensor.

    Parameters
    ----------
    graph : onnx.GraphProto
    model : onnx.ModelProto
        Says which version of the operators holds.
    outer : Constants, optional
        Of the graph around this one, whose names hold here too.
    """

    def __init__(
        self, graph: Any, model: Any = None, outer: Constants | None = None
    ) -> None:
        self._tensors = {tensor.name: tensor for tensor in graph.initializer}
        self._names = set(self._tensors)
        self._folds: dict[str, Any] = {}
        self._model = model
        self._outer = outer

    def inner(self, graph: Any) -> Constants:
        """Of a graph within an operator of this one."""
        return Constants(graph, self._model, self)

    def __contains__(self, name: str) -> bool:
        return name in self._names or (self._outer is not None and name in self._outer)

    def learn(self, node: Any) -> bool:
        """Whether an operator gives constants; if so, they are known from now on."""
        if node.op_type == "Constant":
            tensor = _stored(node)
            if tensor is not None:
                self._tensors[node.output[0]] = tensor
        elif not node.input or not all(n in self for n in node.input if n):
            return False
        elif node.op_type in FOLDED and self._knows(node.input[0]):
            self._folds[node.output[0]] = node
        self._names.update(node.output)
        return True

    def shape(self, name: str) -> Shape | None:
        """The shape of a stored constant; None for one that is computed otherwise."""
        tensor = self._tensors.get(name)
        if tensor is not None:
            return tuple(tensor.dims)
        node = self._folds.get(name)
        if node is None:
            return None if self._outer is None else self._outer.shape(name)
        if node.op_type in _SAME_SHAPE:
            return self.shape(node.input[0])
        try:
            return self.array(name).shape
        except ConvmatError:
            return None

    def itemsize(self, name: str) -> int:
        """Bytes of one number of a constant, as the file stores it.

        Raises
        ------
        KeyError
            For one whose `shape` is not known.
        """
        if name in self._tensors:
            return size_of(self._tensors[name])
        if name in self._folds:
            return self.itemsize(self._folds[name].input[0])
        if self._outer is None:
            raise KeyError(name)
        return self._outer.itemsize(name)

    def array(self, name: str) -> Array:
        """The values of a constant.

        Raises
        ------
        ConvmatError
            For one that is computed against the standard.
        KeyError
            For one whose `shape` is not known.
        """
        if name in self._tensors:
            return np.asarray(array_of(self._tensors[name]))
        node = self._folds.get(name)
        if node is None:
            if self._outer is None:
                raise KeyError(name)
            return self._outer.array(name)
        given = [self.array(n) if n else None for n in node.input]
        return folded(node, attributes_of(node), given, self._model)

    def made_by(self, name: str) -> str:
        """The operator that made a constant of another; empty for a stored one."""
        node = self._folds.get(name)
        if node is not None:
            return str(node.op_type)
        if name in self._tensors or self._outer is None:
            return ""
        return self._outer.made_by(name)

    def not_finite(self, name: str) -> int:
        """How many numbers of a constant are NaN or infinite."""
        if self.shape(name) is None:
            return 0
        values = self.array(name)
        if values.dtype.kind not in "fc":
            return 0
        return int(values.size - np.count_nonzero(np.isfinite(values)))

    def _knows(self, name: str) -> bool:
        if name in self._tensors or name in self._folds:
            return True
        return self._outer is not None and self._outer._knows(name)


def _stored(node: Any) -> Any:
    """The tensor of a `Constant`, however it is written; None for text and sparse."""
    from onnx import numpy_helper

    for attribute in node.attribute:
        if attribute.HasField("t"):
            return attribute.t
        if attribute.name in _NUMBERS:
            kind = np.int64 if "int" in attribute.name else np.float32
            value = attributes_of(node)[attribute.name]
            return numpy_helper.from_array(np.asarray(value, kind), node.output[0])
    return None
