"""Calls that remember: the same call again, and other settings for the same shapes."""

from __future__ import annotations

from dataclasses import replace

from convmat.arrays import Array
from convmat.geometry import Geometry
from convmat.verify.black_box import Implementation, Supports
from convmat.verify.checks.check import Finding, Trial
from convmat.verify.checks.compare import checked, differing
from convmat.verify.checks.maps import MAPS, BilinearMap, CallLostError, maps_of
from convmat.verify.checks.numbers import drawn, generator

__all__ = ["deterministic"]

_BLOCK = 24  # cells, a multiple of what most loops take at a time


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


def _kept_settings(implementation: Implementation, trial: Trial) -> Finding | None:
    """The finding where the settings of an earlier call are used again.

    A plan that is kept by the shapes of arrays alone is wrong for the second settings
    that come with them. A size that no other trial is likely to have is called with
    both settings, and one that leaves the same remainders in most blocks with the
    second alone: what is wrong in both cases is no matter of memory.
    """
    claims = implementation.supports
    pair = _pair(_grown(trial.geometry, _BLOCK), claims)
    if pair is None:
        return None
    first, second = pair
    implementation.apply(*_arrays(trial, first), first)
    found = _wrong(implementation, trial, second)
    afresh = _grown(second, _BLOCK)
    if found is None or _wrong(implementation, trial, afresh) is not None:
        return None
    words = f"after a call with arrays of the same shapes for {first!r}, {found.words}"
    return replace(found, words=words)


def _wrong(implementation: Implementation, trial: Trial, g: Geometry) -> Finding | None:
    """The finding where a result is not that of the matrix."""
    name, one = "deterministic", MAPS["forward"]
    x, kernel = _arrays(trial, g)
    try:
        got = one.result(implementation, x, kernel, g)
    except CallLostError as lost:
        return replace(lost.finding, check=name)
    right = one.exact(g, x, kernel).rounded()
    return differing(name, one, implementation, g, (x, kernel), got, right)


def _arrays(trial: Trial, g: Geometry) -> tuple[Array, Array]:
    """The kernel of the trial, and inputs for another geometry."""
    random = generator(trial.seed, "settings")
    shape = (len(trial.x), g.in_channels, *g.input_size)
    return drawn(random, shape, trial.x.dtype, g.taps_per_row), trial.kernel


def _grown(g: Geometry, by: int) -> Geometry:
    """The geometry with so many cells more along its last axis."""
    *sizes, last = g.input_size
    return replace(g, input_size=(*sizes, last + by))


def _pair(g: Geometry, claims: Supports) -> tuple[Geometry, Geometry] | None:
    """Two settings for the same arrays, with outputs of one size where that is claimed.

    A cell of padding before the last axis or after it; else another stride.
    """
    *others, (before, after) = g.padding
    if claims.padding and claims.uneven_padding and (claims.uneven_axes or g.rank == 1):
        early = replace(g, padding=(*others, (before + 1, after)))
        return early, replace(g, padding=(*others, (before, after + 1)))
    if claims.stride:
        return g, replace(g, stride=tuple(step + 1 for step in g.stride))
    return None
