"""The constants of an ONNX graph: weights, and what is known before any input."""

from __future__ import annotations

from typing import Any

import numpy as np

from convmat.arrays import Array, Shape
from convmat.inspect.onnx_file import array_of, size_of

__all__ = ["Constants"]


class Constants:
    """What does not depend on the input, by the name of its tensor.

    Parameters
    ----------
    graph : onnx.GraphProto
    """

    def __init__(self, graph: Any) -> None:
        self._tensors = {tensor.name: tensor for tensor in graph.initializer}
        self._names = set(self._tensors)

    def __contains__(self, name: str) -> bool:
        return name in self._names

    def learn(self, node: Any) -> bool:
        """Whether an operator gives constants; if so, they are known from now on."""
        if node.op_type == "Constant":
            for attribute in node.attribute:
                if attribute.HasField("t"):
                    self._tensors[node.output[0]] = attribute.t
        elif node.op_type == "Identity" and node.input[0] in self._tensors:
            self._tensors[node.output[0]] = self._tensors[node.input[0]]
        elif not node.input or not all(n in self for n in node.input if n):
            return False
        self._names.update(node.output)
        return True

    def shape(self, name: str) -> Shape | None:
        """The shape of a stored constant; None for one that is computed."""
        tensor = self._tensors.get(name)
        return None if tensor is None else tuple(tensor.dims)

    def itemsize(self, name: str) -> int:
        """Bytes of one number of a stored constant."""
        return size_of(self._tensors[name])

    def array(self, name: str) -> Array:
        """The values of a stored constant."""
        return np.asarray(array_of(self._tensors[name]))

    def not_finite(self, name: str) -> int:
        """How many numbers of a stored constant are NaN or infinite."""
        values = self.array(name)
        if values.dtype.kind not in "fc":
            return 0
        return int(values.size - np.count_nonzero(np.isfinite(values)))
