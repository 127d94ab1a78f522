"""Which geometries a matrix may be of: guesses, the plainest first.

A guess is cheap and may be wrong; what is told to anyone was held against every entry.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from math import prod

import numpy as np

from convmat.arrays import Shape
from convmat.errors import ConvmatError
from convmat.geometry import Geometry
from convmat.structure.entries import Entries
from convmat.structure.fit import AxisFit, axis_fits
from convmat.structure.projection import Shapes, axis_table

__all__ = ["Guess", "Search", "divisors"]

_NOISE = 1e-9  # of float64 sums with weights of chance, over the largest of them
_FAIR = 24  # guesses at the outputs of an axis that are followed up, where many fit
_LONGEST = 4  # outputs of an axis that is searched for, over its inputs and 2
_PREFIX = 1 << 13  # rows in which a period is looked for
_MODES = ("zeros", "circular", "reflect", "replicate", "symmetric")


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

    @property
    def trivial(self) -> bool:
        """Whether an axis is such that any matrix fits it, or no tap is used twice."""
        most = prod(max(fit.axis.tap_counts()) for fit in self.fits)
        return most <= 1 or any(fit.vacuous for fit in self.fits)

    @property
    def rank(self) -> tuple[bool, int, int, int]:
        """What the plainest guess has least of."""
        g = self.geometry
        strides = sum(fit.axis.stride for fit in self.fits)
        return self.trivial, g.free_parameters, _MODES.index(g.padding_mode), strides


class Search:
    """Guesses at the geometry of one matrix.

    Parameters
    ----------
    entries : Entries
        Of numbers that are no objects.
    tolerance : float
        Entries that differ by no more are equal, where the largest is 1.
    whole : bool
        Whether all rows of a large matrix are looked at, and not some.

    Attributes
    ----------
    fewest : int
        Geometries with more taps are passed over; whoever finds one may lower it.
    """

    def __init__(self, entries: Entries, tolerance: float, whole: bool = False) -> None:
        self.entries = entries
        self.tolerance = tolerance
        self.whole = whole
        self.fewest = 1 << 62
        starts = entries.indptr[:-1][: _PREFIX + 1]
        filled = np.append(entries.indices, -1)
        held = np.diff(entries.indptr[: len(starts) + 1]) > 0
        self._first = np.where(held, filled[starts], -1)

    def guesses(
        self,
        in_channels: int,
        inputs: Shape,
        outputs: Shape | None,
        channels: bool,
        out_channels: int | None = None,
    ) -> Iterator[Guess]:
        """All guesses at one reading of the columns.

        Parameters
        ----------
        in_channels : int
        inputs : tuple of int
            Cells of each spatial axis.
        outputs : tuple of int or None
            Outputs of each spatial axis; None to search for them.
        channels : bool
            Whether there may be several output channels.
        out_channels : int, optional
            How many there are, where that is known.

        Yields
        ------
        Guess
        """
        if not channels:
            out_channels = 1
        cells = 0 if out_channels is None else self.entries.shape[0] // out_channels
        for found, sizes in self._axes(in_channels, inputs, outputs, cells):
            count = self.entries.shape[0] // prod(sizes)
            if (count > 1 and not channels) or out_channels not in (None, count):
                continue
            shapes = Shapes(count, in_channels, sizes, inputs, channels)
            yield from _in_modes(found, shapes)

    def likely_outputs(self, inputs: Shape, most: int) -> Iterator[Shape]:
        """Outputs of each axis that the rows may count, the likeliest first."""

        def walk(axis: int, after: int) -> Iterator[Shape]:
            if axis < 0:
                yield ()
                return
            fair = self._likely(self.entries.shape[0] // after, after)
            fair = [size for size in fair if size <= 2 * inputs[axis] + 1]
            fair.sort(key=lambda size: abs(size - inputs[axis]) * (size > 1))
            for size in fair[: max(2, most // 2)]:
                for before in walk(axis - 1, after * size):
                    yield *before, size

        yield from islice(walk(len(inputs) - 1, 1), most)

    def _axes(
        self, in_channels: int, inputs: Shape, outputs: Shape | None, cells: int
    ) -> Iterator[tuple[list[dict[str, AxisFit]], Shape]]:
        """Fits of all axes, with the outputs of each; `cells` is 0 or their product."""
        known = [] if outputs is None else list(outputs)
        self._cells = cells
        yield from self._below(
            in_channels, inputs, known, len(inputs) - 1, 1, in_channels
        )

    def _below(
        self,
        in_channels: int,
        inputs: Shape,
        known: list[int],
        axis: int,
        after: int,
        bound: int,
    ) -> Iterator[tuple[list[dict[str, AxisFit]], Shape]]:
        if axis < 0:
            yield [], ()
            return
        rows = self.entries.shape[0] // after
        if self._cells:
            rows = self._cells // after
        if known:
            sizes = [known[axis]]
        else:
            sizes = [rows] if self._cells and not axis else self._likely(rows, after)
        shapes = Shapes(1, in_channels, (), inputs, has_channels=True)
        taken = 0
        for size in sizes:
            if not known and size > _LONGEST * (inputs[axis] + 2):
                continue
            table, outs = axis_table(
                self.entries, axis, size, after, shapes, self.whole
            )
            largest = float(np.abs(table).max(initial=0))
            allowed = largest * _NOISE + self.tolerance
            fits = axis_fits(table, outs, size, allowed)
            empty = fits["zeros"].vacuous and len(fits) == 1
            if not known and empty and len(self.entries.indices) > _PREFIX:
                continue
            taps = bound * min(fit.axis.kernel for fit in fits.values())
            if taps > self.fewest:
                continue
            taken += 1
            deeper = self._below(
                in_channels, inputs, known, axis - 1, after * size, taps
            )
            for others, before in deeper:
                yield [*others, fits], (*before, size)
            if taken == _FAIR:
                break

    def _likely(self, rows: int, after: int) -> list[int]:
        """Divisors of a number of rows, those first that rows repeat with."""
        sizes = divisors(rows)
        if len(self.entries.indices) <= _PREFIX:
            return sizes
        steps = np.diff(self._first[::after])

        def period(size: int) -> tuple[float, int]:
            if size >= len(steps):
                return 1.0, size
            return -float((steps[size:] == steps[:-size]).mean()), size

        return sorted(sizes, key=period)


def _in_modes(found: Sequence[dict[str, AxisFit]], shapes: Shapes) -> Iterator[Guess]:
    """A guess for each padding mode that all axes fit, the fewest taps first."""
    modes = [mode for mode in _MODES if all(mode in fits for fits in found)]
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
            yield Guess(_geometry(axes[mode], shapes, mode), axes[mode], alike)
        except ConvmatError:  # more padding than the mode has cells for, or the like
            continue


def _geometry(fits: Sequence[AxisFit], shapes: Shapes, mode: str) -> Geometry:
    axes = [fit.axis for fit in fits]
    channels = shapes.has_channels
    return Geometry(
        input_size=shapes.inputs,
        kernel_size=tuple(axis.kernel for axis in axes),
        stride=tuple(axis.stride for axis in axes),
        padding=tuple((axis.before, axis.after) for axis in axes),
        dilation=tuple(axis.dilation for axis in axes),
        in_channels=shapes.in_channels,
        out_channels=shapes.out_channels,
        padding_mode=mode,
        has_channels=channels,
    )


def divisors(number: int) -> list[int]:
    """All divisors, ascending.

    Examples
    --------
    >>> divisors(12)
    [1, 2, 3, 4, 6, 12]
    """
    small = [d for d in range(1, int(number**0.5) + 1) if number % d == 0]
    return sorted({*small, *(number // d for d in small)})
