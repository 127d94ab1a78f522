"""Why a geometry is not the only one that has a matrix, in sentences."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from convmat.arrays import Array
from convmat.errors import ConvmatError
from convmat.geometry import PADDING_MODES, Geometry
from convmat.structure.entries import Entries
from convmat.structure.guess import Guess
from convmat.structure.reading import read_kernel, tap_reader
from convmat.structure.same import same
from convmat.structure.search import divisors

__all__ = ["freedoms", "unknown_taps"]

_SMALL = 1 << 12  # entries up to which every padding mode is tried


def freedoms(
    entries: Entries, guess: Guess, g: Geometry, kernel: Array, tolerance: Any
) -> list[str]:
    """What could be otherwise without any entry changing, one sentence each.

    Taps of value 0 at the rim, with as much more padding, could always be added, and
    are not told.

    Parameters
    ----------
    entries : Entries
    guess : Guess
        The fits that led to the geometry.
    g : Geometry
        The same with its groups.
    kernel : ndarray of shape `g.weight_shape`
    tolerance : number
    """
    told: list[str] = []
    for number, fit in enumerate(guess.fits):
        told += _of_axis(number, g, fit.strides, kernel)
    other = []
    if any(map(any, g.padding)) and not guess.trivial:
        small = len(entries.indices) <= _SMALL
        modes = PADDING_MODES if small else guess.modes
        other = [m for m in modes if _fits_in(entries, g, m, tolerance)]
    if other:
        names = ", ".join(map(repr, other))
        told.append(f"padding_mode may be {names} as well")
    if g.groups > 1:
        fewer = ", ".join(map(str, divisors(g.groups)[:-1]))
        told.append(f"groups may be {fewer} as well, with taps of value 0")
    if not np.asarray(kernel != 0).any():
        told.append("the matrix is 0, and so it is in every geometry of its shape")
    unknown = unknown_taps(g)
    if unknown:
        which = ", ".join(map(str, unknown[:8])) + (", ..." if unknown[8:] else "")
        several = f"{len(unknown)} taps ({which})" if unknown[1:] else f"tap {which}"
        told.append(f"{several} can't be known from any entry, and read 0 here")
    return told


def _of_axis(
    number: int, g: Geometry, strides: tuple[int, ...], kernel: Array
) -> list[str]:
    axis = g.axes[number]
    where = f"axis {number}"
    told = []
    if axis.out_size == 1:
        told.append(f"{where} has one output: any stride from {axis.stride} on will do")
    elif axis.mode == "zeros" and axis.stride >= axis.size:
        told.append(f"{where}: any stride from {axis.size} on will do")
    elif len(strides) > 1:
        told.append(f"{where}: stride may be {', '.join(map(str, strides))}")
    if axis.kernel == 1:
        told.append(f"{where} has one tap: any dilation will do")
    elif axis.dilation > 1:
        others = ", ".join(map(str, divisors(axis.dilation)[:-1]))
        told.append(f"{where}: dilation may be {others}, with taps of value 0 between")
    filled = axis.mode != "zeros" and axis.before + axis.after > 0
    if filled and 2 * axis.span >= axis.size:
        told.append(f"{where}: on so few cells other kernels may make the same sums")
    spare = (axis.out_size - 1) * axis.stride + axis.span + axis.stride - 1
    spare -= axis.padded_size
    if spare > 0:
        cells = "one cell" if spare == 1 else f"up to {spare} cells"
        told.append(f"{where}: {cells} more of padding after it would not be read")
    rim = np.moveaxis(kernel, number + 2, 0)
    ends = [bool(np.asarray(rim[end] != 0).any()) for end in (0, -1)]
    if axis.kernel > 1 and not all(ends) and np.asarray(kernel != 0).any():
        told.append(
            f"{where}: taps at the rim are 0, there only so that the sizes come out; "
            "their dilation and stride could share that differently"
        )
    return told


def _fits_in(entries: Entries, g: Geometry, mode: str, tolerance: Any) -> bool:
    if mode == g.padding_mode:
        return False
    try:
        other = replace(g, padding_mode=mode)
        return same(entries, read_kernel(entries, other), other, tolerance)
    except ConvmatError:  # more padding than the mode has cells for
        return False


def unknown_taps(g: Geometry) -> tuple[int, ...]:
    """Flat indices of the taps that no entry of the matrix tells.

    Examples
    --------
    >>> from convmat import geometry
    >>> unknown_taps(geometry(1, 3, padding=1))
    (0, 2)
    """
    known = np.ones(g.weight_shape, bool)
    for number, axis in enumerate(g.axes):
        for tap in tap_reader(axis).unknown:
            known[(slice(None),) * (number + 2) + (tap,)] = False
    return tuple(map(int, np.flatnonzero(~known)))
