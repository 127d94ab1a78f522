"""`train_matrix`: descent on a matrix, on any rung and in any way."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from itertools import islice
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from convmat.arrays import Array
from convmat.constraints.rungs import RUNGS, Rung, rung_of
from convmat.constraints.stores import STORES, OnPattern, Store
from convmat.constraints.violation import Violation
from convmat.constraints.ways import WAYS, Descent
from convmat.dtypes import carried
from convmat.errors import ConvmatError, ConvmatTypeError, DivergedError, ShapeError
from convmat.geometry import Geometry, Layout
from convmat.memory import refuse_beyond
from convmat.optim import SGD

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
        return self.store.rung.extract(self.store.entries(self.store.values))

    def csr(self) -> csr_array[Any, tuple[int, int]]:
        """The matrix after the step as SciPy CSR, nothing dense on the way."""
        return OnPattern(self.store.rung, self.theta).csr()


def train_matrix(
    geometry: Geometry,
    start: npt.ArrayLike,
    x: npt.ArrayLike,
    y: npt.ArrayLike,
    rule: SGD,
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
    rule : SGD or another rule of `convmat.optim`
        The update rule, not used before.
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
    _check_choices(way, store, rung)
    count = _whole("steps", steps, 0)
    space = rung_of(rung, geometry, bias=bias)
    inputs = _samples("x", x, space.geometry.in_channels, space.geometry.input_size)
    targets = _samples("y", y, space.geometry.out_channels, space.geometry.output_size)
    if len(inputs) != len(targets) or len(inputs) == 0:
        named = f"must hold one output per input, {len(inputs)} in all and at least one"
        raise ShapeError("len(y)", named, len(targets))
    size = len(inputs) if batch_size is None else _whole("batch_size", batch_size, 1)
    if size > len(inputs):
        rule_ = f"must be at most the number of samples, {len(inputs)}"
        raise ConvmatError("batch_size", rule_, size)
    theta = _parameters(space, start)
    dtype = np.result_type(theta, inputs, targets)
    if dtype.kind == "c":
        raise ConvmatTypeError("start, x and y", "must be real", str(dtype))
    theta = theta.astype(np.float64 if dtype.kind == "i" else dtype)
    chosen = store or ("full" if rung == "dense" else "pattern")
    descent = Descent(STORES[chosen](space, theta), rule, theta)
    batches = _batches(descent.store, inputs, targets, size, seed)
    return _descend(descent, way, islice(batches, count), strict)


def _descend(
    descent: Descent,
    way: str,
    batches: Iterator[tuple[Array, Array]],
    strict: bool,
) -> Iterator[MatrixStep]:
    """The loop; inputs and wanted outputs are in the form of the store."""
    store, rule = descent.store, descent.rule
    space = store.rung
    watched = space
    if not space.tied:
        watched = rung_of("convolution", space.geometry, bias=space.bias)
    good = store.values.copy()
    for number, (x, y) in enumerate(batches, 1):
        errors = store.product(x) - y
        samples = y.size // space.shape[0]
        exact = errors.dtype == object
        share: Any = Fraction(1, samples) if exact else 1 / samples
        loss = (errors * errors).sum() * share / 2
        if not exact and not np.isfinite(loss):
            raise DivergedError(loss, number, rule.lr, good)
        good[...] = store.values
        descent.step(way, errors * share, x)
        found = store.breach(watched)
        kept = found.holds if space.tied else space.name == "dense" or found.zeros == 0
        if strict and not kept and np.isfinite(store.values.astype(float)).all():
            rule_ = f"must obey the rung {space.name!r} after step {number}"
            remedy = "the update rule must move equal entries by equal steps"
            raise ConvmatError("matrix", rule_, str(found), remedy)
        yield MatrixStep(number, loss, found, store)


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


def _check_choices(way: object, store: object, rung: object) -> None:
    """Each must be known by name, and they must go together."""
    for name, value, known in (
        ("rung", rung, RUNGS),
        ("way", way, WAYS),
        ("store", store, (*STORES, None)),
    ):
        if value not in known:
            rule = f"must be one of {', '.join(map(repr, known))}"
            raise ConvmatError(name, rule, value)
    if store == "free":
        remedy = "use store='pattern'"
        if rung not in ("convolution", "circulant"):
            raise ConvmatError("store", f"has no rung {rung!r} in it", store, remedy)
        if way != "reparametrise":
            rule = "holds no matrix, so way must be 'reparametrise'"
            raise ConvmatError("store", rule, store, remedy)
    if store == "pattern" and rung == "dense":
        rule = "leaves out structural zeros, and rung='dense' keeps none"
        raise ConvmatError("store", rule, store, "use store='full'")


def _whole(name: str, value: object, least: int) -> int:
    """`value`, an integer of at least `least`."""
    if isinstance(value, bool) or not hasattr(value, "__index__"):
        raise ConvmatTypeError(name, "must be an integer", value)
    number: int = value.__index__()
    if number < least:
        raise ConvmatError(name, f"must be at least {least}", value)
    return number


def _samples(
    argument: str, value: npt.ArrayLike, channels: int, size: tuple[int, ...]
) -> Array:
    """`value` as `(batch, channels, *size)`."""
    _, batch = Layout.of(argument, carried(argument, value), channels, size)
    return batch


def _parameters(space: Rung, start: npt.ArrayLike) -> Array:
    """The flat parameters that `start` is, or that its matrix has.

    Raises
    ------
    ShapeError
        When it has neither shape.
    ConvmatError
        When it is a matrix off the rung.
    """
    array = _dense(space, start)
    if array.shape == (space.free_parameters,):
        return array
    if array.shape != space.shape:
        rule = f"must be {space.shape}, or ({space.free_parameters},) for parameters"
        raise ShapeError("start.shape", rule, array.shape)
    entries = array[space.rows, space.cols]
    outside = array.copy()
    outside[space.rows, space.cols] = 0
    theta = space.nearest(entries)
    found = Violation.of(space, outside, entries, space.embed(theta))
    if not found.holds:
        remedy = "start from ConvConstraint(geometry).project(matrix)"
        if space.name != "convolution" or space.bias:
            remedy = "start from parameters, such as rung.extract(entries)"
        raise ConvmatError("start", "must obey the constraints", str(found), remedy)
    return theta


def _dense(space: Rung, start: npt.ArrayLike) -> Array:
    """`start` as an array, sparse or not."""
    if not isinstance(start, np.ndarray) and hasattr(start, "toarray"):
        rows, columns = space.shape
        needed = rows * columns * np.dtype(getattr(start, "dtype", float)).itemsize
        remedy = "start from the flat parameters"
        refuse_beyond("the dense start of", space.geometry, needed, None, remedy)
        start = start.toarray()
    return carried("start", start)
