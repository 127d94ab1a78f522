"""Gradient descent: hand-worked sequences and closed forms, exact in rationals."""

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from convmat.optim import SGD

SHARES = st.fractions(0, Fraction(9, 10), max_denominator=10)
MOMENTA = st.fractions(Fraction(1, 10), Fraction(9, 10), max_denominator=10)
RATES = st.fractions(Fraction(1, 10), 2, max_denominator=10)
DECAYS = st.fractions(0, 1, max_denominator=10)
HALF = Fraction(1, 2)
NUMBERS = st.fractions(-4, 4, max_denominator=4)
OPTIONS = st.fixed_dictionaries(
    {
        "momentum": MOMENTA,
        "nesterov": st.booleans(),
        "weight_decay": DECAYS,
        "decoupled": st.booleans(),
    }
)


def path(rule, start, gradient, steps):
    """The positions after each step; `gradient` is that at a position and a step."""
    weights, seen = {"w": np.array([start], object)}, []
    for number in range(steps):
        at = gradient(weights["w"][0], number)
        rule.step(weights, {"w": np.array([at], object)})
        seen.append(weights["w"][0])
    return seen


def test_plain_descent_by_hand():
    weights = {"w": np.array([4.0])}
    SGD(lr=0.25).step(weights, {"w": np.array([8.0])})
    assert weights["w"].tolist() == [2.0]


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        # v: 1, 1.5, 1.75
        ({}, [-1, -2.5, -4.25]),
        # d: 1 + 0.5, 1 + 0.75, 1 + 0.875
        ({"nesterov": True}, [-1.5, -3.25, -5.125]),
        # g: 1, 0.5, 0; v: 1, 1, 0.5
        ({"weight_decay": 0.5}, [-1, -2, -2.5]),
        # v: 1, 1.5, 1.75; halved before each step
        ({"weight_decay": 0.5, "decoupled": True}, [-1, -2, -2.75]),
    ],
    ids=["momentum", "nesterov", "coupled", "decoupled"],
)
def test_momentum_by_hand(options, expected):
    weights, rule, seen = {"w": np.zeros(1)}, SGD(lr=1, momentum=0.5, **options), []
    for _ in range(3):
        rule.step(weights, {"w": np.ones(1)})
        seen.append(weights["w"].item())
    assert seen == expected


@given(st.lists(st.integers(-9, 9), min_size=1, max_size=6), SHARES, RATES)
def test_momentum_is_the_closed_form_in_rationals(gradients, momentum, lr):
    # w_n = -lr * sum_i g_i * (1 + m + ... + m**(n - 1 - i))
    n = len(gradients)
    found = path(SGD(lr, momentum), Fraction(0), lambda w, i: Fraction(gradients[i]), n)
    expected = -lr * sum(
        g * sum(momentum**j for j in range(n - i)) for i, g in enumerate(gradients)
    )
    assert found[-1] == expected


@given(OPTIONS, RATES, NUMBERS, NUMBERS, st.integers(1, 8))
@example(
    {"momentum": HALF, "nesterov": True, "weight_decay": 1, "decoupled": True},
    Fraction(1, 3),
    Fraction(2),
    Fraction(1),
    3,
)
def test_on_a_parabola_each_step_is_one_matrix_in_rationals(options, lr, a, start, n):
    # The gradient at w is a * w, so (w, v) moves by one matrix, the same each time.
    m, decay = options["momentum"], options["weight_decay"]
    slope, keep = (a, 1 - lr * decay) if options["decoupled"] else (a + decay, 1)
    velocity = np.array([slope, m], object)  # v' in (w, v)
    move = m * velocity + [slope, 0] if options["nesterov"] else velocity
    matrix = np.array([np.array([keep, 0], object) - lr * move, velocity])
    state, expected = np.array([start, Fraction(0)]), []
    for _ in range(n):
        state = matrix @ state
        expected.append(state[0])
    rule = SGD(lr, **options)
    assert path(rule, start, lambda w, _: a * w, n) == expected
    assert rule.velocity["w"][0] == state[1]


@given(RATES, MOMENTA, NUMBERS, st.integers(1, 4))
def test_nesterov_is_the_gradient_at_the_point_ahead_in_rationals(lr, m, start, n):
    # As Sutskever writes it: v = m * v - lr * grad(w + m * v), w = w + v. Our weights
    # are his points ahead, w + m * v. The gradient bends, so that no other will do.
    def gradient(w, _=None):
        return w * w - 2 * w + 3

    rule = SGD(lr, m, nesterov=True)
    found = path(rule, start, gradient, n)
    w, v, ahead = start, Fraction(0), []
    for _ in range(n):
        v = m * v - lr * gradient(w + m * v)
        w = w + v
        ahead.append(w + m * v)
    assert found == ahead


