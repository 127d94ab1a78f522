"""Lemmas about what stands in the padding: where each mode folds a cell to."""

from __future__ import annotations

from convmat.verify.lemmas.lemma import Bend, Lemma

__all__ = ["LEMMAS"]

_FOLD = "convmat.geometry.axis:Axis.fold"
_RELIED = (_FOLD, "convmat.sliding:_pad", "convmat.transposed.definition:_fold")

LEMMAS = (
    Lemma(
        "zeros",
        "A cell of the input is itself; a cell of the padding is none, which is -1.",
        definitions=(("fold", "cell if 0 <= cell and cell < size else -1"),),
        given=("size >= 1",),
        claims=(
            "(fold == cell) == (0 <= cell < size or cell == -1)",
            "(fold == -1) == (cell < 0 or cell >= size)",
            "-1 <= fold < size",
        ),
        relied_on_by=(*_RELIED, "convmat.tie.ties:_outer_entries"),
        bends=(
            Bend(
                "one cell too many",
                "0 <= cell and cell < size",
                "0 <= cell and cell <= size",
            ),
            Bend(
                "the first cell left out",
                "0 <= cell and cell < size",
                "0 < cell and cell < size",
            ),
        ),
    ),
    Lemma(
        "circular",
        "The input repeats with its size, so a cell beside it is one of its other end.",
        definitions=(
            ("fold", "cell % size"),
            ("around", "(cell + size) % size"),
            ("moved", "(cell + stride) % size"),
        ),
        given=("size >= 1", "stride >= 1"),
        claims=(
            "0 <= fold < size",
            "implies(0 <= cell < size, fold == cell)",
            "around == fold",
            "implies(-size <= cell < 0, fold == cell + size)",
            "implies(size <= cell < 2 * size, fold == cell - size)",
            "moved == (fold + stride) % size",
        ),
        relied_on_by=(*_RELIED, "convmat.tie.steps:_fold_moves"),
        steps=(
            (
                "size * ((cell + size) // size - cell // size - 1)"
                " == cell % size - (cell + size) % size"
            ),
            (
                "size * ((cell + stride) // size"
                " - cell // size - (fold + stride) // size)"
                " == (fold + stride) % size - (cell + stride) % size"
            ),
        ),
        bends=(
            Bend(
                "off by one",
                "-size <= cell < 0, fold == cell + size",
                "-size <= cell < 0, fold == cell + size - 1",
            ),
            Bend(
                "moved without going round",
                "moved == (fold + stride) % size",
                "moved == fold + stride",
            ),
        ),
    ),
    Lemma(
        "replicate",
        "A cell beside the input is the outermost cell on its side.",
        definitions=(
            ("fold", "min(max(cell, 0), size - 1)"),
            ("again", "min(max(fold, 0), size - 1)"),
            ("next_fold", "min(max(cell + 1, 0), size - 1)"),
        ),
        given=("size >= 1",),
        claims=(
            "0 <= fold < size",
            "implies(0 <= cell < size, fold == cell)",
            "again == fold",
            "implies(cell < 0, fold == 0)",
            "implies(cell >= size, fold == size - 1)",
            "fold <= next_fold <= fold + 1",
        ),
        relied_on_by=(*_RELIED, "convmat.geometry.axis:Axis.beyond"),
        bends=(
            Bend(
                "one cell beyond",
                "implies(cell >= size, fold == size - 1)",
                "implies(cell >= size, fold == size)",
            ),
            Bend("strictly ascending", "fold <= next_fold", "fold < next_fold"),
        ),
    ),
    Lemma(
        "reflect",
        "The input is mirrored at the middle of its outermost cells, again and again.",
        definitions=(
            ("period", "max(1, 2 * (size - 1))"),
            ("fold", "min(cell % period, period - cell % period)"),
            (
                "around",
                "min((cell + period) % period, period - (cell + period) % period)",
            ),
            ("mirrored", "min(-cell % period, period - -cell % period)"),
            (
                "moved",
                "min((cell + stride) % period, period - (cell + stride) % period)",
            ),
        ),
        given=("size >= 1", "stride >= 1"),
        claims=(
            "0 <= fold < size",
            "implies(0 <= cell < size, fold == cell)",
            "around == fold",
            "mirrored == fold",
            "implies(-size < cell < 0, fold == -cell)",
            "implies(size <= cell < 2 * size - 1, fold == 2 * (size - 1) - cell)",
            "implies(-size < cell and cell + stride < 0, moved == fold - stride)",
            (
                "implies(size <= cell and cell + stride < 2 * size - 1,"
                " moved == fold - stride)"
            ),
        ),
        relied_on_by=(*_RELIED, "convmat.tie.steps:_fold_moves"),
        steps=(
            (
                "period * ((cell + period) // period - cell // period - 1)"
                " == cell % period - (cell + period) % period"
            ),
            "(cell + period) // period == cell // period + 1",
            (
                "period * (cell // period + -cell // period)"
                " == -(cell % period) - -cell % period"
            ),
            "-1 <= cell // period + -cell // period <= 0",
            "-cell % period == (0 if cell % period == 0 else period - cell % period)",
            (
                "implies(-size < cell and cell + stride < 0,"
                " (cell + stride) // period == -1 and cell // period == -1)"
            ),
        ),
        bends=(
            Bend(
                "symmetric in its place",
                "implies(-size < cell < 0, fold == -cell)",
                "implies(-size < cell < 0, fold == -cell - 1)",
            ),
            Bend("the period of symmetric", "2 * (size - 1))", "2 * size)"),
            Bend(
                "moved along with the row",
                "stride < 0, moved == fold - stride",
                "stride < 0, moved == fold + stride",
            ),
        ),
    ),
    Lemma(
        "symmetric",
        "The input is mirrored at the outer side of its outermost cells, again and "
        "again.",
        definitions=(
            ("period", "2 * size"),
            ("fold", "min(cell % period, period - 1 - cell % period)"),
            (
                "around",
                "min((cell + period) % period, period - 1 - (cell + period) % period)",
            ),
            (
                "mirrored",
                "min((-1 - cell) % period, period - 1 - (-1 - cell) % period)",
            ),
            (
                "moved",
                "min((cell + stride) % period, period - 1 - (cell + stride) % period)",
            ),
        ),
        given=("size >= 1", "stride >= 1"),
        claims=(
            "0 <= fold < size",
            "implies(0 <= cell < size, fold == cell)",
            "around == fold",
            "mirrored == fold",
            "implies(-size <= cell < 0, fold == -1 - cell)",
            "implies(size <= cell < 2 * size, fold == 2 * size - 1 - cell)",
            "implies(-size <= cell and cell + stride < 0, moved == fold - stride)",
            (
                "implies(size <= cell and cell + stride < 2 * size,"
                " moved == fold - stride)"
            ),
        ),
        relied_on_by=(*_RELIED, "convmat.tie.steps:_fold_moves"),
        steps=(
            (
                "period * ((cell + period) // period - cell // period - 1)"
                " == cell % period - (cell + period) % period"
            ),
            "(cell + period) // period == cell // period + 1",
            (
                "period * (cell // period + (-1 - cell) // period)"
                " == -1 - cell % period - (-1 - cell) % period"
            ),
            "cell // period + (-1 - cell) // period == -1",
        ),
        bends=(
            Bend("reflect in its place", "fold == -1 - cell", "fold == -cell"),
            Bend(
                "the input turned round",
                "0 <= cell < size, fold == cell",
                "0 <= cell < size, fold == size - 1 - cell",
            ),
            Bend(
                "moved along with the row",
                "stride < 0, moved == fold - stride",
                "stride < 0, moved == fold + stride",
            ),
        ),
    ),
)
"""In the order of `convmat.geometry.PADDING_MODES`."""
