"""`train_chapter`: the runs of fastbook's chapter 13, one after the other."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from tqdm.auto import tqdm

from convmat.arrays import Array
from convmat.errors import ConvmatError, DivergedError
from convmat.experiments.chapter import Chapter, Sizes, Trained
from convmat.experiments.chapter13 import RUNS, fit, learner_of
from convmat.experiments.errata import errata
from convmat.nn import ActivationStats, Callback, Dataset, Learner, Parts, load_mnist10k
from convmat.nn.counts import count

__all__ = ["train_chapter"]

_WATCHED = "BCDE"  # whose layers the chapter draws
_SOUGHT = "DCBEFA"  # whose learning rate is looked for: the first of them that is run
_RATES = 100  # that are tried
_SIZE = (1, 28, 28)
_PAIR = RUNS["A"].classes
_CLASSES = RUNS["B"].channels[-1]


def train_chapter(
    data: Parts | None = None,
    *,
    runs: Iterable[str] = tuple(RUNS),
    seed: int = 0,
    watch: bool = True,
    progress: bool = True,
) -> Chapter:
    """Train the chapter's runs. Ctrl-C ends with those that came to their end.

    Parameters
    ----------
    data : Parts, optional
        Digits of 28x28 to train on and held-out ones, as `load_mnist(folder)` reads all
        of MNIST. By default the 10,000 that are embedded, 2,000 of them held out.
    runs : iterable of str
        Some of "A" to "F"; each is trained once, in the book's order.
    seed : int
        Of the initial weights and of the order of the data, in every run.
    watch : bool
        Whether what the figures show is kept: the layers of B to E while they train,
        and for one run the losses at growing learning rates. A run that is watched
        may be computed by another engine, so that its numbers differ by rounding, which
        training makes larger.
    progress : bool
        Whether bars with the time to go are shown, on a terminal: one for all images
        that are to come, and one for each run.

    Returns
    -------
    Chapter

    Raises
    ------
    ConvmatError
        For other runs, and for data that do not suit one of them; before any training.
    ConvmatTypeError
        For a `seed` that is no integer.

    Examples
    --------
    >>> chapter = train_chapter(runs="A", progress=False)
    >>> [round(accuracy, 1) for _, _, accuracy in chapter["A"].book]
    [1.0, 1.0]
    >>> len(chapter["A"].recorder.accuracies), chapter.full
    (2, False)
    """
    names = _names(runs)
    count("seed", seed, 0)
    parts = load_mnist10k() if data is None else data
    for name in names:
        _check(name, parts)
    began = time.perf_counter()
    found: list[Trained] = []
    stopped = ""
    sought = next(name for name in _SOUGHT if name in names) if watch else ""
    with _bars(names, parts, sought, progress) as bars:
        try:
            for name in names:
                kept = watch and name in _WATCHED, name == sought
                run = _train(name, parts, seed, *kept, bars, progress)
                found.append(run)
                if run.recorder.stopped:  # the learner minds Ctrl-C itself
                    stopped = f"run {name} was {run.recorder.stopped}"
                    break
        except KeyboardInterrupt:
            stopped = f"interrupted before run {name}"
    return Chapter(
        parts.train.source,
        Sizes(
            len(parts.train),
            len(parts.test),
            _count(parts.train, _PAIR),
            _count(parts.test, _PAIR),
        ),
        seed,
        tuple(found),
        errata(),
        time.perf_counter() - began,
        stopped,
    )


def _names(runs: Iterable[str]) -> list[str]:
    """The runs that are asked for, in the book's order.

    Raises
    ------
    ConvmatError
        For none, and for one that is not in the book.
    """
    asked = list(runs)
    if not asked or not set(asked) <= set(RUNS):
        rule = f"must be some of {', '.join(RUNS)}"
        raise ConvmatError("runs", rule, ",".join(map(str, asked)))
    return [name for name in RUNS if name in asked]


def _check(name: str, parts: Parts) -> None:
    """Return silently when the data suit the run.

    Raises
    ------
    ConvmatError
        For images of another size, other classes, and too few images.
    """
    setting = RUNS[name]
    remedy = f"choose runs without {name}"
    needed = (parts.train, setting.batch_size, "train on"), (parts.test, 1, "hold out")
    for part, least, purpose in needed:
        if part.shape != _SIZE:
            rule = "must hold grey images of 28x28, as MNIST does"
            raise ConvmatError("data", rule, part.shape)
        lacking = [digit for digit in setting.classes if not part.counts.get(digit)]
        if lacking or not (setting.classes or len(part.classes) == _CLASSES):
            what = " and ".join(setting.classes) or f"{_CLASSES} classes"
            rule = f"must hold digits of {what} to {purpose}, for run {name}"
            raise ConvmatError("data", rule, part.classes, remedy)
        held = _count(part, setting.classes)
        if held < least:
            rule = f"must hold {least} digits of that kind to {purpose}, for run {name}"
            raise ConvmatError("data", rule, held, remedy)


def _count(part: Dataset, classes: Sequence[str]) -> int:
    """How many images are in some classes; of none, how many there are."""
    counts = part.counts
    return sum(counts.get(name, 0) for name in classes or counts)


def _images(name: str, parts: Parts) -> int:
    """How many images a run trains on, counted each time."""
    setting = RUNS[name]
    held, size = _count(parts.train, setting.classes), setting.batch_size
    return setting.epochs * (held // size) * size


class _Bars(Callback):
    """One bar for the whole, in images, and below it one for the run, in batches."""

    def __init__(self, total: int, progress: bool) -> None:
        # None shows bars on a terminal only.
        hidden = None if progress else True
        self.looks: Any = {"disable": hidden, "leave": False, "delay": 1}
        self.whole = tqdm(
            desc="all runs", total=total, unit=" images", unit_scale=True, **self.looks
        )
        self.run: tqdm[Any] | None = None
        self.name, self.images = "", 0

    def begin(self, name: str, batches: int) -> None:
        """A run begins."""
        self.name = name
        self.run = tqdm(total=batches, unit="batch", **self.looks)

    def before_batch(self, learner: Learner, x: Array, y: Array) -> None:
        """Remember how many images there are."""
        self.images = len(y)

    def after_batch(self, learner: Learner, loss: Any) -> None:
        """They are done."""
        self.whole.update(self.images)
        if self.run is not None and not self.run.disable:
            told = f"run {self.name}, epoch {learner.epochs}"
            self.run.set_description(told, refresh=False)
            smooth = learner.recorder.steps[-1].smooth_loss
            self.run.set_postfix({"loss": f"{smooth:.4f}"}, refresh=False)
            self.run.update()

    def after_fit(self, learner: Learner) -> None:
        """The run is done."""
        if self.run is not None:
            self.run.close()


@contextmanager
def _bars(
    names: Sequence[str], parts: Parts, sought: str, progress: bool
) -> Iterator[_Bars]:
    """The bars of all runs.

    Yields
    ------
    _Bars
    """
    total = sum(_images(name, parts) for name in names)
    if sought:
        total += _RATES * RUNS[sought].batch_size
    bars = _Bars(total, progress)
    with bars.whole:
        yield bars


def _train(
    name: str,
    parts: Parts,
    seed: int,
    watched: bool,
    sought: bool,
    bars: _Bars,
    progress: bool,
) -> Trained:
    """One run; where its loss breaks down, with what it saw until then."""
    stats = ActivationStats() if watched else None
    callbacks = [bars, *([stats] if stats else [])]
    learner = learner_of(name, parts, seed=seed, callbacks=callbacks)
    finding = None
    if sought:
        finding = learner.lr_find(steps=_RATES, progress=progress)
        bars.whole.update(_RATES * RUNS[name].batch_size)
    bars.begin(name, RUNS[name].epochs * len(learner.loader))
    failed = ""
    try:
        fit(name, learner, progress=False)
    except DivergedError as error:
        failed = str(error)
    return Trained(name, learner, stats, finding, failed)
