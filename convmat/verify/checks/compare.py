"""Two results held against each other, and the sentence where they differ."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Mapping

import numpy as np

from convmat.arrays import Array
from convmat.geometry import Geometry
from convmat.verify.black_box import Implementation
from convmat.verify.checks.check import Check, Finding, Trial
from convmat.verify.checks.maps import BilinearMap, CallLostError

__all__ = ["as_floats", "checked", "differing", "first_beyond"]

Run = Callable[[Implementation, Trial], Finding | None]


def checked(
    name: str,
    claim: str,
    meaning: str,
    *parts: str,
    applies: Callable[[Implementation, Geometry], bool] | None = None,
) -> Callable[[Run], Check]:
    """The `Check` that a function is the body of; a lost call is its finding."""

    def to_check(function: Run) -> Check:
        def run(implementation: Implementation, trial: Trial) -> Finding | None:
            try:
                # A wrong result may be anything; sums of it must not warn.
                with np.errstate(all="ignore"):
                    return function(implementation, trial)
            except CallLostError as lost:
                return lost.finding

        if applies is None:
            return Check(name, claim, meaning, parts, run)
        return Check(name, claim, meaning, parts, run, applies)

    return to_check


def first_beyond(
    got: Array, expected: Array, bound: Callable[[], Array]
) -> tuple[int, ...] | None:
    """Index of the first number that is off by more than its bound, or None.

    NaN is off wherever it comes.

    Parameters
    ----------
    got, expected : ndarray
        Of one shape.
    bound : callable
        Gives the bounds; asked only where something differs.

    Examples
    --------
    >>> first_beyond(np.array([1.0, 2.5]), np.array([1.0, 2.0]), lambda: np.array(0.1))
    (1,)
    """
    same = got == expected
    if np.all(same):
        return None
    if object in (got.dtype, expected.dtype):
        wrong = ~same.astype(bool)
    else:
        wide = np.result_type(got, expected, np.float64)
        gap = np.abs(got.astype(wide) - expected.astype(wide))
        wrong = ~same & ~(gap <= bound())
    places = np.argwhere(wrong)
    return tuple(map(int, places[0])) if len(places) else None


def differing(
    name: str,
    one: BilinearMap,
    implementation: Implementation,
    g: Geometry,
    arrays: tuple[Array, Array],
    got: Array,
    expected: Array,
    said: str = "{what} is {got}, and it should be {expected}",
    *,
    times: float = 1,
    bound: Callable[[], Array] | None = None,
    more: Mapping[str, Array] | None = None,
) -> Finding | None:
    """The finding of a check at the first number that is off, or None.

    Parameters
    ----------
    name : str
        Of the check.
    one : BilinearMap
    implementation : Implementation
    g : Geometry
    arrays : tuple of ndarray
        The two arrays of the call.
    got, expected : ndarray
    said : str
        The sentence, with fields for the place and the two numbers.
    times : float
        How many rounding bounds of the call the two may be apart.
    bound : callable, optional
        Gives other bounds.
    more : mapping of str to ndarray, optional
        Other arrays that the finding shows.
    """

    def own() -> Array:
        limit: Array = times * one.bound(implementation, g, *arrays)
        return limit

    place = first_beyond(got, expected, bound or own)
    if place is None:
        return None
    wrong, right = shown(got[place]), shown(expected[place])
    words = said.format(what=one.said(place), got=wrong, expected=right)
    named = dict(zip(one.names, arrays, strict=True)) | dict(more or {})
    return Finding(name, one.part, words, g, named, right, wrong, place)


def as_floats(result: Array) -> Array:
    """A result as floats, whatever its dtype; NaN where there is none.

    Examples
    --------
    >>> as_floats(np.array([1, None], object))
    array([ 1., nan])
    """
    if result.dtype.kind == "f":
        return result
    if result.dtype.kind == "c":
        return np.where(result.imag == 0, result.real, np.nan)
    floats = np.full(result.size, np.nan)
    for place, number in enumerate(result.reshape(-1)):
        with contextlib.suppress(TypeError, ValueError, OverflowError):
            floats[place] = float(number)
    return floats.reshape(result.shape)


def shown(number: object) -> object:
    """A number as Python writes it, an integer without its `.0`."""
    value = number.item() if isinstance(number, np.generic) else number
    if isinstance(value, float) and value.is_integer() and abs(value) < 2.0**53:
        return int(value)
    return value
