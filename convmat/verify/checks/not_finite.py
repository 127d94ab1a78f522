"""NaN in the input, which a result must not hide."""

from __future__ import annotations

import numpy as np

from convmat import sliding
from convmat.verify.checks.check import Finding, Trial
from convmat.verify.checks.compare import checked
from convmat.verify.checks.maps import MAPS
from convmat.verify.implementation import Implementation

__all__ = ["nan_is_passed_on"]


@checked(
    "nan-is-passed-on",
    "An output that reads NaN is NaN.",
    "A failure further up is hidden: NaN is replaced, skipped or compared away.",
    "forward",
    applies=lambda implementation, _: implementation.supports.dtype.kind in "fc",
)
def nan_is_passed_on(implementation: Implementation, trial: Trial) -> Finding | None:
    """One NaN, at the middle of the first sample.

    What else becomes NaN is not looked at: fast algorithms, by FFT or Winograd's, mix
    outputs that lie near each other.
    """
    g, one = trial.geometry, MAPS["forward"]
    x, kernel = trial.x.copy(), trial.kernel
    middle = tuple(n // 2 for n in x.shape[1:])
    x[(0, *middle)] = np.nan
    got = one.result(implementation, x, kernel, g)
    # Counted by ones: how often each output reads that cell.
    reads = sliding.forward(np.isnan(x).astype(np.int64), np.ones(kernel.shape, int), g)
    for place in map(tuple, np.argwhere((reads > 0) & ~np.isnan(got))):
        index = tuple(map(int, place))
        number = got[index].item()
        words = f"{one.said(index)} is {number} and reads an input that is NaN"
        arrays = {"x": x, "kernel": kernel}
        name = "nan-is-passed-on"
        return Finding(name, "forward", words, g, arrays, np.nan, number, index)
    return None
