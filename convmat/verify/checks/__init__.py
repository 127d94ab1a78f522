"""Properties that every right convolution has, each a value with a name.

A `Check` is run on an `Implementation` and a `Trial`, and gives a `Finding` or None.
`CHECKS` has all of them, the plainest first.

>>> import numpy as np
>>> from convmat import conv, geometry
>>> from convmat.verify import implementation
>>> from convmat.verify.trial_list import trial
>>> def flipped(x, kernel, **settings):
...     return conv(x, kernel[..., ::-1], **settings)
>>> wrong = implementation(flipped, name="flipped")
>>> CHECKS["equal-to-the-matrix"](wrong, trial(geometry((1, 4), (1, 1, 2)))).words
'output channel 0 at (0,) of sample 0 is ..., and it should be ...'
"""

from collections.abc import Mapping
from types import MappingProxyType

from convmat.verify.checks.accuracy import ROUNDING, large_integers
from convmat.verify.checks.check import Check, Finding, Trial
from convmat.verify.checks.edges import (
    bad_input_refused,
    empty_batch,
    not_finite_spread,
)
from convmat.verify.checks.equality import (
    adjoint,
    equal_to_the_matrix,
    kernel_gradient,
    output_shape,
)
from convmat.verify.checks.independence import (
    batch_independence,
    bias_is_added,
    channel_independence,
    gradients_accumulate,
    group_independence,
    shift_equivariance,
)
from convmat.verify.checks.linearity import LINEARITY
from convmat.verify.checks.manners import (
    MANNERS,
    dtype_kept,
    layout_ignored,
)
from convmat.verify.checks.repeats import deterministic

__all__ = ["CHECKS", "Check", "Finding", "Trial"]

CHECKS: Mapping[str, Check] = MappingProxyType(
    {
        check.name: check
        for check in (
            output_shape,
            equal_to_the_matrix,
            adjoint,
            kernel_gradient,
            bias_is_added,
            batch_independence,
            gradients_accumulate,
            channel_independence,
            group_independence,
            shift_equivariance,
            *LINEARITY,
            *MANNERS,
            dtype_kept,
            layout_ignored,
            deterministic,
            *ROUNDING,
            large_integers,
            not_finite_spread,
            empty_batch,
            bad_input_refused,
        )
    }
)
"""The checks by name, the plainest first."""
