"""What outputs see, and how often inputs are read."""

from __future__ import annotations

from typing import Literal

from convmat import figures
from convmat.figures.gallery.kinds import LETTERS, LINES, Drawn, Entry, Option
from convmat.figures.gallery.options import LAYERS, changed
from convmat.figures.gallery.reader import Reader

__all__ = ["ENTRIES"]

_KINDS: tuple[Literal["read", "written"], ...] = ("read", "written")


def _field(read: Reader) -> Drawn:
    from convmat.receptive import receptive_field

    layers, size = read.layers()
    with read.words():
        field = receptive_field(layers, size)
        out = read.shape("output") if read["output"] else None
        axis = read.integer("axis", 0, len(size) - 1)
        return figures.receptive_field(field, out, axis=axis, theme=read.theme)


def _precedents(read: Reader) -> Drawn:
    layers, size = read.layers()
    with read.words():
        return figures.precedents(
            layers, read.place("output"), input_shape=size, theme=read.theme
        )


def _usage(read: Reader) -> Drawn:
    from convmat.receptive import overlap_map, usage_map

    layers, size = read.layers()
    kind = read.choice("kind", *_KINDS)
    count = usage_map if kind == "read" else overlap_map
    with read.words():
        counts = count(layers, size)
        return figures.usage_map(counts, kind=kind, theme=read.theme)


ENTRIES = (
    Entry(
        "receptive_field",
        "What one output sees through a chain of layers, cell by cell.",
        "fields",
        (
            *changed(LAYERS, input="15x15", layers="k3s2p1 k3s2p1"),
            Option("output", "an output of the last layer, such as 1x0; the middle"),
            Option("axis", "of the pyramid", "0"),
        ),
        _field,
        formats=LINES,
    ),
    Entry(
        "precedents",
        "An output, the cells that it depends on, and those that these depend on.",
        "fields",
        (
            *changed(LAYERS, input="7x7", layers="k3s2 k3s2"),
            Option("output", "its number, or its place such as 1x0; the middle"),
        ),
        _precedents,
        formats=LINES,
    ),
    Entry(
        "usage_map",
        "How often each cell is read, or by transposed layers written to.",
        "fields",
        (
            *changed(LAYERS, input="9x9", layers="k3"),
            Option("kind", "what is counted", "read", _KINDS),
        ),
        _usage,
        formats=LETTERS,
    ),
)
"""In the order of a page."""
