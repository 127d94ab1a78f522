"""Theorem 3: where taps share entries, the Gram matrix of the ties decides.

With `B` the matrix that embeds a flat kernel in the entries, `G = B.T B` counts the
entries that two taps share. Here `B` is built column by column, and systems are solved
by elimination in rationals, apart from the code that is tested.
"""

from fractions import Fraction
from itertools import product

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from convmat import ConvConstraint, geometry
from convmat.constraints import train_matrix
from convmat.errors import GeometryError
from convmat.geometry import PADDING_MODES
from convmat.optim import SGD
from convmat.verify.strategies import geometries

FOLDED = geometries(
    modes=PADDING_MODES[1:],
    max_rank=2,
    max_channels=2,
    max_groups=2,
    max_size=3,
    max_padding=2,
)
LR = Fraction(1, 7)

RING = geometry(1, 3, padding=1, padding_mode="circular")
"""One cell around which all three taps read it: only their sum is in the matrix."""

FEWEST = geometry(2, 2, padding=[(0, 1)], padding_mode="replicate")
"""Rows `a b` and `0 a+b`: taps that share an entry and can be told apart."""


def basis(g):
    """Column `[k]` holds the entries of the matrix of tap `k` alone; all of them."""
    units = np.eye(g.free_parameters, dtype=int)
    embed = ConvConstraint(g).embed
    columns = [embed(unit.reshape(g.kernel_shape)).reshape(-1) for unit in units]
    return np.array(columns).T


def nullspace(matrix):
    """Vectors that span what `matrix` sends to 0, in rationals."""
    rows = [[Fraction(int(v)) for v in row] for row in matrix]
    pivots, columns = [], len(rows[0])
    for column in range(columns):
        at = len(pivots)
        found = next((i for i in range(at, len(rows)) if rows[i][column]), None)
        if found is None:
            continue
        rows[at], rows[found] = rows[found], rows[at]
        rows[at] = [v / rows[at][column] for v in rows[at]]
        for i, row in enumerate(rows):
            if i != at and row[column]:
                share = row[column]
                rows[i] = [v - share * p for v, p in zip(row, rows[at], strict=True)]
        pivots.append(column)
    vectors = []
    for free in sorted(set(range(columns)) - set(pivots)):
        vector = [Fraction(0)] * columns
        vector[free] = Fraction(1)
        for row, pivot in enumerate(pivots):
            vector[pivot] = -rows[row][free]
        vectors.append(np.array(vector, object))
    return vectors


def fractions(rng, shape, parts=4):
    numbers = [Fraction(int(n), parts) for n in rng.integers(-9, 10, np.prod(shape))]
    return np.array(numbers, object).reshape(shape)


def problem(g, seed, samples=2):
    rng = np.random.default_rng(seed)
    theta = fractions(rng, (g.free_parameters,))
    x = fractions(rng, (samples, g.in_channels, *g.input_size))
    y = fractions(rng, (samples, g.out_channels, *g.output_size))
    return theta, x, y


def unit_problems(g):
    """Inputs and outputs whose gradient from 0 is 1 at one entry, 0 elsewhere."""
    rows, columns = g.matrix_shape
    for row, column in product(range(rows), range(columns)):
        x, y = np.full(columns, Fraction(0)), np.full(rows, Fraction(0))
        x[column], y[row] = Fraction(1), Fraction(-1)
        yield (
            x.reshape(1, g.in_channels, *g.input_size),
            y.reshape(1, g.out_channels, *g.output_size),
        )


def first_moves(g, way):
    """Entry `[:, i]` is the move of the flat matrix from 0 on unit problem `i`."""
    theta = np.full(g.free_parameters, Fraction(0))
    moves = [
        next(train_matrix(g, theta, x, y, SGD(1), steps=1, way=way)).matrix.reshape(-1)
        for x, y in unit_problems(g)
    ]
    return np.array(moves).T


def box(cells, taps, pads):
    for n, k, before, after, mode in product(
        range(1, cells + 1),
        range(1, taps + 1),
        range(pads + 1),
        range(pads + 1),
        PADDING_MODES,
    ):
        try:
            yield geometry(n, k, padding=[(before, after)], padding_mode=mode)
        except GeometryError:
            continue


@pytest.mark.parametrize("g", [RING, FEWEST, geometry(3, 3, padding=1)], ids=str)
def test_the_sum_rule_is_b_b_transposed(g):
    b = basis(g)
    assert (first_moves(g, "sum") == -(b @ b.T)).all()


@pytest.mark.parametrize("g", list(box(2, 3, 1)), ids=str)
def test_the_mean_rule_is_the_orthogonal_projection_on_the_columns_of_b(g):
    b, move = basis(g), -first_moves(g, "mean")
    assert (move == move.T).all()
    assert (move @ move == move).all()
    assert (move @ b == b).all()
    assert all(not (vector @ move).any() for vector in nullspace(b.T))


