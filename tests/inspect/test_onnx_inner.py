"""Graphs within operators: branches, bodies, functions, and what is not followed."""

import numpy as np
import pytest

from convmat.inspect import inspect_file

onnx = pytest.importorskip("onnx")
from onnx import TensorProto, helper, numpy_helper  # noqa: E402 - after the skip

KERNEL = np.arange(1, 4, dtype=np.float32).reshape(1, 1, 3)


def value(name, shape=None, kind=TensorProto.FLOAT):
    return helper.make_tensor_value_info(name, kind, shape)


def conv(reads, gives, label, weight="w", **attributes):
    return helper.make_node("Conv", [reads, weight], [gives], name=label, **attributes)


def graph(nodes, gives, reads=(), weights=()):
    tensors = [numpy_helper.from_array(KERNEL, name) for name in weights]
    return helper.make_graph(nodes, "inner", list(reads), list(gives), tensors)


def branch(gives, label, **attributes):
    """A convolution of the `x` outside, by a weight of its own."""
    weight = f"{gives}.w"
    node = conv("x", gives, label, weight, **attributes)
    return graph([node], [value(gives)], weights=[weight])


@pytest.fixture
def network(tmp_path):
    """`network(nodes, inputs)` writes a model and inspects it."""

    def write(nodes, inputs=(), constants=None, opset=20, functions=(), **keywords):
        held = {"w": KERNEL, **(constants or {})}
        whole = helper.make_graph(
            nodes,
            "net",
            [value("x", (1, 1, 9)), *inputs],
            [value(nodes[-1].output[0])],
            [numpy_helper.from_array(np.asarray(a), n) for n, a in held.items()],
        )
        versions = [helper.make_opsetid("", opset), helper.make_opsetid("mine", 1)]
        model = helper.make_model(
            whole, opset_imports=versions, ir_version=9, functions=list(functions)
        )
        path = tmp_path / "net.onnx"
        path.write_bytes(model.SerializeToString())
        return inspect_file(path, prove=True, **keywords)

    return write


FLAG = value("flag", (), TensorProto.BOOL)


def condition(flag="flag", then=None, other=None):
    return helper.make_node(
        "If",
        [flag],
        ["y"],
        name="if",
        then_branch=then or branch("t", "then conv"),
        else_branch=other or branch("e", "else conv", dilations=[2], pads=[1, 1]),
    )


def test_both_branches_are_read_where_the_condition_is_not_known(network):
    found = network([condition(), conv("y", "z", "behind")], [FLAG])
    names = [row.name for row in found.layers]
    assert names == ["if.then:then conv", "if.else:else conv", "behind"]
    assert [row.settings for row in found.layers] == ["k3", "k3 p1 d2", "k3"]
    assert all(row.proof == "exact" for row in found.layers)
    assert found.layers[0].field == (3,)
    # Both give 7 cells, so that what follows is known; which one runs is not.
    assert found.layers[2].input_shape == (1, 7)
    assert found.layers[2].field is None
    assert found.notes == (
        "if: one of its two branches runs, and the total counts both",
    )
    assert dict(found.others) == {"If": 1}


def test_branches_of_two_shapes_leave_what_follows_unknown(network):
    wide = branch("e", "else conv", pads=[2, 2])
    found = network([condition(other=wide), conv("y", "z", "behind")], [FLAG])
    assert len(found.layers) == 2
    assert "must have a known shape" in found.skipped["behind"]


@pytest.mark.parametrize("taken", [True, False])
def test_a_branch_that_is_never_taken_is_named_and_not_read(network, taken):
    found = network(
        [condition(), conv("y", "z", "behind")], constants={"flag": np.array(taken)}
    )
    name = "if.then:then conv" if taken else "if.else:else conv"
    other = "else" if taken else "then"
    assert [row.name for row in found.layers] == [name, "behind"]
    told = f"if: its {other} branch is never taken for these inputs, and 1 layer in it"
    assert found.notes == (f"{told} not read",)
    # The condition is a constant: what is behind depends on the branch and no more.
    assert found.layers[1].field == ((5,) if taken else (7,))


def test_a_condition_on_sizes_is_computed(network):
    nodes = [
        helper.make_node("Shape", ["x"], ["s"]),
        helper.make_node("Gather", ["s", "two"], ["n"]),
        helper.make_node("Equal", ["n", "nine"], ["flag"]),
        condition(),
    ]
    constants = {"two": np.array(2), "nine": np.array(9)}
    found = network(nodes, constants=constants)
    assert [row.name for row in found.layers] == ["if.then:then conv"]


def test_branches_within_branches_have_names_of_their_own(network):
    deep = graph([condition(then=branch("d", "deep"))], [value("y")])
    outer = helper.make_node(
        "If",
        ["flag"],
        ["q"],
        name="top",
        then_branch=deep,
        else_branch=branch("f", "flat"),
    )
    found = network([outer], [FLAG])
    assert [row.name for row in found.layers] == [
        "top.then:if.then:deep",
        "top.then:if.else:else conv",
        "top.else:flat",
    ]


def loop(body_nodes, carried, gives, trips="trips"):
    body = graph(
        [helper.make_node("Identity", ["go"], ["on"]), *body_nodes],
        [value("on", (), TensorProto.BOOL), *map(value, gives)],
        [
            value("turn", (), TensorProto.INT64),
            value("go", (), TensorProto.BOOL),
            *map(value, carried),
        ],
    )
    return helper.make_node(
        "Loop", [trips, "", "x"][: 2 + len(carried)], ["y"], name="loop", body=body
    )


