"""`Beside`: what an operator of an ONNX graph needs to be read as a matrix."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from math import prod
from typing import Any

import numpy as np

from convmat.arrays import Array, Shape
from convmat.errors import ConvmatError
from convmat.inspect.onnx_constants import Constants
from convmat.inspect.reach import Reach

__all__ = ["QUANTIZED", "Beside"]

QUANTIZED = {
    "QLinearConv": (3, 5, 2),
    "ConvInteger": (1, 3, 2),
    "QLinearMatMul": (3, 5, 2),
    "MatMulInteger": (1, 3, 2),
}
"""Places of the weight, of its zero point and of the input's, of operators on integers.
"""


@dataclass(frozen=True)
class Beside:
    """What an operator needs to be read.

    Attributes
    ----------
    node : onnx.NodeProto
    name : str
    attributes : mapping
        As `attributes_of` gives them.
    x : tuple of int
        Shape of its first input, with the batch axis.
    constants : Constants
    reach : Reach or None
        Of its first input.
    """

    node: Any
    name: str
    attributes: Mapping[str, Any]
    x: Shape
    constants: Constants
    reach: Reach | None

    @property
    def place(self) -> int:
        """Where its weight stands among the inputs."""
        return QUANTIZED.get(self.node.op_type, (1,))[0]

    def input(self, place: int) -> str:
        """The name of an input; empty where it is left out."""
        return str(self.node.input[place]) if place < len(self.node.input) else ""

    def weight(self, place: int | None = None) -> tuple[str, Shape]:
        """Name and shape of the constant at one of the inputs; by default the weight.

        Raises
        ------
        ConvmatError
            When it is not stored in the file.
        """
        name = self.input(self.place if place is None else place)
        shape = self.constants.shape(name)
        if shape is None:
            computed = name in self.constants
            remedy = "fold the constants of the file first" if computed else ""
            how = "computed from constants" if computed else "computed from the input"
            rule = "must be stored in the file for the layer to be a matrix"
            raise ConvmatError("the weight", rule, how if name else "absent", remedy)
        return name, shape

    def bias(self, place: int = 2) -> int:
        """Numbers of the bias; 0 without one."""
        shape = self.constants.shape(self.input(place))
        return 0 if shape is None else prod(shape)

    def zero_point(self, which: int) -> Array:
        """The zero point of the weight (1) or of the input (2); 0 where none is given.

        Raises
        ------
        ConvmatError
            When it is computed from the input.
        """
        name = self.input(QUANTIZED[self.node.op_type][which])
        if not name:
            return np.zeros((), np.uint8)
        if self.constants.shape(name) is None:
            rule = "must be stored in the file for the layer to be a matrix"
            raise ConvmatError("the zero point", rule, "computed from the input")
        return self.constants.array(name)

    def values(self) -> Array:
        """The weight; of an operator on integers, less its zero point, in int64.

        Raises
        ------
        ConvmatError
            When it is not stored, or the zero point does not fit it.
        """
        name, shape = self.weight()
        array = self.constants.array(name)
        if self.node.op_type not in QUANTIZED:
            return array
        zero = self.zero_point(1).astype(np.int64)
        kernel = self.node.op_type in ("QLinearConv", "ConvInteger")
        if zero.ndim == 1 and zero.size > 1 and kernel:  # one for each output channel
            zero = zero.reshape(-1, *(1,) * (len(shape) - 1))
        try:
            if np.broadcast_shapes(shape, zero.shape) == shape:
                return np.asarray(array.astype(np.int64) - zero)
        except ValueError:
            pass
        rule = f"must be one number, or one for each output of {shape}"
        raise ConvmatError("the zero point", rule, zero.shape)
