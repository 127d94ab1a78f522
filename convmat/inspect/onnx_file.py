"""Reading an ONNX file: whole, with all its data, or one sentence that says why not."""

from __future__ import annotations

import os
from collections import Counter
from pathlib import Path
from typing import Any

from convmat.errors import ConvmatError, needs
from convmat.inspect.files import count_of
from convmat.memory import refuse_beyond
from convmat.nn.data.files import DataError, opened

__all__ = ["array_of", "context_of", "load", "newest_opset", "require_onnx", "size_of"]

_EXTERNAL = 1  # TensorProto.EXTERNAL
_COPIES = 2  # the bytes of the file, and what is parsed of them


def require_onnx() -> Any:
    """The package `onnx`.

    Raises
    ------
    ModuleNotFoundError
        When it is not installed, with the lines that install it.
    """
    try:
        import onnx
    except ModuleNotFoundError as error:
        message = needs("an ONNX file", "the package onnx", "inspect")
        raise ModuleNotFoundError(message, name=error.name) from None
    return onnx


def load(path: Path) -> Any:
    """The model in the file, with data that lies in other files beside it.

    Returns
    -------
    onnx.ModelProto

    Raises
    ------
    DataError
        When the file is missing, cut off or no ONNX file, when data that it keeps in
        other files is missing, and when a tensor has not as many bytes as its shape
        says.
    MatrixTooLargeError
        When reading it would take more than half of the memory.
    """
    onnx = require_onnx()
    from google.protobuf.message import DecodeError

    with opened(path) as file:
        size = os.fstat(file.fileno()).st_size
        remedy = "read it on a machine with more"
        refuse_beyond("reading", str(path), _COPIES * size, None, remedy)
        content = file.read()
    model = onnx.ModelProto()
    try:
        model.ParseFromString(content)
    except (DecodeError, RuntimeError, ValueError):
        rule = "must hold a whole ONNX model"
        raise DataError(path, rule, "it is cut off or another kind of file") from None
    if not model.graph.node or not model.opset_import:
        rule = "must hold a whole ONNX model"
        lost = "operator" if model.opset_import else "version of its operators"
        raise DataError(path, rule, f"it has no {lost}: it is cut off or empty")
    if not all(isinstance(version.domain, str) for version in model.opset_import):
        rule = "must hold a whole ONNX model"
        raise DataError(path, rule, "one of its names is no text: it is damaged")
    _load_external(onnx, model, path)
    for tensor in _tensors(model.graph):
        _check(tensor, path)
    _check_names(model.graph, path)
    return _inlined(model)


def _inlined(model: Any) -> Any:
    """The model with its own functions written out where they are called.

    Where they can't be, they stay calls, and are counted as operators.
    """
    if not model.functions:
        return model
    from onnx import inliner

    try:
        return inliner.inline_local_functions(model)
    except Exception:
        return model


def array_of(tensor: Any) -> Any:
    """The values of a tensor, as an array of NumPy.

    Raises
    ------
    ConvmatError
        When there are not as many as its shape says.
    """
    from onnx import numpy_helper

    try:
        return numpy_helper.to_array(tensor)
    except (ValueError, TypeError) as error:
        rule = "must have as many numbers as its shape says"
        told = " ".join(str(error).split())
        raise ConvmatError(f"the constant {tensor.name!r}", rule, told) from None


def size_of(tensor: Any) -> int:
    """Bytes of one number of a tensor."""
    from onnx import helper

    return int(helper.tensor_dtype_to_np_dtype(tensor.data_type).itemsize)


def context_of(model: Any) -> Any:
    """What ONNX's checker of operators has to know of a model."""
    from onnx import checker

    context = checker.C.CheckerContext()
    context.ir_version = model.ir_version
    context.opset_imports = {
        known.domain: known.version for known in model.opset_import
    }
    return context


def newest_opset() -> int:
    """The newest version of the operators that the installed `onnx` knows."""
    from onnx import defs

    return int(defs.onnx_opset_version())


