"""Descent on a whole matrix, with both constraints or without them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import numpy as np
import numpy.typing as npt

from convmat.arrays import Array
from convmat.constraints.constraint import ConvConstraint
from convmat.constraints.violation import Violation
from convmat.dtypes import carried
from convmat.errors import ConvmatError, ConvmatTypeError, ShapeError
from convmat.geometry import Geometry, Layout
from convmat.optim import SGD

__all__ = ["MatrixStep", "train_matrix"]


@dataclass(frozen=True)
class MatrixStep:
    """What one step of `train_matrix` did.

    Attributes
    ----------
    number : int
        1 for the first step.
    loss : number
        Half the mean squared distance before the step, per sample.
    violation : Violation
        Of both constraints, after the step.
    matrix : ndarray
        The matrix after the step; the next step changes it in place.
    """

    number: int
    loss: Any
    violation: Violation
    matrix: Array


def train_matrix(
    geometry: Geometry,
    matrix: npt.ArrayLike,
    x: npt.ArrayLike,
    y: npt.ArrayLike,
    rule: SGD,
    *,
    steps: int,
    constrained: bool = True,
) -> Iterator[MatrixStep]:
    """Fit `matrix @ x` to `y` by gradient descent on the dense matrix itself.

    The loss is half the squared distance, summed over outputs and averaged over the
    batch, so the learning rate that still converges shrinks with the number of
    outputs. The gradient by the matrix is dense. Under the constraints each entry
    receives the sum of the gradients over its tie, and a structural zero receives
    nothing: this is the gradient by the kernel, so the matrix moves as the kernel of
    `conv` would, and all ties stay equal to the bit. Where taps share entries
    (`Geometry.shared`) those are sums, and in floats they stay sums up to rounding.

    Parameters
    ----------
    geometry : Geometry
        The convolution that the matrix is to be.
    matrix : array_like of shape `geometry.matrix_shape`
        Where to start; copied. Under the constraints it must obey them.
    x, y : array_like
        Inputs and wanted outputs, with or without batch axis, as for `conv`.
    rule : SGD
        The update rule, not used before.
    steps : int
        Number of steps, each on the whole batch.
    constrained : bool
        False trains every entry by itself, as a dense layer does.

    Returns
    -------
    iterator of MatrixStep
        One after each step; a step is done when it is asked for.

    Raises
    ------
    ShapeError
        When the shapes of `matrix`, `x` and `y` do not fit the geometry.
    ConvmatError
        When the start breaks a constraint, or the loss is no longer finite.
    ConvmatTypeError
        For complex numbers, whose loss is another one.

    Examples
    --------
    >>> from convmat import conv, geometry
    >>> g = geometry((4,), (2,))
    >>> x = np.eye(4)[:, None]  # four unit inputs
    >>> target = conv(x, [3.0, -1.0])
    >>> start = ConvConstraint(g).embed([0.0, 0.0])
    >>> for step in train_matrix(g, start, x, target, SGD(lr=1.0), steps=40):
    ...     assert step.violation.holds
    >>> ConvConstraint(g).extract(step.matrix).round(3)
    array([ 3., -1.])
    """
    if isinstance(steps, bool) or not hasattr(steps, "__index__"):
        raise ConvmatTypeError("steps", "must be an integer", steps)
    if steps < 0:
        raise ConvmatError("steps", "must be at least 0", steps)
    constraint = ConvConstraint(geometry)
    weights = carried("matrix", matrix)
    if constrained and not (start := constraint.violation(weights)).holds:
        remedy = "start from constraint.project(matrix)"
        raise ConvmatError("matrix", "must obey the constraints", str(start), remedy)
    inputs = _flat("x", x, geometry.in_channels, geometry.input_size)
    targets = _flat("y", y, geometry.out_channels, geometry.output_size)
    if len(inputs) != len(targets) or len(inputs) == 0:
        named = f"must hold one output per input, {len(inputs)} in all and at least one"
        raise ShapeError("len(y)", named, len(targets))
    dtype = np.result_type(weights, inputs, targets)
    if dtype.kind == "c":
        raise ConvmatTypeError("matrix, x and y", "must be real", str(dtype))
    weights = weights.astype(np.float64 if dtype.kind == "i" else dtype)  # a copy
    return _descend(constraint, weights, inputs.T, targets.T, rule, steps, constrained)


def _descend(
    constraint: ConvConstraint,
    weights: Array,
    inputs: Array,
    targets: Array,
    rule: SGD,
    steps: int,
    constrained: bool,
) -> Iterator[MatrixStep]:
    """The loop; `inputs` is (columns, batch), `targets` (rows, batch)."""
    batch = inputs.shape[1]
    share = Fraction(1, batch) if weights.dtype == object else 1 / batch
    for number in range(1, steps + 1):
        errors = weights @ inputs - targets  # (rows, batch)
        loss = (errors * errors).sum() * share / 2
        if weights.dtype != object and not np.isfinite(loss):
            remedy = f"use a smaller learning rate, such as {rule.lr / 10}"
            raise ConvmatError("loss", f"must be finite at step {number}", loss, remedy)
        gradient = (errors * share) @ inputs.T  # (rows, columns), dense
        if constrained:
            gradient = constraint.embed(constraint.pull_back(gradient))
        rule.step({"matrix": weights}, {"matrix": gradient})
        yield MatrixStep(number, loss, constraint.violation(weights), weights)


def _flat(
    argument: str, value: npt.ArrayLike, channels: int, size: tuple[int, ...]
) -> Array:
    """`value` as rows of flat samples: (batch, channels * cells)."""
    _, batch = Layout.of(argument, carried(argument, value), channels, size)
    return batch.reshape(len(batch), -1)
