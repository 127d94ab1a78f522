"""A drawn figure as text: its cells where they lie, then what it shows in words.

Nothing is calculated again: the characters are those that the figure itself shows.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from functools import partial

from matplotlib.figure import Figure
from matplotlib.image import _ImageBase
from matplotlib.text import Text

from convmat.errors import ConvmatError
from convmat.figures.beside import beside, cell_lines
from convmat.figures.drawn_cells import (
    APART,
    Box,
    Cell,
    around,
    blocks_of,
    box_of,
    cells_of,
    index_of,
    places_of,
)
from convmat.figures.printed import note_of

__all__ = ["TEXTS", "figure_text"]

_NAMES = re.compile(r"(?P<kind>x|pad|y|row|column)\[")
_TITLES = {"w": "kernel", "y": "output", "b": "bias", "x": "input"}
_TITLES |= {"pad": "padded input", "R": "matrix", "W": "matrix", "G": "matrix"}
_TITLES |= {"p": "products", "s": "stretched input"}
_TURNED = {**_TITLES, "x": "result", "y": "input"}  # of a transposed convolution


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


def _in_cells(figure: Figure, titles: Mapping[str, str] = _TITLES) -> str:
    """All cells of the figure, in their places, and its words."""
    figure.draw_without_rendering()
    texts = {
        text.get_gid() or "": text
        for text in figure.findobj(Text)
        if text.get_text().strip()
    }
    blocks = blocks_of(cells_of(figure, texts))
    if figure.findobj(_ImageBase) or not all(map(_has_text, blocks)):
        kind, alt = note_of(figure)
        rule = "must be of cells that are large enough for text"
        remedy = "matrix_text and window_text write a geometry; " if alt else ""
        raise ConvmatError("figure", rule, kind, f"{remedy}save it to .svg or .png")
    names = [text for gid, text in texts.items() if _NAMES.match(gid)]
    drawn = []
    for block in blocks:
        letters = {cell.letter for cell in block}
        title = titles["pad" if "pad" in letters else block[0].letter]
        lines = beside([_written(block, names, figure)], [title])
        drawn.append((around(block), lines))
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
    "transpose": partial(_in_cells, titles=_TURNED),
    "usage_map": _in_cells,
    "wires": _in_words,
    "wires_dense": _in_words,
}
"""How a figure becomes text, by the name of the function that drew it."""


def _has_text(block: list[Cell]) -> bool:
    return any(cell.text for cell in block)


def _written(block: list[Cell], names: list[Text], figure: Figure) -> list[str]:
    """A block; a matrix has the names of its rows and columns."""
    lefts = places_of(cell.box[0] for cell in block)
    tops = places_of(cell.box[1] for cell in block)
    rows = [[""] * len(lefts) for _ in tops]
    marked = set()
    for cell in block:
        at = index_of(tops, cell.box[1]), index_of(lefts, cell.box[0])
        rows[at[0]][at[1]] = cell.text
        if cell.stands_out:
            marked.add(at)
    is_matrix = block[0].letter in "WRG"
    if is_matrix or len(marked) == len(block):
        marked = set()
    if is_matrix:
        rows = _named(block, rows, names, figure)
    return cell_lines(rows, marked)


def _named(
    block: list[Cell], rows: list[list[str]], names: list[Text], figure: Figure
) -> list[list[str]]:
    """Rows with the names that stand beside them, and a row of names above."""
    left, top, _, _ = around(block)
    first = block[0].box
    wide, high = first[2] - first[0], first[3] - first[1]
    heads = [""] * len(rows[0])
    sides = [""] * len(rows)
    for name in names:
        box = box_of(name, figure)
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
        if block[0][axis] >= reach - APART:
            groups.append([])
        groups[-1].append(block)
        reach = max(reach, block[0][axis + 2])
    return groups
