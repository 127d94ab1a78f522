"""Metrics: what people ask of a classifier, and no rule trains on."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from convmat.arrays import Array, IntArray
from convmat.dtypes import carried
from convmat.errors import ConvmatError, ShapeError

__all__ = ["accuracy", "confusion_matrix", "precision_recall", "read_labels"]


def accuracy(outputs: Array, labels: IntArray) -> float:
    """Share of rows whose largest output is at the label.

    Raises
    ------
    ShapeError
        For outputs that are not `(batch, classes)`, labels that are not `(batch,)`, and
        an empty batch.
    ConvmatError
        For labels that are no integers of a class.

    Examples
    --------
    >>> accuracy(np.array([[1, 2], [3, 0]]), np.array([1, 1]))
    0.5
    """
    outputs, labels = read_labels(outputs, labels, "labels")
    return float((outputs.argmax(axis=1) == labels).mean())


def confusion_matrix(outputs: Array, labels: IntArray) -> npt.NDArray[np.int64]:
    """How often each class was taken for each.

    Parameters
    ----------
    outputs : ndarray, `(batch, classes)`
        The largest of a row is the class that is told.
    labels : ndarray of integers, `(batch,)`
        The classes that are right.

    Returns
    -------
    ndarray of int64, `(classes, classes)`
        Entry `[right, told]` counts samples of class `right` that were told to be of
        class `told`.

    Raises
    ------
    ShapeError, ConvmatError
        As for `accuracy`.

    Examples
    --------
    >>> outputs = np.array([[0.9, 0.1], [0.2, 0.8], [0.3, 0.7]])
    >>> confusion_matrix(outputs, np.array([0, 0, 1]))
    array([[1, 1],
           [0, 1]])
    """
    outputs, labels = read_labels(outputs, labels, "labels")
    classes = outputs.shape[1]
    pairs = labels.astype(np.int64) * classes + outputs.argmax(axis=1)
    return np.bincount(pairs, minlength=classes * classes).reshape(classes, classes)


def precision_recall(
    confusion: npt.NDArray[np.int64],
) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """Precision and recall of each class, from a confusion matrix.

    Returns
    -------
    precision : ndarray, `(classes,)`
        Share of the samples told to be of the class that are; NaN where there are none.
    recall : ndarray, `(classes,)`
        Share of the class's samples that were told to be of it; NaN where there are
        none.

    Raises
    ------
    ShapeError
        For a matrix that is not square.

    Examples
    --------
    >>> precision_recall(np.array([[1, 1], [0, 1]]))
    (array([1. , 0.5]), array([0.5, 1. ]))
    """
    if confusion.ndim != 2 or confusion.shape[0] != confusion.shape[1]:
        raise ShapeError("confusion", "must be (classes, classes)", confusion.shape)
    right = np.diagonal(confusion)
    with np.errstate(invalid="ignore"):  # 0 / 0 has no value, and says so
        return right / confusion.sum(axis=0), right / confusion.sum(axis=1)


def read_labels(
    outputs: npt.ArrayLike, labels: npt.ArrayLike, argument: str
) -> tuple[Array, IntArray]:
    """Outputs as an array of numbers, and labels as one of integers, one for each row.

    Raises
    ------
    ConvmatTypeError
        For outputs that are no numbers.
    ShapeError
        For outputs that are not `(batch, classes)`, labels that are not `(batch,)`, and
        an empty batch.
    ConvmatError
        For labels that are no integers of a class.
    """
    outputs, labels = carried("outputs", outputs), np.asarray(labels)
    if outputs.ndim != 2 or labels.shape != outputs.shape[:1] or len(labels) == 0:
        rule = f"must be (batch,) beside outputs of shape {outputs.shape}"
        raise ShapeError(f"{argument}.shape", rule, labels.shape)
    classes = outputs.shape[1]
    rule = f"must be integers from 0 to {classes - 1}"
    if labels.dtype.kind not in "iu":
        raise ConvmatError(argument, rule, f"dtype {labels.dtype}")
    wrong = (labels < 0) | (labels >= classes)
    if wrong.any():
        place = int(wrong.argmax())
        remedy = f"sample {place} has it, and there are {classes} outputs"
        raise ConvmatError(argument, rule, int(labels[place]), remedy)
    return outputs, labels
