"""The bound of one step: honest steps of two runs with known gaps never break it."""

from itertools import product
from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import given

from convmat import tie_map
from convmat.nn import (
    Conv,
    CrossEntropy,
    FixedMatrix,
    Flatten,
    HalfSquare,
    Linear,
    MatrixConv,
    ReLU,
    Sequential,
)
from convmat.optim import SGD, Rule
from convmat.verify import rounding
from convmat.verify.agreement import gaps_between
from convmat.verify.rounding.kernels import most_reads
from convmat.verify.strategies import geometries

LOSSES = {"cross entropy": CrossEntropy, "half square": HalfSquare}
SIZES = [
    *((np.float64, size) for size in (0, 1e-9, 1e-6, 1e-3, 1e-1)),
    *((np.float32, size) for size in (0, 1e-6, 1e-3, 1e-1)),
]
PATTERNS = {
    "random": lambda rng, shape: rng.uniform(-1, 1, shape),
    "signs": lambda rng, shape: rng.choice([-1.0, 1.0], shape),
    "up": lambda rng, shape: np.ones(shape),
}
PARTS = ["all", "weight", "bias", "velocity"]
OPTIONS = {
    "nesterov": {"nesterov": True},
    "coupled": {"weight_decay": 0.5},
    "decoupled": {"weight_decay": 0.5, "decoupled": True},
    "all": {"nesterov": True, "weight_decay": 0.5, "decoupled": True},
}


def network(convolution, rng, dtype):
    return Sequential(
        [
            convolution(1, 2, (3,), padding=1, rng=rng, dtype=dtype),
            ReLU(),
            convolution(2, 2, (2,), stride=2, dilation=2, rng=rng, dtype=dtype),
            ReLU(),
            Flatten(),
            Linear(4, 3, rng=rng, dtype=dtype),
        ]
    )


def batch(loss, rng, dtype, samples=5):
    """Inputs `(samples, 1, 6)` and targets of one step."""
    x = rng.normal(size=(samples, 1, 6)).astype(dtype)
    if isinstance(loss, CrossEntropy):
        return x, rng.integers(0, 3, samples)
    return x, rng.normal(size=(samples, 3)).astype(dtype)


def moved(arrays, gap):
    """Copies of `arrays`, each moved by `gap(name, shape)`, in their own dtype."""
    return {
        name: (a + gap(name, a.shape)).astype(a.dtype) for name, a in arrays.items()
    }


def floats(arrays):
    return {name: array for name, array in arrays.items() if array.dtype.kind == "f"}


def shares(one, other, loss, x, y):
    """Largest difference after one honest step over its bound, by what differs.

    `one` and `other` are `(model, rule)`; both are changed. A share is at most 1 where
    the bound holds.
    """
    (model, rule), (other_model, other_rule) = one, other
    bound = rounding.step_bound(
        model,
        loss,
        rule,
        x,
        y,
        gaps=gaps_between(
            model.parameters | floats(model.buffers),
            other_model.parameters | other_model.buffers,
        ),
        memory_gaps=gaps_between(floats(rule.state()), other_rule.state()),
    )
    values = []
    for network, update in (one, other):
        value, grad = loss(network.forward(x), y)
        network.backward(grad)
        update.step(network.parameters, network.gradients)
        values.append(float(value))
    found = {"loss": abs(values[0] - values[1])}
    allowed = {"loss": bound.loss}
    pairs = [
        ("parameters.", model.parameters, other_model.parameters, bound.parameters),
        ("buffers.", floats(model.buffers), other_model.buffers, bound.buffers),
        ("", floats(rule.state()), other_rule.state(), bound.memory),
    ]
    for kind, left, right, limits in pairs:
        for name, gap in gaps_between(left, right).items():
            label = f"{kind}{name}".replace(".", " ", 1)
            found[label], allowed[label] = gap, limits[name]
    with np.errstate(invalid="ignore", divide="ignore"):
        ratios = {n: np.divide(found[n], allowed[n]) for n in found}
    return {n: float(np.where(found[n] == 0, 0.0, r).max()) for n, r in ratios.items()}


