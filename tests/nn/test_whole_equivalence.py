"""Whole networks, drawn with all that trains them, by three routes: one trajectory.

In rationals the routes are equal, `==`, in every loss and every weight. In floats each
step is within its rounding bound. That bound starts from the differences that were
measured before the step: so a run of any length says, of each of its steps, that what
the step added to the difference is explained by rounding and by the difference that was
there. It does not bound how far two long runs may part, and a mistake that is smaller
than the rounding of its step would pass.
"""

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import Phase, example, given, settings
from hypothesis import strategies as st

from convmat import maps
from convmat.constraints import ConvConstraint
from convmat.nn import BatchNorm, Learner, functional, tied
from convmat.optim import Constant, LinearOneCycle
from convmat.verify.agreement import (
    compare_training,
    gaps_between,
    largest_growth,
    set_rates,
)
from convmat.verify.networks import Call, NetworkPlan
from convmat.verify.rounding import step_bound
from convmat.verify.strategies import networks

ROUTES = ("sliding", "fast", "matrix")
DTYPES = (np.float64, np.float32)
UNEVEN = (
    ("stride", (2, 1)),
    ("padding", ((2, 0), (0, 1))),
    ("dilation", (1, 2)),
    ("groups", 2),
)
SPREAD = (("stride", (2, 1)), ("padding", ((1, 0), (0, 1))), ("groups", 2))


