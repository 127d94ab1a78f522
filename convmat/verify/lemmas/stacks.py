"""Lemmas about one convolution after another, on one axis."""

from __future__ import annotations

from convmat.verify.lemmas.lemma import Bend, Lemma

__all__ = ["LEMMAS"]

LEMMAS = (
    Lemma(
        "two convolutions in a row",
        "Outputs of the second move by the product of the strides, and each depends on "
        "the cells from the first tap of both to the last: the first field and, for "
        "the second, its reach times the first stride.",
        definitions=(
            (
                "middle",
                "out * second_stride + second_tap * second_dilation - second_before",
            ),
            (
                "source",
                "middle * first_stride + first_tap * first_dilation - first_before",
            ),
            ("jump", "first_stride * second_stride"),
            (
                "field",
                (
                    "first_dilation * (first_kernel - 1) + 1"
                    " + second_dilation * (second_kernel - 1) * first_stride"
                ),
            ),
            ("low", "out * jump - (first_before + first_stride * second_before)"),
        ),
        given=(
            "first_kernel >= 1",
            "first_stride >= 1",
            "first_dilation >= 1",
            "second_kernel >= 1",
            "second_stride >= 1",
            "second_dilation >= 1",
            "first_before >= 0",
            "second_before >= 0",
            "0 <= out",
            "0 <= first_tap",
            "first_tap < first_kernel",
            "0 <= second_tap",
            "second_tap < second_kernel",
        ),
        claims=(
            "low <= source < low + field",
            "implies(first_tap == 0 and second_tap == 0, source == low)",
            (
                "implies("
                "first_tap == first_kernel - 1 and second_tap == second_kernel - 1,"
                " source == low + field - 1)"
            ),
        ),
        relied_on_by=("convmat.receptive.recurrence:Field.through",),
        bends=(
            Bend(
                "jumps added",
                "first_stride * second_stride",
                "first_stride + second_stride",
            ),
            Bend(
                "the second reach not stretched",
                "(second_kernel - 1) * first_stride",
                "(second_kernel - 1)",
            ),
            Bend(
                "padding of the second not stretched",
                "first_stride * second_before",
                "second_before",
            ),
        ),
        steps=(
            (
                "source == low + first_tap * first_dilation"
                " + second_tap * second_dilation * first_stride"
            ),
            "0 <= first_tap * first_dilation <= first_dilation * (first_kernel - 1)",
            "0 <= second_tap * second_dilation",
            "second_tap * second_dilation <= second_dilation * (second_kernel - 1)",
            (
                "0 <= second_tap * second_dilation * first_stride"
                " <= second_dilation * (second_kernel - 1) * first_stride"
            ),
        ),
    ),
)
"""One."""
