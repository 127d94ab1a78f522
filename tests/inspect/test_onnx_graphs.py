"""Whole graphs: order, shapes, receptive fields, what is left out, bad files."""

from contextlib import suppress
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from convmat import conv_matrix, geometry, transposed_geometry
from convmat.errors import ConvmatError, ConvmatTypeError
from convmat.inspect import inspect_file
from convmat.inspect.reach import begin, joined, through, through_transposed

onnx = pytest.importorskip("onnx")


def kernel(*shape):
    return np.ones(shape, np.float32)


def test_layers_come_in_the_order_of_the_graph_with_fields_behind_both_ways(onnx_file):
    nodes = [
        ("Conv", ["x", "a"], ["1"], "first", {"pads": [1, 1, 1, 1]}),
        ("Relu", ["1"], ["2"], "", {}),
        ("Conv", ["2", "a"], ["3"], "wide", {"pads": [1, 1, 1, 1]}),
        ("Conv", ["2", "b"], ["4"], "narrow", {}),
        ("Add", ["3", "4"], ["5"], "", {}),
        ("MaxPool", ["5"], ["6"], "pool", {"kernel_shape": [2, 2], "strides": [2, 2]}),
        ("Flatten", ["6"], ["7"], "", {}),
        ("Gemm", ["7", "c"], ["8"], "head", {"transB": 1}),
    ]
    constants = {"a": kernel(2, 2, 3, 3), "b": kernel(2, 2, 1, 1), "c": kernel(4, 32)}
    found = inspect_file(onnx_file(nodes, {"x": (1, 2, 8, 8)}, constants))
    names = [row.name for row in found.layers]
    assert names == ["first", "wide", "narrow", "pool", "head"]
    assert [row.field for row in found.layers] == [
        (3, 3),
        (5, 5),
        (3, 3),
        (6, 6),
        (12, 12),
    ]
    assert dict(found.others) == {"Relu": 1, "Add": 1, "Flatten": 1}
    assert found.parameters == 36 + 36 + 4 + 128


@st.composite
def chains(draw):
    """Settings of convolutions on one axis, and an input that they all fit."""
    steps = draw(
        st.lists(
            st.tuples(
                st.integers(1, 4),
                st.integers(1, 3),
                st.tuples(st.integers(0, 3), st.integers(0, 3)),
                st.integers(1, 3),
                st.booleans(),
            ),
            min_size=1,
            max_size=4,
        )
    )
    return draw(st.integers(60, 90)), steps


THIRD = (2, 3, (0, 0), 1, False)  # one output is left, and an end cuts its field


@given(chains())
@example((60, [(2, 3, (0, 0), 1, False), (3, 1, (2, 0), 2, False)]))
@example((60, [(1, 3, (0, 0), 1, False), (2, 2, (1, 1), 3, True)]))
@example((60, [(1, 2, (1, 0), 1, False), *[(1, 3, (0, 0), 1, False)] * 2, THIRD]))
@settings(deadline=None)
def test_fields_hold_all_that_the_product_of_the_matrices_reads(chain):
    n, steps = chain
    reach, product = begin("x", (n,)), None
    passed = []  # what lies before each layer, and its settings
    for k, s, pads, d, transposed in steps:
        if n < d * (k - 1) + 1 or (transposed and sum(pads) >= k):
            continue
        passed.append((n, k, s, pads[0], d))
        if transposed:
            g = transposed_geometry(n, k, stride=s, padding=[pads], dilation=d)
            matrix = conv_matrix(np.ones(k), g.input_shape, **g.keywords).T.tocsr()
            reach, n = through_transposed(reach, g), g.input_shape[0]
        else:
            g = geometry(n, k, stride=s, padding=[pads], dilation=d)
            matrix = conv_matrix(np.ones(k), n, **g.keywords)
            reach, n = through(reach, g), g.output_shape[0]
        product = matrix if product is None else (matrix @ product).tocsr()
    if product is None:
        return
    straight = not any(transposed for *_, transposed in steps)
    for row in range(product.shape[0]):
        reads = product.indices[product.indptr[row] : product.indptr[row + 1]]
        begins = reach.first[0] + row * reach.jump[0]
        ends = begins + reach.fields[0].size - 1
        inside = [] if not len(reads) else [reads.min(), reads.max()]
        assert all(begins <= cell <= ends for cell in inside)
        # What no end cuts on the way reads its field from end to end.
        if straight and _is_whole(row, passed):
            assert inside == [begins, ends]


