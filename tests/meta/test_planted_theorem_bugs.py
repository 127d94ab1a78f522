"""The tests of the theorems on training are checked: a bug in each, and who catches it.

A bug is planted in the source of a room, as other text in place of one line, and then
in all names that the room has given out.
"""

import importlib.util
import sys
import types
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import Phase, settings

from convmat import geometry
from convmat.constraints import (
    arguments,
    positions,
    rungs,
    slots,
    stores,
    training,
    ways,
    windows,
)
from convmat.errors import ConvmatError
from convmat.optim import Adam

Patch = pytest.MonkeyPatch


def sibling(name: str) -> types.ModuleType:
    spec = importlib.util.spec_from_file_location(name, Path(__file__).with_name(name))
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


planted = sibling("test_planted_training_bugs.py")
patch, plant_text = planted.patch, planted.plant_text

settings.register_profile(
    "planted",
    derandomize=True,
    database=None,
    deadline=None,
    phases=(Phase.explicit, Phase.generate),
    report_multiple_bugs=False,
)


def law(file: str, name: str) -> Callable[..., None]:
    """A test of another file, without its database and its shrinking.

    Those tests have settings of their own, which take the rest from the profile that
    they are made under.
    """
    path = Path(__file__).parents[1] / file
    spec = importlib.util.spec_from_file_location(f"planted_{path.stem}", path)
    module = importlib.util.module_from_spec(spec)
    before = settings.get_current_profile_name()
    settings.load_profile("planted")
    try:
        spec.loader.exec_module(module)
    finally:
        settings.load_profile(before)
    return getattr(module, name)


SUMMED = "test_summed_ties_are_the_training_of_the_kernel"
DIVIDED = "test_the_mean_is_the_kernel_at_rates_divided_by_multiplicity"
NEAREST = "test_the_mean_step_is_the_nearest_obeying_step_in_every_mode"
ONE_TRAINING = "test_mean_of_the_gradients_and_projection_of_the_step_are_one_training"
GRADIENTS = "test_all_stores_have_one_product_and_one_gradient"
NAMED = "test_bad_input_is_named_before_the_first_step"

SUM, MEAN, SHARED, RUNGS, ADAM, DEAD, STORES, BAD = (
    f"training/test_{name}.py"
    for name in (
        "sum_rule",
        "mean_rule",
        "shared_entries",
        "rungs",
        "adam",
        "dead_taps",
        "stores",
        "bad_input",
    )
)
BY_SUM = {"way": "sum", "store": "pattern"}
BY_MEAN = {"way": "mean", "store": "pattern", "rule": {}}
OF_TIES = {"dtype": int, "name": "convolution"}

