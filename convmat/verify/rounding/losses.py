"""Losses: the gaps of the number itself, and of its gradient by the outputs."""

from __future__ import annotations

from functools import singledispatch

import numpy as np

from convmat.arrays import Array
from convmat.nn.losses import (
    BinaryCrossEntropy,
    CrossEntropy,
    HalfSquare,
    Loss,
    MeanSquare,
)
from convmat.verify.rounding.rules import refuse
from convmat.verify.rounding.units import Gapped, Unit, gamma

__all__ = ["loss_gaps"]

_EXP_ULPS = 4  # NumPy tests its exp, log and log1p to 4 units in the last place


@singledispatch
def loss_gaps(
    loss: Loss, unit: Unit, outputs: Gapped, targets: Array
) -> tuple[float, Array]:
    """The gaps of the loss and of its gradient by the outputs.

    Parameters
    ----------
    loss : Loss
    unit : Unit
    outputs : Gapped
        Its values are those of a run.
    targets : ndarray
        The same in both runs.

    Raises
    ------
    ConvmatTypeError
        For a loss without a rule.
    """
    refuse("loss", loss)


@loss_gaps.register
def _(
    loss: HalfSquare, unit: Unit, outputs: Gapped, targets: Array
) -> tuple[float, Array]:
    return _squares(unit, outputs, targets, 1 / len(outputs.values))


@loss_gaps.register
def _(
    loss: MeanSquare, unit: Unit, outputs: Gapped, targets: Array
) -> tuple[float, Array]:
    return _squares(unit, outputs, targets, 2 / outputs.values.size)


def _squares(
    unit: Unit, outputs: Gapped, targets: Array, share: float
) -> tuple[float, Array]:
    """`share / 2 * sum(errors**2)` and `share * errors`."""
    size = np.abs(np.float64(outputs.values) - targets) + outputs.gap
    error_gap = outputs.gap + unit.rounding(size, 1)
    drift = float((error_gap * (2 * size + error_gap)).sum())
    squares = np.sum((size + error_gap) ** 2)
    loss_gap = (drift + float(unit.rounding(squares, size.size + 3))) * share / 2
    return loss_gap, share * (error_gap + unit.rounding(size, 1))


@loss_gaps.register
def _(
    loss: CrossEntropy, unit: Unit, outputs: Gapped, targets: Array
) -> tuple[float, Array]:
    """The softmax of a row, and `parts`, what each class's `-log(softmax)` counts."""
    count, classes = outputs.values.shape
    parts = _parts(loss, targets, count, classes)
    row = parts.sum(axis=1, keepdims=True)
    scores = np.float64(outputs.values)
    scores = scores - scores.max(axis=1, keepdims=True)
    d = outputs.gap.max(axis=1, keepdims=True)  # a row's scores change by at most this
    # exp of a score that is itself rounded, then a sum of that many, then a quotient
    power = (np.abs(scores).max(axis=1, keepdims=True) + 2 * d) * unit.u
    power = np.expm1(power + 2 * _EXP_ULPS * unit.u)
    relative = 2 * power + gamma(classes + 2, unit.u)
    share = np.exp(scores) / np.exp(scores).sum(axis=1, keepdims=True)
    share_gap = share * (np.expm1(2 * d) + 2 * relative * np.exp(2 * d))
    # a part is 1 / count; or made in a few operations, and summed over the classes
    plain = not loss.label_smoothing and loss.weight is None
    rounds = 2 if plain else classes + count + 6
    grad_gap = row * share_gap
    grad_gap += unit.rounding(row * (share + share_gap) + parts, rounds)
    logs = np.log(classes)  # log of the sum is between 0 and this
    each = 2 * d[:, 0] + 2 * relative[:, 0]
    size = logs + np.abs(scores).max(axis=1) + 2 * d[:, 0]
    rounds += 2 * _EXP_ULPS + (count if plain else count * classes)
    each = each + unit.rounding(size, rounds)
    return float((row[:, 0] * each).sum()), grad_gap


def _parts(loss: CrossEntropy, targets: Array, count: int, classes: int) -> Array:
    """Entry `[i, c]` is what `-log(softmax)` of class `c` counts in sample `i`."""
    weight = np.ones(classes) if loss.weight is None else loss.weight
    rows, labels = np.arange(count), np.asarray(targets)
    parts = np.tile(weight * loss.label_smoothing / classes, (count, 1))
    parts[rows, labels] += (1 - loss.label_smoothing) * weight[labels]
    shares: Array = parts / weight[labels].sum()
    return shares


@loss_gaps.register
def _(
    loss: BinaryCrossEntropy, unit: Unit, outputs: Gapped, targets: Array
) -> tuple[float, Array]:
    """`log(1 + exp(score)) - score * target`: its slope is below 1 in size.

    A probability changes by at most a quarter of the score's gap, and by at most the
    factor `exp(gap)`.
    """
    scores, gap = np.float64(outputs.values), outputs.gap
    wanted = np.asarray(targets, float)
    small = np.exp(-np.abs(scores))
    share = np.where(scores >= 0, 1, small) / (1 + small)
    share_gap = np.minimum(gap / 4, share * np.expm1(gap))
    share_gap += unit.rounding(share + share_gap, 4 * _EXP_ULPS + 3)
    grad_gap = share_gap + unit.rounding(share + share_gap + wanted, 2)
    slope = np.minimum(np.abs(share - wanted) + share_gap, 1)
    size = np.maximum(scores, 0) + gap + outputs.size * wanted + np.log1p(small) + gap
    rounds = 4 * _EXP_ULPS + 4 + scores.size
    each = slope * gap + unit.rounding(size, rounds)
    return float(each.mean()), grad_gap / scores.size
