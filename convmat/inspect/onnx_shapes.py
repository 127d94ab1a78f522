"""Shapes of what flows through an ONNX graph, for inputs of known shapes."""

from __future__ import annotations

from collections.abc import Mapping, MutableMapping
from math import prod
from typing import Any, TypeAlias

from convmat.arrays import Shape
from convmat.errors import ConvmatError, ShapeError
from convmat.geometry.shorthand import read_shape

__all__ = ["Given", "Shapes", "fixed_inputs", "inferred"]

Shapes: TypeAlias = MutableMapping[str, Shape]
"""What each tensor is shaped like, batch axis included; unknown ones are absent."""

_SMALL = 1024  # numbers of a constant that shape inference may need to see

Given: TypeAlias = Shape | Mapping[str, Shape] | None
"""Shapes of inputs: of the first, or by name; None leaves them to the file."""


def fixed_inputs(graph: Any, given: Given) -> Shapes:
    """The inputs of a graph, with a number on every axis.

    Sizes that the file leaves open come from `given`; an open first axis, the batch,
    is 1 by default. An axis with a name has one size wherever the name stands.

    Raises
    ------
    ShapeError
        When `given` does not fit what the file says.
    ConvmatError
        When a size is still open, and for an input that is not there.
    """
    constants = {tensor.name for tensor in graph.initializer}
    declared: dict[str, list[int | str] | None] = {
        value.name: _dims(value) for value in graph.input if value.name not in constants
    }
    chosen = _by_name(declared, given)
    sizes: dict[str, int] = {}
    for name, shape in chosen.items():
        _fit(name, shape, declared[name], sizes)
    for dims in declared.values():  # a batch of one, wherever nobody says more
        if dims and isinstance(dims[0], str):
            sizes.setdefault(dims[0], 1)
    fixed: Shapes = {}
    for name, dims in declared.items():
        if name in chosen:
            fixed[name] = chosen[name]
            continue
        if dims is None:
            rule = (
                f"must be given, because the file says nothing of the shape of {name}"
            )
            raise ConvmatError("input_shape", rule, None, "such as 1x3x224x224")
        filled = [sizes.get(d, d) if isinstance(d, str) else d for d in dims]
        if any(isinstance(d, str) for d in filled):
            rule = f"must be given, because the file leaves sizes of {name} open"
            example = "x".join(map(_told, filled))
            said = example if len(declared) == 1 else f"{name}={example}"
            remedy = f"it reads {said}: put a number on each axis"
            raise ConvmatError("input_shape", rule, None, remedy)
        fixed[name] = tuple(int(d) for d in filled)
    return fixed


def inferred(model: Any, inputs: Shapes) -> tuple[Shapes, dict[str, int]]:
    """What `onnx.shape_inference` finds: shapes, and kinds of numbers as ONNX counts.

    Where it finds no shape, a full one that the file itself says is taken. Constants
    are not copied for it.
    """
    from onnx import shape_inference

    light = _light(model, inputs)
    shapes: Shapes = {}
    kinds: dict[str, int] = {}
    try:
        light = shape_inference.infer_shapes(light, data_prop=True)
    except Exception:
        light.graph.ClearField("value_info")
    known = [*light.graph.value_info, *light.graph.output, *model.graph.value_info]
    for value in [*known, *model.graph.output, *light.graph.input]:
        if value.type.tensor_type.elem_type:
            kinds.setdefault(value.name, value.type.tensor_type.elem_type)
        dims = _dims(value)
        if dims is not None and not any(isinstance(d, str) for d in dims):
            shapes.setdefault(value.name, tuple(int(d) for d in dims))
    for tensor in model.graph.initializer:
        shapes[tensor.name] = tuple(tensor.dims)
    shapes.update(inputs)
    return shapes, kinds


def _light(model: Any, inputs: Shapes) -> Any:
    """The model with its large constants replaced by inputs of the same shape."""
    from onnx import ModelProto, helper

    light = ModelProto()
    light.ir_version = model.ir_version
    light.opset_import.extend(model.opset_import)
    light.functions.extend(model.functions)
    graph = light.graph
    graph.name = "light"

    def open_input(name: str, tensor: Any) -> None:
        value = helper.make_tensor_value_info(name, tensor.data_type, tensor.dims)
        graph.input.append(value)

    constants = {tensor.name for tensor in model.graph.initializer}
    for value in model.graph.input:
        if value.name in constants:
            continue
        kind = value.type.tensor_type.elem_type
        shape = inputs[value.name]
        graph.input.append(helper.make_tensor_value_info(value.name, kind, shape))
    for tensor in model.graph.initializer:
        if prod(tensor.dims) <= _SMALL:
            graph.initializer.append(tensor)
        else:
            open_input(tensor.name, tensor)
    for node in model.graph.node:
        large = [a.t for a in node.attribute if prod(a.t.dims) > _SMALL]
        if node.op_type == "Constant" and large:
            open_input(node.output[0], large[0])
        else:
            graph.node.append(node)
    for value in model.graph.output:
        kind = value.type.tensor_type.elem_type
        graph.output.append(helper.make_tensor_value_info(value.name, kind, None))
    return light


def _dims(value: Any) -> list[int | str] | None:
    """Sizes, with a name where a size is open; None where even the rank is."""
    kind = value.type.tensor_type
    if not kind.HasField("shape"):
        return None
    dims: list[int | str] = []
    for place, dim in enumerate(kind.shape.dim):
        if dim.HasField("dim_value") and dim.dim_value > 0:
            dims.append(dim.dim_value)
        else:
            named = isinstance(dim.dim_param, str) and dim.dim_param not in ("", "?")
            own = f"{value.name} axis {place}"  # a name of this axis alone
            dims.append(dim.dim_param if named else own)
    return dims


def _by_name(declared: Mapping[str, Any], given: Given) -> Shapes:
    if given is None:
        return {}
    if isinstance(given, Mapping):
        for name in given:
            if name not in declared:
                known = ", ".join(declared) or "none"
                rule = f"must name an input of the file: {known}"
                raise ConvmatError("input_shape", rule, name)
        return {name: read_shape("input_shape", s) for name, s in given.items()}
    shape = read_shape("input_shape", given)
    first = next((n for n, dims in declared.items() if dims is None or dims), None)
    if first is None:
        raise ConvmatError("input_shape", "must be left out: there is no input", shape)
    return {first: shape}


def _fit(
    name: str, shape: Shape, dims: list[int | str] | None, sizes: dict[str, int]
) -> None:
    """Hold a given shape against what the file says, and learn what names stand for."""
    if min(shape, default=1) < 1:
        raise ShapeError("input_shape", "must be at least 1 on every axis", shape)
    if dims is None:
        return
    said = "x".join(map(_told, dims))
    if len(dims) != len(shape):
        rule = (
            f"must have {len(dims)} axes with that of the batch, as {name} has: {said}"
        )
        raise ShapeError("input_shape", rule, shape)
    for size, dim in zip(shape, dims, strict=True):
        meant = sizes.setdefault(dim, size) if isinstance(dim, str) else dim
        if meant != size:
            raise ShapeError("input_shape", f"must fit {name}, which is {said}", shape)


def _told(dim: int | str) -> str:
    return "?" if isinstance(dim, str) else str(dim)
