"""`convolution_matrix`, against SciPy and NumPy, for every mode and size."""

from itertools import product

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import linalg, signal

from convmat import ShapeError, conv, conv_matrix
from convmat.linear import convolution_matrix, crop_matrix

MODES = ("full", "same", "valid")
modes = pytest.mark.parametrize("mode", MODES)


def numbers(shape, seed=1):
    return np.random.default_rng(seed).integers(-9, 10, shape)


def fits_valid(size, kernel):
    more = [k - n for n, k in zip(size, kernel, strict=True)]
    return not min(more) < 0 < max(more)


def assert_as_scipy(size, kernel_size, mode, kernel=None):
    kernel = numbers(kernel_size, 7) if kernel is None else kernel
    x = numbers(size)
    expected = signal.convolve(x, kernel, mode, method="direct")
    C = convolution_matrix(kernel, size, mode)
    assert C.shape == (expected.size, x.size), (size, kernel_size, mode)
    assert np.array_equal(C @ x.ravel(), expected.ravel()), (size, kernel_size, mode)


@modes
def test_every_short_line_is_scipys_convolution(mode):
    for size, taps in product(range(1, 8), repeat=2):
        assert_as_scipy((size,), (taps,), mode)


@modes
def test_planes_of_all_relations_are_scipys_convolution(mode):
    count = 0
    for size in product(range(1, 5), repeat=2):
        for taps in product(range(1, 5), repeat=2):
            if mode != "valid" or fits_valid(size, taps):
                assert_as_scipy(size, taps, mode)
                count += 1
    # Of the 16 pairs on an axis 10 have k <= n, 10 have k >= n, and 4 have both.
    assert count == (10**2 + 10**2 - 4**2 if mode == "valid" else 16**2)


@modes
@given(st.data())
def test_any_rank_is_scipys_convolution(mode, data):
    rank = data.draw(st.integers(1, 4))
    sizes = st.tuples(*[st.integers(1, 4)] * rank)
    size, taps = data.draw(sizes), data.draw(sizes)
    if mode == "valid":
        low, high = np.minimum(size, taps), np.maximum(size, taps)
        pair = [tuple(map(int, high)), tuple(map(int, low))]
        size, taps = pair if data.draw(st.booleans()) else pair[::-1]
    assert_as_scipy(size, taps, mode)


@modes
def test_complex_kernels_are_not_conjugated(mode):
    kernel = numbers((2, 3)) + 1j * numbers((2, 3), 2)
    assert_as_scipy((4, 5), (2, 3), mode, kernel)
    assert convolution_matrix(kernel, (4, 5), mode).dtype == np.complex128


@pytest.mark.parametrize("mode", ["full", "valid"])
def test_lines_are_scipys_convolution_matrix(mode):
    for size, taps in product(range(1, 9), repeat=2):
        kernel = numbers(taps) + 10
        ours = convolution_matrix(kernel, size, mode).toarray()
        assert np.array_equal(ours, linalg.convolution_matrix(kernel, size, mode))


def test_same_lines_are_scipys_matrix_while_the_kernel_is_no_longer_than_the_input():
    for taps, more in product(range(1, 8), range(8)):
        kernel = numbers(taps) + 10
        ours = convolution_matrix(kernel, taps + more, "same").toarray()
        expected = linalg.convolution_matrix(kernel, taps + more, "same")
        assert np.array_equal(ours, expected)


def test_of_a_longer_kernel_scipys_two_packages_keep_different_outputs():
    """`scipy.signal` keeps as many as the input has, `scipy.linalg` as the kernel."""
    for size, more in product(range(1, 7), range(1, 7)):
        taps = size + more
        kernel = numbers(taps) + 10
        assert convolution_matrix(kernel, size, "same").shape == (size, size)
        theirs = linalg.convolution_matrix(kernel, size, "same")
        assert theirs.shape == (taps, size)
        first = (size - 1) // 2
        C = crop_matrix(size + taps - 1, [(first, size - 1 - first)])
        ours = C @ convolution_matrix(kernel, size, "full")
        assert np.array_equal(ours.toarray(), theirs)
        assert np.array_equal(
            ours @ numbers(size), np.convolve(kernel, numbers(size), "same")
        )


@given(st.integers(1, 4), st.integers(1, 4), st.integers(1, 5))
def test_full_convolutions_in_a_row_are_one_with_the_convolved_kernel(first, second, n):
    a, b = numbers(first), numbers(second, 2)
    one_by_one = convolution_matrix(b, n + first - 1) @ convolution_matrix(a, n)
    at_once = convolution_matrix(np.convolve(a, b), n)
    assert np.array_equal(one_by_one.toarray(), at_once.toarray())


def test_full_convolution_multiplies_polynomials():
    a, b = np.array([2, 0, -1]), np.array([3, 5])
    assert np.array_equal(convolution_matrix(a, 2) @ b, np.polymul(a, b))


def test_full_convolution_is_the_transpose_of_the_valid_correlation():
    kernel = numbers((2, 3))
    full = convolution_matrix(kernel, (3, 2), "full")
    assert (full != conv_matrix(kernel, (4, 4)).T.tocsr()).nnz == 0


def test_a_kernel_flipped_once_more_is_the_correlation():
    kernel, x = numbers((2, 3)), numbers((5, 5), 3)
    C = convolution_matrix(kernel[::-1, ::-1], (5, 5), "valid")
    assert np.array_equal((C @ x.ravel()).reshape(4, 3), conv(x, kernel))
    expected = signal.correlate(x, kernel, "valid", method="direct")
    assert np.array_equal(conv(x, kernel), expected)


def test_valid_needs_one_of_the_two_to_fit_the_other():
    with pytest.raises(ValueError, match="one must be at least as large as the other"):
        signal.convolve(np.ones((2, 3)), np.ones((3, 2)), "valid")
    with pytest.raises(
        ShapeError,
        match=r"kernel\.shape must be at most the input's or at least the input's on "
        r"every axis beside mode='valid' and input_shape=\(2, 3\), "
        r"got kernel\.shape=\(3, 2\); use mode='full' and crop_matrix",
    ):
        convolution_matrix(np.ones((3, 2)), (2, 3), "valid")
