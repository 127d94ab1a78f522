"""`Learner`: a model, a loss, a rule and data, and the loop that joins them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from tqdm.auto import tqdm

from convmat.arrays import Array
from convmat.errors import ConvmatError
from convmat.nn.counts import count
from convmat.nn.data import Loader
from convmat.nn.losses import CrossEntropy, Loss
from convmat.nn.metrics import accuracy
from convmat.nn.models import Sequential
from convmat.optim import SGD

__all__ = ["History", "Learner"]


@dataclass
class History:
    """What happened in training.

    Attributes
    ----------
    losses : list of float
        Of each batch, before its step.
    accuracies : list of float
        On the held-out data after each epoch.
    """

    losses: list[Any] = field(default_factory=list)
    accuracies: list[float] = field(default_factory=list)


class Learner:
    """Trains a model on a loader.

    Parameters
    ----------
    model : Sequential
    loader : Loader
        Training data.
    rule : SGD
        The update rule.
    loss : Loss, optional
        By default the softmax cross-entropy.
    held_out : (ndarray, ndarray), optional
        Inputs and labels to measure the accuracy on after each epoch.

    Examples
    --------
    >>> from convmat.nn import Loader, digits_cnn, load_digits
    >>> digits = load_digits()
    >>> learner = Learner(
    ...     digits_cnn(),
    ...     Loader(digits.train_images, digits.train_labels, batch_size=64),
    ...     SGD(lr=0.1, momentum=0.9),
    ...     held_out=(digits.test_images, digits.test_labels),
    ... )
    >>> learner.fit(2, progress=False).accuracies[-1] > 0.9
    True
    """

    def __init__(
        self,
        model: Sequential,
        loader: Loader,
        rule: SGD,
        *,
        loss: Loss | None = None,
        held_out: tuple[Array, Array] | None = None,
    ) -> None:
        self.model = model
        self.loader = loader
        self.rule = rule
        self.loss = CrossEntropy() if loss is None else loss
        self.held_out = held_out
        self.history = History()
        self.epochs = 0

    def fit(self, epochs: int, *, progress: bool = True) -> History:
        """Train for `epochs` more epochs; a bar shows loss, accuracy and time to go."""
        total = count("epochs", epochs, 0) * len(self.loader)
        # None shows the bar on a terminal only.
        hidden = None if progress else True
        with tqdm(total=total, unit="batch", disable=hidden, delay=1) as bar:
            for _ in range(epochs):
                for x, y in self.loader.epoch(self.epochs):
                    loss = self.step(x, y)
                    bar.update()
                    bar.set_postfix(self._live(loss), refresh=False)
                self.close_epoch()
        return self.history

    def close_epoch(self) -> None:
        """Count the epoch, and measure the accuracy where there is held-out data."""
        self.epochs += 1
        if self.held_out is not None:
            self.history.accuracies.append(self.validate())

    def step(self, x: Array, y: Array) -> Any:
        """One update on one batch; the loss before it.

        Raises
        ------
        ConvmatError
            When the loss is not finite; the weights are left as they were.
        """
        loss, grad = self.loss(self.model.forward(x), y)
        if not np.isfinite(float(loss)):
            number = len(self.history.losses) + 1
            remedy = f"use a learning rate below {self.rule.lr}"
            raise ConvmatError("loss", f"must be finite at step {number}", loss, remedy)
        self.model.backward(grad)
        self.rule.step(self.model.parameters, self.model.gradients)
        self.history.losses.append(loss)
        return loss

    def validate(self) -> float:
        """Accuracy on the held-out data.

        Raises
        ------
        ConvmatError
            When the learner has none.
        """
        if self.held_out is None:
            remedy = "give Learner(..., held_out=(inputs, labels))"
            raise ConvmatError("held_out", "must be given to validate", None, remedy)
        inputs, labels = self.held_out
        with self.model.evaluating() as model:
            return accuracy(model.forward(inputs), labels)

    def _live(self, loss: Any) -> dict[str, str]:
        shown = {"loss": f"{float(loss):.4f}"}
        if self.history.accuracies:
            shown["accuracy"] = f"{self.history.accuracies[-1]:.1%}"
        return shown
