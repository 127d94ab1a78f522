"""`conv` and its gradients: published numbers, SciPy's, and the forms of arrays."""

import numpy as np
import pytest
from hypothesis import given
from scipy import ndimage, signal

from convmat import ShapeError, conv, conv_input_grad, conv_kernel_grad
from convmat.verify.strategies import cases

X, K = np.arange(9).reshape(3, 3), np.arange(4).reshape(2, 2)


@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        ({}, [[19, 25], [37, 43]]),
        (
            {"padding": 1},
            [[0, 3, 8, 4], [9, 19, 25, 10], [21, 37, 43, 16], [6, 7, 8, 0]],
        ),
        ({"padding": 1, "stride": (3, 2)}, [[0, 8], [6, 8]]),
    ],
    ids=str,
)
def test_conv_gives_the_numbers_of_dive_into_deep_learning(settings, expected):
    assert conv(X, K, **settings).tolist() == expected


def test_two_input_channels_are_summed():
    y = conv(np.stack([X, X + 1]), np.stack([K, K + 1])[None])
    assert y.tolist() == [[[56, 72], [104, 120]]]


def test_input_gradient_gives_the_transposed_convolution():
    grid = np.arange(4).reshape(2, 2)
    assert conv_input_grad(grid, K, (3, 3)).tolist() == [
        [0, 0, 1],
        [0, 4, 6],
        [4, 12, 9],
    ]
    assert conv_input_grad(grid, K, (4, 4), stride=2).tolist() == [
        [0, 0, 0, 1],
        [0, 0, 2, 3],
        [0, 2, 0, 3],
        [4, 6, 6, 9],
    ]


def test_kernel_is_not_flipped():
    assert conv([0, 0, 1, 0, 0], [1, 2, 3]).tolist() == [3, 2, 1]


def test_dilation_of_conv_arithmetic_reads_every_other_pixel():
    x = np.arange(49).reshape(7, 7)
    y = conv(x, [[1, 0, 0], [0, 0, 0], [0, 0, 1]], dilation=2)
    assert y.tolist() == (x[:3, :3] + x[4:, 4:]).tolist()


@given(cases(max_groups=1, max_channels=1, max_stride=1, max_dilation=1, max_padding=0))
def test_plain_convolution_is_scipys_correlate(case):
    _, kernel, x, _ = case
    y = conv(x[:1], kernel)
    expected = signal.correlate(x[0, 0], kernel[0, 0], mode="valid", method="direct")
    assert np.array_equal(y[0, 0], expected)


def test_zero_padding_is_that_of_ndimage():
    x, kernel = np.arange(30).reshape(5, 6), np.arange(9).reshape(3, 3)
    expected = ndimage.correlate(x, kernel, mode="constant")
    assert np.array_equal(conv(x, kernel, padding="same"), expected)


def test_result_has_the_axes_of_the_input():
    kernel, bank = np.ones((2, 2), int), np.ones((5, 1, 2, 2), int)
    assert conv(np.ones((3, 4), int), kernel).shape == (2, 3)
    assert conv(np.ones((1, 3, 4), int), kernel).shape == (1, 2, 3)
    assert conv(np.ones((7, 1, 3, 4), int), kernel).shape == (7, 1, 2, 3)
    assert conv(np.ones((3, 4), int), bank).shape == (5, 2, 3)
    assert conv(np.ones((1, 3, 4), int), bank).shape == (5, 2, 3)
    assert conv(np.ones((7, 1, 3, 4), int), bank).shape == (7, 5, 2, 3)


def test_input_gradient_has_the_axes_of_the_input():
    kernel, bank = np.ones((2, 2), int), np.ones((5, 1, 2, 2), int)
    assert conv_input_grad(np.ones((2, 3), int), kernel, (3, 4)).shape == (3, 4)
    batch = np.ones((7, 5, 2, 3), int)
    assert conv_input_grad(batch, bank, (1, 3, 4)).shape == (7, 1, 3, 4)
    assert conv_input_grad(batch[0], bank, (1, 3, 4)).shape == (1, 3, 4)


def test_kernel_gradient_has_the_shape_that_is_asked_for():
    x, grad = np.ones((7, 1, 3, 4), int), np.ones((7, 1, 2, 3), int)
    assert conv_kernel_grad(grad, x, (2, 2)).shape == (2, 2)
    assert conv_kernel_grad(grad, x, (1, 1, 2, 2)).shape == (1, 1, 2, 2)
    assert conv_kernel_grad([1, 1], [1, 2, 3], 2).tolist() == [3, 5]


def test_wide_integers_do_not_wrap():
    x = np.full((3, 3), 255, np.uint8)
    assert conv(x, np.full((3, 3), 255, np.uint8)).tolist() == [[9 * 255 * 255]]


def test_bias_is_one_number_beside_a_kernel_without_channels():
    assert conv([1, 2], [1], 5).tolist() == [6, 7]
    assert conv([1, 2], [1], [5]).tolist() == [6, 7]


def test_bias_is_one_number_per_output_channel():
    y = conv(np.ones((1, 2), int), np.ones((3, 1, 1), int), [10, 20, 30])
    assert y.tolist() == [[11, 11], [21, 21], [31, 31]]


def test_integer_kernel_beside_a_float_image_gives_floats():
    assert conv(np.array([0.5, 1.5]), [2]).tolist() == [1.0, 3.0]
    assert (
        conv(np.array([0.5], np.float32), np.array([2], np.float32)).dtype == np.float32
    )


@pytest.mark.parametrize("shape", [(3,), (2, 2), (1, 1, 3), (2, 1, 2)])
def test_kernel_gradient_refuses_a_gradient_of_another_shape(shape):
    with pytest.raises(ShapeError, match=r"grad\.shape must be"):
        conv_kernel_grad(np.ones(shape, int), [1, 2, 3], (2,))


@pytest.mark.parametrize("shape", [(2,), (1, 2), (4, 1, 2), (3, 1, 3)])
def test_kernel_gradient_refuses_a_gradient_of_another_batch(shape):
    with pytest.raises(ShapeError, match=r"grad\.shape must be"):
        conv_kernel_grad(np.ones(shape, int), np.ones((3, 1, 3), int), (2,))
