"""The tests of rung layers, experiments and their pictures are checked by bugs in each.

A bug is other text in the source of one function or class, which then takes its place
wherever the package has it.
"""

import importlib.util
import inspect
import sys
import types
from pathlib import Path

import pytest

from convmat import experiments, geometry
from convmat.cli import pictures
from convmat.errors import ConvmatError
from convmat.experiments import edge, ladder
from convmat.figures import tying
from convmat.figures.style import LIGHT
from convmat.nn import rungs

Patch = pytest.MonkeyPatch


def sibling(name: str) -> types.ModuleType:
    spec = importlib.util.spec_from_file_location(name, Path(__file__).with_name(name))
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


planted = sibling("test_planted_theorem_bugs.py")
law, patch = planted.law, planted.patch

LAYER, LADDER, EDGE, TYING, FIGURES = (
    "nn/test_rungs.py",
    "experiments/test_ladder.py",
    "experiments/test_edge.py",
    "figures/test_tying.py",
    "figures/test_constrain.py",
)
CLIMBS, ARTISTS, PATCH = "climbs", "artists", "monkeypatch"  # made when they are needed

BUGS = {
    # what is planted: the room, its function or class, a text of its source and what
    # stands there instead; the file and the law that catch it, what the law is given
    "input_gradient_of_the_other_sign": (
        (rungs, "RungLayer"),
        "x_grad = (held.matrix.T @ errors)",
        "x_grad = -(held.matrix.T @ errors)",
        (LAYER, "test_backward_is_the_transpose_and_the_dense_gradient_summed", {}),
    ),
    "tied_gradient_is_the_mean": (
        (rungs, "RungLayer"),
        "held.store.pulled_back(errors, inputs)}",
        "self.rung.solve(held.store.pulled_back(errors, inputs))}",
        (LAYER, "test_the_rung_convolution_is_the_layer_conv", {}),
    ),
    "parameters_changed_and_matrix_left_behind": (
        (rungs, "RungLayer"),
        "        self._held.store.take(theta)\n",
        "",
        (LAYER, "test_training_the_layer_is_training_the_matrix", {}),
    ),
    "sparse_matrix_left_behind": (
        (rungs, "_Held"),
        "csr_array((self.store.values, rung",
        "csr_array((self.store.values.copy(), rung",
        (
            LAYER,
            "test_a_step_of_the_rule_changes_the_matrix_of_the_next_pass",
            {},
        ),
    ),
    "computed_in_the_dtype_of_the_inputs": (
        (rungs, "RungLayer"),
        'dtype = np.result_type(self.parameters["theta"], x)\n',
        "dtype = x.dtype\n",
        (LAYER, "test_dtypes_are_those_of_the_convolution", {"name": "convolution"}),
    ),
    "kept_in_the_dtype_of_the_start": (
        (rungs, "RungLayer"),
        "if self._held.store.values.dtype != dtype:",
        "if False:",
        (LAYER, "test_finer_parameters_put_in_place_are_not_rounded", {}),
    ),
    "gradient_of_the_bias_among_the_inputs": (
        (rungs, "RungLayer"),
        "[:columns, : len(x)]",
        "[-columns:, : len(x)]",
        (LAYER, "test_the_rung_dense_is_the_layer_linear_on_the_flat_input", {}),
    ),
    "parameters_shared_with_the_caller": (
        (rungs, "RungLayer"),
        "start.copy()",
        "start",
        (LAYER, "test_theta_is_copied", {}),
    ),
    "fixed_matrix_not_transposed": (
        (rungs, "FixedMatrix"),
        "matrix_beside(self.matrix, grad).T @",
        "matrix_beside(self.matrix, grad) @",
        (LAYER, "test_backward_of_a_fixed_matrix_is_its_adjoint", {}),
    ),
    "moved_the_other_way": (
        (ladder, "moved"),
        'count("down", down, -high, high)',
        '-count("down", down, -high, high)',
        (LADDER, "test_moved_is_a_roll_of_a_larger_sheet", {}),
    ),
    "moved_by_two": (
        (ladder, "_moved_accuracy"),
        "for d in (-1, 0, 1)",
        "for d in (-2, 0, 2)",
        (
            LADDER,
            "test_on_a_torus_a_moved_digit_is_read_as_one_that_stands_still",
            {CLIMBS: None},
        ),
    ),
    "moved_to_four_sides": (
        (ladder, "_moved_accuracy"),
        "if d or r]",
        "if d * r]",
        (LADDER, "test_moved_digits_are_the_mean_of_eight_moves", {PATCH: None}),
    ),
    "no_frame": (
        (ladder, "_framed"),
        "(_FRAME, _FRAME), (_FRAME, _FRAME)",
        "(0, 0), (0, 0)",
        (LADDER, "test_the_frame_leaves_room_for_every_move", {}),
    ),
    "convolution_untied": (
        (ladder, "climb_ladder"),
        "rung = rung_of(name, g, bias=True)",
        'rung = rung_of("dense", g, bias=True)',
        (
            LADDER,
            "test_the_convolution_stays_one_and_what_is_free_leaves_it",
            {CLIMBS: None},
        ),
    ),
    "circulant_with_zeros": (
        (ladder, "climb_ladder"),
        "rung = rung_of(name, g, bias=True)",
        'rung = rung_of(name.replace("circulant", "convolution"), g, bias=True)',
        (
            LADDER,
            "test_on_a_torus_a_moved_digit_is_read_as_one_that_stands_still",
            {CLIMBS: None},
        ),
    ),
    "dense_starts_elsewhere": (
        (ladder, "_learner"),
        "theta = matrix[rung.rows, rung.cols]",
        "theta = matrix[rung.rows, rung.cols][::-1].copy()",
        (LADDER, "test_without_an_epoch_all_start_as_one_kernel", {}),
    ),
    "distance_from_the_masked_matrix": (
        (ladder, "_distance"),
        "ConvConstraint(g).project(matrix)",
        "np.where(ConvConstraint(g).embed(np.ones(g.kernel_shape)), matrix, 0)",
        (
            LADDER,
            "test_distances_are_from_the_mean_over_each_tie",
            {CLIMBS: None},
        ),
    ),
    "tested_on_what_was_learned": (
        (ladder, "climb_ladder"),
        "_framed(digits.test_images), digits.test_labels",
        "_framed(digits.train_images), digits.train_labels",
        (LADDER, "test_accuracies_are_of_held_out_digits", {PATCH: None}),
    ),
    "one_start_for_all_seeds": (
        (ladder, "_learner"),
        "rng = np.random.default_rng(seed)",
        "rng = np.random.default_rng(0)",
        (LADDER, "test_another_seed_is_another_start", {}),
    ),
    "rungs_go_on_where_the_last_one_stopped": (
        (ladder, "_learner"),
        "rng = np.random.default_rng(seed)",
        "rng = np.random.default_rng(len(rung.name))",
        (LADDER, "test_without_an_epoch_all_start_as_one_kernel", {}),
    ),
    "rate_too_large": (
        (edge, "_rate"),
        "1 / (squares * taps)",
        "taps / squares",
        (
            EDGE,
            "test_the_learning_rate_is_below_the_largest_curvature",
            {},
        ),
    ),
    "mean_learns_too_slowly": (
        (edge, "learn_kernel"),
        'if way in ("mean", "project"):',
        "if False:",
        (EDGE, "test_every_way_takes_the_steps_that_theory_predicts", {}),
    ),
    "momentum_left_out": (
        (edge, "learn_kernel"),
        "SGD(rate, momentum)",
        "SGD(rate)",
        (EDGE, "test_every_way_takes_the_steps_that_theory_predicts", {}),
    ),
    "exact_where_one_number_is": (
        (edge, "learn_kernel"),
        "== maps).all())",
        "== maps).any())",
        (
            EDGE,
            "test_every_edge_is_found_exactly_when_theory_says_so",
            {"name": "top"},
        ),
    ),
    "cut_and_not_rounded": (
        (edge, "learn_kernel"),
        "np.rint(kernels[-1])",
        "np.trunc(kernels[-1])",
        (EDGE, "test_every_integer_kernel_is_found_exactly", {}),
    ),
    "pieces_from_the_top_only": (
        (edge, "pieces"),
        "np.linspace(0, len(places) - 1, min(most, len(places))).astype(int)",
        "range(min(most, len(places)))",
        (EDGE, "test_few_pieces_are_taken_from_the_whole_picture", {}),
    ),
    "masked_numbers_of_another_column": (
        (tying, "_Panels"),
        "else self.texts[row][column]",
        "else self.texts[row][column - panel]",
        (
            TYING,
            "test_the_second_is_zero_where_no_tap_is_and_in_its_color_elsewhere",
            {ARTISTS: None, "g": geometry((3, 3), (2, 2)), "theme": LIGHT},
        ),
    ),
    "means_in_place_of_sums": (
        (tying, "gradient_tying"),
        "ConvConstraint(geometry).pull_back(array)",
        "ConvConstraint(geometry).extract(array)",
        (
            TYING,
            "test_the_third_is_the_gradient_of_the_kernel",
            {ARTISTS: None, "g": geometry((3, 3), (2, 2))},
        ),
    ),
    "names_of_the_rows_upside_down": (
        (tying, "_Panels"),
        "x, y = left - 0.06, top + along",
        "x, y = left - 0.06, top + self.tall[0] - along",
        (
            TYING,
            "test_rows_are_named_as_outputs_and_columns_as_inputs_in_both",
            {ARTISTS: None},
        ),
    ),
    "shares_called_percent": (
        (pictures, "_percent"),
        "100 * share",
        "share",
        (
            FIGURES,
            "test_the_curves_of_the_ladder_are_its_numbers",
            {CLIMBS: None, ARTISTS: None},
        ),
    ),
    "window_of_another_output": (
        (pictures, "of_ladder"),
        "outputs // 2 + g.output_size[1] // 2",
        "outputs // 2",
        (
            FIGURES,
            "test_the_matrices_are_those_of_the_first_map",
            {CLIMBS: None, PATCH: None},
        ),
    ),
}