def step_shares(seed, dtype, size, loss, pattern="random", part="all", **options):
    """Of one step by windows and one by matrices, their starts `size` apart."""
    rng = np.random.default_rng(seed)

    def gap(name, shape):
        here = part == "all" or part in name
        return size * PATTERNS[pattern](rng, shape) if here else np.zeros(shape)

    model = network(Conv, rng, dtype)
    other = network(MatrixConv, rng, dtype)
    other.load(moved(model.parameters, gap))
    rule, other_rule = (SGD(0.1, 0.9, **options) for _ in range(2))
    rule.velocity = {
        name: rng.normal(size=array.shape).astype(dtype)
        for name, array in model.parameters.items()
    }
    other_rule.velocity = moved(
        rule.velocity, lambda name, shape: gap(f"velocity {name}", shape)
    )
    x, y = batch(loss, rng, dtype)
    return shares((model, rule), (other, other_rule), loss, x, y)


@pytest.mark.parametrize("loss", LOSSES)
@pytest.mark.parametrize(("dtype", "size"), SIZES)
def test_an_honest_step_is_within_its_bound(dtype, size, loss):
    choices = product(range(4), PATTERNS, PARTS)
    for seed, pattern, part in choices:
        found = step_shares(seed, dtype, size, LOSSES[loss](), pattern, part)
        assert max(found.values()) <= 1, (seed, pattern, part, found)


@pytest.mark.parametrize("option", OPTIONS)
@pytest.mark.parametrize(("dtype", "size"), SIZES)
def test_an_honest_step_with_options_is_within_its_bound(dtype, size, option):
    for seed, pattern, part in product(range(2), PATTERNS, PARTS):
        options = OPTIONS[option]
        found = step_shares(seed, dtype, size, HalfSquare(), pattern, part, **options)
        assert max(found.values()) <= 1, (seed, pattern, part, found)


def linear_pair(gap, velocity_gap, **options):
    """Two linear layers with positive numbers everywhere: nothing cancels."""
    rng, pair = np.random.default_rng(0), []
    models = [
        Sequential([Linear(3, 2, rng=rng), Linear(2, 2, rng=rng)]) for _ in range(2)
    ]
    start = {n: rng.uniform(1, 2, a.shape) for n, a in models[0].parameters.items()}
    for model, weights, velocity in zip(
        models, (0, gap), (0, velocity_gap), strict=True
    ):
        rule = SGD(0.1, 0.9, **options)
        model.load({name: array + weights for name, array in start.items()})
        rule.velocity = {name: array + velocity for name, array in start.items()}
        pair.append((model, rule))
    return *pair, HalfSquare(), rng.uniform(1, 2, (4, 3)), np.zeros((4, 2))


@pytest.mark.parametrize("gap", [1e-6, 1])
def test_the_bound_of_a_gap_in_the_weights_is_reached(gap):
    # A bound of 1000 times as much would hold too, and say less.
    found = shares(*linear_pair(gap, velocity_gap=0))
    for name in ("0.weight", "0.bias", "1.weight", "1.bias"):
        assert 0.999 < found[f"velocity {name}"] <= 1
    assert (0.999 if gap < 1 else 0.5) < found["loss"] <= 1


def test_the_bound_of_a_gap_in_the_velocity_is_reached():
    found = shares(*linear_pair(gap=0, velocity_gap=1e-3))
    assert found["loss"] == 0
    for kind, name in product(("parameters", "velocity"), ("0.weight", "1.bias")):
        assert 0.999 < found[f"{kind} {name}"] <= 1


@pytest.mark.parametrize("option", OPTIONS)
def test_the_bound_of_a_gap_in_the_velocity_is_reached_with_options(option):
    found = shares(*linear_pair(gap=0, velocity_gap=1e-3, **OPTIONS[option]))
    for kind, name in product(("parameters", "velocity"), ("0.weight", "1.bias")):
        assert 0.999 < found[f"{kind} {name}"] <= 1


def test_the_bound_of_a_gap_that_decays_is_reached():
    # Coupled, the gap of a weight enters its velocity; decoupled, it shrinks with it.
    # The inputs are 0, so the gradient of the first weight is 0 in both runs.
    for option, kind in (("coupled", "velocity"), ("decoupled", "parameters")):
        *pair, loss, x, y = linear_pair(gap=1, velocity_gap=0, **OPTIONS[option])
        found = shares(*pair, loss, 0 * x, y)
        assert 0.999 < found[f"{kind} 0.weight"] <= 1


