"""An ONNX graph from its inputs to its outputs, layer by layer."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

from convmat.arrays import Shape
from convmat.errors import ConvmatError, ConvmatTypeError
from convmat.inspect.onnx_attributes import attributes_of
from convmat.inspect.onnx_beside import Beside
from convmat.inspect.onnx_file import context_of, load, newest_opset
from convmat.inspect.onnx_inner import go_into
from convmat.inspect.onnx_layers import LAYERS, layer_of
from convmat.inspect.onnx_scope import Scope, graphs_of
from convmat.inspect.onnx_shapes import Given, fixed_inputs
from convmat.inspect.reach import Reach, joined
from convmat.inspect.value import Inspection, LayerMatrix
from convmat.matrix.bars import bar

__all__ = ["After", "inspect_onnx"]

After = Callable[[LayerMatrix, Beside, Any], LayerMatrix]
"""What may be added to a row: `after(row, beside, model)` gives the row with it."""

# Entry by entry: what they give at one place depends on their inputs at that place.
_CELLWISE = {
    "Abs", "Add", "Cast", "Ceil", "Celu", "Clip", "DequantizeLinear", "Div",
    "Dropout", "Elu", "Erf", "Exp", "Floor", "Gelu", "HardSigmoid",
    "HardSwish", "Identity", "LeakyRelu", "Log", "Max", "Mean", "Min",
    "Mish", "Mul", "Neg", "PRelu", "Pow", "QuantizeLinear", "Reciprocal",
    "Relu", "Round", "Selu", "Sigmoid", "Sign", "Softplus", "Softsign",
    "Sqrt", "Sub", "Sum", "Swish", "Tanh", "ThresholdedRelu", "Where",
}  # fmt: skip
_FLATTENING = {"Flatten", "Reshape", "Squeeze", "Unsqueeze"}
_STANDARD = ("", "ai.onnx")


def inspect_onnx(
    path: Path,
    given: Given,
    after: tuple[After, ...],
    hidden: bool | None,
    *,
    normed: bool,
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
    normed : bool
        Whether norms are among what is done.

    Raises
    ------
    ConvmatError
        For a file that can't be read, and inputs that do not fit it.
    """
    model = load(path)
    inputs = fixed_inputs(model.graph, given)
    walk = _Walk(model, after)
    scope = Scope.of_model(model, inputs)
    total = _operators(model.graph)
    with bar(path.name, total, " operators", hidden=hidden) as shown:
        walk.go(scope, shown.update)
    return Inspection(
        path.name,
        "onnx",
        inputs,
        tuple(walk.rows),
        dict(walk.others.most_common()),
        walk.skipped,
        tuple(walk.notes),
        normed,
    )


