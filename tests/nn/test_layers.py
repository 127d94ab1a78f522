"""Layers: each backward pass is the exact derivative of its forward pass."""

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from convmat import conv
from convmat.nn import (
    Conv,
    Flatten,
    LeakyReLU,
    Linear,
    MatrixConv,
    ReLU,
    functional,
)
from convmat.verify.strategies import geometries, inputs, kernels, outputs

RNG = np.random.default_rng(0)
SMALL = geometries(max_rank=2, max_channels=2, max_groups=2)


def layer_of(kind, g, kernel, bias) -> Conv:
    layer = kind(g.in_channels, g.out_channels, g.kernel_size, rng=RNG, **g.keywords)
    layer.parameters = {"weight": kernel.copy(), "bias": bias.copy()}
    return layer


@given(st.data())
def test_both_convolutions_are_conv_with_bias(data):
    g = data.draw(SMALL)
    kernel, x = data.draw(kernels(g)), data.draw(inputs(g))
    kernel = kernel.reshape(g.weight_shape)
    bias = np.arange(g.out_channels) - 1
    expected = conv(x, kernel, bias, **g.keywords)
    for kind in (Conv, MatrixConv):
        assert np.array_equal(layer_of(kind, g, kernel, bias).forward(x), expected)


@given(st.data())
def test_both_convolutions_have_the_same_gradients(data):
    g = data.draw(SMALL)
    kernel, x = data.draw(kernels(g)), data.draw(inputs(g))
    kernel, bias = kernel.reshape(g.weight_shape), np.arange(g.out_channels)
    grad = data.draw(outputs(g))
    found = []
    for kind in (Conv, MatrixConv):
        layer = layer_of(kind, g, kernel, bias)
        layer.forward(x)
        found.append((layer.backward(grad), layer.gradients))
    (one, one_own), (other, other_own) = found
    assert np.array_equal(one, other)
    assert one_own.keys() == other_own.keys() == {"weight", "bias"}
    assert all(np.array_equal(one_own[name], other_own[name]) for name in one_own)


def exact_derivative(layer, x, grad, where, step):
    """Of sum(layer(x) * grad) by one number of `where`, which it is linear in."""
    before = (layer.forward(x) * grad).sum()
    where[step] += 1
    after = (layer.forward(x) * grad).sum()
    where[step] -= 1
    return after - before


@pytest.mark.parametrize("kind", [Conv, MatrixConv])
@given(st.data())
def test_convolution_gradients_are_exact_differences(kind, data):
    g = data.draw(geometries(max_rank=2, max_channels=2, max_groups=2, max_size=4))
    kernel, x = data.draw(kernels(g)), data.draw(inputs(g))
    layer = layer_of(kind, g, kernel.reshape(g.weight_shape), np.arange(g.out_channels))
    grad = data.draw(outputs(g))
    layer.forward(x)
    x_grad, own = layer.backward(grad), dict(layer.gradients)
    places = {"x": (x, x_grad)}
    places |= {name: (layer.parameters[name], own[name]) for name in own}
    for array, gradient in places.values():
        place = data.draw(st.tuples(*(st.integers(0, n - 1) for n in array.shape)))
        assert exact_derivative(layer, x, grad, array, place) == gradient[place]


def test_linear_gradients_are_exact_differences():
    layer = Linear(3, 2, rng=RNG)
    weight, bias, x, grad = (
        RNG.integers(-9, 9, shape) for shape in ((2, 3), (2,), (4, 3), (4, 2))
    )
    layer.parameters = {"weight": weight, "bias": bias}
    assert np.array_equal(layer.forward(x), x @ weight.T + bias)
    x_grad, own = layer.backward(grad), dict(layer.gradients)
    for array, gradient in ((x, x_grad), (weight, own["weight"]), (bias, own["bias"])):
        for place in np.ndindex(array.shape):
            assert exact_derivative(layer, x, grad, array, place) == gradient[place]


def test_relu_passes_what_is_positive_and_nothing_at_the_kink():
    layer = ReLU()
    assert layer.forward(np.array([[-2.0, 0.0, 3.0]])).tolist() == [[0, 0, 3]]
    assert layer.backward(np.array([[5.0, 6.0, 7.0]])).tolist() == [[0, 0, 7]]


def test_leaky_relu_keeps_a_share_of_what_is_not_positive():
    layer = LeakyReLU(Fraction(1, 4))
    x = np.array([[Fraction(-2), Fraction(0), Fraction(3)]], object)
    assert layer.forward(x).tolist() == [[Fraction(-1, 2), 0, 3]]
    grad = np.array([[Fraction(5), Fraction(6), Fraction(7)]], object)
    assert layer.backward(grad).tolist() == [[Fraction(5, 4), Fraction(3, 2), 7]]
    assert LeakyReLU().slope == 0.01
    nan = np.array([[np.nan, -1.0]])
    halved = LeakyReLU(0.5).forward(nan)
    assert np.array_equal(halved, [[np.nan, -0.5]], equal_nan=True)
    with pytest.raises(TypeError, match="slope must be an integer or a Fraction"):
        LeakyReLU(0.5).forward(x)
    with pytest.raises(ValueError, match="slope must be finite"):
        LeakyReLU(np.inf)


