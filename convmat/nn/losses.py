"""Losses: one number for a batch, and its gradient by the outputs."""

from __future__ import annotations

from fractions import Fraction
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from convmat.arrays import Array
from convmat.dtypes import carried
from convmat.errors import ConvmatError, ConvmatTypeError, ShapeError
from convmat.nn.metrics import read_labels
from convmat.optim.rates import share

__all__ = ["BinaryCrossEntropy", "CrossEntropy", "HalfSquare", "Loss", "MeanSquare"]


class Loss(Protocol):
    """`loss(outputs, targets)` gives the mean over the batch, and its gradient.

    Examples
    --------
    >>> def absolute(outputs, targets):
    ...     errors = outputs - targets
    ...     return abs(errors).sum() / len(errors), np.sign(errors) / len(errors)
    >>> loss, grad = absolute(np.array([[1.0], [4.0]]), np.array([[2.0], [1.0]]))
    >>> float(loss), grad.tolist()
    (2.0, [[-0.5], [0.5]])
    """

    def __call__(self, outputs: Array, targets: Array) -> tuple[Any, Array]:
        """`(loss, gradient)`; the gradient has the shape of `outputs`."""


class CrossEntropy:
    """Softmax cross-entropy of `(batch, classes)` scores against integer labels.

    The largest score of a row is subtracted first, so that no score overflows.

    Parameters
    ----------
    label_smoothing : float
        Share of the target that is spread evenly over all classes, at least 0 and less
        than 1.
    weight : array_like, `(classes,)`, optional
        How much each class counts, at least 0. The mean over the batch is weighted by
        the classes of the labels, as in PyTorch.

    Raises
    ------
    ConvmatError, ConvmatTypeError
        For settings out of range and, with a batch, for labels that are no integers of
        a class, for scores that are no floats, and for labels whose weights are all 0.

    References
    ----------
    PyTorch, `torch.nn.CrossEntropyLoss`: what weights and smoothing are together.

    Examples
    --------
    >>> loss, grad = CrossEntropy()(np.array([[0.0, 0.0]]), np.array([1]))
    >>> round(float(loss), 6), grad
    (0.693147, array([[ 0.5, -0.5]]))
    """

    def __init__(
        self, *, label_smoothing: float = 0.0, weight: npt.ArrayLike | None = None
    ) -> None:
        self.label_smoothing = float(share("label_smoothing", label_smoothing))
        self.weight = None if weight is None else _weights(weight)

    def __call__(self, outputs: Array, targets: Array) -> tuple[Any, Array]:
        """Mean of `log(sum(exp(scores))) - score of the label`, and its gradient."""
        outputs, targets = read_labels(outputs, targets, "targets")
        _check_floating(outputs)
        scores = outputs - outputs.max(axis=1, keepdims=True)
        powers = np.exp(scores)
        sums = powers.sum(axis=1, keepdims=True)
        if self.label_smoothing or self.weight is not None:
            return self._spread(scores, powers / sums, np.log(sums), targets)
        rows = np.arange(len(outputs))
        loss = (np.log(sums[:, 0]) - scores[rows, targets]).mean()
        grad = powers / sums
        grad[rows, targets] -= 1
        return loss, grad / len(outputs)

    def _spread(
        self, scores: Array, softmax: Array, logs: Array, targets: Array
    ) -> tuple[Any, Array]:
        """The same for targets that are spread over classes, which count unequally."""
        count, classes = scores.shape
        weight = np.ones(classes) if self.weight is None else self.weight
        if weight.shape != (classes,):
            rule = f"must be ({classes},), one for each class"
            raise ShapeError("weight.shape", rule, weight.shape)
        weight = weight.astype(scores.dtype)
        total = weight[targets].sum()
        if total == 0:
            rule = "must be greater than 0 for a label of the batch"
            raise ConvmatError("weight", rule, weight[np.unique(targets)].tolist())
        # (batch, classes): what each class's -log(softmax) counts
        parts = np.tile(weight * self.label_smoothing / classes, (count, 1))
        parts[np.arange(count), targets] += (1 - self.label_smoothing) * weight[targets]
        parts /= total
        loss = (parts * (logs - scores)).sum()
        return loss, softmax * parts.sum(axis=1, keepdims=True) - parts


