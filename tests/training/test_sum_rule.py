"""Theorems 1, 5 and 8: summed ties, decayed or not, with a bias or not, are the kernel.

Matrices are trained by `train_matrix`, kernels by `conv` and `conv_kernel_grad`, which
know nothing of matrices. In rationals the two are equal after every step.
"""

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from convmat import ConvConstraint, conv, conv_kernel_grad, geometry
from convmat.constraints import rung_of, train_matrix
from convmat.optim import SGD
from convmat.verify.strategies import geometries

ROUTES = [
    ("reparametrise", "free"),
    ("reparametrise", "pattern"),
    ("reparametrise", "full"),
    ("sum", "pattern"),
    ("sum", "full"),
]
SMALL = geometries(max_rank=2, max_channels=2, max_groups=2, max_size=4, max_padding=2)

RULES = [
    {},
    {"momentum": Fraction(9, 10)},
    {"momentum": Fraction(1, 2), "nesterov": True},
    {"momentum": Fraction(1, 2), "weight_decay": Fraction(1, 3)},
    {"weight_decay": Fraction(1, 3), "decoupled": True, "momentum": Fraction(1, 2)},
    {"weight_decay": 2, "momentum": Fraction(2, 3), "nesterov": True},
]

WITNESSES = [
    geometry((2, 5), (4, 1, 3), stride=2, padding=[(2, 0)], groups=2),
    geometry((3, 1), (2, 3), stride=(4, 1), padding=[0, 1], dilation=(2, 1)),
    geometry(2, 3, padding=1, padding_mode="circular"),
    geometry(3, 5, padding=2, padding_mode="reflect"),
    geometry(1, 3, padding=2, padding_mode="replicate"),
    geometry((2, 3), (2, 2, 4), padding=[(1, 2)], padding_mode="symmetric"),
    geometry(1, 1, padding=1, stride=2),  # every tap falls on padding: no entry at all
]


def fractions(rng, shape, parts=4):
    numbers = [Fraction(int(n), parts) for n in rng.integers(-9, 10, np.prod(shape))]
    return np.array(numbers, object).reshape(shape)


def problem(g, seed, bias=False, samples=3):
    """Parameters to start from, inputs and wanted outputs."""
    rng = np.random.default_rng(seed)
    theta = fractions(rng, (g.free_parameters + bias * g.out_channels,))
    x = fractions(rng, (samples, g.in_channels, *g.input_size))
    y = fractions(rng, (samples, g.out_channels, *g.output_size))
    return theta, x, y


def batches(samples, size, steps, seed=0):
    if size == samples:
        return [np.arange(samples)] * steps
    rng, parts = np.random.default_rng(seed), []
    while len(parts) < steps:
        order = rng.permutation(samples)
        parts += [order[i : i + size] for i in range(0, samples - size + 1, size)]
    return parts[:steps]


def kernel_steps(g, theta, x, y, rule, parts):
    """Loss, and parameters after each step, of the kernel (and biases) trained."""
    kernel = theta[: g.free_parameters].reshape(g.weight_shape).copy()
    bias = theta[g.free_parameters :].copy()
    for part in parts:
        outputs = conv(x[part], kernel, bias if len(bias) else None, **g.keywords)
        errors = (outputs - y[part]) * Fraction(1, len(part))
        loss = (errors * errors).sum() * len(part) / 2
        grad = conv_kernel_grad(errors, x[part], g.weight_shape, **g.keywords)
        grads = {"k": grad, "b": errors.sum(axis=(0, *range(2, errors.ndim)))}
        own = {"k": kernel, "b": bias} if len(bias) else {"k": kernel}
        rule.step(own, grads)
        yield loss, np.concatenate([kernel.ravel(), bias])


def matrix_of(g, theta):
    """The dense matrix of kernel and biases, the biases in its last column."""
    matrix = ConvConstraint(g).embed(theta[: g.free_parameters].reshape(g.kernel_shape))
    bias = theta[g.free_parameters :]
    if len(bias) == 0:
        return matrix
    outputs = len(matrix) // g.out_channels
    return np.concatenate([matrix, bias.repeat(outputs)[:, None]], axis=1)


def assert_equal_training(g, seed, way, store, settings, bias=False, size=3, steps=3):
    theta, x, y = problem(g, seed, bias)
    lr = Fraction(1, 7)
    parts = batches(len(x), size, steps)
    kernels = kernel_steps(g, theta, x, y, SGD(lr, **settings), parts)
    descent = train_matrix(
        g,
        theta,
        x,
        y,
        SGD(lr, **settings),
        steps=steps,
        way=way,
        store=store,
        bias=bias,
        batch_size=size,
    )
    for step, (loss, parameters) in zip(descent, kernels, strict=True):
        assert step.loss == loss
        assert step.violation.holds
        assert (step.matrix == matrix_of(g, parameters)).all()


