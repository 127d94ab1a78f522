"""Files of weights alone: what shapes tell, what a caller adds, hostile files."""

import json
import struct
import zipfile
from contextlib import suppress
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from safetensors.numpy import save, save_file

from convmat.errors import ConvmatError, ConvmatTypeError
from convmat.inspect import inspect_file
from convmat.inspect.spelled import spelled

ARRAYS = {
    "a.weight": np.ones((4, 2, 3, 2), np.float32),
    "a.bias": np.ones(4, np.float32),
    "n.weight": np.ones(4, np.float32),
    "n.bias": np.ones(4, np.float32),
    "n.running_mean": np.ones(4, np.float32),
    "n.running_var": np.ones(4, np.float32),
    "n.num_batches_tracked": np.array(3),
    "up.weight": np.ones((4, 3, 2, 2), np.float32),
    "head.weight": np.ones((5, 36), np.float32),
}
CHAIN = ["a:s2x1p1", "n", "maxpool:k2s2x3", "up:ts2x3", "head"]


@pytest.fixture(params=["safetensors", "npz"])
def weights(request, tmp_path):
    path = tmp_path / f"net.{request.param}"
    if request.param == "npz":
        np.savez_compressed(path, **ARRAYS)
    else:
        save_file(ARRAYS, path)
    return path


def test_weights_alone_tell_parameters_and_what_is_missing(weights):
    found = inspect_file(weights)
    rows = {row.name: row for row in found.layers}
    assert set(rows) == {"a", "n", "up", "head"}
    assert rows["a"].parameters == 48
    assert rows["a"].matrix_shape is None
    assert rows["head"].matrix_shape == (5, 36)
    assert found.others == {"tensors of no layer": 1}
    assert "a: its matrix needs the size" in str(found) or "a, " in str(found)
    assert "weights alone do not tell size, stride and padding" in str(found)


def test_a_chain_of_layers_equals_the_same_network_in_onnx(weights, onnx_file):
    norm = ["n.weight", "n.bias", "n.running_mean", "n.running_var"]
    nodes = [
        (
            "Conv",
            ["x", "a.weight", "a.bias"],
            ["1"],
            "a",
            {"strides": [2, 1], "pads": [1, 1, 1, 1], "group": 2},
        ),
        ("BatchNormalization", ["1", *norm], ["2"], "n", {}),
        ("MaxPool", ["2"], ["3"], "pool", {"kernel_shape": [2, 2], "strides": [2, 3]}),
        ("ConvTranspose", ["3", "up.weight"], ["4"], "up", {"strides": [2, 3]}),
        ("Flatten", ["4"], ["5"], "", {}),
        ("Gemm", ["5", "head.weight"], ["6"], "head", {"transB": 1}),
    ]
    constants = {k: v for k, v in ARRAYS.items() if v.ndim}
    shape = (4, 8, 4)
    theirs = inspect_file(onnx_file(nodes, {"x": (1, *shape)}, constants)).layers
    head = [a for a in CHAIN if a != "head"]
    flat = theirs[3].output_shape
    assert flat == (3, 4, 5)
    ours = inspect_file(weights, input_shape=shape, layers=head).layers
    for one, other in zip(ours, theirs, strict=False):
        if one.name == "head":
            continue
        for name in ("matrix_shape", "nnz", "parameters", "bias", "sparse_bytes"):
            assert getattr(one, name) == getattr(other, name), (one.name, name)
        assert one.multiplications == other.multiplications
        assert (one.field, one.jump) == (other.field, other.jump)


def test_each_layer_may_say_the_size_that_it_reads(weights):
    found = inspect_file(weights, layers=["a:i9x8", "up:ti3x3o1s2"])
    a, up = found.layers[:2]
    assert a.input_shape == (2, 9, 8)
    assert up.output_shape == (3, 7, 7)
    assert a.field is None


@pytest.mark.parametrize(
    ("layers", "shape", "message"),
    [
        (["b:s2"], (4, 8, 4), "must name layers of the file"),
        (["a:s2"], None, "input_shape must be given for a"),
        (["maxpool"], (4, 8, 4), "like maxpool:k2"),
        (["head"], (4, 8, 4), "must read 36 numbers in head"),
        (["n"], (5, 8, 4), "must have 4 channels before n"),
        (["a:s1x1x1"], (4, 8, 4), "stride once, or once per axis: 2 in all"),
        (["a"], (3, 8, 4), "kernel_shape"),
        (["a:q3"], (4, 8, 4), "must be like conv1:s2p1"),
        (["a:s2s3"], (4, 8, 4), "letters of spdgoikt once each"),
        (["a"], (4, 0, 4), "at least 1 each"),
        (["avgpool:k2i4x4"], None, "a known number of channels"),
    ],
)
def test_layers_that_do_not_fit_are_refused(weights, layers, shape, message):
    with pytest.raises(ConvmatError, match=message):
        inspect_file(weights, layers=layers, input_shape=shape)


