"""Theorem 6: Adam follows the kernel where no entry is shared, and breaks raw ties.

In floats: Adam divides by square roots, which leave the rationals.
"""

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from convmat import ConvmatError, geometry
from convmat.constraints import rung_of, train_matrix
from convmat.optim import SGD, Adam, AdamW
from convmat.verify.strategies import geometries

ZEROS = geometries(
    modes=["zeros"], max_rank=2, max_channels=2, max_groups=2, max_padding=2
)
LR, EPS = 0.125, 1e-8
UNIT = 2.0**-53

PAIR = geometry(2, 1)
"""One tap in two entries: nothing smaller has a tie."""


def problem(g, seed, count, samples=4):
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(samples, g.in_channels, *g.input_size))
    y = rng.normal(size=(samples, g.out_channels, *g.output_size))
    return rng.normal(size=count), x, y


def reached(size):
    """The least and the largest step of `Adam(LR)` from gradients of one size.

    `m / (sqrt(s) + eps)` is `size / (size + eps)`, and a dozen operations round.
    """
    exact = LR * size / (size + EPS)
    return exact * (1 - 12 * UNIT), exact * (1 + 12 * UNIT)


@pytest.mark.parametrize("rule", [Adam, AdamW], ids=["adam", "adamw"])
@settings(max_examples=25)
@given(ZEROS, st.integers(0, 999), st.booleans())
@example(g=geometry(2, 2, padding=[(0, 1)]), seed=0, bias=True)
@example(g=geometry(1, 3, padding=1), seed=0, bias=False)
def test_where_no_entry_is_shared_adam_on_the_matrix_is_adam_on_the_kernel(
    rule, g, seed, bias
):
    # Not within rounding but to the bit: the entries of a tie see the numbers that the
    # parameter sees, and Adam does the same with them.
    space = rung_of("convolution", g, bias=bias)
    theta, x, y = problem(g, seed, space.free_parameters)
    one, other = (
        train_matrix(
            g, theta, x, y, rule(LR, weight_decay=0.1), steps=4, way=way, bias=bias
        )
        for way in ("sum", "reparametrise")
    )
    for a, b in zip(one, other, strict=True):
        assert a.violation.holds
        assert np.array_equal(a.matrix, b.matrix)


@pytest.mark.parametrize("scale", [1e-3, 1.0, 1e3])
def test_adam_on_raw_gradients_parts_a_tie_by_twice_the_rate_in_one_step(scale):
    # The first step of Adam is lr * sign(gradient), whatever the gradient's size. Two
    # entries of one tie with gradients of unequal signs are 2 lr apart at once.
    x = np.ones((1, 1, 2))
    y = scale * np.array([[[-1.0, 1.0]]])  # from 0: gradients scale and -scale
    (step,) = train_matrix(
        PAIR, np.zeros(2), x, y, Adam(LR, eps=EPS), steps=1, rung="locally_connected"
    )
    least, most = reached(scale)
    assert 2 * least <= step.violation.ties <= 2 * most
    assert step.violation.tie_at == (1, 1)
    # SGD parts them by what the gradients differ by, and its mean does not part them.
    (step,) = train_matrix(
        PAIR, np.zeros(2), x, y, SGD(LR), steps=1, rung="locally_connected"
    )
    assert step.violation.ties == 2 * LR * scale
    for rule in (SGD(LR), Adam(LR)):
        for way in ("sum", "mean", "project"):
            (step,) = train_matrix(PAIR, np.zeros(1), x, y, rule, steps=1, way=way)
            assert step.violation.holds
            rule.load_state({})


@settings(max_examples=25)
@given(ZEROS, st.integers(0, 999))
def test_the_first_step_of_adam_is_the_rate_times_the_sign(g, seed):
    space = rung_of("locally_connected", g)
    theta, x, y = problem(g, seed, space.free_parameters)
    (plain,) = train_matrix(
        g, theta, x, y, SGD(1), steps=1, rung="locally_connected", way="reparametrise"
    )
    (step,) = train_matrix(
        g, theta, x, y, Adam(LR, eps=EPS), steps=1, rung="locally_connected"
    )
    rows, cols = space.rows, space.cols
    gradient = theta - plain.matrix[rows, cols]
    move = theta - step.matrix[rows, cols]
    least, most = reached(np.abs(gradient))
    sure = np.abs(gradient) > 1e-3  # where the difference above knows the sign
    # The moves are read off as differences of numbers below 8.
    assert (np.abs(move) >= least - 32 * UNIT * 8)[sure].all()
    assert (np.abs(move) <= most + 32 * UNIT * 8)[sure].all()
    assert (np.sign(move) == np.sign(gradient))[sure].all()


