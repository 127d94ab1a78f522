"""What lemmas about one axis have in common: its lengths, and what is assumed of them.

The names are those of `convmat.geometry.Axis`; `outs` is its `out_size` and `padded`
its `padded_size`. `out` is an output, `tap` a tap.
"""

from __future__ import annotations

__all__ = ["FITS", "LENGTHS", "OUT", "PADS", "READS", "SIZES", "STEPS", "TAP"]

STEPS = ("kernel >= 1", "stride >= 1", "dilation >= 1")
"""Assumed of what divides, so it comes first."""

PADS = ("size >= 1", "before >= 0", "after >= 0")

SIZES = (
    ("span", "dilation * (kernel - 1) + 1"),
    ("padded", "before + size + after"),
    ("outs", "(padded - span) // stride + 1"),
)
"""The lengths that follow from those of the settings."""

LENGTHS = (*STEPS, *PADS)
"""What a checked geometry satisfies on each axis, but for the fit."""

FITS = (*LENGTHS, "span <= padded")

OUT = ("0 <= out", "out < outs")

TAP = ("0 <= tap", "tap < kernel")

READS = (*SIZES, ("source", "out * stride + tap * dilation - before"))
"""With the cell under a tap of an output, counted from the first cell of the input."""
