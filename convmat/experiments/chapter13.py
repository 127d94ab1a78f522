"""The training runs A to F of fastbook's chapter 13, "Convolutional Neural Networks".

Each is a few lines: a network, batches, and a call of the learner. What the book
prints for each stands in `BOOK`, for full MNIST; the seeds of its runs are not known.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np

from convmat.errors import ConvmatError
from convmat.nn import (
    BatchNorm,
    Callback,
    Conv,
    Flatten,
    Layer,
    Learner,
    Loader,
    Normalize,
    Parts,
    Recorder,
    ReLU,
    Sequential,
    load_mnist10k,
)
from convmat.optim import AdamW

__all__ = [
    "BOOK",
    "RUNS",
    "Setting",
    "fit",
    "learner_for",
    "learner_of",
    "network",
    "run",
    "run_a",
    "run_b",
    "run_c",
    "run_d",
    "run_e",
    "run_f",
]


@dataclass(frozen=True)
class Setting:
    """What one run is.

    Attributes
    ----------
    channels : tuple of int
        Of the input and of each convolution; all have stride 2.
    first : int
        Taps along an axis of the first kernel; the others have 3.
    batch_size, epochs : int
    lr : float
        Of `fit`, or at the top of the cycle.
    one_cycle : bool
    batch_norm : bool
        Whether one follows each convolution: behind its ReLU, and the last one too.
    normalised : bool
        Whether inputs are shifted and scaled by the statistics of one batch.
    classes : tuple of str
        Digits to tell apart; all ten where it is empty.
    """

    channels: tuple[int, ...]
    first: int
    batch_size: int
    epochs: int
    lr: float
    one_cycle: bool = False
    batch_norm: bool = False
    normalised: bool = True
    classes: tuple[str, ...] = ()


_A = (1, 4, 8, 16, 32, 2)
_C = Setting((1, 8, 16, 32, 64, 10), first=5, batch_size=512, epochs=1, lr=0.06)
_D = replace(_C, one_cycle=True)
_E = replace(_D, batch_norm=True)

RUNS: Mapping[str, Setting] = {
    "A": Setting(
        _A,
        first=3,
        batch_size=64,
        epochs=2,
        lr=0.01,
        one_cycle=True,
        normalised=False,
        classes=("3", "7"),
    ),
    "B": replace(_C, batch_size=64),
    "C": _C,
    "D": _D,
    "E": _E,
    "F": replace(_E, epochs=5, lr=0.1),
}
"""The settings of the book's runs, in its order."""

BOOK: Mapping[str, tuple[tuple[float, float, float], ...]] = {
    "A": ((0.072684, 0.045110, 0.990186), (0.022580, 0.030775, 0.990186)),
    "B": ((2.307071, 2.305865, 0.113500),),
    "C": ((2.309385, 2.302744, 0.113500),),
    "D": ((0.210838, 0.084827, 0.974300),),
    "E": ((0.130036, 0.055021, 0.986400),),
    "F": (
        (0.1917, 0.1217, 0.9609),
        (0.0837, 0.0558, 0.9818),
        (0.0532, 0.0445, 0.9871),
        (0.0344, 0.0302, 0.9902),
        (0.0176, 0.0254, 0.9912),
    ),
}
"""Train loss, valid loss and accuracy that the book prints after each epoch.

On full MNIST: 60,000 and 10,000 digits, and 12,396 and 2,038 threes and sevens for A.
Whether B and C train or stay at chance depends on the seed: their rate is too high to
start with.
"""


def network(setting: Setting, *, seed: int = 0) -> Sequential:
    """The network of a run, in float32, with PyTorch's default initial numbers.

    Examples
    --------
    >>> sizes = {
    ...     name: sum(a.size for a in network(setting).parameters.values())
    ...     for name, setting in RUNS.items()
    ... }
    >>> sizes
    {'A': 6722, 'B': 30282, 'C': 30282, 'D': 30282, 'E': 30542, 'F': 30542}
    """
    rng = np.random.default_rng(seed)
    layers: list[Layer] = []
    last = len(setting.channels) - 2
    for place, (into, out) in enumerate(pairwise(setting.channels)):
        taps = setting.first if place == 0 else 3
        size, pad = (taps, taps), taps // 2
        layers.append(
            Conv(into, out, size, stride=2, padding=pad, rng=rng, dtype=np.float32)
        )
        if place < last:
            layers.append(ReLU())
        if setting.batch_norm:
            layers.append(BatchNorm(out, dtype=np.float32))
    return Sequential([*layers, Flatten()])


