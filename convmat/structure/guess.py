"""`Guess`: a geometry that a matrix may be of, made of one fit for each axis.

A guess is cheap and may be wrong; what is told to anyone was held against every entry.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from math import prod

import numpy as np

from convmat.arrays import IntArray
from convmat.errors import ConvmatError
from convmat.geometry import PADDING_MODES, Axis, Geometry
from convmat.structure.axis_fit import AxisFit
from convmat.structure.projection import Shapes

__all__ = ["Guess", "geometry_of", "guesses_in_modes", "uses"]


@dataclass(frozen=True)
class Guess:
    """A geometry that a matrix may be of, with one group, and why.

    Attributes
    ----------
    geometry : Geometry
    fits : tuple of AxisFit
        Of each spatial axis.
    modes : tuple of str
        Padding modes in which all axes fit with as few taps.
    """

    geometry: Geometry
    fits: tuple[AxisFit, ...]
    modes: tuple[str, ...]

    @cached_property
    def trivial(self) -> bool:
        """Whether an axis is such that any matrix fits it, or no tap is used twice."""
        if any(fit.vacuous for fit in self.fits):
            return True
        return prod(int(uses(fit.axis).max()) for fit in self.fits) <= 1

    @cached_property
    def rank(self) -> tuple[bool, int, int, int]:
        """What the plainest guess has least of."""
        g = self.geometry
        strides = sum(fit.axis.stride for fit in self.fits)
        return (
            self.trivial,
            g.free_parameters,
            PADDING_MODES.index(g.padding_mode),
            strides,
        )


@lru_cache(maxsize=4096)
def uses(axis: Axis) -> IntArray:
    """How many outputs read the input through each tap.

    Examples
    --------
    >>> uses(Axis(size=3, kernel=3, stride=1, before=1, after=1, dilation=1))
    array([2, 3, 2])
    """
    if axis.mode != "zeros":
        return np.full(axis.kernel, axis.out_size)
    offsets = np.arange(axis.kernel) * axis.dilation - axis.before
    first = np.maximum(0, -(offsets // axis.stride))
    stop = np.minimum((axis.size - 1 - offsets) // axis.stride + 1, axis.out_size)
    counts: IntArray = np.maximum(0, stop - first)
    return counts


def guesses_in_modes(
    found: Sequence[dict[str, AxisFit]], shapes: Shapes
) -> Iterator[Guess]:
    """A guess for each padding mode that all axes fit, the fewest taps first."""
    modes = [mode for mode in PADDING_MODES if all(mode in fits for fits in found)]
    axes = {mode: tuple(fits[mode] for fits in found) for mode in modes}
    taps = {mode: prod(fit.axis.kernel for fit in axes[mode]) for mode in modes}
    bare = {mode: not any(fit.vacuous for fit in axes[mode]) for mode in modes}
    order = sorted(modes, key=lambda mode: (not bare[mode], taps[mode]))
    for mode in order:
        alike = tuple(
            other
            for other in modes
            if taps[other] == taps[mode] and bare[other] == bare[mode]
        )
        try:
            g = geometry_of([fit.axis for fit in axes[mode]], shapes, mode)
            yield Guess(g, axes[mode], alike)
        except ConvmatError:  # more padding than the mode has cells for, or the like
            continue


def geometry_of(axes: Sequence[Axis], shapes: Shapes, mode: str) -> Geometry:
    """The geometry of these axes, with one group."""
    return Geometry(
        input_size=shapes.inputs,
        kernel_size=tuple(axis.kernel for axis in axes),
        stride=tuple(axis.stride for axis in axes),
        padding=tuple((axis.before, axis.after) for axis in axes),
        dilation=tuple(axis.dilation for axis in axes),
        in_channels=shapes.in_channels,
        out_channels=shapes.out_channels,
        padding_mode=mode,
        has_channels=shapes.has_channels,
    )
