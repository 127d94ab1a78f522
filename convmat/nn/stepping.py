"""`take_step`: one update of a learner on one batch, whole or not at all."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from convmat.arrays import Array
from convmat.errors import DivergedError
from convmat.nn.update import update

if TYPE_CHECKING:
    from convmat.nn.learner import Learner

__all__ = ["take_step"]


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
        number = len(learner.recorder.steps) + 1
        keeper.step_back()
        learner.run = None  # it would come here again
        good = {name: array.copy() for name, array in model.parameters.items()}
        raise DivergedError(loss, number, rule.lr, good)
    learner.engine.backward(grad)
    keeper.keep()
    update(model, rule, learner.undecayed)
    learner.recorder.add(loss, rule.lr, rule.momentum)
    keeper.done()
    return loss
