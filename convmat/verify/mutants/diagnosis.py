"""`diagnose`: which known bugs a black box has.

The black box and every mutant are called alike, and the mutants that react to every
call as the black box does are named. That is a likeness on what was asked and no proof:
where two mutants cannot be told apart, both are named, with a geometry that can.
"""

from __future__ import annotations

from collections.abc import Sequence

from convmat.errors import ConvmatError
from convmat.geometry import Geometry
from convmat.verify.black_box import Implementation
from convmat.verify.mutants.dictionary import MUTANTS
from convmat.verify.mutants.likely import Likely, differences
from convmat.verify.mutants.mutant import Mutant, box
from convmat.verify.mutants.probes import PROBES
from convmat.verify.mutants.tracks import ASKED, Track, apart, cells, known

__all__ = ["diagnose"]


def diagnose(
    implementation: Implementation, geometries: Sequence[Geometry] | None = None
) -> tuple[Likely, ...]:
    """The likely bugs of a black box, one for each map that is wrong.

    Parameters
    ----------
    implementation : Implementation
        One that keeps something between calls is best given fresh.
    geometries : sequence of Geometry, optional
        To be asked for, as far as they are claimed; by default `ASKED`.

    Returns
    -------
    tuple of Likely
        Empty where nothing is wrong on them.

    Raises
    ------
    ConvmatError
        When none of the geometries is claimed.

    Examples
    --------
    >>> import numpy as np
    >>> from convmat import conv, geometry
    >>> def mine(x, kernel, bias=None, *, stride, **settings):
    ...     return conv(x, kernel, bias, stride=stride[::-1], **settings)
    >>> for likely in diagnose(Implementation("mine", mine)):
    ...     print(likely)
    forward looks like the strides swapped between axes, in the size of the output too
    """
    supports = implementation.supports
    wanted = ASKED if geometries is None else tuple(geometries)
    asked = tuple(g for g in wanted if supports.lacks(g) is None)
    if not asked:
        lacks = supports.lacks(wanted[0]) if wanted else "a geometry"
        raise ConvmatError("geometries", "must be claimed, at least one", lacks)
    found = (_of_part(implementation, part, asked) for part in implementation.parts)
    return tuple(likely for likely in found if likely is not None)


def _of_part(
    implementation: Implementation, part: str, asked: tuple[Geometry, ...]
) -> Likely | None:
    supports = implementation.supports
    all_cells = cells(part, asked)
    numbers = range(len(all_cells))
    mine = Track(implementation, part, asked)
    right = known("", part, asked, supports)
    wrong = [number for number in numbers if mine[number] != right[number]]
    if not wrong:
        return None
    candidates = [mutant for mutant in MUTANTS.values() if mutant.part == part]
    tracks = {m.name: known(m.name, part, asked, supports) for m in candidates}

    def agrees(mutant: Mutant, number: int) -> bool:
        return tracks[mutant.name][number] == mine[number]

    alike = tuple(m for m in candidates if all(agrees(m, n) for n in numbers))
    g, name = all_cells[wrong[0]]
    where = f"{PROBES[name].words} for {g!r}"
    pattern = _pattern(implementation, part, g, name)
    if alike:
        witness = apart(alike, asked, supports)
        return Likely(part, alike, where, pattern, witness)
    explained = {m.name: sum(agrees(m, n) for n in wrong) for m in candidates}
    most = max(explained.values())
    nearest = tuple(m for m in candidates if most and explained[m.name] == most)
    share = (most, len(wrong))
    return Likely(part, (), where, pattern, None, nearest, share)


def _pattern(
    implementation: Implementation, part: str, g: Geometry, name: str
) -> tuple[str, ...]:
    """The first wrong numbers of a probe, or what went wrong in the first bad call."""
    right = box("right")
    for call in PROBES[name].calls(g, implementation.supports):
        outcome = call.outcome(implementation, part)
        wanted = call.outcome(right, part).result
        if outcome.problems:
            return tuple(problem.words for problem in outcome.problems)
        if wanted is None or outcome.result is None:
            continue
        found = tuple(differences(outcome.result, wanted, part))
        if found:
            return found
    return ()
