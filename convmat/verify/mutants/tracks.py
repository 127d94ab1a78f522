"""`Track`: the reactions of a black box, call by call, to be held against others'."""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache

from convmat.geometry import Geometry, geometry
from convmat.verify.black_box import Implementation, Supports
from convmat.verify.mutants.dictionary import MUTANTS
from convmat.verify.mutants.mutant import Mutant, box
from convmat.verify.mutants.probes import PROBES, Reaction, reaction
from convmat.verify.witnesses import WITNESSES

__all__ = ["ASKED", "Track", "apart", "cells", "known"]

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

_RICH = 3


class Track:
    """The reactions of an implementation to all cells in turn, as far as asked for."""

    def __init__(
        self, implementation: Implementation, part: str, asked: tuple[Geometry, ...]
    ) -> None:
        self._implementation, self._part = implementation, part
        self._known: list[Reaction] = []
        calm = implementation.supports.nearest(_CALM)
        reaction(implementation, part, calm, PROBES["integers"])
        self._cells = cells(part, asked)

    def __getitem__(self, number: int) -> Reaction:
        while len(self._known) <= number:
            g, name = self._cells[len(self._known)]
            seen = reaction(self._implementation, self._part, g, PROBES[name])
            self._known.append(seen)
        return self._known[number]


def cells(part: str, asked: tuple[Geometry, ...]) -> tuple[tuple[Geometry, str], ...]:
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
def known(
    name: str, part: str, asked: tuple[Geometry, ...], supports: Supports
) -> Track:
    """That of a mutant, or, without a name, of what is right."""
    fresh = MUTANTS[name].build() if name else box("right")
    return Track(replace(fresh, supports=supports), part, asked)


def apart(
    alike: tuple[Mutant, ...], asked: tuple[Geometry, ...], supports: Supports
) -> Geometry | None:
    """The first witness that was not asked for and tells two of the mutants apart."""
    if len(alike) < 2:
        return None
    for g in WITNESSES.values():
        if g in asked or supports.lacks(g) is not None:
            continue
        tracks = [known(m.name, m.part, (g,), supports) for m in alike]
        for number in range(len(cells(alike[0].part, (g,)))):
            if any(track[number] != tracks[0][number] for track in tracks):
                return g
    return None
