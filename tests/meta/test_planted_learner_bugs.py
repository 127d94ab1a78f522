"""The checks of the learner are checked: each planted bug is caught by a named test."""

import importlib.util
import inspect
import sys
import types
from pathlib import Path

import numpy as np
import pytest

from convmat.nn import (
    checkpoint,
    evaluation,
    finder,
    keeper,
    loop,
    measures,
    recorder,
    run,
    stats,
    tensors,
    update,
    weights,
)
from convmat.nn.data import Loader
from convmat.optim import plans

Patch = pytest.MonkeyPatch


def sibling(name: str) -> types.ModuleType:
    spec = importlib.util.spec_from_file_location(name, Path(__file__).with_name(name))
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


training = sibling("test_planted_training_bugs.py")
law, patch, plant = training.law, training.patch, training.plant


def plant_in(patch: Patch, owner: object, name: str, old: str, new: str) -> None:
    """`owner.name` with `new` for the one `old` in its source, in the same module."""
    right = inspect.getattr_static(owner, name)
    kind = type(right) if isinstance(right, (staticmethod, property)) else None
    function = getattr(right, "__func__", None) or getattr(right, "fget", None) or right
    function = inspect.unwrap(function)
    source = inspect.cleandoc("\n" + inspect.getsource(function))
    source = source[source.index("def ") :]
    assert source.count(old) == 1, f"{old!r} must be in the source of {name} once"
    scope = function.__globals__
    found: dict[str, object] = {}
    text = "from __future__ import annotations\n" + source.replace(old, new)
    exec(compile(text, f"planted_{name}", "exec"), scope, found)
    wrong = kind(found[name]) if kind else found[name]
    patch.setattr(owner, name, wrong)
    for module in list(sys.modules.values()):  # whoever has imported it by name
        if module.__name__.startswith("convmat.nn") and vars(module).get(name) is right:
            patch.setattr(module, name, wrong)


OPTIM, RECORDER, LEARNER = (
    "optim/test_plans.py",
    "nn/test_recorder.py",
    "nn/test_learner.py",
)
STATS, FINDER, CHECKPOINT, WEIGHTS = (
    "nn/test_stats.py",
    "nn/test_finder.py",
    "nn/test_checkpoint.py",
    "nn/test_weights.py",
)
NUMBERS = "test_the_one_cycle_of_chapter_13_has_its_numbers"
SMOOTH = "test_the_smooth_loss_is_the_weighted_mean_of_all_losses"
BEFORE = "test_rates_are_set_before_each_batch_by_the_share_that_is_done"
RESUMED = "test_a_resumed_run_is_the_uninterrupted_one"
MIDST = "test_a_checkpoint_in_the_midst_of_an_epoch_loses_nothing"
ANYWHERE = "test_ctrl_c_anywhere_in_a_step_undoes_that_step"
DIVERGED = "test_a_loss_that_is_not_finite_brings_back_the_last_finite_one"
DECAY = "test_weight_decay_can_leave_out_biases_and_batch_norm"
SEEN = "test_all_numbers_are_their_definitions"
VALLEY = "test_the_valley_is_the_longest_fall_by_brute_force"
SLIDE = "test_slide_stops_at_the_first_pair_of_like_slopes"
AS_IT_WAS = "test_everything_is_as_it_was"
LATE, ADAMW = {"step": 8}, {"step": 8, "rule": "adamw"}

