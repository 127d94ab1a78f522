"""Two training runs side by side, each step held against its rounding bound."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction

import numpy as np
from tqdm.auto import tqdm

from convmat.arrays import Array
from convmat.errors import ConvmatTypeError
from convmat.nn.counts import count
from convmat.nn.learner import Learner
from convmat.optim import Plan, Rule
from convmat.verify.rounding import step_bound

__all__ = [
    "Agreement",
    "compare_training",
    "gaps_between",
    "largest_growth",
    "set_rates",
]


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
    memory_share, buffer_share : float
        As `weight_share`, of what the rules remember and of running statistics.

    Examples
    --------
    >>> agreement = Agreement(100, 1e-15, 2e-15, weight_share=0.25, loss_share=0.5)
    >>> agreement.holds
    True
    >>> Agreement(100, 1e-3, 2e-15, weight_share=7.0, loss_share=0.5).holds
    False
    """

    steps: int
    weight_gap: float
    loss_gap: float
    weight_share: float
    loss_share: float
    memory_share: float = 0.0
    buffer_share: float = 0.0

    @property
    def holds(self) -> bool:
        """Whether every difference after every step is within its bound."""
        shares = (
            self.weight_share,
            self.loss_share,
            self.memory_share,
            self.buffer_share,
        )
        return max(shares) <= 1

    def __str__(self) -> str:
        verdict = "within" if self.holds else "BEYOND"
        shares = f"{self.weight_share:.2g} and {self.loss_share:.2g}"
        if self.memory_share > 1:
            shares += f", of what the rule remembers {self.memory_share:.2g}"
        if self.buffer_share > 1:
            shares += f", of running statistics {self.buffer_share:.2g}"
        return (
            f"{self.steps} steps: weights at most {self.weight_gap:.1e} apart, losses "
            f"{self.loss_gap:.1e}; {verdict} the rounding bound of each step (largest "
            f"share of it: {shares})"
        )


def compare_training(
    one: Learner,
    other: Learner,
    epochs: int,
    *,
    plan: Plan | None = None,
    progress: bool = True,
) -> Agreement:
    """Train both on the batches of `one`, and hold each step against its bound.

    The bound of a step starts from the differences that were measured before it. So the
    answer is one about every single step: what a step adds to the difference is within
    what rounding, and the difference that was there, can explain.

    Parameters
    ----------
    one, other : Learner
        Models of the same layers in two routes, with equal weights and equal rules.
    epochs : int
        Epochs to train; both learners are changed.
    plan : Plan, optional
        How learning rate and momentum move; by default both stay those of the rules.
    progress : bool
        Whether to show a bar, on a terminal.

    Returns
    -------
    Agreement

    Raises
    ------
    ConvmatTypeError
        When the two compute in different dtypes, or one of them in several, and for
        what has no bound; see `convmat.verify.rounding.step_bound`.

    Examples
    --------
    >>> from convmat.nn import Loader, digits_cnn, load_digits
    >>> from convmat.optim import SGD
    >>> digits = load_digits()
    >>> learners = [
    ...     Learner(
    ...         digits_cnn(route),
    ...         Loader(digits.train_images[:128], digits.train_labels[:128]),
    ...         SGD(0.1, 0.9),
    ...     )
    ...     for route in ("fast", "matrix")
    ... ]
    >>> agreement = compare_training(*learners, 1, progress=False)
    >>> agreement.steps, agreement.holds
    (2, True)
    """
    batches = len(one.loader)
    total = count("epochs", epochs, 0) * batches
    for name, array in other.model.parameters.items():
        if array.dtype != (wanted := one.model.parameters[name].dtype):
            label, rule = f"other.model.parameters[{name!r}]", f"must be of {wanted}"
            raise ConvmatTypeError(label, rule, str(array.dtype))
    weight_gap = loss_gap = loss_share = 0.0
    growth = dict.fromkeys(("weight", "memory", "buffer"), 0.0)
    before, done = _Gaps.between(one, other), 0
    # None shows the bar on a terminal only.
    hidden = None if progress else True
    with tqdm(total=total, unit="step", disable=hidden, delay=1) as bar:
        for _ in range(epochs):
            for x, y in one.loader.epoch(one.epochs):
                if plan is not None:
                    set_rates(plan, done, total, one.rule, other.rule)
                bound = step_bound(
                    one.model,
                    one.loss,
                    one.rule,
                    x,
                    y,
                    gaps=before.weight | before.buffer,
                    memory_gaps=before.memory,
                    undecayed=one.undecayed,
                )
                apart = abs(float(one.step(x, y)) - float(other.step(x, y)))
                loss_gap = max(loss_gap, apart)
                loss_share = max(loss_share, _share(apart, bound.loss))
                after = _Gaps.between(one, other)
                largest = (float(gap.max()) for gap in after.weight.values())
                weight_gap = max(weight_gap, *largest)
                for kind, limits in (
                    ("weight", bound.parameters),
                    ("memory", bound.memory),
                    ("buffer", bound.buffers),
                ):
                    old, new = getattr(before, kind), getattr(after, kind)
                    found = largest_growth(old, new, limits)
                    growth[kind] = max(growth[kind], found)
                before, done = after, done + 1
                bar.update()
            for learner in (one, other):
                learner.close_epoch()
    return Agreement(
        total,
        weight_gap,
        loss_gap,
        growth["weight"],
        loss_share,
        growth["memory"],
        growth["buffer"],
    )


