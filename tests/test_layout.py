"""Batch and channel axes: brought to `(batch, channels, *spatial)` and back."""

import numpy as np
import pytest

from convmat import ShapeError, geometry
from convmat.geometry import Layout, read_beside


@pytest.mark.parametrize(
    ("shape", "channels", "leading"),
    [((3, 4), 1, 0), ((1, 3, 4), 1, 1), ((2, 3, 4), 2, 1), ((5, 2, 3, 4), 2, 2)],
)
def test_layout_brings_an_array_there_and_back(shape, channels, leading):
    array = np.arange(np.prod(shape)).reshape(shape)
    layout, batch = Layout.of("x", array, channels, (3, 4))
    assert layout.leading == leading
    assert batch.shape[1:] == (channels, 3, 4)
    assert np.shares_memory(batch, array)
    assert np.array_equal(layout.restore(batch), array)


def test_a_kernel_with_channels_gives_the_result_a_channel_axis():
    layout, batch = Layout.of("x", np.zeros((3, 4)), 1, (3, 4))
    assert layout.restore(batch).shape == (3, 4)
    assert layout.restore(batch, has_channels=True).shape == (1, 3, 4)


@pytest.mark.parametrize("shape", [(), (3,), (4, 3), (2, 3, 4), (1, 1, 1, 3, 4)])
def test_an_array_of_no_form_is_refused(shape):
    with pytest.raises(ShapeError, match=r"x\.shape must be \(3, 4\), \(1, 3, 4\) or"):
        Layout.of("x", np.zeros(shape), 1, (3, 4))


def test_an_array_without_channels_is_refused_beside_two():
    with pytest.raises(ShapeError, match=r"must be \(2, 3, 4\) or \(batch, 2, 3, 4\)"):
        Layout.of("x", np.zeros((3, 4)), 2, (3, 4))


@pytest.mark.parametrize(
    ("x_shape", "kernel_shape", "expected"),
    [
        ((9,), (3,), geometry(9, 3)),
        ((1, 9), (3,), geometry(9, 3)),
        ((5, 1, 9), (3,), geometry(9, 3)),
        ((9, 9), (3, 3), geometry((9, 9), (3, 3))),
        ((1, 9, 9), (3, 3), geometry((9, 9), (3, 3))),
        ((5, 1, 9, 9), (3, 3), geometry((9, 9), (3, 3))),
        ((9,), (4, 1, 3), geometry((1, 9), (4, 1, 3))),
        ((2, 9), (4, 2, 3), geometry((2, 9), (4, 2, 3))),
        ((5, 2, 9), (4, 2, 3), geometry((2, 9), (4, 2, 3))),
        ((9, 9), (4, 1, 3, 3), geometry((1, 9, 9), (4, 1, 3, 3))),
        ((2, 9, 9), (4, 2, 3, 3), geometry((2, 9, 9), (4, 2, 3, 3))),
        ((5, 2, 9, 9), (4, 2, 3, 3), geometry((2, 9, 9), (4, 2, 3, 3))),
        ((1, 4, 4, 4), (3, 3, 3), geometry((4, 4, 4), (3, 3, 3))),
        ((5, 1, 4, 4, 4), (3, 3, 3), geometry((4, 4, 4), (3, 3, 3))),
    ],
)
def test_ranks_tell_batch_channels_and_space_apart(x_shape, kernel_shape, expected):
    assert read_beside(x_shape, kernel_shape) == expected


def test_three_spatial_axes_without_a_channel_axis_are_told_the_remedy():
    with pytest.raises(ShapeError, match=r"give x its channel axis: x\[None\]"):
        read_beside((4, 4, 4), (3, 3, 3))


@pytest.mark.parametrize(
    ("x_shape", "kernel_shape"),
    [((), (3,)), ((9,), ()), ((9,), (3, 3)), ((1, 1, 1, 9), (3,)), ((9, 9), (3,) * 5)],
)
def test_ranks_that_fit_no_form_are_refused(x_shape, kernel_shape):
    with pytest.raises(ShapeError, match=r"x\.shape must be \(\*spatial\)"):
        read_beside(x_shape, kernel_shape)
