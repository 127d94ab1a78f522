"""`train_matrix`: descent on a matrix, on any rung and in any way."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from itertools import islice
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from convmat.arrays import Array
from convmat.constraints.arguments import (
    check_together,
    choice,
    common_dtype,
    parameters,
    samples,
    whole,
)
from convmat.constraints.rungs import rung_of, unbuilt
from convmat.constraints.stores import STORES, Store
from convmat.constraints.violation import Violation
from convmat.constraints.ways import WAYS, Descent
from convmat.errors import ConvmatError, ConvmatTypeError, DivergedError, ShapeError
from convmat.geometry import Geometry
from convmat.optim import Rule

if TYPE_CHECKING:
    from scipy.sparse import csr_array

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
        Of the two constraints of the convolution, after the step. Where weights are not
        tied, or zeros not kept, it says how far the matrix has gone from them.
    store : Store
        The matrix after the step; the next step changes it in place.

    Examples
    --------
    >>> from fractions import Fraction
    >>> from convmat import geometry
    >>> from convmat.optim import SGD
    >>> x, target = [[[1, 0, 0]]], [[[4, 0]]]
    >>> rule, start = SGD(Fraction(1, 2)), [Fraction(0)] * 2
    >>> step = next(train_matrix(geometry(3, 2), start, x, target, rule, steps=1))
    >>> step.number, step.loss, step.violation.holds
    (1, Fraction(8, 1), True)
    >>> step.theta.tolist()
    [Fraction(2, 1), Fraction(0, 1)]
    """

    number: int
    loss: Any
    violation: Violation
    store: Store

    @property
    def matrix(self) -> Array:
        """A dense copy of the matrix after the step; with a bias, its last column."""
        return self.store.dense()

    @property
    def theta(self) -> Array:
        """The parameters of the nearest matrix of the rung, flat, after the step."""
        return self.store.theta()

    def csr(self) -> csr_array[Any, tuple[int, int]]:
        """The matrix after the step as SciPy CSR, nothing dense on the way.

        It has the positions of the rung: what a breach has put elsewhere is left out.

        Raises
        ------
        ConvmatTypeError
            For a dtype that SciPy's sparse arrays cannot carry, such as `Fraction`.
        """
        from scipy.sparse import csr_array

        rung, store = self.store.rung, self.store
        entries = store.entries(store.values).copy()
        if entries.dtype in (np.float16, object):
            rule = "must be of a dtype that SciPy's sparse arrays carry"
            remedy = "MatrixStep.matrix is dense, of any dtype"
            raise ConvmatTypeError("values", rule, str(entries.dtype), remedy)
        rows, columns = rung.shape
        index = np.int32 if max(len(entries), columns) < 2**31 else np.int64
        indptr = np.searchsorted(rung.rows, np.arange(rows + 1)).astype(index)
        return csr_array(
            (entries, rung.cols.astype(index), indptr), shape=rung.shape, copy=False
        )


def train_matrix(
    geometry: Geometry,
    start: npt.ArrayLike,
    x: npt.ArrayLike,
    y: npt.ArrayLike,
    rule: Rule,
    *,
    steps: int,
    rung: str = "convolution",
    way: str = "sum",
    store: str | None = None,
    bias: bool = False,
    batch_size: int | None = None,
    seed: int = 0,
    strict: bool = True,
) -> Iterator[MatrixStep]:
    """Fit `matrix @ x` to `y` by gradient descent on the matrix itself.

    The loss is half the squared distance, summed over outputs and averaged over the
    batch, so the learning rate that still converges shrinks with the number of
    outputs.

    Parameters
    ----------
    geometry : Geometry
        The convolution that the matrix is to be.
    start : array_like
        Where to start: a matrix of the rung's shape that obeys the rung, or the flat
        parameters `(free_parameters,)`. Copied.
    x, y : array_like
        Inputs and wanted outputs, with or without batch axis, as for `conv`.
    rule : Rule
        The update rule, of `convmat.optim`: a new one, or the one that has led to
        `start`. Where entries are sums of others, `"sum"` and `"mean"` want SGD.
    steps : int
        Number of steps.
    rung : str
        Which constraints are kept: `"dense"` none, `"locally_connected"` the structural
        zeros, `"convolution"` the ties too, `"circulant"` both on a torus.
    way : str
        How they are kept: `"reparametrise"`, `"sum"`, `"mean"` or `"project"`; see
        `convmat.constraints.ways`. The first two are the training of the kernel.
    store : str, optional
        What is held: `"full"` the whole matrix and its dense gradient, `"pattern"` the
        entries only (the default wherever there are structural zeros to leave out),
        `"free"` the parameters only, with `way="reparametrise"`.
    bias : bool
        Whether the matrix has a last column that multiplies 1.
    batch_size : int, optional
        Samples of a step, by default all of them. Each epoch shuffles them anew and
        drops what is left over at its end.
    seed : int
        Of the shuffling.
    strict : bool
        Whether a step after which a tie is not equal to the bit, or a structural zero
        is not 0, raises; else `violation` tells of it and training goes on.

    Returns
    -------
    iterator of MatrixStep
        One after each step; a step is done when it is asked for.

    Raises
    ------
    ShapeError
        When the shapes of `start`, `x` and `y` do not fit the geometry.
    ConvmatError
        When the start breaks a constraint of the rung, or a step does.
    DivergedError
        When the loss is no longer finite; it keeps the last good weights.
    ConvmatTypeError
        For complex numbers, whose loss is another one.

    Examples
    --------
    >>> from convmat import conv, geometry
    >>> from convmat.optim import SGD
    >>> g = geometry((4,), (2,))
    >>> x = np.eye(4)[:, None]  # four unit inputs
    >>> target = conv(x, [3.0, -1.0])
    >>> for step in train_matrix(g, [0.0, 0.0], x, target, SGD(lr=1.0), steps=40):
    ...     assert step.violation.holds
    >>> step.theta.round(3)
    array([ 3., -1.])
    >>> loose = train_matrix(
    ...     g, [0.0] * 6, x, target, SGD(lr=1.0), steps=1, rung="locally_connected"
    ... )
    >>> print(next(loose).violation)
    both constraints hold exactly
    """
    space = unbuilt(rung, geometry, bias=bias)
    default = "full" if space.name == "dense" else "pattern"
    chosen = choice("store", store, (*STORES, None)) or default
    check_together(space, choice("way", way, WAYS), chosen, rule, strict=strict)
    count, order = whole("steps", steps, 0), whole("seed", seed, 0)
    inputs = samples("x", x, space.geometry.in_channels, space.geometry.input_size)
    targets = samples("y", y, space.geometry.out_channels, space.geometry.output_size)
    if len(inputs) == 0:
        raise ShapeError("x", "must hold at least one sample", inputs)
    if len(inputs) != len(targets):
        named = f"must hold one output per input, {len(inputs)} in all"
        raise ShapeError("len(y)", named, len(targets))
    size = len(inputs) if batch_size is None else whole("batch_size", batch_size, 1)
    if size > len(inputs):
        most = f"must be at most the number of samples, {len(inputs)}"
        raise ConvmatError("batch_size", most, size)
    theta = parameters(space, start)
    dtype = common_dtype({"start": theta, "x": inputs, "y": targets})
    theta, inputs, targets = (
        array.astype(dtype, copy=False) for array in (theta, inputs, targets)
    )
    descent = Descent(STORES[chosen](space, theta), rule, theta)
    batches = _batches(descent.store, inputs, targets, size, order)
    return _descend(descent, way, islice(batches, count), strict=strict)