TRIPS = {"trips": np.array(3)}


def test_the_body_of_a_loop_is_counted_for_one_turn(network):
    kept = loop([conv("c", "d", "same", pads=[1, 1])], ["c"], ["d"])
    found = network([kept, conv("y", "z", "behind")], constants=TRIPS)
    inner, behind = found.layers
    assert (inner.name, inner.input_shape, inner.field) == (
        "loop.body:same",
        (1, 9),
        None,
    )
    assert behind.input_shape == (1, 9)
    assert found.notes == ("loop: the layers of its body are counted for one turn",)


def test_what_changes_its_shape_in_a_loop_is_told(network):
    cut = loop([conv("c", "d", "smaller")], ["c"], ["d"])
    found = network([cut, conv("y", "z", "behind")], constants=TRIPS)
    assert [row.output_shape for row in found.layers] == [(1, 7)]
    assert "counted for the first turn; what it carries on may" in found.notes[0]
    assert "must have a known shape" in found.skipped["behind"]


def test_the_body_of_a_scan_reads_slices(network):
    body = graph(
        [
            helper.make_node("Add", ["state", "piece"], ["next"]),
            conv("next", "out", "step"),
        ],
        [value("next"), value("out")],
        [value("state"), value("piece")],
    )
    nodes = [
        helper.make_node(
            "Scan",
            ["x", "many"],
            ["last", "all"],
            name="scan",
            body=body,
            num_scan_inputs=1,
            scan_input_axes=[-1],
        ),
        conv("last", "z", "behind"),
    ]
    found = network(nodes, [value("many", (1, 1, 9, 4))])
    assert [row.name for row in found.layers] == ["scan.body:step", "behind"]
    assert [row.input_shape for row in found.layers] == [(1, 9), (1, 9)]
    assert found.notes == ("scan: the layers of its body are counted for one turn",)


def test_graphs_that_are_not_followed_are_counted(network):
    body = graph([conv("p", "q", "each")], [value("q")], [value("p")])
    nodes = [
        helper.make_node("SequenceConstruct", ["x", "x"], ["pair"]),
        helper.make_node("SequenceMap", ["pair"], ["y"], name="map", body=body),
    ]
    found = network(nodes)
    assert found.layers == ()
    told = "map: its graphs are not followed here, and 1 layer in it not read"
    assert found.notes == (told,)
    assert "no layer was found; looked for: Conv, ConvTranspose" in str(found)


def test_a_scan_of_old_is_not_followed(network):
    body = graph([conv("p", "q", "each")], [value("q")], [value("p")])
    node = helper.make_node(
        "Scan", ["", "x"], ["y"], name="old", body=body, num_scan_inputs=1
    )
    found = network([node], opset=8)
    told = "old: its graphs are not followed here, and 1 layer in it not read"
    assert found.notes == (told,)


def test_a_name_that_is_taken_outside_is_not_taken_for_it(network):
    # Against the standard: the branch gives an `x` of its own.
    twice = graph(
        [helper.make_node("Neg", ["w"], ["x"]), conv("x", "t", "wrong")], [value("t")]
    )
    found = network([condition(then=twice)], [FLAG])
    assert [row.name for row in found.layers] == ["if.else:else conv"]
    told = "if: a name in it is taken outside, and 1 layer in it not read"
    assert told in found.notes


def test_a_body_that_does_not_read_what_it_is_given_is_not_followed(network):
    node = loop([conv("c", "d", "same", pads=[1, 1])], ["c"], ["d"])
    node.input.append("x")
    found = network([node], constants=TRIPS)
    told = "loop: its body does not read what it is given, and 1 layer in it not read"
    assert found.notes == (told,)


def test_functions_of_the_file_are_written_out(network):
    body = helper.make_function(
        "mine",
        "Twice",
        ["a", "k"],
        ["c"],
        [
            helper.make_node("Conv", ["a", "k"], ["b"]),
            helper.make_node("Conv", ["b", "k"], ["c"]),
        ],
        [helper.make_opsetid("", 20)],
    )
    call = helper.make_node("Twice", ["x", "w"], ["y"], domain="mine")
    found = network([call], functions=[body])
    assert [row.field for row in found.layers] == [(3,), (5,)]
    assert dict(found.others) == {}


def test_names_within_a_branch_are_text(network, tmp_path):
    network([condition()], [FLAG])
    content = (tmp_path / "net.onnx").read_bytes()
    assert content.count(b"then conv") == 1
    (tmp_path / "net.onnx").write_bytes(
        content.replace(b"then conv", b"then\xff conv"[:9])
    )
    with pytest.raises(ValueError, match="must hold a whole ONNX model"):
        inspect_file(tmp_path / "net.onnx")


def test_operators_against_the_standard_are_not_followed(network):
    node = condition()
    del node.input[:]
    found = network([node])
    told = "if: its graphs are not followed here, and 2 layers in it not read"
    assert found.notes == (told,)
    twice = condition()
    twice.attribute.append(twice.attribute[0])
    assert (
        "if: it has two graphs of one name, and 3" in network([twice], [FLAG]).notes[0]
    )
    body = graph([conv("p", "q", "each")], [value("q")], [value("p")])
    for attributes in ({}, {"num_scan_inputs": 9}, {"num_scan_inputs": -1}):
        scan = helper.make_node("Scan", ["x"], ["y"], name="s", body=body, **attributes)
        assert "s: its graphs are not followed here" in network([scan]).notes[0]
