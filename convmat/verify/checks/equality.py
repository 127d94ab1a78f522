"""The plainest properties: there is a result, and it is that of the matrix."""

from __future__ import annotations

from math import prod

import numpy as np

from convmat.arrays import Array
from convmat.geometry import Geometry
from convmat.verify.black_box import Implementation
from convmat.verify.checks.check import Finding, Trial
from convmat.verify.checks.compare import checked, differing, shown
from convmat.verify.checks.maps import MAPS, BilinearMap, maps_of
from convmat.verify.checks.numbers import generator

__all__ = ["adjoint", "equal_to_the_matrix", "kernel_gradient", "output_shape"]

_COLUMNS = 48  # unit inputs in a test of the adjoint


@checked(
    "output-shape",
    "Every map returns an array of the shape that the geometry gives.",
    "A size is computed wrongly: ceil for floor, a pad or the dilation left out.",
    "forward",
)
def output_shape(implementation: Implementation, trial: Trial) -> Finding | None:
    """The shape of all three maps."""
    g = trial.geometry
    for one in maps_of(implementation):
        first, second = one.arrays(trial)
        outcome = one.call(implementation, first, second, g)
        for problem in outcome.problems:
            if problem.kind in ("shape", "type"):
                arrays = dict(zip(one.names, (first, second), strict=True))
                words = f"{one.words} {problem.words}"
                return Finding("output-shape", one.part, words, g, arrays)
        one.kept(outcome, g, first, second)
    return None


def _against_the_matrix(
    name: str, one: BilinearMap, implementation: Implementation, trial: Trial
) -> Finding | None:
    g = trial.geometry
    first, second = one.arrays(trial)
    got = one.result(implementation, first, second, g)
    return differing(
        name,
        one,
        implementation,
        g,
        (first, second),
        got,
        one.exact(g, first, second).rounded(),
    )


@checked(
    "equal-to-the-matrix",
    "The output is the matrix times the input.",
    "An output reads wrong inputs, or through wrong taps.",
    "forward",
)
def equal_to_the_matrix(implementation: Implementation, trial: Trial) -> Finding | None:
    """`y = W x`."""
    return _against_the_matrix(
        "equal-to-the-matrix", MAPS["forward"], implementation, trial
    )


@checked(
    "kernel-gradient-is-the-tie-sum",
    "The gradient by a tap is the sum, over all places that hold it, of the output's "
    "gradient times the input.",
    "Windows are left out or counted twice, or read at wrong places.",
    "kernel_grad",
)
def kernel_gradient(implementation: Implementation, trial: Trial) -> Finding | None:
    """The tie sum."""
    return _against_the_matrix(
        "kernel-gradient-is-the-tie-sum", MAPS["kernel_grad"], implementation, trial
    )


@checked(
    "input-gradient-is-the-adjoint",
    "<grad, conv(x)> equals <input gradient of grad, x> for every x.",
    "The input gradient belongs to another convolution than the forward map.",
    "forward",
    "input_grad",
)
def adjoint(implementation: Implementation, trial: Trial) -> Finding | None:
    """The inner products, with `x` one cell after the other, and one of all cells.

    Nothing is compared with the matrix: a gradient that belongs to a wrong forward map
    is right here.
    """
    g, grad = trial.geometry, trial.grad[:1]
    cells = prod(g.input_size) * g.in_channels
    if implementation.supports.batch:
        random = generator(trial.seed, "adjoint")
        columns = np.sort(random.permutation(cells)[:_COLUMNS])
    else:
        columns = np.arange(0)
    shape = (len(columns), g.in_channels, *g.input_size)
    units = np.zeros((len(columns), cells), trial.x.dtype)
    units[range(len(columns)), columns] = 1
    x = np.concatenate([units.reshape(shape), trial.x[:1]])
    forward, backward = MAPS["forward"], MAPS["input_grad"]
    y = forward.one_by_one(implementation, x, trial.kernel, g)
    x_grad = backward.result(implementation, grad, trial.kernel, g)
    left, right = _inner(y, grad), _inner(x, x_grad)
    wrong = left != right
    if not np.any(wrong):
        return None
    allowed = _allowed(implementation, g, x, grad, trial.kernel)
    beyond = wrong & ~(np.abs(left - right) <= allowed)
    for number in map(int, np.flatnonzero(beyond)):
        arrays = {"grad": grad, "kernel": trial.kernel, "x": x[number : number + 1]}
        one, other = shown(left[number]), shown(right[number])
        words = f"<grad, conv(x)> is {one}, and <input gradient, x> is {other}"
        place: tuple[int, ...] = ()
        if number < len(columns):
            index = np.unravel_index(columns[number], (1, *shape[1:]))
            place = tuple(map(int, index))
            words = (
                f"{backward.said(place)} is {other}, and by the forward map it "
                f"should be {one}"
            )
        name = "input-gradient-is-the-adjoint"
        return Finding(name, "input_grad", words, g, arrays, one, other, place)
    return None


def _inner(batch: Array, other: Array) -> Array:
    """The inner product of each sample with the only one of `other`, in doubles.

    Integers and objects stay what they are.
    """
    if batch.dtype.kind in "fc" or other.dtype.kind in "fc":
        wide = np.result_type(batch, other, np.float64)
        batch, other = batch.astype(wide), other.astype(wide)
    if len(batch) == 1 != len(other):
        batch, other = other, batch
    products = batch.reshape(len(batch), -1) * other.reshape(1, -1)
    sums: Array = products.sum(axis=1)
    return sums


def _allowed(
    implementation: Implementation, g: Geometry, x: Array, grad: Array, kernel: Array
) -> Array:
    """How far rounding may take the two inner products apart; 0 for integers."""
    forward, backward = MAPS["forward"], MAPS["input_grad"]
    sizes = [
        _inner(
            np.broadcast_to(
                forward.bound(implementation, g, x, kernel),
                (len(x), *grad.shape[1:]),
            ),
            np.abs(grad).astype(float),
        ),
        _inner(
            np.abs(x).astype(float),
            np.broadcast_to(
                backward.bound(implementation, g, grad, kernel), (1, *x.shape[1:])
            ),
        ),
    ]
    # The products themselves are summed in doubles.
    terms = grad.size + x[0].size
    allowed: Array = (1 + terms * 2.0**-50) * (sizes[0] + sizes[1])
    return allowed
