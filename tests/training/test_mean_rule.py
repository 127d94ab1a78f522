"""Theorem 2: the mean over ties is the projection, and another training than the sum.

Where no entry is shared the mean divides the learning rate of each tap by its
multiplicity. So it is the kernel's trajectory, at another learning rate, exactly where
all live multiplicities agree.
"""

from fractions import Fraction
from itertools import product

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from convmat import ConvConstraint, conv, conv_kernel_grad, geometry, tie_map
from convmat.constraints import rung_of, train_matrix
from convmat.errors import GeometryError
from convmat.optim import SGD
from convmat.verify.strategies import geometries

BOUNDS = {"max_rank": 2, "max_channels": 2, "max_groups": 2, "max_size": 4}
ZEROS = geometries(modes=["zeros"], max_padding=2, **BOUNDS)
ANY = geometries(max_padding=2, **BOUNDS)
WAYS = [(way, store) for way in ("mean", "project") for store in ("pattern", "full")]
RULES = [
    {},
    {"momentum": Fraction(9, 10)},
    {"momentum": Fraction(1, 2), "nesterov": True, "weight_decay": Fraction(1, 3)},
    {"weight_decay": Fraction(1, 3), "decoupled": True, "momentum": Fraction(1, 2)},
]
LR = Fraction(1, 7)

SMALLEST = geometry(2, 2, padding=[(0, 1)])
"""Two cells, two taps, one cell of padding: tap 0 stands in 2 entries, tap 1 in 1."""


def fractions(rng, shape, parts=4):
    numbers = [Fraction(int(n), parts) for n in rng.integers(-9, 10, np.prod(shape))]
    return np.array(numbers, object).reshape(shape)


def problem(g, seed, bias=False, samples=2):
    rng = np.random.default_rng(seed)
    theta = fractions(rng, (g.free_parameters + bias * g.out_channels,))
    x = fractions(rng, (samples, g.in_channels, *g.input_size))
    y = fractions(rng, (samples, g.out_channels, *g.output_size))
    return theta, x, y


def ones_against(g):
    """Inputs of 1 and wanted outputs of -1: from 0, every entry has gradient 1."""
    x = np.full((1, g.in_channels, *g.input_size), Fraction(1))
    return x, np.full((1, g.out_channels, *g.output_size), Fraction(-1))


def first_move(g, way, bias=False):
    """The parameters after one step from 0 on `ones_against`, at learning rate 1."""
    theta = np.full(g.free_parameters + bias * g.out_channels, Fraction(0))
    x, y = ones_against(g)
    (step,) = train_matrix(g, theta, x, y, SGD(1), steps=1, way=way, bias=bias)
    return step.theta


def trained(g, seed, way, rule, store="pattern", steps=3, bias=False):
    theta, x, y = problem(g, seed, bias)
    descent = train_matrix(
        g, theta, x, y, rule, steps=steps, way=way, store=store, bias=bias
    )
    return [step.matrix for step in descent]


@pytest.mark.parametrize(("way", "store"), WAYS)
@pytest.mark.parametrize("rule", RULES, ids=str)
@settings(max_examples=15)
@given(ZEROS, st.integers(0, 999))
@example(SMALLEST, 0)
@example(geometry((2, 4), (2, 1, 3), stride=2, padding=[(2, 0)], groups=2), 0)
@example(geometry(1, 3, padding=1), 0)
def test_the_mean_is_the_kernel_at_rates_divided_by_multiplicity(
    way, store, rule, g, seed
):
    theta, x, y = problem(g, seed)
    counts = tie_map(g).multiplicity.reshape(-1)
    # The kernel's own update rule, on gradients that are divided tap by tap: a linear
    # rule divides its steps with them.
    shares = np.array([Fraction(1, int(m)) if m else 0 for m in counts], object)
    live, own = counts > 0, SGD(LR, **rule)
    kernel = theta.copy()
    descent = train_matrix(
        g, theta, x, y, SGD(LR, **rule), steps=3, way=way, store=store
    )
    for step in descent:
        whole = kernel.reshape(g.weight_shape)
        errors = (conv(x, whole, **g.keywords) - y) * Fraction(1, len(x))
        grad = conv_kernel_grad(errors, x, g.weight_shape, **g.keywords)
        own.step({"k": kernel}, {"k": shares * grad.reshape(-1)})
        assert step.violation.holds
        assert (step.theta[live] == kernel[live]).all()


