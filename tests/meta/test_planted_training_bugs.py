"""The checks of training are checked: each planted bug is caught by a named test.

The bugs are in the constraints, the layers, the losses and the loader, and in the
rounding bound that two training runs are held against. A bug inside a function is
planted in its source, as other text in place of one line.
"""

import importlib.util
import sys
import types
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from convmat.constraints import ConvConstraint, Rung, violation
from convmat.nn import (
    Conv,
    CrossEntropy,
    Flatten,
    HalfSquare,
    Loader,
    MatrixConv,
    functional,
    kernels,
)
from convmat.nn.functional import convolution
from convmat.verify import agreement, rounding
from convmat.verify.rounding.rules import through

Patch = pytest.MonkeyPatch


def sibling(name: str) -> types.ModuleType:
    spec = importlib.util.spec_from_file_location(name, Path(__file__).with_name(name))
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


planted = sibling("test_planted_bugs.py")
law, patch, sentence = planted.law, planted.patch, planted.sentence
TESTS = planted.TESTS


def plant(patch: Patch, owner: object, name: str, change) -> None:
    """`owner.name` calls `change` with the right function before its arguments."""
    right = getattr(owner, name)
    patch.setattr(owner, name, lambda *a, **k: change(right, *a, **k))


def plant_text(patch: Patch, module: types.ModuleType, name: str, old: str, new: str):
    """`module.name` becomes what it is with `new` for the one `old` in its source."""
    source = Path(module.__file__).read_text()
    assert source.count(old) == 1, f"{old!r} must be in the source of {module} once"
    wrong = types.ModuleType(f"planted_{name}")
    patch.setitem(sys.modules, wrong.__name__, wrong)  # dataclasses look it up
    exec(compile(source.replace(old, new), wrong.__name__, "exec"), vars(wrong))
    patch.setattr(module, name, getattr(wrong, name))


# ---------------------------------------------------------------------- constraints


def embedded_taps_reversed(patch: Patch) -> None:
    def change(right, self, kernel, **keywords):
        kernel = np.asarray(kernel)
        return right(self, kernel.ravel()[::-1].reshape(kernel.shape), **keywords)

    plant(patch, ConvConstraint, "embed", change)


def pulled_back_as_the_mean(patch: Patch) -> None:
    def change(right, self, matrix):
        return right(self, matrix) // np.maximum(self.ties.multiplicity, 1)

    plant(patch, ConvConstraint, "pull_back", change)


def one_entry_of_a_tie_left_out(patch: Patch) -> None:
    def change(right, self, gradient):
        gradient = gradient.copy()
        gradient[:1] = 0
        return right(self, gradient)

    plant(patch, Rung, "pull_back", change)


def product_pulled_back_from_the_first_sample(patch: Patch) -> None:
    def change(right, self, left, other):
        return right(self, left[:, :1], other[:1])

    plant(patch, ConvConstraint, "pull_back_product", change)


def projected_on_the_first_of_each_tie(patch: Patch) -> None:
    def change(right, self, matrix):
        entries = np.asarray(matrix)[self.rung.rows, self.rung.cols]
        return self.rung.read(entries).reshape(self.geometry.kernel_shape)

    plant(patch, ConvConstraint, "extract", change)


def mean_not_to_the_bit(patch: Patch) -> None:
    def change(right, self, matrix):
        return right(self, matrix) * (1 + 2**-50)

    plant(patch, ConvConstraint, "extract", change)


def structural_zeros_projected_to_themselves(patch: Patch) -> None:
    def change(right, self, matrix):
        outside = np.array(matrix)
        outside[self.ties.rows, self.ties.cols] = 0
        return right(self, matrix) + outside

    plant(patch, ConvConstraint, "project", change)


def zeros_not_looked_at(patch: Patch) -> None:
    def change(right, self, matrix):
        return replace(right(self, matrix), zeros=0, zero_at=None)

    plant(patch, ConvConstraint, "violation", change)


def ties_not_looked_at(patch: Patch) -> None:
    def change(right, self, matrix):
        return replace(right(self, matrix), ties=0, tie_at=None)

    plant(patch, ConvConstraint, "violation", change)


def breach_named_by_column_and_row(patch: Patch) -> None:
    def change(right, self, matrix):
        found = right(self, matrix)
        return replace(found, zero_at=found.zero_at and found.zero_at[::-1])

    plant(patch, ConvConstraint, "violation", change)


