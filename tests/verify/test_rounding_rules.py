"""Each rule of rounding: two honest steps with known gaps never break it."""

from fractions import Fraction
from itertools import product

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from convmat.nn import (
    AvgPool,
    BatchNorm,
    BinaryCrossEntropy,
    Conv,
    ConvTranspose,
    CrossEntropy,
    Dropout,
    Flatten,
    GlobalAvgPool,
    HalfSquare,
    LeakyReLU,
    Linear,
    MaxPool,
    MeanSquare,
    ReLU,
    Residual,
    Sequential,
)
from convmat.optim import SGD, Adam, AdamW
from convmat.verify.agreement import gaps_between, largest_growth
from convmat.verify.rounding import step_bound
from convmat.verify.rounding.rules import through
from convmat.verify.rounding.units import Gapped, Unit

PLANE = (2, 5, 4)
UNEVEN = {"stride": (2, 1), "padding": [(2, 0), (1, 2)], "dilation": (1, 2)}
SPREAD = {"stride": (3, 2), "padding": (1, 0), "output_padding": (2, 1)}

UNIT = Unit.of({"x": np.zeros(1)})


def conv(route, rng, dtype, **keywords):
    return Conv(
        2, 4, (3, 2), groups=2, rng=rng, dtype=dtype, route=route, **UNEVEN, **keywords
    )


def transposed(route, rng, dtype, **keywords):
    return ConvTranspose(
        2, 2, (3, 2), groups=2, rng=rng, dtype=dtype, route=route, **SPREAD, **keywords
    )


def residual(route, rng, dtype):
    body = [
        Conv(2, 3, (3, 1), stride=2, padding=[1, 0], rng=rng, dtype=dtype, route=route),
        LeakyReLU(0.1),
        Conv(3, 2, (1, 1), rng=rng, dtype=dtype, route=route),
    ]
    shortcut = Conv(2, 2, (1, 1), stride=2, rng=rng, dtype=dtype, route=route)
    return Sequential([Residual(Sequential(body), shortcut), Residual(ReLU())])


def remembering(rng, dtype):
    """A norm in eval mode, its statistics unlike those of the batch."""
    layer = BatchNorm(2, dtype=dtype)
    layer.buffers["running_mean"] += rng.normal(size=2).astype(dtype)
    layer.buffers["running_var"] *= 1.5
    return layer.eval()


LAYERS = {
    "conv": conv,
    "conv without bias": lambda *a: conv(*a, bias=False),
    "conv on a torus": lambda route, rng, dtype: Conv(
        2,
        3,
        (3, 2),
        padding=[(2, 0), (1, 1)],
        padding_mode="circular",
        rng=rng,
        dtype=dtype,
        route=route,
    ),
    "transposed": transposed,
    "transposed without bias": lambda *a: transposed(*a, bias=False),
    "relu": lambda *a: ReLU(),
    "leaky relu": lambda *a: LeakyReLU(Fraction(1, 4)),
    "leaky relu turned": lambda *a: LeakyReLU(-3.0),
    "max pool": lambda *a: MaxPool((3, 2), (2, 1), [(1, 2), (0, 1)], ceil_mode=True),
    "max pool dilated": lambda *a: MaxPool(2, 1, dilation=2),
    "avg pool": lambda *a: AvgPool(
        (3, 2), (2, 1), [(1, 2), (0, 1)], count_include_pad=False
    ),
    "avg pool over": lambda *a: AvgPool(2, 3, dilation=(1, 2), divisor_override=-3),
    "global avg pool": lambda *a: GlobalAvgPool(),
    "dropout": lambda *a: Dropout(Fraction(1, 3), rng=np.random.default_rng(5)),
    "dropout in eval": lambda *a: Dropout(rng=np.random.default_rng(5)).eval(),
    "batch norm": lambda route, rng, dtype: BatchNorm(2, dtype=dtype),
    "batch norm of a large eps": lambda route, rng, dtype: BatchNorm(
        2, dtype=dtype, eps=1.0, momentum=0.7
    ),
    "batch norm in eval": lambda route, rng, dtype: remembering(rng, dtype),
    "residual": residual,
}
LOSSES = {
    "half square": HalfSquare(),
    "mean square": MeanSquare(),
    "cross entropy": CrossEntropy(),
    "smooth": CrossEntropy(label_smoothing=0.2),
    "weighted": CrossEntropy(weight=[0.5, 0, 2]),
    "smooth and weighted": CrossEntropy(label_smoothing=0.1, weight=[3, 1, 2]),
    "binary": BinaryCrossEntropy(),
}
RULES = {
    "sgd": lambda: SGD(0.1, 0.9, nesterov=True, weight_decay=0.1),
    "adam": lambda: Adam(0.1),
    "adam decayed": lambda: Adam(0.1, (0.5, 0.8), 1e-3, weight_decay=0.5),
    "adamw": lambda: AdamW(0.1, weight_decay=0.5),
}
PATTERNS = {
    "random": lambda rng, shape: rng.uniform(-1, 1, shape),
    "signs": lambda rng, shape: rng.choice([-1.0, 1.0], shape),
}
SIZES = [
    *((np.float64, size) for size in (0, 1e-9, 1e-3, 1e-1)),
    *((np.float32, size) for size in (0, 1e-5, 1e-1)),
]
sizes = pytest.mark.parametrize(("dtype", "size"), SIZES)


