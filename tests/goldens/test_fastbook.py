"""Numbers of chapter 13 of "Deep Learning for Coders with fastai" (fastbook).

Its digits are MNIST, which is not here; everything that hangs on no image is.
"""

from itertools import pairwise
from math import prod

import numpy as np
import pytest

from convmat import ShapeError, conv, conv_matrix, geometry
from convmat.nn import Conv

TOP_EDGE = [[-1, -1, -1], [0, 0, 0], [1, 1, 1]]
LEFT_EDGE = [[-1, 1, 0], [-1, 1, 0], [-1, 1, 0]]
DIAGONAL_1 = [[0, -1, 1], [-1, 1, 0], [1, 0, 0]]
DIAGONAL_2 = [[1, -1, 0], [0, 1, -1], [0, 0, 1]]
EDGES = np.array([TOP_EDGE, LEFT_EDGE, DIAGONAL_1, DIAGONAL_2])

CHANNELS = [1, 4, 8, 16, 32, 2]  # of the network that tells 3 from 7
SIZES = [28, 14, 7, 4, 2, 1]


def layers():
    """The geometry of each of its layers: kernel 3, stride 2, padding 1."""
    steps = zip(CHANNELS[:-1], CHANNELS[1:], SIZES[:-1], strict=True)
    for into, out_of, size in steps:
        shapes = (into, size, size), (out_of, into, 3, 3)
        yield geometry(*shapes, stride=2, padding=1)


def test_sum_of_the_first_figure_is_94_point_2():
    # The kernel .1, .2, ... .9 at the pixel 18 of an image numbered from 1.
    image, tenths = np.arange(1, 50).reshape(7, 7), np.arange(1, 10).reshape(3, 3)
    y = conv(image, tenths)
    row, column = np.argwhere(image == 18)[0] - 1  # windows go by their first pixel
    assert y[row, column] == 942


def test_top_edge_subtracts_the_upper_row():
    # Issues 292 and 437: the text had a1+a2+a3-a7-a8-a9.
    row = conv_matrix(TOP_EDGE, (3, 3)).toarray()[0]
    assert row.tolist() == [-1, -1, -1, 0, 0, 0, 1, 1, 1]


def test_diagonal_edge_kernels_answer_to_plain_brightness():
    # Their entries sum to 1, those of the other two to 0.
    flat = np.full((1, 5, 5), 7)
    y = conv(flat, EDGES[:, None])
    assert [np.unique(channel).tolist() for channel in y] == [[0], [0], [7], [7]]


def test_four_edges_of_a_batch_of_64_digits():
    images = np.zeros((64, 1, 28, 28), int)
    assert conv(images, EDGES[:, None]).shape == (64, 4, 26, 26)


def test_channels_come_as_out_in_and_not_as_the_text_has_them():
    # The text: "[channels_in, features_out, rows, columns]".
    x = np.zeros((1, 3, 8, 8), int)
    assert conv(x, np.zeros((5, 3, 2, 2), int)).shape == (1, 5, 7, 7)
    with pytest.raises(ShapeError, match=r"in_channels = 3 on its second"):
        conv(x, np.zeros((3, 5, 2, 2), int))


def test_windows_of_3_in_an_image_of_5_have_3x3_centres():
    # The text's range(1, 5) makes them 4x4; range(1, 4) is right.
    assert geometry((5, 5), (3, 3)).output_size == (3, 3)


@pytest.mark.parametrize("size", range(1, 30))
def test_output_size_of_padding_1_stride_2_kernel_3(size):
    assert geometry(size, 3, padding=1, stride=2).output_size == ((size + 1) // 2,)


@pytest.mark.parametrize("taps", range(1, 9))
def test_half_a_kernel_of_padding_keeps_the_size_where_it_is_odd(taps):
    even = taps % 2 == 0
    kept = geometry(9, taps, padding=taps // 2).output_size
    assert kept == ((10,) if even else (9,))
    before, after = geometry(9, taps, padding="same").padding[0]
    assert after - before == even


def test_sizes_halve_down_to_one():
    assert [g.output_size[0] for g in layers()] == SIZES[1:]


def test_parameters_of_the_network():
    rng = np.random.default_rng(0)
    counts = [
        sum(array.size for array in Conv(a, b, (3, 3), rng=rng).parameters.values())
        for a, b in pairwise(CHANNELS)
    ]
    assert counts == [40, 296, 1_168, 4_640, 578]
    assert sum(counts) == 6_722
    assert counts == [g.free_parameters + g.out_channels for g in layers()]


def test_parameters_of_the_network_for_ten_digits():
    # Kernels of 5, then 3; the same with batch normalisation has 30,542.
    banks = [(8, 1, 5), (16, 8, 3), (32, 16, 3), (64, 32, 3), (10, 64, 3)]
    plain = sum(o * i * k * k + o for o, i, k in banks)
    rng = np.random.default_rng(0)
    made = [Conv(i, o, (k, k), rng=rng).parameters for o, i, k in banks]
    assert sum(a.size for arrays in made for a in arrays.values()) == plain == 30_282
    assert plain + 2 * sum(o for o, _, _ in banks) == 30_542


def test_multiplications_go_by_the_outputs_and_not_by_the_inputs():
    """Issue 539: the text multiplies the taps with the grid of the input.

    It has 56,448 for the second and for the third layer alike.
    """
    right = [g.matrix_shape[0] * g.taps_per_row for g in layers()]
    assert right == [7_056, 14_112, 18_432, 18_432, 576]
    published = [g.free_parameters * prod(g.input_size) for g in list(layers())[1:3]]
    assert published == [14 * 14 * 288, 7 * 7 * 1_152] == [56_448, 56_448]


def test_multiplications_without_the_zeros_of_padding():
    """A stored entry is one multiplication: the squares of those of one axis."""
    per_pair = [g.nnz // (g.in_channels * g.out_channels) for g in layers()]
    assert per_pair == [1_681, 400, 100, 25, 4]
    assert per_pair == [n * n for n in (41, 20, 10, 5, 2)]
    padded = [g.nnz + g.dropped for g in layers()]
    pairs = [g.in_channels * g.out_channels for g in layers()]
    counted = [n // pair for n, pair in zip(padded, pairs, strict=True)]
    assert counted == [1_764, 441, 144, 36, 9]
    built = conv_matrix(np.ones((4, 1, 3, 3)), (1, 28, 28), stride=2, padding=1)
    assert built.nnz == 4 * 1_681