def nan_is_no_violation(patch: Patch) -> None:
    plant(
        patch,
        violation,
        "_largest_difference",
        lambda right, values, expected: right(np.nan_to_num(values), expected),
    )


# --------------------------------------------------------------------------- layers


def relu_passes_at_the_kink(patch: Patch) -> None:
    patch.setattr(functional, "relu_backward", lambda grad, x: np.where(x < 0, 0, grad))


def relu_gradient_by_the_gradient(patch: Patch) -> None:
    patch.setattr(functional, "relu_backward", lambda grad, x: np.maximum(grad, 0))


def relu_hides_nan(patch: Patch) -> None:
    patch.setattr(functional, "relu", lambda x: np.where(x > 0, x, 0))


def linear_bias_gradient_of_the_first_sample(patch: Patch) -> None:
    def change(right, grad, x, weight):
        return *right(grad, x, weight)[:2], grad[0]

    plant(patch, functional, "linear_backward", change)


def linear_weight_gradient_averaged(patch: Patch) -> None:
    def change(right, grad, x, weight):
        x_grad, weight_grad, bias_grad = right(grad, x, weight)
        return x_grad, weight_grad // len(x), bias_grad

    plant(patch, functional, "linear_backward", change)


def conv_bias_gradient_of_the_first_output(patch: Patch) -> None:
    patch.setattr(
        convolution,
        "bias_grad",
        lambda grad: grad.reshape(*grad.shape[:2], -1)[..., 0].sum(axis=0),
    )


def conv_without_bias(patch: Patch) -> None:
    patch.setattr(convolution, "plus_bias", lambda y, bias: y)


def matrix_gradient_not_transposed(patch: Patch) -> None:
    def change(right, grad, x, matrix, g):
        x_grad, *own = right(grad, x, matrix, g)
        return x_grad[..., ::-1], *own

    plant(patch, functional, "matrix_conv_backward", change)


def flattened_with_the_last_axis_first(patch: Patch) -> None:
    patch.setattr(Flatten, "forward", lambda self, x: x.T.reshape(-1, len(x)).T)


def biases_start_at_zero(patch: Patch) -> None:
    def change(right, rng, shape, *rest):
        numbers = right(rng, shape, *rest)
        return numbers if len(shape) > 1 else np.zeros_like(numbers)

    plant(patch, kernels, "initial", change)


# -------------------------------------------------------- losses, loader, update rule


def cross_entropy_gradient_summed_over_the_batch(patch: Patch) -> None:
    def change(right, self, outputs, targets):
        loss, grad = right(self, outputs, targets)
        return loss, grad * len(outputs)

    plant(patch, CrossEntropy, "__call__", change)


def cross_entropy_gradient_without_the_label(patch: Patch) -> None:
    def change(right, self, outputs, targets):
        loss, grad = right(self, outputs, targets)
        grad[np.arange(len(grad)), targets] += 1 / len(grad)
        return loss, grad

    plant(patch, CrossEntropy, "__call__", change)


def half_square_gradient_twice(patch: Patch) -> None:
    def change(right, self, outputs, targets):
        loss, grad = right(self, outputs, targets)
        return loss, 2 * grad

    plant(patch, HalfSquare, "__call__", change)


def loader_drops_the_last_sample(patch: Patch) -> None:
    def change(right, self, number):
        *batches, (x, y) = right(self, number)
        yield from batches
        yield x[:-1], y[:-1]

    plant(patch, Loader, "epoch", change)


def loader_parts_inputs_from_targets(patch: Patch) -> None:
    def change(right, self, number):
        for x, y in right(self, number):
            yield x, y[::-1]

    plant(patch, Loader, "epoch", change)


def every_epoch_in_one_order(patch: Patch) -> None:
    plant(patch, Loader, "epoch", lambda right, self, number: right(self, 0))


# ------------------------------------------------------------------ bounds of training


def loss_not_held_against_its_bound(patch: Patch) -> None:
    old = "loss_share = max(loss_share, _share(apart, bound.loss))"
    plant_text(patch, agreement, "compare_training", old, "loss_share = 0.0")


def weights_not_held_against_their_bound(patch: Patch) -> None:
    patch.setattr(agreement, "largest_growth", lambda before, after, bound: 0.0)


@pytest.fixture
def rules():
    """The rules of layers as they are, put back after a test."""
    registered = dict(through.registry)
    yield
    for kind, rule in registered.items():
        through.register(kind, rule)


