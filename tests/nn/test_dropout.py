"""Dropout: what is dropped, how often, and that the mean stays."""

from fractions import Fraction

import numpy as np
import pytest

from convmat.nn import Dropout


def test_entries_are_dropped_or_scaled_and_the_gradient_goes_the_same_way():
    layer, x = Dropout(0.75, rng=np.random.default_rng(0)), np.full((50, 40), 3.0)
    y = layer.forward(x)
    assert set(np.unique(y)) == {0, 12}
    assert np.array_equal(layer.backward(np.ones_like(x)), y / 3)


def test_so_many_are_dropped():
    for rate in (0, 0.1, 0.5, 0.9):
        layer = Dropout(rate, rng=np.random.default_rng(1))
        dropped = (layer.forward(np.ones((100, 100))) == 0).sum()
        assert abs(dropped - 10_000 * rate) <= 4 * np.sqrt(10_000 * rate * (1 - rate))


def test_the_same_seed_drops_the_same_and_each_pass_other_entries():
    x = np.ones((4, 50))
    one, other = (Dropout(rng=np.random.default_rng(3)) for _ in range(2))
    first = one.forward(x)
    assert np.array_equal(first, other.forward(x))
    assert not np.array_equal(first, one.forward(x))


def test_in_eval_mode_nothing_happens_and_nothing_is_drawn():
    layer, x = Dropout(rng=np.random.default_rng(3)), np.ones((4, 50))
    before = layer.rng.bit_generator.state
    assert layer.eval().forward(x) is x
    assert np.array_equal(layer.backward(x), x)
    assert layer.rng.bit_generator.state == before


def test_the_backward_pass_is_of_the_mode_of_the_forward_pass():
    layer, x = Dropout(rng=np.random.default_rng(3)), np.ones((4, 50))
    y = layer.forward(x)
    assert np.array_equal(layer.eval().backward(x), y)


def test_a_dropped_nan_is_not_hidden():
    layer = Dropout(0.5, rng=np.random.default_rng(0))
    assert np.isnan(layer.forward(np.full((1, 20), np.nan))).all()


def test_fractions_stay_exact_and_floats_beside_them_are_refused():
    x = np.array([[Fraction(1, 3)] * 8], object)
    y = Dropout(Fraction(1, 3), rng=np.random.default_rng(0)).forward(x)
    assert set(y.ravel()) == {Fraction(0), Fraction(1, 2)}
    with pytest.raises(TypeError, match="rate must be an integer or a Fraction"):
        Dropout(0.5, rng=np.random.default_rng(0)).forward(x)


@pytest.mark.parametrize(
    ("error", "message", "arguments"),
    [
        (ValueError, r"rate must be in \[0, 1\)", {"rate": 1}),
        (ValueError, r"rate must be in \[0, 1\)", {"rate": -0.1}),
        (TypeError, "rate must be a real number", {"rate": "half"}),
        (TypeError, "rng must be a numpy.random.Generator", {"rng": 0}),
    ],
)
def test_settings_out_of_range_are_named(error, message, arguments):
    with pytest.raises(error, match=message):
        Dropout(**({"rng": np.random.default_rng(0)} | arguments))