def _load_external(onnx: Any, model: Any, path: Path) -> None:
    """Read what lies in other files; each has to be there, and as long as is said."""
    outside = [t for t in _tensors(model.graph) if t.data_location == _EXTERNAL]
    if not outside:
        return
    needed = 0
    for tensor in outside:
        said = {entry.key: entry.value for entry in tensor.external_data}
        beside = path.parent / said.get("location", "")
        rule = f"must have its data beside it: {tensor.name!r} is in {beside.name!r}"
        if not beside.is_file():
            raise DataError(
                path, rule, "that file is missing; copy it to the same folder"
            )
        try:
            start, length = int(said.get("offset", 0)), int(said.get("length", 0))
        except ValueError:
            raise DataError(path, rule, "the place in it is no number") from None
        there = beside.stat().st_size
        if min(start, length) < 0 or start + length > there:
            remedy = (
                f"bytes {start:,} to {start + length:,} of it, and it has {there:,}"
            )
            raise DataError(path, rule, remedy)
        needed += length or there - start
    remedy = "read it on a machine with more"
    refuse_beyond("reading the data of", str(path), needed, None, remedy)
    try:
        onnx.external_data_helper.load_external_data_for_model(model, str(path.parent))
    except (OSError, ValueError, RuntimeError, onnx.checker.ValidationError) as error:
        reason = " ".join(str(error).split())
        raise DataError(path, "must have its data beside it", reason) from None


def _tensors(graph: Any) -> Any:
    """All tensors of a graph and of the graphs within its operators."""
    yield from graph.initializer
    for node in graph.node:
        for attribute in node.attribute:
            if attribute.HasField("t"):
                yield attribute.t
            if attribute.HasField("g"):
                yield from _tensors(attribute.g)
            for inner in attribute.graphs:
                yield from _tensors(inner)


def _check_names(graph: Any, path: Path) -> None:
    """Refuse names that are no text (protobuf has bytes then), and those of two."""
    tensors = [*graph.initializer, *graph.input, *graph.output, *graph.value_info]
    names = [tensor.name for tensor in tensors]
    for node in graph.node:
        names += [node.name, node.op_type, node.domain, *node.input, *node.output]
        names += [attribute.name for attribute in node.attribute]
        for attribute in node.attribute:
            for inner in (*[attribute.g][: attribute.HasField("g")], *attribute.graphs):
                _check_names(inner, path)
    if not all(isinstance(name, str) for name in names):
        rule = "must hold a whole ONNX model"
        raise DataError(path, rule, "one of its names is no text: it is damaged")
    given = [tensor.name for tensor in graph.initializer]
    given += [name for node in graph.node for name in node.output if name]
    if len(given) > len(set(given)):
        name = next(name for name, many in Counter(given).items() if many > 1)
        rule = "must give each name to one tensor"
        raise DataError(path, rule, f"it gives {name!r} to two")


def _check(tensor: Any, path: Path) -> None:
    """Refuse a tensor whose bytes are not those of its shape."""
    name = tensor.name or "a constant"
    count = count_of(path, name, tensor.dims)
    try:
        item = size_of(tensor)
    except (KeyError, TypeError, ValueError):
        rule = f"must hold numbers of a known kind in {name}"
        remedy = f"it holds kind {tensor.data_type}; a newer onnx may know it"
        raise DataError(path, rule, remedy) from None
    bits = {21: 4, 22: 4, 23: 4, 25: 2, 26: 2}.get(tensor.data_type, 8 * item)
    if not tensor.HasField("raw_data"):
        if bits >= 8 and tensor.data_location != _EXTERNAL:
            _check_listed(tensor, count, path)
        return
    needed, there = -(-count * bits // 8), len(tensor.raw_data)
    if needed != there:
        rule = f"must hold {needed:,} bytes in {name}, of shape {tuple(tensor.dims)}"
        raise DataError(path, rule, f"it holds {there:,}: it is damaged")


def _check_listed(tensor: Any, count: int, path: Path) -> None:
    """Refuse a tensor whose numbers, written one by one, are not as many."""
    from onnx import helper

    parts = 2 if helper.tensor_dtype_to_np_dtype(tensor.data_type).kind == "c" else 1
    there = len(getattr(tensor, helper.tensor_dtype_to_field(tensor.data_type)))
    if there != count * parts:
        name = tensor.name or "a constant"
        rule = f"must hold {count:,} numbers in {name}, of shape {tuple(tensor.dims)}"
        raise DataError(path, rule, f"it holds {there // parts:,}: it is damaged")
