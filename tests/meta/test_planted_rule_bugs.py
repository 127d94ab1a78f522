"""The tests of the update rules are checked: each planted bug is caught by a named law.

A bug inside a rule is planted in its source, as other text in place of one line.
"""

import importlib.util
import types
from pathlib import Path

import numpy as np
import pytest

from convmat import optim
from convmat.optim import adam, rates, schedules, sgd

Patch = pytest.MonkeyPatch


def sibling(name: str) -> types.ModuleType:
    spec = importlib.util.spec_from_file_location(name, Path(__file__).with_name(name))
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


planted = sibling("test_planted_training_bugs.py")
law, patch, sentence = planted.law, planted.patch, planted.sentence
plant, plant_text = planted.plant, planted.plant_text

RULES = {
    # what is planted: the file of a rule, a text of its source, and what stands there
    # instead; the law that catches it
    "sgd_climbs": (sgd, "p -= move", "p += move", "test_plain_descent_by_hand"),
    "momentum_dampened": (
        sgd,
        "v += g\n",
        "v += (1 - momentum) * g\n",
        "test_momentum_is_the_closed_form_in_rationals",
    ),
    "velocity_grows_in_the_gradient": (
        sgd,
        "(velocity,) = self._remembered(name, parameter)",
        "velocity = self.velocity.setdefault(name, gradient)",
        "test_parameters_change_in_place_and_gradients_do_not",
    ),
    "nesterov_left_out": (
        sgd,
        "(g + momentum * v if self.nesterov and momentum else v)",
        "v",
        "test_nesterov_is_the_gradient_at_the_point_ahead_in_rationals",
    ),
    "nesterov_by_the_velocity_alone": (
        sgd,
        "(g + momentum * v if",
        "(v + momentum * v if",
        "test_nesterov_is_the_gradient_at_the_point_ahead_in_rationals",
    ),
    "decoupled_decay_enters_the_velocity": (
        sgd,
        "if decay and not self.decoupled",
        "if decay",
        "test_decoupled_decay_never_enters_the_velocity",
    ),
    "decoupled_decay_without_the_rate": (
        sgd,
        "p *= 1 - lr * decay",
        "p *= 1 - decay",
        "test_without_gradient_weights_decay_geometrically",
    ),
    "weights_decay_after_the_step": (
        sgd,
        "p *= 1 - lr * decay\n            p -= move",
        "p -= move; p *= 1 - lr * decay; move = 0\n            p -= move",
        "test_on_a_parabola_each_step_is_one_matrix_in_rationals",
    ),
    "coupled_decay_grows": (
        sgd,
        "g = g + decay * p",
        "g = g - decay * p",
        "test_without_momentum_both_kinds_of_decay_are_one",
    ),
    "fractions_through_floats": (
        sgd,
        "rates if exact else [",
        "[",
        "test_momentum_is_the_closed_form_in_rationals",
    ),
    "exact_gradients_wrap": (
        sgd,
        "gradient = gradient.astype(object, copy=False)",
        "pass",
        "test_integer_gradients_beside_exact_parameters_do_not_wrap",
    ),
    "plain_descent_keeps_its_velocity": (
        sgd,
        "self.velocity.pop(name, None)",
        "pass",
        "test_plain_descent_remembers_nothing",
    ),
    "eps_inside_the_root": (
        adam,
        "np.sqrt(s) / root + eps",
        "np.sqrt(s / root**2 + eps)",
        "test_two_steps_by_hand",
    ),
    "first_moment_uncorrected": (
        adam,
        "rate = lr / (1 - beta1 ** int(steps))",
        "rate = lr",
        "test_adam_is_the_weighted_means_of_all_gradients",
    ),
    "second_moment_uncorrected": (
        adam,
        "root = math.sqrt(1 - beta2 ** int(steps))",
        "root = 1",
        "test_the_first_step_is_lr_by_the_sign_of_the_gradient",
    ),
    "corrections_one_step_late": (
        adam,
        "steps += 1",
        "steps += 1 + (steps == 0)",
        "test_two_steps_by_hand",
    ),
    "second_moment_of_the_mean": (
        adam,
        "s += (1 - beta2) * g * g",
        "s += (1 - beta2) * m * m",
        "test_adam_is_the_weighted_means_of_all_gradients",
    ),
    "one_beta_for_both": (
        adam,
        "s *= beta2",
        "s *= beta1",
        "test_adam_is_the_weighted_means_of_all_gradients",
    ),
    "adamw_scales_its_decay": (
        adam,
        "decoupled=True)",
        "decoupled=False)",
        "test_decoupled_decay_is_not_scaled_by_the_gradients",
    ),
    "adam_decays_without_the_rate": (
        adam,
        "w *= 1 - lr * decay",
        "w *= 1 - decay",
        "test_decoupled_decay_is_not_scaled_by_the_gradients",
    ),
    "half_rounded_to_nothing": (
        adam,
        "p[...] = w",
        "pass",
        "test_half_precision_is_stepped_in_single_and_rounded_once",
    ),
    "cosine_the_other_way_round": (
        schedules,
        "1 - math.cos",
        "1 + math.cos",
        "test_a_cosine_by_hand",
    ),
    "line_past_its_end": (
        schedules,
        "(1 - done) * start + done * end",
        "start + done * (end - start)",
        "test_a_piece_meets_its_ends_to_the_bit_and_stays_between",
    ),
    "a_piece_keeps_its_last_position": (
        schedules,
        "bisect_right(inner, position)",
        "bisect_right(inner, position) - (position in inner)",
        "test_pieces_follow_one_another_exactly",
    ),
    "pieces_not_stretched": (
        schedules,
        "(position - begin) / (end - begin)",
        "position - begin",
        "test_the_one_cycle_policy_has_the_rates_that_fastai_records",
    ),
}


