"""The transposed convolution as a layer, against the function and its matrix."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from convmat import conv_transpose, conv_transpose_matrix
from convmat.nn import Conv, ConvTranspose, Sequential
from convmat.verify.strategies import geometries, inputs, kernels, outputs

RNG = np.random.default_rng(0)
ROUTES = ("fast", "matrix", "sliding")
SMALL = geometries(max_rank=2, max_channels=2, max_groups=2)


def layer_of(g, kernel, bias, route):
    """The layer whose paired geometry is `g`."""
    spare = tuple(
        (n + before + after - axis.span) % axis.stride
        for n, (before, after), axis in zip(
            g.input_size, g.padding, g.axes, strict=True
        )
    )
    layer = ConvTranspose(
        g.out_channels,
        g.in_channels,
        g.kernel_size,
        rng=RNG,
        route=route,
        output_padding=spare,
        **g.keywords,
    )
    layer.parameters = {"weight": kernel.copy(), "bias": bias.copy()}
    return layer, spare


@given(st.data())
def test_every_route_is_the_function_and_the_matrix(data):
    g = data.draw(SMALL)
    kernel = data.draw(kernels(g)).reshape(g.weight_shape)
    x, bias = data.draw(outputs(g)), np.arange(g.in_channels) - 1
    shape = (g.out_channels, *g.output_size)
    for route in ROUTES:
        layer, spare = layer_of(g, kernel, bias, route)
        keywords = {**g.keywords, "output_padding": spare}
        y = layer.forward(x)
        assert np.array_equal(y, conv_transpose(x, kernel, bias, **keywords))
        matrix = conv_transpose_matrix(kernel, shape, **keywords)
        flat = (matrix @ x.reshape(len(x), matrix.shape[1]).T).T
        without = y - bias.reshape(-1, *(1,) * g.rank)
        assert np.array_equal(without, flat.reshape(y.shape))
        assert layer.geometry(shape).input_size == g.input_size


@given(st.data())
def test_its_gradients_are_those_of_the_paired_convolution_exchanged(data):
    g = data.draw(SMALL)
    kernel = data.draw(kernels(g)).reshape(g.weight_shape)
    grad, x = data.draw(inputs(g)), data.draw(outputs(g))
    if len(grad) != len(x):
        grad = np.repeat(grad[:1], len(x), axis=0) if len(grad) else grad
        x = x[: len(grad)]
    paired = Conv(
        g.in_channels, g.out_channels, g.kernel_size, rng=RNG, bias=False, **g.keywords
    )
    paired.parameters["weight"] = kernel
    forwards = paired.forward(grad)
    paired.backward(x)
    for route in ROUTES:
        layer, _ = layer_of(g, kernel, np.zeros(g.in_channels, int), route)
        layer.forward(x)
        assert np.array_equal(layer.backward(grad), forwards)
        assert np.array_equal(layer.gradients["weight"], paired.gradients["weight"])
        sums = grad.sum(axis=(0, *range(2, grad.ndim)))
        assert np.array_equal(layer.gradients["bias"], sums)


def test_the_weight_is_laid_out_and_drawn_as_in_pytorch():
    layer = ConvTranspose(6, 8, (3, 5), groups=2, rng=np.random.default_rng(0))
    assert layer.parameters["weight"].shape == (6, 4, 3, 5)
    assert layer.parameters["bias"].shape == (8,)
    bound = 1 / np.sqrt(4 * 15)  # of the second axis, whatever is summed
    assert 0.95 * bound < np.abs(layer.parameters["weight"]).max() <= bound
    assert np.abs(layer.parameters["bias"]).max() <= bound


def test_settings_that_fit_no_input_are_named_at_once():
    def refused(error, message, *arguments, **keywords):
        with pytest.raises(error, match=message):
            ConvTranspose(*arguments, rng=RNG, **keywords)

    refused(
        ValueError,
        "output_padding must be .* below stride",
        1,
        1,
        (3,),
        stride=1,
        output_padding=1,
    )
    refused(ValueError, "groups must divide in_channels=3", 3, 2, (3,), groups=2)
    refused(ValueError, "groups must divide out_channels=3", 2, 3, (3,), groups=2)
    refused(ValueError, "route must be one of", 1, 1, (3,), route="fft")
    refused(TypeError, "kernel_size must be a tuple", 1, 1, 3)
    refused(TypeError, "bias must be True or False", 1, 1, (3,), bias=0)


def test_shapes_that_do_not_meet_are_named():
    model = Sequential([ConvTranspose(2, 3, (3, 3), rng=RNG)])
    message = r"layer 0 \(ConvTranspose\): x.shape must be \(batch, 2, .*\(1, 3, 4, 4\)"
    with pytest.raises(ValueError, match=message):
        model.forward(np.zeros((1, 3, 4, 4)))
    with pytest.raises(ValueError, match=r"ConvTranspose\): input_shape must be \(2, "):
        model.summary((2, 4))


def test_a_matrix_that_cannot_fit_is_refused():
    layer = ConvTranspose(1, 1, (3,), rng=RNG, route="matrix", max_bytes=10)
    with pytest.raises(MemoryError, match="the other routes need no stored matrix"):
        layer.forward(np.zeros((1, 1, 9)))
