"""`Chapter`: the runs of fastbook's chapter 13, trained, beside the book's numbers."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from convmat.arrays import Array
from convmat.experiments import telling
from convmat.experiments.chapter13 import BOOK, RUNS, Setting
from convmat.experiments.errata import Erratum
from convmat.nn import ActivationStats, Learner, LRFinding, Recorder

__all__ = ["BOOK_SIZES", "CHANCE", "Chapter", "Sizes", "Trained"]

CHANCE = 0.2
"""A run of ten digits whose accuracy is below this has learned nothing: 0.1 is chance,
and none that trains stays so low."""


@dataclass(frozen=True)
class Sizes:
    """How many digits there are to train on, and held out.

    Attributes
    ----------
    train, held_out : int
        All of them.
    train_pair, held_out_pair : int
        Threes and sevens among them.
    """

    train: int
    held_out: int
    train_pair: int
    held_out_pair: int


BOOK_SIZES = Sizes(60_000, 10_000, 12_396, 2_038)
"""Of MNIST, with which the book trains."""


@dataclass(frozen=True, eq=False)
class Trained:
    """One run.

    Attributes
    ----------
    name : str
        "A" to "F".
    learner : Learner
        With the trained model and the recorder.
    stats : ActivationStats or None
        Of all layers with parameters, in the runs whose layers the chapter draws.
    finding : LRFinding or None
        Losses at growing learning rates, before the first step; for one run.
    failed : str
        Why it ended before its last epoch; empty where it did not.

    Examples
    --------
    >>> from convmat.experiments import train_chapter
    >>> run = train_chapter(runs="A", watch=False, progress=False)["A"]
    >>> run.name, run.failed, run.setting.channels
    ('A', '', (1, 4, 8, 16, 32, 2))
    >>> run.outputs(run.learner.held_out.inputs[:2])[-1].shape
    (2, 2)
    """

    name: str
    learner: Learner
    stats: ActivationStats | None = None
    finding: LRFinding | None = None
    failed: str = ""

    @property
    def setting(self) -> Setting:
        """What the run is."""
        return RUNS[self.name]

    @property
    def book(self) -> tuple[tuple[float, float, float], ...]:
        """Train loss, valid loss and accuracy that the book prints, by epoch."""
        return BOOK[self.name]

    @property
    def recorder(self) -> Recorder:
        """What happened."""
        return self.learner.recorder

    @property
    def seed_dependent(self) -> bool:
        """Whether it may stay at chance: a constant rate, too high to start with."""
        return not self.setting.one_cycle

    @property
    def at_chance(self) -> bool:
        """Whether it has learned nothing."""
        seen = self.recorder.accuracies
        return bool(seen) and seen[-1] < CHANCE and not self.setting.classes

    def outputs(self, images: Array) -> tuple[Array, ...]:
        """What each layer makes of some images, in eval mode.

        Parameters
        ----------
        images : ndarray, `(batch, 1, 28, 28)`
            As they are stored; they are scaled and normalised as in training.

        Returns
        -------
        tuple of ndarray
            One for each layer of the model, `(batch, channels, high, wide)`; the last
            one, the scores, `(batch, classes)`.
        """
        held_out, model = self.learner.held_out, self.learner.model
        assert held_out is not None  # `learner_of` gives one
        targets = np.zeros(len(images), np.int64)
        loader = replace(
            held_out, inputs=images, targets=targets, batch_size=len(images)
        )
        ((x, _),) = loader.epoch(0)
        found = []
        with model.evaluating():
            for layer in model.layers:
                x = layer.forward(x)
                found.append(x)
        return tuple(found)


@dataclass(frozen=True, eq=False)
class Chapter:
    """The runs of the chapter beside the book's. `print` shows tables.

    Attributes
    ----------
    source : str
        Where the digits are from.
    sizes : Sizes
    seed : int
    runs : tuple of Trained
        In the book's order.
    errata : tuple of Erratum
        What the book has wrong or leaves out.
    seconds : float
        That all of it took.
    stopped : str
        What Ctrl-C interrupted; empty where nothing was.

    Examples
    --------
    >>> from convmat.experiments import train_chapter
    >>> chapter = train_chapter(runs="A", watch=False, progress=False)
    >>> "A" in chapter, "B" in chapter, chapter.full
    (True, False, False)
    """

    source: str
    sizes: Sizes
    seed: int
    runs: tuple[Trained, ...]
    errata: tuple[Erratum, ...]
    seconds: float
    stopped: str = ""

    @property
    def full(self) -> bool:
        """Whether there are as many digits, threes and sevens as the book has."""
        return self.sizes == BOOK_SIZES

    def __getitem__(self, name: str) -> Trained:
        """The run of that name."""
        return next(run for run in self.runs if run.name == name)

    def __contains__(self, name: str) -> bool:
        return any(run.name == name for run in self.runs)

    def as_json(self) -> dict[str, Any]:
        """Everything but weights and activations, as `json.dumps` takes it."""
        return telling.as_json(self)

    def __str__(self) -> str:
        return telling.as_text(self)
