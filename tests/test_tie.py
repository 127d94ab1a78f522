"""`TieMap`: which tap sits where, how often, and what padding drops."""

import numpy as np
import pytest
from hypothesis import given

from convmat import geometry, tie_map
from convmat.verify.strategies import geometries

KLEINSMITH = geometry((3, 3), (2, 2))


def test_kleinsmiths_matrix_has_his_taps_in_his_places():
    alpha, beta, gamma, delta, none = 0, 1, 2, 3, -1
    assert tie_map(KLEINSMITH).pattern().tolist() == [
        [alpha, beta, none, gamma, delta, none, none, none, none],
        [none, alpha, beta, none, gamma, delta, none, none, none],
        [none, none, none, alpha, beta, none, gamma, delta, none],
        [none, none, none, none, alpha, beta, none, gamma, delta],
    ]


def test_kleinsmiths_pixels_are_used_as_often_as_he_says():
    uses = np.bincount(tie_map(KLEINSMITH).cols)
    assert uses.tolist() == [1, 2, 1, 2, 4, 2, 1, 2, 1]


def test_where_lists_one_tie():
    rows, cols = tie_map(KLEINSMITH).where(3)
    assert list(zip(rows, cols, strict=True)) == [(0, 4), (1, 5), (2, 7), (3, 8)]


def test_multiplicity_has_the_shape_of_the_kernel():
    assert tie_map(KLEINSMITH).multiplicity.tolist() == [[4, 4], [4, 4]]
    grouped = tie_map(geometry((2, 3, 3), (4, 1, 3, 3), padding=1, groups=2))
    assert grouped.multiplicity.shape == (4, 1, 3, 3)
    assert grouped.multiplicity[2, 0].tolist() == [[4, 6, 4], [6, 9, 6], [4, 6, 4]]


def test_dead_taps_are_named():
    ties = tie_map(geometry(1, 3, padding=1))
    assert ties.dead_taps.tolist() == [0, 2]
    assert ties.multiplicity.tolist() == [0, 1, 0]
    assert (
        repr(ties) == "TieMap(geometry((1,), (3,), padding=1), 1 entries, 2 dead taps)"
    )


def test_groups_read_their_own_channels_only():
    ties = tie_map(geometry((4, 1), (2, 2, 1), groups=2))
    assert ties.pattern().tolist() == [[0, 1, -1, -1], [-1, -1, 2, 3]]


def test_depthwise_outputs_follow_their_channel():
    ties = tie_map(geometry((2, 1), (4, 1, 1), groups=2))
    assert ties.pattern().tolist() == [[0, -1], [1, -1], [-1, 2], [-1, 3]]


def test_dropped_taps_are_named_by_the_cell_of_padding():
    ties = tie_map(geometry(3, 2, padding=[(1, 0)]))
    assert [part.tolist() for part in ties.dropped] == [[0], [0], [0]]
    late = tie_map(geometry(3, 2, padding=[(0, 1)]))
    assert [part.tolist() for part in late.dropped] == [[2], [3], [1]]


@given(geometries())
def test_every_tap_of_every_row_is_stored_or_dropped(g):
    ties = tie_map(g)
    rows = np.concatenate([ties.rows, ties.dropped[0]])
    assert np.bincount(rows).tolist() == [g.taps_per_row] * g.matrix_shape[0]
    pairs = set(zip(ties.rows, ties.taps, strict=True))
    assert pairs.isdisjoint(zip(ties.dropped[0], ties.dropped[2], strict=True))
    assert len(pairs) == g.contributions


@given(geometries(modes=["zeros"]))
def test_no_position_holds_two_taps_among_zeros(g):
    ties = tie_map(g)
    positions = ties.rows * g.matrix_shape[1] + ties.cols
    assert (np.diff(positions) > 0).all()  # in C order of the matrix, each once


@given(geometries())
def test_every_tie_is_as_large_as_its_multiplicity(g):
    ties = tie_map(g)
    counted = np.bincount(ties.taps, minlength=g.free_parameters)
    assert np.array_equal(ties.multiplicity.ravel(), counted)
    assert np.array_equal(ties.dead_taps, np.flatnonzero(counted == 0))


def test_arrays_are_read_only_because_they_are_shared():
    ties = tie_map(KLEINSMITH)
    for array in (
        ties.rows,
        ties.cols,
        ties.taps,
        ties.multiplicity,
        ties.dead_taps,
        *ties.dropped,
    ):
        with pytest.raises(ValueError, match="read-only"):
            array[...] = 0


def test_small_maps_are_kept_and_large_ones_are_not():
    assert tie_map(geometry(9, 3)) is tie_map(geometry(9, 3))
    large = geometry((300, 300), (3, 3))
    assert tie_map(large) is not tie_map(large)