def plant_bound(patch: Patch, place: str, old: str, new: str) -> None:
    """Run a file of the bound with `new` for the one `old`, and take what it gives."""
    module = importlib.import_module(f"convmat.verify.rounding.{place}")
    source = Path(module.__file__).read_text()
    assert source.count(old) == 1, f"{old!r} must be in the source of {module} once"
    wrong = types.ModuleType(f"planted_{place}")
    patch.setitem(sys.modules, wrong.__name__, wrong)  # dataclasses look it up
    exec(compile(source.replace(old, new), wrong.__name__, "exec"), vars(wrong))
    if place == "units":
        for name, value in vars(wrong.Unit).items():
            if isinstance(value, types.FunctionType) and not name.startswith("__"):
                patch.setattr(module.Unit, name, value)
    for name in {"losses": ["loss_gaps"], "updates": ["moved"]}.get(place, []):
        patch.setattr(rounding.step, name, getattr(wrong, name))


UNSURE = "np.where(positive, grad.gap, np.where(unsure, parted, low))"
NO_GAP = "return Gapped({0}.values, 0 * {0}.gap)\n"
BOUNDS = {
    # what is left out of the bound: its file, a text of it, and what stands instead
    "drift": (
        "units",
        "drift = apply(a, b_gap) + apply(a_gap, b + b_gap)",
        "drift = 0",
    ),
    "gap_of_the_left": (
        "units",
        "apply(a, b_gap) + apply(a_gap, b + b_gap)",
        "apply(a, b_gap)",
    ),
    "gap_of_the_right": ("units", "apply(a, b_gap) + apply", "apply"),
    "product_of_two_gaps": ("units", "apply(a_gap, b + b_gap)\n", "apply(a_gap, b)\n"),
    "old_velocity": (
        "updates",
        'velocity = unit.plus(grad, momentum, entry.memory["velocity"])',
        'velocity = Gapped(entry.memory["velocity"].values, grad.gap)',
    ),
    "gap_of_the_gradient": (
        "updates",
        "return entry.grad\n",
        NO_GAP.format("entry.grad"),
    ),
    "gap_of_the_weights": (
        "updates",
        "return entry.weight\n",
        NO_GAP.format("entry.weight"),
    ),
    "nesterov": (
        "updates",
        " if rule.nesterov else velocity",
        " if False else velocity",
    ),
    "coupled_decay": (
        "updates",
        "return unit.plus(entry.grad, decay, entry.weight)",
        "return entry.grad",
    ),
    "decoupled_decay": (
        "updates",
        "return entry.weight.scaled(1 - float(rule.lr) * decay)\n",
        NO_GAP.format("entry.weight"),
    ),
    "rounding_of_the_step": (
        "units",
        "moved.gap + self.rounding(one.size + moved.size, 2)",
        "moved.gap",
    ),
    "unsure_sign": ("entries", UNSURE, "np.where(positive, grad.gap, low)"),
    "softmax": ("losses", "np.expm1(2 * d)", "np.expm1(0 * d)"),
    "half_of_the_softmax": ("losses", "np.expm1(2 * d)", "np.expm1(d)"),
    "loss_of_scores": ("losses", "each = 2 * d[:, 0] + 2", "each = 2"),
    "loss_of_squares": (
        "losses",
        "drift = float((error_gap",
        "drift = 0 * float((error_gap",
    ),
    "gradient_of_squares": ("losses", "share * (error_gap", "share * (0 * error_gap"),
    "bias": ("kernels", "gap = gap + bias.gap +", "gap = gap +"),
    "gradient_of_the_bias": (
        "units",
        "gap = one.gap.sum(axis=axes) + self",
        "gap = self",
    ),
    "rounding": ("units", "return 2 * (gamma(terms", "return 0 * (gamma(terms"),
    "inverse": ("units", "one.gap / low + one.size * inverse", "one.gap / low"),
    "least_divisor": (
        "units",
        "np.maximum(other.values - other.gap, least)",
        "other.values",
    ),
    "half_a_root": ("units", "squares.gap / (2 * low)", "squares.gap / (4 * low)"),
    "gaps_that_meet_twice": ("units", "(b + 2 * other.gap)", "b"),
    "second_moment": ("updates", "1 - beta2, unit.times(grad, grad))", "0, grad)"),
    "correction": ("updates", "(1 - beta1**steps)", "1"),
    "other_cells": ("pooling", "np.where(several, size,", "np.where(False, size,"),
    "gap_of_a_maximum": ("pooling", "np.where(wins, inside.gap, 0)", "0 * inside.gap"),
    "gap_of_a_mean": (
        "pooling",
        "np.abs(probe.forward(x.gap))",
        "0 * probe.forward(x.gap)",
    ),
    "gap_handed_back": ("pooling", "gap = np.abs(probe.backward(grad.gap))", "gap = 0"),
    "other_slope": ("entries", "low = abs(slope) * x.gap", "low = 0 * x.gap"),
    "slope_backward": ("entries", "low = abs(slope) * grad.gap", "low = 0 * grad.gap"),
    "what_dropout_keeps": ("entries", "gap = factor * one.gap", "gap = 0 * one.gap"),
    "spread": (
        "norm",
        "scale = unit.over(gamma, root, least)\n",
        "scale = unit.over(gamma, Gapped(root.values, 0 * root.gap), least)\n",
    ),
    "gap_of_apart": (
        "norm",
        "unit.plus(unit.times(apart, scales), 1,",
        "unit.plus(unit.times(Gapped(apart.values, 0 * apart.gap), scales), 1,",
    ),
    "level": ("norm", "x_grad = unit.plus(x_grad, -1, level.reshape(column))", "pass"),
    "taken_out": ("norm", "x_grad = unit.plus(x_grad, -1, taken)", "pass"),
    "running": (
        "norm",
        "buffers[name] = OWN * moved.gap",
        "buffers[name] = 0 * moved.gap",
    ),
    "shortcut": ("composites", "one.gap + other.gap +", "one.gap +"),
    "probability": (
        "losses",
        "np.minimum(gap / 4, share",
        "np.minimum(gap / 40, share",
    ),
    "binary_loss": ("losses", "each = slope * gap +", "each ="),
    "smoothed_part": (
        "losses",
        "grad_gap = row * share_gap",
        "grad_gap = 0 * share_gap",
    ),
}