def plant_rule(patch: Patch, bug: str) -> None:
    """Plant `RULES[bug]` in its file, and in the names that the room gives out."""
    module, old, new, _ = RULES[bug]
    names = [name for name in module.__all__ if callable(getattr(module, name))]
    for name in names:
        if name != "Schedule":
            plant_text(patch, module, name, old, new)
            patch.setattr(optim, name, getattr(module, name))


def state_handed_out(patch: Patch) -> None:
    def state(self):
        return {
            f"{memory}.{name}": array
            for memory in self.memories
            for name, array in getattr(self, memory).items()
        }

    patch.setattr(optim.Rule, "state", state)


def updated_while_checking(patch: Patch) -> None:
    def change(right, self, parameters, gradients):
        for name, parameter in dict(parameters).items():
            right(self, {name: parameter}, gradients)

    plant(patch, optim.Rule, "step", change)


def memory_not_checked(patch: Patch) -> None:
    patch.setattr(optim.Rule, "_check_memory", lambda self, name, parameter: None)


def last_piece_left_out(patch: Patch) -> None:
    for module in (sgd, adam):
        plant(
            patch, module, "pieces", lambda right, *a: list(right(*a))[:-1] or right(*a)
        )


def pieces_over_shared_memory(patch: Patch) -> None:
    patch.setattr(np, "may_share_memory", lambda one, other: False)


def rates_set_unchecked(patch: Patch) -> None:
    def change(right, self, rule, value):
        vars(rule)[self._name] = value

    plant(patch, rates.Rate, "__set__", change)


# --------------------------------------------------------------------------- tests

OPTIM = {
    sgd: "optim/test_sgd.py",
    adam: "optim/test_adam.py",
    schedules: "optim/test_schedules.py",
}
OF_A_LAW = {  # what a law of the rules is called with
    "test_adam_is_the_weighted_means_of_all_gradients": {"dtype": np.float64},
    "test_half_precision_is_stepped_in_single_and_rounded_once": {"make": optim.AdamW},
    "test_integer_gradients_beside_exact_parameters_do_not_wrap": {"momentum": 0},
    "test_a_piece_meets_its_ends_to_the_bit_and_stays_between": {"piece": "linear"},
}
RULE_LAWS, RATES, STATE = (
    f"optim/test_{part}.py" for part in ("laws", "rates", "state")
)

LAWS = [
    (state_handed_out, STATE, "test_state_is_a_copy_both_ways", {"name": "Adam"}),
    (
        updated_while_checking,
        RULE_LAWS,
        "test_a_refused_step_is_named_and_changes_nothing",
        {"name": "momentum", "bad": "shape"},
    ),
]


@pytest.mark.parametrize("bug", RULES)
def test_a_law_of_the_rules_catches(patch, bug):
    module, *_, name = RULES[bug]
    plant_rule(patch, bug)
    check = law(OPTIM[module], name)
    with pytest.raises(AssertionError):
        check(**OF_A_LAW.get(name, {}))


@pytest.mark.parametrize(
    ("bug", "file", "name", "arguments"),
    [
        (
            memory_not_checked,
            STATE,
            "test_a_rule_of_another_model_is_refused_and_nothing_changes",
            {"name": "Adam"},
        ),
        (
            rates_set_unchecked,
            RATES,
            "test_a_setting_out_of_range_is_named",
            {"name": "lr"},
        ),
    ],
    ids=sentence,
)
def test_a_refusal_that_does_not_come_is_missed(patch, bug, file, name, arguments):
    bug(patch)
    check = law(file, name)
    with pytest.raises((AssertionError, pytest.fail.Exception)):
        check(**arguments)


@pytest.mark.parametrize(
    ("bug", "name"),
    [
        (
            last_piece_left_out,
            "test_a_step_in_pieces_is_the_step_of_the_whole_to_the_bit",
        ),
        (
            pieces_over_shared_memory,
            "test_a_gradient_that_lies_over_the_parameter_is_read_before_it_changes",
        ),
    ],
)
@pytest.mark.parametrize("rule", ["momentum", "AdamW"])
def test_a_law_of_pieces_catches(patch, bug, name, rule):
    bug(patch)
    check = law(RULE_LAWS, name)
    with pytest.raises(AssertionError):
        check(rule, patch)


@pytest.mark.parametrize(("bug", "file", "name", "arguments"), LAWS, ids=sentence)
def test_a_law_of_all_rules_catches(patch, bug, file, name, arguments):
    bug(patch)
    check = law(file, name)
    with pytest.raises(AssertionError):
        check(**arguments)


@pytest.mark.parametrize(
    ("file", "name", "arguments"),
    {
        name: (OPTIM[module], name, OF_A_LAW.get(name, {}))
        for module, *_, name in RULES.values()
    }.values(),
)
def test_the_same_law_holds_without_the_bug(file, name, arguments):
    law(file, name)(**arguments)
