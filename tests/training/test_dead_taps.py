"""Theorem 7: a tap that no window reaches has no gradient, and only decay moves it.

The matrix never shows it, so it is watched in the kernel: `store="free"`.
"""

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from convmat import geometry, tie_map
from convmat.constraints import rung_of, train_matrix
from convmat.optim import SGD, Adam, AdamW
from convmat.verify.strategies import geometries

LR, DECAY = Fraction(1, 7), Fraction(1, 3)
SMALL = geometries(modes=["zeros"], max_rank=2, max_channels=2, max_size=3)

WITNESS = geometry((2, 1), (2, 2, 3), padding=1)
"""One cell, three taps: the first and the last are dead in all four channel pairs."""

DEAD = [0, 2, 3, 5, 6, 8, 9, 11]


def problem(g, seed, dtype=object):
    rng = np.random.default_rng(seed)

    def numbers(*shape):
        whole = rng.integers(-9, 10, shape)
        if dtype is float:
            return whole / 4
        return np.array([Fraction(int(n), 4) for n in whole.flat], object).reshape(
            shape
        )

    x = numbers(3, g.in_channels, *g.input_size)
    return numbers(g.free_parameters), x, numbers(3, g.out_channels, *g.output_size)


def kernels(g, rule, steps, seed=0, dtype=object, theta=None, **choices):
    start, x, y = problem(g, seed, dtype)
    choices = {"way": "reparametrise", "store": "free", **choices}
    theta = start if theta is None else theta
    return train_matrix(g, theta, x, y, rule, steps=steps, **choices)


def test_the_witness_has_the_dead_taps_that_it_is_said_to_have():
    assert tie_map(WITNESS).dead_taps.tolist() == DEAD


@pytest.mark.parametrize(
    "rule", [{}, {"momentum": Fraction(1, 2)}, {"momentum": 0.5, "nesterov": True}]
)
@settings(max_examples=40)
@given(SMALL, st.integers(0, 99))
def test_without_decay_a_dead_tap_never_moves(rule, g, seed):
    rule = {name: Fraction(v) if name == "momentum" else v for name, v in rule.items()}
    dead = tie_map(g).dead_taps
    start, x, y = problem(g, seed)
    for step in kernels(g, SGD(LR, **rule), 3, seed):
        assert (step.theta[dead] == start[dead]).all()
    for way in ("sum", "mean", "project"):
        for step in train_matrix(g, start, x, y, SGD(LR, **rule), steps=2, way=way):
            assert not step.theta[dead].any()  # the matrix has no trace of it


@pytest.mark.parametrize("adam", [Adam, AdamW])
def test_without_decay_adam_does_not_move_a_dead_tap_either(adam):
    start, *_ = problem(WITNESS, 0, float)
    for step in kernels(WITNESS, adam(0.1, weight_decay=0), 5, dtype=float):
        assert (step.theta[DEAD] == start[DEAD]).all()


@pytest.mark.parametrize("decoupled", [False, True])
def test_decay_shrinks_a_dead_tap_geometrically(decoupled):
    start, *_ = problem(WITNESS, 0)
    rule = SGD(LR, weight_decay=DECAY, decoupled=decoupled)
    for step in kernels(WITNESS, rule, 6):
        left = (1 - LR * DECAY) ** step.number
        assert (step.theta[DEAD] == left * start[DEAD]).all()


def test_decoupled_decay_shrinks_it_at_the_same_rate_under_momentum():
    start, *_ = problem(WITNESS, 0)
    rule = SGD(LR, Fraction(9, 10), weight_decay=DECAY, decoupled=True)
    for step in kernels(WITNESS, rule, 6):
        assert (step.theta[DEAD] == (1 - LR * DECAY) ** step.number * start[DEAD]).all()


def test_coupled_decay_under_momentum_is_a_linear_recursion_of_its_own():
    # v' = m v + decay p, p' = p - lr v'; so p'' = (1 + m - lr decay) p' - m p.
    momentum = Fraction(1, 2)
    start, *_ = problem(WITNESS, 0)
    before, now = start[DEAD], (1 - LR * DECAY) * start[DEAD]
    for step in kernels(WITNESS, SGD(LR, momentum, weight_decay=DECAY), 6):
        assert (step.theta[DEAD] == now).all()
        before, now = now, (1 + momentum - LR * DECAY) * now - momentum * before


def test_adam_with_decoupled_decay_shrinks_it_geometrically_too():
    start, *_ = problem(WITNESS, 0, float)
    for step in kernels(WITNESS, AdamW(0.125, weight_decay=0.25), 6, dtype=float):
        # Factor and products are exact, or rounded once a step.
        left = (1 - 0.125 * 0.25) ** step.number
        gap = np.abs(step.theta[DEAD] - left * start[DEAD])
        assert (gap <= 2 * step.number * 2.0**-53 * np.abs(start[DEAD])).all()


@pytest.mark.parametrize("decay", [1e-4, 1e-2, 1.0])
def test_adam_with_coupled_decay_moves_it_by_about_the_rate_in_each_step(decay):
    # The decay is all the gradient it has, and Adam does not see its size. The first
    # step is lr, up to eps. While the tap shrinks, so does the gradient, which makes
    # later steps a little smaller: it is now less than its mean, but not by much.
    theta = np.zeros(WITNESS.free_parameters)
    theta[DEAD] = np.where(np.arange(len(DEAD)) % 2, 8.0, -8.0)
    steps, lr = 20, 0.01
    runs = kernels(
        WITNESS, Adam(lr, weight_decay=decay), steps, dtype=float, theta=theta
    )
    paths = np.abs([theta[DEAD], *(step.theta[DEAD] for step in runs)])
    moves = -np.diff(paths, axis=0) / lr
    assert (moves[0] > 1 - 1e-4).all()
    # m is a mean of gradients and sqrt(s) a root mean square of them, and all lie
    # between those of 8 and of 8 - 20 lr.
    assert (moves <= 8 / (8 - steps * lr)).all()
    assert (moves >= (8 - steps * lr) / 8 - 1e-4).all()


@pytest.mark.parametrize("rule", [SGD, Adam])
def test_the_matrix_never_shows_what_becomes_of_dead_taps(rule):
    start, *_ = problem(WITNESS, 0, float)
    other = start.copy()
    other[DEAD] += 1000
    for a, b in zip(
        kernels(WITNESS, rule(0.125, weight_decay=0.1), 4, dtype=float),
        kernels(WITNESS, rule(0.125, weight_decay=0.1), 4, dtype=float, theta=other),
        strict=True,
    ):
        assert a.loss == b.loss
        assert np.array_equal(a.matrix, b.matrix)
        assert (a.theta[DEAD] != b.theta[DEAD]).all()


def test_the_gradient_of_a_dead_tap_is_zero_on_every_store():
    from convmat.constraints.stores import STORES

    rung = rung_of("convolution", WITNESS)
    theta, x, y = problem(WITNESS, 0)
    for kind in STORES.values():
        store = kind(rung, theta)
        inputs = store.inputs(x)
        errors = store.product(inputs) - store.outputs(y)
        gradient = store.pulled_back(errors, inputs)
        assert not gradient[DEAD].any()
        assert gradient.any()
