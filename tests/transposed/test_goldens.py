"""Numbers that others have published, and relations between them."""

import numpy as np
import pytest

from convmat import conv, conv_matrix, geometry
from convmat.geometry import transposed_geometry
from convmat.transposed import conv_transpose, conv_transpose_matrix, stretched

SQUARE = [[0, 1], [2, 3]]


def test_numbers_of_dive_into_deep_learning():
    once = [[0, 0, 1], [0, 4, 6], [4, 12, 9]]
    twice = [[0, 0, 0, 1], [0, 0, 2, 3], [0, 2, 0, 3], [4, 6, 6, 9]]
    assert conv_transpose(SQUARE, SQUARE).tolist() == once
    assert conv_transpose(SQUARE, SQUARE, stride=2).tolist() == twice
    assert conv_transpose(SQUARE, SQUARE, padding=1).tolist() == [[4]]


def test_matrix_of_dive_into_deep_learning():
    kernel, x = [[1, 2], [3, 4]], np.arange(9).reshape(3, 3)
    y = conv(x, kernel)
    expected = [[27, 91, 74], [138, 400, 282], [171, 429, 268]]
    W = conv_matrix(kernel, (3, 3))
    assert (W.T @ y.ravel()).reshape(3, 3).tolist() == expected
    matrix = conv_transpose_matrix(kernel, y.shape)
    assert matrix.shape == (9, 4)
    assert (matrix @ y.ravel()).reshape(3, 3).tolist() == expected
    assert conv_transpose(y, kernel).tolist() == expected


# Of "A guide to convolution arithmetic": input, output, padding, kernel, stride.
GUIDE = {
    "no padding, no strides": (4, 2, 0, 3, 1),
    "arbitrary padding": (5, 6, 2, 4, 1),
    "same padding": (5, 5, 1, 3, 1),
    "full padding": (5, 7, 2, 3, 1),
    "no padding, strides": (5, 2, 0, 3, 2),
    "padding, strides": (5, 3, 1, 3, 2),
    "padding, strides, odd": (6, 3, 1, 3, 2),
}


def test_dilated_geometry_of_the_guide():
    assert geometry((7, 7), (3, 3), dilation=2).output_size == (3, 3)


@pytest.mark.parametrize(("i", "o", "p", "k", "s"), GUIDE.values(), ids=GUIDE)
def test_geometries_of_the_guide_and_their_transposes(i, o, p, k, s):
    paired = geometry((i, i), (k, k), stride=s, padding=p)
    assert paired.output_size == (o, o)
    a = (i + 2 * p - k) % s
    assert i == s * (o - 1) + a + k - 2 * p
    settings = {"stride": s, "padding": p}
    assert paired == transposed_geometry((o, o), (k, k), output_padding=a, **settings)
    direct = stretched(paired).geometry
    assert direct == geometry((s * (o - 1) + 1 + a,) * 2, (k, k), padding=k - p - 1)
    assert direct.output_size == (i, i)


def test_extra_cells_lie_on_the_far_side():
    # A figure of the guide has them on the near side (its issue 11).
    y, kernel = np.arange(1, 10).reshape(3, 3), np.arange(1, 10).reshape(3, 3)
    direct = stretched(
        transposed_geometry((3, 3), (3, 3), stride=2, padding=1, output_padding=1)
    )
    wide = direct.input(y)
    assert not wide[-1].any()
    assert not wide[:, -1].any()
    flipped, settings = direct.kernel(kernel), direct.keywords
    right = conv_transpose(y, kernel, stride=2, padding=1, output_padding=1)
    assert np.array_equal(conv(wide, flipped, **settings), right)
    near = np.roll(wide, 1, axis=(0, 1))
    assert not np.array_equal(conv(near, flipped, **settings), right)


def test_the_direct_convolution_needs_the_flipped_kernel():
    # Figures show the stretched input and do not say that the kernel is flipped.
    y, kernel = np.array([[1, 2], [3, 4]]), np.array([[1, 2], [3, 4]])
    direct = stretched(transposed_geometry((2, 2), (2, 2)))
    right = conv_transpose(y, kernel)
    wide, settings = direct.input(y), direct.keywords
    assert np.array_equal(conv(wide, kernel[::-1, ::-1], **settings), right)
    assert not np.array_equal(conv(wide, kernel, **settings), right)


def test_overlaps_are_even_where_the_stride_divides_the_kernel():
    # The checkerboard of Odena et al. (2016): how often each cell is written.
    even = conv_transpose(np.ones(5, int), np.ones(4, int), stride=2)
    uneven = conv_transpose(np.ones(5, int), np.ones(3, int), stride=2)
    assert even.tolist() == [1, 1, 2, 2, 2, 2, 2, 2, 2, 2, 1, 1]
    assert uneven.tolist() == [1, 1, 2, 1, 2, 1, 2, 1, 2, 1, 1]
