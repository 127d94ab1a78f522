"""SGD with momentum: hand-worked sequences, exactness, bad rates."""

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from convmat.optim import SGD


def test_plain_descent_by_hand():
    weights = {"w": np.array([4.0])}
    SGD(lr=0.25).step(weights, {"w": np.array([8.0])})
    assert weights["w"].tolist() == [2.0]


def test_momentum_by_hand():
    # v: 1, 1.5, 1.75; w: -1, -2.5, -4.25
    weights, rule, seen = {"w": np.array([0.0])}, SGD(lr=1, momentum=0.5), []
    for _ in range(3):
        rule.step(weights, {"w": np.array([1.0])})
        seen.append(weights["w"].item())
    assert seen == [-1.0, -2.5, -4.25]


@given(
    st.lists(st.integers(-9, 9), min_size=1, max_size=6),
    st.fractions(0, Fraction(9, 10), max_denominator=10),
    st.fractions(Fraction(1, 10), 2, max_denominator=10),
)
def test_momentum_is_the_closed_form_in_rationals(gradients, momentum, lr):
    # w_n = -lr * sum_i g_i * (1 + m + ... + m**(n - 1 - i))
    weights, rule = {"w": np.array([Fraction(0)], object)}, SGD(lr, momentum)
    for gradient in gradients:
        rule.step(weights, {"w": np.array([Fraction(gradient)], object)})
    n = len(gradients)
    expected = -lr * sum(
        g * sum(momentum**j for j in range(n - i)) for i, g in enumerate(gradients)
    )
    assert weights["w"][0] == expected


def test_parameters_change_in_place_and_gradients_do_not():
    array, gradient = np.zeros(2), np.ones(2)
    rule = SGD(0.5, 0.9)
    rule.step({"w": array}, {"w": gradient})
    rule.step({"w": array}, {"w": gradient})
    assert gradient.tolist() == [1, 1]
    assert array[0] == -0.5 + -0.5 * 1.9


def test_float32_stays_float32():
    weights = {"w": np.zeros(2, np.float32)}
    SGD(np.float64(0.1), np.float64(0.9)).step(weights, {"w": np.ones(2, np.float32)})
    assert weights["w"].dtype == np.float32


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ((0,), ValueError, "lr must be greater than 0, got lr=0"),
        ((-0.1,), ValueError, "lr must be greater than 0"),
        ((float("nan"),), ValueError, "lr must be finite"),
        ((float("inf"),), ValueError, "lr must be finite"),
        ((True,), TypeError, "lr must be a real number"),
        (("0.1",), TypeError, "lr must be a real number"),
        ((0.1, 1), ValueError, r"momentum must be in \[0, 1\), got momentum=1"),
        ((0.1, -0.5), ValueError, r"momentum must be in \[0, 1\)"),
    ],
)
def test_bad_rates_are_named(arguments, error, message):
    with pytest.raises(error, match=message):
        SGD(*arguments)


def test_a_float_rate_beside_exact_parameters_is_refused():
    weights = {"w": np.array([Fraction(1)], object)}
    with pytest.raises(TypeError, match="lr must be an integer or a Fraction"):
        SGD(0.1).step(weights, weights)
    with pytest.raises(TypeError, match="momentum must be an integer or a Fraction"):
        SGD(Fraction(1, 10), 0.9).step(weights, weights)


@pytest.mark.parametrize("dtype", [np.float32, np.float64, np.complex128])
def test_fractions_as_rates_are_floats_beside_floats(dtype):
    found, expected = ({"w": np.array([1, 2], dtype)} for _ in range(2))
    rules = SGD(Fraction(1, 10), Fraction(9, 10)), SGD(0.1, 0.9)
    for _ in range(3):
        for rule, weights in zip(rules, (found, expected), strict=True):
            rule.step(weights, {"w": np.array([3, 4], dtype)})
    assert found["w"].dtype == dtype
    assert np.array_equal(found["w"], expected["w"])


def test_a_missing_gradient_is_named_and_nothing_changes():
    weights = {"v": np.ones(2), "w": np.ones(2)}
    with pytest.raises(ValueError, match=r"gradients must have one .* 'w' too, got"):
        SGD(0.1).step(weights, {"v": np.ones(2)})
    assert weights["v"].tolist() == [1, 1]


@pytest.mark.parametrize(
    ("parameter", "gradient"),
    [
        (np.ones(1), np.array([Fraction(1)])),
        (np.ones(1), np.array([1j])),
        (np.array([Fraction(1)]), np.ones(1)),
    ],
)
def test_a_gradient_that_does_not_fit_the_parameter_is_refused(parameter, gradient):
    with pytest.raises(TypeError, match=r"gradients\['w'\] must fit the parameter's"):
        SGD(1).step({"w": parameter}, {"w": gradient})


@pytest.mark.parametrize("dtype", [np.int64, np.uint8, bool])
def test_integer_parameters_are_refused(dtype):
    weights = {"w": np.array([1, 2], dtype)}
    with pytest.raises(TypeError, match=r"parameters\['w'\] must not be integers"):
        SGD(0.1).step(weights, weights)


def test_a_gradient_of_another_shape_is_refused():
    with pytest.raises(ValueError, match=r"gradients\['w'\].shape must be"):
        SGD(0.1).step({"w": np.zeros(2)}, {"w": np.zeros(3)})
