"""Part (d): one CNN trained twice, by sliding windows and by tied matrices."""

from __future__ import annotations

from dataclasses import dataclass

from convmat.nn import Learner, Loader, digits_cnn, load_digits
from convmat.optim import SGD
from convmat.tour.report import Report
from convmat.verify.agreement import compare_training

__all__ = ["Network", "show"]

EPOCHS, GOAL = 10, 0.97


@dataclass(frozen=True)
class Network:
    """The two learners after training, by route."""

    sliding: Learner
    matrix: Learner


def show(report: Report, progress: bool) -> Network:
    """Train both on the same batches; compare weights, losses and accuracy."""
    report.heading("(d) A CNN on 1,797 real digits, by windows and by tied matrices")
    digits = load_digits()
    sliding, matrix = (
        Learner(
            digits_cnn(route),
            Loader(digits.train_images, digits.train_labels, batch_size=64),
            SGD(lr=0.1, momentum=0.9),
            held_out=(digits.test_images, digits.test_labels),
        )
        for route in ("sliding", "matrix")
    )
    agreement = compare_training(sliding, matrix, EPOCHS, progress=progress)
    report.find(
        "weights and losses agree within the rounding bound of each step",
        str(agreement),
        passed=agreement.holds,
    )
    accuracies = [learner.history.accuracies[-1] for learner in (sliding, matrix)]
    report.find(
        f"at least {GOAL:.0%} of {len(digits.test_labels)} held-out digits are read "
        "right, by both",
        f"{accuracies[0]:.1%} by windows, {accuracies[1]:.1%} by matrices, "
        f"after {EPOCHS} epochs",
        passed=min(accuracies) >= GOAL,
    )
    return Network(sliding, matrix)
