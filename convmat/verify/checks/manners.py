"""What a function owes its caller: arguments left alone, dtypes kept, layouts taken."""

from __future__ import annotations

import numpy as np

from convmat.arrays import Array
from convmat.verify.black_box import Implementation
from convmat.verify.checks.check import Check, Finding, Trial
from convmat.verify.checks.compare import checked, differing
from convmat.verify.checks.layouts import LAYOUTS, SWAPPED
from convmat.verify.checks.maps import maps_of

__all__ = ["MANNERS", "dtype_kept", "layout_ignored"]


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
