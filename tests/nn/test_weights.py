"""Weights in files: whole, exact, by PyTorch's names, and refused where they differ."""

import json
import struct

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from safetensors.numpy import load_file, save_file

from convmat.errors import ConvmatError
from convmat.nn import (
    BatchNorm,
    Conv,
    ConvTranspose,
    Flatten,
    Learner,
    Linear,
    Loader,
    ReLU,
    Residual,
    Sequential,
    digits_cnn,
    load_digits,
    load_weights,
    save_weights,
)
from convmat.nn.tensors import decoded, encoded, read_tensors, write_tensors
from convmat.optim import SGD


def network(seed=0, dtype=np.float32):
    rng, kind = np.random.default_rng(seed), {"dtype": dtype}
    return Sequential(
        [
            Conv(1, 4, (3, 2), stride=2, padding=1, rng=rng, **kind),
            BatchNorm(4, **kind),
            ReLU(),
            Residual(Sequential([Conv(4, 4, (1, 1), rng=rng, bias=False, **kind)])),
            ConvTranspose(4, 2, (2, 2), rng=rng, **kind),
            Flatten(),
            Linear(2 * 5 * 6, 3, rng=rng, **kind),
        ]
    )


def trained(seed):
    """A network whose buffers are no longer those of a new one."""
    model = network(seed)
    model.forward(np.random.default_rng(seed).normal(size=(9, 1, 8, 8)).astype("f4"))
    return model


def bits(model):
    return {name: (a.dtype, a.tobytes()) for name, a in model.state().items()}


def test_what_is_saved_is_loaded_to_the_bit(tmp_path):
    one, other = trained(1), trained(2)
    path = save_weights(one, tmp_path / "a.safetensors")
    assert load_file(path).keys() == one.state().keys()
    load_weights(other, path)
    assert bits(one) == bits(other)
    assert [p.name for p in tmp_path.iterdir()] == ["a.safetensors"]


def test_a_learners_checkpoint_holds_the_weights_by_the_same_names(tmp_path):
    digits, model = load_digits(), digits_cnn(seed=4)
    loader = Loader(digits.train_images[:64], digits.train_labels[:64])
    path = Learner(model, loader, SGD(0.1, 0.9)).save(tmp_path / "a.safetensors")
    other = digits_cnn(seed=5)
    load_weights(other, path)
    assert bits(other) == bits(model)


def test_narrower_floats_are_widened_and_wider_ones_refused(tmp_path):
    model, wide = trained(1), network(2, np.float64)
    load_weights(wide, save_weights(model, tmp_path / "a.safetensors"))
    for name, array in wide.state().items():
        assert array.dtype == np.float64 or name.endswith("tracked")
        assert np.array_equal(array, model.state()[name])
    path, before = save_weights(wide, tmp_path / "b.safetensors"), bits(model)
    message = r"state\['0.bias'\] must fit the model's float32.*dtype='float64'"
    with pytest.raises(TypeError, match=message):
        load_weights(model, path)
    assert bits(model) == before


def test_other_names_and_shapes_are_refused_and_nothing_changes(tmp_path):
    model = trained(1)
    before, state = bits(model), model.state()
    save_file({"0.weight": state["0.weight"]}, tmp_path / "a.safetensors")
    with pytest.raises(ValueError, match=r"must have the names 0.*missing: 0.bias, 1."):
        load_weights(model, tmp_path / "a.safetensors")
    state["6.bias"] = np.zeros(4, "f4")
    save_file(state, tmp_path / "b.safetensors")
    with pytest.raises(ValueError, match=r"state\['6.bias'\].shape must be \(3,\)"):
        load_weights(model, tmp_path / "b.safetensors")
    assert bits(model) == before


def test_fractions_are_not_saved_as_floats(tmp_path):
    model = Sequential([Linear(1, 1, rng=np.random.default_rng(0))])
    model.load({n: a.astype(object) for n, a in model.parameters.items()})
    with pytest.raises(TypeError, match=r"0.weight must be floats or integers.*object"):
        save_weights(model, tmp_path / "a.safetensors")
    assert list(tmp_path.iterdir()) == []


def test_a_file_that_is_cut_off_is_told_at_every_length(tmp_path):
    path = write_tensors(tmp_path / "a.safetensors", {"w": np.arange(9.0)}, {"a": 1})
    whole = path.read_bytes()
    for length in range(len(whole)):
        path.write_bytes(whole[:length])
        with pytest.raises(ValueError, match="path must hold a whole safetensors file"):
            read_tensors(path)


def test_every_changed_byte_is_told(tmp_path):
    facts = {"format": 1, "lr": 0.1}
    path = write_tensors(tmp_path / "a.safetensors", {"w": np.arange(3.0)}, facts)
    whole = path.read_bytes()
    arrays, _ = read_tensors(path)
    refusals = []
    for place in range(len(whole)):
        path.write_bytes(whole[:place] + bytes([whole[place] ^ 1]) + whole[place + 1 :])
        try:
            found, told = read_tensors(path)
        except ConvmatError as error:
            refusals.append(str(error))
        else:
            # A header that no longer says whose the file is, or another space in it.
            same = told == facts and np.array_equal(found["w"], arrays["w"])
            assert told is None or same
    assert len(refusals) > len(whole) / 2
    assert all("must hold a whole safetensors file" in told for told in refusals)


