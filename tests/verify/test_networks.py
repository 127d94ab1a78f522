"""Whole networks as a strategy: they fit, keep their bounds, vary, and shrink."""

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import HealthCheck, find, given, settings

from convmat.nn import Conv
from convmat.optim import Constant
from convmat.verify.networks import EXACT, Call, NetworkPlan
from convmat.verify.strategies import networks
from convmat.verify.strategies.layers import LAYERS

# Nothing is filtered, so nothing is ever retried.
strict = settings(suppress_health_check=(), max_examples=60)
assert HealthCheck.filter_too_much not in strict.suppress_health_check

PLAIN = NetworkPlan(
    (1, 1),
    (Call("Conv", (1, 1, (1,))), Call("Flatten"), Call("Linear", (1, 1))),
    1,
    Call("HalfSquare"),
    Call("SGD", (Fraction(1, 10),)),
    Constant(),
    batch=1,
    steps=1,
)


@strict
@given(networks())
def test_every_network_fits_its_samples_and_can_be_trained(plan):
    x, y = plan.samples()
    assert len(x) == len(y) == plan.batch * plan.steps
    learner = plan.train()
    assert len(learner.history.losses) == plan.steps
    assert np.isfinite(learner.history.losses).all()
    assert learner.model.forward(x[:2]).shape[1:] == (plan.outputs,)
    assert plan.exact == (plan.names <= EXACT)


@strict
@given(
    networks(
        min_rank=2,
        max_rank=2,
        max_layers=1,
        max_stride=1,
        max_dilation=1,
        max_padding=0,
        max_outputs=2,
        max_batch=2,
        max_steps=1,
        layers=("Conv",),
        rules=("Adam",),
        losses=("MeanSquare",),
        plans=("OneCycle",),
    )
)
def test_networks_keep_their_bounds(plan):
    assert len(plan.input_shape) == 3
    convolutions = [call for call in plan.layers if call.name == "Conv"]
    assert 1 <= len(convolutions) <= 2
    for call in convolutions:
        assert not {"stride", "dilation", "padding"} & set(dict(call.keywords))
    assert plan.outputs <= 2
    assert plan.batch <= 2
    assert plan.steps == 1
    assert plan.names >= {"Adam", "MeanSquare", "OneCycle", "Linear"}


@strict
@given(networks(exact=True, max_rank=1))
def test_exact_networks_hold_nothing_that_leaves_the_rationals(plan):
    assert plan.exact
    weights = plan.build(dtype=object).parameters.values()
    assert all(isinstance(w, Fraction) for array in weights for w in array.flat)


@given(networks(max_rank=2))
@settings(max_examples=30)
def test_networks_of_one_plan_are_equal_in_every_route_and_dtype(plan):
    models = [plan.build(route) for route in ("fast", "matrix", "sliding")]
    single = plan.build("matrix", np.float32).parameters
    for name, array in models[0].parameters.items():
        assert all((m.parameters[name] == array).all() for m in models)
        assert (single[name] == array.astype(np.float32)).all()
        if plan.exact:
            exact = plan.build(dtype=object).parameters[name]
            assert (exact.astype(float) == array).all()
    routes = {leaf.route for _, leaf in models[1].leaves() if isinstance(leaf, Conv)}
    assert routes == {"matrix"}


def test_all_kinds_are_among_a_few_hundred_draws_and_so_are_witnesses():
    seen = dict.fromkeys((*LAYERS, "GlobalAvgPool", *KINDS, *WITNESSES), 0)

    @settings(max_examples=300, database=None, derandomize=True)
    @given(networks())
    def look(plan):
        for name in plan.names & set(seen):
            seen[name] += 1
        for name, holds in WITNESSES.items():
            seen[name] += bool(holds(plan))

    look()
    assert min(seen.values()) >= 5, seen


KINDS = (
    *("SGD", "Adam", "AdamW"),
    *("HalfSquare", "MeanSquare", "CrossEntropy", "BinaryCrossEntropy"),
    *("Constant", "LinearOneCycle", "OneCycle", "FlatCosine"),
)


def keywords_of(plan):
    """All keywords of all layers, those inside residual blocks too."""
    found, calls = [], list(plan.layers)
    for call in calls:
        found.append((call.name, dict(call.keywords)))
        calls += [inner for part in call.parts for inner in part]
    return found


def some_call(holds):
    return lambda plan: any(holds(name, known) for name, known in keywords_of(plan))


WITNESSES = {
    "groups with a stride": some_call(lambda _, k: k.get("groups") and k.get("stride")),
    "unequal pads": some_call(
        lambda _, k: any(a != b for a, b in k.get("padding", ()))
    ),
    "folded padding": some_call(lambda _, k: "padding_mode" in k),
    "output padding": some_call(lambda _, k: "output_padding" in k),
    "groups transposed": some_call(
        lambda name, k: name == "ConvTranspose" and k.get("groups")
    ),
    "windows that hang over": some_call(lambda _, k: k.get("ceil_mode")),
    "no bias": some_call(lambda _, k: k.get("bias") is False),
    "a shortcut": lambda plan: any(len(call.parts) == 2 for call in plan.layers),
    "volumes": lambda plan: len(plan.input_shape) == 4,
    "Nesterov": lambda plan: dict(plan.rule.keywords).get("nesterov"),
    "decay of weights": lambda plan: plan.decay == "weights" and plan.rule.keywords,
    "one sample": lambda plan: plan.batch == 1,
    "several steps": lambda plan: plan.steps == 3,
    "exact": lambda plan: plan.exact,
}


def test_a_failure_shrinks_to_the_plainest_network():
    assert find(networks(), lambda plan: True) == PLAIN


@pytest.mark.parametrize("name", ["BatchNorm", "AvgPool"])
def test_a_failing_layer_is_left_as_the_only_one_between_the_ends(name):
    plan = find(networks(), lambda plan: name in plan.names)
    assert len(plan.layers) == 4
    assert plan.input_shape == (1, 1)
    assert plan.rule == PLAIN.rule
    assert plan.loss == PLAIN.loss


def test_objects_are_refused_where_a_layer_leaves_the_rationals():
    plan = NetworkPlan(
        (2, 3),
        (Call("BatchNorm", (2,)), Call("Flatten")),
        6,
        Call("CrossEntropy"),
        Call("SGD", (Fraction(1, 10),)),
        Constant(),
        batch=2,
        steps=1,
    )
    message = "dtype must be floats, because of BatchNorm, CrossEntropy, got .*'object'"
    with pytest.raises(TypeError, match=message):
        plan.build(dtype=object)


def test_a_call_reads_as_the_code_that_makes_it():
    body = (Call("Conv", (2, 2, (3,)), (("padding", 1),)), Call("ReLU"))
    block = Call("Residual", parts=(body,))
    assert repr(block) == "Residual([Conv(2, 2, (3,), padding=1), ReLU()])"
    assert block.names == {"Residual", "Conv", "ReLU"}
    assert block.output_shape((2, 7)) == (2, 7)
