"""Theorems 4 and 9: the circulant rung, and the rungs without ties."""

from fractions import Fraction
from itertools import product

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from convmat import ConvConstraint, ConvmatError, geometry, tie_map
from convmat.constraints import RUNGS, Violation, rung_of, train_matrix
from convmat.errors import GeometryError
from convmat.geometry import PADDING_MODES
from convmat.optim import SGD, Adam, AdamW
from convmat.verify.strategies import geometries

SMALL = geometries(max_rank=2, max_channels=2, max_groups=2, max_size=4, max_padding=2)
LR = Fraction(1, 7)


@st.composite
def toruses(draw):
    """Geometries of as many outputs as inputs, of one or two axes."""
    rank = draw(st.integers(1, 2))
    sizes, kernel, pads, dilations = [], [], [], []
    for _ in range(rank):
        taps, dilation = draw(st.integers(1, 4)), draw(st.integers(1, 2))
        over = dilation * (taps - 1)
        before = draw(st.integers(0, over))
        least = max(1, before, over - before)
        sizes.append(draw(st.integers(least, least + 2)))
        kernel.append(taps)
        pads.append((before, over - before))
        dilations.append(dilation)
    channels = draw(st.integers(1, 2)) if rank == 1 else 1
    return geometry(
        (channels, *sizes),
        (2, channels, *kernel),
        padding=tuple(pads),
        dilation=tuple(dilations),
    )


def fractions(rng, shape, parts=4):
    numbers = [Fraction(int(n), parts) for n in rng.integers(-9, 10, np.prod(shape))]
    return np.array(numbers, object).reshape(shape)


def problem(g, seed, count, samples=2):
    rng = np.random.default_rng(seed)
    theta = fractions(rng, (count,))
    x = fractions(rng, (samples, g.in_channels, *g.input_size))
    y = fractions(rng, (samples, g.out_channels, *g.output_size))
    return theta, x, y


def congruent(g):
    """How many taps read one cell of the torus, for each class of such taps."""
    sizes = [1]
    for axis in g.axes:
        taps = np.arange(axis.kernel) * axis.dilation % axis.size
        counts = np.unique(taps, return_counts=True)[1]
        sizes = [a * b for a, b in product(sizes, counts.tolist())]
    return set(sizes)


# ------------------------------------------------------------------------- circulant


@settings(max_examples=60)
@given(toruses(), st.booleans())
def test_on_a_torus_every_tie_has_one_entry_for_each_output(g, bias):
    rung = rung_of("circulant", g, bias=bias)
    outputs = int(np.prod(g.output_size))
    assert set(rung.multiplicity.tolist()) == {outputs}


@settings(max_examples=50)
@given(toruses(), st.integers(0, 99))
@example(geometry(4, 3, padding=1), 0)
@example(geometry(2, 3, padding=1), 0)  # taps 0 and 2 read one cell, tap 1 alone
@example(geometry(2, 4, padding=[(1, 2)]), 0)  # two and two
@example(geometry(1, 3, padding=1), 0)
def test_on_a_torus_the_mean_is_the_sum_at_a_constant_rate(g, seed):
    outputs, classes = int(np.prod(g.output_size)), congruent(g)
    settings_ = {"steps": 3, "rung": "circulant"}
    if len(classes) == 1:
        rate = LR * outputs * max(classes)
        theta, x, y = problem(g, seed, g.free_parameters)
        rule = Fraction(1, 2)
        one = train_matrix(g, theta, x, y, SGD(LR, rule), way="sum", **settings_)
        other = train_matrix(g, theta, x, y, SGD(rate, rule), way="mean", **settings_)
        for a, b in zip(one, other, strict=True):
            assert (a.matrix == b.matrix).all()
        return
    # Entries with gradient 1 each: the mean moves all of them by 1, the sum by the
    # number of outputs times the number of taps that the entry holds.
    x = np.full((1, g.in_channels, *g.input_size), Fraction(1))
    y = np.full((1, g.out_channels, *g.output_size), Fraction(-1))
    theta = np.full(g.free_parameters, Fraction(0))
    settings_["steps"] = 1
    (one,) = train_matrix(g, theta, x, y, SGD(1), way="sum", **settings_)
    (other,) = train_matrix(g, theta, x, y, SGD(1), way="mean", **settings_)
    held = one.matrix != 0
    assert set((-one.matrix[held]).tolist()) == {outputs * size for size in classes}
    assert set(other.matrix[held].tolist()) == {-1}


