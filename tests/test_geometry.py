"""`geometry` and `Geometry`: reading shorthand, counting, printing."""

import dataclasses
import pickle

import numpy as np
import pytest
from hypothesis import given

from convmat import Geometry, GeometryError, ShapeError, geometry, tie_map
from convmat.verify.strategies import axes, geometries


def test_shorthand_is_read_into_tuples_once():
    g = geometry(5, 3, stride=2, padding=1, dilation=1)
    assert g == Geometry(
        input_size=(5,),
        kernel_size=(3,),
        stride=(2,),
        padding=((1, 1),),
        dilation=(1,),
    )


def test_one_integer_stands_for_every_axis():
    whole = geometry((5, 6), (2, 3), stride=(2, 2), padding=((1, 1), (1, 1)))
    assert geometry((5, 6), (2, 3), stride=2, padding=1) == whole
    assert geometry((5, 6), (2, 3), stride=[2, 2], padding=(1, 1)) == whole
    assert geometry([5, 6], [2, 3], stride=2, padding=[(1, 1), 1]) == whole


@pytest.mark.parametrize("integer", [np.int64, np.uint8, np.int32])
def test_numpy_integers_are_integers(integer):
    g = geometry(integer(5), integer(3), stride=integer(2), padding=integer(1))
    assert g == geometry(5, 3, stride=2, padding=1)
    assert all(type(n) is int for n in (*g.input_size, *g.stride, *g.padding[0]))


def test_arrays_are_read_as_tuples():
    g = geometry(np.array([5, 6]), np.array([2, 3]), stride=np.array([1, 2]))
    assert g == geometry((5, 6), (2, 3), stride=(1, 2))


@pytest.mark.parametrize(
    ("size", "kernel", "stride", "dilation", "name", "pads", "out_size"),
    [
        (5, 3, 1, 1, "same", (1, 1), 5),
        (5, 2, 1, 1, "same", (0, 1), 5),  # the odd cell after the input
        (5, 2, 1, 1, "same_lower", (1, 0), 5),
        (6, 3, 2, 1, "same", (0, 1), 3),
        (6, 3, 2, 1, "same_lower", (1, 0), 3),
        (5, 3, 2, 1, "same", (1, 1), 3),
        (28, 5, 2, 1, "same", (1, 2), 14),
        (7, 1, 3, 1, "same", (0, 0), 3),  # nothing negative
        (5, 3, 1, 2, "same", (2, 2), 5),
        (5, 3, 2, 2, "same", (2, 2), 3),
        (5, 3, 1, 1, "full", (2, 2), 7),
        (5, 3, 1, 2, "full", (4, 4), 9),
        (5, 3, 2, 1, "full", (2, 2), 4),
        (5, 3, 2, 1, "valid", (0, 0), 2),
    ],
)
def test_padding_by_name(size, kernel, stride, dilation, name, pads, out_size):
    g = geometry(size, kernel, stride=stride, dilation=dilation, padding=name)
    assert g.padding == (pads,)
    assert g.output_size == (out_size,)