def test_relu_lets_nan_through():
    x = np.array([[np.nan, -1.0, 2.0]])
    assert np.array_equal(functional.relu(x), [[np.nan, 0, 2]], equal_nan=True)
    assert functional.relu_backward(np.ones_like(x), x).tolist() == [[1, 0, 1]]


@pytest.mark.parametrize("dtype", [np.float32, np.float64, object])
def test_relu_keeps_the_dtype(dtype):
    x = np.array([[-1, 2]]).astype(dtype)
    assert functional.relu(x).dtype == dtype
    assert functional.relu_backward(x, x).dtype == dtype


def test_flatten_goes_there_and_back():
    layer, x = Flatten(), np.arange(24).reshape(2, 3, 2, 2)
    flat = layer.forward(x)
    assert np.array_equal(flat, x.reshape(2, 12))
    assert np.array_equal(layer.backward(flat), x)
    assert layer.forward(np.zeros((0, 3, 2))).shape == (0, 6)


def test_the_matrix_of_a_layer_obeys_both_constraints():
    from convmat import ConvConstraint

    layer = MatrixConv(2, 3, (3, 2), stride=2, padding=1, rng=RNG)
    x = RNG.normal(size=(2, 2, 5, 4))
    layer.forward(x)
    violation = ConvConstraint(layer.geometry(x.shape[1:])).violation(layer.matrix)
    assert violation.holds


def test_fractions_go_through_the_matrix_layer():
    layer = MatrixConv(1, 1, (2,), rng=RNG)
    half = np.array([Fraction(1, 2), Fraction(1, 3)], object)
    layer.parameters = {"weight": half.reshape(1, 1, 2), "bias": half[:1]}
    x = np.array([[[Fraction(1), Fraction(2), Fraction(3)]]], object)
    expected = [Fraction(1, 2) + Fraction(2, 3), Fraction(1) + Fraction(3, 3)]
    assert (layer.forward(x)[0, 0] == np.array(expected) + Fraction(1, 2)).all()


def test_a_layer_without_bias_has_one_parameter():
    for kind in (Conv, MatrixConv):
        layer = kind(1, 2, (3,), bias=False, rng=RNG)
        layer.forward(np.ones((1, 1, 5)))
        layer.backward(np.ones((1, 2, 3)))
        assert list(layer.parameters) == list(layer.gradients) == ["weight"]


def test_initial_weights_are_within_pytorchs_bound():
    layer = Conv(3, 8, (5, 5), rng=np.random.default_rng(0))
    bound = 1 / np.sqrt(3 * 25)
    weight = layer.parameters["weight"]
    assert np.abs(weight).max() <= bound
    assert np.abs(weight).max() > 0.95 * bound
    assert abs(weight.mean()) < 0.1 * bound


@pytest.mark.parametrize("kind", [Conv, MatrixConv])
def test_initial_biases_are_drawn_from_the_same_range(kind):
    layer = kind(3, 64, (5, 5), rng=np.random.default_rng(0))
    bound, bias = 1 / np.sqrt(3 * 25), layer.parameters["bias"]
    assert np.abs(bias).max() <= bound
    assert np.abs(bias).max() > 0.9 * bound
    linear = Linear(75, 64, rng=np.random.default_rng(0)).parameters["bias"]
    assert 0.9 * bound < np.abs(linear).max() <= bound


@pytest.mark.parametrize("kind", [Conv, MatrixConv])
def test_settings_that_fit_no_input_are_named_at_once(kind):
    def refused(error, message, *arguments, **keywords):
        with pytest.raises(error, match=message):
            kind(*arguments, rng=RNG, **keywords)

    refused(ValueError, "groups must be at least 1", 2, 2, (3,), groups=0)
    refused(ValueError, "groups must divide in_channels=3", 3, 2, (3,), groups=2)
    refused(ValueError, "groups must divide out_channels=3", 2, 3, (3,), groups=2)
    refused(ValueError, "in_channels must be at least 1", 0, 2, (3,))
    refused(ValueError, "out_channels must be at least 1", 2, -1, (3,))
    refused(TypeError, "in_channels must be an integer, not float", 1.0, 2, (3,))
    refused(TypeError, "out_channels must be an integer, not str", 1, "2", (3,))
    refused(ValueError, "kernel_size must be at least 1", 1, 1, (0,))
    refused(TypeError, "kernel_size must be a tuple .*; for one axis", 1, 1, 3)
    refused(TypeError, "kernel_size must be a tuple", 1, 1, ())
    refused(ValueError, "stride must be at least 1", 1, 1, (3,), stride=0)
    refused(ValueError, "dilation must be one integer", 1, 1, (3,), dilation=(1, 1))
    refused(ValueError, "padding must be at least 0", 1, 1, (3,), padding=-1)
    refused(ValueError, "padding_mode must be one of", 1, 1, (3,), padding_mode="x")
    refused(TypeError, "strides is no keyword .* mean stride", 1, 1, (3,), strides=2)
    refused(TypeError, "bias must be True or False", 1, 1, (3,), bias=None)