@dataclass(frozen=True)
class _Gaps:
    """How far two learners are apart now, by the names of what they hold."""

    weight: dict[str, Array]
    memory: dict[str, Array]
    buffer: dict[str, Array]

    @classmethod
    def between(cls, one: Learner, other: Learner) -> _Gaps:
        return cls(
            gaps_between(one.model.parameters, other.model.parameters),
            gaps_between(_floats(one.rule.state()), other.rule.state()),
            gaps_between(_floats(one.model.buffers), other.model.buffers),
        )


def _floats(arrays: Mapping[str, Array]) -> dict[str, Array]:
    """Without counts."""
    return {name: array for name, array in arrays.items() if array.dtype.kind == "f"}


def set_rates(plan: Plan, done: int, total: int, *rules: Rule) -> None:
    """Give the rules what a plan has after `done` of `total` steps, exactly there.

    Examples
    --------
    >>> from convmat.optim import SGD, Constant
    >>> rule = SGD(0.1, 0.9)
    >>> set_rates(Constant(0.5), 3, 10, rule)
    >>> rule.lr, rule.momentum
    (0.5, 0.9)
    """
    rates = plan.rates(Fraction(done, total))
    for rule in rules:
        if rates.lr is not None:
            rule.lr = rates.lr
        if rates.momentum is not None:
            rule.momentum = rates.momentum


def gaps_between(
    one: Mapping[str, Array], other: Mapping[str, Array]
) -> dict[str, Array]:
    """Absolute difference of each array of `one` from that of the same name.

    In double precision, so that what one run has in rationals is rounded once.

    Examples
    --------
    >>> gaps_between({"w": np.array([1.0, 5.0])}, {"w": np.array([1.0, 3.0])})
    {'w': array([0., 2.])}
    """
    differences = {name: np.abs(np.float64(one[name]) - other[name]) for name in one}
    return {name: np.asarray(gap, float) for name, gap in differences.items()}


def largest_growth(
    before: Mapping[str, Array], after: Mapping[str, Array], bound: Mapping[str, Array]
) -> float:
    """The largest growth of a gap in one step, over the growth that `bound` allows.

    At most 1 exactly where no gap is beyond its bound; infinite where one grew and was
    not allowed to. What has no gap before has none to grow from: it is new.

    Examples
    --------
    >>> before, after = {"w": np.array([1.0])}, {"w": np.array([2.0])}
    >>> float(largest_growth(before, after, {"w": np.array([5.0])}))  # 1 of 4
    0.25
    """
    return max(
        (
            _share(gap - before.get(name, 0), bound[name] - before.get(name, 0))
            for name, gap in after.items()
        ),
        default=0.0,
    )


def _share(found: Array | float, allowed: Array | float) -> float:
    with np.errstate(divide="ignore", invalid="ignore"):
        shares = np.where(np.asarray(found) <= 0, 0.0, np.divide(found, allowed))
    largest = float(np.max(shares))
    return float("inf") if np.isnan(largest) else largest
