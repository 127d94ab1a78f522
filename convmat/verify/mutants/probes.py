"""`PROBES`: calls that bring a bug to light, and the `Reaction` of a black box to them.

Right results do not hang on the order of a sum: every sum is of small integers, or has
one term that is not 0. So two black boxes with the same bug react alike, bit by bit.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from convmat.arrays import Array, Shape
from convmat.geometry import Geometry
from convmat.verify.black_box import Implementation, Outcome, Supports

__all__ = ["PROBES", "Call", "Probe", "Reaction", "reaction"]

Reaction: TypeAlias = tuple[object, ...]
"""What came of each call, to be compared: shape, dtype, bytes, and problems."""


@dataclass(frozen=True, slots=True, eq=False)
class Call:
    """The arrays of one call; with a bias or without."""

    geometry: Geometry
    x: Array
    kernel: Array
    grad: Array
    bias: Array | None = None

    def outcome(self, implementation: Implementation, part: str) -> Outcome:
        """What the map `part` makes of it."""
        g = self.geometry
        if part == "forward":
            return implementation.apply(self.x, self.kernel, g, self.bias)
        if part == "input_grad":
            return implementation.gradient_by_input(self.grad, self.kernel, g)
        return implementation.gradient_by_kernel(self.grad, self.x, g)


@dataclass(frozen=True, slots=True)
class Probe:
    """Calls of one kind.

    Attributes
    ----------
    name : str
    words : str
        When a bug shows that only this probe finds: "wrong ...".
    calls : callable
        `calls(geometry, supports)`: the calls, one after another; none where the claims
        do not allow them.
    parts : tuple of str
        The maps that it is of use for.
    """

    name: str
    words: str
    calls: Callable[[Geometry, Supports], Iterator[Call]]
    parts: tuple[str, ...] = ("forward", "input_grad", "kernel_grad")


def reaction(
    implementation: Implementation, part: str, g: Geometry, probe: Probe
) -> Reaction:
    """What an implementation makes of a probe.

    Examples
    --------
    >>> from convmat import conv, geometry
    >>> from convmat.verify.mutants import MUTANTS
    >>> right, wrong = Implementation("", conv), MUTANTS["bias-twice"].build()
    >>> g = geometry((1, 3), (1, 1, 2))
    >>> [
    ...     reaction(right, "forward", g, PROBES[name])
    ...     == reaction(wrong, "forward", g, PROBES[name])
    ...     for name in ("integers", "bias")
    ... ]
    [True, False]
    """
    calls = probe.calls(g, implementation.supports)
    return tuple(_fingerprint(call.outcome(implementation, part)) for call in calls)


def _fingerprint(outcome: Outcome) -> object:
    """What does not hang on words of its own, the sign of 0 or the bits of NaN."""
    problems = tuple(
        problem.kind if problem.kind in ("raised", "printed") else problem.words
        for problem in outcome.problems
    )
    result = outcome.result
    if result is None:
        return problems
    if result.dtype.kind == "f":
        result = np.where(np.isnan(result), result.dtype.type("nan"), result + 0)
    return result.shape, result.dtype.str, result.tobytes(), problems


def _call(
    g: Geometry, supports: Supports, dtype: npt.DTypeLike, seed: int = 0, batch: int = 3
) -> Call:
    """Integers from 1 to 4 and their negatives."""
    rng = np.random.default_rng((seed, *g.matrix_shape, *g.stride))
    count = batch if supports.batch else 1
    shapes = (
        (count, g.in_channels, *g.input_size),
        g.weight_shape,
        (count, g.out_channels, *g.output_size),
    )
    arrays = (
        (rng.integers(1, 5, shape) * rng.choice([-1, 1], shape)).astype(dtype)
        for shape in shapes
    )
    return Call(g, *arrays)


def _integers(g: Geometry, supports: Supports) -> Iterator[Call]:
    yield _call(g, supports, supports.dtype)


def _bias(g: Geometry, supports: Supports) -> Iterator[Call]:
    if supports.bias:
        bias = (100 * np.arange(1, g.out_channels + 1)).astype(supports.dtype)
        yield replace(_call(g, supports, supports.dtype), bias=bias)


def _single(g: Geometry, supports: Supports, dtype: str, x: Array, tap: object) -> Call:
    """One tap that is not 0, for each output channel, and values of `x` in turn."""
    call = _call(g, supports, dtype)
    kernel, grad = np.zeros_like(call.kernel), np.zeros_like(call.grad)
    middle: tuple[int | slice, ...] = (slice(None), 0, *_middle(g.kernel_size))
    kernel[middle] = tap
    one_each: tuple[int | slice, ...] = (0, slice(None), *_middle(g.output_size))
    grad[one_each] = tap
    values = np.resize(x.astype(dtype), call.x.shape)
    return replace(call, x=values, kernel=kernel, grad=grad)


def _middle(shape: Shape) -> Shape:
    return tuple(n // 2 for n in shape)


def _precise(g: Geometry, supports: Supports) -> Iterator[Call]:
    fine = np.array([1 + 2.0**-12 + 2.0**-28, -(1 + 2.0**-40), 1e-9, -3.0, 1e-3])
    for dtype in ("float64", "float32"):
        if supports.takes(dtype):
            yield _single(g, supports, dtype, fine, np.dtype(dtype).type(1 + 2.0**-20))


def _large(g: Geometry, supports: Supports) -> Iterator[Call]:
    if supports.takes("int64"):
        many = np.array([2**40 + 1, -(2**33), 2**31 - 1, -1, 2**50 + 1])
        yield _single(g, supports, "int64", many, 9)


def _not_finite(g: Geometry, supports: Supports) -> Iterator[Call]:
    if supports.dtype.kind == "f" and supports.not_finite:
        call = _call(g, supports, supports.dtype)
        for number in (np.nan, np.inf):
            x = call.x.copy()
            x[(0, *_middle(x.shape[1:]))] = number
            yield replace(call, x=x)
        kernel = call.kernel.copy()
        kernel.flat[-1] = 0
        yield replace(call, x=x, kernel=kernel)


def _memory(g: Geometry, supports: Supports) -> Iterator[Call]:
    call = _call(g, supports, supports.dtype)
    for odd in (np.asfortranarray, _view, _backwards):
        yield Call(g, odd(call.x), odd(call.kernel), odd(call.grad))


def _view(array: Array) -> Array:
    """The same entries as a view into the middle of a larger array."""
    wide = np.full((*array.shape[:-1], array.shape[-1] + 3), 7, array.dtype)
    wide[..., 1:-2] = array
    return wide[..., 1:-2]


def _backwards(array: Array) -> Array:
    """The same entries, which lie in memory from the last to the first."""
    return array[::-1, ..., ::-1].copy()[::-1, ..., ::-1]


def _again(g: Geometry, supports: Supports) -> Iterator[Call]:
    first = _call(g, supports, supports.dtype)
    yield first
    yield first
    yield _call(g, supports, supports.dtype, seed=1)
    mirrored = tuple((after, before) for before, after in g.padding)
    yield _call(replace(g, padding=mirrored), supports, supports.dtype)


def _empty(g: Geometry, supports: Supports) -> Iterator[Call]:
    if supports.batch:
        yield _call(g, supports, supports.dtype, batch=0)


PROBES = {
    probe.name: probe
    for probe in (
        Probe("integers", "on small integers", _integers),
        Probe("bias", "with a bias", _bias, ("forward",)),
        Probe("memory", "where arrays do not lie in C order", _memory),
        Probe("again", "in a later call", _again),
        Probe("precise", "in the last digits", _precise),
        Probe("large", "on large integers", _large, ("forward",)),
        Probe("not-finite", "beside infinities and NaN", _not_finite, ("forward",)),
        Probe("empty", "on an empty batch", _empty),
    )
}
"""The probes by name, the plainest first."""
