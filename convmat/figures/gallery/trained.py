"""Short trainings on the embedded digits, for figures of what training looks like."""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np

from convmat.figures.gallery.kinds import Option
from convmat.figures.gallery.options import RUNS
from convmat.figures.gallery.reader import Reader

if TYPE_CHECKING:
    from convmat.experiments.chapter import Trained
    from convmat.nn import Learner, LRFinding

__all__ = ["RUN", "found", "trained"]

_BINS = 40  # of the histograms, from 0 to 10 as fastai has them

RUN = (
    Option("run", "the chapter's run whose network and rates are taken", "E", RUNS),
    Option("digits", "how many of the embedded digits are trained on", "1000"),
    Option("batch", "digits in a batch", "32"),
    Option("epochs", "how often all of them are seen", "1"),
    Option("seed", "of the initial weights and the order of the digits", "0"),
)
"""Which training; far shorter than the chapter's own."""


def trained(read: Reader) -> Trained:
    """A trained network with its history: the same one for the same options.

    Raises
    ------
    ConvmatError
        For options out of range.
    """
    epochs = read.integer("epochs", 1, 10)
    return _trained(*_asked(read), epochs)


def found(read: Reader) -> LRFinding:
    """What `lr_find` finds for the network before it is trained.

    Raises
    ------
    ConvmatError
        For options out of range.
    """
    return _learner(*_asked(read)).lr_find(progress=False)


def _asked(read: Reader) -> tuple[str, int, int, int]:
    """Run, digits, batch and seed."""
    digits = read.integer("digits", 64, 8000)
    return (
        read.choice("run", *RUNS),
        digits,
        read.integer("batch", 2, min(digits // 8, 512)),
        read.integer("seed", 0),
    )


def _learner(run: str, digits: int, batch: int, seed: int) -> Learner:
    from convmat.experiments.chapter13 import RUNS as SETTINGS
    from convmat.experiments.chapter13 import learner_for
    from convmat.nn import ActivationStats, Parts, load_mnist10k

    whole = load_mnist10k()
    train = whole.train.take(np.arange(digits))
    held_out = whole.test.take(np.arange(digits // 4))
    setting = replace(SETTINGS[run], batch_size=batch)
    watch = ActivationStats(bins=_BINS)
    data = Parts(train, held_out)
    return learner_for(setting, data, seed=seed, callbacks=[watch])


@lru_cache(maxsize=8)
def _trained(run: str, digits: int, batch: int, seed: int, epochs: int) -> Trained:
    from convmat.experiments.chapter import Trained
    from convmat.experiments.chapter13 import RUNS as SETTINGS
    from convmat.nn import ActivationStats

    learner = _learner(run, digits, batch, seed)
    setting = SETTINGS[run]
    fit = learner.fit_one_cycle if setting.one_cycle else learner.fit
    fit(epochs, setting.lr, progress=False)
    (watch,) = learner.callbacks
    assert isinstance(watch, ActivationStats)
    return Trained(run, learner, watch)
