"""Comparing every entry with the one a step on along an axis of rows and columns.

A block matrix has two axes: which block, and which row or column in it.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import prod
from typing import Any

import numpy as np

from convmat.arrays import Array, Shape
from convmat.structure.certificate import Certificate, Counterexample
from convmat.structure.entries import Entries
from convmat.structure.same import differences
from convmat.structure.tolerance import read_tolerance

__all__ = ["check_diagonals"]


def check_diagonals(
    name: str,
    entries: Entries,
    outputs: Shape,
    inputs: Shape,
    tolerance: Any,
    *,
    around: bool = False,
    inner: bool = True,
) -> Certificate | Counterexample:
    """Compare every entry with the one a step on along an axis of rows and columns."""
    allowed = read_tolerance(tolerance)
    held = entries.without_zeros()
    pairs = 0
    total = entries.shape[0] * entries.shape[1]
    for axis, (m, n) in enumerate(zip(outputs, inputs, strict=True)):
        if axis and not inner:
            break
        steps = prod(outputs[axis + 1 :]), prod(inputs[axis + 1 :])
        wrong = _unlike(held, (m, n), steps, around, allowed)
        if wrong is not None:
            here, there = wrong
            values = entries.at(
                *(np.array(each) for each in zip(here, there, strict=True))
            )
            return Counterexample(name, here, there, tuple(values.tolist()))
        share = m * n if around else (m - 1) * (n - 1)
        pairs += total // (m * n) * share
    told = f"{pairs:,} pairs along the diagonals are equal"
    return Certificate(
        name, told + (", around the edges too" if around else ""), pairs, allowed
    )


def _unlike(
    held: Entries,
    sizes: tuple[int, int],
    steps: Sequence[int],
    around: bool,
    allowed: Any,
) -> tuple[tuple[int, int], tuple[int, int]] | None:
    """The first entry, and the one a step on, that are not equal."""
    (m, n), (row_step, column_step) = sizes, steps
    out, cell = held.rows // row_step % m, held.indices // column_step % n

    def part(chosen: Array, row: Array, column: Array) -> Entries:
        keys = np.lexsort((column[chosen], row[chosen]))
        rows = row[chosen][keys]
        indptr = np.concatenate(
            [[0], np.cumsum(np.bincount(rows, minlength=held.shape[0]))]
        )
        return Entries(
            held.shape, indptr, column[chosen][keys], held.data[chosen][keys]
        )

    row, column = held.rows, held.indices.astype(np.int64)
    if around:
        here = part(np.ones(len(row), bool), row, column)
        back = row + np.where(out == 0, m - 1, -1) * row_step
        before = column + np.where(cell == 0, n - 1, -1) * column_step
        there = part(np.ones(len(row), bool), back, before)
    else:
        here = part((out < m - 1) & (cell < n - 1), row, column)
        there = part((out > 0) & (cell > 0), row - row_step, column - column_step)
    rows, columns, one, other = differences(here, there)
    far = np.flatnonzero(np.asarray(np.abs(one - other) > allowed, dtype=bool))
    if not len(far):
        return None
    first = int(rows[far[0]]), int(columns[far[0]])
    down = row_step if first[0] // row_step % m < m - 1 else -(m - 1) * row_step
    across = (
        column_step if first[1] // column_step % n < n - 1 else -(n - 1) * column_step
    )
    return first, (first[0] + down, first[1] + across)
