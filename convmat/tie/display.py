"""A tie map in a notebook: the matrix with every tie in its colour, or its counts."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from convmat.html import Cell, facts, fragment, table
from convmat.palette import tap_colors

if TYPE_CHECKING:
    from convmat.tie.ties import TieMap

__all__ = ["ties_html"]

_MOST = 600  # positions of a matrix that is shown
_WIDEST = 40  # columns
_TIES = 64  # that are counted one by one


def ties_html(ties: TieMap) -> str:
    """The matrix of tap numbers, coloured; of a large one how often each tap stands.

    A structural zero is `·`. Taps that share an entry are joined by `+`, in the colour
    of the first. Numbers are flat indices into the kernel, as in `ties.taps`.

    Examples
    --------
    >>> from convmat import geometry
    >>> from convmat.tie import tie_map
    >>> ties_html(tie_map(geometry((3, 3), (2, 2)))).count("#E69F00")
    4
    """
    rows, columns = ties.geometry.matrix_shape
    counts = ties.multiplicity.reshape(-1)
    if rows * columns <= _MOST and columns <= _WIDEST:
        note = "A number is a tap, by its flat index into the kernel."
        return fragment(repr(ties), _matrix(ties), notes=[note, *_notes(ties)])
    if len(counts) <= _TIES:
        cells = [
            Cell(f"{count:,}", *tap_colors(tap)) if count else Cell("0", faint=True)
            for tap, count in enumerate(counts.tolist())
        ]
        wide = ties.multiplicity.shape[-1]
        lines = [cells[at : at + wide] for at in range(0, len(cells), wide)]
        note = "In the shape of the kernel: how many entries hold each tap."
        return fragment(repr(ties), table(lines), notes=[note, *_notes(ties)])
    few, many = int(counts.min()), int(counts.max())
    entries = f"{few:,}" if few == many else f"from {few:,} to {many:,}"
    told = facts([("taps", f"{len(counts):,}"), ("entries of each", entries)])
    return fragment(repr(ties), told, notes=_notes(ties))


def _matrix(ties: TieMap) -> str:
    rows, columns = ties.geometry.matrix_shape
    places: list[list[list[int]]] = [[[] for _ in range(columns)] for _ in range(rows)]
    found = zip(ties.rows.tolist(), ties.cols.tolist(), ties.taps.tolist(), strict=True)
    for row, column, tap in found:
        places[row][column].append(tap)
    head = ["", *map(str, range(columns))]
    names = list(map(str, range(rows)))
    cells = [[_cell(taps) for taps in line] for line in places]
    return table(cells, head=head, names=names)


def _cell(taps: list[int]) -> Cell:
    if not taps:
        return Cell("·", faint=True)
    fill, ink = tap_colors(taps[0])
    return Cell("+".join(map(str, taps)), fill, ink)


def _notes(ties: TieMap) -> list[str]:
    rows, columns = ties.geometry.matrix_shape
    size = f"Matrix of {rows:,} rows (outputs) and {columns:,} columns (inputs)."
    notes = [size]
    if len(ties.dead_taps):
        dead = ", ".join(map(str, np.asarray(ties.dead_taps)[:_TIES]))
        notes.append(f"Dead taps: {dead}.")
    return notes
