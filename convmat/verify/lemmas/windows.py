"""Lemmas about the windows of one axis: how many there are, and what they read."""

from __future__ import annotations

from convmat.verify.lemmas.axis import FITS, LENGTHS, OUT, READS, SIZES, TAP
from convmat.verify.lemmas.lemma import Bend, Lemma

__all__ = ["LEMMAS"]

_OTHER = ("other_source", "out * stride + other * dilation - before")
_OTHER_TAP = ("0 <= other", "other < kernel")

LEMMAS = (
    Lemma(
        "reads stay inside",
        "Every tap of every output lies on a cell of the padded input.",
        definitions=READS,
        given=(*FITS, *OUT, *TAP),
        claims=("0 <= source + before < padded",),
        relied_on_by=(
            "convmat.geometry.axis:Axis.padded_cells",
            "convmat.sliding:forward",
            "convmat.transposed.definition:scatter",
        ),
        bends=(
            Bend("one output too many", "// stride + 1", "// stride + 2"),
            Bend(
                "sizes rounded up",
                "(padded - span) // stride",
                "-((span - padded) // stride)",
            ),
            Bend(
                "dilation forgotten in the size",
                "dilation * (kernel - 1)",
                "(kernel - 1)",
            ),
            Bend("one cell too few", "+ before < padded", "+ before < padded - 1"),
        ),
        steps=(
            "out * stride <= padded - span",
            "tap * dilation <= dilation * (kernel - 1)",
        ),
    ),
    Lemma(
        "the output size is the largest",
        "A number of windows fits the padded input exactly if it is at most the output "
        "size.",
        definitions=SIZES,
        given=(*FITS, "count >= 1"),
        claims=("((count - 1) * stride + span <= padded) == (count <= outs)",),
        relied_on_by=("convmat.geometry.axis:Axis.out_size",),
        bends=(
            Bend("one output too few", "// stride + 1", "// stride"),
            Bend("stride left out", "(count - 1) * stride", "(count - 1)"),
        ),
        steps=(
            "implies(count <= outs, (count - 1) * stride <= (outs - 1) * stride)",
            "implies(count > outs, (count - 1) * stride >= outs * stride)",
        ),
    ),
    Lemma(
        "an output exists where the kernel fits",
        "There is an output exactly if the span of the kernel fits the padded input.",
        definitions=SIZES,
        given=LENGTHS,
        claims=("(outs >= 1) == (span <= padded)",),
        relied_on_by=("convmat.geometry.checks:check_fit",),
        bends=(
            Bend("a cell more", "span <= padded", "span < padded"),
            Bend("taps in place of the span", "span <= padded", "kernel <= padded"),
        ),
    ),
    Lemma(
        "taps of a row are distinct",
        "Two taps of an output lie on different cells.",
        definitions=(*READS, _OTHER),
        given=(*FITS, *OUT, *TAP, *_OTHER_TAP),
        claims=("(source == other_source) == (tap == other)",),
        relied_on_by=(
            "convmat.geometry.value:Geometry.nnz",
            "convmat.tie.ties:TieMap.pattern",
        ),
        bends=(Bend("dilation forgotten", "other * dilation", "other"),),
    ),
    Lemma(
        "taps of a row ascend",
        "A later tap of an output lies on a later cell, by the dilation for each tap.",
        definitions=(*READS, _OTHER),
        given=(*FITS, *OUT, *TAP, *_OTHER_TAP),
        claims=(
            "other_source - source == (other - tap) * dilation",
            "(tap < other) == (source < other_source)",
        ),
        relied_on_by=(
            "convmat.tie.part:Part.write_indices",
            "convmat.matrix.csr:from_pattern",
        ),
        bends=(
            Bend("steps of one cell", "(other - tap) * dilation", "(other - tap)"),
            Bend(
                "the kernel flipped",
                "other * dilation",
                "(kernel - 1 - other) * dilation",
            ),
        ),
    ),
    Lemma(
        "the next row is this one moved",
        "From one output to the next all taps move by the stride.",
        definitions=(
            *READS,
            ("next_source", "(out + 1) * stride + tap * dilation - before"),
        ),
        given=(*FITS, *OUT, *TAP, "out + 1 < outs"),
        claims=("next_source == source + stride",),
        relied_on_by=("convmat.tie.steps:_plain_run", "convmat.tie.steps:Walk.block"),
        bends=(
            Bend("moved by one cell", "source + stride", "source + 1"),
            Bend("moved by the dilation", "source + stride", "source + dilation"),
        ),
    ),
    Lemma(
        "taps on the input are a range",
        "The taps of an output that lie on the input, not on padding, are those from "
        "`first` to before `stop`.",
        definitions=(
            *READS,
            ("low", "out * stride - before"),
            ("first", "min(max(0, -(low // dilation)), kernel)"),
            ("stop", "max(first, min((size - 1 - low) // dilation + 1, kernel))"),
        ),
        given=(*FITS, *OUT, *TAP),
        claims=(
            "(0 <= source < size) == (first <= tap < stop)",
            "0 <= first <= stop <= kernel",
        ),
        relied_on_by=(
            "convmat.geometry.axis:Axis.taps_inside",
            "convmat.tie.steps:_plain_run",
        ),
        bends=(
            Bend("the first rounded down", "-(low // dilation)", "(-low) // dilation"),
            Bend("the last left out", "(size - 1 - low)", "(size - 2 - low)"),
            Bend("divided by the stride", "// dilation + 1", "// stride + 1"),
        ),
        steps=(
            "(low + tap * dilation >= 0) == (tap >= -(low // dilation))",
            "(tap <= (size - 1 - low) // dilation) == (low + tap * dilation < size)",
        ),
    ),
)
"""In the order of the argument."""
