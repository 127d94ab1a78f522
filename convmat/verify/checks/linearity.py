"""Linearity in each of two arrays: sums go to sums, and multiples to multiples.

The implementation is held against itself alone.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from convmat.arrays import Array
from convmat.verify.black_box import Implementation
from convmat.verify.checks.check import Check, Finding, Trial
from convmat.verify.checks.compare import checked, differing
from convmat.verify.checks.maps import MAPS, BilinearMap
from convmat.verify.checks.numbers import drawn, generator

__all__ = ["LINEARITY"]

_MEANING = (
    "Something is added, clipped, rounded or squared, or a call depends on another."
)
_FACTORS = ((2, -3), (1, -1), (2, 3), (1, 1))


def _linear(name: str, claim: str, part: str, arguments: tuple[int, ...]) -> Check:
    one = MAPS[part]
    parts = (part,)

    @checked(name, claim, _MEANING, *parts)
    def run(implementation: Implementation, trial: Trial) -> Finding | None:
        for argument in arguments:
            found = _sum(name, one, argument, implementation, trial)
            found = found or _multiple(name, one, argument, implementation, trial)
            if found is not None:
                return found
        return None

    return run


def _sum(
    name: str,
    one: BilinearMap,
    argument: int,
    implementation: Implementation,
    trial: Trial,
) -> Finding | None:
    """`f(a p + b q) = a f(p) + b f(q)`, with small integers for `a` and `b`."""
    g = trial.geometry
    arrays = one.arrays(trial)
    p = arrays[argument]
    terms = one.terms(g, len(arrays[0]))
    q = drawn(generator(trial.seed, name), p.shape, p.dtype, terms)
    factors = _factors(p, q, arrays[1 - argument], terms)
    if factors is None:
        return None
    a, b = factors
    both = _times(p, a) + _times(q, b)

    def f(array: Array) -> Array:
        return one.result(implementation, *_put(arrays, argument, array), g)

    def bound() -> Array:
        parts = [(p, a), (q, b), (both, 1)]
        bounds = [
            abs(factor) * one.bound(implementation, g, *_put(arrays, argument, array))
            for array, factor in parts
        ]
        total: Array = bounds[0] + bounds[1] + bounds[2]
        return total

    expected = a * _wide(f(p)) + b * _wide(f(q))
    of = one.names[argument]
    said = f"{{what}} is {{got}} for {a} {of} + {b} other, and the same multiples of "
    said += "the two results add up to {expected}"
    put = _put(arrays, argument, both)
    more = {f"one_{of}": p, "other": q}
    return differing(
        name,
        one,
        implementation,
        g,
        put,
        f(both),
        expected,
        said,
        bound=bound,
        more=more,
    )


def _multiple(
    name: str,
    one: BilinearMap,
    argument: int,
    implementation: Implementation,
    trial: Trial,
) -> Finding | None:
    """`f(2**k p) = 2**k f(p)` for floats: no rounding, but for sizes of its own."""
    g = trial.geometry
    arrays = one.arrays(trial)
    p = arrays[argument]
    if p.dtype.kind not in "fc":
        return None
    most = int(np.finfo(p.dtype).maxexp) // 4
    before = one.result(implementation, *arrays, g)
    for power in (-most, most):
        factor = 2.0**power
        scaled = (p * p.dtype.type(factor)).astype(p.dtype)
        put = _put(arrays, argument, scaled)
        got = one.result(implementation, *put, g)
        said = f"{{what}} is {{got}} for 2**{power} {one.names[argument]}, and the "
        said += "same multiple of the result is {expected}"
        found = differing(
            name,
            one,
            implementation,
            g,
            put,
            got,
            _wide(before) * factor,
            said,
            times=2,
        )
        if found is not None:
            return found
    return None


def _put(
    arrays: tuple[Array, Array], argument: int, array: Array
) -> tuple[Array, Array]:
    return (array, arrays[1]) if argument == 0 else (arrays[0], array)


def _times(array: Array, factor: int) -> Array:
    """A multiple of the same dtype; unsigned ones have no negative multiples."""
    multiple: Array = array * (
        factor if array.dtype == object else array.dtype.type(factor)
    )
    return multiple


def _factors(p: Array, q: Array, beside: Array, terms: int) -> tuple[int, int] | None:
    """The first factors with which no sum of integers leaves the dtype."""
    if p.dtype.kind not in "iu":
        return _FACTORS[0]
    size = max(_largest(p), _largest(q)) * _largest(beside) * terms
    for a, b in _FACTORS:
        fits = size * (abs(a) + abs(b)) <= np.iinfo(p.dtype).max
        if fits and (p.dtype.kind == "i" or b > 0):
            return a, b
    return None


def _largest(array: Array) -> int:
    return max(int(array.max(initial=0)), -int(array.min(initial=0)))


def _wide(result: Array) -> Any:
    """Floats as doubles at least, in which small multiples are exact."""
    if result.dtype.kind in "fc":
        return result.astype(np.result_type(result, np.float64))
    return result


LINEARITY = (
    _linear(
        "linear-in-x",
        "conv(a x + b x') = a conv(x) + b conv(x').",
        "forward",
        (0,),
    ),
    _linear(
        "linear-in-the-kernel",
        "conv with a k + b k' for kernel is a times that with k and b times with k'.",
        "forward",
        (1,),
    ),
    _linear(
        "input-gradient-is-linear",
        "The input gradient is linear in the output's gradient and in the kernel.",
        "input_grad",
        (0, 1),
    ),
    _linear(
        "kernel-gradient-is-linear",
        "The kernel gradient is linear in the output's gradient and in x.",
        "kernel_grad",
        (0, 1),
    ),
)
"""One check for each argument of the forward map, and one for each gradient."""
