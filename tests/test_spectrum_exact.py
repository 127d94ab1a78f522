"""Exact determinants, ranks and null spaces: primes beside fractions beside floats."""

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from convmat import ConvmatError, ConvmatTypeError, conv, geometry, tie_map
from convmat.spectrum import determinant, null_space, rank
from convmat.spectrum.bareiss import null_vectors, reduced
from convmat.spectrum.elimination import Band, eliminated
from convmat.spectrum.exact import exact_of, exact_rank
from convmat.spectrum.order import orders
from convmat.spectrum.primes import inverses, joined, primes
from convmat.verify.strategies import geometries, kernels

SQUARE = [
    geometry(6, 3, padding=1),
    geometry((4, 5), (3, 3), padding=1),
    geometry((5, 3), (2, 4), padding=[(1, 0), (2, 1)]),
    geometry((2, 4, 3), (2, 2, 3, 3), padding=1),
    geometry((4, 5), (4, 2, 3), padding=1, groups=2),
    geometry((2, 4), (2, 2, 3), padding=2, dilation=2),
    geometry((1, 4), (2, 1, 2), stride=2),
    geometry((2, 3, 2), (2, 2, 1, 1)),
    geometry((1, 1), (3, 3), padding=1),
    geometry((2, 5), (2, 2, 3), padding=1, padding_mode="reflect"),
    geometry((2, 5), (2, 2, 3), padding=1, padding_mode="replicate"),
    geometry((3, 4), (3, 2), padding=[1, (1, 0)], padding_mode="circular"),
    geometry((2, 5), (2, 2, 3), padding=1, padding_mode="circular"),
    geometry(3, 1, stride=2, padding=[(1, 1)], padding_mode="circular"),
]


def entries(kernel, g):
    """The matrix in Python's own numbers, of any size."""
    ties = tie_map(g)
    whole = np.zeros(g.matrix_shape, object)
    np.add.at(whole, (ties.rows, ties.cols), kernel.reshape(-1)[ties.taps])
    return whole


def by_fractions(matrix):
    """The determinant by the textbook's elimination."""
    rows = [[Fraction(entry) for entry in row] for row in matrix.tolist()]
    product = Fraction(1)
    for column in range(len(rows)):
        pivot = next((r for r in range(column, len(rows)) if rows[r][column]), None)
        if pivot is None:
            return 0
        if pivot != column:
            rows[column], rows[pivot] = rows[pivot], rows[column]
            product = -product
        product *= rows[column][column]
        for row in rows[column + 1 :]:
            factor = row[column] / rows[column][column]
            for place in range(column, len(rows)):
                row[place] -= factor * rows[column][place]
    return product


@pytest.mark.parametrize("g", SQUARE, ids=repr)
@pytest.mark.parametrize("kind", ["small", "large", "fractions"])
def test_determinant_by_primes_is_that_by_fractions(g, kind):
    chance = np.random.default_rng(7)
    for _ in range(3):
        kernel = chance.integers(-4, 5, g.kernel_shape).astype(object)
        if kind == "large":
            kernel = kernel * 10**30 + chance.integers(-9, 9, g.kernel_shape)
        elif kind == "fractions":
            kernel = kernel * Fraction(1, 6) + Fraction(2, 7)
        found = determinant(kernel, g.input_shape, **g.keywords)
        assert found.how == "exact"
        assert found.value == by_fractions(entries(kernel, g))
        assert found.sign == (found.value > 0) - (found.value < 0)


def test_determinant_around_a_circle_is_the_product_of_its_blocks():
    kernel = np.random.default_rng(1).integers(-9, 10, (2, 2, 3, 3))
    circle = {"padding": 1, "padding_mode": "circular"}
    exact = determinant(kernel, (2, 8, 7), **circle)
    blocks = determinant(kernel, (2, 8, 7), exact=False, **circle)
    assert (exact.how, blocks.how) == ("exact", "fourier")
    assert abs(exact.log_abs - blocks.log_abs) <= exact.error + blocks.error
    assert exact.sign == blocks.sign


