"""One axis: named cases, and what holds for any of them."""

import dataclasses
import itertools

import pytest
from hypothesis import given

from convmat.geometry import PADDING_MODES, Axis
from convmat.verify.strategies import axes


def test_output_size_is_the_published_one():
    """The thirteen cases of "A guide to convolution arithmetic" (Dumoulin, Visin)."""
    published = {
        # size, kernel, padding, stride, dilation: output
        (4, 3, 0, 1, 1): 2,  # no padding, no strides
        (5, 4, 2, 1, 1): 6,  # arbitrary padding
        (5, 3, 1, 1, 1): 5,  # half padding
        (5, 3, 2, 1, 1): 7,  # full padding
        (5, 3, 0, 2, 1): 2,  # no padding, strides
        (5, 3, 1, 2, 1): 3,  # padding, strides
        (6, 3, 1, 2, 1): 3,  # padding, strides, odd
        (7, 3, 0, 1, 2): 3,  # dilation
        # and the transposed ones, written as the convolutions that they are
        (6, 3, 0, 1, 1): 4,
        (2, 3, 2, 1, 1): 4,
        (6, 4, 1, 1, 1): 5,
        (7, 3, 0, 1, 1): 5,
        (3, 3, 2, 1, 1): 5,
    }
    for (size, kernel, pad, stride, dilation), out_size in published.items():
        assert Axis(size, kernel, stride, pad, pad, dilation).out_size == out_size


def test_output_size_floors_where_the_stride_does_not_divide():
    assert Axis(4, 3, 2, 1, 1, 1).out_size == 2  # (4 + 2 - 3) / 2 = 1.5


def test_unequal_padding_moves_the_windows():
    early, late = Axis(3, 2, 1, 1, 0, 1), Axis(3, 2, 1, 0, 1, 1)
    assert early.sources().tolist() == [[-1, 0], [0, 1], [1, 2]]
    assert late.sources().tolist() == [[0, 1], [1, 2], [2, -1]]


def test_dilation_spreads_the_taps():
    axis = Axis(7, 3, 1, 0, 0, 2)
    assert axis.span == 5
    assert axis.sources().tolist() == [[0, 2, 4], [1, 3, 5], [2, 4, 6]]


def test_stride_beyond_the_kernel_leaves_input_unread():
    axis = Axis(7, 2, 3, 0, 0, 1)
    assert axis.sources().tolist() == [[0, 1], [3, 4]]


def test_dead_taps_have_a_count_of_zero():
    assert Axis(1, 3, 1, 1, 1, 1).tap_counts() == (0, 1, 0)


def test_outputs_that_see_padding_alone_have_no_taps_inside():
    axis = Axis(1, 1, 1, 2, 2, 1)
    assert [list(axis.taps_inside(out)) for out in range(5)] == [[], [], [0], [], []]


def test_axis_is_frozen():
    with pytest.raises(dataclasses.FrozenInstanceError, match="size"):
        Axis(3, 2, 1, 0, 0, 1).size = 4


@given(axes())
def test_counts_by_tap_and_by_output_are_the_same_total(axis):
    by_output = sum(len(axis.taps_inside(out)) for out in range(axis.out_size))
    assert sum(axis.tap_counts()) == by_output == (axis.sources() >= 0).sum()


@given(axes(max_size=40, max_kernel=9, max_stride=9, max_dilation=9, max_padding=20))
def test_last_window_fits_and_one_more_would_not(axis):
    last = (axis.out_size - 1) * axis.stride + axis.span
    assert last <= axis.padded_size < last + axis.stride


@given(axes(max_size=9, max_kernel=12, max_stride=9, max_dilation=4, max_padding=14))
def test_contributions_are_the_sum_over_the_taps(axis):
    assert axis.contributions() == sum(axis.tap_counts())


@given(axes(max_size=9, max_kernel=12, max_stride=9, max_dilation=4, max_padding=14))
def test_outputs_that_are_alike_have_each_tap_before_inside_or_after_alike(axis):
    ranges = list(axis.alike())
    assert [out for outs in ranges for out in outs] == list(range(axis.out_size))

    def sides(out):
        return [(cell >= 0, cell >= axis.size) for cell in axis.window(out)]

    for outs in ranges:
        assert all(sides(out) == sides(outs.start) for out in outs)
    for before, outs in itertools.pairwise(ranges):
        assert sides(before.start) != sides(outs.start)


def test_counts_and_ranges_take_no_time_that_goes_with_the_kernel():
    far = 10**12
    assert Axis(far, far, 1, far - 1, far - 1, 1).contributions() == far**2
    few = Axis(3, far, far, far, far, 1)
    assert (few.pairs(), list(few.alike())) == (3, [range(1), range(1, 2)])


@pytest.mark.parametrize("mode", PADDING_MODES)
def test_pairs_are_counted_exactly_wherever_taps_meet(mode):
    settings = itertools.product(
        range(1, 5), range(1, 5), range(1, 4), range(1, 4), range(5), range(5)
    )
    seen = 0
    for size, kernel, stride, dilation, before, after in settings:
        axis = Axis(size, kernel, stride, before, after, dilation, mode)
        deepest = size - (mode == "reflect")
        shallow = mode in ("zeros", "replicate") or max(before, after) <= deepest
        if axis.span > axis.padded_size or not shallow:
            continue
        read = (set(row) - {-1} for row in axis.sources().tolist())
        assert axis.pairs() == sum(map(len, read)), axis
        seen += 1
    assert seen > 500
