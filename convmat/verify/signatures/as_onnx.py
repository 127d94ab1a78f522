"""ONNX: functions that take the attributes of the operator `Conv`, on arrays.

`onnxruntime_conv` runs ONNX Runtime behind that signature: it builds a model of one
node for each setting, and keeps the last few.

References
----------
ONNX, "Operator Schemas", `Conv`, version 11: `pads` has all beginnings first.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import Any

from convmat.arrays import Array
from convmat.verify.black_box import Implementation, Supports
from convmat.verify.signatures.outside import library
from convmat.verify.signatures.ranks import ranks_of

__all__ = ["adapt", "onnxruntime_conv"]


def adapt(function: Callable[..., Any], supports: Supports | None) -> Implementation:
    """The function with ONNX's attributes, as one with convmat's keywords."""

    def forward(x: Array, kernel: Array, bias: Array | None = None, **told: Any) -> Any:
        pads = told["padding"]
        return function(
            x,
            kernel,
            bias,
            auto_pad="NOTSET",
            dilations=list(told["dilation"]),
            group=told["groups"],
            kernel_shape=list(kernel.shape[2:]),
            pads=[before for before, _ in pads] + [after for _, after in pads],
            strides=list(told["stride"]),
        )

    claim = supports or Supports(ranks=ranks_of(function), dtypes=("float32",))
    return Implementation("onnx", forward, supports=claim)


def onnxruntime_conv(
    X: Array,
    W: Array,
    B: Array | None = None,
    **attributes: Any,
) -> Any:
    """`Conv` of ONNX Runtime on the CPU, called with the attributes of the standard.

    Raises
    ------
    ModuleNotFoundError
        When onnx or onnxruntime is not installed.
    """
    inputs = {"X": X, "W": W} | ({} if B is None else {"B": B})
    told = tuple(
        (name, tuple(value) if isinstance(value, list) else value)
        for name, value in sorted(attributes.items())
    )
    return _session(tuple(inputs), X.ndim, str(X.dtype), told).run(None, inputs)[0]


@lru_cache(maxsize=64)
def _session(
    names: tuple[str, ...], axes: int, dtype: str, told: tuple[tuple[str, Any], ...]
) -> Any:
    """A session for a model of one node."""
    onnx = library("onnx", "onnxruntime_conv")
    runtime = library("onnxruntime", "onnxruntime_conv")
    kind = {"float32": onnx.TensorProto.FLOAT, "float64": onnx.TensorProto.DOUBLE}
    sizes = {"X": axes, "W": axes, "B": 1, "Y": axes}

    def value(name: str) -> Any:
        shape = [f"{name}{axis}" for axis in range(sizes[name])]
        return onnx.helper.make_tensor_value_info(name, kind[dtype], shape)

    node = onnx.helper.make_node("Conv", list(names), ["Y"], **dict(told))
    graph = onnx.helper.make_graph(
        [node], "conv", [value(name) for name in names], [value("Y")]
    )
    opset = [onnx.helper.make_opsetid("", 18)]
    model = onnx.helper.make_model(graph, opset_imports=opset, ir_version=8)
    options = runtime.SessionOptions()
    options.intra_op_num_threads = 1
    options.log_severity_level = 4
    return runtime.InferenceSession(
        model.SerializeToString(), options, providers=["CPUExecutionProvider"]
    )