@pytest.mark.parametrize("rule", RULES, ids=str)
@settings(max_examples=25)
@given(ANY, st.integers(0, 999), st.booleans())
@example(g=geometry(2, 3, padding=1, padding_mode="circular"), seed=0, bias=True)
@example(g=geometry(3, 5, padding=2, padding_mode="reflect"), seed=0, bias=False)
@example(g=geometry(1, 3, padding=2, padding_mode="replicate"), seed=0, bias=False)
@example(
    g=geometry(2, 3, padding=[(1, 2)], padding_mode="symmetric"), seed=0, bias=False
)
@example(g=SMALLEST, seed=0, bias=True)
def test_mean_of_the_gradients_and_projection_of_the_step_are_one_training(
    rule, g, seed, bias
):
    runs = [
        trained(g, seed, way, SGD(LR, **rule), store, bias=bias) for way, store in WAYS
    ]
    for run in runs[1:]:
        assert all((a == b).all() for a, b in zip(runs[0], run, strict=True))


@settings(max_examples=60)
@given(ZEROS)
@example(SMALLEST)
@example(geometry(4, 3, padding=1))
@example(geometry((1, 3), (2, 1, 3), padding=1))
def test_mean_and_sum_move_alike_exactly_where_live_multiplicities_agree(g):
    counts = tie_map(g).multiplicity.reshape(-1)
    live = set(counts[counts > 0].tolist())
    by_sum, by_mean = first_move(g, "sum"), first_move(g, "mean")
    assert (by_sum == -counts).all()
    assert (by_mean == -np.minimum(counts, 1)).all()
    if len(live) > 1:  # then no constant makes the one move the other
        assert all((c * by_mean != by_sum).any() for c in live)
        return
    (count,) = live or {1}
    for seed in range(3):  # then the constant serves for whole trajectories
        one = trained(g, seed, "sum", SGD(LR, Fraction(1, 2)))
        other = trained(g, seed, "mean", SGD(LR * count, Fraction(1, 2)))
        assert all((a == b).all() for a, b in zip(one, other, strict=True))


def box(cells, taps, mode="zeros"):
    """All geometries of one axis up to these sizes, in order of stored entries."""
    found = []
    for n, k, stride, dilation, before, after in product(
        range(1, cells + 1),
        range(1, taps + 1),
        range(1, 4),
        range(1, 3),
        range(4),
        range(4),
    ):
        try:
            g = geometry(
                n,
                k,
                stride=stride,
                dilation=dilation,
                padding=[(before, after)],
                padding_mode=mode,
            )
        except GeometryError:
            continue
        found.append(g)
    return sorted(found, key=lambda g: g.nnz)


def test_two_taps_in_three_entries_are_the_smallest_counterexample():
    unequal = [
        g
        for g in box(cells=3, taps=4)
        if len(set(tie_map(g).multiplicity.tolist()) - {0}) > 1
    ]
    # Two live taps of unequal multiplicity need 1 + 2 entries, and there is nothing
    # smaller indeed. Of those with three, none has fewer cells, taps or padding.
    least = [g for g in unequal if g.nnz == 3]
    assert unequal[0].nnz == 3
    assert min(g.input_size for g in least) == SMALLEST.input_size
    assert min(g.kernel_size for g in least) == SMALLEST.kernel_size
    assert min(sum(g.padding[0]) for g in least) == sum(SMALLEST.padding[0])
    assert SMALLEST in least
    assert tie_map(SMALLEST).multiplicity.tolist() == [2, 1]