BUGS = {
    # sentence: owner, name, text of its source, what stands there instead, file, test
    "the cycle rests at the top": (
        (plans.OneCycle, "rates", "lr(position)", "lr(min(position + 1 / 117, 1))"),
        (OPTIM, NUMBERS, {}),
    ),
    "the last rate is of the start": (
        (plans.FlatCosine, "rates", "self._schedule(position)", "self.lr"),
        (OPTIM, "test_flat_cosine_is_fastais_formula", {}),
    ),
    "momentum goes the way of the rate": (
        (plans.OneCycle, "rates", "momentum(position)", "1.8 - momentum(position)"),
        (OPTIM, NUMBERS, {}),
    ),
    "the linear cycle falls to its start only": (
        (plans.LinearOneCycle, "rates", "lr(position)", "max(lr(position), 0.25)"),
        (OPTIM, "test_the_linear_cycle_goes_up_down_and_far_below", {}),
    ),
    "the smooth loss is not corrected": (
        (recorder.Step, "smooth_loss", "(1 - BETA**self.losses)", "1"),
        (RECORDER, SMOOTH, {}),
    ),
    "the smooth loss has the shares exchanged": (
        (
            recorder.Step,
            "after",
            "new + BETA * (mean - new)",
            "mean + BETA * (new - mean)",
        ),
        (RECORDER, SMOOTH, {}),
    ),
    "the smooth loss goes on from fit to fit": (
        (recorder.Recorder, "add", "> start", "> 0"),
        (RECORDER, "test_the_smooth_loss_starts_anew_with_each_fit", {}),
    ),
    "the position is that after the batch": (
        (run.Run, "position", "steps - self", "steps + 1 - self"),
        (LEARNER, BEFORE, {}),
    ),
    "the rule keeps the last rates of the plan": (
        (
            loop,
            "train",
            "learner.rule.lr, learner.rule.momentum = run.lr, run.momentum",
            "pass",
        ),
        (LEARNER, BEFORE, {}),
    ),
    "batch norm decays": (
        (update, "undecayed", " or isinstance(leaf, BatchNorm)", ""),
        (LEARNER, DECAY, {}),
    ),
    "biases decay": (
        (update, "undecayed", 'own == "bias" or ', ""),
        (LEARNER, DECAY, {}),
    ),
    "the rule forgets its decay": (
        (update, "update", "rule.weight_decay = decay", "pass"),
        (LEARNER, DECAY, {}),
    ),
    "batches of held-out data count the same": (
        (evaluation, "evaluate", "* len(y)", "* 50"),
        (LEARNER, "test_each_held_out_sample_counts_the_same", {}),
    ),
    "measuring leaves eval mode on": (
        (
            measures.Measures,
            "validate",
            "with one_blas_thread(), self.model.evaluating():",
            "if self.model.eval():",
        ),
        (LEARNER, "test_measuring_changes_nothing", {}),
    ),
    "predictions are shuffled": (
        (evaluation, "all_of", "seed=None, ", ""),
        (LEARNER, "test_predictions_come_in_the_order_of_the_samples", {"size": 7}),
    ),
    "an undone step keeps its buffers": (
        (keeper.Keeper, "undo", "_fill(self._model.buffers, self._buffers)", "pass"),
        (LEARNER, ANYWHERE, {}),
    ),
    "an undone step keeps what it drew": (
        (keeper.Keeper, "undo", "self._set_generators(self._drawn)", "pass"),
        (LEARNER, ANYWHERE, {}),
    ),
    "an undone step stays in the record": (
        (keeper.Keeper, "undo", "del self._recorder.steps[self._length :]", "pass"),
        (LEARNER, ANYWHERE, {}),
    ),
    "an undone update keeps half of the weights": (
        (
            keeper.Keeper,
            "_put_back",
            '_fill(self._model.parameters, self._kept["parameters"])',
            "pass",
        ),
        (LEARNER, ANYWHERE, {}),
    ),
    "an undone update keeps the moments": (
        (
            keeper.Keeper,
            "_put_back",
            "for memory in self._rule.memories",
            "for _ in ()",
        ),
        (LEARNER, ANYWHERE, {}),
    ),
    "the step is kept after the update": (
        (keeper.Keeper, "keep", 'self._phase = "update"', 'self._phase = "idle"'),
        (LEARNER, ANYWHERE, {}),
    ),
    "divergence keeps the weights that diverged": (
        (keeper.Keeper, "step_back", "if self._whole", "if False"),
        (LEARNER, DIVERGED, {}),
    ),
    "statistics count what is measured": (
        (stats.ActivationStats, "_hook", "if leaf.training", "if True"),
        (STATS, "test_what_a_callback_measures_is_not_looked_at", {}),
    ),
    "hooks stay": (
        (stats.ActivationStats, "after_fit", '.pop("forward", None)', ".keys()"),
        (STATS, "test_held_out_data_are_not_looked_at_and_layers_are_unhooked", {}),
    ),
    "the spread is biased": (
        (stats.LayerStats, "see", "ddof=1", "ddof=0"),
        (STATS, SEEN, {}),
    ),
    "only zeros are near zero": (
        (stats.LayerStats, "see", "y <= NEAR_ZERO", "abs(y) <= NEAR_ZERO"),
        (STATS, SEEN, {}),
    ),
    "every layer is watched": (
        (stats.ActivationStats, "_watched", "if own[1].parameters", "if own"),
        (STATS, SEEN, {}),
    ),
    "the valley takes its first fall": (
        (finder, "valley", "max(before, default=0)", "(before or [0])[-1]"),
        (FINDER, VALLEY, {}),
    ),
    "the valley ends last": (
        (finder, "valley", "lengths.index(longest)", "len(lengths) - 1"),
        (FINDER, VALLEY, {}),
    ),
    "slide tells the right place": (
        (
            finder,
            "slide",
            "        chosen = lrs[right - apart]\n        right",
            "        chosen = lrs[right]\n        right",
        ),
        (FINDER, SLIDE, {}),
    ),
    "the finder keeps its moments": (
        (finder, "_put_back", "learner.rule.load_state(memory)", "pass"),
        (FINDER, AS_IT_WAS, {"trained_before": True}),
    ),
    "the finder keeps its running means": (
        (finder, "_put_back", "model.parameters | model.buffers", "model.parameters"),
        (FINDER, AS_IT_WAS, {"trained_before": False}),
    ),
    "the finder keeps what it drew": (
        (finder, "_put_back", "rng.bit_generator.state = drawn", "pass"),
        (FINDER, AS_IT_WAS, {"trained_before": False}),
    ),
    "a checkpoint forgets what the rule remembers": (
        (checkpoint, "load_checkpoint", "learner.rule.load_state(", "len("),
        (CHECKPOINT, RESUMED, ADAMW),
    ),
    "a checkpoint forgets the buffers": (
        (
            checkpoint,
            "load_checkpoint",
            "{name: arrays[name] for name in names}",
            "{n: names[n] if 'running' in n else arrays[n] for n in names}",
        ),
        (CHECKPOINT, RESUMED, ADAMW),
    ),
    "a checkpoint forgets what dropout drew": (
        (
            checkpoint,
            "load_checkpoint",
            'rng.bit_generator.state = facts["generators"][name]',
            "pass",
        ),
        (CHECKPOINT, MIDST, LATE),
    ),
    "a resumed epoch starts with its first batch": (
        (loop, "_batches", "start=_batch(learner, run)", "start=0"),
        (CHECKPOINT, MIDST, {"step": 13}),
    ),
    "a resumed run has the first epoch's order": (
        (run.Run, "batch", "epochs - self.first_epoch", "0"),
        (CHECKPOINT, RESUMED, ADAMW),
    ),
    "losses are kept in half their digits": (
        (checkpoint, "_column", "np.array(numbers)", "np.array(numbers, np.float16)"),
        (CHECKPOINT, RESUMED, ADAMW),
    ),
    "frozen layers thaw": (
        (checkpoint, "load_checkpoint", 'name in facts["training"]', "True"),
        (
            CHECKPOINT,
            "test_layers_that_were_frozen_are_frozen_in_the_resumed_run",
            "files",
        ),
    ),
    "weights that are ruined are saved": (
        (loop, "_epochs", "check_finite(learner)", "pass"),
        (
            LEARNER,
            "test_weights_that_an_epoch_ends_with_are_finite_or_not_saved",
            "files",
        ),
    ),
    "weights in files have no sum": (
        (weights, "save_weights", "model.state(), {}", "model.state()"),
        (WEIGHTS, "test_a_changed_number_in_a_file_of_weights_is_told", "files"),
    ),
    "a sum is not looked at": (
        (tensors, "read_tensors", "metadata.get(_CHECK) != ", "None and "),
        (CHECKPOINT, "test_a_damaged_checkpoint_is_told_and_kept", "files"),
    ),
    "another loader passes": (
        (checkpoint, "_conditions", "learner.settings_of_loader().items()", "()"),
        (
            CHECKPOINT,
            "test_a_checkpoint_of_another_learner_is_refused_and_nothing_changes",
            "seed",
        ),
    ),
}


