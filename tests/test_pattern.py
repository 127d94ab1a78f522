"""`Pattern`: the CSR arrays, against the tie map that is found in another way."""

import sys
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from convmat import geometry, tie_map
from convmat.tie import Pattern, part, pattern, pattern_of
from convmat.verify.strategies import geometries

LARGE = [
    geometry(40_000, 3),
    geometry(70_001, 2, stride=2, padding=[(3, 1)]),
    geometry((120, 90), (3, 3), padding="same"),
    geometry(
        (151, 201), (4, 3), stride=(2, 1), padding=[(0, 2), (1, 0)], dilation=(1, 5)
    ),
    geometry((3, 40, 41), (4, 3, 3, 3), padding=1),
    geometry((6, 63, 50), (9, 2, 3, 2), groups=3, stride=(1, 2), padding=[(2, 0), 0]),
    geometry((18, 17, 16), (3, 3, 2), padding=[(1, 0), 1, 0]),
    geometry((70, 13, 12), (140, 1, 3, 3), groups=70, padding=[(1, 0), (0, 1)]),
    geometry((2, 9, 8, 7, 6), (4, 1, 2, 2, 2, 2), groups=2, padding=1),
    geometry((300, 30), (60, 20)),
    geometry((120, 90), (4, 3), padding=[(2, 1), 1], padding_mode="reflect"),
    geometry((3, 60, 41), (4, 3, 3, 3), padding=1, padding_mode="circular"),
    geometry(90_000, 3, padding=[(2, 0)], stride=2, padding_mode="symmetric"),
    geometry((20, 9, 9), (40, 10, 3, 3), padding=2, groups=2, padding_mode="replicate"),
]


def assert_as_the_tie_map(made, g):
    ties = tie_map(g)
    indptr, indices = made.structure()
    assert indptr.dtype == indices.dtype == made.index_dtype
    rows = np.repeat(np.arange(g.matrix_shape[0]), np.diff(indptr)).astype(int)
    places, entries = np.unique(
        ties.rows * g.matrix_shape[1] + ties.cols, return_inverse=True
    )
    assert np.array_equal(rows * g.matrix_shape[1] + indices, places)
    kernel = np.arange(1, g.free_parameters + 1)
    sums = np.zeros(len(places), int)
    np.add.at(sums, entries, kernel[ties.taps])
    assert np.array_equal(made.values(kernel.reshape(g.kernel_shape)), sums)


@pytest.mark.parametrize("g", LARGE, ids=repr)
def test_large_patterns_are_those_of_the_tie_map(g):
    assert g.nnz > pattern._KEPT_NNZ
    assert_as_the_tie_map(Pattern(g), g)


@given(geometries(max_size=12, max_kernel=5), st.sampled_from([1, 3, 8, 8192]))
def test_pattern_is_that_of_the_tie_map_however_it_is_written(g, block):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(part, "_BLOCK", block)
        patch.setattr(pattern, "_KEPT_NNZ", 0)
        patch.setattr(pattern, "_SHORT", 0)
        assert_as_the_tie_map(Pattern(g), g)
    assert_as_the_tie_map(Pattern(g), g)


@given(geometries())
def test_values_are_written_to_the_array_that_is_given(g):
    kernel = np.arange(g.free_parameters, dtype=np.float32).reshape(g.weight_shape)
    for short in (0, 1 << 15):
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(pattern, "_SHORT", short)
            made = Pattern(g)
            out = np.full(g.nnz, -1, np.float32)
            assert made.values(kernel, out=out) is out
            assert np.array_equal(out, made.values(kernel))
            assert out.sum() == kernel.ravel()[tie_map(g).taps].sum()


def test_arrays_are_new_every_time():
    made = pattern_of(geometry(9, 3))
    for array in made.structure():
        array[...] = 7
    indptr, indices = made.structure()
    assert indptr.tolist() == [0, 3, 6, 9, 12, 15, 18, 21]
    assert indices[:6].tolist() == [0, 1, 2, 1, 2, 3]


def test_patterns_are_kept_by_geometry():
    assert pattern_of(geometry((9, 9), (3, 3))) is pattern_of(geometry([9, 9], [3, 3]))


def test_index_dtype_widens_where_32_bits_end():
    most = 2**31 - 1
    assert Pattern(geometry(most, 1)).index_dtype == np.int32
    assert Pattern(geometry(most + 1, 1)).index_dtype == np.int64
    assert Pattern(geometry((2**16, 2**15), (3, 3))).index_dtype == np.int64


def test_steps_grow_with_the_padding_and_not_with_the_rows():
    small, large = (
        geometry((50, 50), (3, 3), padding=1),
        geometry((900, 900), (3, 3), padding=1),
    )
    assert len(Pattern(small)._part.steps) == len(Pattern(large)._part.steps) < 20


@pytest.mark.parametrize("settings", [{}, {"dilation": 1000, "stride": 3}])
def test_wide_padding_makes_no_more_steps_than_the_kernel_has_ends(settings):
    g = geometry(5, 3, padding=10**5, **settings)
    made = Pattern(g)
    assert len(made._part.steps) <= 2 * (2 * 3 + 1)
    indptr, indices = made.structure()
    assert len(indptr) == g.matrix_shape[0] + 1
    ties = tie_map(g)
    assert np.array_equal(
        np.repeat(np.arange(len(indptr) - 1), np.diff(indptr)), ties.rows
    )
    assert np.array_equal(indices, ties.cols)


@pytest.mark.parametrize("mode", ["circular", "reflect", "symmetric", "replicate"])
def test_wide_padding_that_is_filled_makes_few_steps_too(mode):
    """Only windows across an end of the input are laid one by one, and few of those."""
    g = geometry(10**5, 3, padding=10**5 - 1, padding_mode=mode)
    made = Pattern(g)
    assert len(made._part.steps) <= 2 * (2 * 3 + 1)
    assert_as_the_tie_map(made, g)


def test_windows_of_a_circle_repeat_however_wide_they_are():
    g = geometry(9_000, 9, padding="same", dilation=700, padding_mode="circular")
    made = Pattern(g)
    assert len(made._part.steps) <= 2 * (2 * 9 + 1)
    assert_as_the_tie_map(made, g)


@pytest.mark.parametrize("settings", [{}, {"padding_mode": "reflect"}])
def test_threads_that_meet_a_new_pattern_all_get_right_values(settings):
    g = geometry((30, 30), (5, 5), padding=2, **settings)
    kernel = np.arange(25.0)
    right = Pattern(g).values(kernel)
    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    try:
        for _ in range(20):
            made = Pattern(g)
            with ThreadPoolExecutor(4) as pool:
                found = list(pool.map(made.values, [kernel] * 4))
            assert all(np.array_equal(values, right) for values in found)
    finally:
        sys.setswitchinterval(interval)
