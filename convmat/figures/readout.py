"""A drawn figure as text: its cells where they lie, then what it shows in words.

Nothing is calculated again: the characters are those that the figure itself shows.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from itertools import pairwise
from typing import TypeAlias

from matplotlib.figure import Figure
from matplotlib.image import _ImageBase
from matplotlib.patches import Rectangle
from matplotlib.text import Text

from convmat.errors import ConvmatError
from convmat.figures.beside import beside, cell_lines
from convmat.figures.printed import note_of
from convmat.figures.terminal import ZERO

__all__ = ["TEXTS", "figure_text"]

# One letter and a position, and in pictures of one application which output it is of.
_CELL = re.compile(r"(?P<letter>x|pad|w|W|R|G|y|b)\[[\d,]+\](@y\[\d+\])?")
_NAMES = re.compile(r"(?P<kind>x|pad|y|row|column)\[")
_TITLES = {"w": "kernel", "y": "output", "b": "bias", "x": "input"}
_TITLES |= {"pad": "padded input", "R": "matrix", "W": "matrix", "G": "matrix"}
_APART = 0.01  # inches: what lies nearer together is in one place

Box: TypeAlias = tuple[float, float, float, float]
"""Left, top, right and bottom in inches, the top counted downwards."""


def figure_text(figure: Figure) -> str:
    """A figure of cells as lines of characters.

    Parameters
    ----------
    figure : Figure
        Of a kind that has a text form, with its texts in the cells.

    Returns
    -------
    str
        The cells in rows and columns as they lie, where some stand out those in
        brackets, a structural zero of a matrix as `·`; then the alt text.

    Raises
    ------
    ConvmatError
        For other figures, and for cells too small for text.

    Examples
    --------
    >>> from convmat import geometry
    >>> from convmat.figures import matrix_plot
    >>> print(figure_text(matrix_plot(geometry((3, 3), (2, 2)))))
                matrix
        A  B  C  D  E  F  G  H  J    kernel
     P  α  β  ·  γ  δ  ·  ·  ·  ·     α  β
     Q  ·  α  β  ·  γ  δ  ·  ·  ·     γ  δ
     R  ·  ·  ·  α  β  ·  γ  δ  ·
     S  ·  ·  ·  ·  α  β  ·  γ  δ
    <BLANKLINE>
    The matrix of geometry((3, 3), (2, 2)): 4 rows, one an output, by 9 columns, ...
    """
    kind, _ = note_of(figure)
    if kind not in TEXTS:
        rule = f"must be one that has a text form: {', '.join(TEXTS)}"
        remedy = "its alt text, figure.convmat['alt'], says it in words"
        raise ConvmatError("figure", rule, kind, remedy)
    return TEXTS[kind](figure)


@dataclass(frozen=True)
class _Cell:
    """One cell: where it lies, what it says, and whether it stands out."""

    gid: str
    letter: str
    box: Box
    text: str
    stands_out: bool


def _in_cells(figure: Figure) -> str:
    """All cells of the figure, in their places, and its words."""
    figure.draw_without_rendering()
    texts = {
        text.get_gid() or "": text
        for text in figure.findobj(Text)
        if text.get_text().strip()
    }
    blocks = _blocks(_cells(figure, texts))
    if figure.findobj(_ImageBase) or not all(map(_has_text, blocks)):
        kind, alt = note_of(figure)
        rule = "must be of cells that are large enough for text"
        remedy = "matrix_text and window_text write a geometry; " if alt else ""
        raise ConvmatError("figure", rule, kind, f"{remedy}save it to .svg or .png")
    names = [text for gid, text in texts.items() if _NAMES.match(gid)]
    drawn = [(_around(block), _written(block, names, figure)) for block in blocks]
    return "\n".join([*_laid_out(drawn), "", note_of(figure)[1]])


def _in_words(figure: Figure) -> str:
    """What the figure says in words: its alt text holds all of it."""
    return note_of(figure)[1]


TEXTS: dict[str, Callable[[Figure], str]] = {
    "apply_once": _in_cells,
    "channels": _in_cells,
    "dense_vs_conv": _in_words,
    "equations": _in_words,
    "four_applications": _in_cells,
    "gradient_tying": _in_cells,
    "kernel_grid": _in_cells,
    "matrices_compared": _in_cells,
    "matrix_equation": _in_cells,
    "matrix_plot": _in_cells,
    "slide_frames": _in_cells,
    "summary_table": _in_words,
    "transpose": _in_cells,
    "usage_map": _in_cells,
    "wires": _in_words,
    "wires_dense": _in_words,
}
"""How a figure becomes text, by the name of the function that drew it."""


def _cells(figure: Figure, texts: dict[str, Text]) -> list[_Cell]:
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
        if letter == "W" and text == "0" and not stands_out:
            text = ZERO
        found.append(_Cell(gid, letter, _box(patch, figure), text, stands_out))
    return found


def _blocks(cells: list[_Cell]) -> list[list[_Cell]]:
    """Cells that touch, together."""
    across = _places(x for cell in cells for x in cell.box[::2])
    down = _places(y for cell in cells for y in cell.box[1::2])
    of: dict[tuple[int, int], list[_Cell]] = {}  # the block of each corner
    for cell in cells:
        corners = [
            (_index(across, x), _index(down, y))
            for x in cell.box[::2]
            for y in cell.box[1::2]
        ]
        met = {id(of[at]): of[at] for at in corners if at in of}
        whole = [*(one for block in met.values() for one in block), cell]
        places = [at for at, block in of.items() if id(block) in met]
        of.update(dict.fromkeys([*places, *corners], whole))
    return list({id(block): block for block in of.values()}.values())


def _has_text(block: list[_Cell]) -> bool:
    return any(cell.text for cell in block)


def _written(block: list[_Cell], names: list[Text], figure: Figure) -> list[str]:
    """A block below its title; a matrix has the names of its rows and columns."""
    lefts = _places(cell.box[0] for cell in block)
    tops = _places(cell.box[1] for cell in block)
    rows = [[""] * len(lefts) for _ in tops]
    marked = set()
    for cell in block:
        at = _index(tops, cell.box[1]), _index(lefts, cell.box[0])
        rows[at[0]][at[1]] = cell.text
        if cell.stands_out:
            marked.add(at)
    letters = {cell.letter for cell in block}
    letter = "pad" if "pad" in letters else block[0].letter
    if letter in "WRG" or len(marked) == len(block):
        marked = set()
    if letter in "WRG":
        rows = _named(block, rows, names, figure)
    return beside([cell_lines(rows, marked)], [_TITLES[letter]])


def _named(
    block: list[_Cell], rows: list[list[str]], names: list[Text], figure: Figure
) -> list[list[str]]:
    """Rows with the names that stand beside them, and a row of names above."""
    left, top, _, _ = _around(block)
    first = block[0].box
    wide, high = first[2] - first[0], first[3] - first[1]
    heads = [""] * len(rows[0])
    sides = [""] * len(rows)
    for name in names:
        box = _box(name, figure)
        x, y = (box[0] + box[2]) / 2, (box[1] + box[3]) / 2
        column, row = int((x - left) // wide), int((y - top) // high)
        above = 0 <= top - box[3] < high and 0 <= column < len(heads)
        before = 0 <= left - box[2] < wide and 0 <= row < len(sides)
        if above and not before:
            heads[column] = name.get_text()
        elif before and not above:
            sides[row] = name.get_text()
    if any(sides):
        rows = [[side, *row] for side, row in zip(sides, rows, strict=True)]
        heads = ["", *heads]
    return [heads, *rows] if any(heads) else rows


def _laid_out(blocks: list[tuple[Box, list[str]]]) -> list[str]:
    """Blocks of lines as they lie: cut into bands, these into columns, and so on."""
    if len(blocks) == 1:
        return blocks[0][1]
    bands = _groups(blocks, 1)
    if len(bands) > 1:
        return [line for band in bands for line in ("", *_laid_out(band))][1:]
    columns = _groups(blocks, 0)
    if len(columns) > 1:
        return beside([_laid_out(column) for column in columns], gap="    ")
    return [line for _, lines in blocks for line in ("", *lines)][1:]


def _groups(
    blocks: list[tuple[Box, list[str]]], axis: int
) -> list[list[tuple[Box, list[str]]]]:
    """Blocks in groups between which a line along the other axis cuts none."""
    groups: list[list[tuple[Box, list[str]]]] = []
    reach = float("-inf")
    for block in sorted(blocks, key=lambda one: one[0][axis]):
        if block[0][axis] >= reach - _APART:
            groups.append([])
        groups[-1].append(block)
        reach = max(reach, block[0][axis + 2])
    return groups


def _places(values: Iterable[float]) -> list[float]:
    """Distinct places, ascending."""
    ordered = sorted(values)
    apart = [b for a, b in pairwise(ordered) if b - a > _APART]
    return [*ordered[:1], *apart]


def _index(places: list[float], value: float) -> int:
    """Which of the places a value lies at."""
    return max(0, bisect_right(places, value + _APART) - 1)


def _around(block: list[_Cell]) -> Box:
    lefts, tops, rights, bottoms = zip(*(cell.box for cell in block), strict=True)
    return min(lefts), min(tops), max(rights), max(bottoms)


def _box(artist: Rectangle | Text, figure: Figure) -> Box:
    """Where an artist lies."""
    box, dpi = artist.get_window_extent(), figure.dpi
    high = figure.get_figheight()
    return box.x0 / dpi, high - box.y1 / dpi, box.x1 / dpi, high - box.y0 / dpi