def test_settings_in_short_are_read_per_axis():
    one = spelled("block.0:ts2x1p1d3g4o0i7x9")
    assert one.transposed
    assert one.keywords(2) == {
        "stride": (2, 1),
        "padding": (1, 1),
        "dilation": (3, 3),
        "output_padding": (0, 0),
    }
    assert one.settings["groups"] == (4,)
    assert spelled("plain").settings == {}


def header(entries, values=b"", length=None):
    text = entries if isinstance(entries, bytes) else json.dumps(entries).encode()
    return struct.pack("<Q", len(text) if length is None else length) + text + values


def entry(shape, begin, end, dtype="F32"):
    return {"dtype": dtype, "shape": shape, "data_offsets": [begin, end]}


HOSTILE = {
    "a header of 2**64 - 1 bytes": (header({}, length=2**64 - 1), "would have 18,446"),
    "a header longer than the file": (header({}, length=99), "would have 99 bytes"),
    "no header at all": (b"\x02\0\0", "it has 3 bytes"),
    "no JSON": (header(b"{]"), "its header is no JSON"),
    "deep JSON": (header(b"[" * 100_000), "its header is no JSON"),
    "huge integers": (header(b'{"a": ' + b"9" * 5000 + b"}"), "header is no JSON"),
    "a list": (header([1]), "its header is no object"),
    "no offsets": (header({"a": {"dtype": "F32", "shape": [1]}}), "where 'a' lies"),
    "negative offsets": (header({"a": entry([1], -4, 0)}), "where 'a' lies"),
    "a negative shape": (header({"a": entry([-1], 0, 4)}), "'a' has no shape"),
    "a shape of text": (header({"a": entry("11", 0, 4)}), "'a' has no shape"),
    "an unknown kind": (header({"a": entry([1], 0, 4, "Q7")}), "of the kind 'Q7'"),
    "a kind that is a list": (header({"a": entry([1], 0, 4, [])}), r"of the kind \[\]"),
    "a size bomb": (
        header({"a": entry([2**40, 2**40], 0, 4)}),
        "a shape that memory could hold in 'a'",
    ),
    "too many axes": (
        header({"a": entry([1] * 10_000, 0, 4)}),
        "a shape that memory could hold in 'a'",
    ),
    "more than it holds": (header({"a": entry([9], 0, 4)}), "declares 36 bytes in 4"),
    "cut off": (header({"a": entry([2], 0, 8)}, b"1234"), "it is cut off"),
    "tensors over each other": (
        header({"a": entry([2], 0, 8), "b": entry([1], 4, 8)}, b"12345678"),
        "'b' overlaps",
    ),
    "a gap between tensors": (
        header({"a": entry([1], 0, 4), "b": entry([1], 8, 12)}, b"1" * 12),
        "4 bytes before 'b' belong to no tensor",
    ),
    "bytes behind the last": (
        header({"a": entry([1], 0, 4)}, b"1" * 9),
        "its last 5 bytes belong to no tensor",
    ),
    "a name twice": (
        header(
            b'{"a": {"dtype": "F32", "shape": [1], "data_offsets": [0, 4]},'
            b'"a": {"dtype": "I32", "shape": [1], "data_offsets": [0, 4]}}',
            b"1234",
        ),
        "its header says 'a' twice",
    ),
}


@pytest.mark.parametrize("how", HOSTILE)
def test_hostile_safetensors_are_one_sentence(how, tmp_path):
    content, message = HOSTILE[how]
    path = tmp_path / "hostile.safetensors"
    path.write_bytes(content)
    with pytest.raises(ConvmatError, match=message):
        inspect_file(path)


SMALL = save({"a.weight": np.ones((1, 1, 3), np.float32)})


@given(st.data())
@settings(deadline=None, max_examples=60)
def test_damaged_safetensors_are_read_or_refused(data):
    content = bytearray(SMALL)
    for _ in range(data.draw(st.integers(1, 3))):
        place = data.draw(st.integers(0, len(content) - 1))
        content[place] = data.draw(st.integers(0, 255))
    assert told_of(bytes(content), "damaged.safetensors")


@given(st.integers(0, len(SMALL)))
@example(0)
@settings(deadline=None)
def test_truncated_safetensors_are_refused(length):
    expected = "net.safetensors" if length == len(SMALL) else "refused"
    assert told_of(SMALL[:length], "net.safetensors").startswith(expected)


def told_of(content, name):
    with TemporaryDirectory() as folder:
        path = Path(folder) / name
        path.write_bytes(content)
        with suppress(ConvmatError, ConvmatTypeError):
            return str(inspect_file(path))
    return "refused"


def test_truncated_npz_is_refused(weights, tmp_path):
    if weights.suffix != ".npz":
        return_to = inspect_file(weights)
        assert return_to.form == "safetensors"
        return
    content = weights.read_bytes()
    cut = tmp_path / "cut.npz"
    for length in range(0, len(content), 97):
        cut.write_bytes(content[:length])
        with pytest.raises(ConvmatError, match="path must"):
            inspect_file(cut)