BUGS = {
    # what is planted: the room, the name that is made anew, a text of its source and
    # what stands there instead; the file and the law that catch it, its arguments
    "sum_is_the_mean": (
        (ways, "Descent"),
        "rung.embed(store.pulled_back(errors, x))",
        "rung.embed(rung.solve(store.pulled_back(errors, x)))",
        (SUM, SUMMED, BY_SUM),
    ),
    "sum_is_the_raw_gradient": (
        (ways, "Descent"),
        "store.filled(rung.embed(store.pulled_back(errors, x)))",
        "store.gradient(errors, x)",
        (SUM, SUMMED, BY_SUM),
    ),
    "parameters_trained_and_matrix_left_behind": (
        (ways, "Descent"),
        "    descent.store.take(descent.theta)\n",
        "",
        (SUM, SUMMED, {"way": "reparametrise", "store": "free"}),
    ),
    "batch_summed_and_not_averaged": (
        (training, "train_matrix"),
        "errors * share\n",
        "errors\n",
        (SUM, SUMMED, BY_SUM),
    ),
    "every_epoch_in_one_order": (
        (training, "train_matrix"),
        "        order = rng.permutation(len(x))\n",
        "        order = np.random.default_rng(seed).permutation(len(x))\n",
        (SUM, "test_batches_cover_the_samples_once_an_epoch", {}),
    ),
    "loss_not_halved": (
        (training, "train_matrix"),
        "* share / 2",
        "* share",
        (SUM, SUMMED, BY_SUM),
    ),
    "decay_of_the_matrix_in_the_loss": (
        (ways, "Descent"),
        "rung.embed(store.pulled_back(errors, x)))",
        (
            "rung.embed(store.pulled_back(errors, x) + "
            "rung.pull_back(store.entries(store.values)) / 3))"
        ),
        (
            SUM,
            "test_decay_of_the_tied_entries_is_decay_of_the_kernel",
            {"rule": {}, "g": geometry(3, 2)},
        ),
    ),
    "gradient_of_the_first_entry_of_each_tie": (
        (rungs, "unbuilt"),
        "runs(gradient.take(self._flat_by_tap if dense else places), starts)",
        "gradient.take(self._flat_by_tap if dense else places)[starts]",
        (
            SUM,
            "test_l2_in_the_loss_of_the_matrix_pulls_each_tap_by_its_multiplicity",
            {},
        ),
    ),
    "first_entry_moved_by_another_number": (
        (ways, "Descent"),
        "store.filled(rung.embed(store.pulled_back(errors, x)))\n",
        (
            "store.filled(rung.embed(store.pulled_back(errors, x)))\n"
            "    tied.reshape(-1)[:1] *= 1 + 2**-52\n"
        ),
        (
            ADAM,
            "test_where_no_entry_is_shared_adam_on_the_matrix_is_adam_on_the_kernel",
            {"rule": Adam},
        ),
    ),
    "one_bias_for_all_channels": (
        (positions, "tied_positions"),
        "g.free_parameters + channel",
        "g.free_parameters + 0 * channel",
        (
            SUM,
            "test_a_bias_is_a_tie_of_as_many_entries_as_a_channel_has_outputs",
            {},
        ),
    ),
    "first_tap_of_a_shared_entry_alone": (
        (rungs, "unbuilt"),
        "runs(held, self.ties.starts) if",
        "held[self.ties.starts] if",
        (SUM, SUMMED, BY_SUM),
    ),
    "ones_of_the_bias_not_read": (
        (stores, "STORES"),
        "            columns[-2] = 1\n",
        "            columns[-2] = 0\n",
        (SUM, SUMMED, BY_SUM),
    ),
    "mean_is_the_sum": (
        (ways, "Descent"),
        "shares = rung.solve(store.pulled_back(errors, x))",
        "shares = store.pulled_back(errors, x)",
        (MEAN, DIVIDED, BY_MEAN),
    ),
    "mean_over_the_largest_tie": (
        (rungs, "unbuilt"),
        "return _shares(sums, self.multiplicity)",
        "return _shares(sums, 0 * self.multiplicity + self.multiplicity.max())",
        (
            MEAN,
            "test_mean_and_sum_move_alike_exactly_where_live_multiplicities_agree",
            {},
        ),
    ),
    "largest_tie_in_the_counterexample": (
        (rungs, "unbuilt"),
        "return _shares(sums, self.multiplicity)",
        "return _shares(sums, 0 * self.multiplicity + self.multiplicity.max())",
        (
            MEAN,
            (
                "test_no_constant_turns_the_mean_into_the_sum_in_the_smallest_"
                "counterexample"
            ),
            {},
        ),
    ),
    "projected_on_the_first_of_each_tie": (
        (ways, "Descent"),
        "rung.project(store.entries(store.values))",
        "rung.first_of_each(store.entries(store.values))",
        (MEAN, ONE_TRAINING, {"rule": {}}),
    ),
    "overlaps_of_ties_ignored": (
        (rungs, "unbuilt"),
        "        if not self.shared:\n            return _shares",
        "        if True:\n            return _shares",
        (MEAN, NEAREST, {}),
    ),
    "overlaps_ignored_by_the_mean_of_one_entry": (
        (rungs, "unbuilt"),
        "        if not self.shared:\n            return _shares",
        "        if True:\n            return _shares",
        (
            SHARED,
            "test_taps_that_cannot_be_told_apart_move_together_by_the_sum",
            {},
        ),
    ),
    "kernel_read_back_from_its_matrix": (
        (stores, "STORES"),
        (
            '        """A copy of the parameters, dead taps and all."""\n'
            "        return self.values.copy()\n"
        ),
        "        return self.rung.extract(self.rung.embed(self.values))\n",
        (
            SHARED,
            "test_taps_that_the_matrix_cannot_tell_apart_train_one_matrix",
            {},
        ),
    ),
    "torus_without_its_padding": (
        (rungs, "unbuilt"),
        'return replace(g, padding_mode="circular")',
        "return g",
        (RUNGS, "test_on_a_torus_every_tie_has_one_entry_for_each_output", {}),
    ),
    "torus_of_any_stride": (
        (rungs, "unbuilt"),
        "if set(g.stride) != {1} or g.output_size",
        "if g.output_size",
        (BAD, NAMED, {"name": "a stride on the torus"}),
    ),
    "first_entry_everywhere_without_ties": (
        (rungs, "unbuilt"),
        "            return theta.copy()\n",
        "            return theta[:1].repeat(len(theta))\n",
        (
            RUNGS,
            "test_without_ties_it_is_the_dense_layer_with_its_mask",
            {"way": "sum", "rung": "locally_connected", "store": "full"},
        ),
    ),
    "mask_left_out": (
        (stores, "STORES"),
        (
            "    def filled(self, entries: Array) -> Array:\n"
            '        """The dense matrix of the entries."""\n'
            "        matrix = np.zeros(self.rung.shape, entries.dtype)\n"
        ),
        (
            "    def filled(self, entries: Array) -> Array:\n"
            "        matrix = np.ones(self.rung.shape, entries.dtype)\n"
        ),
        (
            RUNGS,
            "test_without_ties_it_is_the_dense_layer_with_its_mask",
            {"way": "mean", "rung": "locally_connected", "store": "full"},
        ),
    ),
    "zeros_not_looked_at": (
        (stores, "STORES"),
        "if np.count_nonzero(self.values) > np.count_nonzero(entries):",
        "if False:",
        (
            RUNGS,
            "test_a_rule_that_moves_a_structural_zero_by_one_bit_is_named",
            {"way": "sum", "store": "full"},
        ),
    ),
    "ties_not_looked_at": (
        (rungs, "unbuilt"),
        "return self.first_of_each(entries)\n",
        "return entries\n",
        (
            RUNGS,
            "test_a_rule_that_breaks_a_tie_by_one_bit_is_named_with_step_and_position",
            BY_SUM,
        ),
    ),
    "a_breach_is_no_error": (
        (training, "train_matrix"),
        "if strict and not _keeps",
        "if False and not _keeps",
        (
            RUNGS,
            "test_a_rule_that_breaks_a_tie_by_one_bit_is_named_with_step_and_position",
            BY_SUM,
        ),
    ),
    "adam_on_the_mean_of_each_step": (
        (ways, "Descent"),
        "store.filled(rung.embed(store.pulled_back(errors, x)))",
        "store.gradient(errors, x)",
        (
            ADAM,
            "test_projected_adam_may_move_a_tap_against_its_gradient",
            {},
        ),
    ),
    "adam_not_refused_on_sums": (
        (arguments, "check_together"),
        "linear = isinstance(rule, SGD) or",
        "linear = True or",
        (
            ADAM,
            "test_where_sums_stand_beside_their_taps_adam_leaves_the_convolutions",
            {},
        ),
    ),
    "dropped_taps_read_an_input": (
        (slots, "Slots"),
        "zeros = columns + bias\n",
        "zeros = 0\n",
        (DEAD, "test_the_gradient_of_a_dead_tap_is_zero_on_every_store", {}),
    ),
    "dropped_taps_in_the_sum": (
        (slots, "Slots"),
        "zeros = columns + bias\n",
        "zeros = 0\n",
        (STORES, GRADIENTS, OF_TIES),
    ),
    "groups_read_the_first_group": (
        (slots, "Slots"),
        "read == columns, columns, read + group",
        "read == columns, columns, read + 0 * group",
        (STORES, GRADIENTS, OF_TIES),
    ),
    "full_blocks_in_any_order": (
        (slots, "Slots"),
        "np.array_equal(self._held, np.arange(windows.columns.size))",
        "len(self._held) == windows.columns.size",
        (STORES, GRADIENTS, OF_TIES),
    ),
    "shared_entries_stored_twice": (
        (windows, "windows_of"),
        "    firsts[1:] |= np.diff(read) != 0\n",
        "    firsts[:] = True\n",
        (STORES, "test_the_entries_of_a_rung_are_those_of_the_tie_map", {}),
    ),
    "csr_of_the_nearest_matrix": (
        (training, "train_matrix"),
        "entries = store.entries(store.values).copy()\n        if",
        "entries = rung.project(store.entries(store.values)) * 0\n        if",
        (STORES, "test_the_csr_form_has_what_a_broken_tie_holds", {}),
    ),
    "weights_kept_after_the_step": (
        (training, "train_matrix"),
        (
            "            good[...] = store.values\n"
            "            descent.step(way, errors, x)\n"
        ),
        (
            "            descent.step(way, errors, x)\n"
            "            good[...] = store.values\n"
        ),
        (
            BAD,
            "test_a_loss_that_is_not_finite_stops_and_keeps_the_last_good_weights",
            BY_SUM,
        ),
    ),
    "last_step_not_looked_at": (
        (training, "train_matrix"),
        "if not _all_finite(store.values):",
        "if False:",
        (BAD, "test_a_last_step_that_overflows_is_no_result", {}),
    ),
    "projected_silently": (
        (arguments, "parameters"),
        "    if not (found.holds or",
        "    if not (True or",
        (BAD, NAMED, {"name": "a broken tie"}),
    ),
    "rounded_starts_refused": (
        (arguments, "parameters"),
        "(found.zeros == 0 and _rounded(space, entries))",
        "False",
        (
            BAD,
            "test_a_start_that_is_a_rounded_sum_of_taps_is_welcome",
            {"dtype": float},
        ),
    ),
    "floats_among_fractions": (
        (arguments, "common_dtype"),
        'if dtype.kind == "O" and array.dtype.kind == "f":',
        "if False:",
        (BAD, NAMED, {"name": "floats beside fractions"}),
    ),
}


def plant(patch: Patch, bug: str) -> None:
    """Plant `BUGS[bug]` in its room, and in the names that the room has given out."""
    (room, name), old, new, _ = BUGS[bug]
    right = getattr(room, name)
    plant_text(patch, room, name, old, new)
    wrong = getattr(room, name)
    for module in list(sys.modules.values()):
        if getattr(module, "__name__", "").startswith("convmat"):
            for known, value in list(vars(module).items()):
                if value is right:
                    patch.setattr(module, known, wrong)


@pytest.mark.parametrize("bug", BUGS)
def test_a_theorem_catches(patch, bug):
    plant(patch, bug)
    *_, (file, name, given) = BUGS[bug]
    check = law(file, name)  # it imports what is planted
    # An assertion, a refusal of what is right, or an error that did not come.
    with pytest.raises((AssertionError, ConvmatError, pytest.fail.Exception)):
        check(**given)


LAWS = {
    (file, name, str(arguments)): (file, name, arguments)
    for *_, (file, name, arguments) in BUGS.values()
}


@pytest.mark.parametrize(("file", "name", "arguments"), LAWS.values())
def test_the_same_theorem_holds_without_the_bug(patch, file, name, arguments):
    law(file, name)(**arguments)