def test_determinant_of_a_triangle_is_a_power():
    assert determinant([-2, 1], 301, padding=[(0, 1)]).value == -(2**301)
    assert (
        determinant([[0, 3], [1, 7]], (6, 6), padding=[(0, 1), (1, 0)]).value == 3**36
    )
    assert determinant([10**400], 3).value == 10**1200
    assert determinant([0, 0, 0], 4, padding=1).value == 0
    assert determinant([Fraction(1, 3)], 4).value == Fraction(1, 81)


def test_sums_around_a_circle_lose_their_determinant_only_where_the_size_is_even():
    circle = {"padding": [(0, 1)], "padding_mode": "circular"}
    for size in range(2, 12):
        assert determinant([1, 1], size, **circle).value == (2 if size % 2 else 0)


def test_exact_is_a_matter_of_the_numbers_that_came():
    square = {"padding": 1}
    assert determinant([1.0, 2.0, 1.0], 5, **square).value is None
    assert determinant([1, 2, 1], 5, exact=False, **square).value is None
    assert determinant([1, 2, 1], 5, **square).value == 6
    with pytest.raises(ConvmatTypeError, match=r"kernel must hold integers or Frac"):
        determinant([1.0, 2.0], 5, padding=[(0, 1)], exact=True)
    with pytest.raises(ConvmatTypeError, match="exact must be True, False, or None"):
        rank([1, 2], 5, exact=1)
    with pytest.raises(ConvmatError, match="threshold must be left out"):
        rank([1, 2], 5, exact=True, threshold=0.1)


def test_large_matrices_are_left_to_floats_unless_asked():
    kernel = np.random.default_rng(0).integers(-9, 10, (3, 3))
    assert determinant(kernel, (40, 40), padding=1).how == "dense"


@given(st.data())
@example(None)
def test_three_ways_to_a_rank_agree(data):
    if data is None:
        g, kernel = geometry((4, 4), (2, 2), stride=2), np.array([[1, 2], [2, 4]])
    else:
        g = data.draw(geometries(max_rank=2), label="geometry")
        kernel = data.draw(kernels(g, np.int64), label="kernel")
    found = rank(kernel, g.input_shape, **g.keywords)
    assert (found.how, found.proved) == ("exact", True)
    held = exact_of(kernel, g, asked=True, max_bytes=None)
    assert found.value == sum(len(reduced(m)[1]) for m in held.matrices())
    floats = rank(kernel, g.input_shape, exact=False, **g.keywords)
    # Small integers: what rounding can't tell from 0 is 0.
    assert found.value == floats.value


@given(st.data())
def test_exact_null_vectors_are_mapped_to_zero_and_are_as_many_as_the_rank_leaves(data):
    g = data.draw(geometries(max_rank=2), label="geometry")
    kernel = data.draw(kernels(g, np.int64), label="kernel")
    space = null_space(kernel, g.input_shape, exact=True, **g.keywords)
    flat = space.basis.reshape(space.dimension, g.matrix_shape[1])
    assert (entries(kernel, g) @ flat.T == 0).all()
    found = rank(kernel, g.input_shape, **g.keywords)
    assert space.dimension + found.value == g.matrix_shape[1]
    assert len(reduced(flat)[1]) == space.dimension
    for x in space.basis[:2]:
        assert (conv(x, kernel.astype(object), **g.keywords) == 0).all()


def test_rank_of_fractions_and_of_equal_channels_is_exact():
    one = np.array([Fraction(1, 3), Fraction(-1, 7)], object)
    assert rank(np.stack([[one], [3 * one]]), (1, 6)).value == 5
    assert rank(one, 6).value == 5


def test_a_rank_too_long_to_prove_is_said_to_be_a_lower_bound(monkeypatch):
    from convmat.spectrum import exact

    monkeypatch.setattr(exact, "_LONG", 1)
    found = rank([1, 1], 8, padding=[(0, 1)], padding_mode="circular", exact=True)
    assert (found.value, found.proved) == (7, False)
    assert repr(found) == "Rank(at least 7, exact, modulo primes)"


