"""The checks of layers are checked: each planted bug is caught by a named test."""

import importlib.util
import types
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

import convmat.nn
from convmat.costs import Cost
from convmat.nn import (
    AvgPool,
    BatchNorm,
    BinaryCrossEntropy,
    Composite,
    ConvTranspose,
    CrossEntropy,
    MaxPool,
    Residual,
    convolutions,
    dropout,
    fields,
    functional,
    metrics,
)
from convmat.nn import initial as initials
from convmat.nn import transposed as transposed_layer
from convmat.nn.functional import norm, pooling, transposed
from convmat.receptive import recurrence

Patch = pytest.MonkeyPatch


def sibling(name: str) -> types.ModuleType:
    spec = importlib.util.spec_from_file_location(name, Path(__file__).with_name(name))
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


training = sibling("test_planted_training_bugs.py")
law, patch, sentence = training.law, training.patch, training.sentence
plant, plant_text = training.plant, training.plant_text


# -------------------------------------------------------------------------- pooling


def last_maximum_wins(patch: Patch) -> None:
    plant_text(patch, pooling, "max_pool", "candidate > best", "candidate >= best")
    patch.setattr(functional, "max_pool", pooling.max_pool)


def nan_is_passed_over(patch: Patch) -> None:
    plant_text(patch, pooling, "max_pool", " | (candidate != candidate)", "")
    patch.setattr(functional, "max_pool", pooling.max_pool)


def maximum_at_the_first_cell(patch: Patch) -> None:
    def change(right, x, g):
        y, taps = right(x, g)
        return y, np.zeros_like(taps)

    plant(patch, functional, "max_pool", change)


def overlapping_gradients_overwrite(patch: Patch) -> None:
    old = "x_grad[:, :, *sources] += np.where(there, own, zero)"
    new = old.replace("+=", "=").replace("zero", "x_grad[:, :, *sources]")
    plant_text(patch, pooling, "max_pool_backward", old, new)
    patch.setattr(functional, "max_pool_backward", pooling.max_pool_backward)


def windows_start_without_their_dilation(patch: Patch) -> None:
    def change(right, self, pool_size, stride=None, padding=0, **keywords):
        return right(self, pool_size, stride, padding, **(keywords | {"dilation": 1}))

    plant(patch, MaxPool, "__init__", change)


def stride_is_one_by_default(patch: Patch) -> None:
    def change(right, self, pool_size, stride=None, *rest, **keywords):
        return right(self, pool_size, stride or 1, *rest, **keywords)

    plant(patch, AvgPool, "__init__", change)


def whole_window_divides(patch: Patch) -> None:
    # What hangs over the padding counts too.
    def change(right, self, windows):
        right(self, windows)
        g = windows.geometry
        return np.full(g.output_size, int(np.prod(g.kernel_size)))

    plant(patch, AvgPool, "divisors", change)


def mean_gradient_undivided(patch: Patch) -> None:
    def change(right, grad, g, divisors):
        return right(grad, g, np.ones_like(divisors))

    plant(patch, functional, "avg_pool_backward", change)


def global_gradient_undivided(patch: Patch) -> None:
    def change(right, grad, spatial):
        return right(grad, spatial) * int(np.prod(spatial))

    plant(patch, functional, "global_avg_pool_backward", change)


# ----------------------------------------------------------------------- batch norm


def mean_is_a_constant(patch: Patch) -> None:
    plant_text(
        patch,
        norm,
        "batch_norm_backward",
        "straight - beside_channels(level, x) - apart",
        "straight - apart",
    )
    patch.setattr(functional, "batch_norm_backward", norm.batch_norm_backward)


def variance_is_a_constant(patch: Patch) -> None:
    plant_text(
        patch,
        norm,
        "batch_norm_backward",
        " - apart * beside_channels(slope, x)",
        "",
    )
    patch.setattr(functional, "batch_norm_backward", norm.batch_norm_backward)


def normalised_by_the_unbiased_variance(patch: Patch) -> None:
    def change(right, x, gamma, beta, eps):
        _, mean, var = right(x, gamma, beta, eps)
        entries = x.size // x.shape[1]
        unbiased = var * entries / (entries - 1)
        return functional.normalise(x, gamma, beta, mean, unbiased, eps), mean, var

    plant(patch, functional, "batch_norm", change)


