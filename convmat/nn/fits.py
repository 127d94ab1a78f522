"""`Fits`: the plans that a learner trains along, each by its name."""

from __future__ import annotations

import os
from abc import ABC, abstractmethod

from convmat.nn.recorder import Recorder
from convmat.optim import Constant, FlatCosine, OneCycle, Plan, Rule
from convmat.optim.rates import Number

__all__ = ["Fits"]


class Fits(ABC):
    """What trains along any plan, and so along those that have a name.

    Attributes
    ----------
    rule : Rule
        Its learning rate is the default of every plan.
    """

    rule: Rule

    @abstractmethod
    def fit_plan(
        self,
        epochs: int,
        plan: Plan,
        *,
        progress: bool = True,
        checkpoint: str | os.PathLike[str] | None = None,
    ) -> Recorder:
        """Train along any plan; see `fit`."""

    def fit(
        self,
        epochs: int,
        lr: Number | None = None,
        *,
        progress: bool = True,
        checkpoint: str | os.PathLike[str] | None = None,
    ) -> Recorder:
        """Train for `epochs` more epochs at one learning rate, by default the rule's.

        Parameters
        ----------
        epochs : int
        lr : float or Fraction, optional
        progress : bool
            Whether a bar shows loss, accuracy and time to go, on a terminal.
        checkpoint : path, optional
            Where to save at the start and after each epoch. There must be no file yet,
            but for one that this learner has written or resumed.

        Returns
        -------
        Recorder
            Of all fits. Its `stopped` says why this one ended early, if it did.

        Raises
        ------
        DivergedError
            When a loss is not finite; the weights, the buffers and what the rule
            remembers are those of the last finite loss.
        ConvmatError
            When the checkpoint exists, or the model is in eval mode.
        ConvmatTypeError
            When `epochs` is no integer or `lr` no number.
        """
        return self.fit_plan(
            epochs, Constant(lr), progress=progress, checkpoint=checkpoint
        )

    def fit_one_cycle(
        self,
        epochs: int,
        lr_max: Number | None = None,
        *,
        div: Number = 25,
        div_final: Number = 1e5,
        pct_start: Number = 0.25,
        momenta: tuple[Number, Number, Number] | None = (0.95, 0.85, 0.95),
        progress: bool = True,
        checkpoint: str | os.PathLike[str] | None = None,
    ) -> Recorder:
        """Train with the 1-cycle policy; see `convmat.optim.OneCycle`, and `fit`."""
        top = self.rule.lr if lr_max is None else lr_max
        plan = OneCycle(top, div, div_final, pct_start, momenta)
        return self.fit_plan(epochs, plan, progress=progress, checkpoint=checkpoint)

    def fit_flat_cos(
        self,
        epochs: int,
        lr: Number | None = None,
        *,
        div_final: Number = 1e5,
        pct_start: Number = 0.75,
        progress: bool = True,
        checkpoint: str | os.PathLike[str] | None = None,
    ) -> Recorder:
        """Train flat, then down a cosine; see `convmat.optim.FlatCosine`, and `fit`."""
        plan = FlatCosine(self.rule.lr if lr is None else lr, div_final, pct_start)
        return self.fit_plan(epochs, plan, progress=progress, checkpoint=checkpoint)
