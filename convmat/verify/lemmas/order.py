"""Lemmas about C order: flat indices, blocks of groups, and the rows of CSR."""

from __future__ import annotations

from convmat.verify.lemmas.lemma import Bend, Lemma

__all__ = ["LEMMAS"]

_FLAT = ("flat", "row * columns + column")
_PLACES = (
    "rows >= 1",
    "columns >= 1",
    "0 <= row",
    "row < rows",
    "0 <= column",
    "column < columns",
)

LEMMAS = (
    Lemma(
        "a flat index names one position",
        "Of two axes, flat indices in C order run through all numbers below the "
        "product of the sizes, each for one position.",
        definitions=(_FLAT,),
        given=_PLACES,
        claims=(
            "0 <= flat < rows * columns",
            "flat // columns == row",
            "flat % columns == column",
        ),
        relied_on_by=(
            "convmat.tie.ties:_outer_entries",
            "convmat.tie.index:index_dtype",
        ),
        bends=(
            Bend(
                "the first axis innermost",
                "row * columns + column",
                "column * rows + row",
            ),
            Bend("the size of the other axis", "row * columns", "row * rows"),
        ),
        steps=(
            "row * columns <= (rows - 1) * columns",
            "(flat // columns - row) * columns == column - flat % columns",
        ),
    ),
    Lemma(
        "every flat index is reached",
        "Every number below the product is the flat index of a position.",
        definitions=(("row", "flat // columns"), ("column", "flat % columns")),
        given=("rows >= 1", "columns >= 1", "0 <= flat", "flat < rows * columns"),
        claims=(
            "0 <= row < rows",
            "0 <= column < columns",
            "row * columns + column == flat",
        ),
        relied_on_by=(
            "convmat.tie.part:boxes",
            "convmat.tie.pattern:Pattern.structure",
        ),
        bends=(Bend("the size of the other axis", "flat // columns", "flat // rows"),),
        steps=("row * columns < rows * columns",),
    ),
    Lemma(
        "one axis more",
        "If `inner` is a flat index of all axes but the first, below their product, "
        "then with the first axis it is one below the product of all; and order is "
        "kept.",
        definitions=(
            ("flat", "outer * product + inner"),
            ("other_flat", "other_outer * product + other_inner"),
        ),
        given=(
            "size >= 1",
            "product >= 1",
            "0 <= outer",
            "outer < size",
            "0 <= inner",
            "inner < product",
            "0 <= other_outer",
            "other_outer < size",
            "0 <= other_inner",
            "other_inner < product",
        ),
        claims=(
            "0 <= flat < size * product",
            (
                "(flat < other_flat) =="
                " (outer < other_outer or outer == other_outer and inner < other_inner)"
            ),
            "(flat == other_flat) == (outer == other_outer and inner == other_inner)",
        ),
        relied_on_by=(
            "convmat.tie.ties:_outer_entries",
            "convmat.tie.steps:Walk.block",
            "convmat.matrix.csr:from_pattern",
        ),
        bends=(
            Bend(
                "the inner axis first",
                "outer < other_outer or outer == other_outer and inner < other_inner",
                "inner < other_inner or inner == other_inner and outer < other_outer",
            ),
            Bend(
                "a product too small",
                "outer * product + inner",
                "outer * (product - 1) + inner",
            ),
        ),
        steps=(
            "outer * product <= (size - 1) * product",
            "outer >= other_outer or (outer + 1) * product <= other_outer * product",
            "outer <= other_outer or outer * product >= (other_outer + 1) * product",
        ),
    ),
    Lemma(
        "groups are blocks",
        "Output channels of one group read the input channels of that group, and no "
        "input channel belongs to two.",
        definitions=(
            ("group", "out_channel // out_of"),
            ("channel", "group * into + number"),
        ),
        given=(
            "into >= 1",
            "out_of >= 1",
            "groups >= 1",
            "0 <= out_channel",
            "out_channel < groups * out_of",
            "0 <= number",
            "number < into",
        ),
        claims=(
            "0 <= group < groups",
            "group * out_of <= out_channel < (group + 1) * out_of",
            "0 <= channel < groups * into",
            "channel // into == group",
        ),
        relied_on_by=(
            "convmat.tie.ties:_outer_entries",
            "convmat.tie.part:Part.write_indices",
            "convmat.geometry.checks:check_groups",
        ),
        bends=(
            Bend("groups interleaved", "out_channel // out_of", "out_channel % groups"),
            Bend("blocks of output channels", "group * into", "group * out_of"),
        ),
        steps=(
            "group * out_of <= out_channel",
            "implies(group >= groups, group * out_of >= groups * out_of)",
            "0 <= group < groups",
            "0 <= group * into <= (groups - 1) * into",
            "(channel // into - group) * into == number - channel % into",
        ),
    ),
    Lemma(
        "a repeated block of rows",
        "Where `count` blocks of `rows` rows with `entries` entries follow each other, "
        "a row ends `entries` later for each block before its own, and rows of later "
        "blocks end no earlier.",
        definitions=(
            ("place", "block * rows + row"),
            ("end", "block * entries + first_end"),
            ("other_end", "other * entries + other_first_end"),
        ),
        given=(
            "rows >= 1",
            "entries >= 0",
            "0 <= block",
            "block < count",
            "0 <= other",
            "other < count",
            "0 <= row",
            "row < rows",
            "0 <= first_end",
            "first_end <= entries",
            "0 <= other_first_end",
            "other_first_end <= entries",
        ),
        claims=(
            "0 <= place < count * rows",
            "0 <= end <= count * entries",
            "implies(block < other, end <= other * entries <= other_end)",
        ),
        relied_on_by=(
            "convmat.tie.part:_repeat",
            "convmat.tie.part:Part.write_ends",
            "convmat.matrix.csr:from_pattern",
        ),
        bends=(
            Bend(
                "rows in place of entries",
                "block * entries + first_end",
                "block * rows + first_end",
            ),
            Bend(
                "one block too many",
                "other * entries <= other_end",
                "(other + 1) * entries <= other_end",
            ),
        ),
        steps=(
            "block * rows <= (count - 1) * rows",
            "block * entries <= (count - 1) * entries",
            "implies(block < other, (block + 1) * entries <= other * entries)",
        ),
    ),
)
"""In the order of the argument."""