def biased_variance_remembered(patch: Patch) -> None:
    def change(right, self, mean, var, entries):
        return right(self, mean, var * (entries - 1) / entries, entries)

    plant(patch, BatchNorm, "track", change)


def momentum_of_the_old(patch: Patch) -> None:
    def change(right, self, mean, var, entries):
        self.momentum = 1 - self.momentum
        right(self, mean, var, entries)
        self.momentum = 1 - self.momentum

    plant(patch, BatchNorm, "track", change)


def eps_added_to_the_root(patch: Patch) -> None:
    def change(right, var, eps):
        return right(var, 0) + eps

    plant(patch, norm, "_roots", change)


def tracks_in_eval_mode(patch: Patch) -> None:
    def change(right, self, x):
        y = right(self, x)
        self.track(x.mean(axis=0), x.var(axis=0), len(x))
        return y

    plant(patch, BatchNorm, "forward", change)


def backward_in_the_present_mode(patch: Patch) -> None:
    def change(right, self, grad):
        _, mean, var = self._statistics
        self._statistics = self.training, mean, var
        return right(self, grad)

    plant(patch, BatchNorm, "backward", change)


# -------------------------------------------------------------- transposed convolution


def transposed_weight_gradient_not_exchanged(patch: Patch) -> None:
    def change(right, grad, x, weight, g, route="fast"):
        x_grad, weight_grad, bias_grad = right(grad, x, weight, g, route)
        return x_grad, weight_grad[..., ::-1], bias_grad

    plant(patch, functional, "conv_transpose_backward", change)


def transposed_input_gradient_by_the_same_map(patch: Patch) -> None:
    def change(right, grad, x, weight, g, route="fast"):
        _, *own = right(grad, x, weight, g, route)
        return right(grad, x, weight[..., ::-1], g, route)[0], *own

    plant(patch, functional, "conv_transpose_backward", change)


def transposed_bias_by_the_input_channels(patch: Patch) -> None:
    patch.setattr(transposed, "plus_bias", lambda y, bias: y + bias.sum())


def output_padding_forgotten(patch: Patch) -> None:
    def change(right, self, *arguments, **keywords):
        return right(self, *arguments, **(keywords | {"output_padding": 0}))

    plant(patch, ConvTranspose, "__init__", change)


# ---------------------------------------------------------------- other layers, models


def slope_at_the_wrong_side(patch: Patch) -> None:
    patch.setattr(functional, "leaky_relu", lambda x, s: np.where(x > 0, s * x, x))


def leaky_gradient_is_that_of_relu(patch: Patch) -> None:
    patch.setattr(
        functional, "leaky_relu_backward", lambda g, x, s: np.where(x > 0, g, 0 * g)
    )


def dropout_not_scaled(patch: Patch) -> None:
    patch.setattr(functional, "dropout", lambda x, kept, rate: x * kept)


def dropout_gradient_everywhere(patch: Patch) -> None:
    patch.setattr(functional, "dropout_backward", lambda grad, kept, rate: grad)


def dropout_keeps_what_it_should_drop(patch: Patch) -> None:
    plant_text(patch, dropout, "Dropout", ">= float(self.rate)", "< float(self.rate)")
    patch.setattr(convmat.nn, "Dropout", dropout.Dropout)


def shortcut_without_a_gradient(patch: Patch) -> None:
    def backward(self, grad):
        for name in self.parts:
            self._back(name, grad)
        return self._back("body", grad)

    patch.setattr(Residual, "backward", backward)


def names_without_the_path(patch: Patch) -> None:
    def leaves(self):
        for name, part in self.parts.items():
            if isinstance(part, Composite):
                yield from part.leaves()
            else:
                yield name, part

    patch.setattr(Composite, "leaves", leaves)


def state_is_the_arrays_themselves(patch: Patch) -> None:
    def state(self):
        return self.parameters | self.buffers

    patch.setattr(Composite, "state", state)


# --------------------------------------------------- losses, metrics, initial, summary


def smoothing_takes_nothing_from_the_label(patch: Patch) -> None:
    def change(right, self, scores, softmax, logs, targets):
        loss, grad = right(self, scores, softmax, logs, targets)
        return loss * (1 + self.label_smoothing), grad

    plant(patch, CrossEntropy, "_spread", change)