def test_an_unknown_route_of_a_layer_is_named():
    with pytest.raises(ValueError, match="route must be one of 'fast', 'matrix', 'sl"):
        Conv(1, 1, (3,), rng=RNG, route="fft")


def test_a_layer_takes_any_kernel_whatever_its_span():
    layer = Conv(1, 1, (3, 3), dilation=50, padding="same", rng=RNG)
    assert layer.forward(np.ones((1, 1, 4, 4))).shape == (1, 1, 4, 4)


def test_a_linear_layer_has_inputs_and_outputs():
    with pytest.raises(ValueError, match="inputs must be at least 1"):
        Linear(0, 2, rng=RNG)
    with pytest.raises(TypeError, match="outputs must be an integer, not float"):
        Linear(2, 2.0, rng=RNG)
    with pytest.raises(TypeError, match="bias must be True or False"):
        Linear(2, 2, rng=RNG, bias="no")


@pytest.mark.parametrize("dtype", [int, bool, complex, object])
def test_parameters_of_no_floating_dtype_are_refused(dtype):
    for draw in (
        lambda: Conv(1, 1, (3,), rng=RNG, dtype=dtype),
        lambda: MatrixConv(1, 1, (3,), rng=RNG, dtype=dtype),
        lambda: Linear(1, 1, rng=RNG, dtype=dtype),
    ):
        with pytest.raises(TypeError, match="dtype must be floating"):
            draw()


def test_float16_stays_float16_by_windows_and_is_refused_by_matrices():
    x = np.ones((1, 1, 4), np.float16)
    layer = Conv(1, 1, (2,), rng=RNG, dtype=np.float16)
    assert layer.forward(x).dtype == np.float16
    message = "dtype must be of a dtype that SciPy.* use float32, or route='fast'"
    with pytest.raises(TypeError, match=message):
        MatrixConv(1, 1, (2,), rng=RNG, dtype=np.float16)
    other = MatrixConv(1, 1, (2,), rng=RNG)
    other.parameters = layer.parameters
    with pytest.raises(TypeError, match=message):
        other.forward(x)


def test_a_matrix_that_cannot_fit_is_refused_before_it_is_built(monkeypatch):
    x = np.zeros((1, 8, 256, 256), np.float32)
    layer = MatrixConv(8, 64, (3, 3), padding=1, rng=RNG, max_bytes=1 << 30)
    monkeypatch.setattr("convmat.nn.tied.from_pattern", None)  # not called
    with pytest.raises(MemoryError, match=r"3.* GiB.* 1.0 GiB; the other routes"):
        layer.forward(x)


def test_an_exact_matrix_that_cannot_fit_is_refused():
    layer = MatrixConv(1, 1, (2,), rng=RNG, max_bytes=2 * 3 * 8)
    exact = {n: np.full(a.shape, Fraction(1)) for n, a in layer.parameters.items()}
    layer.parameters = exact
    assert layer.forward(np.full((1, 1, 3), Fraction(1))).shape == (1, 1, 2)
    with pytest.raises(MemoryError, match=r"needs 96 bytes.*the other routes need no"):
        layer.forward(np.full((1, 1, 4), Fraction(1)))


def test_shapes_that_do_not_meet_are_named():
    conv_layer = Conv(2, 3, (3, 3), rng=RNG)
    with pytest.raises(ValueError, match=r"x.shape must be \(batch, 2, \*spatial\)"):
        conv_layer.forward(np.zeros((2, 8, 8)))
    with pytest.raises(ValueError, match=r"batch, 2, .*spatial axes, got .*\(1, 1,"):
        conv_layer.forward(np.zeros((1, 1, 8, 8)))
    with pytest.raises(ValueError, match=r"x.shape must be \(batch, 4\)"):
        Linear(4, 2, rng=RNG).forward(np.zeros((1, 5)))
    with pytest.raises(ValueError, match="groups must divide in_channels=3"):
        Conv(3, 2, (3,), groups=2, rng=RNG)
