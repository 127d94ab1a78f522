"""Blocks of text: cells in columns, and blocks side by side."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

__all__ = ["beside", "cell_lines"]

_CODES = re.compile("\x1b\\[[0-9;]*m")


def cell_lines(
    rows: Sequence[Sequence[str]],
    marked: set[tuple[int, int]],
    paint: Callable[[int, int, str], str] = lambda row, column, text: text,
) -> list[str]:
    """Cells as lines, in columns of one width; a marked cell stands in brackets.

    Parameters
    ----------
    rows : sequence of sequences of str
        Entry `[i][j]` is the text of row `i`, column `j`.
    marked : set of (int, int)
        Rows and columns of the cells that stand out.
    paint : callable
        `paint(i, j, text)` is the finished cell, with codes of colour around it.

    Examples
    --------
    >>> cell_lines([["A", "10"], ["C", "D"]], {(0, 1)})
    ['  A [10]', '  C   D ']
    """
    wide = 2 + max((len(text) for row in rows for text in row), default=0)
    lines = []
    for i, row in enumerate(rows):
        cells = []
        for j, text in enumerate(row):
            framed = f"[{text}]" if (i, j) in marked else f" {text} "
            cells.append(paint(i, j, framed.rjust(wide)))
        lines.append("".join(cells))
    return lines


def beside(
    blocks: Sequence[Sequence[str]], titles: Sequence[str] = (), gap: str = "  "
) -> list[str]:
    """Blocks side by side, each halfway down and below its title.

    Parameters
    ----------
    blocks : sequence of sequences of str
        Lines; codes of colour in them take no room.
    titles : sequence of str
        One for each block, or none.
    gap : str
        What stands between two blocks.

    Examples
    --------
    >>> print(*beside([["a", "b", "c"], ["yields"], ["d"]], ["x", "", "y"]), sep="|")
    x          y|a|b  yields  d|c
    """
    high = max(map(len, blocks), default=0)
    heads = titles or [""] * len(blocks)
    columns = []
    for block, head in zip(blocks, heads, strict=True):
        wide = max(map(_width, (head, *block)))
        above = (high - len(block)) // 2
        lines = [*[""] * above, *block, *[""] * high][:high]
        if titles:
            lines.insert(0, head.center(wide))
        columns.append([line + " " * (wide - _width(line)) for line in lines])
    return [gap.join(parts).rstrip() for parts in zip(*columns, strict=True)]


def _width(line: str) -> int:
    return len(_CODES.sub("", line))
