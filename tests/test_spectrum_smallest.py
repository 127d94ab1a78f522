"""Smallest value, condition and rank of large matrices: each proof on small ones."""

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from convmat import conv, conv_matrix, geometry
from convmat.errors import (
    ConvmatError,
    ConvmatTypeError,
    MatrixTooLargeError,
    NotConvergedError,
    ShapeError,
)
from convmat.spectrum import (
    condition_number,
    null_space,
    null_space_apply,
    rank,
    smallest_value,
)
from convmat.spectrum.band import band_width, tall_matrices
from convmat.spectrum.definite import gram
from convmat.spectrum.inertia import count_above
from convmat.spectrum.reading import read
from convmat.spectrum.smallest import ends_of
from convmat.spectrum.triangle import triangle
from convmat.verify.strategies import geometries
from convmat.verify.witnesses import WITNESSES

EPS = float(np.finfo(float).eps)
LIMITS = {"tol": 1e-6, "max_steps": 500, "max_bytes": None}


def drawn(g, seed, kind):
    chance = np.random.default_rng(seed)
    kernel = chance.standard_normal(g.kernel_shape)
    return kernel + 1j * chance.standard_normal(g.kernel_shape) if kind else kernel


def of_groups(given_):
    """The values of each group by NumPy, and a bound on their rounding."""
    parts, rounding = [], 0.0
    g = given_.geometry
    for weights in given_.by_group:
        shape = (g.in_channels // g.groups, *g.input_size)
        W = conv_matrix(weights, shape, **{**g.keywords, "groups": 1}).toarray()
        parts.append(np.linalg.svd(W, compute_uv=False))
        rounding = max(rounding, EPS * sum(W.shape) * float(np.linalg.norm(W)))
    return parts, rounding


def assert_ends_hold(kernel, g):
    given_ = read(kernel, g.input_shape, g.keywords)
    parts, rounding = of_groups(given_)
    least, most = min(part[-1] for part in parts), max(part[0] for part in parts)
    found = ends_of(given_, float(most), **LIMITS)
    scaled = given_.scale
    own = found.smallest
    assert abs(own.value - least * scaled) <= own.error + rounding * scaled
    assert found.low <= (least + rounding) * scaled
    assert found.high >= (most - rounding) * scaled
    assert (own.how == "enclosed") == (found.low > 0)
    return own.how


@pytest.mark.parametrize("name", WITNESSES)
@pytest.mark.parametrize("kind", [0, 1], ids=["real", "complex"])
def test_smallest_value_is_within_its_error_for_witnesses(name, kind):
    g = WITNESSES[name]
    assert assert_ends_hold(drawn(g, 1, kind), g) in ("enclosed", "inverse")


@given(geometries(max_rank=2), st.integers(0, 99), st.integers(0, 1))
@example(geometry((2, 1), (2, 2, 3), padding=1), 0, 0)  # dead taps
@example(geometry((2, 7, 5), (3, 2, 2, 2), stride=3), 0, 0)  # cells never read
@example(geometry((2, 3), (2, 1, 2), groups=2, padding=[(4, 3)]), 0, 0)
def test_ends_are_bounds_for_any_geometry(g, seed, kind):
    assert_ends_hold(drawn(g, seed, kind), g)


def test_most_layers_are_enclosed():
    found = {
        assert_ends_hold(drawn(g, 2, 0), g)
        for g in (
            geometry((3, 9, 9), (5, 3, 3, 3), padding=1),
            geometry((2, 9, 8), (9, 2, 3, 2), stride=2, groups=1),
            geometry((4, 12), (4, 2, 3), padding=1, groups=2, padding_mode="reflect"),
        )
    }
    assert found == {"enclosed"}


def test_proofs_fail_where_there_is_nothing_to_prove():
    g = geometry((3, 9, 9), (5, 3, 3, 3), padding=1)
    given_ = read(drawn(g, 2, 0), g.input_shape, g.keywords)
    (tall,) = tall_matrices(given_, None)
    values = np.linalg.svd(tall.matrix.toarray(), compute_uv=False)
    squares = gram(tall, g, None)
    # From above the least value, no matrix is definite; from below the largest neither.
    assert squares.least(2 * float(values[-1])) == 0.0
    assert squares.most(0.5 * float(values[0])) == np.inf
    assert 0.9 * values[-1] < squares.least(float(values[-1])) <= values[-1]
    assert values[0] <= squares.most(float(values[0])) < 1.1 * values[0]


@given(geometries(max_rank=2), st.integers(0, 99), st.integers(0, 1))
def test_triangle_has_the_values_of_the_matrix(g, seed, kind):
    given_ = read(drawn(g, seed, kind), g.input_shape, g.keywords)
    for tall in tall_matrices(given_, None):
        W = tall.matrix.toarray()
        assert W.shape[0] >= W.shape[1]
        assert tall.width <= band_width(given_)
        found = triangle(tall, g, None)
        if not W.any():
            continue
        columns = W.shape[1]
        eye = np.eye(columns)
        inverse = np.array([found.solve(row) for row in eye]).T
        back = np.array([found.solve(row, adjoint=True) for row in eye]).T
        values = np.linalg.svd(W, compute_uv=False)
        rounding = EPS * sum(W.shape) * float(np.linalg.norm(W)) * 4 + found.moved
        if values[-1] > 1e3 * rounding:
            own = np.sort(1 / np.linalg.svd(inverse, compute_uv=False))[::-1]
            # Inverting multiplies the rounding by what the values spread.
            off = rounding * (1 + own / own[-1])
            assert (np.abs(own - values) <= off).all()
            assert np.abs(back - inverse.conj().T).max() <= (
                rounding / values[-1] ** 2 * values[0] / values[-1]
            )


def test_smallest_value_of_a_large_layer_is_that_of_the_dense_matrix():
    kernel = np.random.default_rng(0).standard_normal((3, 2, 3, 3))
    found = smallest_value(kernel, (2, 21, 20), padding=1)
    truth = np.linalg.svd(
        conv_matrix(kernel, (2, 21, 20), padding=1).toarray(), compute_uv=False
    )
    assert found.how == "enclosed"
    assert abs(found.value - truth[-1]) <= found.error + 1e-12 * truth[0]
    condition = condition_number(kernel, (2, 21, 20), padding=1)
    assert condition.how == "enclosed"
    assert abs(condition.value - truth[0] / truth[-1]) <= condition.error
    assert condition.error <= 1e-2 * condition.value


def test_small_and_circular_layers_have_their_smallest_value_from_all():
    assert smallest_value([3, 4], 1, padding=[(0, 1)]).value == 3.0
    assert smallest_value([1, 2], 3).how == "dense"
    circle = {"padding": [(0, 1)], "padding_mode": "circular"}
    assert smallest_value([3, 1], 600, **circle).how == "fourier"


def test_a_singular_layer_is_not_said_to_have_a_condition_number():
    ones = np.ones((3, 3))  # sums of three lose a wave where the size is 3 n - 1
    found = condition_number(ones, (50, 50), padding=1)
    assert (found.how, found.error) == ("inverse", np.inf)
    assert "rounding hides how near it is" in repr(found)
    least = smallest_value(ones, (50, 50), padding=1)
    assert least.how == "inverse"
    assert least.value <= least.error
    assert "residual" in repr(least)
    assert condition_number(np.zeros((3, 3)), (50, 50), padding=1).value == np.inf


def test_a_group_of_tiny_taps_has_the_smallest_value():
    kernel = np.random.default_rng(4).standard_normal((6, 1, 3))
    kernel[3:] *= 2.0**-500
    found = smallest_value(kernel, (2, 500), padding=1, groups=2)
    alone = smallest_value(kernel[3:] * 2.0**500, (1, 500), padding=1)
    assert alone.how == "enclosed"
    off = (found.error + alone.error * 2.0**-500) * 2.0**500
    assert abs(found.value * 2.0**500 - alone.value) <= off


def test_condition_of_a_scaled_kernel_is_the_same():
    kernel = np.random.default_rng(3).standard_normal((2, 2, 3))
    plain = condition_number(kernel, (2, 500), padding=1)
    for scale in (2.0**600, 2.0**-600):
        scaled = condition_number(kernel * scale, (2, 500), padding=1)
        assert (scaled.value, scaled.error) == (plain.value, plain.error)


@given(geometries(max_rank=2), st.integers(0, 99), st.floats(1e-3, 1.0))
def test_counts_are_those_of_the_values_around_the_threshold(g, seed, share):
    given_ = read(drawn(g, seed, seed % 2), g.input_shape, g.keywords)
    parts, rounding = of_groups(given_)
    for tall, values in zip(tall_matrices(given_, None), parts, strict=True):
        found = count_above(tall, share * float(values[0]), g, None)
        # So many values are at least `low`, all others at most `high`.
        assert (values >= found.low - rounding).sum() >= found.value
        assert (values > found.high + rounding).sum() <= found.value
        assert found.low <= share * values[0] <= found.high


@pytest.mark.parametrize("kind", [0, 1], ids=["real", "complex"])
@pytest.mark.parametrize("share", [0.01, 0.1, 0.5])
def test_counts_hold_over_many_blocks(kind, share):
    g = geometry((2, 150), (2, 2, 3), padding=1)
    given_ = read(drawn(g, 3, kind), g.input_shape, g.keywords)
    (values,), _ = of_groups(given_)
    (tall,) = tall_matrices(given_, None)
    assert tall.width < 20  # blocks are of 32 columns, of 300
    found = count_above(tall, share * float(values[0]), g, None)
    assert found.value == (values > share * values[0]).sum()
    assert 0.9 * share < found.low / values[0] < found.high / values[0] < 1.1 * share


def test_rank_of_a_large_layer_is_counted_and_its_gap_is_shown():
    kernel = np.random.default_rng(0).standard_normal((4, 4, 3, 3))
    kernel[2:] = kernel[:2]  # half of the outputs say nothing new
    found = rank(kernel, (4, 15, 15), padding=1)
    assert (found.value, found.how) == (450, "inertia")
    truth = np.linalg.svd(
        conv_matrix(kernel, (4, 15, 15), padding=1).toarray(), compute_uv=False
    )
    assert truth[450] <= found.largest_dropped
    assert truth[449] >= found.least_kept > 10 * found.largest_dropped
    assert "counted, by the signs of a factorization" in repr(found)
    named = rank(kernel, (4, 15, 15), padding=1, threshold=float(truth[300]) + 1e-6)
    assert named.value == 300


def test_rank_of_large_integers_has_two_ways():
    kernel = np.ones((3, 3), int)
    counted = rank(kernel, (23, 23), padding=1, exact=False)
    exact = rank(kernel, (23, 23), padding=1)
    assert (counted.how, exact.how) == ("inertia", "exact")
    assert counted.value == exact.value == 22 * 22


def test_a_threshold_that_rounding_hides_is_refused():
    kernel = np.random.default_rng(0).standard_normal((2, 2, 3, 3))
    with pytest.raises(ConvmatError, match="threshold must be so large that rounding"):
        rank(kernel, (2, 21, 21), padding=1, threshold=1e-14)
    assert rank(np.zeros((3, 3)), (30, 30), padding=1).value == 0


def test_an_iteration_on_the_inverse_that_stops_early_says_so():
    kernel = np.random.default_rng(1).standard_normal((2, 2, 3, 3))
    with pytest.raises(NotConvergedError, match=r"smallest value not found: .* 1 step"):
        smallest_value(
            np.zeros((3, 3)) + kernel[0, 0], (50, 50), max_steps=1, padding=2
        )


def test_a_value_in_a_cluster_is_enclosed_though_no_direction_settles():
    found = smallest_value([1, 2.1, 1], 3000, padding=1, tol=1e-8)
    truth = 2.1 + 2 * np.cos(np.pi * 3000 / 3001)  # of a tridiagonal Toeplitz matrix
    assert found.how == "enclosed"
    assert abs(found.value - truth) <= found.error <= 1e-5


@pytest.mark.parametrize("call", [smallest_value, condition_number, rank])
def test_a_band_that_does_not_fit_is_refused_before_it_is_laid_out(call):
    with pytest.raises(MatrixTooLargeError, match="the band of geometry"):
        call(np.ones((3, 3)), (60, 60), padding=1, max_bytes=1000)


@given(geometries(max_rank=2), st.integers(0, 99))
@example(geometry((3, 6), (2, 3, 2), stride=2), 0)
def test_the_part_in_the_null_space_is_the_projection_by_a_basis(g, seed):
    kernel = drawn(g, seed, 0)
    x = np.random.default_rng(seed).standard_normal(g.input_shape)
    space = null_space(kernel, g.input_shape, **g.keywords)
    flat = space.basis.reshape(space.dimension, x.size)
    truth = (flat.T @ (flat @ x.reshape(-1))).reshape(x.shape)
    W = conv_matrix(kernel, g.input_shape, **g.keywords).toarray()
    values = np.linalg.svd(W, compute_uv=False)
    kept = values[values > space.threshold]
    if len(kept) and kept[-1] < 1e-2 * kept[0]:
        return  # where rounding swamps it; the law below is another test's
    found = null_space_apply(x, kernel, g.input_shape, **g.keywords)
    # An output of length r leaves an error of at most r / s, s the least value > 0.
    least = kept[-1] if len(kept) else 1.0
    off = (1e-8 * np.linalg.norm(W) * np.linalg.norm(x)) / least
    assert np.linalg.norm(found.x - truth) <= off + 1e-12 * np.linalg.norm(x)


def test_the_part_in_the_null_space_of_a_large_layer_is_mapped_to_zero():
    kernel = np.random.default_rng(1).standard_normal((2, 3, 3, 3))
    x = np.random.default_rng(2).standard_normal((3, 24, 24))
    found = null_space_apply(x, kernel, (3, 24, 24))
    assert np.linalg.norm(conv(found.x, kernel)) <= 1e-5 * np.linalg.norm(x)
    again = null_space_apply(found.x, kernel, (3, 24, 24))
    assert np.linalg.norm(again.x - found.x) <= 1e-6 * np.linalg.norm(x)
    # What is left is at right angles to it.
    assert abs(np.vdot(found.x, x - found.x)) <= 1e-6 * np.vdot(x, x)


def test_parts_of_other_shapes_are_refused():
    with pytest.raises(ShapeError, match=r"x.shape must be \(4,\)"):
        null_space_apply([1, 2], [1, 1], 4)
    with pytest.raises(ConvmatError, match="x must hold finite"):
        null_space_apply([1, np.nan, 0, 0], [1, 1], 4)
    with pytest.raises(ConvmatTypeError, match="tol must be a number"):
        null_space_apply([1, 2, 3, 4], [1, 1], 4, tol="x")
    with pytest.raises(NotConvergedError, match="part in the null space not found"):
        null_space_apply(np.arange(400.0) ** 3, [1, -2, 1], 400, max_steps=2)
