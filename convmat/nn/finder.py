"""`find_lr`: losses at learning rates that grow, and what they suggest."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from convmat.arrays import Array
from convmat.errors import ConvmatError
from convmat.nn.bars import bar
from convmat.nn.blas import one_blas_thread
from convmat.nn.counts import count
from convmat.nn.keeper import generators
from convmat.nn.recorder import Step
from convmat.nn.update import update
from convmat.optim.rates import positive

if TYPE_CHECKING:
    from convmat.nn.learner import Learner

__all__ = ["LRFinding", "find_lr", "minimum", "slide", "steep", "valley"]

_SKIP = 5  # steps at the end that no suggestion looks at
_WORSE = 4  # times the best loss is where the search ends


@dataclass(frozen=True)
class LRFinding:
    """Losses at growing learning rates, and four suggestions.

    Attributes
    ----------
    lrs : tuple of float
        Of each step.
    losses : tuple of float
        Smooth, as the recorder has them.
    valley, slide, minimum, steep : float or None
        The suggestions of the functions of these names, from all steps but the first
        tenth of those asked for and the last five; None where too few are left.

    Examples
    --------
    >>> from convmat.nn import Learner, Loader, digits_cnn, load_digits
    >>> from convmat.optim import SGD
    >>> digits = load_digits()
    >>> loader = Loader(digits.train_images[:256], digits.train_labels[:256])
    >>> learner = Learner(digits_cnn(), loader, SGD(0.1))
    >>> finding = learner.lr_find(start=0.001, end=1, steps=12, progress=False)
    >>> len(finding.lrs), round(finding.lrs[4], 6)
    (12, 0.01)
    >>> finding.losses[-1] < finding.losses[0]
    True
    """

    lrs: tuple[float, ...]
    losses: tuple[float, ...]
    valley: float | None
    slide: float | None
    minimum: float | None
    steep: float | None


def valley(lrs: Sequence[float], losses: Sequence[float]) -> float:
    """The middle of the middle third of the longest fall.

    That is the longest subsequence of losses in which each is below the one before;
    of several, the one that ends first. It is placed so that it ends where it does and
    is as long as it has members.

    References
    ----------
    fastai 2, `valley`, of which this is another derivation.

    Examples
    --------
    >>> valley([1, 2, 3, 4, 5, 6, 7], [9, 8, 7, 6, 5, 4, 9])
    3
    """
    lengths: list[int] = []
    for place, loss in enumerate(losses):
        before = [lengths[i] for i in range(place) if losses[i] > loss]
        lengths.append(1 + max(before, default=0))
    longest = max(lengths)
    if longest == 1:  # nothing ever falls
        return lrs[0]
    end = lengths.index(longest)
    third = longest / 3
    return lrs[max(end - longest + int(third) + int(third / 2), 0)]


def slide(
    lrs: Sequence[float],
    losses: Sequence[float],
    *,
    apart: int = 15,
    threshold: float = 0.005,
) -> float:
    """Where the slope of losses is much as it is `apart` steps later, from the right.

    Two places slide left from the end until their slopes differ by no more than
    `threshold`. The rate one step to the right of the left place is told.

    References
    ----------
    fastai 2, `slide`: the rule and its defaults.

    Examples
    --------
    Flat, then rising in the last three steps. The right place slides down to step 16,
    where all is flat; the left one is then at step 1.

    >>> slide([10.0**n for n in range(21)], [2.0] * 18 + [3.0, 5.0, 9.0])
    100.0
    """
    slopes = np.gradient(np.asarray(losses, float))
    right = len(slopes) - 1
    chosen = lrs[right - apart]
    while right >= apart and abs(slopes[right] - slopes[right - apart]) > threshold:
        chosen = lrs[right - apart]
        right -= 1
    return chosen


def minimum(lrs: Sequence[float], losses: Sequence[float]) -> float:
    """A tenth of the rate at the smallest loss.

    Examples
    --------
    >>> minimum([1.0, 2.0, 3.0], [5, 4, 6])
    0.2
    """
    return lrs[int(np.argmin(losses))] / 10


def steep(lrs: Sequence[float], losses: Sequence[float]) -> float:
    """The rate at which the loss falls fastest by the logarithm of the rate.

    Examples
    --------
    >>> steep([1.0, 10.0, 100.0], [5, 4, 1])
    10.0
    """
    return lrs[int(np.argmin(np.diff(losses) / np.diff(np.log(lrs))))]


@one_blas_thread()
def find_lr(
    learner: Learner, start: float, end: float, steps: int, *, progress: bool
) -> LRFinding:
    """Train with growing rates, and put all back to the bit."""
    start, end = float(positive("start", start)), float(positive("end", end))
    if start >= end:
        raise ConvmatError("start", f"must be less than end={end}", start)
    steps = count("steps", steps, 6)
    lrs: list[float] = []
    losses: list[float] = []
    state = _state(learner)
    last: Step | None = None
    try:
        for done, (x, y) in enumerate(_batches(learner, steps, progress)):
            lr = start * (end / start) ** (done / steps)
            learner.rule.lr = lr
            with np.errstate(all="ignore"):  # it goes on until the loss breaks down
                loss, grad = learner.loss(learner.engine.forward(x), y)
                if not np.isfinite(float(loss)):
                    break
                learner.engine.backward(grad)
                update(learner.model, learner.rule, learner.undecayed)
            last = Step.after(last, loss, lr, learner.rule.momentum)
            lrs.append(lr)
            losses.append(last.smooth_loss)
            if last.smooth_loss > _WORSE * min(losses):
                break
    finally:
        _put_back(learner, state)
    return _finding(lrs, losses, steps)


def _batches(
    learner: Learner, steps: int, progress: bool
) -> Iterator[tuple[Array, Array]]:
    """So many batches, of as many epochs as it takes."""
    epochs = map(learner.loader.epoch, itertools.count(learner.epochs))
    batches = itertools.chain.from_iterable(epochs)
    with bar("lr_find", steps, unit="batch", progress=progress) as shown:
        for batch in itertools.islice(batches, steps):
            yield batch
            shown.update()


def _finding(lrs: list[float], losses: list[float], steps: int) -> LRFinding:
    rates, seen = lrs[steps // 10 : -_SKIP], losses[steps // 10 : -_SKIP]
    several = len(seen) > 1
    return LRFinding(
        tuple(lrs),
        tuple(losses),
        valley(rates, seen) if seen else None,
        slide(rates, seen) if len(seen) > 15 else None,
        minimum(rates, seen) if seen else None,
        steep(rates, seen) if several else None,
    )


def _state(learner: Learner) -> tuple[Any, ...]:
    rule, drawn = learner.rule, generators(learner.model)
    draws = [(rng, rng.bit_generator.state) for _, rng in drawn]
    return learner.model.state(), rule.state(), rule.lr, draws


def _put_back(learner: Learner, state: tuple[Any, ...]) -> None:
    """Into the arrays themselves, so that whoever holds them sees nothing."""
    arrays, memory, learner.rule.lr, draws = state
    model = learner.model
    for name, array in (model.parameters | model.buffers).items():
        array[...] = arrays[name]
    learner.rule.load_state(memory)
    for rng, drawn in draws:
        rng.bit_generator.state = drawn
