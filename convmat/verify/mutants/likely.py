"""`Likely`: what is likely wrong with a map, in words."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from convmat.arrays import Array
from convmat.geometry import Geometry
from convmat.verify.mutants.mutant import Mutant

__all__ = ["Likely", "differences", "places"]

_SHOWN = 3


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

    Examples
    --------
    >>> from convmat import conv
    >>> from convmat.verify import diagnose, implementation
    >>> def mine(x, kernel, bias=None, *, dilation, **settings):
    ...     return conv(x, kernel, bias, **settings)
    >>> likely = diagnose(implementation(mine))[0]
    >>> likely.part, [mutant.name for mutant in likely.mutants]
    ('forward', ['size-dilation-ignored'])
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


def differences(got: Array, wanted: Array, part: str) -> Iterator[str]:
    """The first numbers that differ, and the dtype if it does."""
    noun = {"forward": "output", "input_grad": "input", "kernel_grad": "tap"}[part]
    if got.dtype != wanted.dtype:
        yield f"the result is of {got.dtype}, and should be of {wanted.dtype}"
    for place in places((got != wanted) & ~((got != got) & (wanted != wanted))):
        yield f"{noun} {place} is {got[place]}, and should be {wanted[place]}"


def places(wrong: Array) -> list[tuple[int, ...]]:
    """The first places that are wrong."""
    return [tuple(map(int, place)) for place in np.argwhere(wrong)[:_SHOWN]]