def weighted_mean_over_the_batch(patch: Patch) -> None:
    def change(right, self, scores, softmax, logs, targets):
        loss, grad = right(self, scores, softmax, logs, targets)
        share = np.mean(np.ones(5)[targets] if self.weight is None else self.weight)
        return loss * share, grad * share

    plant(patch, CrossEntropy, "_spread", change)


def binary_gradient_of_the_mean_over_rows(patch: Patch) -> None:
    def change(right, self, outputs, targets):
        loss, grad = right(self, outputs, targets)
        return loss, grad * outputs.shape[1]

    plant(patch, BinaryCrossEntropy, "__call__", change)


def told_before_right(patch: Patch) -> None:
    def change(right, outputs, labels):
        return right(outputs, labels).T

    plant(patch, metrics, "confusion_matrix", change)
    patch.setattr(convmat.nn, "confusion_matrix", metrics.confusion_matrix)


def kaiming_as_for_a_sigmoid(patch: Patch) -> None:
    def change(right, rng, shape, fan_in, **keywords):
        return right(rng, shape, fan_in, **keywords) / np.sqrt(2)

    plant(patch, initials, "kaiming_normal", change)
    patch.setattr(convmat.nn, "kaiming_normal", initials.kaiming_normal)


def jump_taken_before_the_field(patch: Patch) -> None:
    plant_text(
        patch,
        recurrence,
        "Field",
        "window.reach * self.jump",
        "window.reach * self.jump * window.stride",
    )
    patch.setattr(fields, "Field", recurrence.Field)


def multiplications_by_the_inputs(patch: Patch) -> None:
    # What fastbook does: the taps times the grid of the input.
    def change(right, g):
        facts = right(g)
        padded = g.free_parameters * int(np.prod(g.input_size))
        cost = Cost(padded, facts.multiplications.effective)
        return replace(facts, multiplications=cost)

    plant(patch, convolutions, "conv_facts", change)


def transposed_matrix_not_transposed(patch: Patch) -> None:
    def change(right, self, input_shape):
        facts = right(self, input_shape)
        return replace(facts, matrix_shape=facts.matrix_shape[::-1])

    plant(patch, transposed_layer.ConvTranspose, "facts", change)


POOLING, NORM, EVERY = "nn/test_pooling.py", "nn/test_norm.py", "nn/test_every_layer.py"
TRANSPOSED, COMPOSITES = "nn/test_transposed.py", "nn/test_composites.py"
LAYERS, DROPOUT, SUMMARY = (
    "nn/test_layers.py",
    "nn/test_dropout.py",
    "nn/test_summary.py",
)
LOSSES, METRICS, INITIAL = (
    "nn/test_losses.py",
    "nn/test_metrics.py",
    "nn/test_initial.py",
)

BRUTE = "test_max_pooling_is_brute_force_and_its_gradient_goes_to_the_first_maximum"
MATRIX = "test_average_pooling_is_its_matrix_and_exact_in_fractions"
EXACT = "test_gradients_are_exact_differences"
JACOBIAN = "test_the_gradient_is_the_transposed_jacobian_exactly"
EXCHANGED = "test_its_gradients_are_those_of_the_paired_convolution_exchanged"
FUNCTION = "test_every_route_is_the_function_and_the_matrix"
DEFINITION = "test_smoothed_and_weighted_cross_entropy_is_its_definition"
LEAKY = "test_leaky_relu_keeps_a_share_of_what_is_not_positive"
FASTBOOK = "test_net_a_of_fastbook_multiplies_by_its_outputs"