def sentence(value: object) -> str:
    return str(value).replace(" ", "_")


def arguments_of(check, given, folder):
    """What a fixture would give, where a test wants files."""
    if isinstance(given, dict):
        return given
    path = folder / "saved.safetensors"
    names = inspect.signature(check).parameters
    if "saved" in names and not path.exists():
        scope = check.__globals__
        scope["learner"]().fit(1, progress=False, checkpoint=path)
    found = {"saved": path, "tmp_path": folder, "other": given}
    return {name: found[name] for name in names}


@pytest.mark.parametrize("bug", BUGS, ids=sentence)
def test_a_law_catches(patch, bug, tmp_path):
    planted, (file, name, given) = BUGS[bug]
    plant_in(patch, *planted)
    check = law(file, name)  # it imports what is planted
    with pytest.raises((AssertionError, pytest.fail.Exception)):
        check(**arguments_of(check, given, tmp_path))


@pytest.mark.parametrize(
    "case",
    list(
        {
            (file, name): (file, name, given)
            for _, (file, name, given) in BUGS.values()
        }.values()
    ),
    ids=lambda case: case[1],
)
def test_the_same_law_holds_without_the_bug(patch, case, tmp_path):
    file, name, given = case
    check = law(file, name)
    check(**arguments_of(check, given, tmp_path))


def test_batches_of_another_order_are_no_resumed_run(patch):
    # What a loader would do whose draws depend on what was drawn before.
    drawn = np.random.default_rng(0)

    def change(right, self, number, *, start=0):
        return right(self, int(drawn.integers(99)), start=start)

    plant(patch, Loader, "epoch", change)
    with pytest.raises(AssertionError):
        law(CHECKPOINT, RESUMED)(**ADAMW)