def network(layer, route, dtype, seed=1):
    """A layer between two with weights, its input normal and of both signs."""
    rng = np.random.default_rng(seed)
    first = Conv(2, 2, (1, 1), rng=rng, dtype=dtype)
    middle = LAYERS[layer](route, rng, dtype)
    features = np.prod(middle.forward(np.zeros((2, *PLANE), dtype)).shape[1:])
    last = Linear(int(features), 3, rng=rng, dtype=dtype)
    return Sequential([first, middle, Flatten(), last])


def batch(loss, rng, dtype):
    x = rng.normal(size=(4, *PLANE)).astype(dtype)
    if isinstance(loss, CrossEntropy):
        return x, rng.integers(0, 3, 4)
    wanted = rng.normal(size=(4, 3))
    if isinstance(loss, BinaryCrossEntropy):
        wanted = 1 / (1 + np.exp(-wanted))
    return x, wanted.astype(dtype)


def floats(arrays):
    return {name: array for name, array in arrays.items() if array.dtype.kind == "f"}


def moved(arrays, size, rng, pattern):
    """Each number moved by at most `size`, as the dtype has it."""
    for array in floats(arrays).values():
        array += (size * PATTERNS[pattern](rng, array.shape)).astype(array.dtype)


def step(model, rule, loss, x, y):
    value, grad = loss(model.forward(x), y)
    model.backward(grad)
    rule.step(model.parameters, model.gradients)
    return float(value)


def shares(pair, rules, loss, x, y):
    """Largest growth over what the bound allows, of all that a step changes."""
    model = pair[0]
    before = [gaps_of(pair, rules, kind) for kind in KINDS]
    bound = step_bound(
        model,
        loss,
        rules[0],
        x,
        y,
        gaps=before[0] | before[1],
        memory_gaps=before[2],
    )
    values = [step(m, r, loss, x, y) for m, r in zip(pair, rules, strict=True)]
    limits = bound.parameters, bound.buffers, bound.memory
    found = {"loss": abs(values[0] - values[1]) / bound.loss if bound.loss else 0.0}
    for kind, old, limit in zip(KINDS, before, limits, strict=True):
        new = gaps_of(pair, rules, kind)
        assert set(limit) >= set(new), kind
        assert all(np.isfinite(limit[name]).all() for name in new), kind
        old = dict.fromkeys(new, 0.0)  # of the gap itself, not its growth
        found[kind] = largest_growth(old, new, limit)
    return found


KINDS = {
    "parameters": lambda model, rule: model.parameters,
    "buffers": lambda model, rule: floats(model.buffers),
    "memory": lambda model, rule: floats(rule.state()),
}


def gaps_of(pair, rules, kind):
    one, other = (KINDS[kind](m, r) for m, r in zip(pair, rules, strict=True))
    return gaps_between(one, other)


def two_steps(layer, loss, rule, dtype, size, seed):
    """Shares of two steps, of which the second begins with what is remembered."""
    pattern = list(PATTERNS)[seed % 2]
    rng = np.random.default_rng(seed)
    pair = network(layer, "sliding", dtype), network(layer, "matrix", dtype)
    moved(pair[1].parameters, size, rng, pattern)
    moved(pair[1].buffers, size, rng, pattern)
    rules = RULES[rule](), RULES[rule]()
    for _ in range(2):
        x, y = batch(loss, rng, dtype)
        yield shares(pair, rules, loss, x, y)


@pytest.mark.parametrize("layer", LAYERS)
@sizes
def test_honest_steps_through_a_layer_are_within_their_bounds(layer, dtype, size):
    for seed, rule in product(range(2), ("sgd", "adam")):
        for found in two_steps(layer, HalfSquare(), rule, dtype, size, seed):
            assert max(found.values()) <= 1, (seed, rule, found)


