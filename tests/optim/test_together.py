"""Many small arrays in one step: the same bits as one by one."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from convmat.optim import SGD, Adam, AdamW
from convmat.optim.together import _SMALL, step_together

RULES = {
    "plain": lambda: SGD(0.1),
    "momentum": lambda: SGD(0.1, 0.9, weight_decay=0.25),
    "nesterov": lambda: SGD(0.1, 0.9, nesterov=True, weight_decay=0.5, decoupled=True),
    "adam": lambda: Adam(0.1, weight_decay=0.25),
    "adamw": lambda: AdamW(0.1),
}
SHAPES = {
    "a": (3, 2),
    "b": (5,),
    "c": (2, 1, 3),
    "d": (1,),
    "e": (0,),
    "f": (_SMALL + 1,),
}


def arrays(rng, dtype=float):
    return {n: rng.normal(size=s).astype(dtype) for n, s in SHAPES.items()}


def assert_equal(one, other):
    assert one.keys() == other.keys()
    for name, array in one.items():
        assert array.dtype == other[name].dtype, name
        assert array.shape == other[name].shape, name
        assert (array == other[name]).all(), name


@given(
    st.sampled_from(sorted(RULES)),
    st.sampled_from([np.float16, np.float32, np.float64]),
    st.lists(st.booleans(), min_size=1, max_size=5),
    st.integers(0, 99),
)
def test_any_mixture_of_steps_has_the_bits_of_the_rule_alone(kind, dtype, ways, seed):
    one, other, rng = RULES[kind](), RULES[kind](), np.random.default_rng(seed)
    parameters = arrays(rng, dtype)
    others = {name: array.copy() for name, array in parameters.items()}
    for number, together in enumerate(ways):
        gradients = arrays(rng, dtype)
        kept = {name: array.copy() for name, array in gradients.items()}
        one.lr = other.lr = 0.1 / (number + 1)
        one.step(parameters, gradients)
        (step_together if together else type(other).step)(other, others, gradients)
        assert_equal(gradients, kept)
        assert_equal(parameters, others)
        assert_equal(one.state(), other.state())
    other.load_state(other.state())


def test_parameters_that_the_rule_has_not_seen_equally_often_stay_apart():
    one, other, rng = Adam(0.1), Adam(0.1), np.random.default_rng(0)
    parameters = arrays(rng)
    others = {name: array.copy() for name, array in parameters.items()}
    for names in ("a", "ab", "abc", "abc"):  # in the last, all have been seen
        gradients = arrays(rng)
        one.step({n: parameters[n] for n in names}, gradients)
        step_together(other, {n: others[n] for n in names}, gradients)
        assert_equal(parameters, others)
        assert_equal(one.state(), other.state())
    assert {name: int(count) for name, count in other.steps.items()} == {
        "a": 4,
        "b": 3,
        "c": 2,
    }


@pytest.mark.parametrize("kind", ["momentum", "adam"])
def test_what_is_put_in_place_of_a_memory_counts(kind):
    one, other, rng = RULES[kind](), RULES[kind](), np.random.default_rng(0)
    parameters = arrays(rng)
    others = {name: array.copy() for name, array in parameters.items()}
    for _ in range(3):
        gradients = arrays(rng)
        one.step(parameters, gradients)
        step_together(other, others, gradients)
        assert_equal(parameters, others)
        for rule in (one, other):
            rule.load_state({name: 2 * array for name, array in rule.state().items()})


def test_momentum_that_is_set_to_0_forgets_the_velocity_too():
    rule, rng = SGD(0.1, 0.9), np.random.default_rng(0)
    parameters = arrays(rng)
    step_together(rule, parameters, arrays(rng))
    assert rule.velocity.keys() == SHAPES.keys()
    rule.momentum = 0
    step_together(rule, parameters, arrays(rng))
    assert not rule.velocity


def test_parameters_that_are_no_neighbours_in_memory_are_updated_in_place():
    base = np.zeros((4, 6))
    parameters = {"w": base[:, ::2].T, "b": base[0, 1::2]}
    gradients = {name: np.ones(array.shape) for name, array in parameters.items()}
    step_together(SGD(0.5), parameters, gradients)
    assert (base[:, ::2] == -0.5).all()
    assert (base[0, 1::2] == -0.5).all()
    assert not base[1:, 1::2].any()


@pytest.mark.parametrize(
    ("spoil", "error", "match"),
    [
        (lambda p, g: g.pop("b"), ValueError, "gradients must have one for each"),
        (lambda p, g: g.update(b=np.ones(4)), ValueError, "that of the parameter"),
        (lambda p, g: p.update(b=np.ones(5, int)), TypeError, "must not be integers"),
        (lambda p, g: p.update(b=[1.0]), TypeError, "must be an ndarray"),
        (lambda p, g: p["b"].setflags(write=False), ValueError, "must be writeable"),
    ],
)
def test_what_the_rule_refuses_is_refused_in_its_words(spoil, error, match):
    rng = np.random.default_rng(0)
    parameters, gradients, rule = arrays(rng), arrays(rng), Adam(0.1)
    before = parameters["a"].copy()
    spoil(parameters, gradients)
    with pytest.raises(error, match=match):
        step_together(rule, parameters, gradients)
    assert (parameters["a"] == before).all()
    assert not rule.state()


def test_several_dtypes_go_the_usual_way():
    rule = SGD(0.5, 0.5)
    parameters = {"a": np.ones(1), "b": np.ones(2, np.float32)}
    gradients = {name: np.ones_like(array) for name, array in parameters.items()}
    step_together(rule, parameters, gradients)
    assert [array[0] for array in parameters.values()] == [0.5, 0.5]
    assert rule.velocity["b"].dtype == np.float32


@pytest.mark.parametrize("size", [1, _SMALL + 1])
def test_small_arrays_are_one_and_large_ones_are_not_copied(size, monkeypatch):
    seen = []
    update = SGD._update

    def watched(self, name, parameter, gradient):
        seen.append((parameter.shape, parameter is parameters["w"]))
        update(self, name, parameter, gradient)

    monkeypatch.setattr(SGD, "_update", watched)
    parameters = {"a": np.ones((2, 2)), "w": np.ones(size), "b": np.ones(3)}
    step_together(SGD(0.5), parameters, {n: a.copy() for n, a in parameters.items()})
    if size == 1:
        assert seen == [((8,), False)]
    else:
        assert seen == [((7,), False), ((size,), True)]
    assert all((array == 0.5).all() for array in parameters.values())
