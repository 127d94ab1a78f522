"""How one axis of a matrix can be an axis of a convolution, in each padding mode.

The matrices of a geometry are a tensor product of one space per axis, so each axis may
be looked at by itself: at the matrix `P` of its outputs and inputs, to which all other
axes are summed up with weights of chance. `P` is of the axis' space as soon as the
whole matrix is, and else only where the weights happen to hide it; what is found here
is a guess, and is held against every entry later.
"""

from __future__ import annotations

from dataclasses import replace

from convmat.arrays import Array, IntArray
from convmat.geometry import PADDING_MODES, Axis
from convmat.structure.axis_fit import AxisFit
from convmat.structure.filled_fit import quick_fits, solved_fits
from convmat.structure.zero_fit import zero_fit, zero_strides

__all__ = ["axis_fits"]


def axis_fits(
    table: Array, outs: IntArray, out_size: int, tolerance: float
) -> dict[str, AxisFit]:
    """The plainest fit of an axis in each padding mode that has one.

    Parameters
    ----------
    table : ndarray, shape (len(outs), inputs)
        Entry `[j, i]` is what output `outs[j]` has at input `i`.
    outs : ndarray of int
        Outputs in ascending order: all, or some where there are very many.
    out_size : int
        Number of outputs of the axis.
    tolerance : float
        Entries that differ by no more are equal.

    Examples
    --------
    >>> import numpy as np
    >>> table = np.array([[5.0, 7, 0, 0], [0, 0, 5, 7]])
    >>> axis_fits(table, np.arange(2), 2, 0)["zeros"].axis
    Axis(size=4, kernel=2, stride=2, before=0, after=0, dilation=1, mode='zeros')
    """
    size = table.shape[1]
    strides = zero_strides(table, outs, tolerance)
    zeros = [
        fit
        for stride in (*strides, size)
        if (fit := zero_fit(table, outs, out_size, stride, strides, tolerance))
    ]
    best = min(zeros, key=lambda fit: fit.rank)
    found = {"zeros": best}
    bare = [fit for fit in zeros if fit.axis.before == fit.axis.after == 0]
    for mode in PADDING_MODES[1:]:
        fits = [replace(fit, axis=_with_mode(fit.axis, mode)) for fit in bare]
        fits = [fit for fit in fits if not fit.vacuous or out_size == 1]
        # Zeros with few taps leave no other mode room, unless what goes round a circle
        # looks like taps farther apart than the input; without padding all are alike.
        few = 2 * best.axis.kernel <= size and best.axis.span <= size
        if (not fits and not few) or best.vacuous:
            fits += quick_fits(table, outs, out_size, mode, tolerance)
            least = min((fit.axis.kernel for fit in fits), default=size + 1)
            if 2 * least > size:
                fits += solved_fits(table, outs, out_size, mode, tolerance)
        if fits:
            found[mode] = min(fits, key=lambda fit: fit.rank)
    return found


def _with_mode(axis: Axis, mode: str) -> Axis:
    return replace(axis, mode=mode)