@pytest.mark.parametrize("loss", LOSSES)
@sizes
def test_honest_steps_with_a_loss_are_within_their_bounds(loss, dtype, size):
    for seed, rule in product(range(3), ("sgd", "adam")):
        for found in two_steps("relu", LOSSES[loss], rule, dtype, size, seed):
            assert max(found.values()) <= 1, (seed, rule, found)


@pytest.mark.parametrize("rule", RULES)
@sizes
def test_honest_steps_of_a_rule_are_within_their_bounds(rule, dtype, size):
    for seed in range(3):
        for found in two_steps("conv", HalfSquare(), rule, dtype, size, seed):
            assert max(found.values()) <= 1, (seed, found)


# ------------------------------------------------------------- how sharp the rules are


def bound_of(layers, loss, rule, x, y, gap):
    """The bound of a step, when every parameter has this gap."""
    model = Sequential(layers)
    held = model.parameters | floats(model.buffers)
    gaps = {name: np.full(array.shape, float(gap)) for name, array in held.items()}
    memory = {n: np.zeros(a.shape) for n, a in floats(rule.state()).items()}
    return step_bound(model, loss, rule, x, y, gaps=gaps, memory_gaps=memory)


def bias_and(layer, cells):
    """A convolution whose output is its bias, the same in each cell, and a layer."""
    first = Conv(1, 1, (1,), rng=np.random.default_rng(0))
    first.parameters["weight"][...] = 0
    return [first, layer, Flatten()], np.zeros((1, 1, cells))


def test_a_maximum_that_both_runs_find_in_one_cell_is_as_sure_as_that_cell():
    x = np.array([[[0.0, 5.0, 1.0]]])
    layers = [Conv(1, 1, (1,), rng=np.random.default_rng(0)), MaxPool(3), Flatten()]
    layers[0].parameters["weight"][...] = 1
    bound = bound_of(layers, HalfSquare(), SGD(1), x, np.zeros((1, 1)), 1e-3)
    # y = w 5 + b, so dL/dw = 5 y; dy = 6e-3, and the old gap is added
    y = 5 + layers[0].parameters["bias"][0]
    gap = 5 * 6e-3 + 1e-3
    assert bound.parameters["0.weight"][0, 0, 0] == pytest.approx(gap, rel=1e-5)
    assert bound.loss == pytest.approx(6e-3 * y, rel=2e-3)


def test_where_two_cells_may_be_the_largest_the_gradient_counts_in_full_at_both():
    # In one run the first cell is larger by 1e-6, in the other the second one.
    for first in (1e-6, -1e-6):
        pair = []
        for sign in (1, -1):
            rng = np.random.default_rng(0)
            model = Sequential([Conv(2, 1, (1,), rng=rng), MaxPool(2), Flatten()])
            model.parameters["0.weight"][...] = np.array([1, sign * first])[:, None]
            pair.append(model)
        rules = SGD(0.1), SGD(0.1)
        x = np.array([[[1.0, 1.0], [1.0, -1.0]]])
        y = np.zeros((1, 1))
        found = shares(tuple(pair), rules, HalfSquare(), x, y)
        apart = pair[0].parameters["0.weight"] - pair[1].parameters["0.weight"]
        assert np.abs(apart).max() > 0.07  # the step drove them apart
        assert 0.5 < found["parameters"] <= 1


def test_equal_cells_without_a_gap_are_told_apart_by_their_order():
    x, none = np.array([[[1.0, 2.0, 2.0]]]), np.zeros((1, 1, 3))
    for gap, wanted in ((none, [0, 0.5, 0]), (none + 1e-9, [0, 7.5, 7.5])):
        run = through(MaxPool(3), UNIT, Gapped(x, gap), {})
        assert run.output.gap.max() == pytest.approx(gap.max())
        grad, _ = run.back(Gapped(np.full((1, 1, 1), 7.0), np.full((1, 1, 1), 0.5)))
        assert grad.values.tolist() == [[[0, 7, 0]]]
        assert grad.gap[0, 0] == pytest.approx(wanted, rel=1e-5)


