"""Metrics, counted one by one."""

import numpy as np
import pytest

from convmat.nn import accuracy, confusion_matrix, precision_recall


def drawn(classes=4, count=50):
    rng = np.random.default_rng(0)
    return rng.normal(size=(count, classes)), rng.integers(0, classes, count)


def test_accuracy_counts_the_largest_output():
    assert accuracy(np.array([[1, 2], [3, 0], [0, 1]]), np.array([1, 0, 0])) == 2 / 3


def test_a_confusion_matrix_counts_pairs_right_first():
    outputs, labels = drawn()
    confusion = confusion_matrix(outputs, labels.astype(np.uint8))
    counted = np.zeros((4, 4), int)
    for row, label in zip(outputs, labels, strict=True):
        counted[label, row.argmax()] += 1
    assert confusion.tolist() == counted.tolist()
    assert confusion.dtype == np.int64
    assert np.trace(confusion) / 50 == accuracy(outputs, labels)


def test_many_classes_do_not_overflow_narrow_labels():
    outputs = np.eye(20)
    labels = np.arange(20, dtype=np.int8)
    assert np.array_equal(confusion_matrix(outputs, labels), np.eye(20))


def test_precision_is_by_columns_and_recall_by_rows():
    precision, recall = precision_recall(np.array([[3, 1, 0], [0, 2, 0], [0, 0, 0]]))
    assert precision[:2].tolist() == [1, 2 / 3]
    assert recall[:2].tolist() == [3 / 4, 1]
    assert np.isnan([precision[2], recall[2]]).all()


@pytest.mark.parametrize("metric", [accuracy, confusion_matrix])
def test_labels_that_name_no_class_are_named(metric):
    for labels, message in (
        (np.array([0, 4]), "labels must be integers from 0 to 3, .*=4; sample 1 has"),
        (np.array([-1, 9]), "labels must be integers from 0 to 3, .*=-1; sample 0"),
        (np.array([0.0, 1.0]), "labels must be integers .*got labels='dtype float64'"),
        (np.array([0]), r"labels.shape must be \(batch,\)"),
    ):
        with pytest.raises(ValueError, match=message):
            metric(np.zeros((2, 4)), labels)
    with pytest.raises(ValueError, match=r"labels.shape must be \(batch,\)"):
        metric(np.zeros((0, 4)), np.zeros(0, int))


def test_a_matrix_that_is_none_is_named():
    with pytest.raises(ValueError, match=r"confusion must be \(classes, classes\)"):
        precision_recall(np.zeros((2, 3), int))