def test_a_step_that_rounds_two_ways_is_within_its_bound():
    # The weight is 1 and moves down by half its distance to the next float32, or by a
    # millionth more or less: in one run it stays, in the other it does not.
    rng, pair = np.random.default_rng(0), []
    for more in (-(2.0**-20), 2.0**-20):
        model = Sequential([Linear(1, 1, rng=rng, dtype=np.float32)])
        weights = {"0.weight": np.ones((1, 1)), "0.bias": np.zeros(1)}
        model.load({name: np.float32(array) for name, array in weights.items()})
        rule = SGD(0.5, 0.5)
        rule.velocity = {"0.weight": np.float32([[2.0**-23 * (1 + more)]])}
        rule.velocity["0.bias"] = np.zeros(1, np.float32)
        pair.append((model, rule))
    x, y = np.zeros((1, 1), np.float32), np.zeros((1, 1), np.float32)
    found = shares(*pair, HalfSquare(), x, y)
    assert pair[0][0].parameters["0.weight"] != pair[1][0].parameters["0.weight"]
    assert 0.2 < found["parameters 0.weight"] <= 1


def test_a_gradient_that_passes_relu_in_one_run_only_is_within_the_bound():
    # The hidden number is 1e-6 in one run and -1e-6 in the other, x is 1: the first
    # weight's gradient is that of the output in one run, and 0 in the other.
    rng = np.random.default_rng(0)
    for first, second in ((1e-6, -1e-6), (-1e-6, 1e-6)):
        pair = []
        for hidden in (first, second):
            layers = [Linear(1, 1, rng=rng), ReLU(), Linear(1, 1, rng=rng)]
            model, one = Sequential(layers), np.ones((1, 1))
            weights = {"0.weight": hidden * one, "2.weight": one}
            model.load({**weights, "0.bias": np.zeros(1), "2.bias": np.ones(1)})
            pair.append((model, SGD(0.1)))
        found = shares(*pair, HalfSquare(), np.ones((1, 1)), np.zeros((1, 1)))
        gap = abs(pair[0][0].parameters["0.weight"] - pair[1][0].parameters["0.weight"])
        assert gap > 0.09  # the step drove them apart
        assert 0.99 < found["parameters 0.weight"] <= 1


def test_the_softmax_bound_of_scores_that_part_is_reached():
    # The score of an unlikely class rises by d and the other falls by d: its share
    # grows by nearly exp(2 d), the most there is.
    rng, pair = np.random.default_rng(0), []
    for d in (0.0, 0.5):
        model = Sequential([Linear(1, 2, rng=rng)])
        model.load({"0.weight": np.zeros((2, 1)), "0.bias": np.array([-12 + d, -d])})
        pair.append((model, SGD(0.1, 0.9)))
    found = shares(*pair, CrossEntropy(), np.ones((1, 1)), np.array([0]))
    assert 0.999 < found["loss"] <= 1
    assert 0.999 < found["velocity 0.bias"] <= 1


@given(geometries(max_rank=2))
def test_the_terms_of_an_input_gradient_are_the_most_taps_on_one_input(g):
    reads = np.bincount(tie_map(g).cols).max(initial=0)
    terms = g.out_channels // g.groups * np.prod([most_reads(axis) for axis in g.axes])
    assert terms == reads


def test_taps_that_fold_back_to_one_input_count_as_many_terms():
    # Output 0 reads input 0 through two taps, as a padding mode other than zeros can.
    sources = np.array([[0, 0], [0, 1], [1, -1]])
    assert most_reads(SimpleNamespace(sources=lambda: sources)) == 3
    nothing = np.array([[-1, -1]])
    assert most_reads(SimpleNamespace(sources=lambda: nothing)) == 0


