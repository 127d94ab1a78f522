"""Laws that hold for every layer, one test each over a list of all of them."""

from collections.abc import Callable
from fractions import Fraction
from typing import NamedTuple

import numpy as np
import pytest

from convmat.nn import (
    AvgPool,
    BatchNorm,
    Conv,
    ConvTranspose,
    Dropout,
    FixedMatrix,
    Flatten,
    GlobalAvgPool,
    Layer,
    LeakyReLU,
    Linear,
    MaxPool,
    ReLU,
    Residual,
    RungLayer,
    Sequential,
)


class Case(NamedTuple):
    """How to make a layer in a dtype, and the shape of one of its inputs."""

    make: Callable
    shape: tuple


def rng():
    return np.random.default_rng(7)


UNEVEN = {"stride": (2, 1), "padding": [(2, 0), (1, 2)], "dilation": (1, 2)}
SPREAD = {"stride": (3, 2), "padding": (1, 0), "dilation": (1, 2)}
BODY = {"padding": 1, "stride": 2}


def conv(route):
    return lambda dtype: Conv(
        2, 4, (3, 2), groups=2, rng=rng(), dtype=dtype, route=route, **UNEVEN
    )


def transposed(route):
    return lambda dtype: ConvTranspose(
        2,
        4,
        (3, 2),
        groups=2,
        rng=rng(),
        dtype=dtype,
        route=route,
        output_padding=(2, 1),
        **SPREAD,
    )


def residual(dtype):
    body = Sequential(
        [
            Conv(2, 3, (3,), rng=rng(), dtype=dtype, **BODY),
            LeakyReLU(Fraction(1, 4)),
            Conv(3, 2, (1,), rng=rng(), dtype=dtype),
        ]
    )
    shortcut = Conv(2, 2, (1,), stride=2, rng=rng(), dtype=dtype, bias=False)
    return Sequential([Residual(body, shortcut), Residual(ReLU())])


PLANE = (2, 5, 4)
LAYERS = {
    "conv fast": Case(conv("fast"), PLANE),
    "conv matrix": Case(conv("matrix"), PLANE),
    "conv sliding": Case(conv("sliding"), PLANE),
    "transposed fast": Case(transposed("fast"), (2, 3, 2)),
    "transposed matrix": Case(transposed("matrix"), (2, 3, 2)),
    "transposed sliding": Case(transposed("sliding"), (2, 3, 2)),
    "linear": Case(lambda dtype: Linear(4, 3, rng=rng(), dtype=dtype), (4,)),
    "linear without bias": Case(
        lambda dtype: Linear(4, 3, rng=rng(), dtype=dtype, bias=False), (4,)
    ),
    "relu": Case(lambda dtype: ReLU(), PLANE),
    "leaky relu": Case(lambda dtype: LeakyReLU(Fraction(1, 4)), PLANE),
    "flatten": Case(lambda dtype: Flatten(), PLANE),
    "max pool": Case(
        lambda dtype: MaxPool((3, 2), (2, 1), [(1, 2), (0, 1)], ceil_mode=True), PLANE
    ),
    "max pool dilated": Case(lambda dtype: MaxPool(2, 1, dilation=2), PLANE),
    "avg pool": Case(
        lambda dtype: AvgPool(
            (3, 2), (2, 1), [(1, 2), (0, 1)], count_include_pad=False
        ),
        PLANE,
    ),
    "avg pool over": Case(
        lambda dtype: AvgPool(2, 3, dilation=(1, 2), divisor_override=-3), PLANE
    ),
    "global avg pool": Case(lambda dtype: GlobalAvgPool(), PLANE),
    "dropout": Case(lambda dtype: Dropout(Fraction(1, 4), rng=rng()), PLANE),
    "residual": Case(residual, (2, 5)),
    "batch norm": Case(lambda dtype: BatchNorm(2, dtype=dtype), PLANE),
}
ROUGH = "batch norm"  # has a square root: its derivatives are in test_norm
LINEAR = [name for name in LAYERS if name.split()[0] in ("conv", "transposed")]
LINEAR += ["linear", "flatten", "avg pool", "avg pool over", "global avg pool"]

each_layer = pytest.mark.parametrize("name", LAYERS)


def fractions(rng, shape):
    """Rationals that are never 0, and never equal or opposite."""
    size = int(np.prod(shape))
    signs = rng.choice([-1, 1], size)
    order = rng.permutation(size) + 1
    flat = [Fraction(int(s * n), 7) for s, n in zip(signs, order, strict=True)]
    array = np.empty(size, object)
    array[:] = flat
    return array.reshape(shape)


def exact(name, batch=2):
    """A layer of Fractions, which drops nothing at random, and an input."""
    made, numbers = LAYERS[name].make(np.float64), np.random.default_rng(3)
    for _, layer in [("", made)] if isinstance(made, Layer) else made.leaves():
        for own, array in layer.parameters.items():
            layer.parameters[own] = fractions(numbers, array.shape)
    return made, fractions(numbers, (batch, *LAYERS[name].shape))