@pytest.mark.parametrize(("way", "store"), ROUTES)
@settings(max_examples=50)
@given(SMALL, st.integers(0, 999), st.booleans(), st.integers(1, 3))
@example(g=WITNESSES[0], seed=0, bias=True, size=2)
@example(g=WITNESSES[1], seed=0, bias=False, size=3)
@example(g=WITNESSES[2], seed=0, bias=False, size=3)
@example(g=WITNESSES[3], seed=0, bias=True, size=3)
@example(g=WITNESSES[4], seed=0, bias=False, size=1)
@example(g=WITNESSES[5], seed=0, bias=False, size=3)
@example(g=WITNESSES[6], seed=0, bias=True, size=3)
def test_summed_ties_are_the_training_of_the_kernel(way, store, g, seed, bias, size):
    momentum = {"momentum": Fraction(9, 10)} if seed % 2 else {}
    assert_equal_training(g, seed, way, store, momentum, bias, size)


@pytest.mark.parametrize("rule", RULES, ids=str)
@settings(max_examples=12)
@given(SMALL, st.integers(0, 999))
@example(WITNESSES[3], 0)
def test_summed_ties_are_the_kernel_under_every_linear_rule(rule, g, seed):
    assert_equal_training(g, seed, "sum", "pattern", rule)


@pytest.mark.parametrize("g", WITNESSES, ids=str)
@pytest.mark.parametrize("rule", RULES[3:], ids=str)
def test_decay_of_the_tied_entries_is_decay_of_the_kernel(rule, g):
    assert_equal_training(g, 1, "sum", "full", rule, bias=True)


@settings(max_examples=50)
@given(SMALL, st.integers(0, 999))
@example(WITNESSES[0], 0)
@example(WITNESSES[2], 0)
@example(WITNESSES[3], 0)
@example(WITNESSES[4], 0)
def test_l2_in_the_loss_of_the_matrix_pulls_each_tap_by_its_multiplicity(g, seed):
    # By the kernel, the gradient of |W|**2 / 2 is G theta and not theta; m theta where
    # no entry is shared. It is read off as a difference, which is exact in rationals:
    # |B (theta + e)|**2 - |B (theta - e)|**2 = 4 <B theta, B e>.
    theta, *_ = problem(g, seed)
    constraint = ConvConstraint(g)
    kernel = theta.reshape(g.kernel_shape)
    pulled = constraint.pull_back(constraint.embed(kernel)).reshape(-1)
    for tap in range(g.free_parameters):
        unit = np.zeros(g.free_parameters, int)
        unit[tap] = 1
        more, less = (
            (constraint.embed((theta + sign * unit).reshape(g.kernel_shape)) ** 2).sum()
            for sign in (1, -1)
        )
        assert pulled[tap] == (more - less) / 4
    if not g.shared:
        assert (pulled == constraint.ties.multiplicity.reshape(-1) * theta).all()


def test_l2_in_the_loss_of_the_matrix_is_another_training_than_decay():
    # One step from theta = (4, 4) with nothing to learn: x = 0. Taps 0 and 1 stand in 2
    # entries and 1.
    g = geometry(2, 2, padding=[(0, 1)])
    decay, lr = Fraction(1, 4), Fraction(1, 2)
    start = ConvConstraint(g).embed(np.array([Fraction(4), Fraction(4)]))
    pulled = ConvConstraint(g).pull_back(decay * start)
    assert (lr * pulled).tolist() == [lr * decay * 4 * 2, lr * decay * 4 * 1]
    x, y = np.zeros((1, 1, 2), int), np.zeros((1, 1, 2), int)
    for decoupled in (False, True):
        rule = SGD(lr, weight_decay=decay, decoupled=decoupled)
        (step,) = train_matrix(g, start, x, y, rule, steps=1)
        assert step.theta.tolist() == [4 - lr * decay * 4] * 2


@settings(max_examples=50)
@given(SMALL, st.integers(0, 999))
@example(WITNESSES[0], 0)
def test_a_bias_is_a_tie_of_as_many_entries_as_a_channel_has_outputs(g, seed):
    rung = rung_of("convolution", g, bias=True)
    outputs = int(np.prod(g.output_size))
    multiplicity = rung.multiplicity[g.free_parameters :]
    assert multiplicity.tolist() == [outputs] * g.out_channels
    theta, *_ = problem(g, seed, bias=True)
    last = matrix_of(g, theta)[:, -1].reshape(g.out_channels, outputs)
    assert (last == theta[g.free_parameters :, None]).all()
    rows, columns = rung.shape
    dense = np.zeros((rows, columns), object)
    dense[rung.rows, rung.cols] = rung.embed(theta)
    assert (dense == matrix_of(g, theta)).all()


@settings(max_examples=10)
@given(SMALL, st.integers(0, 999), st.integers(1, 3))
def test_batches_cover_the_samples_once_an_epoch(g, seed, size):
    theta, x, y = problem(g, seed, samples=5)
    parts = batches(5, size, 6, seed)
    rule = SGD(Fraction(1, 7), Fraction(1, 2))
    kernels = kernel_steps(g, theta, x, y, rule, parts)
    descent = train_matrix(
        g,
        theta,
        x,
        y,
        SGD(Fraction(1, 7), Fraction(1, 2)),
        steps=6,
        batch_size=size,
        seed=seed,
    )
    for step, (loss, parameters) in zip(descent, kernels, strict=True):
        assert step.loss == loss
        assert (step.matrix == matrix_of(g, parameters)).all()