def test_the_circulant_rung_is_the_convolution_where_the_padding_is_the_torus():
    # Always where the mode is circular; in other modes only where no window leaves the
    # input, or where the input is so small that they fold alike.
    same, other = 0, 0
    for n, k, before, mode in product(
        range(1, 5), range(1, 5), range(4), PADDING_MODES
    ):
        try:
            g = geometry(n, k, padding=[(before, k - 1 - before)], padding_mode=mode)
            torus = rung_of("circulant", g)
        except GeometryError:
            continue
        own = rung_of("convolution", g)
        equal = all(
            np.array_equal(getattr(own, name), getattr(torus, name))
            for name in ("rows", "cols", "places", "taps")
        )
        (axis,), (ring,) = g.axes, torus.geometry.axes
        assert equal == np.array_equal(axis.sources(), ring.sources())
        assert equal or mode != "circular"
        assert not equal or mode == "circular" or k == 1 or n <= 2
        same, other = same + equal, other + (not equal)
    assert min(same, other) > 10


def test_a_circulant_matrix_is_shifted_from_row_to_row():
    g = geometry(4, 3, padding=1)
    x = np.arange(8).reshape(2, 1, 4)
    theta = np.array([Fraction(1), Fraction(2), Fraction(4)])
    (step,) = train_matrix(g, theta, x, x, SGD(LR), steps=1, rung="circulant")
    for row in range(4):
        assert (np.roll(step.matrix[0], row) == step.matrix[row]).all()


# ---------------------------------------------------------------- rungs without ties


def layer_steps(start, mask, x, y, rule, steps):
    """A dense layer whose gradient is masked, written by hand."""
    weight = start.copy()
    rows, columns = y.reshape(len(y), -1), x.reshape(len(x), -1)
    if weight.shape[1] > columns.shape[1]:
        columns = np.concatenate([columns, np.full((len(x), 1), Fraction(1))], axis=1)
    for _ in range(steps):
        errors = (columns @ weight.T - rows) * Fraction(1, len(x))
        rule.step({"w": weight}, {"w": np.where(mask, errors.T @ columns, 0)})
        yield weight.copy()


@pytest.mark.parametrize("way", ["reparametrise", "sum", "mean", "project"])
@pytest.mark.parametrize(
    ("rung", "store"),
    [
        ("dense", "full"),
        ("locally_connected", "full"),
        ("locally_connected", "pattern"),
    ],
)
@settings(max_examples=15)
@given(SMALL, st.integers(0, 99), st.booleans())
@example(g=geometry(3, 5, padding=2, padding_mode="reflect"), seed=0, bias=True)
@example(g=geometry((4, 3), (2, 2, 2), groups=2, padding=1), seed=1, bias=False)
def test_without_ties_it_is_the_dense_layer_with_its_mask(
    way, rung, store, g, seed, bias
):
    space = rung_of(rung, g, bias=bias)
    theta, x, y = problem(g, seed, space.free_parameters)
    start = np.full(space.shape, Fraction(0))
    start[space.rows, space.cols] = theta
    mask = np.zeros(space.shape, bool)
    mask[space.rows, space.cols] = True
    if rung == "locally_connected":
        ties, kept = tie_map(g), np.zeros(g.matrix_shape, bool)
        kept[ties.rows, ties.cols] = True
        assert np.array_equal(mask[:, : kept.shape[1]], kept)
    rule = (LR, Fraction(1, 2))
    descent = train_matrix(
        g,
        start,
        x,
        y,
        SGD(*rule),
        steps=3,
        rung=rung,
        way=way,
        store=store,
        bias=bias,
    )
    layers = layer_steps(start, mask, x, y, SGD(*rule), 3)
    for step, weight in zip(descent, layers, strict=True):
        assert (step.matrix == weight).all()


def test_free_parameters_of_the_ladder():
    g = geometry((8, 8), (3, 3), padding=1)
    counts = [rung_of(name, g, bias=True).free_parameters for name in RUNGS]
    assert counts == [64 * 65, 22**2 + 64, 10, 10]


# ---------------------------------------------------------------- the invariants


CASES = [
    (rung, way, store)
    for rung in RUNGS
    for way in ("reparametrise", "sum", "mean", "project")
    for store in ("full", "pattern", "free")
    if not (store == "free" and (way != "reparametrise" or rung in RUNGS[:2]))
    and not (store == "pattern" and rung == "dense")
]
FLOAT_RULES = {
    "momentum": lambda: SGD(0.01, 0.9),
    "nesterov": lambda: SGD(0.01, 0.9, nesterov=True, weight_decay=0.1),
    "adam": lambda: Adam(0.01, weight_decay=0.1),
    "adamw": lambda: AdamW(0.01),
}