@pytest.mark.parametrize("name", [name for name in LAYERS if name != ROUGH])
def test_gradients_are_exact_differences(name):
    """The layers are linear in each number on short ways, and steps are exact."""
    layer, x = exact(name)

    def output():
        if isinstance(layer, Dropout):
            layer.rng = rng()
        return layer.forward(x)

    grad = fractions(np.random.default_rng(5), output().shape)
    x_grad, step = layer.backward(grad), Fraction(1, 10**9)
    own = dict(layer.gradients)
    places = {"x": (x, x_grad)}
    places |= {n: (array, own[n]) for n, array in layer.parameters.items()}
    assert own.keys() == layer.parameters.keys()
    before = (output() * grad).sum()
    for label, (array, gradient) in places.items():
        assert gradient.shape == array.shape
        for place in np.ndindex(array.shape):
            array[place] += step
            difference = (output() * grad).sum() - before
            array[place] -= step
            assert difference / step == gradient[place], (label, place)


@each_layer
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_dtypes_stay(name, dtype):
    layer = LAYERS[name].make(dtype)
    x = rng().normal(size=(3, *LAYERS[name].shape)).astype(dtype)
    y = layer.forward(x)
    assert y.dtype == dtype
    assert layer.backward(y).dtype == dtype
    assert {a.dtype for a in layer.gradients.values()} <= {np.dtype(dtype)}
    assert {a.dtype for a in layer.parameters.values()} <= {np.dtype(dtype)}
    if isinstance(layer, Layer):
        assert layer.eval().forward(x).dtype == dtype


@each_layer
def test_inputs_and_gradients_are_left_as_they_are(name):
    layer = LAYERS[name].make(np.float64)
    x = rng().normal(size=(3, *LAYERS[name].shape))
    kept = x.copy()
    y = layer.forward(x)
    grad = rng().normal(size=y.shape)
    kept_grad = grad.copy()
    layer.backward(grad)
    assert np.array_equal(x, kept)
    assert np.array_equal(grad, kept_grad)


@pytest.mark.parametrize("name", [name for name in LAYERS if name != ROUGH])
def test_an_empty_batch_goes_through(name):
    layer = LAYERS[name].make(np.float64)
    y = layer.forward(np.zeros((0, *LAYERS[name].shape)))
    assert len(y) == 0
    assert layer.backward(y).shape == (0, *LAYERS[name].shape)
    assert not any(array.any() for array in layer.gradients.values())


@each_layer
def test_samples_do_not_see_each_other_in_eval_mode(name):
    layer = LAYERS[name].make(np.float64).eval()
    x = fractions(rng(), (3, *LAYERS[name].shape)).astype(float)
    alone = layer.forward(x[1:2])
    beside = layer.forward(x)[1:2]
    if name.startswith(("conv", "transposed", "residual", "linear")):
        # The order of sums may follow the batch: 20 terms below 200 each.
        assert np.abs(alone - beside).max() <= 20 * 20 * 200 * 2.0**-52
    else:
        assert np.array_equal(alone, beside)


@each_layer
def test_backward_wants_forward_first_and_the_shape_of_its_output(name):
    layer, x = LAYERS[name].make(np.float64), np.ones((2, *LAYERS[name].shape))
    with pytest.raises(ValueError, match=r"x must have gone through forward before"):
        LAYERS[name].make(np.float64).backward(np.ones_like(x))
    y = layer.forward(x)
    with pytest.raises(ValueError, match=r"grad.shape must be that of the last output"):
        layer.backward(np.ones((*y.shape, 1)))
    assert layer.backward(np.ones(y.shape)).shape == x.shape


def facts_of(name):
    layer = LAYERS[name].make(np.float64).eval()
    summary = Sequential([layer]).summary(LAYERS[name].shape)
    return layer, summary


@each_layer
def test_the_summary_has_the_shape_and_the_parameters_of_the_layer(name):
    layer, summary = facts_of(name)
    y = layer.forward(np.zeros((3, *LAYERS[name].shape)))
    assert summary.rows[-1].output_shape == y.shape[1:]
    assert summary.parameters == sum(a.size for a in layer.parameters.values())


@pytest.mark.parametrize("name", LINEAR)
def test_the_matrix_of_the_summary_is_that_of_the_layer(name):
    """The columns are what the layer makes of the basis; ones for its weights."""
    layer, summary = facts_of(name)
    for own, array in layer.parameters.items():
        array[...] = own == "weight"
    (row,), shape = summary.rows, LAYERS[name].shape
    basis = np.eye(int(np.prod(shape))).reshape(-1, *shape)
    matrix = layer.forward(basis).reshape(len(basis), -1).T
    if name == "flatten":
        assert np.array_equal(matrix, np.eye(len(basis)))
        assert row.matrix_shape is None
        return
    assert row.matrix_shape == matrix.shape
    assert row.nnz == np.count_nonzero(matrix)
    if name.startswith(("conv", "transposed")):
        assert row.multiplications.effective == row.nnz


def test_every_layer_of_the_package_is_in_the_list():
    import convmat.nn

    public = vars(convmat.nn).values()
    kinds = {kind for kind in public if isinstance(kind, type)}
    layers = {kind for kind in kinds if issubclass(kind, Layer)}
    layers -= {Layer, RungLayer, FixedMatrix}  # two are given their matrix
    made = {type(case.make(np.float64)) for case in LAYERS.values()}
    assert layers <= made