def test_a_gradient_that_takes_the_other_slope_is_within_the_bound():
    # The hidden number is 1e-6 in one run and -1e-6 in the other; the slopes are 1, -3.
    for first, second in ((1e-6, -1e-6), (-1e-6, 1e-6)):
        pair = []
        for hidden in (first, second):
            rng = np.random.default_rng(0)
            layers = [Linear(1, 1, rng=rng), LeakyReLU(-3), Linear(1, 1, rng=rng)]
            model, one = Sequential(layers), np.ones((1, 1))
            weights = {"0.weight": hidden * one, "2.weight": one}
            model.load({**weights, "0.bias": np.zeros(1), "2.bias": np.ones(1)})
            pair.append(model)
        rules = SGD(0.1), SGD(0.1)
        x, y = np.ones((1, 1)), np.zeros((1, 1))
        found = shares(tuple(pair), rules, HalfSquare(), x, y)
        apart = pair[0].parameters["0.weight"] - pair[1].parameters["0.weight"]
        assert abs(apart) > 0.39
        assert 0.99 < found["parameters"] <= 1


def test_adam_of_gradients_far_above_their_gap_has_a_bound_near_the_gap():
    x, y = np.ones((1, 1)), np.zeros((1, 1))
    layer = Linear(1, 1, rng=np.random.default_rng(0))
    layer.parameters["weight"][...] = layer.parameters["bias"][...] = 1
    bound = bound_of([layer], HalfSquare(), Adam(0.1), x, y, 1e-6)
    # g = 2 within 2e-6; m / sqrt(s) is 1, and a relative gap of 1e-6 counts twice
    assert bound.parameters["0.bias"][0] == pytest.approx(1e-6 + 0.1 * 2e-6, rel=1e-3)


def test_adam_of_gradients_that_are_mere_rounding_has_a_finite_bound_through_eps():
    # The gradient is 1e-9 in one run and -1e-9 in the other: each step goes its way.
    pair = []
    for hidden in (1e-9, -1e-9):
        layer = Linear(1, 1, rng=np.random.default_rng(0), bias=False)
        layer.parameters["weight"][...] = hidden
        pair.append(Sequential([layer]))
    rules = Adam(0.1, eps=1e-8), Adam(0.1, eps=1e-8)
    x, y = np.ones((1, 1)), np.zeros((1, 1))
    found = shares(tuple(pair), rules, HalfSquare(), x, y)
    apart = abs(pair[0].parameters["0.weight"] - pair[1].parameters["0.weight"])
    assert apart > 0.018  # 2 * 0.1 * 1e-9 / 1.1e-8
    assert 0.5 < found["parameters"] <= 1


def test_a_norm_of_equal_numbers_has_a_finite_bound_through_eps():
    layers, x = bias_and(BatchNorm(1), 4)
    bound = bound_of(layers, HalfSquare(), SGD(0.1), x, np.zeros((1, 4)), 1e-9)
    assert 0 < bound.parameters["0.weight"].max() < 1e-4
    assert 0 < bound.buffers["1.running_var"] < 1e-8


def test_dropped_entries_have_no_gap():
    rng = np.random.default_rng(1)
    layers = [Linear(1, 8, rng=rng), Dropout(0.5, rng=rng)]
    x, y = np.ones((1, 1)), np.zeros((1, 8))
    state = rng.bit_generator.state
    bound = bound_of(layers, HalfSquare(), SGD(1), x, y, 1e-3)
    assert rng.bit_generator.state == state  # it drew from a copy
    dropped = layers[1].forward(np.ones((1, 8)))[0] == 0
    assert 0 < dropped.sum() < 8
    gaps = bound.parameters["0.weight"][:, 0]
    assert gaps[dropped] == pytest.approx(1e-3, rel=1e-5)
    assert (gaps[~dropped] > 4e-3).all()


def test_what_weight_decay_leaves_alone_is_bounded_without_it():
    layer = Linear(2, 2, rng=np.random.default_rng(0))
    model, rule = Sequential([layer]), SGD(0.5, weight_decay=1)
    gaps = {name: np.ones(array.shape) for name, array in model.parameters.items()}
    x = np.zeros((1, 2))  # so the weight has no gradient
    y = layer.forward(x)
    bounds = [
        step_bound(
            model,
            HalfSquare(),
            rule,
            x,
            y,
            gaps=gaps,
            memory_gaps={},
            undecayed=free,
        ).parameters["0.weight"]
        for free in (frozenset(), frozenset({"0.weight"}))
    ]
    assert bounds[1] == pytest.approx(1, rel=1e-5)
    assert (bounds[0] > 1.49).all()