ONE_STEP = {"dtype": np.float64, "size": 1e-3}
IS_WITHIN = "test_an_honest_step_is_within_its_bound"
WITH_OPTIONS = "test_an_honest_step_with_options_is_within_its_bound"
ROUNDS = "test_a_step_that_rounds_two_ways_is_within_its_bound"
IS_REACHED = "test_the_bound_of_a_gap_in_the_weights_is_reached"
PASSES_ONCE = "test_a_gradient_that_passes_relu_in_one_run_only_is_within_the_bound"
SOFTMAX = "test_the_softmax_bound_of_scores_that_part_is_reached"
CROSS, SQUARE = {"loss": "cross entropy"}, {"loss": "half square"}
LAYER = "test_honest_steps_through_a_layer_are_within_their_bounds"
LOSS = "test_honest_steps_with_a_loss_are_within_their_bounds"
NEAR = "test_adam_of_gradients_far_above_their_gap_has_a_bound_near_the_gap"
QUOTIENT = "test_quotients_and_roots_of_two_runs_are_within_their_gaps"
PRODUCT = "test_sums_and_products_of_two_runs_are_within_their_gaps"
TWO_CELLS = (
    "test_where_two_cells_may_be_the_largest_the_gradient_counts_in_full_at_both"
)
REMEMBERED = "test_the_bound_of_a_gap_in_a_remembered_statistic_is_reached"
STATISTICS = (
    "test_the_bound_of_a_gradient_through_the_statistics_holds_where_gaps_add_up"
)
EPS = "test_adam_of_gradients_that_are_mere_rounding_has_a_finite_bound_through_eps"

