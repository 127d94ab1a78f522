"""Losses against closed forms, exact numbers and high-precision derivatives."""

from fractions import Fraction

import numpy as np
import pytest

from convmat.nn import CrossEntropy, HalfSquare, accuracy
from convmat.verify.rounding import gamma


def test_cross_entropy_of_equal_scores_is_the_log_of_the_classes():
    loss, grad = CrossEntropy()(np.zeros((3, 10)), np.array([0, 4, 9]))
    assert abs(loss - np.log(10)) <= gamma(12) * np.log(10)
    expected = (np.full((3, 10), 0.1) - np.eye(10)[[0, 4, 9]]) / 3
    assert (np.abs(grad - expected) <= gamma(12)).all()


def test_cross_entropy_gradient_is_the_complex_step_derivative():
    # Im f(x + ih) / h has no cancellation: exact to rounding for analytic f.
    rng = np.random.default_rng(0)
    scores, labels, h = rng.normal(size=(4, 5)), np.array([0, 4, 2, 2]), 1e-30

    def loss(z):
        rows = np.arange(len(z))
        return (np.log(np.exp(z).sum(axis=1)) - z[rows, labels]).mean()

    _, grad = CrossEntropy()(scores, labels)
    for place in np.ndindex(scores.shape):
        moved = scores.astype(complex)
        moved[place] += 1j * h
        derivative = loss(moved).imag / h
        assert abs(derivative - grad[place]) <= gamma(40)  # sums of numbers below 1


def test_cross_entropy_does_not_overflow():
    loss, grad = CrossEntropy()(np.array([[1e4, -1e4]]), np.array([1]))
    assert loss == 2e4
    assert grad.tolist() == [[1, -1]]


def test_half_square_is_exact_in_fractions():
    outputs = np.array([[Fraction(1, 2)], [Fraction(2)]], object)
    loss, grad = HalfSquare()(outputs, np.array([[Fraction(0)], [Fraction(1)]], object))
    assert loss == (Fraction(1, 4) + 1) / 4
    assert grad.ravel().tolist() == [Fraction(1, 4), Fraction(1, 2)]


def test_accuracy_counts_the_largest_output():
    assert accuracy(np.array([[1, 2], [3, 0], [0, 1]]), np.array([1, 0, 0])) == 2 / 3


@pytest.mark.parametrize(
    ("labels", "message"),
    [
        (np.array([0, 10]), "targets must be integers from 0 to 9"),
        (np.array([-1, 3]), "targets must be integers from 0 to 9"),
        (np.array([0.0, 1.0]), "targets must be integers from 0 to 9"),
        (np.array([1]), r"targets.shape must be \(batch,\)"),
        (np.zeros((2, 10), int), r"targets.shape must be \(batch,\)"),
    ],
)
def test_bad_labels_are_named(labels, message):
    with pytest.raises(ValueError, match=message):
        CrossEntropy()(np.zeros((2, 10)), labels)


def test_an_empty_batch_has_no_loss():
    with pytest.raises(ValueError, match=r"targets.shape must be \(batch,\)"):
        CrossEntropy()(np.zeros((0, 10)), np.zeros(0, int))


def test_an_empty_batch_has_no_half_square():
    with pytest.raises(ValueError, match=r"outputs.shape must hold a sample"):
        HalfSquare()(np.zeros((0, 3)), np.zeros((0, 3)))


def test_targets_of_another_shape_are_named():
    with pytest.raises(ValueError, match=r"targets.shape must be \(2, 3\)"):
        HalfSquare()(np.zeros((2, 3)), np.zeros((2, 1)))
