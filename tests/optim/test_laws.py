"""Laws of every rule: entry by entry, in place, nothing changed by what is refused."""

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from convmat.optim import SGD, Adam, AdamW
from convmat.optim import pieces as pieces_module
from convmat.optim.pieces import pieces

SGDS = {
    "plain": lambda: SGD(0.3),
    "momentum": lambda: SGD(0.3, 0.9),
    "nesterov": lambda: SGD(0.3, 0.9, nesterov=True),
    "coupled": lambda: SGD(0.3, 0.9, weight_decay=0.1),
    "decoupled": lambda: SGD(0.3, 0.9, weight_decay=0.1, decoupled=True),
    "all": lambda: SGD(0.3, 0.9, nesterov=True, weight_decay=0.1, decoupled=True),
}
ADAMS = {
    "Adam": lambda: Adam(0.3, (0.8, 0.9)),
    "Adam, coupled": lambda: Adam(0.3, (0.8, 0.9), weight_decay=0.1),
    "AdamW": lambda: AdamW(0.3, (0.8, 0.9), weight_decay=0.1),
}
RULES = {**SGDS, **ADAMS}
every_rule = pytest.mark.parametrize("name", RULES)


def trained(rule, weights, gradients):
    """A copy of `weights` after one step for each of `gradients`; the rule too."""
    parameters = {"w": weights.copy(order="K")}
    for gradient in gradients:
        rule.step(parameters, {"w": gradient})
    return parameters["w"]


def drawn(seed, shape, dtype=np.float64, steps=4):
    rng = np.random.default_rng(seed)
    numbers = rng.normal(size=(steps + 1, *shape)).astype(dtype)
    return numbers[0], list(numbers[1:])


@every_rule
@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
@settings(max_examples=10)
@given(st.integers(0, 99))
def test_a_step_commutes_with_any_order_and_layout_of_the_entries(name, dtype, seed):
    weights, gradients = drawn(seed, (3, 4), dtype)
    wanted = trained(RULES[name](), weights, gradients)
    assert wanted.dtype == dtype
    order = np.random.default_rng(seed).permutation(12)
    layouts = {
        "permuted": lambda a: a.ravel()[order],
        "columns first": np.asfortranarray,
        "transposed": lambda a: a.T,
        "every second": lambda a: np.repeat(a, 2, axis=1)[:, ::2],
        "bytes swapped": lambda a: a.astype(a.dtype.newbyteorder()),
    }
    for label, layout in layouts.items():
        found = trained(RULES[name](), layout(weights), [layout(g) for g in gradients])
        assert np.array_equal(found, layout(wanted)), label
    one = trained(RULES[name](), weights[1, 2:3], [g[1, 2:3] for g in gradients])
    assert one.item() == wanted[1, 2]


@every_rule
@settings(max_examples=20)
@given(st.integers(0, 99), st.sampled_from([np.float16, np.float32, np.float64]))
def test_entries_of_one_tie_stay_equal_to_the_bit(name, seed, dtype):
    # 200 entries that hold 3 numbers: NumPy's loops treat the first and last of a line
    # apart from the middle, and must not show it.
    weights, gradients = drawn(seed, (3,), dtype, steps=6)
    taps = np.random.default_rng(seed).integers(0, 3, 200)
    kernel = trained(RULES[name](), weights, gradients)
    matrix = trained(RULES[name](), weights[taps], [g[taps] for g in gradients])
    assert np.array_equal(matrix, kernel[taps])


@every_rule
def test_a_zero_with_gradient_zero_stays_zero(name):
    weights, gradients = drawn(0, (2, 5), steps=10)
    for array in (weights, *gradients):
        array[:, 2:4] = 0
    found = trained(RULES[name](), weights, gradients)
    assert np.array_equal(found == 0, weights == 0)


@every_rule
def test_a_step_in_pieces_is_the_step_of_the_whole_to_the_bit(name, monkeypatch):
    weights, gradients = drawn(1, (7, 33), np.float32)
    whole = trained(RULES[name](), weights, gradients)
    monkeypatch.setattr(pieces_module, "_PIECE", 10)
    rule = RULES[name]()
    assert np.array_equal(trained(rule, weights, gradients), whole)
    transposed = trained(RULES[name](), weights.T, [g.T for g in gradients])
    assert np.array_equal(transposed, whole.T)


def test_pieces_cover_each_entry_once_and_are_views(monkeypatch):
    monkeypatch.setattr(pieces_module, "_PIECE", 4)
    a, b = np.zeros((3, 3)), np.arange(9).reshape(3, 3)
    found = list(pieces(a, b))
    assert [q.tolist() for _, q in found] == [[0, 1, 2, 3], [4, 5, 6, 7], [8]]
    for p, _ in found:
        p += 1
    assert (a == 1).all()
    assert len(list(pieces(a, b.T))) == 1  # not contiguous
    assert len(list(pieces(a, a))) == 3  # the same entries, so none is written too soon


@every_rule
def test_a_gradient_that_lies_over_the_parameter_is_read_before_it_changes(
    name, monkeypatch
):
    monkeypatch.setattr(pieces_module, "_PIECE", 4)
    start = drawn(2, (21,))[0]
    for here, there in ((slice(1, 21), slice(0, 20)), (slice(0, 21),) * 2):
        wanted, rule = start.copy()[here].copy(), RULES[name]()
        rule.step({"w": wanted}, {"w": start[there].copy()})
        memory = start.copy()
        RULES[name]().step({"w": memory[here]}, {"w": memory[there]})
        assert np.array_equal(memory[here], wanted)