def linear_step(x=np.float64, parameters=np.float64, velocity=None, targets=None):
    """The bound of one linear layer, its arrays of these dtypes."""
    model = Sequential([Linear(3, 2, rng=np.random.default_rng(0), dtype=parameters)])
    rule, gaps = (
        SGD(0.1, 0.9),
        {n: np.zeros(a.shape) for n, a in model.parameters.items()},
    )
    if velocity:
        rule.velocity = moved(model.parameters, lambda name, shape: 1.0)
        rule.velocity = {n: a.astype(velocity) for n, a in rule.velocity.items()}
    loss, y = CrossEntropy(), np.zeros(4, int)
    if targets:
        loss, y = HalfSquare(), np.ones((4, 2), targets)
    batch = np.ones((4, 3), x)
    memory = {label: np.zeros(array.shape) for label, array in rule.state().items()}
    return rounding.step_bound(
        model, loss, rule, batch, y, gaps=gaps, memory_gaps=memory
    )


@pytest.mark.parametrize(
    ("dtypes", "message"),
    [
        ({"parameters": np.float32}, r"parameters\['0.weight'\] must be .* float64"),
        ({"x": np.float32}, r"parameters\['0.weight'\] must be .* x, float32, got"),
        ({"x": int}, "x must be float32 or float64, got x='int64'"),
        ({"x": np.float16, "parameters": np.float16}, "x must be float32 or float64"),
        (
            {"velocity": np.float32},
            r"memory\['velocity.0.weight'\] must be .* x, float64",
        ),
        (
            {"x": np.float32, "parameters": np.float32, "targets": np.float64},
            "targets must leave the gradient of the loss float32, got .*'float64'",
        ),
        (
            {"x": np.float32, "parameters": np.float32, "targets": int},
            r"targets must leave .*; use .astype\(np.float32\)",
        ),
    ],
)
def test_mixed_dtypes_have_no_bound(dtypes, message):
    with pytest.raises(TypeError, match=message):
        linear_step(**dtypes)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_one_dtype_throughout_has_a_bound(dtype):
    bound = linear_step(dtype, dtype, dtype, dtype)
    assert 0 < bound.loss < np.sqrt(np.finfo(dtype).eps)


def test_a_sum_that_may_lose_every_digit_has_no_bound():
    with pytest.raises(ValueError, match="terms must be fewer than 16777216"):
        rounding.gamma(2**24, 2.0**-24)


def test_an_update_rule_without_a_rule_of_rounding_is_named():
    class Other(Rule):
        def __init__(self):
            super().__init__(0.1, 0, 0, decoupled=False)

        def _check(self, name, parameter):
            pass

        def _forms(self, parameter):
            return {}

        def _update(self, name, parameter, gradient):
            pass

    model, x = Sequential([Linear(3, 2, rng=np.random.default_rng(0))]), np.ones((4, 3))
    gaps = {name: np.zeros(array.shape) for name, array in model.parameters.items()}
    with pytest.raises(TypeError, match=r"rule must be SGD or Adam .*, got .*'Other'"):
        rounding.step_bound(
            model, HalfSquare(), Other(), x, x[:, :2], gaps=gaps, memory_gaps={}
        )


def test_a_gap_that_is_missing_is_named():
    model, x = Sequential([Linear(3, 2, rng=np.random.default_rng(0))]), np.ones((4, 3))
    known = {"0.weight": np.zeros((2, 3))}
    loss, y, rule = HalfSquare(), x[:, :2], SGD(0.1, 0.9)
    with pytest.raises(ValueError, match=r"gaps must have one for '0.bias'.*measures"):
        rounding.step_bound(model, loss, rule, x, y, gaps=known, memory_gaps={})
    known["0.bias"] = np.zeros(2)
    rule.step(model.parameters, model.parameters)
    with pytest.raises(ValueError, match=r"memory_gaps .*'velocity.0.weight'"):
        rounding.step_bound(model, loss, rule, x, y, gaps=known, memory_gaps={})


def test_a_layer_and_a_loss_without_a_rule_are_named():
    def other(outputs, targets):
        return 0.0, outputs

    x, gaps = np.ones((2, 3)), {"gaps": {}, "memory_gaps": {}}
    with pytest.raises(TypeError, match="loss must have a rule of rounding"):
        rounding.step_bound(Sequential([]), other, SGD(1), x, x, **gaps)
    layer = FixedMatrix(np.eye(3))
    with pytest.raises(TypeError, match="layer must have a rule of rounding"):
        rounding.step_bound(Sequential([layer]), other, SGD(1), x, x, **gaps)
