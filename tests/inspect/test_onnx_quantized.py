"""Layers whose weights are stored as integers: dequantised, or used as they are."""

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from convmat import ConvmatError, conv_matrix
from convmat.inspect import inspect_file
from convmat.inspect.onnx_folding import dequantized

onnx = pytest.importorskip("onnx")

RNG = np.random.default_rng(5)


def inspected(onnx_file, nodes, x, constants, opset=21, kind=None, **keywords):
    path = onnx_file(nodes, {"x": x}, constants, opset)
    if kind is not None:
        model = onnx.load(path)
        model.graph.input[0].type.tensor_type.elem_type = kind
        path.write_bytes(model.SerializeToString())
    return inspect_file(path, prove=True, **keywords)


def by_evaluator(x, scale, zero, axis, block):
    """The same by the package that wrote the standard."""
    from onnx import helper
    from onnx.reference import ReferenceEvaluator

    arrays = {"x": x, "s": scale} | ({} if zero is None else {"z": zero})
    attributes = {"axis": axis} | ({"block_size": block} if block else {})
    node = helper.make_node("DequantizeLinear", list(arrays), ["y"], **attributes)
    inputs = [
        helper.make_tensor_value_info(
            n, helper.np_dtype_to_tensor_dtype(a.dtype), a.shape
        )
        for n, a in arrays.items()
    ]
    output = helper.make_tensor_value_info("y", 1, None)
    graph = helper.make_graph([node], "one", inputs, [output])
    opset = [helper.make_opsetid("", 21)]
    model = helper.make_model(graph, opset_imports=opset, ir_version=10)
    (found,) = ReferenceEvaluator(model).run(None, arrays)
    return found


