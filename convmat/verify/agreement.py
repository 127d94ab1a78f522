"""Two training runs side by side, each step held against its rounding bound."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from tqdm.auto import tqdm

from convmat.arrays import Array
from convmat.errors import ConvmatTypeError
from convmat.nn.counts import count
from convmat.nn.learner import Learner
from convmat.optim import SGD
from convmat.verify.rounding import step_bound

__all__ = ["Agreement", "compare_training", "gaps_between", "largest_growth"]


@dataclass(frozen=True)
class Agreement:
    """How far two training runs were apart, and how far rounding allowed them to be.

    Attributes
    ----------
    steps : int
        Steps taken by both.
    weight_gap, loss_gap : float
        Largest absolute difference of a weight, and of a loss, after any step.
    weight_share : float
        Largest growth of a weight's difference in one step, over the growth that the
        bound allows; at most 1 when rounding explains every step.
    loss_share : float
        Largest difference of a loss over its bound.
    """

    steps: int
    weight_gap: float
    loss_gap: float
    weight_share: float
    loss_share: float

    @property
    def holds(self) -> bool:
        """Whether every difference after every step is within its bound."""
        return self.weight_share <= 1 and self.loss_share <= 1

    def __str__(self) -> str:
        verdict = "within" if self.holds else "BEYOND"
        return (
            f"{self.steps} steps: weights at most {self.weight_gap:.1e} apart, losses "
            f"{self.loss_gap:.1e}; {verdict} the rounding bound of each step (largest "
            f"share of it: {self.weight_share:.2g} and {self.loss_share:.2g})"
        )


def compare_training(
    one: Learner, other: Learner, epochs: int, *, progress: bool = True
) -> Agreement:
    """Train both on the batches of `one`, and hold each step against its bound.

    Parameters
    ----------
    one, other : Learner
        Models of the same layers in two routes, with equal weights and equal rules.
    epochs : int
        Epochs to train; both learners are changed.
    progress : bool
        Whether to show a bar, on a terminal.

    Returns
    -------
    Agreement

    Raises
    ------
    ConvmatTypeError
        When the two compute in different dtypes, or one of them in several, and for
        other rules than SGD, whose rounding has no bound here.
    """
    first, second = _sgd("one.rule", one), _sgd("other.rule", other)
    total = count("epochs", epochs, 0) * len(one.loader)
    for name, array in other.model.parameters.items():
        if array.dtype != (wanted := one.model.parameters[name].dtype):
            label, rule = f"other.model.parameters[{name!r}]", f"must be of {wanted}"
            raise ConvmatTypeError(label, rule, str(array.dtype))
    weight_gap = loss_gap = weight_share = loss_share = 0.0
    # None shows the bar on a terminal only.
    hidden = None if progress else True
    with tqdm(total=total, unit="step", disable=hidden, delay=1) as bar:
        for _ in range(epochs):
            for x, y in one.loader.epoch(one.epochs):
                before = gaps_between(one.model.parameters, other.model.parameters)
                bound = step_bound(
                    one.model,
                    one.loss,
                    first,
                    x,
                    y,
                    gaps=before,
                    velocity_gaps=gaps_between(first.velocity, second.velocity),
                )
                apart = abs(float(one.step(x, y)) - float(other.step(x, y)))
                gaps = gaps_between(one.model.parameters, other.model.parameters)
                loss_gap = max(loss_gap, apart)
                weight_gap = max(weight_gap, *(float(g.max()) for g in gaps.values()))
                loss_share = max(loss_share, _share(apart, bound.loss))
                weight_share = max(
                    weight_share, largest_growth(before, gaps, bound.parameters)
                )
                bar.update()
            for learner in (one, other):
                learner.close_epoch()
    return Agreement(total, weight_gap, loss_gap, weight_share, loss_share)


def _sgd(label: str, learner: Learner) -> SGD:
    if not isinstance(learner.rule, SGD):
        found = type(learner.rule).__name__
        raise ConvmatTypeError(label, "must be SGD, whose steps are bounded", found)
    return learner.rule


def gaps_between(
    one: Mapping[str, Array], other: Mapping[str, Array]
) -> dict[str, Array]:
    """Absolute difference of each array of `one` from that of the same name."""
    return {name: np.abs(np.float64(one[name]) - other[name]) for name in one}


def largest_growth(
    before: Mapping[str, Array], after: Mapping[str, Array], bound: Mapping[str, Array]
) -> float:
    """The largest growth of a gap in one step, over the growth that `bound` allows.

    At most 1 exactly where no gap is beyond its bound; infinite where one grew and was
    not allowed to.
    """
    return max(
        _share(after[name] - before[name], bound[name] - before[name])
        for name in before
    )


def _share(found: Array | float, allowed: Array | float) -> float:
    with np.errstate(divide="ignore", invalid="ignore"):
        shares = np.where(np.asarray(found) <= 0, 0.0, np.divide(found, allowed))
    largest = float(np.max(shares))
    return float("inf") if np.isnan(largest) else largest