def _is_whole(row, passed):
    """Whether no end of a layer cuts what an output reads."""
    first = last = row
    for n, k, s, before, d in reversed(passed):
        first, last = first * s - before, last * s - before + (k - 1) * d
        if first < 0 or last >= n:
            return False
    return True


def test_fields_of_a_gate_reach_as_far_as_what_it_read():
    x = begin("x", (10,))
    one = through(x, geometry(10, 10))
    both = joined([x, one])
    assert both.size == (10,)
    assert both.fields[0].count == 10


def test_fields_that_move_differently_are_not_known():
    x = begin("x", (8,))
    assert joined([x, through(x, geometry(8, 1, stride=2))]) is None
    assert joined([x, begin("y", (8,))]) is None
    assert joined([x, None]) is None


def test_open_sizes_are_asked_for_and_a_batch_is_one(onnx_file):
    nodes = [("Conv", ["x", "w"], ["y"], "c", {})]
    path = onnx_file(nodes, {"x": ("n", 3, None, 5)}, {"w": kernel(2, 3, 2, 2)})
    with pytest.raises(ConvmatError, match=r"sizes of x open.* 1x3x\?x5: put a number"):
        inspect_file(path)
    found = inspect_file(path, input_shape=(2, 3, 4, 5))
    assert found.inputs == {"x": (2, 3, 4, 5)}
    assert found.layers[0].input_shape == (3, 4, 5)
    batch = onnx_file(nodes, {"x": ("n", 3, 4, 5)}, {"w": kernel(2, 3, 2, 2)})
    assert inspect_file(batch).inputs == {"x": (1, 3, 4, 5)}


@pytest.mark.parametrize(
    ("given_shape", "message"),
    [
        ((3, 4, 5), r"must have 4 axes with that of the batch, as x has: \?x3x\?x5"),
        ((1, 4, 4, 5), r"must fit x, which is \?x3x\?x5"),
        ((1, 3, 0, 5), "at least 1 on every axis"),
        ({"z": (1, 3, 4, 5)}, "must name an input of the file: x"),
        ((1, 3, 4, 5.0), "input_shape"),
    ],
)
def test_inputs_that_do_not_fit_are_refused(onnx_file, given_shape, message):
    nodes = [("Conv", ["x", "w"], ["y"], "c", {})]
    path = onnx_file(nodes, {"x": ("n", 3, None, 5)}, {"w": kernel(2, 3, 2, 2)})
    with pytest.raises((ConvmatError, TypeError), match=message):
        inspect_file(path, input_shape=given_shape)


def test_one_name_has_one_size_on_all_inputs(onnx_file):
    nodes = [
        ("Conv", ["x", "w"], ["1"], "a", {}),
        ("Conv", ["y", "w"], ["2"], "b", {}),
        ("Add", ["1", "2"], ["3"], "", {}),
    ]
    inputs = {"x": (1, 1, "t"), "y": (1, 1, "t")}
    path = onnx_file(nodes, inputs, {"w": kernel(1, 1, 3)})
    found = inspect_file(path, input_shape={"y": (1, 1, 9)})
    assert found.inputs == {"x": (1, 1, 9), "y": (1, 1, 9)}


def test_sizes_that_the_graph_computes_are_followed(onnx_file):
    nodes = [
        ("Shape", ["x"], ["s"], "", {}),
        ("Slice", ["s", "zero", "one"], ["b"], "", {}),
        ("Concat", ["b", "rest"], ["t"], "", {"axis": 0}),
        ("Reshape", ["x", "t"], ["y"], "", {}),
        ("Conv", ["y", "w"], ["z"], "c", {}),
    ]
    constants = {
        "zero": np.array([0]),
        "one": np.array([1]),
        "rest": np.array([1, -1]),
        "w": kernel(1, 1, 3),
    }
    path = onnx_file(nodes, {"x": (2, 3, 4)}, constants)
    (row,) = inspect_file(path).layers
    assert row.input_shape == (1, 12)


