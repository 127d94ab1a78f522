"""What a network uses of its field, by its gradient, against the matrices' product."""

import numpy as np
import pytest

from convmat import ConvmatError, ShapeError, conv_matrix
from convmat.experiments import chain_of, effective_field
from convmat.experiments.chapter13 import RUNS, network
from convmat.nn import (
    AvgPool,
    BatchNorm,
    Conv,
    ConvTranspose,
    Flatten,
    GlobalAvgPool,
    Learner,
    Linear,
    Loader,
    MaxPool,
    ReLU,
    Residual,
    Sequential,
)
from convmat.optim import SGD
from convmat.verify.rounding.units import gamma


def rng(seed=0):
    return np.random.default_rng(seed)


def linear_net():
    return Sequential(
        [
            Conv(2, 4, (3, 3), stride=2, padding=1, groups=2, rng=rng(1)),
            Sequential(
                [AvgPool(2, 1), ConvTranspose(4, 3, (2, 2), stride=2, rng=rng(2))]
            ),
            BatchNorm(3),
        ]
    )


def test_gradient_is_zero_outside_the_exact_support_and_not_inside():
    inputs = rng().normal(size=(2, 2, 9, 8))
    for out in [(0, 0, 0), (1, 3, 2), (2, 7, 5)]:
        used = effective_field(linear_net(), inputs, out)
        assert ((used.gradient > 0) == used.support).all()
        assert used.out == out


def test_gradient_is_a_row_of_the_product_of_matrices():
    one = Conv(1, 2, (3,), stride=2, padding=1, rng=rng(1))
    other = Conv(2, 3, (2,), dilation=2, rng=rng(2))
    model = Sequential([one, other])
    used = effective_field(model, np.zeros((1, 1, 9)), (2, 1))
    W = [
        conv_matrix(layer.parameters["weight"], shape, **layer.keywords)
        for layer, shape in ((one, (1, 9)), (other, (2, 5)))
    ]
    row = (W[1] @ W[0]).toarray()[2 * 3 + 1]
    # Sums of at most 4 products of three numbers each, in two orders.
    assert np.abs(used.gradient.ravel() - abs(row)).max() <= 16 * 2.0**-53


def test_gradient_of_a_trained_network_is_the_product_of_matrices_between_its_relus():
    draw = rng(3)
    layers = [
        Conv(1, 4, (3, 3), stride=2, padding=1, rng=rng(1)),
        ReLU(),
        Conv(4, 3, (2, 3), groups=1, padding=1, rng=rng(2)),
        ReLU(),
        Conv(3, 2, (3, 2), dilation=2, rng=rng(3)),
    ]
    model = Sequential([*layers, Flatten(), Linear(2 * 2 * 3, 2, rng=rng(4))])
    x = draw.normal(size=(64, 1, 9, 9))
    labels = (x.mean(axis=(1, 2, 3)) > 0).astype(int)
    first = [layer.parameters["weight"].copy() for layer in layers[::2]]
    learner = Learner(model, Loader(x, labels, 16), SGD(0.05), held_out=(x, labels))
    learner.fit(3, 0.05, progress=False)
    body = Sequential(layers).eval()
    trained = [layer.parameters["weight"] for layer in layers[::2]]
    assert not any(np.array_equal(*pair) for pair in zip(first, trained, strict=True))
    sample = x[:1]
    used = effective_field(body, sample, (1, 1, 2))
    # The same slopes by matrices: a ReLU is a diagonal of zeros and ones.
    product, value = np.eye(81), sample
    for layer in layers:
        if isinstance(layer, ReLU):
            product = (value.ravel() > 0)[:, None] * product
        else:
            shape, weight = value.shape[1:], layer.parameters["weight"]
            product = conv_matrix(weight, shape, **layer.keywords) @ product
        value = layer.forward(value)
    row = product[np.ravel_multi_index((1, 1, 2), value.shape[1:])]
    sizes = np.eye(81)
    for layer, shape in zip(
        layers[::2], ((1, 9, 9), (4, 5, 5), (3, 6, 5)), strict=True
    ):
        weight = abs(layer.parameters["weight"])
        sizes = conv_matrix(weight, shape, **layer.keywords) @ sizes
    most = sizes[np.ravel_multi_index((1, 1, 2), value.shape[1:])]
    # Each route rounds sums of at most 9, 24 and 18 products: 51 roundings and more.
    assert (np.abs(used.gradient.ravel() - abs(row)) <= 2 * gamma(60) * most).all()
    assert used.gradient.any()
    assert not used.gradient[~used.support].any()


