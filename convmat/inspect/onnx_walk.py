"""An ONNX graph from its inputs to its outputs, layer by layer."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

from convmat.arrays import Shape
from convmat.errors import ConvmatError, ConvmatTypeError
from convmat.inspect.onnx_attributes import attributes_of
from convmat.inspect.onnx_constants import Constants
from convmat.inspect.onnx_file import context_of, load
from convmat.inspect.onnx_flow import Flow
from convmat.inspect.onnx_layers import LAYERS, Beside, layer_of
from convmat.inspect.onnx_shapes import Given, Shapes, fixed_inputs, inferred
from convmat.inspect.reach import Reach, begin, joined
from convmat.inspect.value import Inspection, LayerMatrix
from convmat.matrix.bars import bar

__all__ = ["After", "inspect_onnx"]

After = Callable[[LayerMatrix, Beside, Any], LayerMatrix]
"""What may be added to a row: `after(row, beside, model)` gives the row with it."""

# Entry by entry: what they give at one place depends on their inputs at that place.
_CELLWISE = {
    "Abs", "Add", "Cast", "Ceil", "Celu", "Clip", "Div", "Dropout", "Elu",
    "Erf", "Exp", "Floor", "Gelu", "HardSigmoid", "HardSwish", "Identity",
    "LeakyRelu", "Log", "Max", "Mean", "Min", "Mish", "Mul", "Neg", "PRelu",
    "Pow", "Reciprocal", "Relu", "Round", "Selu", "Sigmoid", "Sign", "Softplus",
    "Softsign", "Sqrt", "Sub", "Sum", "Swish", "Tanh", "ThresholdedRelu",
    "Where",
}  # fmt: skip
_FLATTENING = {"Flatten", "Reshape", "Squeeze", "Unsqueeze"}
_STANDARD = ("", "ai.onnx")


def inspect_onnx(
    path: Path, given: Given, after: tuple[After, ...], hidden: bool | None
) -> Inspection:
    """The layers of an ONNX file as matrices.

    Parameters
    ----------
    path : Path
    given : tuple of int, or mapping of str to tuple of int, optional
        Shapes of inputs, with the batch axis.
    after : tuple of callable
        What is done with each row once it is known.
    hidden : bool or None
        Whether no bar is shown; None hides it outside a terminal.

    Raises
    ------
    ConvmatError
        For a file that can't be read, and inputs that do not fit it.
    """
    model = load(path)
    inputs = fixed_inputs(model.graph, given)
    walk = _Walk(model, inputs)
    nodes = model.graph.node
    with bar(path.name, len(nodes), " operators", hidden=hidden) as shown:
        for number, node in enumerate(nodes):
            walk.step(number, node, after)
            shown.update(1)
    return Inspection(
        path.name,
        "onnx",
        inputs,
        tuple(walk.rows),
        dict(walk.others.most_common()),
        walk.skipped,
        tuple(walk.notes),
    )


class _Walk:
    """What is known on the way: constants, shapes, receptive fields."""

    def __init__(self, model: Any, inputs: Shapes) -> None:
        self.model = model
        self.constants = Constants(model.graph)
        shapes, kinds = inferred(model, inputs)
        self.flow = Flow(model, shapes, kinds, self.constants)
        self.shapes = shapes
        self.reaches: dict[str, Reach | None] = {
            name: begin(name, shape[2:]) for name, shape in inputs.items()
        }
        self.rows: list[LayerMatrix] = []
        self.others: Counter[str] = Counter()
        self.skipped: dict[str, str] = {}
        self.notes: list[str] = []
        self._names: set[str] = set()
        self._context = context_of(model)

    def step(self, number: int, node: Any, after: tuple[After, ...]) -> None:
        """One operator."""
        kind = node.op_type
        if node.domain not in _STANDARD:
            self.others[f"{node.domain}.{kind}"] += 1
            return
        wrong = self._wrong(node)
        if wrong and kind in LAYERS:
            self.skipped[self._named(number, node)] = f"{kind}: {wrong}"
        elif wrong:
            self.others[kind] += 1
            self.notes.append(f"{kind}: {wrong}")
        else:
            self._sound(number, node, after)

    def _sound(self, number: int, node: Any, after: tuple[After, ...]) -> None:
        """An operator that is as the standard says."""
        self.flow.step(node)
        kind = node.op_type
        if kind in LAYERS:
            self._layer(self._named(number, node), node, after)
        elif not self.constants.learn(node):
            self.others[kind] += 1
            inner = sum(_layers_within(attribute) for attribute in node.attribute)
            if inner:
                told = f"{kind} holds {inner} layers in graphs of its own: not read"
                self.notes.append(told)
            self._pass(node)

    def _named(self, number: int, node: Any) -> str:
        """A name of its own for each layer."""
        name = node.name or (node.output[0] if node.output else "")
        if not name or name in self._names:
            name = f"{name or node.op_type} #{number}"
        self._names.add(name)
        return name

    def _layer(self, name: str, node: Any, after: tuple[After, ...]) -> None:
        try:
            x = self.shapes.get(node.input[0] if node.input else "")
            if x is None:
                rule = "must have a known shape, which shape inference does not find"
                raise ConvmatError("its input", rule, node.input[0])
            reach = self.reaches.get(node.input[0])
            beside = Beside(node, name, attributes_of(node), x, self.constants, reach)
            row, behind = layer_of(beside)
            shape = _with_batch(node, x, row)
            said = self.shapes.setdefault(node.output[0], shape)
            if said != shape:
                rule = f"must have the shape {said} that shape inference finds"
                raise ConvmatError("its output", rule, shape)
        except (ConvmatError, ConvmatTypeError) as error:
            self.skipped[name] = f"{node.op_type}: {error}"
            return
        self.reaches[node.output[0]] = behind
        for more in after:
            row = more(row, beside, self.model)
        self.rows.append(row)

    def _wrong(self, node: Any) -> str:
        """Why an operator is not as the standard says; empty where it is."""
        import onnx

        if not node.output:
            return "has no output"
        own_graphs = any(a.HasField("g") or a.graphs for a in node.attribute)
        if own_graphs or node.op_type == "Constant":  # the checker would copy them
            return ""
        try:
            onnx.checker.check_node(node, self._context)
        except (onnx.checker.ValidationError, RuntimeError, ValueError) as error:
            return f"is not as the standard says: {' '.join(str(error).split())[:160]}"
        return ""

    def _pass(self, node: Any) -> None:
        """Shapes and fields behind an operator that has no matrix here."""
        names = [name for name in node.input if name and name not in self.constants]
        reaches = [self.reaches.get(name) for name in names]
        for output in node.output[:1]:
            if node.op_type in _CELLWISE:
                self.reaches[output] = joined(reaches)
            elif node.op_type == "Concat":
                on_channels = attributes_of(node).get("axis") == 1
                self.reaches[output] = joined(reaches) if on_channels else None
            elif node.op_type in _FLATTENING:
                self.reaches[output] = self._flattened(node, output)

    def _flattened(self, node: Any, output: str) -> Reach | None:
        """The fields of `(batch, all the rest)`: they stay apart, cell by cell."""
        before, behind = self.shapes.get(node.input[0]), self.shapes.get(output)
        if before is None or behind is None or before[:1] != behind[:1]:
            return None
        rows = len(behind) == 2 or behind == before
        return self.reaches.get(node.input[0]) if rows else None


def _with_batch(node: Any, x: Shape, row: LayerMatrix) -> Shape:
    shape = row.output_shape or ()
    batch = x[:1]
    if node.op_type == "Gemm" and attributes_of(node).get("transA", 0):
        batch = x[1:2]
    return (*batch, *shape)


def _layers_within(attribute: Any) -> int:
    """Layers in the graphs that an operator holds."""
    graphs = [*attribute.graphs]
    if attribute.HasField("g"):
        graphs.append(attribute.g)
    count = 0
    for graph in graphs:
        for node in graph.node:
            count += node.op_type in LAYERS
            count += sum(_layers_within(inner) for inner in node.attribute)
    return count
