"""Networks of networks: names, modes, state, and the layer that a shape misses."""

import pickle
from fractions import Fraction

import numpy as np
import pytest

from convmat.nn import (
    BatchNorm,
    Conv,
    Dropout,
    Flatten,
    LayerError,
    Linear,
    ReLU,
    Residual,
    Sequential,
)


def network(seed=0):
    rng = np.random.default_rng(seed)
    body = Sequential(
        [Conv(2, 2, (3, 3), padding=1, rng=rng, bias=False), BatchNorm(2), ReLU()]
    )
    return Sequential(
        [
            Conv(1, 2, (3, 3), padding=1, rng=rng),
            Residual(body, Conv(2, 2, (1, 1), rng=rng)),
            Sequential([Dropout(rng=rng), Sequential([Flatten()])]),
            Linear(2 * 16, 3, rng=rng),
        ]
    )


PARAMETERS = [
    "0.weight",
    "0.bias",
    "1.body.0.weight",
    "1.body.1.weight",
    "1.body.1.bias",
    "1.shortcut.weight",
    "1.shortcut.bias",
    "3.weight",
    "3.bias",
]
BUFFERS = [
    f"1.body.1.{name}"
    for name in ("running_mean", "running_var", "num_batches_tracked")
]


def test_names_are_pytorchs():
    model = network()
    assert list(model.parameters) == PARAMETERS
    assert list(model.buffers) == BUFFERS
    assert list(model.state()) == PARAMETERS[:5] + BUFFERS + PARAMETERS[5:]
    model.backward(model.forward(np.ones((2, 1, 4, 4))))
    assert set(model.gradients) == set(PARAMETERS)
    for name, array in model.parameters.items():
        assert model.gradients[name].shape == array.shape


def test_the_sum_of_both_ways_and_of_their_gradients():
    double, triple = Linear(1, 1, bias=False, rng=np.random.default_rng(0)), None
    double.parameters["weight"] = np.array([[Fraction(2)]], object)
    triple = Linear(1, 1, bias=False, rng=np.random.default_rng(0))
    triple.parameters["weight"] = np.array([[Fraction(3)]], object)
    x = np.array([[Fraction(1, 7)]], object)
    for block, factor in ((Residual(double), 3), (Residual(double, triple), 5)):
        assert block.forward(x).item() == factor * Fraction(1, 7)
        assert block.backward(x).item() == factor * Fraction(1, 7)
    assert double.gradients["weight"].item() == Fraction(1, 49)


def test_modes_reach_every_layer():
    model = network()
    assert model.eval() is model
    assert not any(layer.training for _, layer in model.leaves())
    assert model.train() is model
    assert all(layer.training for _, layer in model.leaves())


def test_evaluating_gives_each_layer_its_own_mode_back():
    model = network()
    frozen = dict(model.leaves())["1.body.1"].eval()

    def broken():
        with model.evaluating():
            assert not any(layer.training for _, layer in model.leaves())
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        broken()
    trained = [name for name, layer in model.leaves() if layer.training]
    assert not frozen.training
    assert len(trained) == len(list(model.leaves())) - 1


def test_evaluation_changes_nothing_and_repeats():
    model, x = network(), np.random.default_rng(0).normal(size=(3, 1, 4, 4))
    model.forward(x)
    before = model.state()
    with model.evaluating():
        assert np.array_equal(model.forward(x), model.forward(x))
    after = model.state()
    assert all(np.array_equal(before[name], after[name]) for name in before)


def test_a_state_is_copied_out_and_in():
    model, other = network(0), network(1)
    model.forward(np.random.default_rng(0).normal(size=(3, 1, 4, 4)))
    state = model.state()
    other.load_state(state)
    model.parameters["0.weight"][...] = 0
    state["1.body.1.running_mean"][...] = 9
    assert state["0.weight"].all()
    assert other.parameters["0.weight"].all()
    assert other.buffers["1.body.1.num_batches_tracked"] == 1
    assert not (other.buffers["1.body.1.running_mean"] == 9).any()


def test_a_state_of_another_model_is_refused_and_changes_nothing():
    model = network()
    state = model.state()
    before = model.state()
    state["0.weight"][...] = 7
    for name, array, message in (
        ("3.weight", np.zeros((3, 31)), r"state\['3.weight'\].shape must be \(3, 32\)"),
        ("1.body.1.running_var", np.zeros(3), r"running_var'\].shape must be \(2,\)"),
    ):
        with pytest.raises(ValueError, match=message):
            model.load_state(state | {name: array})
    less = {name: state[name] for name in list(state)[1:]}
    with pytest.raises(ValueError, match=r"must have the names .*missing: 0.weight$"):
        model.load_state(less)
    with pytest.raises(ValueError, match=r"missing: 0.weight; unknown: weight"):
        model.load_state(less | {"weight": np.zeros(2)})
    with pytest.raises(ValueError, match=r"parameters must have the names .*unknown"):
        model.load(state)
    after = model.state()
    assert all(np.array_equal(before[name], after[name]) for name in before)