def test_a_bound_changes_nothing():
    rng = np.random.default_rng(0)
    norm = BatchNorm(2)
    model = Sequential([norm, Dropout(rng=rng), Flatten(), Linear(40, 3, rng=rng)])
    rule, state = Adam(0.1), model.state()
    x, y = batch(HalfSquare(), np.random.default_rng(2), np.float64)
    kept = rng.bit_generator.state
    gaps = {name: np.zeros(array.shape) for name, array in state.items()}
    step_bound(model, HalfSquare(), rule, x, y, gaps=gaps, memory_gaps={})
    assert all((model.state()[name] == array).all() for name, array in state.items())
    assert rng.bit_generator.state == kept
    assert rule.state() == {}


# ------------------------------------------------------------ the arithmetic of gaps

numbers = st.floats(-100, 100, width=32)
places = st.floats(-1, 1)


@st.composite
def runs(draw, low=-100.0):
    """Values with a gap, and what two runs may have of them."""
    values, gap = draw(st.floats(low, 100)), draw(st.floats(0, 10))
    middle = values + gap * draw(places) / 2
    both = [middle + gap * draw(places) / 2 for _ in range(2)]
    return Gapped(np.array(values), np.array(gap)), *(max(low, one) for one in both)


def holds(found, reference, one, other):
    """Whether both are within the gap of the values, and of each other.

    What Python itself rounds is small beside what a run of two operations may round.
    """
    gap = found.gap * (1 + 1e-9)
    near = max(abs(one - found.values), abs(other - found.values))
    return abs(one - other) <= gap and near <= gap and found.values == reference


@given(runs(), numbers, runs())
def test_sums_and_products_of_two_runs_are_within_their_gaps(a, factor, b):
    (left, a1, a2), (right, b1, b2) = a, b
    total = left.values + factor * right.values
    plus = UNIT.plus(left, factor, right)
    assert holds(plus, total, a1 + factor * b1, a2 + factor * b2)
    times = UNIT.times(left, right)
    assert holds(times, left.values * right.values, a1 * b1, a2 * b2)


@given(runs(), runs(low=0.0), st.sampled_from([1e-8, 1e-3, 1.0]))
def test_quotients_and_roots_of_two_runs_are_within_their_gaps(a, b, least):
    (left, a1, a2), (right, b1, b2) = a, b
    right = Gapped(np.maximum(right.values, least), right.gap)
    b1, b2 = max(b1, least), max(b2, least)
    over = UNIT.over(left, right, least)
    assert holds(over, left.values / right.values, a1 / b1, a2 / b2)
    root = UNIT.root(right)
    assert holds(root, np.sqrt(right.values), np.sqrt(b1), np.sqrt(b2))


def test_a_quotient_by_what_may_be_zero_is_unsure_without_end():
    one = Gapped(np.ones(1), np.zeros(1))
    assert UNIT.over(one, Gapped(np.ones(1), 2 * np.ones(1)), 0.0).gap == np.inf


# ------------------------------------------------------------------ the norm by itself


@pytest.mark.parametrize("moving", ["running_mean", "running_var"])
def test_the_bound_of_a_gap_in_a_remembered_statistic_is_reached(moving):
    x, gap = np.full((1, 1, 3), 2.0), np.array([1e-3])
    layers = [BatchNorm(1, eps=0.5).eval() for _ in range(2)]
    layers[1].buffers[moving] -= gap
    held = layers[0].parameters | floats(layers[0].buffers)
    own = {name: np.zeros(1) for name in held} | {moving: gap}
    run = through(layers[0], UNIT, Gapped(x, np.zeros(x.shape)), own)
    apart = np.abs(run.output.values - layers[1].forward(x))
    shares_ = apart / run.output.gap
    assert shares_.max() <= 1
    assert shares_.min() > 0.99
    assert run.buffers[moving] == gap


@pytest.mark.parametrize("first", [0, 6])
def test_the_bound_of_a_gradient_through_the_statistics_holds_where_gaps_add_up(
    first,
):
    # The first entry's own gap goes one way; those of the others move the statistics'
    # part of its gradient the same way: the level, and what an outlier takes.
    x, grad = np.repeat([[1.0], [-1.0]], 50, axis=0), np.ones((100, 1))
    x[0] = first
    moves = -np.sign(x) if first else -np.ones((100, 1))
    moves[0] = 1
    layer, gap = BatchNorm(1), np.full((100, 1), 1e-6)
    own = {name: np.zeros(1) for name in ("weight", "bias")}
    own |= {name: np.zeros(1) for name in ("running_mean", "running_var")}
    run = through(layer, UNIT, Gapped(x, 0 * x), own)
    other = layer.backward(grad + 1e-6 * moves)
    bound, _ = run.back(Gapped(grad, gap))
    share = np.abs(bound.values - other)[0, 0] / bound.gap[0, 0]
    assert 0.7 < share <= 1
