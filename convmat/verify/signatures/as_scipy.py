"""SciPy: `scipy.signal.correlate` and all that is called like it.

One channel, no batch, stride 1, nothing in the padding: `mode="valid"`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from convmat.arrays import Array
from convmat.verify.black_box import Implementation, Supports
from convmat.verify.signatures.ranks import ranks_of

__all__ = ["adapt"]


def adapt(function: Callable[..., Any], supports: Supports | None) -> Implementation:
    """The function on planes, as one on a batch of one plane."""

    def forward(x: Array, kernel: Array) -> Any:
        y = function(x[0, 0], kernel[0, 0], mode="valid")
        return y[None, None] if isinstance(y, np.ndarray) else y

    claim = supports or Supports(
        ranks=ranks_of(function),
        stride=False,
        padding=False,
        dilation=False,
        groups=False,
        channels=False,
        batch=False,
        bias=False,
        dtypes=("float64", "float32"),
    )
    return Implementation("scipy", forward, supports=claim, keywords=frozenset())