@pytest.mark.parametrize("rule", FLOAT_RULES)
@pytest.mark.parametrize(("rung", "way", "store"), CASES)
def test_in_floats_ties_are_equal_to_the_bit_and_zeros_are_zero(rung, way, store, rule):
    g = geometry((2, 5, 4), (4, 1, 3, 2), padding=[1, (1, 0)], groups=2)
    space = rung_of(rung, g, bias=True)
    rng = np.random.default_rng(0)
    theta = rng.normal(size=space.free_parameters)
    x = rng.normal(size=(7, 2, *g.input_size))
    y = rng.normal(size=(7, 4, *g.output_size))
    descent = train_matrix(
        g,
        theta,
        x,
        y,
        FLOAT_RULES[rule](),
        steps=5,
        rung=rung,
        way=way,
        store=store,
        bias=True,
        batch_size=3,
    )
    ties = tie_map(space.geometry)
    outputs = int(np.prod(g.output_size))
    for step in descent:
        matrix, biases = step.matrix[:, :-1], step.matrix[:, -1].reshape(4, outputs)
        if rung != "dense":
            outside = matrix.copy()
            outside[ties.rows, ties.cols] = 0
            assert not outside.any()
        if space.tied:
            for tap in range(g.free_parameters):
                assert len(set(matrix[ties.where(tap)].tolist())) <= 1
            assert all(len(set(channel.tolist())) == 1 for channel in biases)
            assert step.violation == Violation(0, 0, None, None)


class OneBit(SGD):
    """SGD that moves one entry by one bit in its second step."""

    def __init__(self, place, lr=0.125):
        super().__init__(lr)
        self.place, self.count = place, 0

    def _update(self, name, parameter, gradient):
        super()._update(name, parameter, gradient)
        self.count += 1
        if self.count == 2:
            flat = parameter.reshape(-1)
            flat[self.place] = np.nextafter(flat[self.place], np.inf)


ONE_BIT = {"g": geometry((3, 3), (2, 2)), "x": np.ones((2, 1, 3, 3))}


@pytest.mark.parametrize(("way", "store"), [("sum", "full"), ("mean", "full")])
def test_a_rule_that_moves_a_structural_zero_by_one_bit_is_named(way, store):
    g, x = ONE_BIT.values()
    y = np.ones((2, 1, 2, 2))
    place = np.ravel_multi_index((1, 3), g.matrix_shape)  # a structural zero
    descent = train_matrix(
        g, np.full(4, 0.3), x, y, OneBit(place), steps=9, way=way, store=store
    )
    message = (
        r"obey the rung 'convolution' after step 2.*zero at row 1, column 3 is off"
    )
    next(descent)
    with pytest.raises(ConvmatError, match=message):
        next(descent)


@pytest.mark.parametrize("rung", ["convolution", "locally_connected"])
def test_without_strictness_the_breach_is_reported_and_training_goes_on(rung):
    g, x = ONE_BIT.values()
    y = np.ones((2, 1, 2, 2))
    place = np.ravel_multi_index((1, 3), g.matrix_shape)
    count = rung_of(rung, g).free_parameters
    descent = train_matrix(
        g,
        np.full(count, 0.3),
        x,
        y,
        OneBit(place),
        steps=4,
        store="full",
        rung=rung,
        strict=False,
    )
    found = [step.violation for step in descent]
    assert found[0].holds
    assert [v.zero_at for v in found[1:]] == [(1, 3)] * 3
    assert found[1].zeros == 5e-324


@pytest.mark.parametrize("store", ["full", "pattern"])
@pytest.mark.parametrize("way", ["sum", "mean"])
def test_a_rule_that_breaks_a_tie_by_one_bit_is_named_with_step_and_position(
    way, store
):
    g, x = ONE_BIT.values()
    y = np.ones((2, 1, 2, 2))
    rung = rung_of("convolution", g)
    entry = np.flatnonzero((rung.rows == 2) & (rung.cols == 4))[0]
    place = entry if store == "pattern" else 2 * 9 + 4
    settings_ = {"steps": 3, "way": way, "store": store}
    message = r"after step 2.*entry at row 2, column 4 is \d.*e-\d+ from its tie"
    descent = train_matrix(g, np.full(4, 0.3), x, y, OneBit(place), **settings_)
    next(descent)
    with pytest.raises(ConvmatError, match=message):
        next(descent)
    loose = train_matrix(
        g, np.full(4, 0.3), x, y, OneBit(place), strict=False, **settings_
    )
    found = [step.violation for step in loose]
    assert [v.tie_at for v in found] == [None, (2, 4), (2, 4)]
    assert 0 < found[1].ties < 1e-15


def test_projection_mends_what_a_rule_breaks():
    g, x = ONE_BIT.values()
    y = np.ones((2, 1, 2, 2))
    for step in train_matrix(
        g, np.full(4, 0.3), x, y, OneBit(20), steps=3, way="project", store="full"
    ):
        assert step.violation.holds


def test_the_constraint_agrees_with_what_training_reports():
    g = geometry((2, 4), (2, 2, 3), padding=1, padding_mode="reflect")
    rng = np.random.default_rng(0)
    x, y = rng.normal(size=(3, 2, 4)), rng.normal(size=(3, 2, 4))
    count = rung_of("locally_connected", g).free_parameters
    for step in train_matrix(
        g, np.zeros(count), x, y, SGD(0.1), steps=3, rung="locally_connected"
    ):
        assert step.violation == ConvConstraint(g).violation(step.matrix)
        assert step.violation.ties > 0