@st.composite
def stored(draw):
    """Integers, and scales and zero points of a tensor, an axis or blocks of it."""
    shape = tuple(draw(st.lists(st.integers(1, 4), min_size=1, max_size=4)))
    kind = np.dtype(draw(st.sampled_from(["int8", "uint8", "int16", "uint16"])))
    way = draw(st.sampled_from(["tensor", "axis", "block"]))
    axis = draw(st.integers(-len(shape), len(shape) - 1))
    place, block = axis % len(shape), 0
    sizes = ()
    if way == "axis":
        sizes = (shape[place],)
    if way == "block":
        block = draw(st.integers(1, 3))
        sizes = (*shape[:place], -(-shape[place] // block), *shape[place + 1 :])
    rng = np.random.default_rng(draw(st.integers(0, 99)))
    most = np.iinfo(kind)
    x = rng.integers(most.min, most.max + 1, shape).astype(kind)
    scale = rng.uniform(0.01, 3, sizes).astype(np.float32)
    zero = rng.integers(most.min, most.max + 1, sizes).astype(kind)
    return x, scale, zero if draw(st.booleans()) else None, axis, block


@settings(deadline=None)
@given(stored())
@example((np.arange(6, dtype=np.int8).reshape(2, 3), np.float32([2, 3, 5]), None, 1, 0))
@example((np.arange(5, dtype=np.uint8), np.float32([2, 3]), np.uint8([1, 200]), -1, 3))
def test_dequantised_numbers_are_those_of_the_evaluator(drawn):
    ours = dequantized(*drawn)
    assert ours.dtype == np.float32
    assert ours.tolist() == by_evaluator(*drawn).tolist()


def test_scales_that_do_not_fit_are_refused():
    x = np.zeros((2, 3), np.int8)
    with pytest.raises(ConvmatError, match=r"the scale must be one number, or 3, one"):
        dequantized(x, np.ones(2, np.float32), None, 1)
    with pytest.raises(ConvmatError, match=r"the zero point must be \(2, 2\)"):
        dequantized(x, np.ones((2, 2), np.float32), np.zeros((2, 3), np.int8), 1, 2)
    with pytest.raises(ConvmatError, match="axis must be from -2 to 1"):
        dequantized(x, np.ones(3, np.float32), None, 2)
    with pytest.raises(ConvmatError, match=r"the scale must be floats, got .*int64"):
        dequantized(x, np.ones((), np.int64), None)


def test_weights_beyond_their_kind_of_number_are_not_finite(onnx_file):
    nodes = [
        ("DequantizeLinear", ["w", "s"], ["v"], "", {}),
        ("Conv", ["x", "v"], ["y"], "c", {}),
    ]
    constants = {"w": np.int8([[[100, 1]]]), "s": np.float16(60000)}
    found = inspected(onnx_file, nodes, (1, 1, 8), constants)
    assert [row.not_finite for row in found.layers] == [1]


WEIGHT = RNG.integers(-128, 128, (4, 2, 3)).astype(np.int8)
SCALES = np.float32([0.5, 0.25, 2, 1])
ZEROS = np.int8([3, -7, 0, 100])


def test_dequantised_weights_are_a_matrix_of_their_stored_size(onnx_file):
    nodes = [
        ("QuantizeLinear", ["x", "xs", "xz"], ["q"], "", {}),
        ("DequantizeLinear", ["q", "xs", "xz"], ["d"], "", {}),
        ("DequantizeLinear", ["w", "ws", "wz"], ["v"], "", {"axis": 0}),
        ("DequantizeLinear", ["b", "bs"], ["c"], "", {"axis": 0}),
        ("Conv", ["d", "v", "c"], ["y"], "conv", {"pads": [1, 1]}),
        ("Transpose", ["h"], ["ht"], "", {}),
        ("Cast", ["ht"], ["hf"], "", {"to": 1}),
        ("Flatten", ["y"], ["f"], "", {}),
        ("Gemm", ["f", "hf"], ["z"], "head", {}),
    ]
    constants = {
        "xs": np.float32(0.1),
        "xz": np.uint8(7),
        "w": WEIGHT,
        "ws": SCALES,
        "wz": ZEROS,
        "b": np.int32([1, 2, 3, 4]),
        "bs": SCALES,
        "h": RNG.standard_normal((5, 36)).astype(np.float16),
    }
    found = inspected(onnx_file, nodes, (1, 2, 9), constants, norms=True)
    assert dict(found.skipped) == {}
    conv, head = found.layers
    assert (conv.itemsize, conv.parameters, conv.bias, conv.proof) == (
        1,
        24,
        4,
        "exact",
    )
    assert conv.field == (3,)  # what is quantised on the way is cell by cell
    assert conv.notes == ("its weights are stored as integers, and dequantised",)
    assert (head.itemsize, head.matrix_shape) == (2, (5, 36))
    assert head.proof == "exact"
    whole = (WEIGHT.astype(float) - ZEROS[:, None, None]) * SCALES[:, None, None]
    matrix = conv_matrix(whole, (2, 9), padding=1).toarray()
    assert abs(conv.norm - np.linalg.norm(matrix, 2)) <= 2 * conv.norm_error


@pytest.mark.parametrize("kind", ["int8", "uint8"])
@pytest.mark.parametrize("operator", ["QLinearConv", "ConvInteger"])
def test_convolutions_of_integers_are_weights_less_their_zero_point(
    onnx_file, operator, kind
):
    weight = WEIGHT if kind == "int8" else (WEIGHT.astype(int) + 128).astype(np.uint8)
    zero = {"int8": np.int8(-9), "uint8": np.uint8(130)}[kind]
    one = np.float32(1)
    constants = {"w": weight, "wz": zero, "xz": np.uint8(3)}
    reads = ["x", "w", "xz", "wz"]
    if operator == "QLinearConv":
        constants |= {"xs": one, "ws": one, "ys": one, "yz": np.uint8(0)}
        constants["b"] = np.int32([1, 2, 3, 4])
        reads = ["x", "xs", "xz", "w", "ws", "wz", "ys", "yz", "b"]
    settings = {"group": 2, "strides": [2], "pads": [2, 1]}
    nodes = [(operator, reads, ["y"], "q", settings)]
    found = inspected(
        onnx_file, nodes, (1, 4, 8), constants, kind=onnx.TensorProto.UINT8, norms=True
    )
    (row,) = found.layers
    assert (row.kind, row.itemsize, row.settings) == (operator, 1, "k3 s2 p2,1 g2")
    assert row.proof == "exact"
    assert row.bias == (4 if operator == "QLinearConv" else 0)
    assert row.notes[0].startswith("on integers: weight less zero point, before scales")
    matrix = conv_matrix(
        weight.astype(float) - int(zero), (4, 8), groups=2, stride=2, padding=[(2, 1)]
    )
    assert (row.matrix_shape, row.nnz) == (matrix.shape, matrix.nnz)
    assert abs(row.norm - np.linalg.norm(matrix.toarray(), 2)) <= 2 * row.norm_error


@pytest.mark.parametrize("operator", ["QLinearMatMul", "MatMulInteger"])
def test_products_of_integers_are_weights_less_their_zero_point(onnx_file, operator):
    weight = RNG.integers(0, 256, (6, 4)).astype(np.uint8)
    one = np.float32(1)
    constants = {"w": weight, "wz": np.uint8([1, 2, 3, 200]), "xz": np.uint8(3)}
    reads = ["x", "w", "xz", "wz"]
    if operator == "QLinearMatMul":
        constants |= {"xs": one, "ws": np.ones(4, np.float32)}
        constants |= {"ys": one, "yz": np.uint8(0)}
        reads = ["x", "xs", "xz", "w", "ws", "wz", "ys", "yz"]
    nodes = [(operator, reads, ["y"], "q", {})]
    kind = onnx.TensorProto.UINT8
    (row,) = inspected(onnx_file, nodes, (1, 5, 6), constants, kind=kind).layers
    assert (row.kind, row.matrix_shape, row.sharing) == (operator, (20, 30), 5.0)
    assert row.proof == "exact"


def test_a_wrong_zero_point_is_never_proved(onnx_file, monkeypatch):
    from convmat.inspect import onnx_beside

    right = onnx_beside.Beside.values
    monkeypatch.setattr(onnx_beside.Beside, "values", lambda self: right(self) + 1)
    constants = {"w": WEIGHT, "wz": np.int8(-9), "xz": np.uint8(3)}
    nodes = [("ConvInteger", ["x", "w", "xz", "wz"], ["y"], "q", {})]
    kind = onnx.TensorProto.UINT8
    (row,) = inspected(onnx_file, nodes, (1, 2, 8), constants, kind=kind).layers
    assert (row.proved, row.proof) == (False, "DIFFERS: on integers")


def test_a_zero_point_that_does_not_fit_is_skipped_with_its_reason(onnx_file):
    constants = {"w": WEIGHT, "wz": np.int8([1, 2, 3]), "xz": np.uint8(3)}
    nodes = [("ConvInteger", ["x", "w", "xz", "wz"], ["y"], "q", {})]
    kind = onnx.TensorProto.UINT8
    found = inspected(onnx_file, nodes, (1, 2, 8), constants, kind=kind)
    assert "the zero point must be one number, or one for each output" in str(found)


def test_constants_that_can_grow_are_not_computed(onnx_file):
    nodes = [
        ("Expand", ["w", "sizes"], ["v"], "", {}),
        ("Conv", ["x", "v"], ["y"], "c", {}),
    ]
    constants = {"w": np.ones((1, 1, 1), np.float32), "sizes": np.array([9, 2, 3])}
    found = inspected(onnx_file, nodes, (1, 2, 8), constants)
    assert "fold the constants of the file first" in found.skipped["c"]
