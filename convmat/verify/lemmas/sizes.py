"""Lemmas about the padding that has a name, and the output size that it promises."""

from __future__ import annotations

from convmat.verify.lemmas.axis import SIZES, STEPS
from convmat.verify.lemmas.lemma import Bend, Lemma

__all__ = ["LEMMAS"]

LEMMAS = (
    Lemma(
        "same gives one output a stride",
        "The least padding for it, the odd cell after, gives ceil(size / stride) "
        "outputs.",
        definitions=(
            ("wanted", "-(-size // stride)"),
            (
                "cells",
                "max(0, (wanted - 1) * stride + dilation * (kernel - 1) + 1 - size)",
            ),
            ("before", "cells // 2"),
            ("after", "cells - before"),
            *SIZES,
        ),
        given=(*STEPS, "size >= 1"),
        claims=(
            "outs == wanted",
            "before <= after <= before + 1",
        ),
        relied_on_by=(
            "convmat.geometry.same_rules:upper",
            "convmat.geometry.same_rules:lower",
        ),
        bends=(
            Bend("rounded down", "-(-size // stride)", "size // stride"),
            Bend(
                "dilation forgotten",
                "dilation * (kernel - 1) + 1 - size",
                "kernel - size",
            ),
            Bend("half of it on both sides", "cells - before", "before"),
        ),
        steps=(
            "(wanted - 1) * stride < size",
            "size <= wanted * stride",
            "before + after == cells",
            "implies(outs >= wanted + 1, outs * stride >= wanted * stride + stride)",
            "implies(outs <= wanted - 1, outs * stride <= wanted * stride - stride)",
        ),
    ),
    Lemma(
        "full gives every output that touches the input",
        "With span - 1 cells of padding on both sides there are size + span - 1 "
        "outputs at stride 1.",
        definitions=(
            ("before", "dilation * (kernel - 1)"),
            ("after", "dilation * (kernel - 1)"),
            *SIZES,
        ),
        given=(*STEPS, "size >= 1"),
        claims=(
            "implies(stride == 1, outs == size + span - 1)",
            "(outs - 1) * stride < size + span - 1 <= outs * stride",
        ),
        relied_on_by=("convmat.geometry.padding:read_padding",),
        bends=(
            Bend(
                "dilation forgotten",
                "outs == size + span - 1",
                "outs == size + kernel - 1",
            ),
            Bend("one output more", "size + span - 1 <= outs", "size + span <= outs"),
        ),
    ),
    Lemma(
        "valid pads nothing",
        "Without padding every tap of every output lies on the input.",
        definitions=(
            ("before", "0"),
            ("after", "0"),
            *SIZES,
            ("source", "out * stride + tap * dilation - before"),
        ),
        given=(
            *STEPS,
            "size >= 1",
            "span <= padded",
            "0 <= out",
            "out < outs",
            "0 <= tap",
            "tap < kernel",
        ),
        claims=("0 <= source < size",),
        relied_on_by=(
            "convmat.geometry.padding:read_padding",
            "convmat.geometry.value:Geometry.dead_taps",
        ),
        bends=(Bend("one output too many", "out < outs", "out <= outs"),),
        steps=(
            "out * stride <= size - span",
            "tap * dilation <= dilation * (kernel - 1)",
        ),
    ),
)
"""In the order of the argument."""
