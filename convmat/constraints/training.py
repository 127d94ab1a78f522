"""`train_matrix`: descent on a matrix, on any rung and in any way."""

from __future__ import annotations

import operator
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from fractions import Fraction
from itertools import islice
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from convmat.arrays import Array
from convmat.constraints.rungs import Rung, rung_of, unbuilt
from convmat.constraints.stores import STORES, Store
from convmat.constraints.violation import Violation
from convmat.constraints.ways import WAYS, Descent
from convmat.dtypes import carried
from convmat.errors import ConvmatError, ConvmatTypeError, DivergedError, ShapeError
from convmat.geometry import Geometry, Layout
from convmat.memory import refuse_beyond
from convmat.optim import SGD, Rule

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
    chosen = _choice("store", store, (*STORES, None)) or default
    _check_together(space, _choice("way", way, WAYS), chosen, rule, strict=strict)
    count, order = _whole("steps", steps, 0), _whole("seed", seed, 0)
    inputs = _samples("x", x, space.geometry.in_channels, space.geometry.input_size)
    targets = _samples("y", y, space.geometry.out_channels, space.geometry.output_size)
    if len(inputs) == 0:
        raise ShapeError("x", "must hold at least one sample", inputs)
    if len(inputs) != len(targets):
        named = f"must hold one output per input, {len(inputs)} in all"
        raise ShapeError("len(y)", named, len(targets))
    size = len(inputs) if batch_size is None else _whole("batch_size", batch_size, 1)
    if size > len(inputs):
        most = f"must be at most the number of samples, {len(inputs)}"
        raise ConvmatError("batch_size", most, size)
    theta = _parameters(space, start)
    dtype = _common({"start": theta, "x": inputs, "y": targets})
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
    samples = y.size // store.rung.shape[0]
    exact = errors.dtype == object
    share: Any = Fraction(1, samples) if exact else 1 / samples
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


def _finite(loss: Any) -> bool:
    """Whether a loss is finite; a Fraction always is, however large."""
    if isinstance(loss, (float, np.floating)):
        return bool(np.isfinite(loss))
    return bool(loss == loss)


def _all_finite(values: Array) -> bool:
    """Whether all values are finite; objects are left to the loss."""
    if values.dtype == object or np.isfinite(values.sum()):  # one inf makes it inf
        return True
    return bool(np.isfinite(values).all())


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


def _choice(argument: str, value: Any, known: Iterable[str | None]) -> Any:
    """`value`, when it is known by name."""
    names = list(known)
    if not (value is None or isinstance(value, str)) or value not in names:
        rule = f"must be one of {', '.join(map(repr, names))}"
        raise ConvmatError(argument, rule, value)
    return value


def _check_together(
    space: Rung, way: str, store: str, rule: Rule, *, strict: bool
) -> None:
    """Rung, way, store and update rule must go together."""
    if not isinstance(rule, Rule):
        remedy = "such as convmat.optim.SGD(lr=0.1)"
        raise ConvmatTypeError("rule", "must be an update rule", rule, remedy)
    if store == "free":
        remedy = "use store='pattern'"
        if not space.tied:
            name = f"has no rung {space.name!r} in it"
            raise ConvmatError("store", name, store, remedy)
        if way != "reparametrise":
            only = "holds no matrix, so way must be 'reparametrise'"
            raise ConvmatError("store", only, store, remedy)
    if store == "pattern" and space.name == "dense":
        zeros = "leaves out structural zeros, and rung='dense' keeps none"
        raise ConvmatError("store", zeros, store, "use store='full'")
    linear = isinstance(rule, SGD) or way not in ("sum", "mean")
    if strict and not linear and not space.apart:
        named = f"must be SGD with way={way!r}, because entries are sums of others"
        remedy = "use way='reparametrise' or 'project', or strict=False to see it break"
        raise ConvmatError("rule", named, type(rule).__name__, remedy)


def _whole(name: str, value: object, least: int) -> int:
    """`value`, an integer of at least `least`."""
    if isinstance(value, bool):
        raise ConvmatTypeError(name, "must be an integer", value)
    try:
        number: int = operator.index(value)  # type: ignore[arg-type]  # that is the test
    except TypeError:
        raise ConvmatTypeError(name, "must be an integer", value) from None
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
    entries = array.take(space.flat)
    outside = array.copy()
    outside.reshape(-1)[space.flat] = 0
    found = Violation.of(space, outside, entries, space.expected(entries))
    if not (found.holds or (found.zeros == 0 and _rounded(space, entries))):
        remedy = "start from ConvConstraint(geometry).project(matrix)"
        if space.name != "convolution" or space.bias:
            remedy = "start from parameters, such as rung.extract(entries)"
        raise ConvmatError("start", "must obey the constraints", str(found), remedy)
    return space.nearest(entries)


def _rounded(space: Rung, entries: Array) -> bool:
    """Whether `entries` are those of some parameters, each a sum that was rounded.

    If they are, a sum of `k` parameters is off by at most `gamma_(k - 1)` times that of
    their sizes, and the distance from the rung is no longer than all that together.
    Where parameters cancel that the matrix cannot tell apart, the answer may be no.

    References
    ----------
    N. J. Higham, *Accuracy and Stability of Numerical Algorithms*, section 3.1.
    """
    if space.apart or entries.dtype.kind != "f" or not np.isfinite(entries).all():
        return False
    exact = np.array([Fraction(float(entry)) for entry in entries], object)
    theta = space.extract(exact)
    rest = exact - space.embed(theta)
    most = int(np.bincount(space.places).max())
    gamma = most * Fraction(
        float(np.finfo(entries.dtype).eps)
    )  # at least twice as much
    slack = gamma * space.embed(abs(theta))
    return bool((rest * rest).sum() <= (slack * slack).sum())


def _common(arrays: Mapping[str, Array]) -> np.dtype[Any]:
    """The dtype to train in: floats for integers, and objects only among exact ones."""
    dtype = np.result_type(*arrays.values())
    if dtype.kind == "c":
        raise ConvmatTypeError("start, x and y", "must be real", str(dtype))
    for argument, array in arrays.items():
        if dtype.kind == "O" and array.dtype.kind == "f":
            rule, found = "must be exact beside exact numbers", str(array.dtype)
            remedy = f"use Fractions, or {argument}.astype(float) for the others too"
            raise ConvmatTypeError(argument, rule, found, remedy)
    return np.dtype(np.float64) if dtype.kind == "i" else dtype


def _dense(space: Rung, start: npt.ArrayLike) -> Array:
    """`start` as an array, sparse or not."""
    if not isinstance(start, np.ndarray) and hasattr(start, "toarray"):
        rows, columns = space.shape
        needed = rows * columns * np.dtype(getattr(start, "dtype", float)).itemsize
        remedy = "start from the flat parameters"
        refuse_beyond("the dense start of", space.geometry, needed, None, remedy)
        start = start.toarray()
    return carried("start", start)