BOUND_LAWS = [
    ("drift", IS_WITHIN, {**ONE_STEP, **CROSS}),
    ("gap_of_the_left", IS_WITHIN, {**ONE_STEP, **CROSS}),
    ("gap_of_the_right", IS_WITHIN, {**ONE_STEP, **CROSS}),
    ("product_of_two_gaps", IS_REACHED, {"gap": 1}),
    ("old_velocity", IS_WITHIN, {**ONE_STEP, **CROSS}),
    ("gap_of_the_gradient", IS_WITHIN, {**ONE_STEP, **CROSS}),
    ("gap_of_the_weights", IS_WITHIN, {**ONE_STEP, **CROSS}),
    ("nesterov", WITH_OPTIONS, {**ONE_STEP, "option": "nesterov"}),
    ("coupled_decay", WITH_OPTIONS, {**ONE_STEP, "option": "coupled"}),
    ("decoupled_decay", WITH_OPTIONS, {**ONE_STEP, "option": "decoupled"}),
    ("rounding_of_the_step", ROUNDS, {}),
    ("unsure_sign", PASSES_ONCE, {}),
    ("softmax", SOFTMAX, {}),
    ("half_of_the_softmax", SOFTMAX, {}),
    ("loss_of_scores", IS_WITHIN, {**ONE_STEP, **CROSS}),
    ("loss_of_squares", IS_WITHIN, {**ONE_STEP, **SQUARE}),
    ("gradient_of_squares", IS_WITHIN, {**ONE_STEP, **SQUARE}),
    ("bias", IS_WITHIN, {**ONE_STEP, **CROSS}),
    ("gradient_of_the_bias", IS_WITHIN, {**ONE_STEP, **CROSS}),
    ("rounding", IS_WITHIN, {"dtype": np.float32, "size": 0, **SQUARE}),
    ("inverse", QUOTIENT, {}),
    ("least_divisor", QUOTIENT, {}),
    ("half_a_root", QUOTIENT, {}),
    ("gaps_that_meet_twice", PRODUCT, {}),
    ("second_moment", NEAR, {}),
    ("correction", EPS, {}),
    ("other_cells", TWO_CELLS, {}),
    ("gap_of_a_maximum", LAYER, {**ONE_STEP, "layer": "max pool"}),
    ("gap_of_a_mean", LAYER, {**ONE_STEP, "layer": "avg pool"}),
    ("gap_handed_back", LAYER, {**ONE_STEP, "layer": "global avg pool"}),
    ("other_slope", LAYER, {**ONE_STEP, "layer": "leaky relu turned"}),
    ("slope_backward", LAYER, {**ONE_STEP, "layer": "leaky relu turned"}),
    ("what_dropout_keeps", LAYER, {**ONE_STEP, "layer": "dropout"}),
    ("spread", REMEMBERED, {"moving": "running_var"}),
    ("gap_of_apart", REMEMBERED, {"moving": "running_mean"}),
    ("level", STATISTICS, {"first": 0}),
    ("taken_out", STATISTICS, {"first": 6}),
    ("running", LAYER, {**ONE_STEP, "layer": "batch norm"}),
    ("shortcut", LAYER, {**ONE_STEP, "layer": "residual"}),
    ("probability", LOSS, {**ONE_STEP, "loss": "binary"}),
    ("binary_loss", LOSS, {**ONE_STEP, "loss": "binary"}),
    ("smoothed_part", LOSS, {**ONE_STEP, "loss": "smooth and weighted"}),
]

# --------------------------------------------------------------------------- tests

CONSTRAINTS, LAYERS, LOSSES = (
    "test_constraints.py",
    "nn/test_layers.py",
    "nn/test_losses.py",
)
DATA, MODELS = "nn/test_data.py", "nn/test_models.py"
TRAINING = "nn/test_equal_training.py"
BOUND_FILES = "verify/test_rounding.py", "verify/test_rounding_rules.py"

