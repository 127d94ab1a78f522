"""`Found`: a guess that has every entry of a matrix, with its kernel and groups.

`Task` says what is looked for, in which matrix.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from convmat.arrays import Array, Shape
from convmat.errors import ConvmatError
from convmat.geometry import Geometry
from convmat.structure.effort import Effort
from convmat.structure.entries import Entries
from convmat.structure.evidence import Evidence, evidence_of
from convmat.structure.guess import Guess
from convmat.structure.nearest import projected
from convmat.structure.reading import blocks, read_kernel, tap_reader
from convmat.structure.same import same

__all__ = ["Found", "Task", "checked"]

_WEIGHTS = 1 << 20  # of a kernel that is tried whatever the matrix; above, 8 an entry


@dataclass(frozen=True, eq=False)
class Task:
    """What is looked for, in which matrix."""

    entries: Entries
    tolerance: Any
    mean: bool
    outputs: Shape | None
    channels: bool | None
    progress: bool | None
    effort: Effort = field(default_factory=Effort)


@dataclass(frozen=True, eq=False)
class Found:
    """A guess that has every entry of a matrix."""

    guess: Guess
    geometry: Geometry
    kernel: Array

    evidence: Evidence

    @property
    def trivial(self) -> bool:
        """Whether nothing is tied along an axis, or next to nothing at all."""
        return self.evidence.thin or self.guess.trivial

    @property
    def loose(self) -> bool:
        """Whether nothing, or nothing along an axis that has inputs, is tied."""
        axes = self.geometry.axes
        return self.trivial or any(a.out_size == 1 < a.size for a in axes)

    @property
    def taps(self) -> float:
        """Taps of the kernel; a trivial geometry is worse than any other."""
        return float("inf") if self.trivial else self.geometry.free_parameters

    @property
    def least(self) -> bool:
        """Whether no geometry whose entries hold one tap each can have fewer taps.

        So it is where all taps differ, and each is an entry by itself: there are as
        many values in the matrix.
        """
        if self.loose or not all(tap_reader(a).one_output for a in self.geometry.axes):
            return False
        held = self.kernel[self.kernel != 0]
        return bool(held.size == self.kernel.size == len(set(held.tolist())))


def checked(task: Task, entries: Entries, guess: Guess) -> Found | None:
    """The guess with its kernel and groups, if it has every entry."""
    g = guess.geometry
    if g.free_parameters > max(_WEIGHTS, 8 * len(entries.indices)):
        return None
    try:
        if task.mean:
            kernel = projected(entries, g)[0].reshape(g.weight_shape)
        else:
            kernel = read_kernel(entries, g)
        groups = blocks(kernel) if g.has_channels else 1
        if groups > 1:
            g = replace(g, groups=groups)
            kernel = _cut(kernel, groups)
        if not same(entries, kernel, g, task.tolerance):
            return None
    except (ConvmatError, OverflowError):
        # Sums or steps beyond the integers, or far more entries than there are.
        return None
    return Found(guess, g, kernel, evidence_of(g, kernel, len(entries.indices)))


def _cut(kernel: Array, groups: int) -> Array:
    """The part of a kernel of one group that the groups keep."""
    out_channels, in_channels = kernel.shape[:2]
    per_out, per_in = out_channels // groups, in_channels // groups
    parts = [
        kernel[n * per_out : (n + 1) * per_out, n * per_in : (n + 1) * per_in]
        for n in range(groups)
    ]
    return np.concatenate(parts)
