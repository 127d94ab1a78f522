"""Part (c): a matrix trained under both constraints, beside the kernel and without."""

from __future__ import annotations

from dataclasses import dataclass, field
from fractions import Fraction

import numpy as np

from convmat.arrays import Array
from convmat.constraints import ConvConstraint, train_matrix
from convmat.geometry import Geometry, geometry
from convmat.nn import Conv, HalfSquare, Learner, Loader, Sequential, load_digits
from convmat.optim import SGD
from convmat.sliding import conv, conv_kernel_grad
from convmat.tour.report import Report
from convmat.verify.agreement import gaps_between, largest_growth
from convmat.verify.rounding import step_bound

__all__ = ["Descent", "show"]

TOP_EDGE = np.array([[-1, -1, -1], [0, 0, 0], [1, 1, 1]])
"""The kernel to be learned; fastbook's top edge."""

EXACT_STEPS, EXACT_DIGITS = 3, 4
STEPS, DIGITS = 100, 256
LR, MOMENTUM = Fraction(1, 50), Fraction(1, 2)


@dataclass
class Descent:
    """What the pictures need.

    Attributes
    ----------
    geometry : Geometry
    tied, free : ndarray of shape `geometry.matrix_shape`
        The trained matrix, with the constraints and without.
    kernel : ndarray of shape (3, 3)
        The kernel that the tied matrix is of.
    losses : dict of str to list of float
        With the constraints and without.
    drift : dict of str to list of float
        Largest entry at a structural zero, and largest distance within a tie, of the
        matrix without constraints.
    """

    geometry: Geometry
    tied: Array
    free: Array
    kernel: Array
    losses: dict[str, list[float]] = field(default_factory=dict)
    drift: dict[str, list[float]] = field(default_factory=dict)


def show(report: Report) -> Descent:
    """Train the matrix of an unknown 3x3 kernel from digits and their edges."""
    report.heading("(c) A matrix trained under its two constraints, on real digits")
    g = geometry((8, 8), (3, 3), padding=1)
    report.text(g.summary(), 2)
    digits = load_digits(dtype=np.int64).train_images
    _exact(report, g, digits[:EXACT_DIGITS])
    pixels = digits[:DIGITS] / 16
    descent = _tied(report, g, pixels)
    _free(report, g, pixels, descent)
    return descent


def _exact(report: Report, g: Geometry, digits: Array) -> None:
    """Rational numbers: the matrix and the kernel take the same steps, with `==`."""
    x = digits.astype(object) * Fraction(1, 16)
    y = conv(x, TOP_EDGE, padding=1)
    kernel = np.full(g.kernel_shape, Fraction(0))
    constraint = ConvConstraint(g)
    rule = SGD(LR, MOMENTUM)
    equal = 0
    start = constraint.embed(kernel)
    for step in train_matrix(
        g, start, x, y, SGD(LR, MOMENTUM), steps=EXACT_STEPS, store="full"
    ):
        errors = (conv(x, kernel, padding=1) - y) * Fraction(1, len(x))
        grad = conv_kernel_grad(errors, x, g.kernel_shape, padding=1)
        rule.step({"kernel": kernel}, {"kernel": grad})
        same = bool((step.matrix == constraint.embed(kernel)).all())
        equal += same and step.violation.holds
    report.find(
        f"in rationals, {EXACT_STEPS} steps of the matrix equal those of the kernel",
        f"{equal} of {EXACT_STEPS} steps equal in all {start.size:,} entries; the last "
        f"kernel has denominators of {len(str(kernel.flat[0].denominator))} digits",
        passed=equal == EXACT_STEPS,
    )


