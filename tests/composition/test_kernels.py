"""Kernels split and described; the chapter's four edge kernels among them."""

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from convmat import ConvmatError, ShapeError, conv, geometry
from convmat.composition import (
    compose,
    is_separable,
    kernel_rank,
    kernel_report,
    split_kernel,
)
from convmat.experiments import EDGES

taps = st.integers(-3, 3)


def arrays(high, wide):
    one = st.lists(taps, min_size=high * wide, max_size=high * wide)
    return one.map(lambda flat: np.array(flat).reshape(high, wide))


shapes = st.tuples(st.integers(1, 4), st.integers(1, 4))
kernels = shapes.flatmap(lambda shape: arrays(*shape))


@given(kernels)
def test_separable_by_minors_is_rank_one_by_elimination(kernel):
    rank = kernel_rank(kernel)
    assert is_separable(kernel) == (rank <= 1)
    # For integers this small, floats tell the rank too.
    assert rank == np.linalg.matrix_rank(kernel)
    assert rank == kernel_rank(kernel.T) == kernel_rank(kernel * Fraction(1, 3))


@given(arrays(1, 3), arrays(4, 1))
def test_a_column_times_a_row_splits_into_two_layers(row, column):
    kernel = column * row
    split = split_kernel(kernel)
    assert split.exact
    assert split.kernel.tolist() == kernel.tolist()
    assert split.error == 0
    # As two convolutions, merged again.
    first = geometry((6, 6), (4, 1))
    thin = compose(
        split.columns.T, first, split.rows, geometry(first.output_shape, (1, 3))
    )
    assert thin.kernel.tolist() == kernel.tolist()
    assert thin.exact


@given(kernels, st.integers(1, 4))
def test_the_nearest_sum_lacks_what_the_error_says(kernel, rank):
    split = split_kernel(kernel.astype(float), rank)
    lacks = np.linalg.norm(split.kernel - kernel)
    # Backward stable to a few hundred roundings of the kernel's size (here at most 12).
    assert abs(lacks - split.error) <= 400 * 2.0**-52 * 12
    if rank >= min(kernel.shape):
        assert split.error == 0
    assert len(split.columns) == min(rank, *kernel.shape)


def test_saving_of_a_five_by_five_kernel():
    split = split_kernel(np.ones((5, 5), int))
    assert split.multiplications == (25, 10)
    assert split.saving == 1 - 10 / 25
    assert split_kernel(np.eye(2), 2).saving < 0


def test_the_four_kernels_of_the_chapter():
    reports = {name: kernel_report(kernel) for name, kernel in EDGES.items()}
    names = ["top", "left", "diagonal 1", "diagonal 2"]
    assert [reports[name].total for name in names] == [0, 0, 1, 1]
    assert [reports[name].kind for name in names] == ["edge", "edge", "mixed", "mixed"]
    assert [reports[name].rank for name in names] == [1, 1, 3, 3]
    assert reports["top"].symmetry == ("odd", "even")
    assert reports["left"].symmetry == ("even", "none")
    assert reports["diagonal 1"].symmetry == ("none", "none")
    assert "a flat image gives 1 times itself" in str(reports["diagonal 1"])


@given(kernels)
def test_gains_are_what_the_waves_become(kernel):
    report = kernel_report(kernel)
    response = report.response(8)
    for wave, gain in report.gains.items():
        lines = [(-1) ** (fast * np.arange(6)) for fast in wave]
        image = np.multiply.outer(*lines)
        made = conv(image, kernel)
        assert (made == gain * image[: made.shape[0], : made.shape[1]]).all()
        place = tuple(4 * fast for fast in wave)
        # Sums of at most 16 taps of size 3, each times a rounded root of unity.
        assert abs(response[place] - abs(gain)) <= 100 * 2.0**-52 * 48
    assert report.gains[0, 0] == report.total == kernel.sum()


@pytest.mark.parametrize(
    ("kernel", "kind"),
    [
        ([[0, 0], [0, 0]], "zero"),
        ([0, 1, 0], "copy"),
        ([1, -2, 1], "edge"),
        ([1, 2, 1], "smoothing"),
        ([[0, -1, 0], [-1, 5, -1], [0, -1, 0]], "sharpening"),
        ([[0, 1], [-1, 1]], "mixed"),
    ],
)
def test_kinds_by_example(kernel, kind):
    report = kernel_report(kernel)
    assert report.kind == kind
    assert str(report).startswith(f"sum        {report.total}: ")


def test_what_is_no_kernel_is_refused():
    with pytest.raises(ShapeError, match=r"must be \(high, wide\)"):
        kernel_rank([1, 2])
    with pytest.raises(ConvmatError, match="must be finite"):
        is_separable([[np.nan]])
    with pytest.raises(TypeError, match="must be rational numbers"):
        kernel_rank([[1j]])
    with pytest.raises(ConvmatError, match="rank must be at least 1"):
        split_kernel([[1]], 0)
    with pytest.raises(TypeError, match="rank must be an integer"):
        split_kernel([[1]], 1.0)
    with pytest.raises(ConvmatError, match="must be real and finite"):
        kernel_report([1, np.inf])
    with pytest.raises(ShapeError, match="with 1 to 6 axes"):
        kernel_report(3)
    with pytest.raises(ConvmatError, match="size must be an integer of at least 3"):
        kernel_report([1, 2, 3]).response(2)


@pytest.mark.parametrize(
    "ask",
    [split_kernel, lambda kernel: kernel_report(kernel).response(8)],
    ids=["split", "response"],
)
def test_taps_beyond_float64_are_refused_where_floats_are_needed(ask):
    kernel = np.array([[10**400, 1], [1, 2]], object)
    with pytest.raises(ConvmatError, match="numbers that float64 can hold"):
        ask(kernel)
