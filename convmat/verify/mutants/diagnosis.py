"""`diagnose`: which known bugs a black box has.

The black box and every mutant are called alike, and the mutants that react to every
call as the black box does are named. That is a likeness on what was asked and no proof:
where two mutants cannot be told apart, both are named, with a geometry that can.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache

import numpy as np

from convmat.arrays import Array
from convmat.errors import ConvmatError
from convmat.geometry import Geometry, geometry
from convmat.verify.black_box import Implementation, Supports
from convmat.verify.mutants.dictionary import MUTANTS
from convmat.verify.mutants.mutant import Mutant, box
from convmat.verify.mutants.probes import PROBES, Call, Reaction, reaction
from convmat.verify.readings import (
    UnreadableError,
    one_hot,
    read_forward,
    read_input_grad,
    read_kernel_grad,
)
from convmat.verify.witnesses import WITNESSES

__all__ = ["ASKED", "Likely", "diagnose", "diagnose_reading"]

ASKED: tuple[Geometry, ...] = tuple(
    WITNESSES[name]
    for name in (
        "1-D plain",
        "2-D plain",
        "3-D plain",
        "1-D dilation",
        "1-D dilation beside a long stride",
        "1-D symmetric",
        "1-D circular with a stride",
        "2-D reflect",
        "2-D strides that leave a remainder",
        "2-D pointwise with a stride",
        "2-D depthwise with dilation",
        "2-D depthwise with a multiplier",
        "2-D square",
        "2-D dilation, stride and pads",
    )
)
"""The witnesses that `diagnose` asks for: no two mutants do the same on all of them."""

_CALM = geometry((1, 2), (1, 1, 1))
"""Called first: whoever keeps the last result forgets what came before."""

_SHOWN, _RICH = 3, 3


@dataclass(frozen=True, slots=True)
class Likely:
    """What is likely wrong with one map.

    Attributes
    ----------
    part : str
        `"forward"`, `"input_grad"` or `"kernel_grad"`.
    mutants : tuple of Mutant
        Those that do the same on all that was asked. None: it is unlike any that is
        known. Several: they do the same here.
    where : str
        What it is wrong on first, with the geometry.
    pattern : tuple of str
        The first wrong numbers, in words.
    witness : Geometry or None
        Where there are several mutants: a geometry on which they differ, to ask next.
    nearest : tuple of Mutant
        Where there is none: those that explain most of what is wrong.
    explained : tuple of int
        How many of the wrong reactions the nearest explain, and how many there are.
    """

    part: str
    mutants: tuple[Mutant, ...]
    where: str
    pattern: tuple[str, ...] = ()
    witness: Geometry | None = None
    nearest: tuple[Mutant, ...] = ()
    explained: tuple[int, int] = (0, 0)

    def __str__(self) -> str:
        named = ", or like ".join(mutant.words for mutant in self.mutants)
        if len(self.mutants) == 1:
            return f"{self.part} looks like {named}"
        if self.mutants:
            apart = "nothing that it claims tells them apart"
            if self.witness is not None:
                apart = f"ask {self.witness!r} to tell them apart"
            return f"{self.part} looks like {named}; {apart}"
        told = f"{self.part} is unlike any known mutant: wrong {self.where}"
        if self.pattern:
            told = f"{told}; {'; '.join(self.pattern)}"
        if self.nearest:
            some, all_ = self.explained
            words = ", or like ".join(mutant.words for mutant in self.nearest)
            told = f"{told}; in {some} of {all_} cases it looks like {words}"
        return told


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


def diagnose_reading(
    reading: Array, g: Geometry, part: str = "forward"
) -> Likely | None:
    """The likely bug behind an implied map that was read from a black box.

    Parameters
    ----------
    reading : ndarray of int, shape (taps, rows, columns)
        Entry `[t, r, c]` is the weight with which tap `t` takes input `c` to output
        `r`, all flat in C order.
    g : Geometry
    part : str
        The map that it was read from.

    Returns
    -------
    Likely or None
        None where the reading is right.

    Examples
    --------
    >>> from convmat import geometry
    >>> g = geometry(3, 2)
    >>> print(diagnose_reading(one_hot(g)[::-1], g))
    forward looks like the kernel flipped on all axes, or like ...; ask geometry((...
    """
    right = one_hot(g)
    if reading.shape == right.shape and np.array_equal(reading, right):
        return None
    alike = tuple(
        mutant
        for mutant in MUTANTS.values()
        if mutant.part == part and _reads_as(mutant, reading, g)
    )
    where = f"for {g!r}"
    if reading.shape != right.shape:
        words = f"the reading has shape {reading.shape}, and should have {right.shape}"
        return Likely(part, alike, where, (words,))
    pattern = tuple(
        f"entry {place} is {reading[place]}, and should be {right[place]}"
        for place in _places(reading != right)
    )
    return Likely(part, alike, where, pattern, _apart(alike, (g,), Supports()))


def _reads_as(mutant: Mutant, reading: Array, g: Geometry) -> bool:
    implementation = mutant.build()

    def called(first: Array, second: Array, g: Geometry) -> Array:
        # A route takes the kernel first, the black box the input.
        arrays = {
            "forward": (second, first, first),
            "input_grad": (second, second, first),
            "kernel_grad": (second, first, first),
        }[mutant.part]
        result = Call(g, *arrays).outcome(implementation, mutant.part).result
        if result is None:
            message = "no result of the right shape"
            raise ValueError(message)
        return result

    read = {
        "forward": read_forward,
        "input_grad": read_input_grad,
        "kernel_grad": read_kernel_grad,
    }[mutant.part]
    try:
        return np.array_equal(read(called, g), reading)
    except UnreadableError:
        return False


class _Track:
    """The reactions of an implementation to all cells in turn, as far as asked for."""

    def __init__(
        self, implementation: Implementation, part: str, asked: tuple[Geometry, ...]
    ) -> None:
        self._implementation, self._part = implementation, part
        self._known: list[Reaction] = []
        reaction(implementation, part, _CALM, PROBES["integers"])
        self._cells = _cells(part, asked)

    def __getitem__(self, number: int) -> Reaction:
        while len(self._known) <= number:
            g, name = self._cells[len(self._known)]
            seen = reaction(self._implementation, self._part, g, PROBES[name])
            self._known.append(seen)
        return self._known[number]


def _cells(part: str, asked: tuple[Geometry, ...]) -> tuple[tuple[Geometry, str], ...]:
    """Geometries and probes, in the order in which they are asked.

    The plainest probe is for all geometries; the others are for the first and for the
    few with the most taps.
    """
    plain, *others = (name for name, probe in PROBES.items() if part in probe.parts)
    chosen = [asked[0], *sorted(asked[1:], key=_taps)[-_RICH:]]
    return (
        *((g, plain) for g in asked),
        *((g, name) for g in chosen for name in others),
    )


def _taps(g: Geometry) -> int:
    return g.free_parameters


@lru_cache(maxsize=4096)
def _track(
    name: str, part: str, asked: tuple[Geometry, ...], supports: Supports
) -> _Track:
    """That of a mutant, or, without a name, of what is right."""
    fresh = MUTANTS[name].build() if name else box("right")
    return _Track(replace(fresh, supports=supports), part, asked)


def _of_part(
    implementation: Implementation, part: str, asked: tuple[Geometry, ...]
) -> Likely | None:
    supports = implementation.supports
    cells = _cells(part, asked)
    numbers = range(len(cells))
    mine = _Track(implementation, part, asked)
    right = _track("", part, asked, supports)
    wrong = [number for number in numbers if mine[number] != right[number]]
    if not wrong:
        return None
    candidates = [mutant for mutant in MUTANTS.values() if mutant.part == part]
    tracks = {m.name: _track(m.name, part, asked, supports) for m in candidates}

    def agrees(mutant: Mutant, number: int) -> bool:
        return tracks[mutant.name][number] == mine[number]

    alike = tuple(m for m in candidates if all(agrees(m, n) for n in numbers))
    g, name = cells[wrong[0]]
    where = f"{PROBES[name].words} for {g!r}"
    pattern = _pattern(implementation, part, g, name)
    if alike:
        witness = _apart(alike, asked, supports)
        return Likely(part, alike, where, pattern, witness)
    explained = {m.name: sum(agrees(m, n) for n in wrong) for m in candidates}
    most = max(explained.values())
    nearest = tuple(m for m in candidates if most and explained[m.name] == most)
    share = (most, len(wrong))
    return Likely(part, (), where, pattern, None, nearest, share)


def _apart(
    alike: tuple[Mutant, ...], asked: tuple[Geometry, ...], supports: Supports
) -> Geometry | None:
    """The first witness that was not asked for and tells two of the mutants apart."""
    if len(alike) < 2:
        return None
    for g in WITNESSES.values():
        if g in asked or supports.lacks(g) is not None:
            continue
        tracks = [_track(m.name, m.part, (g,), supports) for m in alike]
        for number in range(len(_cells(alike[0].part, (g,)))):
            if any(track[number] != tracks[0][number] for track in tracks):
                return g
    return None


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
        found = tuple(_told(outcome.result, wanted, part))
        if found:
            return found
    return ()


def _told(got: Array, wanted: Array, part: str) -> Iterator[str]:
    noun = {"forward": "output", "input_grad": "input", "kernel_grad": "tap"}[part]
    if got.dtype != wanted.dtype:
        yield f"the result is of {got.dtype}, and should be of {wanted.dtype}"
    for place in _places((got != wanted) & ~((got != got) & (wanted != wanted))):
        yield f"{noun} {place} is {got[place]}, and should be {wanted[place]}"


def _places(wrong: Array) -> list[tuple[int, ...]]:
    return [tuple(map(int, place)) for place in np.argwhere(wrong)[:_SHOWN]]