def _tied(report: Report, g: Geometry, pixels: Array) -> Descent:
    """Floats: the violation stays exactly 0, the distance within rounding."""
    y = conv(pixels, TOP_EDGE, padding=1)
    constraint = ConvConstraint(g)
    twin = _kernel_learner(pixels, y)
    start = constraint.embed(twin.model.parameters["0.weight"])
    rule = SGD(float(LR), float(MOMENTUM))
    assert isinstance(twin.rule, SGD)  # as _kernel_learner makes it
    losses, held, share, apart = [], 0, 0.0, 0.0
    gaps = {"0.weight": np.zeros(g.weight_shape)}
    velocity_gaps: dict[str, Array] = {}  # nothing is remembered yet
    for step in train_matrix(
        g, start, pixels, y, rule, steps=STEPS, store="full", strict=False
    ):
        before = gaps
        bound = step_bound(
            twin.model,
            twin.loss,
            twin.rule,
            pixels,
            y,
            gaps=before,
            memory_gaps={f"velocity.{n}": gap for n, gap in velocity_gaps.items()},
        )
        twin.step(pixels, y)
        gaps = _gaps(constraint, step.matrix, twin.model.parameters)
        velocity_gaps = _gaps(constraint, rule.velocity["matrix"], twin.rule.velocity)
        share = max(share, largest_growth(before, gaps, bound.parameters))
        apart = max(apart, float(gaps["0.weight"].max()))
        held += step.violation.holds
        losses.append(float(step.loss))
    report.find(
        "the violation of both constraints is exactly 0 after every step",
        f"exactly 0 after {held} of {STEPS} steps",
        passed=held == STEPS,
    )
    report.find(
        "in floats the matrix follows the kernel, each step within its rounding bound",
        f"{STEPS} steps, at most {apart:.1e} apart, largest share of a bound: "
        f"{share:.2g}",
        passed=share <= 1,
    )
    kernel = constraint.extract(step.matrix)
    error = float(np.abs(kernel - TOP_EDGE).max())
    report.find(
        "it finds the kernel that drew the edges, to 0.001",
        f"loss {losses[0]:.3g} -> {losses[-1]:.3g}, kernel off by at most {error:.1e}",
        passed=error < 0.001,
    )
    return Descent(g, step.matrix, step.matrix, kernel, {"constrained": losses})


def _kernel_learner(pixels: Array, y: Array) -> Learner:
    """The same fit by the kernel alone, on the whole batch in each step."""
    layer = Conv(1, 1, (3, 3), padding=1, bias=False, rng=np.random.default_rng(0))
    return Learner(
        Sequential([layer]),
        Loader(pixels, y, len(pixels), seed=None),
        SGD(float(LR), float(MOMENTUM)),
        loss=HalfSquare(),
    )


def _gaps(
    constraint: ConvConstraint, matrix: Array, kernels: dict[str, Array]
) -> dict[str, Array]:
    """How far the kernel of a tied matrix is from the one kernel in `kernels`."""
    weight = constraint.extract(matrix).reshape(kernels["0.weight"].shape)
    return gaps_between(kernels, {"0.weight": weight})


def _free(report: Report, g: Geometry, pixels: Array, descent: Descent) -> None:
    """The same start without constraints: zeros fill and ties part."""
    y = conv(pixels, TOP_EDGE, padding=1)
    weight = _kernel_learner(pixels, y).model.parameters["0.weight"]
    start = ConvConstraint(g).embed(weight)
    rule = SGD(float(LR), float(MOMENTUM))
    losses, zeros, ties = [], [], []
    for step in train_matrix(g, start, pixels, y, rule, steps=STEPS, rung="dense"):
        losses.append(float(step.loss))
        zeros.append(float(step.violation.zeros))
        ties.append(float(step.violation.ties))
    descent.free = step.matrix
    descent.losses["unconstrained"] = losses
    descent.drift = {"at structural zeros": zeros, "within ties": ties}
    report.find(
        "without the constraints the matrix is no convolution after the first step",
        f"step 1: a zero at {zeros[0]:.2g}, a tie apart by {ties[0]:.2g}; "
        f"step {STEPS}: {zeros[-1]:.2g} and {ties[-1]:.2g}",
        passed=min(zeros[0], ties[0], zeros[-1], ties[-1]) > 0,
    )