@every_rule
def test_parameters_change_in_place_and_gradients_do_not(name):
    array, gradient = np.zeros((2, 3), np.float32), np.ones((2, 3), np.float32)
    rule = RULES[name]()
    for _ in range(3):
        rule.step({"w": array}, {"w": gradient, "more": None})
    assert (array < 0).all()
    assert (gradient == 1).all()


@every_rule
@pytest.mark.parametrize("shape", [(), (0,), (2, 0)])
def test_arrays_without_axes_and_without_entries_are_stepped(name, shape):
    weights = np.ones(shape, np.float32)
    RULES[name]().step({"w": weights}, {"w": np.ones(shape, np.float32)})
    assert weights.dtype == np.float32
    assert (weights < 1).all()


@every_rule
def test_every_parameter_is_stepped_by_itself(name):
    # "b" joins late, as frozen layers do: its memory and its count start then.
    weights, gradients = drawn(3, (2, 5))
    rule = RULES[name]()
    both = {"a": weights[0].copy(), "b": weights[1].copy()}
    for number, gradient in enumerate(gradients):
        pair = {"a": gradient[0], "b": gradient[1]}
        rule.step(both if number > 1 else {"a": both["a"]}, pair)
    alone = trained(RULES[name](), weights[0], [g[0] for g in gradients])
    late = trained(RULES[name](), weights[1], [g[1] for g in gradients[2:]])
    assert np.array_equal(both["a"], alone)
    assert np.array_equal(both["b"], late)


BAD_STEPS = {
    "no gradient": (
        {"w": np.ones(2)},
        {},
        ValueError,
        r"gradients must have one .* 'w' too, got",
    ),
    "shape": (
        {"w": np.ones(2)},
        {"w": np.ones(3)},
        ValueError,
        r"gradients\['w'\].shape must be that of the parameter, \(2,\)",
    ),
    "complex gradient": (
        {"w": np.ones(1)},
        {"w": np.array([1j])},
        TypeError,
        r"gradients\['w'\] must fit the parameter's dtype, float64",
    ),
    "exact gradient": (
        {"w": np.ones(1)},
        {"w": np.array([Fraction(1)])},
        TypeError,
        r"gradients\['w'\] must fit the parameter's dtype, float64",
    ),
    "mask": (
        {"w": np.ones(1)},
        {"w": np.ones(1, bool)},
        TypeError,
        r"gradients\['w'\] must hold numbers",
    ),
    "text": (
        {"w": np.ones(1)},
        {"w": np.array(["1"])},
        TypeError,
        r"gradients\['w'\] must hold numbers",
    ),
    "list": (
        {"w": np.ones(1)},
        {"w": [1.0]},
        TypeError,
        r"gradients\['w'\] must be an ndarray",
    ),
    "number": (
        {"w": 1.0},
        {"w": np.ones(())},
        TypeError,
        r"parameters\['w'\] must be an ndarray, .*; a step changes arrays in place",
    ),
    "read-only": (
        {"w": np.broadcast_to(1.0, (2,))},
        {"w": np.ones(2)},
        ValueError,
        r"parameters\['w'\] must be writeable",
    ),
    "integers": (
        {"w": np.ones(2, int)},
        {"w": np.ones(2, int)},
        TypeError,
        r"parameters\['w'\] must not be integers, got .*'int64'; use .astype",
    ),
    "bytes": (
        {"w": np.ones(2, np.uint8)},
        {"w": np.ones(2)},
        TypeError,
        r"parameters\['w'\] must not be integers",
    ),
    "bools": (
        {"w": np.ones(2, bool)},
        {"w": np.ones(2)},
        TypeError,
        r"parameters\['w'\] must not be integers",
    ),
    "objects": (
        {"w": np.array([None])},
        {"w": np.array([None])},
        TypeError,
        r"parameters\['w'\] must hold numbers, got .*None",
    ),
    "no mapping": (
        np.ones(2),
        {},
        TypeError,
        "parameters must be a mapping of names to arrays, got parameters='ndarray'",
    ),
    "no mapping of gradients": (
        {"w": np.ones(2)},
        None,
        TypeError,
        "gradients must be a mapping of names to arrays",
    ),
}


@pytest.mark.parametrize("bad", BAD_STEPS)
@every_rule
def test_a_refused_step_is_named_and_changes_nothing(name, bad):
    parameters, gradients, error, message = BAD_STEPS[bad]
    fine = {"fine": np.ones(2)}
    rule = RULES[name]()
    rule.step(fine, fine)
    before, value = rule.state(), fine["fine"].copy()
    if isinstance(parameters, dict):
        parameters = {**fine, **parameters}
    if isinstance(gradients, dict):
        gradients = {"fine": np.ones(2), **gradients}
    with pytest.raises(error, match=message):
        rule.step(parameters, gradients)
    assert np.array_equal(fine["fine"], value)
    assert all(np.array_equal(a, before[k]) for k, a in rule.state().items())
    assert list(rule.state()) == list(before)