def test_moving_a_pixel_outside_the_support_moves_nothing():
    model = network(RUNS["A"]).eval()
    x = rng().normal(size=(1, 1, 28, 28)).astype(np.float32)
    body = Sequential(model.layers[:4])  # two convolutions with their ReLUs
    used = effective_field(body, x, (3, 2, 3))
    assert used.field.size == (7, 7)
    assert used.support.sum() == 49
    before = body.forward(x)[0, 3, 2, 3]
    moved = np.where(used.support[0], x[0, 0], 99.0).astype(np.float32)
    assert body.forward(moved[None, None])[0, 3, 2, 3] == before
    assert not used.gradient[~used.support].any()


def test_ones_use_their_middle_more_than_their_ends():
    layers = [Conv(1, 1, (3, 3), padding=1, bias=False, rng=rng()) for _ in range(8)]
    for layer in layers:
        layer.parameters["weight"][...] = 1
    used = effective_field(Sequential(layers), np.zeros((1, 1, 31, 31)))
    assert used.gradient.tolist() == used.field.visits((15, 15)).tolist()  # below 2**53
    assert used.support.sum() == 17 * 17
    assert used.cells < 17 * 17
    assert 0 < used.share < 1


def test_layers_of_the_chapter_are_read_and_dense_ones_see_all():
    for name, sizes in (("A", (63, 63)), ("E", (65, 65))):
        field = chain_of(network(RUNS[name]), (1, 28, 28))
        assert field.size == sizes
        assert len(field.layers) == 5
    dense = [Conv(1, 2, (3, 3), rng=rng()), ReLU(), MaxPool(2), Flatten()]
    dense += [Linear(18, 4, rng=rng()), ReLU(), Linear(4, 2, rng=rng())]
    field = chain_of(Sequential(dense), (1, 8, 8))
    assert field.output_shape == (2, 1, 1)
    assert field.support((0, 0)).all()
    used = effective_field(Sequential(dense), np.zeros((1, 1, 8, 8)), 1)
    assert used.support.all()
    pooled = [Conv(1, 2, (3,), stride=2, rng=rng()), GlobalAvgPool()]
    assert chain_of(Sequential(pooled), (1, 10)).seen() == 9


def test_networks_that_say_nothing_are_refused():
    branch = Sequential([Residual(Conv(1, 1, (3,), padding=1, rng=rng()))])
    with pytest.raises(TypeError, match="must be layers one after the other"):
        chain_of(branch, (1, 9))
    with pytest.raises(ConvmatError, match="must have a layer that reads more"):
        chain_of(Sequential([ReLU()]), (1, 9))
    back = Sequential([Conv(1, 1, (3,), rng=rng()), Flatten(), Flatten(), BatchNorm(7)])
    assert chain_of(back, (1, 9)).size == (3,)
    with pytest.raises(ConvmatError, match="must have 7 inputs"):
        chain_of(Sequential([back, Linear(3, 1, rng=rng())]), (1, 9))
    model = Sequential([Conv(1, 1, (3,), rng=rng())])
    with pytest.raises(ShapeError, match=r"inputs.shape must be \(batch, channels"):
        effective_field(model, np.zeros((1, 9)))
    with pytest.raises(ShapeError, match=r"out must be an output of shape \(1, 7\)"):
        effective_field(model, np.zeros((1, 1, 9)), (0, 7))
