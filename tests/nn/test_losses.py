"""Losses against closed forms, exact numbers and high-precision derivatives."""

from fractions import Fraction

import numpy as np
import pytest

from convmat.nn import BinaryCrossEntropy, CrossEntropy, HalfSquare, MeanSquare
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


def spread(scores, labels, smoothing, weight):
    """The loss by its definition: weighted targets, each a small distribution."""
    classes = scores.shape[1]
    logs = scores - np.log(np.exp(scores).sum(axis=1, keepdims=True))
    total = 0
    for row, label in zip(logs, labels, strict=True):
        for c in range(classes):
            target = (1 - smoothing) * (c == label) + smoothing / classes
            # PyTorch weighs by the class that a part of the target is for.
            total = total - weight[c] * target * row[c]
    return total / sum(weight[label] for label in labels)


@pytest.mark.parametrize("smoothing", [0.0, 0.1, 0.75])
@pytest.mark.parametrize("weight", [None, [1, 2, 0, 5, 3]])
def test_smoothed_and_weighted_cross_entropy_is_its_definition(smoothing, weight):
    rng = np.random.default_rng(0)
    scores, labels, h = rng.normal(size=(4, 5)), np.array([0, 4, 2, 4]), 1e-30
    loss = CrossEntropy(label_smoothing=smoothing, weight=weight)
    value, grad = loss(scores, labels)
    counted = np.ones(5) if weight is None else np.array(weight)
    assert abs(value - spread(scores, labels, smoothing, counted)) <= gamma(200) * 10
    for place in np.ndindex(scores.shape):
        moved = scores.astype(complex)
        moved[place] += 1j * h
        derivative = spread(moved, labels, smoothing, counted).imag / h
        assert abs(derivative - grad[place]) <= gamma(200)


def test_weights_of_one_and_no_smoothing_change_nothing():
    rng = np.random.default_rng(0)
    scores, labels = rng.normal(size=(4, 5)), np.array([0, 4, 2, 4])
    value, grad = CrossEntropy()(scores, labels)
    other, other_grad = CrossEntropy(weight=np.ones(5))(scores, labels)
    assert abs(value - other) <= gamma(60) * 10
    assert np.all(np.abs(grad - other_grad) <= gamma(60))


@pytest.mark.parametrize(
    ("error", "message", "settings"),
    [
        (ValueError, r"label_smoothing must be in \[0, 1\)", {"label_smoothing": 1}),
        (ValueError, "weight must be finite and at least 0", {"weight": [1, -1]}),
        (ValueError, "weight must be finite and at least 0", {"weight": [1, np.nan]}),
        (TypeError, r"weight must be \(classes,\) real numbers", {"weight": 3}),
        (ValueError, r"weight.shape must be \(10,\)", {"weight": [1.0, 2.0]}),
        (ValueError, "weight must be greater than 0 for a", {"weight": np.eye(10)[3]}),
    ],
)
def test_settings_of_cross_entropy_that_fit_nothing_are_named(error, message, settings):
    with pytest.raises(error, match=message):
        CrossEntropy(**settings)(np.zeros((2, 10)), np.array([0, 1]))


def test_binary_cross_entropy_is_the_two_class_one():
    """Scores z and 0 are two classes, so that the one is the other."""
    scores = np.linspace(-4, 4, 9)[:, None]
    for label in (0, 1):
        value, grad = BinaryCrossEntropy()(scores, np.full((9, 1), float(label)))
        both = np.hstack([np.zeros((9, 1)), scores])
        other, other_grad = CrossEntropy()(both, np.full(9, label))
        assert abs(value - other) <= gamma(40) * 10
        assert np.all(np.abs(grad[:, 0] - other_grad[:, 1]) <= gamma(40))


def test_the_gradient_of_binary_cross_entropy_is_the_complex_step_derivative():
    rng, h = np.random.default_rng(0), 1e-30
    scores, targets = rng.normal(size=(3, 2)), rng.uniform(size=(3, 2))

    def loss(z):
        return (np.log(1 + np.exp(z)) - z * targets).mean()

    value, grad = BinaryCrossEntropy()(scores, targets)
    assert abs(value - loss(scores)) <= gamma(40)
    for place in np.ndindex(scores.shape):
        moved = scores.astype(complex)
        moved[place] += 1j * h
        assert abs(loss(moved).imag / h - grad[place]) <= gamma(40)


def test_binary_cross_entropy_does_not_overflow():
    scores = np.array([[1e4, -1e4, 1e4, -1e4]], np.float32)
    targets = np.array([[0.0, 1.0, 1.0, 0.0]])
    value, grad = BinaryCrossEntropy()(scores, targets)
    assert value == 5e3
    assert grad.tolist() == [[0.25, -0.25, 0, 0]]
    assert grad.dtype == np.float32


def test_targets_that_are_no_probabilities_are_named():
    loss, zeros = BinaryCrossEntropy(), np.zeros((2, 1))
    for wrong in (2.0, -0.1, np.nan):
        with pytest.raises(ValueError, match="targets must be from 0 to 1"):
            loss(zeros, np.full((2, 1), wrong))
    with pytest.raises(ValueError, match=r"targets.shape must be \(2, 1\)"):
        loss(zeros, np.zeros(2))
    with pytest.raises(ValueError, match=r"outputs.shape must hold a sample"):
        loss(zeros[:0], zeros[:0])


def test_mean_square_is_exact_in_fractions():
    outputs = np.array([[Fraction(1, 2), Fraction(2)]], object)
    loss, grad = MeanSquare()(outputs, np.array([[Fraction(0), Fraction(1)]], object))
    assert loss == (Fraction(1, 4) + 1) / 2
    assert grad.tolist() == [[Fraction(1, 2), Fraction(1)]]
    with pytest.raises(ValueError, match=r"targets.shape must be \(1, 2\)"):
        MeanSquare()(outputs, outputs[0])


@pytest.mark.parametrize("loss", [CrossEntropy(), BinaryCrossEntropy()])
def test_exact_scores_have_no_logarithm(loss):
    exact = np.array([[Fraction(1)]], object)
    targets = np.array([0]) if isinstance(loss, CrossEntropy) else exact
    with pytest.raises(TypeError, match=r"outputs must be floats.*HalfSquare and Mean"):
        loss(exact, targets)


@pytest.mark.parametrize(
    "loss",
    [
        CrossEntropy(),
        CrossEntropy(label_smoothing=0.1, weight=[1.0, 2.0]),
        BinaryCrossEntropy(),
        MeanSquare(),
        HalfSquare(),
    ],
)
def test_single_precision_stays(loss):
    outputs = np.array([[1, 2], [3, 4]], np.float32)
    labels = isinstance(loss, CrossEntropy)
    targets = np.array([0, 1]) if labels else np.zeros((2, 2), np.float32)
    value, grad = loss(outputs, targets)
    assert grad.dtype == np.float32
    assert value.dtype == np.float32


def test_lists_are_read_and_what_are_no_numbers_is_named():
    _, grad = CrossEntropy()([[0.0, 0.0]], [1])
    assert grad.tolist() == [[0.5, -0.5]]
    assert MeanSquare()([[1.0, 2.0]], [[0.0, 0.0]])[0] == 2.5
    for kind in (CrossEntropy, BinaryCrossEntropy, MeanSquare, HalfSquare):
        with pytest.raises(TypeError, match="outputs must"):
            kind()([["a"]], [0])
