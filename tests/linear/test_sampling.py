"""`subsample_matrix` and `upsample_matrix`, against slices and np.repeat."""

from itertools import product

import numpy as np
from hypothesis import example, given
from hypothesis import strategies as st

from convmat import conv_matrix, geometry
from convmat.linear import (
    avg_pool_matrix,
    subsample_matrix,
    sum_pool_matrix,
    upsample_matrix,
)
from convmat.verify.rounding import gamma
from convmat.verify.strategies import geometries


def cells(shape):
    return np.arange(1, np.prod(shape) + 1).reshape(shape)


def assert_equal(left, right):
    assert left.shape == right.shape
    assert (left != right).nnz == 0


@st.composite
def samplings(draw):
    """A shape, one factor for each spatial axis, and zeros after the last cell."""
    factors = draw(st.lists(st.integers(1, 4), min_size=1, max_size=3))
    size = [draw(st.integers(1, 5)) for _ in factors]
    channels = draw(st.sampled_from([(), (1,), (2,)]))
    trailing = [draw(st.integers(0, factor - 1)) for factor in factors]
    return (*channels, *size), factors, trailing


WITNESSES = [
    ((1,), [4], [3]),
    ((5,), [2], [0]),
    ((2, 3), [3], [1]),
    ((3, 2), [2, 3], [1, 0]),
    ((2, 1, 4, 2), [3, 1, 2], [2, 0, 1]),
]


@example(WITNESSES[0])
@example(WITNESSES[1])
@example(WITNESSES[2])
@example(WITNESSES[3])
@example(WITNESSES[4])
@given(samplings())
def test_subsampling_is_a_slice_with_steps(case):
    shape, steps, _ = case
    x = cells(shape)
    expected = x[(..., *[slice(None, None, s) for s in steps])].ravel()
    S = subsample_matrix(shape, steps)
    assert np.array_equal(S @ x.ravel(), expected)
    assert S.shape == (expected.size, x.size)
    assert S.nnz == expected.size


@example(WITNESSES[0])
@example(WITNESSES[1])
@example(WITNESSES[2])
@example(WITNESSES[3])
@example(WITNESSES[4])
@given(samplings())
def test_upsampling_by_zeros_fills_every_so_many_cells(case):
    shape, factors, trailing = case
    x = cells(shape)
    leading = len(shape) - len(factors)
    size = [
        (n - 1) * f + 1 + more
        for n, f, more in zip(shape[leading:], factors, trailing, strict=True)
    ]
    expected = np.zeros((*shape[:leading], *size), int)
    expected[(..., *[slice(None, None, f) for f in factors])] = x
    U = upsample_matrix(shape, factors, trailing=trailing)
    assert np.array_equal(U @ x.ravel(), expected.ravel())
    assert U.nnz == x.size


@example(WITNESSES[0])
@example(WITNESSES[2])
@example(WITNESSES[3])
@example(WITNESSES[4])
@given(samplings())
def test_upsampling_by_the_nearest_repeats_cells(case):
    shape, factors, _ = case
    x = cells(shape)
    expected = x
    for axis, factor in enumerate(factors, start=len(shape) - len(factors)):
        expected = np.repeat(expected, factor, axis)
    U = upsample_matrix(shape, factors, kind="nearest")
    assert np.array_equal(U @ x.ravel(), expected.ravel())


@given(samplings())
def test_subsampling_is_the_transpose_of_upsampling_by_zeros(case):
    shape, factors, trailing = case
    leading = len(shape) - len(factors)
    size = [
        (n - 1) * f + 1 + more
        for n, f, more in zip(shape[leading:], factors, trailing, strict=True)
    ]
    S = subsample_matrix((*shape[:leading], *size), factors)
    U = upsample_matrix(shape, factors, trailing=trailing)
    assert_equal(S, U.T.tocsr())
    assert np.array_equal((S @ U).toarray(), np.eye(U.shape[1]))


def test_every_size_is_upsampled_from_what_it_is_subsampled_to():
    for size, factor in product(range(1, 13), range(1, 6)):
        kept = subsample_matrix(size, factor).shape[0]
        trailing = size - ((kept - 1) * factor + 1)
        assert 0 <= trailing < factor
        assert upsample_matrix(kept, factor, trailing=trailing).shape == (size, kept)


@given(samplings())
def test_upsampling_by_the_nearest_is_undone_by_average_pooling(case):
    shape, factors, _ = case
    leading = len(shape) - len(factors)
    size = [n * f for n, f in zip(shape[leading:], factors, strict=True)]
    U = upsample_matrix(shape, factors, kind="nearest")
    assert_equal(U.T.tocsr(), sum_pool_matrix((*shape[:leading], *size), factors))
    A = avg_pool_matrix((*shape[:leading], *size), factors)
    # A sum of m terms, each rounded once as 1/m: a product and m - 1 additions.
    m = int(np.prod(factors))
    apart = np.abs((A @ U).toarray() - np.eye(U.shape[1]))
    assert np.all(apart <= (gamma(m) if m & (m - 1) else 0))


def kernel_of(g):
    return np.arange(1, g.free_parameters + 1).reshape(g.kernel_shape)


@example(geometry(6, 3, stride=4))  # the stride leaves a cell over
@example(geometry(3, 2, stride=5))  # and is longer than the kernel
@example(
    geometry((4, 5, 6), (2, 2, 3, 2), groups=2, stride=(2, 3), padding=[(1, 0), 2])
)
@given(geometries())
def test_convolution_with_a_stride_is_one_without_and_then_subsampling(g):
    settings = g.keywords | {"stride": 1}
    whole = geometry(g.input_shape, g.kernel_shape, **settings)
    kernel = kernel_of(g)
    S = subsample_matrix(whole.output_shape, g.stride)
    product_ = S @ conv_matrix(kernel, g.input_shape, **settings)
    assert_equal(product_, conv_matrix(kernel, g.input_shape, **g.keywords))


def test_blurred_and_subsampled_is_the_strided_blur():
    blur = np.outer([1, 2, 1], [1, 2, 1])
    image = np.random.default_rng(0).integers(0, 256, (9, 8))
    B = conv_matrix(blur, (9, 8), padding=1, padding_mode="reflect")
    S = subsample_matrix((9, 8), (2, 2))
    whole = np.pad(image, 1, "reflect")
    slow = [
        [np.sum(blur * whole[r : r + 3, c : c + 3]) for c in range(0, 8, 2)]
        for r in range(0, 9, 2)
    ]
    assert (S @ (B @ image.ravel())).reshape(5, 4).tolist() == slow