def test_unknown_operators_are_counted_and_layers_without_weights_are_named(onnx_file):
    nodes = [
        ("Softmax", ["x"], ["1"], "", {}),
        ("Softmax", ["1"], ["2"], "", {}),
        ("MatMul", ["x", "2"], ["3"], "attention", {}),
        ("Conv", ["3", "w"], ["4"], "late", {}),
    ]
    path = onnx_file(nodes, {"x": (1, 4, 4)}, {"w": kernel(2, 4, 3)})
    found = inspect_file(path)
    assert dict(found.others) == {"Softmax": 2}
    assert "computed from the input" in found.skipped["attention"]
    assert [row.name for row in found.layers] == ["late"]
    assert found.layers[0].field is None
    told = str(found)
    assert "skipped, 1 layer:" in told
    assert "without a matrix here, 2: Softmax 2" in told


def test_an_operator_against_the_standard_is_skipped_with_its_reason(onnx_file):
    nodes = [
        ("Conv", ["x", "w"], ["y"], "c", {"pads": 3}),
        ("Softmax", ["y", "y"], ["z"], "", {}),
    ]
    path = onnx_file(nodes, {"x": (1, 1, 30)}, {"w": kernel(1, 1, 3)})
    found = inspect_file(path)
    assert found.skipped["c"].startswith("Conv: is not as the standard says")
    assert dict(found.others) == {"Softmax": 1}
    assert found.notes[0].startswith("Softmax: is not as the standard says")


def test_every_truncated_file_is_one_sentence(onnx_file, tmp_path):
    nodes = [("Conv", ["x", "w"], ["y"], "c", {"pads": [1, 0]})]
    content = onnx_file(nodes, {"x": (1, 1, 9)}, {"w": kernel(1, 1, 3)}).read_bytes()
    cut = tmp_path / "cut.onnx"
    for length in range(len(content)):
        cut.write_bytes(content[:length])
        with pytest.raises(ConvmatError, match="path must"):
            inspect_file(cut)
    cut.write_bytes(content)
    assert len(inspect_file(cut).layers) == 1


@given(st.data())
@settings(deadline=None, max_examples=60)
def test_damaged_files_are_read_or_refused_in_one_sentence(data):
    content = bytearray(SMALL)
    for _ in range(data.draw(st.integers(1, 3))):
        place = data.draw(st.integers(0, len(content) - 1))
        content[place] = data.draw(st.integers(0, 255))
    with TemporaryDirectory() as folder:
        path = Path(folder) / "damaged.onnx"
        path.write_bytes(content)
        told = "refused"
        with suppress(ConvmatError, ConvmatTypeError):
            told = str(inspect_file(path, input_shape=(1, 1, 9)))
        assert told


def small():
    from onnx import TensorProto, helper, numpy_helper

    node = helper.make_node("Conv", ["x", "w"], ["y"], pads=[1, 0], strides=[2])
    graph = helper.make_graph(
        [node],
        "net",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, (1, 1, 9))],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, None)],
        [numpy_helper.from_array(kernel(1, 1, 3), "w")],
    )
    return helper.make_model(graph, ir_version=9).SerializeToString()


SMALL = small()


def test_data_beside_the_file_is_needed_whole(onnx_file, tmp_path):
    nodes = [("Conv", ["x", "w"], ["y"], "c", {})]
    path = onnx_file(nodes, {"x": (1, 4, 30)}, {"w": kernel(64, 4, 3)})
    model = onnx.load(path)
    onnx.save(
        model, path, save_as_external_data=True, location="data.bin", size_threshold=0
    )
    assert inspect_file(path).layers[0].parameters == 768
    data = tmp_path / "data.bin"
    content = data.read_bytes()
    data.write_bytes(content[:-1])
    with pytest.raises(ConvmatError, match=r"'w' is in 'data.bin'.* bytes 0 to 3,072"):
        inspect_file(path)
    data.unlink()
    with pytest.raises(ConvmatError, match=r"'data.bin'.*that file is missing"):
        inspect_file(path)


