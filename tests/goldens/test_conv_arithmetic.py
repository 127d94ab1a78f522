"""Numbers of "A guide to convolution arithmetic" (arXiv:1603.07285), right and wrong.

The thirteen output sizes are in tests/test_axis.py.
"""

from itertools import product

import numpy as np
import pytest
from scipy import signal

from convmat import conv, conv_input_grad, conv_matrix, geometry
from convmat.geometry import Axis
from convmat.verify import ROUTES

GEOMETRIES = {
    # name of the figure: input, output, padding, kernel, stride, dilation
    "no_padding_no_strides": (4, 2, 0, 3, 1, 1),
    "arbitrary_padding_no_strides": (5, 6, 2, 4, 1, 1),
    "same_padding_no_strides": (5, 5, 1, 3, 1, 1),
    "full_padding_no_strides": (5, 7, 2, 3, 1, 1),
    "no_padding_strides": (5, 2, 0, 3, 2, 1),
    "padding_strides": (5, 3, 1, 3, 2, 1),
    "padding_strides_odd": (6, 3, 1, 3, 2, 1),
    "dilation": (7, 3, 0, 3, 1, 2),
}


@pytest.mark.parametrize("name", GEOMETRIES)
def test_every_animated_convolution_is_scipys_by_every_route(name):
    """SciPy knows neither stride nor dilation: zeros are put in, outputs left out."""
    i, o, p, k, s, d = GEOMETRIES[name]
    g = geometry((i, i), (k, k), padding=p, stride=s, dilation=d)
    assert g.output_size == (o, o)
    x, kernel = np.arange(i * i).reshape(i, i), np.arange(k * k).reshape(k, k) - 3
    spread = np.zeros((d * (k - 1) + 1,) * 2, int)
    spread[::d, ::d] = kernel
    whole = signal.correlate(np.pad(x, p), spread, mode="valid", method="direct")
    expected = whole[::s, ::s].tolist()
    for route in ROUTES.values():
        y = route.apply(kernel.reshape(1, 1, k, k), x.reshape(1, 1, i, i), g)
        assert y.reshape(o, o).tolist() == expected, route.name


@pytest.mark.parametrize("name", [name for name in GEOMETRIES if name != "dilation"])
def test_every_animated_transpose_goes_back_to_the_size_of_the_input(name):
    """Relation 14: `i = s (o - 1) + a + k - 2p` with `a = (i + 2p - k) mod s`."""
    i, o, p, k, s, _ = GEOMETRIES[name]
    a = (i + 2 * p - k) % s
    assert s * (o - 1) + a + k - 2 * p == i
    assert a == (name == "padding_strides_odd")
    grad = np.ones((o, o), int)
    kernel = np.ones((k, k), int)
    assert conv_input_grad(grad, kernel, (i, i), padding=p, stride=s).shape == (i, i)


def test_relation_of_the_output_size_holds_wherever_a_window_fits():
    # Relation 15: o = floor((i + 2p - k - (k - 1)(d - 1)) / s) + 1.
    sizes, pads, strides = range(1, 9), range(4), range(1, 4)
    for i, k, p, s, d in product(sizes, sizes, pads, strides, (1, 2, 3)):
        reach = i + 2 * p - k - (k - 1) * (d - 1)
        if reach >= 0:
            assert Axis(i, k, s, p, p, d).out_size == reach // s + 1
            # The relation counts what there is to count.
            firsts = range(0, i + 2 * p, s)
            assert sum(first <= reach for first in firsts) == reach // s + 1


@pytest.mark.parametrize("n", range(5))
@pytest.mark.parametrize("size", range(1, 12))
def test_half_padding_keeps_the_size_and_full_padding_adds_to_it(n, size):
    # Relations 3 and 4: k = 2n + 1 with p = n, and p = k - 1.
    k = 2 * n + 1
    assert geometry(size, k, padding=n).output_size == (size,)
    assert geometry(size, k, padding="same").padding == ((n, n),)
    assert geometry(size, k, padding=k - 1).output_size == (size + k - 1,)
    assert geometry(size, k, padding="full").padding == ((k - 1, k - 1),)