LAWS = [
    (
        embedded_taps_reversed,
        CONSTRAINTS,
        "test_embedding_is_the_dense_form_of_the_matrix",
        {},
    ),
    (
        pulled_back_as_the_mean,
        CONSTRAINTS,
        "test_pull_back_is_the_transpose_of_embed",
        {},
    ),
    (
        one_entry_of_a_tie_left_out,
        CONSTRAINTS,
        "test_pull_back_is_the_transpose_of_embed",
        {},
    ),
    (
        product_pulled_back_from_the_first_sample,
        CONSTRAINTS,
        "test_pull_back_of_the_dense_gradient_is_the_kernel_gradient",
        {},
    ),
    (
        projected_on_the_first_of_each_tie,
        CONSTRAINTS,
        "test_projection_is_orthogonal_in_rationals",
        {},
    ),
    (
        structural_zeros_projected_to_themselves,
        CONSTRAINTS,
        "test_projection_obeys_both_constraints_exactly",
        {},
    ),
    (
        mean_not_to_the_bit,
        CONSTRAINTS,
        "test_projection_leaves_an_obeying_matrix_as_it_is",
        {},
    ),
    (
        zeros_not_looked_at,
        CONSTRAINTS,
        "test_violation_names_the_entry_that_breaks",
        {},
    ),
    (
        ties_not_looked_at,
        CONSTRAINTS,
        "test_violation_names_the_entry_that_breaks",
        {},
    ),
    (
        breach_named_by_column_and_row,
        CONSTRAINTS,
        "test_violation_names_the_entry_that_breaks",
        {},
    ),
    (
        nan_is_no_violation,
        CONSTRAINTS,
        "test_what_is_not_finite_never_holds",
        {"bad": np.nan},
    ),
    (
        relu_passes_at_the_kink,
        LAYERS,
        "test_relu_passes_what_is_positive_and_nothing_at_the_kink",
        {},
    ),
    (
        relu_gradient_by_the_gradient,
        LAYERS,
        "test_relu_passes_what_is_positive_and_nothing_at_the_kink",
        {},
    ),
    (relu_hides_nan, LAYERS, "test_relu_lets_nan_through", {}),
    (
        linear_bias_gradient_of_the_first_sample,
        LAYERS,
        "test_linear_gradients_are_exact_differences",
        {},
    ),
    (
        linear_weight_gradient_averaged,
        LAYERS,
        "test_linear_gradients_are_exact_differences",
        {},
    ),
    (
        conv_bias_gradient_of_the_first_output,
        LAYERS,
        "test_convolution_gradients_are_exact_differences",
        {"kind": Conv},
    ),
    (
        matrix_gradient_not_transposed,
        LAYERS,
        "test_convolution_gradients_are_exact_differences",
        {"kind": MatrixConv},
    ),
    (conv_without_bias, LAYERS, "test_both_convolutions_are_conv_with_bias", {}),
    (
        flattened_with_the_last_axis_first,
        LAYERS,
        "test_flatten_goes_there_and_back",
        {},
    ),
    (
        biases_start_at_zero,
        LAYERS,
        "test_initial_biases_are_drawn_from_the_same_range",
        {"kind": Conv},
    ),
    (
        cross_entropy_gradient_summed_over_the_batch,
        LOSSES,
        "test_cross_entropy_gradient_is_the_complex_step_derivative",
        {},
    ),
    (
        cross_entropy_gradient_without_the_label,
        LOSSES,
        "test_cross_entropy_gradient_is_the_complex_step_derivative",
        {},
    ),
    (half_square_gradient_twice, LOSSES, "test_half_square_is_exact_in_fractions", {}),
    (
        loader_drops_the_last_sample,
        DATA,
        "test_an_epoch_holds_every_sample_once",
        {},
    ),
    (
        loader_parts_inputs_from_targets,
        DATA,
        "test_an_epoch_holds_every_sample_once",
        {},
    ),
    (
        every_epoch_in_one_order,
        DATA,
        "test_an_epoch_depends_on_seed_and_number_only",
        {},
    ),
    (
        loss_not_held_against_its_bound,
        TRAINING,
        "test_a_loss_wrong_by_a_millionth_is_beyond_the_bound_though_no_weight_is",
        {},
    ),
]


@pytest.mark.parametrize(("bug", "file", "name", "arguments"), LAWS, ids=sentence)
def test_a_law_catches(patch, bug, file, name, arguments):
    bug(patch)
    check = law(file, name)  # it imports what is planted
    with pytest.raises(AssertionError):
        check(**arguments)


def bound_law(name):
    """The law of that name in the one file that has it."""
    (found,) = (f for f in BOUND_FILES if f"def {name}(" in (TESTS / f).read_text())
    return law(found, name)


@pytest.mark.parametrize(
    ("bug", "name", "arguments"), BOUND_LAWS, ids=[bug for bug, *_ in BOUND_LAWS]
)
def test_a_bound_that_leaves_something_out_is_broken(
    patch, rules, bug, name, arguments
):
    plant_bound(patch, *BOUNDS[bug])
    check = bound_law(name)
    with pytest.raises(AssertionError):
        check(**arguments)


def test_every_part_of_the_bound_is_left_out_once():
    assert [bug for bug, *_ in BOUND_LAWS] == list(BOUNDS)


def test_weights_beyond_their_bound_are_seen_by_largest_growth_alone(patch):
    weights_not_held_against_their_bound(patch)
    check = law(TRAINING, "test_a_gradient_averaged_over_ties_is_beyond_the_bound")
    with pytest.raises(AssertionError):
        check(patch)


@pytest.mark.parametrize(
    ("file", "name", "arguments"),
    {(file, name): (file, name, a) for _, file, name, a in LAWS}.values(),
)
def test_the_same_law_holds_without_the_bug(patch, file, name, arguments):
    law(file, name)(**arguments)


@pytest.mark.parametrize(
    ("name", "arguments"), {name: (name, a) for _, name, a in BOUND_LAWS}.values()
)
def test_the_same_bound_holds_with_all_of_it(patch, name, arguments):
    bound_law(name)(**arguments)