def learner_of(
    name: str,
    data: Parts | None = None,
    *,
    seed: int = 0,
    callbacks: Iterable[Callback] = (),
) -> Learner:
    """The learner of a run, not trained yet.

    Parameters
    ----------
    name : str
        "A" to "F".
    data : Parts, optional
        Digits to train on and held-out ones, as `load_mnist(folder)` reads all of
        MNIST. By default the 10,000 that are embedded, 2,000 of them held out.
    seed : int
        Of the initial weights and of the order of the data.
    callbacks : iterable of Callback
        What looks on.

    Raises
    ------
    ConvmatError
        For another name, and for data too few for one batch.
    """
    if name not in RUNS:
        raise ConvmatError("name", f"must be one of {', '.join(RUNS)}", name)
    return learner_for(RUNS[name], data, seed=seed, callbacks=callbacks)


def learner_for(
    setting: Setting,
    data: Parts | None = None,
    *,
    seed: int = 0,
    callbacks: Iterable[Callback] = (),
) -> Learner:
    """The learner of any setting, as `learner_of` makes it of a run's.

    Raises
    ------
    ConvmatError
        For data too few for one batch.
    """
    train, test = load_mnist10k() if data is None else data
    if setting.classes:
        train, test = train.only(*setting.classes), test.only(*setting.classes)
    batches = Loader.of(train, setting.batch_size, seed=seed, drop_last=True)
    held_out = Loader.of(test, min(1024, len(test)), seed=None)
    if setting.normalised:
        x, _ = next(batches.epoch(0))
        statistics = Normalize.of_batch(x)
        batches, held_out = batches.then(statistics), held_out.then(statistics)
    return Learner(
        network(setting, seed=seed),
        batches,
        AdamW(setting.lr, (0.9, 0.99), 1e-5, weight_decay=0.01),
        held_out=held_out,
        decay="weights",
        callbacks=callbacks,
    )


def run(
    name: str,
    data: Parts | None = None,
    *,
    seed: int = 0,
    callbacks: Iterable[Callback] = (),
    progress: bool = True,
) -> Recorder:
    """Train one of the runs; see `learner_of`.

    Raises
    ------
    ConvmatError
        As `learner_of`.
    DivergedError
        When a loss is not finite.
    """
    learner = learner_of(name, data, seed=seed, callbacks=callbacks)
    return fit(name, learner, progress=progress)


def fit(name: str, learner: Learner, *, progress: bool = True) -> Recorder:
    """Train the learner of a run as the book does.

    Raises
    ------
    DivergedError
        When a loss is not finite.
    """
    setting = RUNS[name]
    train = learner.fit_one_cycle if setting.one_cycle else learner.fit
    return train(setting.epochs, setting.lr, progress=progress)


def run_a(data: Parts | None = None, *, seed: int = 0) -> Recorder:
    """Threes and sevens; 1-cycle, batches of 64."""
    return run("A", data, seed=seed)


def run_b(data: Parts | None = None, *, seed: int = 0) -> Recorder:
    """Ten digits at a constant rate that is too high, batches of 64."""
    return run("B", data, seed=seed)


def run_c(data: Parts | None = None, *, seed: int = 0) -> Recorder:
    """As B, with batches of 512."""
    return run("C", data, seed=seed)


def run_d(data: Parts | None = None, *, seed: int = 0) -> Recorder:
    """As C, with the 1-cycle policy."""
    return run("D", data, seed=seed)


def run_e(data: Parts | None = None, *, seed: int = 0) -> Recorder:
    """As D, with batch norm behind every convolution."""
    return run("E", data, seed=seed)


def run_f(data: Parts | None = None, *, seed: int = 0) -> Recorder:
    """As E, five epochs at a rate up to 0.1."""
    return run("F", data, seed=seed)