# Figures 1.1 and 1.2: the same image and kernel without and with stride and padding.
IMAGE = [
    [3, 3, 2, 1, 0],
    [0, 0, 1, 3, 1],
    [3, 1, 2, 2, 3],
    [2, 0, 0, 2, 2],
    [2, 0, 0, 0, 1],
]
KERNEL = [[0, 1, 2], [2, 2, 0], [0, 1, 2]]


def test_numbers_of_the_first_figures_by_every_route(routes_give):
    routes_give([[12, 12, 17], [10, 17, 19], [9, 6, 14]], IMAGE, KERNEL)
    padded = [[6, 17, 3], [8, 17, 13], [6, 4, 4]]
    routes_give(padded, IMAGE, KERNEL, stride=2, padding=1)


# Issue 17 of vdumoulin/conv_arithmetic, confirmed by its authors.
BUG_IMAGE = [
    [2, 2, 3, 3, 3],
    [0, 1, 3, 0, 3],
    [2, 3, 0, 1, 3],
    [3, 3, 2, 1, 2],
    [3, 3, 0, 2, 3],
]
BUG_KERNEL = [[2, 0, 1], [1, 0, 0], [0, 1, 1]]
PUBLISHED = np.array([[1, 6, 5], [7, 10, 9], [7, 10, 8]])


def test_published_picture_of_stride_2_is_wrong_in_six_of_nine_places(routes_give):
    right = np.array([[1, 5, 6], [7, 8, 3], [3, 10, 4]])
    routes_give(right, BUG_IMAGE, BUG_KERNEL, stride=2, padding=1)
    assert (right != PUBLISHED).sum() == 6


def test_published_picture_of_stride_2_shows_the_corner_of_stride_1():
    """Its windows move by 2, its numbers are those of windows that move by 1."""
    y = conv(BUG_IMAGE, BUG_KERNEL, padding=1)
    assert y[:3, :3].tolist() == PUBLISHED.tolist()


def test_caption_of_the_odd_transpose_means_a_3x3_input():
    # Issue 18: the caption of figure 4.7 speaks of a 2x2 input.
    assert geometry((6, 6), (3, 3), stride=2, padding=1).output_size == (3, 3)


def test_matrix_of_the_transposed_chapter_is_four_by_sixteen():
    # Section 4.1 writes it out: w_00 w_01 w_02 0 w_10 ... in the first row.
    dense = conv_matrix(np.arange(1, 10).reshape(3, 3), (4, 4)).toarray()
    first = [1, 2, 3, 0, 4, 5, 6, 0, 7, 8, 9, 0, 0, 0, 0, 0]
    shifts = (0, 1, 4, 5)
    assert dense.tolist() == [np.roll(first, shift).tolist() for shift in shifts]


def test_equivalent_convolution_of_a_transpose_has_the_kernel_turned_round():
    """Theano, issue 5170: the figure with the padded input does not say so.

    At the top left the transpose gives w_00 y_00, and the convolution over the padded
    input, with the kernel as it stands, w_22 y_00.
    """
    y, kernel = np.array([[5, 7], [11, 13]]), np.arange(1, 10).reshape(3, 3)
    transposed = conv_input_grad(y, kernel, (4, 4))
    as_it_stands = conv(y, kernel, padding="full")
    assert transposed[0, 0] == kernel[0, 0] * y[0, 0]
    assert as_it_stands[0, 0] == kernel[2, 2] * y[0, 0]
    turned = conv(y, kernel[::-1, ::-1], padding="full")
    assert transposed.tolist() == turned.tolist()


def test_size_that_the_stride_does_not_divide_is_no_reason_to_refuse(routes_give):
    """CNN Explainer, issue 59, refuses input 4, padding 1, kernel 3, stride 2.

    It wants (4 + 2 - 3) / 2 to be an integer; the relation takes the floor.
    """
    x, ones = np.arange(16).reshape(4, 4), np.ones((3, 3), int)
    routes_give([[10, 24], [51, 90]], x, ones, padding=1, stride=2)