LAWS = [
    (last_maximum_wins, POOLING, BRUTE, {}),
    (
        nan_is_passed_over,
        POOLING,
        "test_nan_is_the_largest_and_the_last_of_several",
        {},
    ),
    (maximum_at_the_first_cell, POOLING, BRUTE, {}),
    (overlapping_gradients_overwrite, POOLING, BRUTE, {}),
    (windows_start_without_their_dilation, POOLING, BRUTE, {}),
    (stride_is_one_by_default, POOLING, "test_an_integer_stands_for_all_axes", {}),
    (whole_window_divides, POOLING, MATRIX, {}),
    (mean_gradient_undivided, POOLING, MATRIX, {}),
    (
        global_gradient_undivided,
        POOLING,
        "test_global_pooling_is_the_mean_and_its_gradient_equal_shares",
        {},
    ),
    (mean_is_a_constant, NORM, JACOBIAN, {}),
    (variance_is_a_constant, NORM, JACOBIAN, {}),
    (
        variance_is_a_constant,
        NORM,
        "test_all_gradients_are_the_complex_step_derivatives",
        {"shape": (4, 3, 5)},
    ),
    (
        normalised_by_the_unbiased_variance,
        NORM,
        "test_all_gradients_are_the_complex_step_derivatives",
        {"shape": (4, 3, 5)},
    ),
    (
        biased_variance_remembered,
        NORM,
        "test_what_is_remembered_is_the_mean_and_the_unbiased_variance",
        {},
    ),
    (
        momentum_of_the_old,
        NORM,
        "test_what_is_remembered_is_the_mean_and_the_unbiased_variance",
        {},
    ),
    (eps_added_to_the_root, NORM, "test_eps_is_added_to_the_variance", {}),
    (
        tracks_in_eval_mode,
        NORM,
        "test_in_eval_mode_the_remembered_statistics_normalise_and_nothing_is_tracked",
        {},
    ),
    (
        backward_in_the_present_mode,
        NORM,
        "test_the_mode_of_the_forward_pass_is_that_of_its_backward_pass",
        {},
    ),
    (transposed_weight_gradient_not_exchanged, TRANSPOSED, EXCHANGED, {}),
    (transposed_input_gradient_by_the_same_map, TRANSPOSED, EXCHANGED, {}),
    (
        transposed_input_gradient_by_the_same_map,
        EVERY,
        EXACT,
        {"name": "transposed fast"},
    ),
    (transposed_bias_by_the_input_channels, TRANSPOSED, FUNCTION, {}),
    (output_padding_forgotten, TRANSPOSED, FUNCTION, {}),
    (slope_at_the_wrong_side, LAYERS, LEAKY, {}),
    (leaky_gradient_is_that_of_relu, LAYERS, LEAKY, {}),
    (leaky_gradient_is_that_of_relu, EVERY, EXACT, {"name": "leaky relu"}),
    (
        dropout_not_scaled,
        DROPOUT,
        "test_entries_are_dropped_or_scaled_and_the_gradient_goes_the_same_way",
        {},
    ),
    (dropout_gradient_everywhere, EVERY, EXACT, {"name": "dropout"}),
    (dropout_keeps_what_it_should_drop, DROPOUT, "test_so_many_are_dropped", {}),
    (shortcut_without_a_gradient, EVERY, EXACT, {"name": "residual"}),
    (names_without_the_path, COMPOSITES, "test_names_are_pytorchs", {}),
    (
        state_is_the_arrays_themselves,
        COMPOSITES,
        "test_a_state_is_copied_out_and_in",
        {},
    ),
    (
        smoothing_takes_nothing_from_the_label,
        LOSSES,
        DEFINITION,
        {"smoothing": 0.1, "weight": None},
    ),
    (
        weighted_mean_over_the_batch,
        LOSSES,
        DEFINITION,
        {"smoothing": 0.0, "weight": [1, 2, 0, 5, 3]},
    ),
    (
        binary_gradient_of_the_mean_over_rows,
        LOSSES,
        "test_the_gradient_of_binary_cross_entropy_is_the_complex_step_derivative",
        {},
    ),
    (
        told_before_right,
        METRICS,
        "test_a_confusion_matrix_counts_pairs_right_first",
        {},
    ),
    (
        kaiming_as_for_a_sigmoid,
        INITIAL,
        "test_kaiming_has_the_variance_that_a_relu_halves",
        {"slope": 0.0},
    ),
    (multiplications_by_the_inputs, SUMMARY, FASTBOOK, {}),
    (jump_taken_before_the_field, SUMMARY, FASTBOOK, {}),
    (
        transposed_matrix_not_transposed,
        EVERY,
        "test_the_matrix_of_the_summary_is_that_of_the_layer",
        {"name": "transposed fast"},
    ),
]


@pytest.mark.parametrize(("bug", "file", "name", "arguments"), LAWS, ids=sentence)
def test_a_law_catches(patch, bug, file, name, arguments):
    bug(patch)
    check = law(file, name)  # it imports what is planted
    with pytest.raises(AssertionError):
        check(**arguments)


@pytest.mark.parametrize(
    ("file", "name", "arguments"),
    list({(file, name): (file, name, a) for _, file, name, a in LAWS}.values()),
)
def test_the_same_law_holds_without_the_bug(patch, file, name, arguments):
    law(file, name)(**arguments)