@given(RATES, DECAYS, NUMBERS, st.integers(0, 6), st.booleans())
def test_without_gradient_weights_decay_geometrically(lr, decay, start, n, decoupled):
    rule = SGD(lr, weight_decay=decay, decoupled=decoupled)
    found = path(rule, start, lambda w, _: 0, n)
    assert found == [(1 - lr * decay) ** (i + 1) * start for i in range(n)]


@given(RATES, DECAYS, NUMBERS, st.lists(NUMBERS, min_size=1, max_size=4))
def test_without_momentum_both_kinds_of_decay_are_one(lr, decay, start, gradients):
    runs = [
        path(rule, start, lambda _, i: gradients[i], len(gradients))
        for decoupled in (False, True)
        for rule in [SGD(lr, weight_decay=decay, decoupled=decoupled)]
    ]
    assert runs[0] == runs[1]


@given(RATES, MOMENTA, st.fractions(Fraction(1, 10), 1, max_denominator=10), NUMBERS)
def test_decoupled_decay_never_enters_the_velocity(lr, m, decay, start):
    rule = SGD(lr, m, weight_decay=decay, decoupled=True)
    path(rule, start, lambda _, i: Fraction(i), 3)
    assert rule.velocity["w"][0] == m + 2


def test_a_rate_set_between_steps_counts_from_then_on():
    # v: 1, 1.25; w: -1, -1 - 2 * 1.25
    rule, weights = SGD(1, 0.5), {"w": np.zeros(1)}
    rule.step(weights, {"w": np.ones(1)})
    rule.lr, rule.momentum = 2, 0.25
    rule.step(weights, {"w": np.ones(1)})
    assert weights["w"].tolist() == [-3.5]


def test_plain_descent_remembers_nothing():
    rule, weights = SGD(0.5, 0.5), {"w": np.ones(2)}
    rule.step(weights, weights)
    assert list(rule.velocity) == ["w"]
    rule.momentum = 0
    rule.step(weights, weights)
    assert rule.velocity == {}


def test_parameters_change_in_place_and_gradients_do_not():
    array, gradient = np.zeros(2), np.ones(2)
    rule = SGD(0.5, 0.9)
    rule.step({"w": array}, {"w": gradient})
    rule.step({"w": array}, {"w": gradient})
    assert gradient.tolist() == [1, 1]
    assert array[0] == -0.5 + -0.5 * 1.9


def test_float32_stays_float32():
    weights, rule = (
        {"w": np.zeros(2, np.float32)},
        SGD(np.float64(0.1), np.float64(0.9)),
    )
    rule.step(weights, {"w": np.ones(2)})  # a gradient of float64, as constants have it
    assert weights["w"].dtype == rule.velocity["w"].dtype == np.float32


@pytest.mark.parametrize(
    ("rates", "name"),
    [
        ({"lr": 0.1}, "lr"),
        ({"lr": Fraction(1, 10), "momentum": 0.9}, "momentum"),
        ({"lr": 1, "weight_decay": 0.1}, "weight_decay"),
        ({"lr": 1, "weight_decay": 0.1, "decoupled": True}, "weight_decay"),
    ],
)
def test_a_float_rate_beside_exact_parameters_is_refused(rates, name):
    weights = {"w": np.array([Fraction(1)], object)}
    wanted = f"{name} must be an integer or a Fraction beside exact parameters"
    with pytest.raises(TypeError, match=wanted):
        SGD(**rates).step(weights, weights)
    assert weights["w"].tolist() == [1]


def test_a_float_gradient_beside_exact_parameters_is_refused():
    weights = {"w": np.array([Fraction(1)], object)}
    with pytest.raises(TypeError, match=r"must fit the parameter's dtype, object"):
        SGD(1).step(weights, {"w": np.ones(1)})


@pytest.mark.parametrize("momentum", [0, Fraction(1, 2)])
def test_integer_gradients_beside_exact_parameters_do_not_wrap(momentum):
    weights = {"w": np.array([0], object)}
    SGD(4, momentum).step(weights, {"w": np.array([2**62])})
    assert weights["w"].tolist() == [-(2**64)]


@pytest.mark.parametrize("dtype", [np.float32, np.float64, np.complex128])
def test_fractions_as_rates_are_floats_beside_floats(dtype):
    found, expected = ({"w": np.array([1, 2], dtype)} for _ in range(2))
    rules = [
        SGD(number(1, 10), number(9, 10), weight_decay=number(1, 5))
        for number in (Fraction, lambda a, b: a / b)
    ]
    for _ in range(3):
        for rule, weights in zip(rules, (found, expected), strict=True):
            rule.step(weights, {"w": np.array([3, 4], dtype)})
    assert found["w"].dtype == dtype
    assert np.array_equal(found["w"], expected["w"])
