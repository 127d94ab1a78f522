"""What a function owes its caller: arguments left alone, and the same answer again."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from convmat.arrays import Array
from convmat.geometry import Geometry
from convmat.verify.black_box import Implementation
from convmat.verify.checks.check import Check, Finding, Trial
from convmat.verify.checks.compare import checked, differing
from convmat.verify.checks.layouts import LAYOUTS, SWAPPED
from convmat.verify.checks.maps import MAPS, BilinearMap, maps_of
from convmat.verify.checks.numbers import drawn, generator

__all__ = ["MANNERS", "deterministic", "dtype_kept", "layout_ignored"]


def _without(kind: str, name: str, claim: str, meaning: str) -> Check:
    """The check that no call has a problem of one kind."""

    @checked(name, claim, meaning, "forward")
    def run(implementation: Implementation, trial: Trial) -> Finding | None:
        g = trial.geometry
        for one in maps_of(implementation):
            first, second = one.arrays(trial)
            for array in (second, _idle(second)):
                outcome = one.call(implementation, first, array, g)
                one.kept(outcome, g, first, array)
                for problem in outcome.problems:
                    if problem.kind == kind:
                        arrays = dict(zip(one.names, (first, array), strict=True))
                        words = f"{one.words} {problem.words}"
                        return Finding(name, one.part, words, g, arrays)
        return None

    return run


def _idle(array: Array) -> Array:
    """An array of 1 where both first indices are the same, and else 0.

    Of one tap it is the kernel that leaves its input as it is, and there may be a path
    for that.
    """
    idle = np.zeros_like(array)
    for number in range(min(array.shape[:2])):
        idle[number, number] = 1
    return idle


MANNERS = (
    _without(
        "modified",
        "input-kept",
        "No call changes an array that it was given.",
        "The caller's data is overwritten: padded, flipped or scaled in place.",
    ),
    _without(
        "view",
        "no-view-returned",
        "No result shares memory with an argument.",
        "Writing to the result changes the input, or the other way round.",
    ),
    _without(
        "printed",
        "nothing-printed",
        "No call prints.",
        "Output of a search for a mistake was left in.",
    ),
)
"""One check for each thing that a call can do beside computing."""


@checked(
    "dtype-kept",
    "Floats come back in the dtype that they came in, and integers as integers.",
    "Something inside has a dtype of its own, and rounds or is slow.",
    "forward",
)
def dtype_kept(implementation: Implementation, trial: Trial) -> Finding | None:
    """All maps, in every dtype that is claimed."""
    g = trial.geometry
    for name in implementation.supports.dtypes:
        dtype = np.dtype(name)
        for one in maps_of(implementation):
            first, second = (as_dtype(array, dtype) for array in one.arrays(trial))
            got = one.result(implementation, first, second, g).dtype
            # Sums of integers may have more room than they.
            wider = dtype.kind in "iu" and got.kind in "iu"
            if got == dtype or (wider and got.itemsize >= dtype.itemsize):
                continue
            arrays = dict(zip(one.names, (first, second), strict=True))
            words = f"{one.words} of {dtype} arrays is {got}"
            expected, found = str(dtype), str(got)
            return Finding("dtype-kept", one.part, words, g, arrays, expected, found)
    return None


def as_dtype(array: Array, dtype: np.dtype[np.generic]) -> Array:
    """The array in another dtype; small enough for short integers."""
    if dtype.kind == "u":
        array = np.abs(array)
    if dtype.kind == "O" and array.dtype.kind == "f":
        array = array.astype(np.int64)
    return array.astype(dtype)


@checked(
    "memory-layout-ignored",
    "The result depends on numbers, not on how they lie in memory.",
    "Strides of an array are not looked at, or a plain array is taken for granted.",
    "forward",
)
def layout_ignored(implementation: Implementation, trial: Trial) -> Finding | None:
    """Fortran order, negative strides, gaps, read-only; byte-swapped or refused."""
    g = trial.geometry
    for one in maps_of(implementation):
        first, second = one.arrays(trial)
        expected = one.result(implementation, first, second, g)
        for words, laid in LAYOUTS.items():
            array, other = laid(first), laid(second)
            outcome = one.call(implementation, array, other, g)
            arrays = dict(zip(one.names, (array, other), strict=True))
            if outcome.result is None:
                problem = outcome.problems[0]
                if words == SWAPPED and problem.kind == "raised":
                    continue  # a refusal is no wrong answer
                said = f"{one.words} {problem.words} for arrays that are {words}"
                return Finding("memory-layout-ignored", one.part, said, g, arrays)
            found = differing(
                "memory-layout-ignored",
                one,
                implementation,
                g,
                (array, other),
                outcome.result,
                expected,
                f"{{what}} is {{got}} for arrays that are {words}, and {{expected}} "
                "for plain ones",
                times=2,
            )
            if found is not None:
                return found
    return None


@checked(
    "deterministic",
    "The same call gives the same bits, whatever was called before.",
    "A buffer or a plan of an earlier call is used again, or there is chance in it.",
    "forward",
)
def deterministic(implementation: Implementation, trial: Trial) -> Finding | None:
    """Each map twice, with another call between; the first result stays as it was."""
    g = trial.geometry
    for one in maps_of(implementation):
        first, second = one.arrays(trial)
        outcome = one.call(implementation, first, second, g)
        before = one.kept(outcome, g, first, second)
        random = generator(trial.seed, "between")
        terms = one.terms(g, len(first))
        others = [drawn(random, a.shape, a.dtype, terms) for a in (first, second)]
        one.result(implementation, others[0], others[1], g)
        found = _same(
            "{what} was {expected}, and a later call changed it to {got}",
            one,
            implementation,
            trial,
            outcome.returned,
            before,
        )
        again = one.result(implementation, first, second, g)
        found = found or _same(
            "{what} was {expected}, and the same call again gives {got}",
            one,
            implementation,
            trial,
            again,
            before,
        )
        if found is not None:
            return found
    return _kept_settings(implementation, trial)


def _kept_settings(implementation: Implementation, trial: Trial) -> Finding | None:
    """The finding where the settings of an earlier call are used again.

    A plan that is kept by the shapes of arrays alone is wrong for the second settings
    that come with them. Sizes that no other trial is likely to have are called in both
    orders: what is wrong in both is no matter of memory.
    """
    one = MAPS["forward"]
    here, there = (_grown(trial.geometry, by) for by in (23, 24))
    other = _changed(here, implementation)
    if other is None:
        return None
    asked = [(here, other), (replace(other, input_size=there.input_size),)]
    wrong = []
    for order in asked:
        for g in order:
            random = generator(trial.seed, "settings")
            shape = (len(trial.x), g.in_channels, *g.input_size)
            x = drawn(random, shape, trial.x.dtype, g.taps_per_row)
            outcome = implementation.apply(x, trial.kernel, g)
        if outcome.result is None:
            arrays = {"x": x, "kernel": trial.kernel}
            words = f"{one.words} {outcome.problems[0].words}"
            wrong.append(Finding("deterministic", one.part, words, g, arrays))
            continue
        right = one.exact(g, x, trial.kernel).rounded()
        arguments = (x, trial.kernel)
        found = differing(
            "deterministic",
            one,
            implementation,
            g,
            arguments,
            outcome.result,
            right,
        )
        wrong += [] if found is None else [found]
    if len(wrong) != 1 or wrong[0].geometry != other:
        return None
    words = (
        f"after a call with arrays of the same shapes for {here!r}, {wrong[0].words}"
    )
    return replace(wrong[0], words=words)


def _grown(g: Geometry, by: int) -> Geometry:
    """The geometry with so many cells more along its last axis."""
    *sizes, last = g.input_size
    return replace(g, input_size=(*sizes, last + by))


def _changed(g: Geometry, implementation: Implementation) -> Geometry | None:
    """The same shapes with another stride, or other padding, as far as is claimed."""
    if implementation.supports.stride:
        return replace(g, stride=tuple(s + 1 for s in g.stride))
    if implementation.supports.padding and g.padding_mode == "zeros":
        return replace(g, padding=tuple((a + 1, b + 1) for a, b in g.padding))
    return None


def _same(
    said: str,
    one: BilinearMap,
    implementation: Implementation,
    trial: Trial,
    got: Array | None,
    before: Array,
) -> Finding | None:
    """The finding at the first bit that changed; rounding is no excuse."""
    if got is None:
        return None
    arrays, g = one.arrays(trial), trial.geometry
    name = "deterministic"
    return differing(name, one, implementation, g, arrays, got, before, said, times=0)
