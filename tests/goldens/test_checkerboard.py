"""Overlaps of "Deconvolution and Checkerboard Artifacts" (Odena and others, 2016).

How often a transposed convolution writes to a pixel is the sum of a column of W for a
kernel of ones.
"""

import numpy as np
import pytest

from convmat import conv_matrix


def overlaps(outputs, taps, stride):
    """Of one axis that ends with the last window, or of two such axes."""
    size = tuple((n - 1) * s + k for n, k, s in zip(outputs, taps, stride, strict=True))
    W = conv_matrix(np.ones(taps, int), size, stride=stride)
    return (W.T @ np.ones(W.shape[0], int)).reshape(size)


@pytest.mark.parametrize("taps", range(1, 7))
@pytest.mark.parametrize("stride", range(1, 5))
def test_overlap_is_even_exactly_where_the_stride_divides_the_kernel(taps, stride):
    counts = overlaps((12,), (taps,), (stride,))
    inner = counts[taps:-taps]
    assert (len(set(inner.tolist())) == 1) == (taps % stride == 0)
    assert set(inner.tolist()) <= {taps // stride, -(-taps // stride)}


def test_size_3_stride_2_writes_once_and_twice_by_turns():
    assert overlaps((4,), (3,), (2,)).tolist() == [1, 1, 2, 1, 2, 1, 2, 1, 1]


def test_unevenness_is_squared_in_two_dimensions():
    line, plane = overlaps((4,), (3,), (2,)), overlaps((4, 4), (3, 3), (2, 2))
    assert plane.tolist() == np.multiply.outer(line, line).tolist()
    assert sorted(set(plane.ravel().tolist())) == [1, 2, 4]
