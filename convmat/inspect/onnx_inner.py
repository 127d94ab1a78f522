"""Graphs within operators: branches and bodies, as far as their shapes are known."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from convmat.arrays import Shape
from convmat.inspect.onnx_layers import LAYERS
from convmat.inspect.onnx_scope import Scope, body_inputs, graphs_of, sliced_inputs

__all__ = ["Go", "go_into", "layers_within"]

Go = Callable[[Scope], None]
"""Goes through all operators of a scope."""

_SCAN_OF_TODAY = 9  # version of the operators; before, a Scan had a batch axis
_BRANCHES = {"then_branch": "then", "else_branch": "else"}


def go_into(scope: Scope, node: Any, name: str, opset: int, go: Go) -> list[str]:
    """Walk through the graphs that an operator holds.

    Parameters
    ----------
    scope : Scope
        Of the graph that the operator stands in.
    node : onnx.NodeProto
    name : str
    opset : int
        Version of the operators.
    go : callable
        Walks through a scope.

    Returns
    -------
    list of str
        What a reader has to know of it, and what was not looked into.
    """
    held = graphs_of(node)
    graphs = dict(held)
    if len(held) > len(graphs):
        return _left(node, name, "it has two graphs of one name")
    if node.op_type == "If" and set(graphs) == set(_BRANCHES) and node.input:
        return _branches(scope, node, name, go)
    if node.op_type == "Loop" and set(graphs) == {"body"} and len(node.input) >= 2:
        return _body(scope, node, name, body_inputs(scope, node), go)
    if node.op_type == "Scan" and set(graphs) == {"body"} and opset >= _SCAN_OF_TODAY:
        given = sliced_inputs(scope, node)
        if given is not None:
            return _body(scope, node, name, given, go)
    return _left(node, name, "its graphs are not followed here")


def _branches(scope: Scope, node: Any, name: str, go: Go) -> list[str]:
    """Both branches of an `If`, or the one that is taken for sure."""
    told, walked = [], []
    holds = scope.condition(node.input[0])
    for attribute, graph in sorted(graphs_of(node), reverse=True):
        branch = _BRANCHES[attribute]
        if holds is not None and holds != (branch == "then"):
            if count := _layers(graph):
                told.append(
                    f"{name}: its {branch} branch is never taken for these inputs, and "
                    f"{_counted(count)} in it not read"
                )
            continue
        inner = scope.inner(graph, f"{name}.{branch}")
        if inner is None:
            told += _left(node, name, "a name in it is taken outside", graph)
            continue
        go(inner)
        walked.append(inner)
    outputs = list(node.output)
    if holds is not None:
        for inner in walked:
            scope.take(outputs, inner)
        return told
    if len(walked) == len(_BRANCHES):
        pairs = zip(*(inner.ends() for inner in walked), strict=False)
        scope.shaped(outputs, [a if a == b else None for a, b in pairs])
    if layers_within(node):
        told.append(f"{name}: one of its two branches runs, and the total counts both")
    return told


def _body(
    scope: Scope, node: Any, name: str, given: tuple[list[Shape | None], int], go: Go
) -> list[str]:
    """The body of a `Loop` or a `Scan`, once: for the shapes that its first turn has.

    `given` has the shapes that the body reads, and how many of them are carried on from
    turn to turn.
    """
    (graph,) = (inner for _, inner in graphs_of(node))
    shapes, carried = given
    inner = scope.inner(graph, f"{name}.body")
    if inner is None or len(graph.input) != len(shapes):
        reason = "a name in it is taken outside"
        if inner is not None:
            reason = "its body does not read what it is given"
        return _left(node, name, reason)
    for value, shape in zip(graph.input, shapes, strict=True):
        inner.reaches[value.name] = None
        if shape is not None:
            inner.shapes[value.name] = shape
    go(inner)
    loop = node.op_type == "Loop"  # whose body gives its condition first
    before = shapes[len(shapes) - carried :] if loop else shapes[:carried]
    behind = inner.ends()[loop : loop + carried]
    pairs = zip(before, behind, strict=False)
    scope.shaped(list(node.output), [a if a == b else None for a, b in pairs])
    if not layers_within(node):
        return []
    if before == behind and None not in before:
        return [f"{name}: the layers of its body are counted for one turn"]
    told = "counted for the first turn; what it carries on may change its shape"
    return [f"{name}: the layers of its body are {told}"]


def _left(node: Any, name: str, reason: str, graph: Any = None) -> list[str]:
    """What is said of layers that are not looked into."""
    count = layers_within(node) if graph is None else _layers(graph)
    return [f"{name}: {reason}, and {_counted(count)} in it not read"] if count else []


def _counted(count: int) -> str:
    return "1 layer" if count == 1 else f"{count:,} layers"


def layers_within(node: Any) -> int:
    """Layers in the graphs that an operator holds."""
    return sum(_layers(graph) for _, graph in graphs_of(node))


def _layers(graph: Any) -> int:
    return sum((n.op_type in LAYERS) + layers_within(n) for n in graph.node)