def test_loading_parameters_leaves_buffers():
    model, other = network(0), network(1)
    other.forward(np.ones((2, 1, 4, 4)))
    other.load(model.parameters)
    assert other.buffers["1.body.1.num_batches_tracked"] == 1
    assert np.array_equal(
        other.parameters["1.body.0.weight"], model.parameters["1.body.0.weight"]
    )


def test_one_layer_in_two_places_is_refused():
    relu = ReLU()
    with pytest.raises(ValueError, match=r"hold the layer of '0' once more.*'2'"):
        Sequential([relu, Flatten(), relu])
    with pytest.raises(
        ValueError, match=r"hold the layer of '0' once more.*'1.body.0'"
    ):
        Sequential([relu, Residual(Sequential([relu]))])


def test_what_is_no_mapping_and_no_list_is_named():
    model = network()
    for load, argument in ((model.load, "parameters"), (model.load_state, "state")):
        with pytest.raises(TypeError, match=f"{argument} must map names to arrays"):
            load([np.zeros(3)])
    with pytest.raises(TypeError, match="layers must be a list of layers"):
        Sequential(ReLU())


def test_what_is_no_layer_is_named():
    with pytest.raises(TypeError, match=r"layers\['1'\] must be a layer.*ReLU\(\)$"):
        Sequential([ReLU(), ReLU])
    with pytest.raises(TypeError, match=r"layers\['body'\] must be a layer"):
        Residual(np.tanh)


@pytest.mark.parametrize(
    ("shape", "message"),
    [
        (
            (5, 2, 4, 4),
            r"layer 0 \(Conv\): x.shape must be \(batch, 1, .*\(5, 2, 4, 4\)",
        ),
        (
            (5, 1, 4),
            r"layer 0 \(Conv\): x.shape must be .*2 spatial axes, got .*5, 1, 4",
        ),
        ((5, 1, 3, 4), r"layer 3 \(Linear\): x.shape must be \(batch, 32\).*\(5, 24\)"),
    ],
)
def test_the_layer_and_both_shapes_are_named(shape, message):
    with pytest.raises(LayerError, match=message) as caught:
        network().forward(np.zeros(shape))
    again = pickle.loads(pickle.dumps(caught.value))
    assert str(again) == str(caught.value)
    assert again.layer == caught.value.layer
    with pytest.raises(ValueError, match=message.split(":")[0]):
        network().summary(shape[1:])


def test_a_layer_inside_is_named_with_its_path():
    rng = np.random.default_rng(0)
    inner = Sequential([ReLU(), Linear(4, 4, rng=rng)])
    model = Sequential([Flatten(), Residual(inner)])
    message = r"layer 1.body.1 \(Linear\): (x.|input_)shape must be \(.*4"
    with pytest.raises(LayerError, match=message):
        model.forward(np.zeros((2, 5)))
    with pytest.raises(LayerError, match=message):
        model.summary((5,))
    model.forward(np.zeros((2, 4)))
    with pytest.raises(LayerError, match=r"layer 1.body.1 \(Linear\): grad.shape must"):
        model.backward(np.zeros((2, 5)))


def test_a_body_of_another_shape_than_its_shortcut_is_named():
    rng = np.random.default_rng(0)
    model = Sequential([ReLU(), Residual(Linear(4, 3, rng=rng))])
    message = (
        r"layer 1 \(Residual\): shape of the body's output must be \(4,\), as the "
        r"input has, got .*\(3,\); give a shortcut"
    )
    for refused in (
        lambda: model.forward(np.zeros((2, 4))),
        lambda: model.summary((4,)),
    ):
        with pytest.raises(LayerError, match=message):
            refused()
    other = Residual(Linear(4, 3, rng=rng), Linear(4, 2, rng=rng))
    with pytest.raises(ValueError, match=r"must be \(2,\), as the shortcut gives"):
        other.forward(np.zeros((2, 4)))


def test_flatten_is_offered_where_it_is_missing():
    rng = np.random.default_rng(0)
    with pytest.raises(LayerError, match=r"\(batch, 32\).*; put Flatten\(\) before it"):
        Sequential([Linear(32, 2, rng=rng)]).forward(np.zeros((1, 2, 4, 4)))


def test_images_of_bytes_are_numbers_and_text_is_none():
    rng = np.random.default_rng(0)
    model = Sequential([Flatten(), Linear(4, 2, rng=rng)])
    image = np.array([[[200, 100], [255, 0]]], np.uint8)
    assert np.array_equal(model.forward(image), model.forward(image.astype(float)))
    with pytest.raises(TypeError, match="x must hold numbers"):
        model.forward(np.array([["a"]]))
    with pytest.raises(ValueError, match=r"x.shape must begin with the batch"):
        model.forward(np.array(1.0))