@pytest.mark.parametrize("g", list(box(2, 3, 1)), ids=str)
def test_mean_and_sum_are_one_up_to_a_constant_exactly_where_gram_squared_is(g):
    # B B.T = c P if and only if G G = c G: all eigenvalues of G are c or 0.
    gram = basis(g).T @ basis(g)
    constants = [
        c
        for c in range(1, gram.sum() + 1)
        if np.array_equal(gram @ gram, c * gram) and gram.any()
    ]
    by_sum, by_mean = first_moves(g, "sum"), first_moves(g, "mean")
    found = (
        [c for c in range(1, gram.sum() + 1) if (by_sum == c * by_mean).all()]
        if gram.any()
        else []
    )
    assert found == constants
    if constants:
        theta, x, y = problem(g, 0)
        one, other = (
            train_matrix(g, theta, x, y, SGD(rate, Fraction(1, 2)), steps=3, way=way)
            for way, rate in (("sum", LR), ("mean", LR * constants[0]))
        )
        for a, b in zip(one, other, strict=True):
            assert (a.matrix == b.matrix).all()


def test_the_fewest_entries_that_taps_share_and_can_be_told_apart_in():
    def shared(g):
        gram = basis(g).T @ basis(g)
        return gram.sum() > np.trace(gram)

    found = [g for g in box(3, 3, 2) if shared(g)]
    regular = [g for g in found if not nullspace(basis(g))]
    assert min(g.nnz for g in found) == 1  # a single entry that holds two taps
    assert min(g.nnz for g in regular) == FEWEST.nnz == 3
    assert FEWEST in regular
    assert (basis(FEWEST).T @ basis(FEWEST)).tolist() == [[2, 1], [1, 2]]


def test_the_mean_step_of_shared_entries_by_hand():
    # G = [[2, 1], [1, 2]], so inv(G) = [[2, -1], [-1, 2]] / 3. A gradient of 1 at the
    # entry of tap 0 alone has the sums (1, 0): tap 0 moves by 2/3, and tap 1 by -1/3,
    # because their sum stands elsewhere and had no gradient.
    theta = np.full(2, Fraction(0))
    x, y = next(unit_problems(FEWEST))
    (step,) = train_matrix(FEWEST, theta, x, y, SGD(1), steps=1, way="mean")
    assert step.theta.tolist() == [Fraction(-2, 3), Fraction(1, 3)]
    (step,) = train_matrix(FEWEST, theta, x, y, SGD(1), steps=1, way="sum")
    assert step.theta.tolist() == [-1, 0]


@settings(max_examples=40)
@given(FOLDED, st.integers(0, 999))
@example(RING, 0)
@example(geometry((1, 2), (3, 3), padding=1, padding_mode="symmetric"), 0)
def test_taps_that_the_matrix_cannot_tell_apart_train_one_matrix(g, seed):
    theta, x, y = problem(g, seed)
    for unseen in nullspace(basis(g))[:2]:
        # The kernel moves, but never along `unseen`; and two kernels that differ by it
        # train one matrix and keep their difference.
        rule = (LR, Fraction(1, 2))
        one, other = (
            train_matrix(
                g, start, x, y, SGD(*rule), steps=3, way="reparametrise", store="free"
            )
            for start in (theta, theta + unseen)
        )
        for a, b in zip(one, other, strict=True):
            assert a.loss == b.loss
            assert (a.matrix == b.matrix).all()
            assert (b.theta - a.theta == unseen).all()
            assert (unseen * a.theta).sum() == (unseen * theta).sum()


def test_taps_that_cannot_be_told_apart_move_together_by_the_sum():
    # From (1, 2, 4) around one cell: the entry is 7, wanted is 0, so the gradient is 7.
    theta = np.array([Fraction(1), Fraction(2), Fraction(4)])
    x, y = np.ones((1, 1, 1), int), np.zeros((1, 1, 1), int)
    rule = SGD(Fraction(1, 7))
    descent = train_matrix(
        RING, theta, x, y, rule, steps=1, way="reparametrise", store="free"
    )
    assert next(descent).theta.tolist() == [0, 1, 3]
    for way, entry in (("sum", 7 - 3), ("mean", 7 - 1), ("project", 7 - 1)):
        (step,) = train_matrix(RING, theta, x, y, SGD(Fraction(1, 7)), steps=1, way=way)
        assert step.matrix.tolist() == [[entry]]


def test_weight_decay_shrinks_what_the_matrix_does_not_see():
    # The difference of taps 0 and 1 around one cell has no gradient, only decay.
    theta = np.array([Fraction(1), Fraction(2), Fraction(4)])
    rng = np.random.default_rng(0)
    x, y = fractions(rng, (2, 1, 1)), fractions(rng, (2, 1, 1))
    for decoupled in (False, True):
        rule = SGD(LR, weight_decay=Fraction(1, 3), decoupled=decoupled)
        descent = train_matrix(
            RING, theta, x, y, rule, steps=4, way="reparametrise", store="free"
        )
        for step in descent:
            apart = step.theta[1] - step.theta[0]
            assert apart == (1 - LR * Fraction(1, 3)) ** step.number
