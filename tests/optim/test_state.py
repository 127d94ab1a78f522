"""What a rule remembers: saved and loaded, refused where it does not fit."""

import copy
import io
from fractions import Fraction

import numpy as np
import pytest

from convmat.optim import SGD, Adam, AdamW

RULES = {
    "plain": lambda: SGD(0.3),
    "momentum": lambda: SGD(0.3, 0.9, weight_decay=0.1),
    "Adam": lambda: Adam(0.3),
    "AdamW": lambda: AdamW(0.3),
}
REMEMBERING = [name for name in RULES if name != "plain"]


def stepped(rule, parameters, seed, steps=3):
    rng = np.random.default_rng(seed)
    for _ in range(steps):
        gradients = {n: rng.normal(size=a.shape) for n, a in parameters.items()}
        rule.step(parameters, gradients)


@pytest.mark.parametrize("name", RULES)
def test_a_run_goes_on_from_a_file_as_if_never_stopped(name):
    # Names with dots, as models have them.
    whole = {"0.weight": np.ones((2, 3)), "1.bias": np.ones(2)}
    rule = RULES[name]()
    stepped(rule, whole, seed=0)
    parameters = {n: a.copy() for n, a in whole.items()}
    file = io.BytesIO()
    np.savez(file, **rule.state())
    stepped(rule, whole, seed=1)
    other = RULES[name]()
    file.seek(0)
    with np.load(file) as saved:
        other.load_state(saved)
    stepped(other, parameters, seed=1)
    for label, array in whole.items():
        assert np.array_equal(parameters[label], array)


@pytest.mark.parametrize("name", REMEMBERING)
def test_state_is_a_copy_both_ways(name):
    rule, weights = RULES[name](), {"w": np.ones(2)}
    stepped(rule, weights, seed=0)
    state = rule.state()
    before = copy.deepcopy(state)
    other = RULES[name]()
    other.load_state(state)
    stepped(rule, weights, seed=1)
    stepped(other, weights, seed=2)
    for label, array in state.items():
        assert np.array_equal(array, before[label])


def test_state_is_named_by_memory_and_parameter():
    rule = Adam()
    stepped(rule, {"0.weight": np.ones(2)}, seed=0, steps=2)
    names = ["first_moment.0.weight", "second_moment.0.weight", "steps.0.weight"]
    assert list(rule.state()) == names
    assert rule.steps["0.weight"] == rule.state()["steps.0.weight"] == 2


def test_exact_velocities_are_carried():
    weights = {"w": np.array([Fraction(1)])}
    rule = SGD(1, Fraction(1, 2))
    rule.step(weights, weights)
    other = SGD(1, Fraction(1, 2))
    other.load_state(rule.state())
    assert other.velocity["w"].tolist() == [Fraction(1)]


def test_a_deep_copy_goes_on_by_itself():
    rule, weights = SGD(0.5, 0.5), {"w": np.zeros(1)}
    rule.step(weights, {"w": np.ones(1)})
    other = copy.deepcopy(rule)
    other.lr = 0.25
    rule.step(weights, {"w": np.ones(1)})
    assert (rule.lr, rule.velocity["w"].item()) == (0.5, 1.5)
    assert (other.lr, other.velocity["w"].item()) == (0.25, 1.0)


def test_an_empty_state_forgets_all():
    rule = AdamW()
    stepped(rule, {"w": np.ones(2)}, seed=0)
    rule.load_state({})
    assert rule.state() == {}
    assert rule.steps == {}


@pytest.mark.parametrize(
    ("rule", "state", "error", "message"),
    [
        (
            SGD(1),
            {"first_moment.w": np.ones(1)},
            ValueError,
            "of SGD, which .*velocity",
        ),
        (
            SGD(1),
            {"w": np.ones(1)},
            ValueError,
            "state must be of SGD, .* got state='w'",
        ),
        (SGD(1), None, TypeError, "state must be a mapping of names to arrays"),
        (
            Adam(),
            {"first_moment.w": np.ones(1), "steps.w": np.array(1)},
            ValueError,
            "state must hold second_moment.w beside the rest of w",
        ),
    ],
)
def test_a_state_of_another_kind_is_refused(rule, state, error, message):
    with pytest.raises(error, match=message):
        rule.load_state(state)
    assert rule.state() == {}


@pytest.mark.parametrize("name", REMEMBERING)
def test_a_rule_of_another_model_is_refused_and_nothing_changes(name):
    rule = RULES[name]()
    stepped(rule, {"w": np.ones(2)}, seed=0)
    weights = {"new": np.ones(1), "w": np.ones(3)}
    before = rule.state()
    shape = r"\['w'\].shape must be \(3,\), .*\(2,\); make a new rule"
    with pytest.raises(ValueError, match=shape):
        rule.step(weights, {n: a.copy() for n, a in weights.items()})
    single = {"w": np.ones(2, np.float32)}
    dtype = r"\['w'\] must be of float32, .*'float64'; make a new rule"
    with pytest.raises(TypeError, match=dtype):
        rule.step(single, {"w": np.ones(2, np.float32)})
    assert (weights["new"] == 1).all()
    assert list(rule.state()) == list(before)


def test_a_count_of_steps_below_zero_is_refused():
    rule = Adam()
    stepped(rule, {"w": np.ones(2)}, seed=0)
    rule.load_state({**rule.state(), "steps.w": np.array(-1)})
    with pytest.raises(ValueError, match=r"steps\['w'\] must be at least 0, got"):
        stepped(rule, {"w": np.ones(2)}, seed=0)