def plant(patch: Patch, bug: str) -> None:
    """Plant `BUGS[bug]`: its room's own names stay those that the source means."""
    (room, name), old, new, _ = BUGS[bug]
    right = getattr(room, name)
    source = inspect.getsource(right)
    assert source.count(old) == 1, f"{old!r} must be in {name} once"
    made = {}
    exec(
        compile(
            "from __future__ import annotations\n" + source.replace(old, new),
            name,
            "exec",
        ),
        vars(room),
        made,
    )
    for module in list(sys.modules.values()):
        if getattr(module, "__name__", "").startswith("convmat"):
            for known, value in list(vars(module).items()):
                if value is right:
                    patch.setattr(module, known, made[name])


def artists(figure):
    found = figure.findobj(lambda artist: artist.get_gid() is not None)
    return {artist.get_gid(): artist for artist in found}


def held(file: str, name: str, given: dict, patch: Patch) -> None:
    """Run a law; what it is to be given is made now, with the bug if there is one."""
    make = {
        CLIMBS: lambda: experiments.climb_ladder(
            epochs=3 if file == LADDER else 2,
            samples=96 if file == LADDER else 16,
            progress=False,
        ),
        ARTISTS: lambda: artists,
        PATCH: lambda: patch,
    }
    made = {key: make.get(key, lambda v=value: v)() for key, value in given.items()}
    law(file, name)(**made)


@pytest.mark.parametrize("bug", BUGS)
def test_a_test_catches(patch, bug):
    plant(patch, bug)
    *_, (file, name, given) = BUGS[bug]
    # An assertion, or an error where arrays no longer fit each other.
    with pytest.raises((AssertionError, ConvmatError, ValueError)):
        held(file, name, given, patch)


LAWS = {
    (file, name, str(given)): (file, name, given)
    for *_, (file, name, given) in BUGS.values()
}


@pytest.mark.parametrize(("file", "name", "given_"), LAWS.values())
def test_the_same_test_passes_without_the_bug(patch, file, name, given_):
    held(file, name, given_, patch)
