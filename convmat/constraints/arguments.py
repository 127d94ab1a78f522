"""What `train_matrix` is called with: read, checked, and refused by name."""

from __future__ import annotations

import operator
from collections.abc import Iterable, Mapping
from fractions import Fraction
from typing import Any

import numpy as np
import numpy.typing as npt

from convmat.arrays import Array
from convmat.constraints.rungs import Rung
from convmat.constraints.violation import Violation
from convmat.dtypes import carried
from convmat.errors import ConvmatError, ConvmatTypeError, ShapeError
from convmat.geometry import Layout
from convmat.memory import refuse_beyond
from convmat.optim import SGD, Rule

__all__ = [
    "check_together",
    "choice",
    "common_dtype",
    "parameters",
    "samples",
    "whole",
]


def choice(argument: str, value: Any, known: Iterable[str | None]) -> Any:
    """`value`, when it is known by name."""
    names = list(known)
    if not (value is None or isinstance(value, str)) or value not in names:
        rule = f"must be one of {', '.join(map(repr, names))}"
        raise ConvmatError(argument, rule, value)
    return value


def check_together(
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


def whole(name: str, value: object, least: int) -> int:
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


def samples(
    argument: str, value: npt.ArrayLike, channels: int, size: tuple[int, ...]
) -> Array:
    """`value` as `(batch, channels, *size)`."""
    _, batch = Layout.of(argument, carried(argument, value), channels, size)
    return batch


def parameters(space: Rung, start: npt.ArrayLike) -> Array:
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


def common_dtype(arrays: Mapping[str, Array]) -> np.dtype[Any]:
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