def test_no_constant_turns_the_mean_into_the_sum_in_the_smallest_counterexample():
    by_sum, by_mean = first_move(SMALLEST, "sum"), first_move(SMALLEST, "mean")
    assert by_sum.tolist() == [-2, -1]
    assert by_mean.tolist() == [-1, -1]
    # Parallel they would have to be, and the determinant says they are not.
    assert by_sum[0] * by_mean[1] - by_sum[1] * by_mean[0] != 0


def test_where_nothing_is_smaller_the_trajectories_agree_up_to_a_constant():
    for g in (g for g in box(cells=3, taps=4) if g.nnz < 3):
        counts = set(tie_map(g).multiplicity.tolist()) - {0}
        assert len(counts) <= 1
        rate = LR * max(counts, default=1)
        one = trained(g, 0, "sum", SGD(LR), steps=2)
        other = trained(g, 0, "mean", SGD(rate), steps=2)
        assert all((a == b).all() for a, b in zip(one, other, strict=True))


@settings(max_examples=50)
@given(ANY, st.integers(0, 999), st.booleans())
@example(g=geometry(2, 3, padding=1, padding_mode="circular"), seed=0, bias=False)
@example(g=geometry(3, 5, padding=2, padding_mode="reflect"), seed=0, bias=True)
@example(g=geometry(4, 3, padding=1, padding_mode="replicate"), seed=0, bias=False)
def test_the_mean_step_is_the_nearest_obeying_step_in_every_mode(g, seed, bias):
    # The certificate needs no system to be solved: the move obeys the ties, and what
    # it leaves of the plain step is orthogonal to all matrices that do.
    theta, x, y = problem(g, seed, bias)
    rung = rung_of("convolution", g, bias=bias)
    (step,) = train_matrix(
        g, theta, x, y, SGD(LR), steps=1, way="mean", store="full", bias=bias
    )
    before = rung.embed(theta)
    columns = x.reshape(len(x), -1)
    if bias:
        columns = np.concatenate([columns, np.ones((len(x), 1), int)], axis=1)
    start = np.full(rung.shape, Fraction(0))
    start[rung.rows, rung.cols] = before
    errors = columns @ start.T - y.reshape(len(y), -1)
    plain = (errors.T @ columns * Fraction(1, len(x)))[rung.rows, rung.cols]
    move = step.matrix[rung.rows, rung.cols] - before
    sums = np.full(rung.free_parameters, Fraction(0))
    np.add.at(sums, rung.taps, (move + LR * plain)[rung.places])
    assert step.violation.holds
    assert (sums == 0).all()


def test_the_mean_rule_does_not_learn_the_slower_in_large_images():
    # What the mean is good for: a rate that converges at 4 outputs does at 16, too,
    # while the sum overshoots. The unknown kernel is (1), and inputs are 1.
    def misses(way, outputs):
        x = np.full((1, 1, outputs), Fraction(1))
        theta = np.array([Fraction(0)])
        descent = train_matrix(
            geometry(outputs, 1), theta, x, x, SGD(Fraction(2, 5)), steps=2, way=way
        )
        return [abs(step.theta[0] - 1) for step in descent]

    assert misses("mean", 4) == misses("mean", 16) == [Fraction(3, 5), Fraction(9, 25)]
    assert misses("sum", 4) == [Fraction(3, 5), Fraction(9, 25)]
    assert misses("sum", 16) == [Fraction(27, 5), Fraction(729, 25)]


def test_the_constraint_and_the_rung_give_the_same_projection():
    g = SMALLEST
    matrix = fractions(np.random.default_rng(0), g.matrix_shape)
    rung, constraint = rung_of("convolution", g), ConvConstraint(g)
    projected = constraint.project(matrix)
    assert (
        rung.project(matrix[rung.rows, rung.cols]) == projected[rung.rows, rung.cols]
    ).all()
