"""Initial numbers: bounds, variances, and what they do to a deep network."""

from functools import partial

import numpy as np
import pytest

from convmat.nn import Conv, ConvTranspose, Linear, kaiming_normal, kaiming_uniform
from convmat.nn.initial import initial, uniform

SHAPE = (400, 25, 3, 3)
FAN_IN = 225


def drawn(draw, **settings):
    return draw(np.random.default_rng(0), SHAPE, FAN_IN, **settings)


def within_four_sigmas(numbers, variance, kurtosis):
    """Mean and mean square of so many numbers that are as they should be."""
    count = numbers.size
    apart = abs(np.mean(numbers**2) - variance)
    assert abs(numbers.mean()) <= 4 * np.sqrt(variance / count)
    assert apart <= 4 * variance * np.sqrt((kurtosis - 1) / count)


def test_the_default_is_uniform_within_pytorchs_bound():
    numbers, bound = drawn(uniform), 1 / np.sqrt(FAN_IN)
    assert 0.999 * bound < np.abs(numbers).max() <= bound
    within_four_sigmas(numbers, bound**2 / 3, kurtosis=9 / 5)


@pytest.mark.parametrize("slope", [0.0, 0.5])
def test_kaiming_has_the_variance_that_a_relu_halves(slope):
    variance = 2 / ((1 + slope**2) * FAN_IN)
    within_four_sigmas(drawn(kaiming_normal, slope=slope), variance, kurtosis=3)
    numbers = drawn(kaiming_uniform, slope=slope)
    within_four_sigmas(numbers, variance, kurtosis=9 / 5)
    assert np.abs(numbers).max() <= np.sqrt(3 * variance)


def test_a_layer_draws_its_weight_as_told_and_its_bias_as_ever():
    leaky = partial(kaiming_normal, slope=0.1)
    for make in (
        partial(Conv, 3, 4, (5,)),
        partial(ConvTranspose, 3, 4, (5,)),
        partial(Linear, 15, 4),
    ):
        for init, draw in (
            ("default", uniform),
            ("kaiming_normal", kaiming_normal),
            ("kaiming_uniform", kaiming_uniform),
            (leaky, leaky),
        ):
            layer = make(rng=np.random.default_rng(1), init=init)
            weight, bias = layer.parameters["weight"], layer.parameters["bias"]
            fan_in = weight[0].size
            rng = np.random.default_rng(1)
            assert np.array_equal(weight, draw(rng, weight.shape, fan_in))
            assert np.array_equal(bias, uniform(rng, bias.shape, fan_in))


def three(rng, shape, fan_in):
    return np.zeros(3)


@pytest.mark.parametrize(
    ("error", "message", "arguments"),
    [
        (ValueError, "init must be one of 'default', .*callable", {"init": "xavier"}),
        (ValueError, r"init must draw numbers of shape \(2, 3\)", {"init": three}),
        (TypeError, "rng must be a numpy.random.Generator, got rng=0", {"rng": 0}),
        (TypeError, "dtype must be floating", {"dtype": int}),
        (MemoryError, "the parameter of shape", {"shape": (1 << 30, 1 << 30)}),
    ],
)
def test_what_draws_no_numbers_is_named(error, message, arguments):
    given = {"rng": np.random.default_rng(0), "shape": (2, 3), "fan_in": 3}
    with pytest.raises(error, match=message):
        initial(**(given | {"dtype": "float32"} | arguments))
