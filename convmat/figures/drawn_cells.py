"""The cells of a drawn figure: what each says, where it lies, which of them touch."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import pairwise
from typing import TypeAlias

from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from matplotlib.text import Text

from convmat.figures.terminal import ZERO

__all__ = [
    "APART",
    "Box",
    "Cell",
    "around",
    "blocks_of",
    "box_of",
    "cells_of",
    "index_of",
    "places_of",
]

# What it is of and where, and in figures of several pictures which of them it is in.
_CELL = re.compile(r"(?P<letter>x|pad|w|W|R|G|y|b|p|s)\[[\d,]+\](@.*)?")
APART = 0.01
"""Inches: what lies nearer together is in one place."""

Box: TypeAlias = tuple[float, float, float, float]
"""Left, top, right and bottom in inches, the top counted downwards."""


@dataclass(frozen=True)
class Cell:
    """One cell: where it lies, what it says, and whether it stands out."""

    gid: str
    letter: str
    box: Box
    text: str
    stands_out: bool


def cells_of(figure: Figure, texts: dict[str, Text]) -> list[Cell]:
    """Every cell, in the order in which it was drawn."""
    note = getattr(figure, "convmat", {})
    shown = {gid for gids in note.get("highlighted", {}).values() for gid in gids}
    found = []
    for patch in figure.findobj(Rectangle):
        match = _CELL.fullmatch(patch.get_gid() or "")
        if match is None:
            continue
        gid, letter = match.group(), match["letter"]
        said = texts.get(f"{gid}.text")
        text = "" if said is None else said.get_text()
        stands_out = gid in shown
        if letter in "WR" and text == "0" and patch.get_linestyle() == "dotted":
            text = ZERO
        found.append(Cell(gid, letter, box_of(patch, figure), text, stands_out))
    return found


def blocks_of(cells: list[Cell]) -> list[list[Cell]]:
    """Cells that touch, together."""
    across = places_of(x for cell in cells for x in cell.box[::2])
    down = places_of(y for cell in cells for y in cell.box[1::2])
    of: dict[tuple[int, int], list[Cell]] = {}  # the block of each corner
    for cell in cells:
        corners = [
            (index_of(across, x), index_of(down, y))
            for x in cell.box[::2]
            for y in cell.box[1::2]
        ]
        met = {id(of[at]): of[at] for at in corners if at in of}
        whole = [*(one for block in met.values() for one in block), cell]
        places = [at for at, block in of.items() if id(block) in met]
        of.update(dict.fromkeys([*places, *corners], whole))
    return list({id(block): block for block in of.values()}.values())


def places_of(values: Iterable[float]) -> list[float]:
    """Distinct places, ascending."""
    ordered = sorted(values)
    apart = [b for a, b in pairwise(ordered) if b - a > APART]
    return [*ordered[:1], *apart]


def index_of(places: list[float], value: float) -> int:
    """Which of the places a value lies at."""
    return max(0, bisect_right(places, value + APART) - 1)


def around(block: list[Cell]) -> Box:
    """The box of all cells of a block."""
    lefts, tops, rights, bottoms = zip(*(cell.box for cell in block), strict=True)
    return min(lefts), min(tops), max(rights), max(bottoms)


def box_of(artist: Rectangle | Text, figure: Figure) -> Box:
    """Where an artist lies."""
    box, dpi = artist.get_window_extent(), figure.dpi
    high = figure.get_figheight()
    return box.x0 / dpi, high - box.y1 / dpi, box.x1 / dpi, high - box.y0 / dpi