def some(examples):
    """So many examples, and as many times more as the profile has more than usual."""
    return settings(max_examples=examples * settings.default.max_examples // 100)


def witness(*middle, rule, outputs=2, plan=None):
    """Groups with strides, unequal pads and dilation, and layers behind them."""
    return NetworkPlan(
        (2, 5, 4),
        (
            Call("Conv", (2, 4, (3, 2)), UNEVEN),
            *middle,
            Call("GlobalAvgPool"),
            Call("Flatten"),
            Call("Linear", (4, outputs)),
        ),
        outputs,
        Call("HalfSquare"),
        rule,
        Constant() if plan is None else plan,
        batch=3,
        steps=3,
    )


SGD = Call("SGD", (Fraction(1, 10), Fraction(1, 2)), (("nesterov", True),))
MIDDLE = (
    Call("LeakyReLU", (Fraction(1, 10),)),
    Call("ConvTranspose", (4, 4, (2, 2)), SPREAD),
    Call("MaxPool", (2, 1)),
    Call("Residual", parts=((Call("Conv", (4, 4, (1, 1))), Call("ReLU")),)),
)
WITNESS = witness(*MIDDLE, rule=SGD)
LINES = LinearOneCycle(
    Fraction(1, 10), 10, 10_000, Fraction(9, 10), (Fraction(9, 10), Fraction(1, 2))
)
IN_LINES = witness(rule=SGD, plan=LINES)
NORMED = witness(
    Call("BatchNorm", (4,)), *MIDDLE, rule=Call("Adam", (Fraction(1, 10),))
)


RATIONAL = networks(exact=True, max_rank=2, max_size=4, max_layers=3, max_batch=2)

# -------------------------------------------------------------------------- rationals


def equal_in_rationals(plan):
    runs = [plan.train(route, object) for route in ROUTES]
    for run in runs:
        assert run.history.losses == runs[0].history.losses
        assert all(isinstance(loss, (Fraction, int)) for loss in run.history.losses)
        for name, array in run.model.parameters.items():
            assert (array == runs[0].model.parameters[name]).all(), name
        for label, array in run.rule.state().items():
            assert (array == runs[0].rule.state()[label]).all(), label


@some(40)
@given(RATIONAL)
@example(WITNESS)
@example(IN_LINES)
def test_in_rationals_every_loss_and_weight_is_equal_by_every_route(plan):
    equal_in_rationals(plan)


# ----------------------------------------------------------------------------- floats


def within_rounding(plan, dtype, route):
    one, other = plan.learner("sliding", dtype), plan.learner(route, dtype)
    agreement = compare_training(one, other, 1, plan=plan.plan, progress=False)
    assert agreement.steps == plan.steps
    assert agreement.holds, agreement
    assert one.rule.lr == other.rule.lr


@some(35)
@given(networks(), st.sampled_from(DTYPES), st.sampled_from(ROUTES[1:]))
@example(WITNESS, np.float64, "matrix")
@example(NORMED, np.float64, "matrix")
@example(NORMED, np.float32, "fast")
def test_in_floats_each_step_is_within_its_rounding_bound(plan, dtype, route):
    within_rounding(plan, dtype, route)


@some(15)
@given(networks(layers=("BatchNorm", "ReLU", "Conv")), st.sampled_from(ROUTES[1:]))
@example(NORMED, "matrix")
def test_running_statistics_move_as_rounding_lets_them(plan, route):
    one, other = plan.learner("sliding"), plan.learner(route)
    started = {name: array.copy() for name, array in one.model.buffers.items()}
    agreement = compare_training(one, other, 1, plan=plan.plan, progress=False)
    assert agreement.buffer_share <= 1
    for name, array in one.model.buffers.items():
        if name.endswith("num_batches_tracked"):
            assert array == other.model.buffers[name] == plan.steps
        elif name.endswith("running_var"):
            assert (array != started[name]).all()


@some(8)
@given(networks(exact=True, max_rank=2, max_size=3, max_layers=2, max_batch=2))
@example(WITNESS)
def test_each_step_in_single_precision_is_within_its_bound_of_the_same_in_rationals(
    plan,
):
    # The other run rounds nothing, so this bounds the error itself, by every route.
    # Double precision serves to measure: it is exact beside single precision.
    for route in ROUTES:
        one, exact = plan.learner(route, np.float32), plan.learner("sliding", object)
        exact.model.load({n: rational(a) for n, a in one.model.parameters.items()})
        for done, (x, y) in enumerate(one.loader.epoch(0)):
            set_rates(plan.plan, done, plan.steps, one.rule, exact.rule)
            before = gaps_between(one.model.parameters, exact.model.parameters)
            remembered = gaps_between(one.rule.state(), exact.rule.state())
            bound = step_bound(
                one.model,
                one.loss,
                one.rule,
                x,
                y,
                gaps=before,
                memory_gaps=remembered,
                undecayed=one.undecayed,
            )
            apart = abs(
                float(one.step(x, y)) - float(exact.step(*map(rational, (x, y))))
            )
            assert apart <= bound.loss
            after = gaps_between(one.model.parameters, exact.model.parameters)
            assert largest_growth(before, after, bound.parameters) <= 1


def rational(array):
    """The same numbers, exactly."""
    flat = [Fraction(float(number)) for number in array.flat]
    exact = np.empty(len(flat), object)
    exact[:] = flat
    return exact.reshape(array.shape)


# ------------------------------------------------------------- both laws see mistakes


@settings(
    max_examples=200,
    derandomize=True,
    database=None,
    phases=[Phase.generate],
    report_multiple_bugs=False,
)
@given(RATIONAL)
def exact_law(plan):
    equal_in_rationals(plan)


@settings(
    max_examples=200,
    derandomize=True,
    database=None,
    phases=[Phase.generate],
    report_multiple_bugs=False,
)
@given(networks(max_rank=2))
def float_law(plan):
    for route in ROUTES[1:]:
        within_rounding(plan, np.float64, route)


def taps_swapped_on_the_last_axis(patch):
    right = maps.forward
    patch.setattr(maps, "forward", lambda x, w, g: right(x, w[..., ::-1], g))


def matrix_of_the_first_step_kept(patch):
    right, kept = tied.tied_matrix, {}

    def stale(weight, g, max_bytes):
        key = g, str(weight.dtype)
        return kept.setdefault(key, right(weight, g, max_bytes))

    patch.setattr(tied, "tied_matrix", stale)


def last_group_left_out_of_the_gradient(patch):
    right = maps.input_grad

    def wrong(grad, w, g):
        x_grad = right(grad, w, g).copy()
        if g.groups > 1:
            x_grad[:, -g.in_channels // g.groups :] *= 0
        return x_grad

    patch.setattr(maps, "input_grad", wrong)


def first_sample_left_out_of_the_kernel_gradient(patch):
    right = ConvConstraint.pull_back_product

    def wrong(self, left, other):
        return right(self, left[:, 1:], other[1:])

    patch.setattr(ConvConstraint, "pull_back_product", wrong)


def gradient_averaged_over_each_tie(patch):
    right = ConvConstraint.pull_back_product

    def wrong(self, left, other):
        counts = np.maximum(self.ties.multiplicity.reshape(-1), 1)
        summed = right(self, left, other)
        shares = counts if summed.dtype != object else counts.astype(object)
        return (
            summed.reshape(-1) * (Fraction(1) / shares)
            if summed.dtype == object
            else summed.reshape(-1) / shares
        )

    patch.setattr(ConvConstraint, "pull_back_product", wrong)


def single_precision_inside(patch):
    right = functional.matrix_conv

    def wrong(x, matrix, bias, g):
        y = right(x, matrix, bias, g)
        return y if y.dtype == object else y.astype(np.float32).astype(y.dtype)

    patch.setattr(functional, "matrix_conv", wrong)


def by_matrix(patch, change):
    """Change each learner whose convolutions take their matrix."""
    right = NetworkPlan.learner

    def learner(self, route="fast", dtype=np.float64):
        made = right(self, route, dtype)
        if route == "matrix":
            change(made)
        return made

    patch.setattr(NetworkPlan, "learner", learner)


def momentum_of_the_norm_off_by_a_millionth(patch):
    def change(learner):
        for _, leaf in learner.model.leaves():
            if isinstance(leaf, BatchNorm):
                leaf.momentum *= 1 + 1e-6

    by_matrix(patch, change)


def decay_forgotten(patch):
    by_matrix(patch, lambda learner: setattr(learner.rule, "weight_decay", 0))


def rule_off_by_a_millionth(patch):
    right = Learner.step

    def step(self, x, y):
        conv = next(leaf for _, leaf in self.model.leaves() if hasattr(leaf, "route"))
        if conv.route == "matrix":
            self.rule.lr *= 1 + Fraction(1, 10**6)
        return right(self, x, y)

    patch.setattr(Learner, "step", step)


BUGS = [
    (taps_swapped_on_the_last_axis, "both"),
    (matrix_of_the_first_step_kept, "both"),
    (last_group_left_out_of_the_gradient, "both"),
    (first_sample_left_out_of_the_kernel_gradient, "both"),
    (gradient_averaged_over_each_tie, "both"),
    (decay_forgotten, "both"),
    (rule_off_by_a_millionth, "both"),
    (single_precision_inside, "floats"),
]


@pytest.mark.parametrize(
    ("bug", "law"),
    [
        pytest.param(bug, law, id=f"{bug.__name__}-{name}")
        for bug, seen in BUGS
        for name, law in (("rationals", exact_law), ("floats", float_law))
        if seen in ("both", name)
    ],
)
def test_a_mistake_in_one_route_is_caught(monkeypatch, bug, law):
    # By drawn networks alone: no witness is given to the law.
    bug(monkeypatch)
    with pytest.raises(AssertionError):
        law()


def test_running_statistics_catch_what_no_weight_shows(monkeypatch):
    momentum_of_the_norm_off_by_a_millionth(monkeypatch)
    one, other = NORMED.learner("sliding"), NORMED.learner("matrix")
    agreement = compare_training(one, other, 1, plan=NORMED.plan, progress=False)
    assert agreement.weight_share <= 1 < agreement.buffer_share
    assert not agreement.holds
    assert "BEYOND" in str(agreement)
    assert "of running statistics" in str(agreement)