class _Walk:
    """What is found on the way: rows, and what has none."""

    def __init__(self, model: Any, after: tuple[After, ...]) -> None:
        self.model = model
        self.rows: list[LayerMatrix] = []
        self.others: Counter[str] = Counter()
        self.skipped: dict[str, str] = {}
        self.notes: list[str] = []
        self._after = after
        self._names: set[str] = set()
        self._context = context_of(model)
        versions = {v.domain: v.version for v in model.opset_import}
        self._opset = int(versions.get("", versions.get("ai.onnx", 1)))
        if self._opset > (newest := newest_opset()):
            self.notes.append(
                f"version {self._opset} of its operators is newer than the installed "
                f"onnx knows: it is read as version {newest}"
            )

    def go(self, scope: Scope, done: Callable[[int], object]) -> None:
        """All operators of a graph, and of those within it."""
        for number, node in enumerate(scope.graph.node):
            self._step(scope, number, node, done)
            done(1)

    def _step(
        self, scope: Scope, number: int, node: Any, done: Callable[[int], object]
    ) -> None:
        """One operator."""
        kind = node.op_type
        if node.domain not in _STANDARD:
            self.others[f"{node.domain}.{kind}"] += 1
            return
        wrong = self._wrong(node)
        if wrong and kind in LAYERS:
            name = self._named(scope, number, node)
            self.skipped[name] = f"{kind}: {wrong}"
        elif wrong:
            self.others[kind] += 1
            self.notes.append(f"{kind}: {wrong}")
        else:
            self._sound(scope, number, node, done)

    def _sound(
        self, scope: Scope, number: int, node: Any, done: Callable[[int], object]
    ) -> None:
        """An operator that is as the standard says."""
        kind = node.op_type
        if graphs_of(node):
            self.others[kind] += 1
            name = self._named(scope, number, node)

            def go(inner: Scope) -> None:
                self.go(inner, done)

            self.notes += go_into(scope, node, name, self._opset, go)
            return
        scope.flow.step(node)
        if kind in LAYERS:
            self._layer(scope, self._named(scope, number, node), node)
        elif not scope.constants.learn(node):
            self.others[kind] += 1
            _pass(scope, node)

    def _named(self, scope: Scope, number: int, node: Any) -> str:
        """A name of its own for each layer."""
        own = node.name or (node.output[0] if node.output else "")
        name = f"{scope.prefix}{own}"
        if not own or name in self._names:
            name = f"{name or node.op_type} #{number}"
        self._names.add(name)
        return name

    def _layer(self, scope: Scope, name: str, node: Any) -> None:
        try:
            x = scope.shapes.get(node.input[0] if node.input else "")
            if x is None:
                rule = "must have a known shape, which shape inference does not find"
                raise ConvmatError("its input", rule, node.input[0])
            reach = scope.reaches.get(node.input[0])
            beside = Beside(node, name, attributes_of(node), x, scope.constants, reach)
            row, behind = layer_of(beside)
            shape = _with_batch(node, x, row)
            said = scope.shapes.setdefault(node.output[0], shape)
            if said != shape:
                rule = f"must have the shape {said} that shape inference finds"
                raise ConvmatError("its output", rule, shape)
        except (ConvmatError, ConvmatTypeError) as error:
            self.skipped[name] = f"{node.op_type}: {error}"
            return
        scope.reaches[node.output[0]] = behind
        for more in self._after:
            row = more(row, beside, self.model)
        self.rows.append(row)

    def _wrong(self, node: Any) -> str:
        """Why an operator is not as the standard says; empty where it is."""
        import onnx

        if not node.output:
            return "has no output"
        if graphs_of(node) or node.op_type == "Constant":  # the checker copies them
            return ""
        try:
            onnx.checker.check_node(node, self._context)
        except (onnx.checker.ValidationError, RuntimeError, ValueError) as error:
            return f"is not as the standard says: {' '.join(str(error).split())[:160]}"
        return ""


def _pass(scope: Scope, node: Any) -> None:
    """Fields behind an operator that has no matrix here."""
    names = [name for name in node.input if name and name not in scope.constants]
    reaches = [scope.reaches.get(name) for name in names]
    for output in node.output[:1]:
        if node.op_type in _CELLWISE:
            scope.reaches[output] = joined(reaches)
        elif node.op_type == "Concat":
            on_channels = attributes_of(node).get("axis") == 1
            scope.reaches[output] = joined(reaches) if on_channels else None
        elif node.op_type in _FLATTENING:
            scope.reaches[output] = _flattened(scope, node, output)


def _flattened(scope: Scope, node: Any, output: str) -> Reach | None:
    """The fields of `(batch, all the rest)`: they stay apart, cell by cell."""
    before, behind = scope.shapes.get(node.input[0]), scope.shapes.get(output)
    if before is None or behind is None or before[:1] != behind[:1]:
        return None
    rows = len(behind) == 2 or behind == before
    return scope.reaches.get(node.input[0]) if rows else None


def _with_batch(node: Any, x: Shape, row: LayerMatrix) -> Shape:
    shape = row.output_shape or ()
    batch = x[:1]
    if node.op_type == "Gemm" and attributes_of(node).get("transA", 0):
        batch = x[1:2]
    return (*batch, *shape)


def _operators(graph: Any) -> int:
    """Operators of a graph, and of those within it."""
    inner = (one for node in graph.node for _, one in graphs_of(node))
    return len(graph.node) + sum(map(_operators, inner))
