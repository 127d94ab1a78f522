"""The corner of a matrix is that of the whole, and costs what it shows."""

import tracemalloc

import numpy as np
import pytest

from convmat import geometry, tie_map
from convmat.figures import text
from convmat.figures.corner import corner
from convmat.figures.entries import Entries

GEOMETRIES = [
    geometry(1, 1),
    geometry(3, 2, padding=2),  # rows without an entry
    geometry(7, 3, dilation=2, stride=2, padding=[(3, 1)]),
    geometry((4, 3), (2, 3), stride=(2, 1), padding=((0, 1), (1, 2))),
    geometry((2, 3, 3), (3, 2, 2, 2)),
    geometry((4, 2, 3), (4, 2, 2, 2), groups=2, padding=(0, 1)),
    geometry((3, 4, 3), (6, 1, 2, 2), groups=3),
    geometry((2, 2, 2, 3), (2, 2, 2, 1, 2), dilation=(1, 2, 2), padding=1),
]
HUGE = [
    geometry((99_999_999, 9), (2, 2)),
    geometry((9, 99_999_999), (2, 2), padding=3),
    geometry((10**12, 10**12), (3, 3), padding=1),
    geometry((10**6, 5, 5), (10**6, 1, 3, 3), groups=10**6),
    geometry((10**6, 5, 5), (10, 10**6, 3, 3)),
    geometry((700, 700), (3, 3)),
]


@pytest.mark.parametrize("mode", ["zeros", "folded"])
@pytest.mark.parametrize("g", GEOMETRIES, ids=repr)
def test_the_corner_is_that_of_the_whole(g, mode, request):
    if mode == "folded":
        request.getfixturevalue("folded")
    ties = tie_map(g)
    high, wide = g.matrix_shape
    for rows in {1, 2, high // 2, high - 1, high} - {0}:
        for columns in {1, 2, wide // 2, wide - 1, wide} - {0}:
            kept = (ties.rows < rows) & (ties.cols < columns)
            whole = Entries.of(ties.rows[kept], ties.cols[kept], ties.taps[kept])
            part = corner(g, rows, columns)
            for name in ("rows", "cols", "taps", "counts", "terms"):
                np.testing.assert_array_equal(getattr(part, name), getattr(whole, name))


@pytest.mark.parametrize("g", HUGE, ids=repr)
def test_a_huge_matrix_is_shown_at_the_cost_of_its_corner(g):
    tracemalloc.start()
    lines = text.matrix_text(g, width=100).splitlines()
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert len([line for line in lines if line.lstrip().startswith("y_")]) == 40
    assert "columns and" in lines[-1]
    assert peak < 1 << 20


def test_values_of_a_wide_kernel_are_written_only_where_shown(monkeypatch):
    written = []
    right = text.entry_texts
    monkeypatch.setattr(
        text, "entry_texts", lambda *parts: written.append(right(*parts)) or written[-1]
    )
    text.matrix_text(geometry(10**6, 10**5), np.arange(10**5), width=60, max_rows=3)
    assert sum(map(len, written)) < 100


def test_entries_add_taps_of_one_position_and_keep_the_first_as_their_color():
    rows, cols = np.array([1, 0, 0, 1, 1]), np.array([2, 1, 0, 0, 2])
    entries = Entries.of(rows, cols, np.array([4, 3, 2, 1, 0]))
    assert entries.rows.tolist() == [0, 0, 1, 1]
    assert entries.cols.tolist() == [0, 1, 0, 2]
    assert entries.taps.tolist() == [2, 3, 1, 0]
    assert entries.counts.tolist() == [1, 1, 1, 2]
    assert entries.terms.tolist() == [2, 3, 1, 0, 4]
    assert entries.sums.tolist() == [False, False, False, True]
    assert entries.numbers((2, 3)).tolist() == [[0, 1, -1], [2, -1, 3]]
