"""Lemmas about the transposed convolution: its sizes, and what it adds where."""

from __future__ import annotations

from convmat.verify.lemmas.axis import FITS, LENGTHS, OUT, READS, SIZES, TAP
from convmat.verify.lemmas.lemma import Bend, Lemma

__all__ = ["LEMMAS"]

LEMMAS = (
    Lemma(
        "sizes with one output size",
        "The input sizes that give `count` outputs are the least one and those up to "
        "stride - 1 cells larger: output_padding chooses among them.",
        definitions=(
            *SIZES,
            ("least", "(count - 1) * stride + span - before - after"),
        ),
        given=(*LENGTHS, "count >= 1", "least >= 1"),
        claims=("(outs == count) == (0 <= size - least < stride)",),
        relied_on_by=(
            "convmat.geometry.transposed:transposed_geometry",
            "convmat.geometry.transposed:_result",
        ),
        bends=(
            Bend(
                "output_padding below the dilation too",
                "size - least < stride",
                "size - least < max(stride, dilation)",
            ),
            Bend(
                "output_padding up to the stride",
                "size - least < stride",
                "size - least <= stride",
            ),
            Bend("the least size alone", "0 <= size - least < stride", "size == least"),
        ),
        steps=(
            "implies(outs >= count + 1, outs * stride >= count * stride + stride)",
            "implies(outs <= count - 1, outs * stride <= count * stride - stride)",
        ),
    ),
    Lemma(
        "the output padding of a size",
        "What an input size has beyond the least is the rest of the division in the "
        "output size.",
        definitions=(
            *SIZES,
            ("extra", "(padded - span) % stride"),
        ),
        given=FITS,
        claims=(
            "(outs - 1) * stride + span + extra == padded",
            "0 <= extra < stride",
        ),
        relied_on_by=("convmat.transposed.direct:_stretched_size",),
        bends=(Bend("none", "(padded - span) % stride", "0"),),
    ),
    Lemma(
        "the adjoint pair",
        "A cell that an output reads through a tap is the cell to which that output "
        "scatters the tap, in the padded input and after the padding is cut off.",
        definitions=(
            *READS,
            ("place", "out * stride + tap * dilation"),
            ("end", "out * stride + (kernel - 1) * dilation + 1"),
        ),
        given=(*FITS, *OUT, *TAP),
        claims=(
            "place == source + before",
            "out * stride <= place < end <= padded",
            "(before <= place < before + size) == (0 <= source < size)",
        ),
        relied_on_by=(
            "convmat.transposed.definition:_scatter",
            "convmat.sliding:_input_grad",
        ),
        bends=(
            Bend(
                "padding added", "place == source + before", "place == source - before"
            ),
            Bend(
                "cut off after",
                "before <= place < before + size",
                "after <= place < after + size",
            ),
            Bend(
                "a window one cell longer",
                "(kernel - 1) * dilation + 1",
                "kernel * dilation + 1",
            ),
        ),
        steps=(
            "tap * dilation <= (kernel - 1) * dilation",
            "out * stride <= padded - span",
        ),
    ),
    Lemma(
        "the transpose is a direct convolution",
        "An output reads a cell through a tap exactly if, over the stretched input, "
        "that cell reads the place of that output through the tap from the other end.",
        definitions=(
            *READS,
            ("flipped", "kernel - 1 - tap"),
            ("stretched", "cell + flipped * dilation - (span - 1 - before)"),
        ),
        given=(*FITS, *OUT, *TAP, "0 <= cell", "cell < size"),
        claims=("(source == cell) == (stretched == out * stride)",),
        relied_on_by=(
            "convmat.transposed.direct:stretched",
            "convmat.fast.adjoint:adjoint_of",
        ),
        bends=(
            Bend("the kernel not flipped", "kernel - 1 - tap", "tap"),
            Bend("the same padding", "(span - 1 - before)", "before"),
            Bend("not stretched", "stretched == out * stride", "stretched == out"),
        ),
    ),
    Lemma(
        "the direct convolution has the right size",
        "Over the stretched input, with what the padding leaves out of span - 1, there "
        "are as many windows at stride 1 as the input has cells.",
        definitions=(
            *SIZES,
            ("wide", "(outs - 1) * stride + 1 + (padded - span) % stride"),
        ),
        given=FITS,
        claims=(
            "wide + (span - 1 - before) + (span - 1 - after) - span + 1 == size",
            "(outs - 1) * stride < wide",
        ),
        relied_on_by=("convmat.transposed.direct:stretched",),
        bends=(
            Bend("output padding forgotten", " + (padded - span) % stride", ""),
            Bend(
                "stretched by stride zeros",
                "(outs - 1) * stride + 1",
                "(outs - 1) * (stride + 1) + 1",
            ),
        ),
    ),
)
"""In the order of the argument."""
