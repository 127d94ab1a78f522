"""Keras: `keras.ops.conv` and all that is called like it.

Channels come last, in the input and the kernel, groups follow from the shapes, and
padding is a name. `"valid"` is claimed, and nothing in the padding.
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
    """The function on channels-last arrays, as one on channels-first ones."""

    def forward(x: Array, kernel: Array, **told: Any) -> Any:
        if x.shape[1] % told["groups"]:
            # It infers groups from the channels, so it can't be asked for these.
            raise ValueError(f"groups={told['groups']} of {x.shape[1]} channels")
        y = function(
            np.moveaxis(x, 1, -1),
            np.moveaxis(kernel, (0, 1), (-1, -2)),  # (*kernel, in // groups, out)
            strides=told["stride"],
            padding="valid",
            data_format="channels_last",
            dilation_rate=told["dilation"],
        )
        y = y.numpy() if hasattr(y, "numpy") else y
        y = np.asarray(y) if hasattr(y, "__array__") else y
        return np.moveaxis(y, -1, 1) if isinstance(y, np.ndarray) else y

    claim = supports or Supports(
        ranks=ranks_of(function), padding=False, bias=False, dtypes=("float32",)
    )
    return Implementation("keras", forward, supports=claim)
