"""`diagnose_reading`: which known bug is behind an implied map."""

from __future__ import annotations

import numpy as np

from convmat.arrays import Array
from convmat.dtypes import quiet
from convmat.geometry import Geometry
from convmat.verify.black_box import Supports
from convmat.verify.checks.maps import CallLostError
from convmat.verify.entrywise import implied_matrix
from convmat.verify.mutants.dictionary import MUTANTS
from convmat.verify.mutants.likely import Likely, places
from convmat.verify.mutants.mutant import Mutant
from convmat.verify.mutants.tracks import apart
from convmat.verify.readings import one_hot

__all__ = ["diagnose_reading"]


def diagnose_reading(
    reading: Array, g: Geometry, part: str = "forward"
) -> Likely | None:
    """The likely bug behind an implied map that was read from a black box.

    Parameters
    ----------
    reading : ndarray, shape (taps, rows, columns)
        As from `implied_matrix`: entry `[t, r, c]` is the weight with which tap `t`
        takes input `c` to output `r`, all flat in C order.
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
        for place in places(reading != right)
    )
    return Likely(part, alike, where, pattern, apart(alike, (g,), Supports()))


def _reads_as(mutant: Mutant, reading: Array, g: Geometry) -> bool:
    try:
        with quiet():  # a mutant may put infinities in the padding
            own = implied_matrix(mutant.build(), g, part=mutant.part)
    except CallLostError:
        return False
    return np.array_equal(own, reading)
