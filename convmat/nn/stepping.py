"""One update of a learner on one batch, whole or not at all; and where it diverges."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NoReturn

import numpy as np

from convmat.arrays import Array
from convmat.errors import DivergedError
from convmat.nn.update import update

if TYPE_CHECKING:
    from convmat.nn.learner import Learner

__all__ = ["check_finite", "take_step"]


def take_step(learner: Learner, x: Array, y: Array) -> Any:
    """One update; the loss before it.

    Raises
    ------
    DivergedError
        When the loss is not finite. The state is then that of the last finite loss.
    """
    keeper, model, rule = learner.keeper, learner.model, learner.rule
    keeper.begin()
    loss, grad = learner.loss(learner.engine.forward(x), y)
    if not np.isfinite(float(loss)):
        _diverge(learner, loss)
    learner.engine.backward(grad)
    keeper.keep()
    update(model, rule, learner.undecayed)
    learner.recorder.add(loss, rule.lr, rule.momentum)
    keeper.done()
    return loss


def check_finite(learner: Learner) -> None:
    """Return silently where all weights are finite.

    Asked at the end of an epoch: weights that are not would take the place of good ones
    in the checkpoint before any loss tells.

    Raises
    ------
    DivergedError
        When they are not. The state is then that of the last finite loss.
    """
    arrays = learner.model.parameters.values()
    if not all(a.dtype == object or np.isfinite(a).all() for a in arrays):
        _diverge(learner, float("nan"))


def _diverge(learner: Learner, loss: Any) -> NoReturn:
    """Go back to the last finite loss, and say so."""
    number = len(learner.recorder.steps) + 1
    learner.keeper.step_back()
    learner.run = None  # it would come here again
    good = {name: array.copy() for name, array in learner.model.parameters.items()}
    raise DivergedError(loss, number, learner.rule.lr, good)
