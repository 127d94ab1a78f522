"""`Scope`: what is known on the way through one graph, and through those within it.

An operator may hold graphs of its own: the branches of an `If`, the body of a `Loop` or
a `Scan`. They see everything that is known around them.

References
----------
ONNX, "Open Neural Network Exchange Intermediate Representation", names within a graph;
"Operators": If, Loop and Scan, with what their graphs read and give.
"""

from __future__ import annotations

from collections import ChainMap
from collections.abc import MutableMapping
from typing import Any

import numpy as np

from convmat.arrays import Shape
from convmat.inspect.onnx_attributes import attributes_of
from convmat.inspect.onnx_constants import Constants
from convmat.inspect.onnx_flow import Flow
from convmat.inspect.onnx_shapes import Shapes, inferred
from convmat.inspect.reach import Reach, begin

__all__ = ["Scope", "body_inputs", "graphs_of", "sliced_inputs"]


class Scope:
    """What is known in one graph: constants, shapes, receptive fields.

    Attributes
    ----------
    graph : onnx.GraphProto
    constants : Constants
    flow : Flow
    reaches : dict of str to Reach or None
        Receptive fields by the name of a tensor; None where they are not known.
    prefix : str
        What stands before the names of its layers.
    """

    def __init__(
        self,
        graph: Any,
        constants: Constants,
        flow: Flow,
        reaches: MutableMapping[str, Reach | None],
        prefix: str,
    ) -> None:
        self.graph = graph
        self.constants = constants
        self.flow = flow
        self.reaches = reaches
        self.prefix = prefix

    @classmethod
    def of_model(cls, model: Any, inputs: Shapes) -> Scope:
        """The graph of a model, for inputs of these shapes."""
        constants = Constants(model.graph, model)
        shapes, kinds = inferred(model, inputs)
        reaches = {name: begin(name, shape[2:]) for name, shape in inputs.items()}
        flow = Flow(model, shapes, kinds, constants)
        return cls(model.graph, constants, flow, dict(reaches), "")

    @property
    def shapes(self) -> Shapes:
        """What each tensor is shaped like; unknown ones are absent."""
        return self.flow.shapes

    def inner(self, graph: Any, name: str) -> Scope | None:
        """A graph within an operator of this one.

        None where it gives a name that is taken around it, which the standard forbids:
        two tensors would be taken for one.
        """
        own = [tensor.name for tensor in graph.initializer]
        own += [value.name for value in graph.input]
        own += [output for node in graph.node for output in node.output]
        if any(n and (n in self.shapes or n in self.constants) for n in own):
            return None
        constants = self.constants.inner(graph)
        flow = self.flow.inner(constants)
        for tensor in graph.initializer:
            flow.shapes[tensor.name] = tuple(tensor.dims)
            flow.kinds[tensor.name] = tensor.data_type
        for value in graph.input:
            if value.type.tensor_type.elem_type:
                flow.kinds[value.name] = value.type.tensor_type.elem_type
        reaches: MutableMapping[str, Reach | None] = ChainMap({}, self.reaches)
        return Scope(graph, constants, flow, reaches, f"{name}:")

    def condition(self, name: str) -> bool | None:
        """Whether a condition holds, where the graph itself tells."""
        value = self.flow.value(name)
        return bool(value.reshape(-1)[0]) if value is not None and value.size else None

    def ends(self) -> list[Shape | None]:
        """The shapes of what the graph gives."""
        return [self.shapes.get(value.name) for value in self.graph.output]

    def take(self, outputs: list[str], other: Scope) -> None:
        """Learn that an operator gives exactly what a graph within it does."""
        for name, value in zip(outputs, other.graph.output, strict=False):
            shape, known = other.shapes.get(value.name), other.flow.value(value.name)
            if known is not None:
                self.flow.learn(name, np.asarray(known))
            elif shape is not None:
                self.shapes.setdefault(name, shape)
            self.reaches[name] = other.reaches.get(value.name)

    def shaped(self, outputs: list[str], shapes: list[Shape | None]) -> None:
        """Learn the shapes of what an operator gives, and nothing more."""
        for name, shape in zip(outputs, shapes, strict=False):
            if name and shape is not None:
                self.shapes.setdefault(name, shape)


def graphs_of(node: Any) -> list[tuple[str, Any]]:
    """The graphs that an operator holds, by the names of their attributes."""
    found = []
    for attribute in node.attribute:
        if attribute.HasField("g"):
            found.append((attribute.name, attribute.g))
        found += [(attribute.name, graph) for graph in attribute.graphs]
    return found


def body_inputs(scope: Scope, node: Any) -> tuple[list[Shape | None], int]:
    """What the body of a `Loop` reads: its turn, its condition, what is carried on.

    Returns
    -------
    list of (tuple of int or None)
    int
        How many of them are carried on from turn to turn.
    """
    carried = [scope.shapes.get(name) for name in node.input[2:]]
    return [(), (), *carried], len(carried)


def sliced_inputs(scope: Scope, node: Any) -> tuple[list[Shape | None], int] | None:
    """What the body of a `Scan` reads: states, and slices of sequences.

    None where its attributes are not as the standard says.

    Returns
    -------
    list of (tuple of int or None)
    int
        How many of them are states, which are carried on from turn to turn.
    """
    attributes = attributes_of(node)
    slices = attributes.get("num_scan_inputs")
    if not isinstance(slices, int) or not 1 <= slices <= len(node.input):
        return None
    states = len(node.input) - slices
    axes = attributes.get("scan_input_axes", (0,) * slices)
    if not isinstance(axes, tuple) or not all(type(axis) is int for axis in axes):
        return None
    shapes = [scope.shapes.get(name) for name in node.input]
    for place, axis in zip(range(states, len(shapes)), axes, strict=False):
        whole = shapes[place]
        if whole is None or not -len(whole) <= axis < len(whole):
            shapes[place] = None
            continue
        cut = axis % len(whole)
        shapes[place] = (*whole[:cut], *whole[cut + 1 :])
    return shapes, states
