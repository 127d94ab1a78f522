"""`conv_matrix` and `refill`: form, numbers, and SciPy's own special cases."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import linalg, signal, sparse

from convmat import (
    ConvmatError,
    ConvmatTypeError,
    ShapeError,
    conv,
    conv_matrix,
    geometry,
    refill,
    tie_map,
)
from convmat.matrix import matrix_bytes
from convmat.verify.strategies import cases, kernels

D2L = np.arange(9).reshape(3, 3), np.arange(4).reshape(2, 2)


def keywords(g):
    return {
        **g.keywords,
    }


def matrix_of(case):
    g = case.geometry
    return conv_matrix(case.kernel, (g.in_channels, *g.input_size), **keywords(g))


def test_kleinsmiths_matrix():
    W = conv_matrix([[1, 2], [3, 4]], (3, 3))
    assert W.toarray().tolist() == [
        [1, 2, 0, 3, 4, 0, 0, 0, 0],
        [0, 1, 2, 0, 3, 4, 0, 0, 0],
        [0, 0, 0, 1, 2, 0, 3, 4, 0],
        [0, 0, 0, 0, 1, 2, 0, 3, 4],
    ]
    assert (W.nnz, W.shape) == (16, (4, 9))


def test_kleinsmiths_padded_matrix_keeps_the_size_of_the_image():
    W = conv_matrix(np.arange(1, 10).reshape(3, 3), (3, 3), padding=1)
    assert (W.nnz, W.shape) == (49, (9, 9))


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
def test_matrix_gives_the_numbers_of_dive_into_deep_learning(settings, expected):
    x, kernel = D2L
    y = conv_matrix(kernel, x.shape, **settings) @ x.ravel()
    assert y.tolist() == np.ravel(expected).tolist()


def test_two_input_channels_are_summed():
    x, kernel = D2L
    bank = np.stack([kernel, kernel + 1])[None]
    y = conv_matrix(bank, (2, 3, 3)) @ np.stack([x, x + 1]).ravel()
    assert y.tolist() == [56, 72, 104, 120]


def test_transposed_matrix_gives_the_transposed_convolution():
    W = conv_matrix([[1, 2], [3, 4]], (3, 3))
    assert (W.T @ [27, 37, 57, 67]).tolist() == [
        27,
        91,
        74,
        138,
        400,
        282,
        171,
        429,
        268,
    ]
    grid, kernel = np.arange(4), np.arange(4).reshape(2, 2)
    assert (conv_matrix(kernel, (3, 3)).T @ grid).tolist() == [
        0,
        0,
        1,
        0,
        4,
        6,
        4,
        12,
        9,
    ]
    strided = conv_matrix(kernel, (4, 4), stride=2).T @ grid
    assert strided.tolist() == [0, 0, 0, 1, 0, 0, 2, 3, 0, 2, 0, 3, 4, 6, 6, 9]


def test_published_strided_figure_is_wrong_and_the_matrix_right():
    """conv_arithmetic, issue 17: the figure of stride 2 shows other numbers."""
    x = [
        [2, 2, 3, 3, 3],
        [0, 1, 3, 0, 3],
        [2, 3, 0, 1, 3],
        [3, 3, 2, 1, 2],
        [3, 3, 0, 2, 3],
    ]
    W = conv_matrix([[2, 0, 1], [1, 0, 0], [0, 1, 1]], (5, 5), stride=2, padding=1)
    assert (W @ np.ravel(x)).tolist() == [1, 5, 6, 7, 8, 3, 3, 10, 4]


def test_edge_detector_of_dive_into_deep_learning():
    x = np.ones((6, 8), int)
    x[:, 2:6] = 0
    y = conv_matrix([[1, -1]], (6, 8)) @ x.ravel()
    assert y.reshape(6, 7).tolist() == [[0, 1, 0, 0, 0, -1, 0]] * 6


@given(st.integers(1, 6), st.integers(0, 9), st.data())
def test_full_matrix_of_a_flipped_kernel_is_scipys_convolution_matrix(taps, more, data):
    size = taps + more
    kernel = np.array(
        data.draw(st.lists(st.integers(-9, 9), min_size=taps, max_size=taps))
    )
    for mode in ("full", "valid"):
        ours = conv_matrix(kernel[::-1], size, padding=mode).toarray()
        assert np.array_equal(ours, linalg.convolution_matrix(kernel, size, mode))


@given(st.integers(1, 6), st.integers(0, 9), st.integers(0, 5), st.data())
def test_line_of_stride_1_is_toeplitz(taps, more, pad, data):
    size = taps + more
    kernel = np.array(
        data.draw(st.lists(st.integers(-9, 9), min_size=taps, max_size=taps))
    )
    dense = conv_matrix(kernel, size, padding=pad).toarray()
    assert np.array_equal(dense, linalg.toeplitz(dense[:, 0], dense[0]))


@given(cases(max_groups=1, max_channels=1, max_stride=1, max_dilation=1, max_padding=0))
def test_plain_convolution_is_scipys_correlate(case):
    g, kernel, x, _ = case
    image, taps = x[0, 0], kernel[0, 0]
    expected = signal.correlate(image, taps, mode="valid", method="direct")
    y = matrix_of(case) @ image.ravel()
    assert np.array_equal(y.reshape(g.output_size), expected)


@given(cases())
def test_form_is_canonical_and_of_32_bits(case):
    W = matrix_of(case)
    assert isinstance(W, sparse.csr_array)
    assert W.indices.dtype == W.indptr.dtype == np.int32
    assert W.data.dtype == np.int64
    W.check_format(full_check=True)
    rebuilt = sparse.csr_array((W.data, W.indices, W.indptr), shape=W.shape)
    assert rebuilt.has_sorted_indices
    assert rebuilt.has_canonical_format
    assert W.has_canonical_format


def positions(W):
    """Flat positions of the stored entries, in their order."""
    rows = np.repeat(np.arange(W.shape[0]), np.diff(W.indptr))
    return rows * W.shape[1] + W.indices


def tied_positions(g):
    ties = tie_map(g)
    return ties.rows * g.matrix_shape[1] + ties.cols


@given(cases())
def test_zero_taps_are_stored_like_any_other(case):
    g = case.geometry
    W = matrix_of(case._replace(kernel=np.zeros_like(case.kernel)))
    assert W.nnz == g.nnz
    assert not W.data.any()
    assert np.array_equal(positions(W), np.unique(tied_positions(g)))


@given(cases())
def test_dense_matrix_is_the_tie_map_filled_in(case):
    ties = tie_map(case.geometry)
    filled = np.zeros(case.geometry.matrix_shape, int)
    np.add.at(filled, (ties.rows, ties.cols), case.kernel.ravel()[ties.taps])
    assert np.array_equal(matrix_of(case).toarray(), filled)


@pytest.mark.parametrize(
    "dtype", ["float32", "float64", "longdouble", "complex64", "complex128", "int64"]
)
def test_dtype_survives(dtype):
    W = conv_matrix(np.array([1, 2], dtype), 3)
    assert W.dtype == dtype
    assert (W @ np.ones(3, dtype)).dtype == dtype


@pytest.mark.parametrize(
    "dtype", ["int8", "uint8", "int16", "uint16", "int32", "uint32"]
)
def test_integers_of_any_width_become_int64(dtype):
    assert conv_matrix(np.array([100, 120], dtype), 3).dtype == np.int64


def test_matrix_shares_nothing_with_the_kernel_or_with_another_matrix():
    kernel = np.array([1, 2])
    first, second = conv_matrix(kernel, 3), conv_matrix(kernel, 3)
    kernel[:] = 9
    first.data[:] = 8
    first.indices[:] = 0
    assert second.toarray().tolist() == [[1, 2, 0], [0, 1, 2]]
    assert conv_matrix([1, 2], 3).toarray().tolist() == [[1, 2, 0], [0, 1, 2]]


@given(cases())
def test_bytes_are_known_before_the_matrix_is_built(case):
    W = matrix_of(case)
    total = W.data.nbytes + W.indices.nbytes + W.indptr.nbytes
    assert matrix_bytes(case.geometry, W.dtype) == total


@given(cases(), st.data())
def test_refill_is_the_matrix_of_the_new_kernel(case, data):
    g, _, x, _ = case
    W = matrix_of(case)
    kernel = data.draw(kernels(g))
    data_array = W.data
    assert refill(W, kernel, g) is W
    assert W.data is data_array
    expected = conv(x[0], kernel.reshape(g.weight_shape), **keywords(g))
    assert np.array_equal(W @ x[0].ravel(), expected.ravel())


def test_refill_casts_within_a_kind():
    W = conv_matrix(np.array([1.0, 2.0]), 3)
    assert refill(W, [3, 4], geometry(3, 2)).dtype == np.float64
    assert W.toarray().tolist() == [[3, 4, 0], [0, 3, 4]]


def test_refill_refuses_what_an_integer_matrix_cannot_hold():
    W = conv_matrix([1, 2], 3)
    with pytest.raises(ConvmatTypeError, match="kernel must fit the matrix's int64"):
        refill(W, [0.5, 2], geometry(3, 2))
    assert W.toarray().tolist() == [[1, 2, 0], [0, 1, 2]]


@pytest.mark.parametrize(
    "other",
    [
        geometry(4, 2),
        geometry(3, 2, padding=[(0, 1)]),
        geometry(5, 2, stride=3),
        geometry(3, 2, padding=1, stride=3),
        geometry(3, 2, dilation=2, padding=[(0, 1)]),
    ],
    ids=repr,
)
def test_refill_refuses_a_matrix_of_another_geometry(other):
    W = conv_matrix([1, 2], 3)
    with pytest.raises(ShapeError, match="matrix must have the pattern of geometry"):
        refill(W, [3, 4], other)
    assert W.toarray().tolist() == [[1, 2, 0], [0, 1, 2]]


def test_refill_refuses_a_kernel_of_another_shape():
    with pytest.raises(ShapeError, match=r"kernel\.shape must be \(2,\), got .*\(3,\)"):
        refill(conv_matrix([1, 2], 3), [1, 2, 3], geometry(3, 2))


@pytest.mark.parametrize(
    ("dtype", "kernel"),
    [
        (np.int8, [300, 1]),
        (np.int32, [2**40, 1]),
        (np.float32, [1e300, 1.0]),
        (np.complex64, [1e300j, 1.0]),
    ],
)
def test_refill_refuses_what_the_dtype_cannot_hold(dtype, kernel):
    W = conv_matrix([1, 2], 3).astype(dtype)
    with pytest.raises(ConvmatError, match="kernel must fit the matrix's"):
        refill(W, kernel, geometry(3, 2))
    assert W.toarray().real.tolist() == [[1, 2, 0], [0, 1, 2]]


def test_refill_may_round_and_may_carry_infinity():
    W = conv_matrix(np.array([1, 2], np.float32), 3)
    assert refill(W, [0.1, np.inf], geometry(3, 2)).data[0] == np.float32(0.1)


def test_refill_of_read_only_data_is_refused():
    W = conv_matrix([1, 2], 3)
    W.data.flags.writeable = False
    with pytest.raises(ConvmatError, match=r"matrix\.data must be writeable"):
        refill(W, [3, 4], geometry(3, 2))


@pytest.mark.parametrize("stride", [2**28, 2**30])
def test_windows_that_all_lie_in_huge_padding_store_nothing(stride):
    W = conv_matrix([1], 3, stride=stride, padding=[(1, 2**33)])
    assert W.shape == (2**33 // stride + 1, 3)
    assert W.nnz == 0
    assert W.indptr.tolist() == [0] * (W.shape[0] + 1)