def test_projected_adam_may_move_a_tap_against_its_gradient():
    # Three entries with gradients 1, 1 and -5. Their sum is -3, so the kernel moves up.
    # The signs are two against one, so the projection of Adam's step moves it down.
    g = geometry(3, 1)
    x, y = np.ones((1, 1, 3)), np.array([[[-1.0, -1.0, 5.0]]])
    moves = {}
    for way in ("sum", "mean", "project"):
        (step,) = train_matrix(
            g, np.zeros(1), x, y, Adam(LR, eps=EPS), steps=1, way=way
        )
        moves[way] = step.theta[0]
    for way, size in (("sum", 3), ("mean", 1)):
        least, most = reached(size)
        assert least <= moves[way] <= most
    assert -LR / 3 * (1 + 16 * UNIT) <= moves["project"] <= -LR / 3 * (1 - 2 * EPS)


def test_where_entries_are_sums_adam_on_the_matrix_is_another_training():
    # One entry holds two taps. Adam moves each by lr, so the entry by 2 lr; on the
    # matrix it moves the entry by lr.
    g = geometry(1, 2, padding=[(0, 1)], padding_mode="replicate")
    x, y = np.ones((1, 1, 1)), -np.ones((1, 1, 1))
    moves = {}
    for way in ("reparametrise", "sum", "mean", "project"):
        (step,) = train_matrix(
            g, np.zeros(2), x, y, Adam(LR, eps=EPS), steps=1, way=way
        )
        assert step.violation.holds
        moves[way] = -step.matrix[0, 0]
    # The sum rule hands the entry twice its gradient, which Adam does not notice.
    sizes = {"reparametrise": 1, "sum": 2, "mean": 1, "project": 1}
    for way, size in sizes.items():
        least, most = reached(size)
        factor = 2 if way == "reparametrise" else 1
        assert factor * least <= moves[way] <= factor * most, way


def test_where_sums_stand_beside_their_taps_adam_leaves_the_convolutions():
    # Rows `a b` and `0 a+b`: all three entries move by lr, but the last ought to by 2.
    g = geometry(2, 2, padding=[(0, 1)], padding_mode="replicate")
    x, y = np.ones((1, 1, 2)), -np.ones((1, 1, 2))
    for way in ("sum", "mean"):
        (step,) = train_matrix(
            g, np.zeros(2), x, y, Adam(LR, eps=EPS), steps=1, way=way, strict=False
        )
        assert step.violation.tie_at == (1, 1)
        assert LR * (1 - 4 * EPS) <= step.violation.ties <= LR * (1 + 4 * EPS)
        message = rf"rule must be SGD with way='{way}', because entries are sums"
        with pytest.raises(ConvmatError, match=message):
            train_matrix(g, np.zeros(2), x, y, Adam(LR), steps=1, way=way)
    for way in ("reparametrise", "project"):
        (step,) = train_matrix(g, np.zeros(2), x, y, Adam(LR), steps=1, way=way)
        assert step.violation.ties <= 4 * UNIT


def test_linear_rules_keep_sums_up_to_rounding():
    g = geometry((2, 5), (2, 2, 3), padding=2, padding_mode="reflect")
    theta, x, y = problem(g, 0, g.free_parameters)
    for way in ("sum", "mean", "project", "reparametrise"):
        rule = SGD(0.01, 0.9, nesterov=True, weight_decay=0.1)
        for step in train_matrix(g, theta, x, y, rule, steps=30, way=way):
            largest = np.abs(step.matrix).max()
            # Each step rounds an entry and its taps some ten times, and velocity keeps
            # what is rounded for ten steps.
            assert step.violation.ties <= 100 * step.number * UNIT * 4 * largest
            assert step.violation.zeros == 0