def test_an_unlucky_prime_does_not_lower_the_rank():
    p = int(primes(1)[0])  # where the elimination begins
    kernel = np.array([p, 1], object)
    assert rank(np.array([p], object), 3).value == 3
    held = exact_of(
        np.array([[[p]], [[1]]], object), geometry((1, 3), (2, 1, 1)), **ASKED
    )
    assert exact_rank(held, quick=False) == (3, True)
    assert determinant(kernel, 4, padding=[(0, 1)]).value == p**4


ASKED = {"asked": True, "max_bytes": None}


@given(st.integers(1, 6), st.integers(1, 6), st.integers(0, 999))
def test_elimination_modulo_small_primes_is_that_without_fractions(m, n, seed):
    chance = np.random.default_rng(seed)
    matrix = chance.integers(-3, 4, (m, n)) * (chance.random((m, n)) < 0.5)
    rows, cols = np.nonzero(matrix)
    band, order, places = Band.of((m, n), rows, cols)
    moduli = np.array([3, 5, 7, 2**31 - 1])
    residues = matrix[rows, cols][places] % moduli[:, None]
    found = eliminated(band, residues, moduli)
    for prime, value, determinant_ in zip(
        moduli.tolist(), found.ranks, found.determinants, strict=True
    ):
        assert value == rank_modulo(matrix, prime)
        if m == n:
            sorted_ = matrix[order].astype(object)
            assert determinant_ == by_fractions(sorted_) % prime


def rank_modulo(matrix, prime):
    rows = [[int(entry) % prime for entry in row] for row in matrix]
    found = 0
    for column in range(matrix.shape[1]):
        pivot = next((r for r in range(found, len(rows)) if rows[r][column]), None)
        if pivot is None:
            continue
        rows[found], rows[pivot] = rows[pivot], rows[found]
        inverse = pow(rows[found][column], -1, prime)
        for row in rows[found + 1 :]:
            factor = row[column] * inverse
            for place in range(matrix.shape[1]):
                row[place] = (row[place] - factor * rows[found][place]) % prime
        found += 1
    return found


def test_primes_are_prime_and_put_numbers_together():
    found = primes(5000).tolist()
    assert found == sorted(set(found), reverse=True)
    assert min(found) > 2**30.9
    for prime in found[:: len(found) // 10]:
        assert all(prime % small for small in range(2, 46341))
    for value in (0, 1, -1, 10**40, -(10**45)):
        assert joined([value % p for p in found[:6]], found[:6]) == value
    numbers = np.array([5, 0, 9])
    moduli = np.array([7, 7, 11])
    assert (inverses(numbers, moduli) * numbers % moduli).tolist() == [1, 0, 1]


def test_null_vectors_have_no_common_divisor():
    assert null_vectors(np.array([[4, -2, 6]], object)).tolist() == [
        [1, 2, 0],
        [-3, 0, 2],
    ]
    assert null_vectors(np.zeros((2, 2), object)).tolist() == [[1, 0], [0, 1]]


@given(geometries())
def test_orders_of_a_band_are_permutations(g):
    rows, columns = orders(g)
    assert sorted(rows) == list(range(g.matrix_shape[0] // g.groups))
    assert sorted(columns) == list(range(g.matrix_shape[1] // g.groups))


def test_null_spaces_that_can_not_be_exact_are_refused():
    with pytest.raises(ConvmatTypeError, match="kernel must hold integers"):
        null_space([1.0, -1.0], 4, exact=True)
    with pytest.raises(ConvmatError, match="exact must be False for matrices as large"):
        null_space(np.ones((3, 3), int), (40, 40), exact=True)
    with pytest.raises(ConvmatError, match="threshold must be left out"):
        null_space([1, -1], 4, exact=True, threshold=0.0)
