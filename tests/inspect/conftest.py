"""Small networks in ONNX, made on the spot."""

import numpy as np
import pytest


@pytest.fixture
def onnx_file(tmp_path):
    """`onnx_file(nodes, inputs, constants)` writes a model and gives its path."""
    onnx = pytest.importorskip("onnx")
    from onnx import TensorProto, helper, numpy_helper

    def write(nodes, inputs, constants=None, opset=20, name="net.onnx"):
        made = [
            helper.make_node(kind, list(reads), list(gives), name=label, **attributes)
            for kind, reads, gives, label, attributes in nodes
        ]
        constants = constants or {}
        last = made[-1].output[0]
        graph = helper.make_graph(
            made,
            "net",
            [
                helper.make_tensor_value_info(n, TensorProto.FLOAT, shape)
                for n, shape in inputs.items()
            ],
            [helper.make_tensor_value_info(last, TensorProto.FLOAT, None)],
            [numpy_helper.from_array(np.asarray(a), n) for n, a in constants.items()],
        )
        model = helper.make_model(
            graph, opset_imports=[helper.make_opsetid("", opset)], ir_version=9
        )
        path = tmp_path / name
        onnx.save(model, path)
        return path

    return write
