"""How large errors are, in units of what rounding explains; integers have none.

The numbers are chosen to be hard: full mantissas, sums that cancel, sizes far apart.
The right answer is known exactly, so an error is an error and no tolerance is chosen.
"""

from __future__ import annotations

from collections.abc import Iterator
from math import isqrt
from typing import Any

import numpy as np

from convmat.arrays import Array, Shape
from convmat.geometry import Geometry
from convmat.verify.black_box import Implementation
from convmat.verify.checks.check import Check, Finding, Trial
from convmat.verify.checks.compare import as_floats, checked, differing, shown
from convmat.verify.checks.maps import MAPS, BilinearMap, maps_of
from convmat.verify.checks.numbers import generator

__all__ = ["ROUNDING", "large_integers"]


def _floats(implementation: Implementation) -> list[np.dtype[Any]]:
    dtypes = map(np.dtype, implementation.supports.dtypes)
    return [dtype for dtype in dtypes if dtype.kind == "f"]


def _rounding(name: str, part: str) -> Check:
    one = MAPS[part]

    @checked(
        name,
        f"Rounding errors of {one.words} stay within the bound of a sum in any order.",
        "Something inside is of a smaller dtype, or a formula loses digits.",
        part,
        applies=lambda implementation, _: bool(_floats(implementation)),
    )
    def run(implementation: Implementation, trial: Trial) -> Finding | None:
        for dtype in _floats(implementation):
            for words, first, second in _hard(one, trial, dtype):
                found = _measured(
                    name, one, implementation, trial, words, first, second
                )
                if found is not None:
                    return found
        return None

    return run


def _measured(
    name: str,
    one: BilinearMap,
    implementation: Implementation,
    trial: Trial,
    numbers: str,
    first: Array,
    second: Array,
) -> Finding | None:
    """The finding at the largest error in units of its bound, if that is beyond 1."""
    g = trial.geometry
    got = as_floats(one.result(implementation, first, second, g))
    exact = one.exact(g, first, second)
    bound = np.broadcast_to(
        one.bound(implementation, g, first, second, more=1), got.shape
    )
    errors = exact.errors(got)
    units = np.divide(errors, bound, where=errors > 0, out=np.zeros(got.shape))
    if not np.any(units > 1):
        return None
    place = tuple(map(int, np.unravel_index(np.argmax(units), got.shape)))
    value, right = got[place], exact.rounded()[place].item()
    worst = float(units[place])
    words = (
        f"{one.said(place)} has an error of {worst:.3g} bounds: it is {shown(value)} "
        f"in {first.dtype}, exactly {right!r}, and rounding explains a difference of "
        f"{float(bound[place]):.2g} ({numbers})"
    )
    arrays = dict(zip(one.names, (first, second), strict=True))
    return Finding(name, one.part, words, g, arrays, right, shown(value), place)


def _hard(
    one: BilinearMap, trial: Trial, dtype: np.dtype[Any]
) -> Iterator[tuple[str, Array, Array]]:
    """Numbers that are hard to sum, one sample of each."""
    random = generator(trial.seed, f"hard {one.part} {dtype}")
    shapes = [array.shape for array in one.arrays(trial)]
    shapes = [
        shape if name == "kernel" else (1, *shape[1:])
        for name, shape in zip(one.names, shapes, strict=True)
    ]

    def full(shape: Shape) -> Array:
        return random.uniform(-1, 1, shape).astype(dtype)

    yield "full mantissas", full(shapes[0]), full(shapes[1])
    near = [
        (1 + 2.0**-6 * random.uniform(-1, 1, shape)).astype(dtype) for shape in shapes
    ]
    signs = 1 - 2 * (np.indices(shapes[0]).sum(axis=0) % 2)
    yield "sums that cancel", near[0] * signs.astype(dtype), near[1]
    reach = int(np.finfo(dtype).maxexp) // 6
    wide = [
        np.ldexp(full(shape), random.integers(-reach, reach, shape)) for shape in shapes
    ]
    yield "sizes far apart", wide[0].astype(dtype), wide[1].astype(dtype)


ROUNDING = (
    _rounding("rounding", "forward"),
    _rounding("rounding-of-the-input-gradient", "input_grad"),
    _rounding("rounding-of-the-kernel-gradient", "kernel_grad"),
)
"""One check for each map."""


def _integers(implementation: Implementation) -> list[np.dtype[Any]]:
    dtypes = map(np.dtype, implementation.supports.dtypes)
    return [dtype for dtype in dtypes if dtype.kind in "iu"]


@checked(
    "large-integers",
    "Integers are summed exactly, as far as their dtype goes.",
    "Integers overflow in a smaller dtype inside, or are rounded as floats.",
    "forward",
    applies=lambda implementation, _: bool(_integers(implementation)),
)
def large_integers(implementation: Implementation, trial: Trial) -> Finding | None:
    """All maps, on integers whose sums come near the end of the dtype."""
    g = trial.geometry
    for dtype in _integers(implementation):
        for one in maps_of(implementation):
            first, second = (
                _large(generator(trial.seed, name), array.shape, dtype, one, g, trial)
                for name, array in zip(one.names, one.arrays(trial), strict=True)
            )
            got = one.result(implementation, first, second, g)
            exact = one.exact(g, first, second).rounded()
            found = differing(
                "large-integers",
                one,
                implementation,
                g,
                (first, second),
                got.astype(object),
                np.array([*map(int, exact.flat)], object).reshape(exact.shape),
                f"{{what}} is {{got}} in {dtype}, and it should be {{expected}}",
            )
            if found is not None:
                return found
    return None


def _large(
    random: np.random.Generator,
    shape: Shape,
    dtype: np.dtype[Any],
    one: BilinearMap,
    g: Geometry,
    trial: Trial,
) -> Array:
    """Integers of which as many products as make a sum fit the dtype."""
    terms = max(1, one.terms(g, len(trial.x)))
    most = max(1, isqrt(int(np.iinfo(dtype).max) // terms))
    sizes = random.integers(-(-most // 2), most, shape, endpoint=True)
    if dtype.kind == "i":
        sizes = sizes * random.choice([-1, 1], shape)
    return sizes.astype(dtype)
