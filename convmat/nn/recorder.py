"""`Recorder`: what happened in training, by batch and by epoch."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from convmat.optim.rates import Number

__all__ = ["BETA", "Epoch", "Recorder", "Step"]

BETA = 0.98
"""Share of the old in the smooth loss."""


class Step(NamedTuple):
    """One batch.

    Attributes
    ----------
    loss : number
        Before its update.
    lr, momentum : float or Fraction
        The rates of its update.
    mean : float
        The running mean of the losses, started at 0.
    losses : int
        So many are in the mean: those since the fit began.

    Examples
    --------
    >>> one = Step.after(None, loss=3.0, lr=0.1, momentum=0.9)
    >>> two = Step.after(one, loss=1.0, lr=0.1, momentum=0.9)
    >>> round(two.smooth_loss, 6)  # (0.98 * 3 + 1) / (0.98 + 1)
    1.989899
    """

    loss: Any
    lr: Number
    momentum: Number
    mean: float
    losses: int

    @property
    def smooth_loss(self) -> float:
        """The running mean, corrected for its start at 0."""
        return self.mean / (1 - BETA**self.losses)

    @staticmethod
    def after(last: Step | None, loss: Any, lr: Number, momentum: Number) -> Step:
        """The step that follows `last`; None where a fit begins."""
        mean, losses = (0.0, 0) if last is None else (last.mean, last.losses)
        new = float(loss)
        return Step(loss, lr, momentum, new + BETA * (mean - new), losses + 1)


@dataclass(frozen=True)
class Epoch:
    """One epoch.

    Attributes
    ----------
    number : int
        From 0.
    steps : int
        Batches that had been trained on at its end, in all epochs.
    train_loss : float
        The smooth loss at its end; NaN without a batch.
    valid_loss : float or None
        On the held-out data, each sample counting the same; None without such data.
    metrics : dict of str to float
        On the held-out data.
    seconds : float
        That it took. Two epochs are equal whatever they took.

    Examples
    --------
    >>> from convmat.nn import Learner, Loader, digits_cnn, load_digits
    >>> from convmat.optim import SGD
    >>> digits = load_digits()
    >>> loader = Loader(digits.train_images[:128], digits.train_labels[:128])
    >>> learner = Learner(digits_cnn(), loader, SGD(0.1))
    >>> epoch = learner.fit(2, progress=False).epochs[-1]
    >>> epoch.number, epoch.steps, epoch.valid_loss, epoch.metrics
    (1, 4, None, {})
    """

    number: int
    steps: int
    train_loss: float
    valid_loss: float | None = None
    metrics: Mapping[str, float] = field(default_factory=dict)
    seconds: float = field(default=0.0, compare=False)


@dataclass
class Recorder:
    """What happened in training, over all fits of a learner.

    Attributes
    ----------
    steps : list of Step
        Of each batch.
    epochs : list of Epoch
        Of each epoch that came to its end.
    fits : list of int
        How many steps there were when each fit began.
    stopped : str
        Why the last fit ended before its last epoch; empty where it did not.

    References
    ----------
    fastai 2, `Recorder`: its train loss is the smooth one, with a share of 0.98 of the
    old, and starts anew with each fit.

    Examples
    --------
    >>> recorder = Recorder()
    >>> for loss in (1.0, 0.5, 0.5):
    ...     recorder.add(loss, lr=0.1, momentum=0.9)
    >>> recorder.losses
    [1.0, 0.5, 0.5]
    >>> [round(loss, 4) for loss in recorder.smooth_losses]
    [1.0, 0.7475, 0.6633]
    """

    steps: list[Step] = field(default_factory=list)
    epochs: list[Epoch] = field(default_factory=list)
    fits: list[int] = field(default_factory=list)
    stopped: str = ""

    def begin(self) -> None:
        """A fit begins: the smooth loss starts anew."""
        self.fits.append(len(self.steps))
        self.stopped = ""

    def add(self, loss: Any, lr: Number, momentum: Number) -> None:
        """One more batch."""
        start = self.fits[-1] if self.fits else 0
        last = self.steps[-1] if len(self.steps) > start else None
        # One append: there is no moment at which half a step is recorded.
        self.steps.append(Step.after(last, loss, lr, momentum))

    @property
    def losses(self) -> list[Any]:
        """Of each batch, before its step."""
        return [step.loss for step in self.steps]

    @property
    def smooth_losses(self) -> list[float]:
        """Of each batch, with those before it."""
        return [step.smooth_loss for step in self.steps]

    @property
    def lrs(self) -> list[Number]:
        """Learning rate of each batch."""
        return [step.lr for step in self.steps]

    @property
    def momenta(self) -> list[Number]:
        """Momentum of each batch."""
        return [step.momentum for step in self.steps]

    @property
    def train_losses(self) -> list[float]:
        """The smooth loss at the end of each epoch."""
        return [epoch.train_loss for epoch in self.epochs]

    @property
    def valid_losses(self) -> list[float | None]:
        """On the held-out data after each epoch."""
        return [epoch.valid_loss for epoch in self.epochs]

    @property
    def accuracies(self) -> list[float]:
        """On the held-out data after each epoch at which it was measured."""
        return self.metric("accuracy")

    def metric(self, name: str) -> list[float]:
        """One metric after each epoch at which it was measured."""
        return [e.metrics[name] for e in self.epochs if name in e.metrics]

    def __str__(self) -> str:
        """A table with a row for each epoch, as fastai prints it."""
        names = list(dict.fromkeys(name for e in self.epochs for name in e.metrics))
        heads = ["epoch", "train_loss", "valid_loss", *names, "seconds"]
        rows = [heads]
        for epoch in self.epochs:
            numbers = [epoch.train_loss, epoch.valid_loss]
            numbers += [epoch.metrics.get(name) for name in names]
            cells = ["" if n is None else f"{n:.6f}" for n in numbers]
            rows.append([str(epoch.number), *cells, f"{epoch.seconds:.1f}"])
        widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
        return "\n".join(
            "  ".join(cell.rjust(w) for cell, w in zip(row, widths, strict=True))
            for row in rows
        )