def test_a_changed_number_in_a_file_of_weights_is_told(tmp_path):
    one, other = trained(1), trained(2)
    path = save_weights(one, tmp_path / "a.safetensors")
    content, before = bytearray(path.read_bytes()), bits(other)
    content[-3] ^= 1
    path.write_bytes(content)
    with pytest.raises(ValueError, match="whole safetensors file, but its check sum"):
        load_weights(other, path)
    assert bits(other) == before


def test_a_dtype_that_numpy_lacks_is_told_with_the_remedy(tmp_path):
    path = tmp_path / "a.safetensors"
    header = {"w": {"dtype": "BF16", "shape": [2], "data_offsets": [0, 4]}}
    text = json.dumps(header).encode()
    path.write_bytes(struct.pack("<Q", len(text)) + text + bytes(4))
    message = r"dtypes, but data type 'bfloat16' .*saved: tensor.float\(\)"
    with pytest.raises(ValueError, match=message):
        read_tensors(path)


def test_a_dtype_that_another_package_lends_to_numpy_is_told_alike(tmp_path):
    pytest.importorskip("ml_dtypes")  # the ONNX package imports it
    test_a_dtype_that_numpy_lacks_is_told_with_the_remedy(tmp_path)


@pytest.mark.parametrize("first", [b"PK\3\4", b"\x80\2}q"], ids=["zip", "pickle"])
def test_a_file_of_torch_save_is_told_with_the_remedy(first, tmp_path):
    path = tmp_path / "a.pt"
    path.write_bytes(first + bytes(100))
    message = r"must hold a whole safetensors file.*use safetensors.torch.save_file\("
    with pytest.raises(ValueError, match=message):
        load_weights(network(), path)


def test_a_header_of_another_length_allocates_nothing(tmp_path):
    path = tmp_path / "a.safetensors"
    header = {"w": {"dtype": "F64", "shape": [1 << 50], "data_offsets": [0, 1 << 53]}}
    text = json.dumps(header).encode()
    path.write_bytes(struct.pack("<Q", len(text)) + text)
    with pytest.raises(ValueError, match="must hold a whole safetensors file"):
        read_tensors(path)


def test_a_failed_write_leaves_what_was_there(tmp_path, monkeypatch):
    path = save_weights(trained(1), tmp_path / "a.safetensors")
    before = path.read_bytes()

    def fails(file):
        raise OSError("full")

    monkeypatch.setattr("os.fsync", fails)
    with pytest.raises(OSError, match="full"):
        save_weights(trained(2), path)
    assert path.read_bytes() == before
    assert [p.name for p in tmp_path.iterdir()] == ["a.safetensors"]


@pytest.mark.parametrize(
    ("path", "error", "message"),
    [
        ("", ValueError, "path must be a file, not a folder"),
        ("none/a.safetensors", ValueError, "path must lie in a folder that exists"),
        (3, TypeError, "path must be a path"),
    ],
)
def test_what_is_no_place_for_a_file_is_named(tmp_path, path, error, message):
    with pytest.raises(error, match=message):
        save_weights(network(), tmp_path / path if isinstance(path, str) else path)


JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False)
    | st.fractions()
    | st.text(),
    lambda inner: (
        st.lists(inner)
        | st.lists(inner).map(tuple)
        | st.dictionaries(st.sampled_from(["lr", "momenta", "x"]), inner)
    ),
    max_leaves=9,
)


@settings(max_examples=30)
@given(JSON)
def test_what_is_encoded_is_decoded_to_the_same(value):
    text = json.dumps(encoded(value))
    assert repr(decoded(json.loads(text))) == repr(value)


def test_arrays_are_encoded_with_their_dtype():
    array = np.array([1, 2**63], np.uint64)
    found = decoded(json.loads(json.dumps(encoded({"key": array}))))["key"]
    assert found.dtype == np.uint64
    assert found.tolist() == array.tolist()


def theirs():
    torch = pytest.importorskip("torch")

    class Block(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.body = torch.nn.Sequential(torch.nn.Conv2d(4, 4, 1, bias=False))

        def forward(self, x):
            return self.body(x) + x

    return torch.nn.Sequential(
        torch.nn.Conv2d(1, 4, (3, 2), stride=2, padding=1),
        torch.nn.BatchNorm2d(4),
        torch.nn.ReLU(),
        Block(),
        torch.nn.ConvTranspose2d(4, 2, 2),
        torch.nn.Flatten(),
        torch.nn.Linear(60, 3),
    )


def test_a_state_dict_of_pytorch_is_loaded_and_ours_is_by_it(tmp_path):
    torch = pytest.importorskip("torch")
    files = pytest.importorskip("safetensors.torch")
    net, model = theirs(), network()
    net(torch.randn(5, 1, 8, 8))  # running statistics of its own
    path = tmp_path / "a.safetensors"
    files.save_file(net.state_dict(), path)
    load_weights(model, path)
    state = net.state_dict()
    assert list(state) == list(model.state())
    for name, array in model.state().items():
        assert np.array_equal(array, state[name].numpy()), name
    mine = trained(7)
    save_weights(mine, path)
    net.load_state_dict(files.load_file(path), strict=True)
    for name, tensor in net.state_dict().items():
        assert np.array_equal(tensor.numpy(), mine.state()[name]), name
