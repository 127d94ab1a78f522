"""Lemmas about how often: the outputs of a tap, and the outputs that read a cell."""

from __future__ import annotations

from convmat.verify.lemmas.axis import FITS, OUT, READS, SIZES, STEPS, TAP
from convmat.verify.lemmas.lemma import Bend, Lemma

__all__ = ["LEMMAS"]

_LOW = ("low", "tap * dilation - before")
_COUNT = (
    "count",
    "max(0, min((size - 1 - low) // stride + 1, outs) - max(0, -(low // stride)))",
)

LEMMAS = (
    Lemma(
        "outputs of a tap are a range",
        "The outputs whose tap lies on the input are those from `first` to before "
        "`stop`.",
        definitions=(
            *READS,
            _LOW,
            ("first", "min(max(0, -(low // stride)), outs)"),
            ("stop", "max(first, min((size - 1 - low) // stride + 1, outs))"),
        ),
        given=(*FITS, *OUT, *TAP),
        claims=(
            "(0 <= source < size) == (first <= out < stop)",
            "0 <= first <= stop <= outs",
        ),
        relied_on_by=(
            "convmat.geometry.axis:Axis.outputs_inside",
            "convmat.geometry.axis:Axis.alike",
        ),
        bends=(
            Bend("the first rounded down", "-(low // stride)", "(-low) // stride"),
            Bend("the last left out", "(size - 1 - low)", "(size - 2 - low)"),
            Bend(
                "divided by the dilation",
                "// stride + 1, outs",
                "// dilation + 1, outs",
            ),
        ),
        steps=(
            "(low + out * stride >= 0) == (out >= -(low // stride))",
            "(low + out * stride <= size - 1) == (out <= (size - 1 - low) // stride)",
        ),
    ),
    Lemma(
        "multiplicity of a tap",
        "A tap stands in as many rows as its range of outputs is long.",
        definitions=(
            *SIZES,
            _LOW,
            ("first", "min(max(0, -(low // stride)), outs)"),
            ("stop", "max(first, min((size - 1 - low) // stride + 1, outs))"),
            _COUNT,
        ),
        given=(*FITS, *TAP),
        claims=("count == stop - first", "0 <= count <= outs", "count <= size"),
        relied_on_by=(
            "convmat.geometry.axis:Axis.tap_counts",
            "convmat.tie.ties:TieMap.multiplicity",
        ),
        bends=(
            Bend("each output has each tap", "count == stop - first", "count == outs"),
            Bend("one input less", "count <= size", "count < size"),
        ),
    ),
    Lemma(
        "a dead tap",
        "A tap is alive exactly if the first output that brings it to or beyond the "
        "start of the input is there and brings it no further than the end.",
        definitions=(*SIZES, _LOW, _COUNT, ("lead", "max(0, -(low // stride))")),
        given=(*FITS, *TAP),
        claims=("(count >= 1) == (lead < outs and lead * stride + low < size)",),
        relied_on_by=(
            "convmat.geometry.value:Geometry.dead_taps",
            "convmat.tie.ties:TieMap.dead_taps",
        ),
        bends=(
            Bend("any output there is", "lead < outs and lead", "lead"),
            Bend("at stride 1", "lead * stride + low", "lead + low"),
            Bend("never dead", "count >= 1", "outs >= 1"),
        ),
        steps=(
            "(lead * stride + low <= size - 1) == (lead <= (size - 1 - low) // stride)",
        ),
    ),
    Lemma(
        "a tap falls short only with padding",
        "Without padding every tap stands in every row.",
        definitions=(*SIZES, _LOW, _COUNT),
        given=(*FITS, *TAP, "before == 0 and after == 0"),
        claims=("count == outs",),
        relied_on_by=("convmat.geometry.axis:Axis.tap_counts",),
        bends=(
            Bend("without padding before", "before == 0 and after == 0", "before == 0"),
        ),
        steps=(
            "tap * dilation <= dilation * (kernel - 1)",
            "(outs - 1) * stride <= padded - span",
            (
                "implies((size - 1 - low) // stride < outs - 1,"
                " (size - 1 - low) // stride * stride <= (outs - 2) * stride)"
            ),
        ),
    ),
    Lemma(
        "outputs that read a cell",
        "The outputs whose window spans a cell of the padded input are those from "
        "`first` to before `stop`; for dilation 1 these are all that read it.",
        definitions=(
            *SIZES,
            ("first", "min(outs, max(0, -((span - 1 - cell) // stride)))"),
            ("stop", "min(cell // stride + 1, outs)"),
        ),
        given=(*FITS, *OUT, "0 <= cell", "cell < padded"),
        claims=("(0 <= cell - out * stride < span) == (first <= out < stop)",),
        relied_on_by=("convmat.sliding:_readers", "convmat.sliding:_input_grad"),
        bends=(
            Bend(
                "the first rounded down",
                "-((span - 1 - cell) // stride)",
                "(cell - span + 1) // stride",
            ),
            Bend(
                "taps in place of the span",
                "cell - out * stride < span",
                "cell - out * stride < kernel",
            ),
            Bend("the last left out", "cell // stride + 1", "cell // stride"),
        ),
        steps=(
            "(cell - out * stride >= 0) == (out <= cell // stride)",
            "(cell - out * stride < span) == (out >= -((span - 1 - cell) // stride))",
        ),
    ),
    Lemma(
        "the tap through which a cell is read",
        "An output reads a cell of the padded input through at most one tap: its "
        "distance from the window's start over the dilation, where that leaves no "
        "rest.",
        definitions=(("cell", "out * stride + tap * dilation"),),
        given=(*STEPS, *TAP),
        claims=(
            "(cell - out * stride) % dilation == 0",
            "(cell - out * stride) // dilation == tap",
        ),
        relied_on_by=("convmat.geometry.axis:Axis.padded_cells",),
        bends=(
            Bend(
                "the rest forgotten",
                "out * stride + tap * dilation",
                "out * stride + tap * dilation + 1",
            ),
        ),
        steps=(
            (
                "(tap - (cell - out * stride) // dilation) * dilation"
                " == (cell - out * stride) % dilation"
            ),
        ),
    ),
    Lemma(
        "outputs that share a cell lie apart",
        "Two outputs read one cell through two taps only if they are a multiple of "
        "dilation / gcd(stride, dilation) apart, and the taps as many of stride / gcd.",
        definitions=(
            ("stride", "common * stride_part"),
            ("dilation", "common * dilation_part"),
            ("cell", "out * stride + tap * dilation"),
            ("other_cell", "other * stride + other_tap * dilation"),
            ("gap", "out - other"),
            ("tap_gap", "other_tap - tap"),
            ("times", "one * tap_gap + two * gap"),
        ),
        given=(
            "common >= 1",
            "stride_part >= 1",
            "dilation_part >= 1",
            "0 <= out",
            "0 <= other",
            "0 <= tap",
            "0 <= other_tap",
            "one * stride_part + two * dilation_part == 1",
            "cell == other_cell",
        ),
        claims=("gap == times * dilation_part", "tap_gap == times * stride_part"),
        relied_on_by=("convmat.sliding:_readers",),
        bends=(
            Bend(
                "a multiple of the dilation",
                "times * dilation_part",
                "times * dilation",
            ),
            Bend(
                "a common divisor left in",
                "two * dilation_part == 1",
                "two * dilation_part == 2",
            ),
        ),
        steps=(
            "common * (gap * stride_part - tap_gap * dilation_part) == 0",
            "gap * stride_part == tap_gap * dilation_part",
            "gap == one * (gap * stride_part) + two * dilation_part * gap",
            "tap_gap == one * stride_part * tap_gap + two * (tap_gap * dilation_part)",
        ),
    ),
    Lemma(
        "a step of the sum of floors",
        "Whole parts leave a sum of floors, and what is left has smaller numbers.",
        definitions=(("term", "(start + number * step) // by"),),
        given=("by >= 1", "start >= 0", "step >= 0", "number >= 0"),
        claims=(
            (
                "term == number * (step // by) + start // by"
                " + (start % by + number * (step % by)) // by"
            ),
        ),
        relied_on_by=("convmat.geometry.axis:_floor_sum",),
        bends=(
            Bend(
                "the rests left out", " + (start % by + number * (step % by)) // by", ""
            ),
        ),
        steps=(
            "number * (by * (step // by) + step % by) == number * step",
            (
                "by * (term - number * (step // by) - start // by)"
                " + (start + number * step) % by"
                " == start % by + number * (step % by)"
            ),
        ),
    ),
)
"""In the order of the argument."""