def _descend(
    descent: Descent, way: str, batches: Iterator[tuple[Array, Array]], *, strict: bool
) -> Iterator[MatrixStep]:
    """The loop; inputs and wanted outputs are in the form of the store."""
    store, rule = descent.store, descent.rule
    space = watched = store.rung
    if not space.tied:
        watched = rung_of("convolution", space.geometry, bias=space.bias)
    good = store.values.copy()
    for number, (x, y) in enumerate(batches, 1):
        with np.errstate(all="ignore"):  # what is not finite is told of below
            loss, errors = _loss(store, x, y)
            if not _finite(loss):
                raise DivergedError(loss, number, rule.lr, good)
            good[...] = store.values
            descent.step(way, errors, x)
            if not _all_finite(store.values):
                raise DivergedError(_loss(store, x, y)[0], number + 1, rule.lr, good)
            found = store.breach(watched)
        if strict and not _keeps(store, found):
            rule_ = f"must obey the rung {space.name!r} after step {number}"
            remedy = "the update rule must move equal entries by equal steps"
            raise ConvmatError("matrix", rule_, str(found), remedy)
        yield MatrixStep(number, loss, found, store)


def _loss(store: Store, x: Array, y: Array) -> tuple[Any, Array]:
    """The loss of a batch, and its gradient by the outputs."""
    errors = store.product(x) - y
    count = y.size // store.rung.shape[0]
    exact = errors.dtype == object
    share: Any = Fraction(1, count) if exact else 1 / count
    return (errors * errors).sum() * share / 2, errors * share


def _keeps(store: Store, found: Violation) -> bool:
    """Whether the matrix obeys its rung, as far as that can be told exactly.

    In floats the sum of taps that stand elsewhere alone is known up to rounding, and
    only what holds the same taps must be equal to the bit.
    """
    space = store.rung
    if found.holds or space.name == "dense":
        return True
    if found.zeros != 0 or not space.tied:
        return bool(found.zeros == 0)
    if space.apart or store.values.dtype == object:
        return False
    entries = store.entries(store.values)
    return np.array_equal(entries, space.first_of_each(entries))


def _finite(number: Any) -> bool:
    """Whether a number is finite; a Fraction always is, however large."""
    if isinstance(number, (float, np.floating)):
        return math.isfinite(number)
    return bool(number == number)


def _all_finite(values: Array) -> bool:
    """Whether all values are finite."""
    if _finite(values.sum()):  # one that is not makes the sum so
        return True
    return values.dtype.kind == "f" and bool(np.isfinite(values).all())


def _batches(
    store: Store, x: Array, y: Array, size: int, seed: int
) -> Iterator[tuple[Array, Array]]:
    """Batches for ever: all samples each time, or parts of a new order each epoch."""
    if size == len(x):
        whole = store.inputs(x), store.outputs(y)
        while True:
            yield whole
    rng = np.random.default_rng(seed)
    while True:
        order = rng.permutation(len(x))
        for start in range(0, len(x) - size + 1, size):
            part = order[start : start + size]
            yield store.inputs(x[part]), store.outputs(y[part])