def test_weights_shorter_than_their_shape_are_refused(onnx_file):
    nodes = [("Conv", ["x", "w"], ["y"], "c", {})]
    path = onnx_file(nodes, {"x": (1, 1, 30)}, {"w": kernel(1, 1, 3)})
    model = onnx.load(path)
    model.graph.initializer[0].dims[0] = 1 << 40
    path.write_bytes(model.SerializeToString())
    with pytest.raises(ConvmatError, match=r"must hold 13,194,139,533,312 bytes in w"):
        inspect_file(path)
    model.graph.initializer[0].dims[0] = -1
    path.write_bytes(model.SerializeToString())
    with pytest.raises(ConvmatError, match="a shape that memory could hold in 'w'"):
        inspect_file(path)


def test_settings_are_no_argument_beside_onnx(onnx_file):
    path = onnx_file([("Relu", ["x"], ["y"], "r", {})], {"x": (1, 1, 5)})
    with pytest.raises(ConvmatError, match="must be left out for an ONNX file"):
        inspect_file(path, layers=["c:s2"])


def test_two_tensors_of_one_name_are_refused(onnx_file):
    nodes = [("Conv", ["x", "w"], ["y"], "c", {}), ("Neg", ["x"], ["w"], "n", {})]
    path = onnx_file(nodes, {"x": (1, 1, 30)}, {"w": kernel(1, 1, 3)})
    with pytest.raises(
        ConvmatError, match=r"each name to one tensor.* gives 'w' to two"
    ):
        inspect_file(path)


def test_operators_of_the_future_are_named(onnx_file):
    nodes = [("Conv", ["x", "w"], ["y"], "c", {})]
    path = onnx_file(nodes, {"x": (1, 1, 30)}, {"w": kernel(1, 1, 3)}, opset=9999)
    found = inspect_file(path)
    assert len(found.layers) == 1
    assert "version 9999 of its operators is newer than" in found.notes[0]


def test_a_layer_that_cannot_be_read_is_not_called_missing(onnx_file):
    nodes = [("Conv", ["x", "w"], ["y"], "c", {})]
    path = onnx_file(nodes, {"x": (1, 1, 2)}, {"w": kernel(1, 1, 3)})
    told = str(inspect_file(path))
    assert "skipped, 1 layer:" in told
    assert "no layer was found" not in told


def test_the_first_axis_is_left_open_only_where_the_file_does(onnx_file):
    nodes = [("Conv", ["x", "w"], ["y"], "c", {}), ("Add", ["h", "y"], ["z"], "a", {})]
    inputs = {"x": ("n", 1, 9), "h": (2, None, 7)}
    path = onnx_file(nodes, inputs, {"w": kernel(1, 1, 3)})
    with pytest.raises(ConvmatError, match=r"sizes of h open.* reads h=2x\?x7: put a"):
        inspect_file(path)


def test_numbers_written_one_by_one_are_as_many_as_the_shape(onnx_file):
    nodes = [("Conv", ["x", "w"], ["y"], "c", {})]
    path = onnx_file(nodes, {"x": (1, 1, 9)}, {"w": kernel(1, 1, 3)})
    model = onnx.load(path)
    tensor = model.graph.initializer[0]
    tensor.ClearField("raw_data")
    tensor.float_data.extend([1.0, 2.0, 3.0])
    path.write_bytes(model.SerializeToString())
    assert inspect_file(path, prove=True).layers[0].proof == "exact"
    tensor.float_data.append(4.0)
    path.write_bytes(model.SerializeToString())
    with pytest.raises(ConvmatError, match=r"must hold 3 numbers in w, .* it holds 4"):
        inspect_file(path)


def test_versions_of_names_that_are_no_text_are_refused(onnx_file):
    nodes = [("Conv", ["x", "w"], ["y"], "c", {})]
    path = onnx_file(nodes, {"x": (1, 1, 9)}, {"w": kernel(1, 1, 3)})
    model = onnx.load(path)
    model.opset_import.append(onnx.helper.make_opsetid("mine.own", 1))
    content = model.SerializeToString().replace(b"mine.own", b"mine\xffown")
    path.write_bytes(content)
    with pytest.raises(ConvmatError, match="one of its names is no text"):
        inspect_file(path)