class BinaryCrossEntropy:
    """Cross-entropy of probabilities `1 / (1 + exp(-score))`, each for itself.

    No score overflows: only `exp` of numbers that are not positive is taken.

    Raises
    ------
    ConvmatError, ConvmatTypeError
        For targets that are not between 0 and 1, and scores that are no floats.
    ShapeError
        When the targets have not the shape of the outputs, or there are none.

    References
    ----------
    PyTorch, `torch.nn.BCEWithLogitsLoss`: the mean is over all entries.

    Examples
    --------
    >>> loss, grad = BinaryCrossEntropy()(np.array([[0.0]]), np.array([[1.0]]))
    >>> round(float(loss), 6), grad
    (0.693147, array([[-0.5]]))
    """

    def __call__(self, outputs: Array, targets: Array) -> tuple[Any, Array]:
        """Mean of `log(1 + exp(score)) - score * target`, and its gradient."""
        outputs, targets = _read(outputs, targets)
        _check_floating(outputs)
        if not ((targets >= 0) & (targets <= 1)).all():
            raise ConvmatError("targets", "must be from 0 to 1", targets)
        targets = targets.astype(outputs.dtype, copy=False)
        small = np.exp(-np.abs(outputs))
        each = np.maximum(outputs, 0) - outputs * targets + np.log1p(small)
        probabilities = np.where(outputs >= 0, 1, small) / (1 + small)
        return each.mean(), (probabilities - targets) / outputs.size


class MeanSquare:
    """The squared distance, averaged over all entries.

    Rational in its arguments, so exact with `Fraction` arrays.

    Raises
    ------
    ShapeError
        When the targets have not the shape of the outputs, or there are none.

    Examples
    --------
    >>> MeanSquare()(np.array([[1.0, 2.0]]), np.array([[0.0, 0.0]]))
    (np.float64(2.5), array([[1., 2.]]))
    """

    def __call__(self, outputs: Array, targets: Array) -> tuple[Any, Array]:
        """`mean((outputs - targets)**2)`, and its gradient."""
        outputs, targets = _read(outputs, targets)
        errors = outputs - targets
        part: Any = 1 / outputs.size
        if errors.dtype == object:
            part = Fraction(1, outputs.size)
        return (errors * errors).sum() * part, errors * (2 * part)


class HalfSquare:
    """Half the squared distance, summed over outputs and averaged over the batch.

    Rational in its arguments, so exact with `Fraction` arrays.

    Raises
    ------
    ShapeError
        When the targets have not the shape of the outputs, or there are none.

    Examples
    --------
    >>> outputs, targets = np.array([[Fraction(1, 3), 1]]), np.array([[0, Fraction(1)]])
    >>> loss, grad = HalfSquare()(outputs, targets)
    >>> loss, grad.tolist()
    (Fraction(1, 18), [[Fraction(1, 3), Fraction(0, 1)]])
    """

    def __call__(self, outputs: Array, targets: Array) -> tuple[Any, Array]:
        """`sum((outputs - targets)**2) / (2 * batch)`, and its gradient."""
        outputs, targets = _read(outputs, targets)
        share: Any = 1 / len(outputs)
        if outputs.dtype == object:
            share = Fraction(1, len(outputs))
        errors = outputs - targets
        return (errors * errors).sum() * share / 2, errors * share


def _weights(value: npt.ArrayLike) -> Array:
    weights = carried("weight", value)
    if weights.ndim != 1 or weights.dtype.kind not in "if":
        raise ConvmatTypeError("weight", "must be (classes,) real numbers", value)
    if not (np.isfinite(weights).all() and (weights >= 0).all()):
        raise ConvmatError("weight", "must be finite and at least 0", value)
    return weights


def _check_floating(outputs: Array) -> None:
    if outputs.dtype.kind != "f":
        rule = "must be floats, because logarithms leave the rationals"
        remedy = "HalfSquare and MeanSquare are exact"
        raise ConvmatTypeError("outputs", rule, f"dtype {outputs.dtype}", remedy)


def _read(outputs: npt.ArrayLike, targets: npt.ArrayLike) -> tuple[Array, Array]:
    """Both as arrays of numbers, of one shape."""
    outputs, targets = carried("outputs", outputs), carried("targets", targets)
    if outputs.shape != targets.shape:
        raise ShapeError("targets.shape", f"must be {outputs.shape}", targets.shape)
    if outputs.size == 0:
        raise ShapeError("outputs.shape", "must hold a sample", outputs.shape)
    return outputs, targets