def npy(text):
    text = text.ljust(118).encode() + b"\n"
    return b"\x93NUMPY\x01\x00" + struct.pack("<H", len(text)) + text


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            "{'descr': '|O', 'fortran_order': False, 'shape': (1,)}",
            "nothing is unpickled",
        ),
        ("{'descr': '<f4', 'fortran_order': False, 'shape': (-1,)}", "could hold in"),
        (
            "{'descr': '<f4', 'fortran_order': False, 'shape': (1 << 9,)}",
            "its header can't be read",
        ),
        (
            "{'descr': '<f4', 'fortran_order': False, 'shape': (999999999999,)}",
            "must hold 3,999,999,999,996 bytes in a",
        ),
        ("rubbish", "its header can't be read"),
    ],
)
def test_hostile_npz_is_one_sentence(tmp_path, text, message):
    path = tmp_path / "hostile.npz"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("a.npy", npy(text))
    with pytest.raises(ConvmatError, match=message):
        inspect_file(path)


def test_brain_floats_are_read_as_floats(tmp_path):
    values = np.array([[1.5, -2.0]], np.float32)
    halves = (values.view(np.uint32) >> 16).astype("<u2").tobytes()
    path = tmp_path / "half.safetensors"
    path.write_bytes(header({"a.weight": entry([1, 2], 0, 4, "BF16")}, halves))
    (row,) = inspect_file(path, norms=True).layers
    assert row.itemsize == 2
    assert row.norm == 2.5


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("net.pt", "must name a .onnx, .safetensors or .npz file"),
        ("none.npz", "must name a file that exists"),
        ("none.safetensors", "must name a file that exists"),
    ],
)
def test_other_files_are_refused(tmp_path, name, message):
    with pytest.raises(ConvmatError, match=message):
        inspect_file(tmp_path / name)


def test_only_onnx_has_an_evaluator_and_names_of_inputs(weights):
    with pytest.raises(ConvmatError, match="only ONNX has an evaluator"):
        inspect_file(weights, prove=True)
    with pytest.raises(ConvmatError, match="must be one shape for a file of weights"):
        inspect_file(weights, input_shape={"x": (3, 4)})
    with pytest.raises(TypeError, match="must be a path"):
        inspect_file(3)


def test_a_file_without_layers_says_what_was_looked_for_and_what_is_there(tmp_path):
    path = tmp_path / "none.npz"
    np.savez(path)
    told = str(inspect_file(path)).splitlines()
    assert told[0] == "none.npz: weights without shapes"
    assert told[1].startswith("no layer was found; looked for: floating numbers named")
    assert len(told) == 2
    np.savez(path, counter=np.array(3), steps=np.ones(4), **{"a.weight": np.arange(6)})
    last = str(inspect_file(path)).splitlines()[-1]
    assert last == (
        "the file holds counter (one number, not floating), steps (4, floating), "
        "a.weight (6, not floating)"
    )
    np.savez(path, **{f"n{i}": np.array(i) for i in range(8)})
    assert str(inspect_file(path)).endswith(" and 3 more")


def test_numbers_that_are_not_finite_are_in_the_row(weights, tmp_path):
    arrays = dict(ARRAYS) | {"a.bias": np.float32([1, np.nan, np.inf, 2])}
    path = tmp_path / f"spoilt{weights.suffix}"
    save = save_file if weights.suffix == ".safetensors" else None
    if save is None:
        np.savez(path, **arrays)
    else:
        save(arrays, path)
    rows = {row.name: row for row in inspect_file(path).layers}
    assert {name: row.not_finite for name, row in rows.items()} == {
        "a": 2,
        "n": 0,
        "up": 0,
        "head": 0,
    }


def test_values_that_numpy_cannot_read_are_not_judged(tmp_path):
    path = tmp_path / "small.safetensors"
    path.write_bytes(header({"a.weight": entry([1, 2], 0, 2, "F8_E4M3")}, b"12"))
    (row,) = inspect_file(path).layers
    assert (row.itemsize, row.not_finite) == (1, None)
    (row,) = inspect_file(path, norms=True).layers
    assert row.notes == ("norm not known: NumPy has no such numbers",)


def test_large_files_are_not_read_whole_unless_norms_are_asked_for(
    weights, monkeypatch
):
    from convmat.inspect import weights as reader

    monkeypatch.setattr(reader, "_LOOK", 100)
    found = inspect_file(weights)
    assert {row.not_finite for row in found.layers} == {None}
    assert "values not looked at: 1," in found.notes[-1]
    assert {row.not_finite for row in inspect_file(weights, norms=True).layers} == {0}


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_arrays_of_one_name_are_refused(tmp_path):
    path = tmp_path / "twice.npz"
    with zipfile.ZipFile(path, "w") as archive:
        for size in (2, 3):
            with archive.open("a.weight.npy", "w") as member:
                np.lib.format.write_array(member, np.ones((size, size)))
    with pytest.raises(ConvmatError, match=r"it holds 'a\.weight\.npy' twice"):
        inspect_file(path)
