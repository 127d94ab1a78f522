"""The loop of a fit: what comes when, and what is left however it ends."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from convmat.nn.bars import Bar, bar, say
from convmat.nn.given import check_mode
from convmat.nn.recorder import Recorder
from convmat.nn.run import Run
from convmat.nn.stepping import check_finite

if TYPE_CHECKING:
    from convmat.nn.learner import Learner

__all__ = ["train"]


def train(
    learner: Learner,
    run: Run,
    progress: bool,
    path: str | os.PathLike[str] | None,
    *,
    start: bool,
) -> Recorder:
    """The rest of the run, saved at `path` after each epoch, and before if `start`.

    Raises
    ------
    ConvmatError
        For a model in eval mode.
    """
    check_mode(learner.model)
    recorder = learner.recorder
    learner.renew()
    try:
        if path is not None:
            learner.settings = learner.loader.settings()
            if start:
                learner.save(path)
        _call(learner, "before_fit")
        for place, state in learner.pending.items():
            learner.callbacks[place].load_state(state)
        learner.pending = {}
        _epochs(learner, run, progress, path)
    except KeyboardInterrupt:
        learner.keeper.undo()
        at = f"epoch {learner.epochs}, batch {_batch(learner, run)}"
        recorder.stopped = f"interrupted at {at}"
        say(f"{recorder.stopped}; the model is as after the last whole step")
    except BaseException:
        learner.keeper.undo()
        raise
    finally:
        learner.rule.lr, learner.rule.momentum = run.lr, run.momentum
        learner.settings = None
        _call(learner, "after_fit")
    return recorder


def _epochs(
    learner: Learner, run: Run, progress: bool, path: str | os.PathLike[str] | None
) -> None:
    total = run.epochs * len(learner.loader)
    done = len(learner.recorder.steps) - run.first_step
    with bar("", total, initial=done, unit="batch", progress=progress) as shown:
        while learner.epochs - run.first_epoch < run.epochs:
            shown.set_description(f"epoch {learner.epochs}", refresh=False)
            _call(learner, "before_epoch")
            _batches(learner, run, shown)
            if learner.recorder.stopped:
                return
            check_finite(learner)
            learner.close_epoch()
            _call(learner, "after_epoch")
            if path is not None:
                learner.save(path)
            if learner.recorder.stopped:
                return


def _batches(learner: Learner, run: Run, shown: Bar) -> None:
    """Those of the present epoch that are still to come."""
    recorder, rule = learner.recorder, learner.rule
    # A float as position would spoil the rates of exact parameters.
    exact = any(a.dtype == object for a in learner.model.parameters.values())
    for x, y in learner.loader.epoch(learner.epochs, start=_batch(learner, run)):
        position = run.position(len(recorder.steps), len(learner.loader), exact=exact)
        lr, momentum = run.plan.rates(position)
        if lr is not None:
            rule.lr = lr
        if momentum is not None:
            rule.momentum = momentum
        for callback in learner.callbacks:
            callback.before_batch(learner, x, y)
        loss = learner.step(x, y)
        for callback in learner.callbacks:
            callback.after_batch(learner, loss)
        shown.update()
        if not shown.disable:
            shown.set_postfix(_live(recorder), refresh=False)
        if recorder.stopped:
            return


def _batch(learner: Learner, run: Run) -> int:
    """The next batch of the present epoch."""
    steps = len(learner.recorder.steps)
    return run.batch(steps, learner.epochs, len(learner.loader))


def _live(recorder: Recorder) -> dict[str, str]:
    """What the bar shows beside the time to go."""
    shown = {"loss": f"{recorder.steps[-1].smooth_loss:.4f}"}
    if recorder.accuracies:
        shown["accuracy"] = f"{recorder.accuracies[-1]:.1%}"
    return shown


def _call(learner: Learner, moment: str) -> None:
    for callback in learner.callbacks:
        getattr(callback, moment)(learner)
