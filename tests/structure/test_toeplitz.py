"""Toeplitz and its relatives: a certificate, or two entries that differ."""

from fractions import Fraction
from itertools import product

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from scipy.linalg import circulant, toeplitz
from scipy.sparse import csr_array

from convmat import conv_matrix, geometry
from convmat.errors import ConvmatError, ConvmatTypeError, ShapeError
from convmat.structure import (
    check_banded,
    check_block_circulant,
    check_block_toeplitz,
    check_circulant,
    check_doubly_block_toeplitz,
    check_toeplitz,
)
from convmat.verify import BOXES

small = hnp.arrays(
    np.int64,
    hnp.array_shapes(min_dims=2, max_dims=2, max_side=4),
    elements=st.integers(0, 1),
)


def by_loops(matrix, around=False):
    """Whether a matrix is Toeplitz, or circulant, by visiting every pair."""
    m, n = matrix.shape
    pairs = product(range(m), range(n))
    if not around:
        pairs = [(r, c) for r, c in pairs if r + 1 < m and c + 1 < n]
    return all(matrix[r, c] == matrix[(r + 1) % m, (c + 1) % n] for r, c in pairs)


def check(verdict, matrix, expected):
    """The verdict is as expected, and a counterexample is one."""
    assert bool(verdict) == expected
    if not verdict:
        assert matrix[verdict.here] == verdict.values[0]
        assert matrix[verdict.there] == verdict.values[1]
        assert verdict.values[0] != verdict.values[1]


@given(small)
def test_toeplitz_is_what_loops_say(matrix):
    check(check_toeplitz(matrix), matrix, by_loops(matrix))
    check(check_toeplitz(csr_array(matrix)), matrix, by_loops(matrix))


@given(
    st.integers(1, 4).flatmap(
        lambda n: hnp.arrays(np.int64, (n, n), elements=st.integers(0, 1))
    )
)
def test_circulant_is_what_loops_say(matrix):
    check(check_circulant(matrix), matrix, by_loops(matrix, around=True))


@given(st.lists(st.integers(-9, 9), min_size=2, max_size=6))
def test_scipys_matrices_are_certified(values):
    assert check_circulant(circulant(values))
    assert check_toeplitz(toeplitz(values))
    assert check_block_circulant(np.kron(circulant(values), [[1, 2], [3, 4]]), 2)
    assert check_block_toeplitz(np.kron(toeplitz(values), [[1, 2, 5]]), (1, 3))


def test_every_convolution_of_stride_1_on_one_channel_is_doubly_block_toeplitz():
    seen = 0
    for g in BOXES["plane"]:
        kernel = np.arange(1, g.free_parameters + 1).reshape(g.kernel_shape)
        W = conv_matrix(kernel, g.input_shape, **g.keywords)
        verdict = check_doubly_block_toeplitz(W, g.input_shape, g.output_shape)
        if set(g.stride) == {1}:
            assert verdict
            assert check_block_toeplitz(W, (g.output_size[1], g.input_size[1]))
            seen += 1
    assert seen > 20


def test_a_circular_convolution_is_block_circulant():
    W = conv_matrix(
        np.arange(1, 10).reshape(3, 3), (4, 5), padding=1, padding_mode="circular"
    )
    assert check_block_circulant(W, 5)
    assert not check_doubly_block_toeplitz(
        conv_matrix([[1, 2]], (4, 5), padding=1, padding_mode="reflect"),
        (4, 5),
        geometry((4, 5), (1, 2), padding=1, padding_mode="reflect").output_shape,
    )


def test_a_block_may_hold_anything_in_a_block_matrix():
    W = np.kron(np.eye(3, dtype=int), [[1, 2], [3, 4]])
    assert check_block_toeplitz(W, 2)
    assert not check_toeplitz(W)
    W[5, 5] = 9
    verdict = check_block_toeplitz(W, 2)
    assert (verdict.here, verdict.there) == ((3, 3), (5, 5))
    assert str(verdict) == (
        "not block Toeplitz: row 3, column 3 holds 4, row 5, column 5 holds 9"
    )


@given(small, st.integers(0, 3), st.integers(0, 3))
def test_banded_is_what_numpy_says(matrix, lower, upper):
    band = np.tril(np.triu(matrix, -lower), upper)
    verdict = check_banded(matrix, lower, upper)
    assert bool(verdict) == np.array_equal(band, matrix)
    ones = np.ones(matrix.shape, int)
    if verdict:
        outside = ones - np.tril(np.triu(ones, -lower), upper)
        assert verdict.comparisons == outside.sum()
    else:
        assert matrix[verdict.here] == verdict.values[0] != 0


def test_comparisons_are_counted():
    assert check_toeplitz(np.ones((3, 5))).comparisons == 2 * 4
    assert check_circulant(np.ones((4, 4))).comparisons == 16
    shapes = (3, 3), (2, 2)
    assert check_doubly_block_toeplitz(np.ones((4, 9)), *shapes).comparisons == 24


def test_fractions_and_tolerances_count():
    third = Fraction(1, 3)
    W = np.array([[third, 0], [0, third]], object)
    assert check_toeplitz(W)
    W[1, 1] += Fraction(1, 10**20)
    assert not check_toeplitz(W)
    assert check_toeplitz(W, tolerance=Fraction(1, 10**19))


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: check_circulant(np.ones((2, 3))), ShapeError, "must be square"),
        (lambda: check_toeplitz([[1, np.nan]]), ConvmatError, "finite numbers only"),
        (
            lambda: check_block_toeplitz(np.eye(4), 3),
            ShapeError,
            r"must be \(rows, columns\) that divide",
        ),
        (
            lambda: check_block_circulant(np.ones((4, 2)), 1),
            ShapeError,
            "as many blocks down as across",
        ),
        (lambda: check_banded(np.eye(2), -1, 0), ConvmatError, "lower must be at"),
        (
            lambda: check_doubly_block_toeplitz(np.eye(4), (2, 2), (4,)),
            ShapeError,
            "as many axes",
        ),
        (
            lambda: check_doubly_block_toeplitz(np.eye(4), (3, 2), (2, 2)),
            ShapeError,
            "input_shape must have as many cells",
        ),
        (lambda: check_toeplitz(np.eye(2), tolerance=-1), ConvmatError, "at least 0"),
        (
            lambda: check_toeplitz(np.eye(2), tolerance="x"),
            ConvmatTypeError,
            "must be a number",
        ),
    ],
    ids=[
        "square",
        "nan",
        "blocks",
        "across",
        "lower",
        "axes",
        "cells",
        "negative",
        "text",
    ],
)
def test_bad_input_is_refused_in_words(call, error, message):
    with pytest.raises(error, match=message):
        call()
