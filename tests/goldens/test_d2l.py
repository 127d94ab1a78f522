"""Numbers of "Dive into Deep Learning" (d2l.ai), chapter on convolutional networks.

The convolutions of its small integers are in tests/test_sliding.py, its matrix in
tests/test_matrix.py; here they are asked of all routes.
"""

from fractions import Fraction

import numpy as np
import pytest

from convmat import conv, conv_kernel_grad, geometry

X, K = np.arange(9).reshape(3, 3), np.arange(4).reshape(2, 2)
EDGES = np.ones((6, 8), int)
EDGES[:, 2:6] = 0


@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        ({}, [[19, 25], [37, 43]]),  # section 7.2, figure 7.2.1
        (  # section 7.3, figure 7.3.2
            {"padding": 1},
            [[0, 3, 8, 4], [9, 19, 25, 10], [21, 37, 43, 16], [6, 7, 8, 0]],
        ),
        ({"padding": 1, "stride": (3, 2)}, [[0, 8], [6, 8]]),  # figure 7.3.3
    ],
    ids=str,
)
def test_small_convolutions_by_every_route(routes_give, settings, expected):
    routes_give(expected, X, K, **settings)


def test_two_input_channels_by_every_route(routes_give):
    # Section 7.4, figure 7.4.1.
    bank = np.stack([K, K + 1])[None]
    routes_give([[[56, 72], [104, 120]]], np.stack([X, X + 1]), bank)


def test_three_output_channels_by_every_route(routes_give):
    # Section 7.4, corr2d_multi_in_out with K, K + 1, K + 2.
    pair = np.stack([K, K + 1])
    bank = np.stack([pair, pair + 1, pair + 2])
    expected = [
        [[56, 72], [104, 120]],
        [[76, 100], [148, 172]],
        [[96, 128], [192, 224]],
    ]
    routes_give(expected, np.stack([X, X + 1]), bank)


def test_vertical_edges_are_found_and_horizontal_ones_are_not(routes_give):
    # Section 7.2: the kernel [1, -1] on the image, and on its transpose.
    routes_give([[0, 1, 0, 0, 0, -1, 0]] * 6, EDGES, [[1, -1]])
    routes_give([[0] * 5] * 8, EDGES.T, [[1, -1]])


@pytest.mark.parametrize(
    ("kernel", "settings", "size"),
    [
        ((3, 3), {"padding": 1}, (8, 8)),
        ((5, 3), {"padding": (2, 1)}, (8, 8)),
        ((3, 3), {"padding": 1, "stride": 2}, (4, 4)),
        ((3, 5), {"padding": (0, 1), "stride": (3, 4)}, (2, 2)),
    ],
    ids=str,
)
def test_output_sizes_of_padding_and_stride(kernel, settings, size):
    # Section 7.3, an input of 8x8.
    assert geometry((8, 8), kernel, **settings).output_size == size


def test_edge_kernel_is_learned_in_ten_steps_of_three_hundredths():
    """Section 7.2.4, from zero instead of at random, and therefore to the digit.

    The squared errors have the Hessian 2 [[18, 12], [12, 18]], of which the kernel
    [1, -1] is an eigenvector with eigenvalue 12. Each step leaves 1 - 0.03 * 12 = 16/25
    of the way to it.
    """
    target = conv(EDGES, [[1, -1]])
    x, kernel = EDGES.astype(object), np.array([[Fraction(0), Fraction(0)]])
    for _ in range(10):
        gap = conv(x, kernel) - target
        kernel = kernel - Fraction(3, 100) * conv_kernel_grad(2 * gap, x, (1, 2))
    reached = 1 - Fraction(16, 25) ** 10
    assert kernel.tolist() == [[reached, -reached]]
    assert round(float(reached), 3) == 0.988