@given(axes(max_size=30, max_kernel=7, max_stride=5, max_dilation=4))
def test_same_means_size_over_stride_rounded_up(axis):
    g = geometry(
        axis.size,
        axis.kernel,
        stride=axis.stride,
        dilation=axis.dilation,
        padding="same",
    )
    ((before, after),) = g.padding
    assert g.output_size == (-(-axis.size // axis.stride),)
    assert after - before in (0, 1)
    lower = geometry(
        axis.size,
        axis.kernel,
        stride=axis.stride,
        dilation=axis.dilation,
        padding="same_lower",
    )
    assert lower.padding == ((after, before),)


def test_same_differs_between_axes():
    g = geometry((5, 6), (2, 3), stride=(1, 2), padding="same")
    assert g.padding == ((0, 1), (0, 1))
    assert g.output_size == (5, 3)


def test_channels_are_read_from_the_kernel():
    g = geometry((6, 28, 28), (8, 3, 5, 5), groups=2)
    assert (g.in_channels, g.out_channels, g.groups) == (6, 8, 2)
    assert g.input_size == (28, 28)
    assert g.kernel_size == (5, 5)
    assert g.weight_shape == g.kernel_shape == (8, 3, 5, 5)
    assert g.input_shape == (6, 28, 28)
    assert g.output_shape == (8, 24, 24)


def test_one_channel_is_written_without_channel_axes():
    g = geometry((28, 28), (5, 5))
    assert g.kernel_shape == (5, 5)
    assert g.weight_shape == (1, 1, 5, 5)
    assert g.output_shape == (24, 24)


def test_channel_axes_make_another_geometry_with_the_same_numbers():
    plain, written = geometry((4, 4), (3, 3)), geometry((1, 4, 4), (1, 1, 3, 3))
    assert plain != written
    assert plain.nnz == written.nnz
    assert plain.matrix_shape == written.matrix_shape


def test_kleinsmiths_case_has_its_numbers():
    g = geometry((3, 3), (2, 2))
    assert g.matrix_shape == (4, 9)
    assert (g.nnz, g.untouched, g.dropped, g.free_parameters) == (16, 20, 0, 4)
    padded = geometry((3, 3), (3, 3), padding=1)
    assert padded.matrix_shape == (9, 9)
    assert (padded.nnz, padded.dropped) == (49, 32)


def test_counts_need_no_arrays_so_size_is_no_matter():
    g = geometry((3, 10**6, 10**6), (64, 3, 3, 3), padding=1)
    assert g.matrix_shape == (64 * 10**12, 3 * 10**12)
    assert g.nnz == 64 * 3 * (3 * 10**6 - 2) ** 2


@given(geometries())
def test_counts_are_those_of_the_tie_map(g):
    ties = tie_map(g)
    assert g.contributions == len(ties.taps)
    assert g.nnz == len(set(zip(ties.rows, ties.cols, strict=True)))
    assert g.dropped == len(ties.dropped[0])
    assert g.nnz + g.untouched == g.matrix_shape[0] * g.matrix_shape[1]
    assert g.free_parameters == ties.multiplicity.size


@given(geometries())
def test_repr_is_read_back(g):
    assert eval(repr(g), {"geometry": geometry}) == g


def test_repr_leaves_out_what_is_as_usual():
    assert repr(geometry((3, 3), (2, 2))) == "geometry((3, 3), (2, 2))"
    g = geometry((4, 5, 6), (2, 2, 2, 3), stride=2, padding=((0, 1), 1), groups=2)
    assert repr(g) == (
        "geometry((4, 5, 6), (2, 2, 2, 3), stride=2, padding=((0, 1), 1), groups=2)"
    )


def test_equal_settings_are_one_value():
    first, second = (
        geometry((9, 8), (3, 2), stride=2),
        geometry([9, 8], [3, 2], stride=2),
    )
    assert first is second
    assert hash(first) == hash(second)
    assert len({first, second, geometry((9, 8), (3, 2))}) == 2


def test_geometry_is_frozen():
    with pytest.raises(dataclasses.FrozenInstanceError, match="stride"):
        geometry(3, 2).stride = (2,)


def test_replace_is_checked_too():
    g = geometry(5, 3)
    assert dataclasses.replace(g, stride=(2,)) == geometry(5, 3, stride=2)
    with pytest.raises(GeometryError, match="kernel_size must fit the padded input"):
        dataclasses.replace(g, kernel_size=(6,))
    with pytest.raises(
        ShapeError, match="stride must have one entry per axis, 1 in all"
    ):
        dataclasses.replace(g, stride=(1, 1))


@given(geometries())
def test_pickle_gives_back_the_same_geometry(g):
    assert pickle.loads(pickle.dumps(g)) == g


def test_summary_puts_the_numbers_into_the_formula():
    g = geometry((3, 3), (2, 2))
    assert g.summary() == (
        "3x3 input, 2x2 kernel -> 2x2 output: (3 + 2*0 - 2)//1 + 1 = 2 on both axes; "
        "matrix 4x9, 16 stored, 20 structural zeros, 4 free parameters"
    )


def test_summary_tells_unequal_axes_apart():
    g = geometry((3, 7), (2, 3), stride=(1, 2), padding=[(0, 1), 0], dilation=(1, 2))
    text = g.summary()
    assert "axis 0: (3 + 0 + 1 - 2)//1 + 1 = 3" in text
    assert "axis 1: (7 + 2*0 - (2*(3 - 1) + 1))//2 + 1 = 2" in text
    assert "taps dropped by padding" in text


@given(geometries())
def test_summary_is_one_line_with_every_count(g):
    text = g.summary()
    assert "\n" not in text
    for count in (g.nnz, g.untouched, g.free_parameters):
        assert f"{count:,}" in text
