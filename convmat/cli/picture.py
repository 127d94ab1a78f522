"""The matrix as text: whole, its corner, or for many channels one of its blocks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from textwrap import fill
from typing import overload

from convmat.cli.asked import Asked
from convmat.figures.text import matrix_text
from convmat.labels import Labels, labels

__all__ = ["corner_text", "whole_text"]

_MOST_ROWS = 40
_MOST_BLOCKS = 8  # rows of blocks that are drawn
_SHORT = 2  # characters of a letter that needs no number in its place


def whole_text(asked: Asked) -> str:
    """Every row and column, however wide that is."""
    rows, columns = asked.shape
    return matrix_text(
        asked.geometry,
        asked.kernel,
        width=64 * columns,  # no cell is as wide
        max_rows=rows,
        transposed=asked.transposed,
    )


def corner_text(asked: Asked, width: int, *, color: bool = False) -> str:
    """What fits a terminal: all of the matrix, one of its blocks, or its corner.

    Examples
    --------
    >>> from convmat import geometry
    >>> print(corner_text(Asked(geometry((2, 9), (2, 2, 2))), 50))
    2 x 2 blocks of 8 x 9, one for each pair of
    channels: block o,i is the matrix of kernel[o,i].
    <BLANKLINE>
          0      1
    0  K[0,0] K[0,1]
    1  K[1,0] K[1,1]
    <BLANKLINE>
    Block 0,0:
    <BLANKLINE>
      A B C D E F G H J
    P α β · · · · · · ·
    Q · α β · · · · · ·
    R · · α β · · · · ·
    S · · · α β · · · ·
    T · · · · α β · · ·
    U · · · · · α β · ·
    V · · · · · · α β ·
    W · · · · · · · α β
    """
    if asked.geometry.has_channels and not _fits(asked, width):
        return "\n\n".join(_blocks(asked, width, color))
    return _picture(asked, width, color)


def _fits(asked: Asked, width: int) -> bool:
    """Whether all of it is seen, with the names of columns side by side."""
    rows, columns = asked.shape
    if rows > _MOST_ROWS or 2 * columns > width:
        return False
    lines = _drawn(asked, width, None).splitlines()
    return len(lines[0].split()) == columns and not lines[-1].endswith("left out")


def _picture(asked: Asked, width: int, color: bool) -> str:
    """The corner, with numbers for taps where names would leave little room."""
    known = labels(asked.geometry)
    if asked.kernel is None and len(known.letter(0)) > _SHORT:
        numbers = _Numbers(asked.geometry.free_parameters)
        names = replace(known, taps=numbers)
        note = f"Numbers are taps: 1 to {len(numbers):,} in C order of the kernel."
        return f"{_drawn(asked, width, names, color=color)}\n\n{fill(note, width)}"
    return _drawn(asked, width, known, color=color)


def _drawn(
    asked: Asked, width: int, names: Labels | None, *, color: bool = False
) -> str:
    return matrix_text(
        asked.geometry,
        asked.kernel,
        color=color,
        names=names,
        width=width,
        max_rows=_MOST_ROWS,
        transposed=asked.transposed,
    )


def _blocks(asked: Asked, width: int, color: bool) -> list[str]:
    """What the blocks are, how they lie, and the first of them."""
    g = asked.geometry
    one = Asked(
        replace(g, in_channels=1, out_channels=1, groups=1, has_channels=False),
        None if asked.kernel is None else asked.kernel[0, 0],
        asked.transposed,
    )
    down, across = g.out_channels, g.in_channels
    if asked.transposed:
        down, across = across, down
    high, wide = one.shape
    transposed = " transposed" if asked.transposed else ""
    pair, inside = ("r,c", "c,r") if asked.transposed else ("o,i", "o,i")
    words = (
        f"{down:,} x {across:,} blocks of {high:,} x {wide:,}, one for each pair of "
        f"channels: block {pair} is the{transposed} matrix of kernel[{inside}]."
    )
    if g.groups > 1:
        words += (
            f" Channels of different groups do not meet, {g.groups} groups in all: "
            "their blocks (·) are zero, and the kernel counts the channels of a group."
        )
    drawing = _arrangement(asked, down, across, width)
    return [
        fill(words, width),
        drawing,
        "Block 0,0:",
        _picture(one, width, color),
    ]


def _arrangement(asked: Asked, down: int, across: int, width: int) -> str:
    """The blocks in their places, as far as they fit."""
    g = asked.geometry
    per_group = g.in_channels // g.groups, g.out_channels // g.groups

    def name(row: int, column: int) -> str:
        out, into = (column, row) if asked.transposed else (row, column)
        group = out // per_group[1]
        if into // per_group[0] != group:
            return "·"
        return f"K[{out},{into - group * per_group[0]}]"

    shown = min(down, _MOST_BLOCKS)
    cell = 1 + len(f"K[{g.out_channels - 1},{per_group[0] - 1}]")
    margin = 2 + len(str(shown - 1))
    fit = min(across, max(1, (width - margin) // cell))
    lines = [" " * margin + "".join(str(c).center(cell) for c in range(fit))]
    for row in range(shown):
        cells = "".join(name(row, column).center(cell) for column in range(fit))
        lines.append(str(row).ljust(margin) + cells)
    more = []
    if fit < across:
        more.append(f"{across - fit:,} of {across:,} columns")
    if shown < down:
        more.append(f"{down - shown:,} of {down:,} rows")
    if more:
        lines.append(f"... {' and '.join(more)} of blocks left out")
    return "\n".join(line.rstrip() for line in lines)


class _Numbers(Sequence[str]):
    """`"1"`, `"2"`, ...: as many as there are taps, each made when it is asked for."""

    def __init__(self, count: int) -> None:
        self._range = range(1, count + 1)

    def __len__(self) -> int:
        return len(self._range)

    @overload
    def __getitem__(self, index: int) -> str: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[str]: ...
    def __getitem__(self, index: int | slice) -> str | Sequence[str]:
        if isinstance(index, slice):
            return [str(number) for number in self._range[index]]
        return str(self._range[index])
