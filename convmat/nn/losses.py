"""Losses: one number for a batch, and its gradient by the outputs."""

from __future__ import annotations

from fractions import Fraction
from typing import Any, Protocol

import numpy as np

from convmat.arrays import Array, IntArray
from convmat.errors import ConvmatError, ShapeError

__all__ = ["CrossEntropy", "HalfSquare", "Loss", "accuracy"]


class Loss(Protocol):
    """`loss(outputs, targets)` gives the mean over the batch, and its gradient."""

    def __call__(self, outputs: Array, targets: Array) -> tuple[Any, Array]:
        """`(loss, gradient)`; the gradient has the shape of `outputs`."""


class CrossEntropy:
    """Softmax cross-entropy of `(batch, classes)` scores against integer labels.

    The largest score of a row is subtracted first, so that no score overflows.

    Examples
    --------
    >>> import numpy as np
    >>> loss, grad = CrossEntropy()(np.array([[0.0, 0.0]]), np.array([1]))
    >>> round(float(loss), 6), grad
    (0.693147, array([[ 0.5, -0.5]]))
    """

    def __call__(self, outputs: Array, targets: Array) -> tuple[Any, Array]:
        """Mean of `log(sum(exp(scores))) - score of the label`, and its gradient."""
        _check_labels(outputs, targets)
        rows = np.arange(len(outputs))
        scores = outputs - outputs.max(axis=1, keepdims=True)
        powers = np.exp(scores)
        sums = powers.sum(axis=1, keepdims=True)
        loss = (np.log(sums[:, 0]) - scores[rows, targets]).mean()
        grad = powers / sums
        grad[rows, targets] -= 1
        return loss, grad / len(outputs)


class HalfSquare:
    """Half the squared distance, summed over outputs and averaged over the batch.

    Rational in its arguments, so exact with `Fraction` arrays.
    """

    def __call__(self, outputs: Array, targets: Array) -> tuple[Any, Array]:
        """`sum((outputs - targets)**2) / (2 * batch)`, and its gradient."""
        if outputs.shape != targets.shape:
            raise ShapeError("targets.shape", f"must be {outputs.shape}", targets.shape)
        if len(outputs) == 0:
            raise ShapeError("outputs.shape", "must hold a sample", outputs.shape)
        share: Any = 1 / len(outputs)
        if outputs.dtype == object:
            share = Fraction(1, len(outputs))
        errors = outputs - targets
        return (errors * errors).sum() * share / 2, errors * share


def accuracy(outputs: Array, labels: IntArray) -> float:
    """Share of rows whose largest output is at the label."""
    return float((outputs.argmax(axis=1) == labels).mean())


def _check_labels(outputs: Array, labels: Array) -> None:
    if outputs.ndim != 2 or labels.shape != outputs.shape[:1] or len(labels) == 0:
        rule = f"must be (batch,) beside outputs of shape {outputs.shape}"
        raise ShapeError("targets.shape", rule, labels.shape)
    classes = outputs.shape[1]
    if labels.dtype.kind not in "iu" or labels.min() < 0 or labels.max() >= classes:
        rule = f"must be integers from 0 to {classes - 1}"
        raise ConvmatError("targets", rule, labels)
