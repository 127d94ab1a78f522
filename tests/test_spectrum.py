"""Singular values: three ways to them, and the laws that tie the ways together."""

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st

from convmat import (
    conv_matrix,
    conv_transpose_matrix,
    geometry,
    singular_values,
    spectral_norm,
    tie_map,
)
from convmat.errors import (
    ConvmatError,
    ConvmatTypeError,
    MatrixTooLargeError,
    NotConvergedError,
    ShapeError,
)
from convmat.geometry import PADDING_MODES
from convmat.spectrum import (
    condition_number,
    determinant,
    null_space,
    pseudo_inverse_apply,
    rank,
    squared_frobenius,
)
from convmat.spectrum.axes import blocks_of
from convmat.spectrum.lanczos import start
from convmat.spectrum.reading import read
from convmat.verify.strategies import geometries, kernels
from convmat.verify.witnesses import WITNESSES

EPS = float(np.finfo(float).eps)


def dense(kernel, g):
    return conv_matrix(kernel, g.input_shape, **g.keywords).toarray()


def dense_svd(kernel, g):
    """NumPy's values of the whole matrix, and a bound on their rounding."""
    W = dense(kernel, g)
    values = np.linalg.svd(W, compute_uv=False)
    return values, EPS * sum(W.shape) * np.linalg.norm(W)


def drawn(g, seed=0, dtype=np.float64):
    chance = np.random.default_rng(seed)
    kernel = chance.standard_normal(g.kernel_shape)
    if np.dtype(dtype).kind == "c":
        kernel = kernel + 1j * chance.standard_normal(g.kernel_shape)
    return kernel.astype(dtype)


@st.composite
def circles(draw):
    """Axes on which the matrix falls into blocks: with strides, pads, dilation."""
    rank_ = draw(st.integers(1, 3))
    most = {1: 8, 2: 4, 3: 3}[rank_]
    size, kernel, stride, pads, dilation = [], [], [], [], []
    for _ in range(rank_):
        n, k = draw(st.integers(1, most)), draw(st.integers(1, 4))
        s, d = draw(st.integers(1, 3)), draw(st.integers(1, 2))
        outs = draw(st.integers(1, 2)) * n // np.gcd(n, s)
        whole = (outs - 1) * s + d * (k - 1) + 1 - n  # cells of padding in all
        before = draw(st.integers(0, min(n, max(0, whole))))
        size.append(n)
        kernel.append(k)
        stride.append(s)
        dilation.append(d)
        # Padding in mode circular reaches once around at most; and none is negative.
        pads.append((before, min(n, max(0, whole - before))))
    groups = draw(st.integers(1, 2))
    into, out_of = draw(st.integers(1, 2)), draw(st.integers(1, 3))
    padded = [n + sum(pad) for n, pad in zip(size, pads, strict=True)]
    for axis, cells in enumerate(padded):
        kernel[axis] = min(kernel[axis], (cells - 1) // dilation[axis] + 1)
    return geometry(
        (into * groups, *size),
        (out_of * groups, into, *kernel),
        stride=tuple(stride),
        padding=pads,
        dilation=tuple(dilation),
        groups=groups,
        padding_mode="circular",
    )


def circular(shape, kernel, **settings):
    return geometry(shape, kernel, padding_mode="circular", **settings)


@given(circles(), st.sampled_from([np.float64, np.complex128]), st.integers(0, 99))
@example(circular((2, 4, 6), (3, 2, 3, 2), padding=[1, (0, 1)]), np.float64, 0)
@example(circular((4, 6), (2, 2, 2), stride=2, groups=2), np.complex128, 0)
@example(circular(3, 2, stride=2, padding=[(1, 3)]), np.float64, 0)  # outputs twice
@example(circular(2, 5, padding=[(2, 2)], dilation=1), np.float64, 0)  # wraps
@example(circular((1, 1), (3, 3), padding=1), np.float64, 0)  # size-1 axes
@example(circular((5, 4), (2, 2), padding=[(1, 0), (0, 1)]), np.float64, 0)
@example(circular(6, 2, stride=4, padding=[(3, 3)]), np.float64, 0)
def test_blocks_have_the_values_of_the_dense_matrix(g, dtype, seed):
    kernel = drawn(g, seed, dtype)
    found = singular_values(kernel, g.input_shape, **g.keywords)
    truth, rounding = dense_svd(kernel, g)
    assert found.how == ("dense" if blocks_of(g) is None else "fourier")
    assert found.complete
    assert (np.abs(found.values - truth) <= found.errors + rounding).all()
    norm = spectral_norm(kernel, g.input_shape, **g.keywords)
    assert abs(norm.value - truth[0]) <= norm.error + rounding


def test_all_small_circles_fall_into_blocks_and_keep_their_values():
    met = set()
    for n in range(1, 7):
        for k in range(1, 4):
            for stride in (1, 2, 3):
                for pads in ((0, 0), (1, 0), (0, 1), (1, 1)):
                    if n + sum(pads) < k or max(pads) > n:
                        continue
                    g = circular(n, k, stride=stride, padding=[pads])
                    kernel = drawn(g, n)
                    found = singular_values(kernel, n, **g.keywords)
                    truth, rounding = dense_svd(kernel, g)
                    assert (
                        np.abs(found.values - truth) <= found.errors + rounding
                    ).all()
                    met.add((found.how, g.output_size[0] * stride == n))
    assert ("fourier", True) in met
    assert all(how == "fourier" for how, whole in met if whole)


@given(geometries(max_rank=2), st.integers(0, 99))
@example(geometry((2, 6, 4), (3, 2, 2, 2), stride=2), 0)  # no two windows meet
@example(geometry((2, 7, 5), (3, 2, 2, 2), stride=3), 0)  # cells that are never read
@example(geometry(4, 2, dilation=2), 0)  # interleaved windows
@example(geometry((1, 1), (3, 3), padding=1), 0)  # dead taps
@example(geometry((2, 3), (2, 1, 2), groups=2, padding=[(4, 3)]), 0)  # padding alone
@example(geometry(2, 1, stride=2, padding=[(1, 0)]), 0)
@example(geometry(2, 1, stride=3, padding=[(2, 0)]), 0)
def test_any_geometry_has_the_values_of_its_dense_matrix(g, seed):
    kernel = drawn(g, seed)
    found = singular_values(kernel, g.input_shape, **g.keywords)
    truth, rounding = dense_svd(kernel, g)
    assert (np.abs(found.values - truth) <= found.errors + rounding).all()


@pytest.mark.parametrize("name", WITNESSES)
def test_lanczos_finds_the_largest_values_of_the_dense_matrix(name):
    g = WITNESSES[name]
    kernel = drawn(g)
    given_ = read(kernel, g.input_shape, g.keywords)
    run = start(g, given_.weights, 64)
    for _ in range(64):
        run.step()
    value = run.largest() * given_.scale
    truth, rounding = dense_svd(kernel, g)
    assert abs(value - truth[0]) <= 100 * rounding  # 64 steps, each of two products


@pytest.mark.parametrize("mode", PADDING_MODES)
@pytest.mark.parametrize("dtype", [np.float64, np.complex128])
def test_an_iteration_is_within_its_residual_of_the_truth(mode, dtype):
    g = geometry(
        (2, 21, 22),
        (2, 2, 3, 2),
        stride=(1, 2),
        padding=[(2, 1), (0, 1)],
        padding_mode=mode,
    )
    kernel = drawn(g, 3, dtype)
    found = singular_values(kernel, g.input_shape, count=5, tol=1e-9, **g.keywords)
    assert (found.how, found.complete, len(found)) == ("lanczos", False, 5)
    truth, rounding = dense_svd(kernel, g)
    assert (np.abs(found.values - truth[:5]) <= found.errors + rounding).all()
    assert (found.errors <= 1e-9 * found.values[0]).all()


def test_an_iteration_finds_values_as_often_as_they_occur():
    kernel = np.outer([1, 2, 1], [1, 2, 1])  # a square of it: axes may be exchanged
    g = geometry((22, 22), (3, 3), padding=1)
    found = singular_values(kernel, (22, 22), count=6, padding=1)
    truth, rounding = dense_svd(kernel, g)
    assert found.how == "lanczos"
    assert truth[1] - truth[2] <= 2 * rounding  # they do occur twice
    assert (np.abs(found.values - truth[:6]) <= found.errors + rounding).all()


def test_equal_groups_give_each_value_twice_in_an_iteration():
    one = np.random.default_rng(5).standard_normal((1, 1, 3, 3))
    found = singular_values(
        np.concatenate([one, one]), (2, 24, 24), count=4, groups=2, padding=1
    )
    alone = singular_values(one, (1, 24, 24), count=2, padding=1)
    expected = np.repeat(alone.values, 2)
    assert (
        np.abs(found.values - expected) <= 2 * (found.errors + alone.errors.max())
    ).all()


@given(geometries(max_rank=2), st.integers(0, 99))
def test_groups_are_a_union(g, seed):
    kernel = drawn(g, seed)
    found = singular_values(kernel, g.input_shape, **g.keywords)
    per_group = g.out_channels // g.groups
    inputs = g.in_channels // g.groups
    parts = []
    weights = kernel.reshape(g.weight_shape)
    for group in range(g.groups):
        own = weights[group * per_group : (group + 1) * per_group]
        shape = (inputs, *g.input_size)
        parts.append(singular_values(own, shape, **{**g.keywords, "groups": 1}).values)
    union = np.sort(np.concatenate(parts))[::-1]
    assert (np.abs(found.values - union) <= 2 * found.errors).all()


@given(geometries(max_rank=2), st.integers(0, 99))
def test_the_transpose_has_the_same_values(g, seed):
    kernel = drawn(g, seed)
    W = dense(kernel, g)
    found = singular_values(kernel, g.input_shape, **g.keywords)
    truth = np.linalg.svd(W.T, compute_uv=False)
    rounding = EPS * sum(W.shape) * np.linalg.norm(W)
    assert (np.abs(found.values - truth) <= found.errors + rounding).all()


def test_a_transposed_convolution_has_the_values_of_its_pair():
    kernel = drawn(geometry((3, 6), (2, 3, 3)), 1)
    found = singular_values(kernel, (3, 13), stride=2, padding=1)
    paired = conv_transpose_matrix(kernel, (2, 7), stride=2, padding=1).toarray()
    assert paired.shape == (39, 14)
    truth = np.linalg.svd(paired, compute_uv=False)
    assert (
        np.abs(found.values - truth) <= 2 * found.errors + EPS * 53 * truth[0]
    ).all()


@given(st.data())
def test_the_sum_of_squares_is_that_of_the_entries_exactly(data):
    g = data.draw(geometries(max_rank=2), label="geometry")
    dtype = data.draw(st.sampled_from([np.int64, object]), label="dtype")
    kernel = data.draw(kernels(g, dtype), label="kernel")
    total = squared_frobenius(kernel, g.input_shape, **g.keywords)
    ties = tie_map(g)
    entries = np.zeros(g.matrix_shape, object)
    np.add.at(entries, (ties.rows, ties.cols), kernel.reshape(-1)[ties.taps])
    assert total == (entries**2).sum()
    if not g.shared:
        multiplicities = ties.multiplicity.reshape(-1).astype(object)
        assert total == multiplicities @ kernel.reshape(-1).astype(object) ** 2
    found = singular_values(kernel, g.input_shape, **g.keywords)
    slack = 2 * found.errors * found.values + found.errors**2
    # The sum adds a rounding for each of its terms.
    bound = slack.sum() + EPS * (len(found) + 2) * float(total)
    assert abs((found.values**2).sum() - float(total)) <= bound


def test_the_sum_of_squares_of_large_integers_does_not_wrap():
    assert squared_frobenius([2**40, 1], 3) == 2 * (2**80 + 1)
    assert squared_frobenius([Fraction(1, 3), 1], 2) == Fraction(10, 9)


@pytest.mark.parametrize("scale", [2.0**-700, 2.0**700])
@pytest.mark.parametrize(
    "settings", [{}, {"padding": 1}, {"padding": 1, "padding_mode": "circular"}]
)
def test_values_scale_with_the_kernel_however_small_or_large(scale, settings):
    kernel = drawn(geometry((2, 22, 22), (3, 2, 3, 3)))
    plain = singular_values(kernel, (2, 22, 22), count=2, **settings)
    scaled = singular_values(kernel * scale, (2, 22, 22), count=2, **settings)
    assert np.array_equal(scaled.values, plain.values * scale)
    assert np.array_equal(scaled.errors, plain.errors * scale)


def test_a_kernel_of_zeros_has_values_of_zero():
    for settings in ({"padding": 1}, {"padding": 1, "padding_mode": "circular"}):
        found = singular_values(np.zeros((3, 3)), (30, 30), count=3, **settings)
        assert found.values.tolist() == [0.0, 0.0, 0.0]
        assert rank(np.zeros((3, 3)), (5, 5), **settings).value == 0
    assert condition_number([0], 3).value == np.inf


def test_results_say_how_they_were_obtained_and_are_read_only():
    found = singular_values([1, 2], 3)
    assert repr(found).startswith("Spectrum(all 2 of a 2x3 matrix, 2.64575 to 1.73205")
    assert "exact up to rounding, by a dense decomposition: error at most" in repr(
        found
    )
    norm = spectral_norm(np.ones((3, 3)), (30, 30))
    assert norm.how == "lanczos"
    assert "iterative, by Golub-Kahan Lanczos: residual" in repr(norm)
    assert f"after {norm.steps} steps" in repr(norm)
    with pytest.raises(ValueError, match="read-only"):
        found.values[0] = 0
    assert np.asarray(found).tolist() == found.values.tolist()


def test_an_iteration_that_stops_early_says_so_with_its_residual():
    kernel = drawn(geometry((3, 32, 32), (4, 3, 3, 3)))
    with pytest.raises(
        NotConvergedError,
        match=r"residual is .* after 7 steps, and .*more steps by max_steps",
    ) as e:
        spectral_norm(kernel, (3, 32, 32), max_steps=7)
    assert e.value.residual > e.value.tol
    assert e.value.estimate.how == "lanczos"
    true = spectral_norm(kernel, (3, 32, 32))
    assert e.value.estimate.values[0] <= true.value + true.error
    with pytest.raises(NotConvergedError, match="pseudo-inverse not found: the res"):
        pseudo_inverse_apply(np.ones((4, 30, 30)), kernel, (3, 32, 32), max_steps=2)


@given(geometries(max_rank=2), st.integers(0, 99))
@example(geometry((2, 1), (2, 2, 3), padding=1), 0)
def test_rank_and_null_space_fill_the_input(g, seed):
    kernel = drawn(g, seed)
    found = rank(kernel, g.input_shape, **g.keywords)
    space = null_space(kernel, g.input_shape, **g.keywords)
    W = dense(kernel, g)
    assert found.value + space.dimension == W.shape[1]
    assert space.basis.shape == (space.dimension, *g.input_shape)
    flat = space.basis.reshape(space.dimension, W.shape[1])
    rounding = EPS * sum(W.shape) * max(1.0, float(np.linalg.norm(W)))
    assert (np.abs(flat @ flat.T - np.eye(space.dimension)) <= rounding).all()
    assert (np.linalg.norm(W @ flat.T, axis=0) <= space.threshold + rounding).all()


def test_rank_is_that_of_differences_around_a_circle():
    circle = {"padding": [(0, 1)], "padding_mode": "circular"}
    found = rank([1.0, -1.0], 9, **circle)
    assert (found.value, found.how) == (8, "fourier")
    assert rank([1, -1], 9, exact=False, **circle) == found
    assert rank([1.0, -1.0], 9, padding=[(0, 1)]).value == 9
    space = null_space([1, -1], 9, padding=[(0, 1)], padding_mode="circular")
    assert space.dimension == 1
    assert np.ptp(space.basis) <= 100 * EPS


@given(geometries(max_rank=2), st.integers(0, 99))
def test_condition_number_is_the_quotient_of_the_outermost_values(g, seed):
    kernel = drawn(g, seed)
    found = condition_number(kernel, g.input_shape, **g.keywords)
    truth, rounding = dense_svd(kernel, g)
    if found.error < np.inf and truth[-1] > 2 * rounding:
        least, most = truth[-1], truth[0]
        off = most / least * rounding * (1 / (least - rounding) + 1 / most) * 2
        assert abs(found.value - most / least) <= found.error + off
    else:
        assert truth[-1] <= 1e-9 * truth[0]


SQUARE = [
    geometry(6, 3, padding=1),
    geometry((2, 4, 3), (2, 2, 3, 3), padding=1),
    circular((2, 4, 3), (2, 2, 3, 3), padding=1),
    circular((2, 4, 6), (2, 2, 3, 2), padding=[1, (1, 0)]),
    circular((4, 5), (4, 2, 3), padding=1, groups=2),
    circular((1, 4), (2, 1, 2), stride=2),  # square through its channels
    circular((2, 5), (2, 2, 1)),
    geometry((2, 3, 2), (2, 2, 1, 1)),
    geometry((4, 3), (4, 2, 1), groups=2),
    circular(6, 1),
    circular(6, 3, padding=1),  # where pads turn the sign
    circular((3, 4), (3, 3, 2), padding=[(1, 0)]),
    circular(3, 1, stride=2, padding=[(1, 1)]),  # a circle's cells in another order
    circular((2, 5), (2, 2, 1), stride=3, padding=[(4, 4)]),
    geometry(3, 1, stride=2, padding=[(2, 1)], padding_mode="symmetric"),  # mirrored
]


@pytest.mark.parametrize("g", SQUARE, ids=repr)
@pytest.mark.parametrize("dtype", [np.float64, np.complex128])
@pytest.mark.parametrize("seed", [0, 1, 2])
def test_determinant_is_that_of_the_dense_matrix(g, dtype, seed):
    kernel = drawn(g, seed, dtype)
    found = determinant(kernel, g.input_shape, **g.keywords)
    sign, size = np.linalg.slogdet(dense(kernel, g))
    condition = condition_number(kernel, g.input_shape, **g.keywords).value
    rounding = 10 * EPS * g.matrix_shape[0] ** 2 * condition
    assert abs(found.log_abs - size) <= rounding
    assert abs(found.sign - sign) <= rounding


def test_determinants_come_by_blocks_where_coordinates_agree():
    floats = [1.0, 2.0, 4.0]
    found = determinant(floats, 8, padding=1, padding_mode="circular")
    assert (found.how, found.value) == ("fourier", None)
    assert determinant(floats, 8, padding=1).how == "dense"
    assert determinant([0], 3).log_abs == -np.inf


@pytest.mark.parametrize("times", [1, 1000])
@pytest.mark.parametrize(
    ("kernel", "size", "keywords"),
    [
        ([1, -1], 6, {"padding": [(0, 1)], "padding_mode": "circular"}),
        ([1, 1], 8, {"padding": [(0, 1)], "padding_mode": "circular"}),
        ([1, -1, 1], 5, {"padding": 1}),  # singular with zeros, too
    ],
)
def test_determinant_of_a_singular_matrix_is_said_to_be_unknown(
    kernel, size, keywords, times
):
    many = times * np.array(kernel, float)
    assert np.linalg.matrix_rank(conv_matrix(many, size, **keywords).toarray()) < size
    assert determinant(many, size, **keywords).error == np.inf


@pytest.mark.parametrize("g", SQUARE, ids=repr)
def test_error_of_a_determinant_bounds_its_distance_from_the_exact_one(g):
    sympy = pytest.importorskip("sympy")
    kernel = np.random.default_rng(5).integers(-9, 10, g.kernel_shape)
    exact = sympy.Matrix(dense(kernel, g).tolist()).det()
    found = determinant(kernel, g.input_shape, exact=False, **g.keywords)
    if not exact:
        assert found.error == np.inf
        return
    assert found.sign == (1 if exact > 0 else -1)
    assert abs(found.log_abs - float(sympy.log(abs(exact)))) <= found.error < 1e-9


def test_determinant_of_zeros_is_known():
    assert determinant([0], 3).error == 0.0


@given(geometries(max_rank=2), st.integers(0, 99))
@example(geometry((2, 5), (3, 2, 3), padding=1), 0)
@example(geometry((3, 6), (2, 3, 2), stride=2), 0)
def test_pseudo_inverse_is_that_of_the_dense_matrix(g, seed):
    kernel = drawn(g, seed)
    W = dense(kernel, g)
    values = np.linalg.svd(W, compute_uv=False)
    small = values[values > 0]
    beyond = small[small > 1e-9 * values[0]]
    assume(len(beyond) and beyond[-1] >= 1e-2 * values[0])  # or rounding swamps it
    y = np.random.default_rng(seed).standard_normal(g.output_shape)
    found = pseudo_inverse_apply(y, kernel, g.input_shape, tol=1e-12, **g.keywords)
    truth = (np.linalg.pinv(W, rcond=1e-9) @ y.reshape(-1)).reshape(g.input_shape)
    # A residual r leaves an error of at most r |W| |y| / s**2, s the least value > 0.
    off = max(found.residual, 1e-12) * values[0] * np.linalg.norm(y) / beyond[-1] ** 2
    assert np.linalg.norm(found.x - truth) <= 10 * off


@pytest.mark.parametrize(
    ("kernel", "y"),
    [
        ([-2, -4, -4], [-9, 1, 2, 6, 7, -6, 5, 5, -7]),  # off by twice the tolerance
        ([1, 2, 7], [-1, 8, 6, 1, 5, 2, 2]),
        ([-1, 3, -8], [5, 8, -4, -5, 3, -7, 3, 2, 6, 6, 6]),  # by a thousand times
    ],
)
def test_pseudo_inverse_goes_on_where_lsqr_believes_that_it_is_done(kernel, y):
    W = conv_matrix(kernel, len(y), padding=1).toarray()
    found = pseudo_inverse_apply(y, kernel, len(y), padding=1)
    back = np.linalg.norm(W.T @ (W @ found.x - y))
    assert found.residual <= 1e-10
    # Each entry of the products rounds in three terms, as does what was told.
    room = 16 * 2.0**-53 * np.abs(W).sum() ** 2 * np.abs(found.x).max()
    assert back <= 1e-10 * np.linalg.norm(W) * np.linalg.norm(y) + room


def test_pseudo_inverse_takes_complex_kernels_and_outputs():
    g = geometry((2, 6), (3, 2, 3))
    kernel = drawn(g, 1, np.complex128)
    x = np.arange(12).reshape(2, 6) * (1 + 0.5j)
    W = dense(kernel, g)
    found = pseudo_inverse_apply((W @ x.reshape(-1)).reshape(3, 4), kernel, (2, 6))
    assert found.misfit <= 1e-8 * np.linalg.norm(W @ x.reshape(-1))
    truth = np.linalg.pinv(W) @ W @ x.reshape(-1)
    values = np.linalg.svd(W, compute_uv=False)
    # A residual r leaves an error of at most r |W| |y| / s**2, s the least value > 0.
    off = 1e-10 * values[0] ** 2 * np.linalg.norm(x) / values[-1] ** 2
    assert np.linalg.norm(found.x.reshape(-1) - truth) <= off


@pytest.mark.parametrize(
    ("call", "error", "match"),
    [
        (
            lambda: singular_values([1, np.nan], 3),
            ConvmatError,
            "kernel must hold finite",
        ),
        (
            lambda: singular_values([1, 2], 3, count=0),
            ConvmatError,
            "count must be from",
        ),
        (lambda: singular_values([1, 2], 3, count=3), ConvmatError, "from 1 to 2"),
        (lambda: singular_values([1, 2], 3, count=True), ConvmatTypeError, "count"),
        (lambda: singular_values([1, 2], 3, tol=0), ConvmatError, "tol must be more"),
        (lambda: singular_values([1, 2], 3, tol="x"), ConvmatTypeError, "tol must be"),
        (lambda: spectral_norm([1, 2], 3, max_steps=0), ConvmatError, "max_steps must"),
        (lambda: spectral_norm([1, 2], 3, pading=1), ConvmatTypeError, "did you mean"),
        (lambda: spectral_norm([1, 2, 3], 2), ConvmatError, "padding must|kernel"),
        (
            lambda: singular_values(np.ones((64, 64, 3, 3)), (64, 64, 64), padding=1),
            MatrixTooLargeError,
            "ask for the largest ones only",
        ),
        (
            lambda: singular_values(np.ones((3, 3)), (20, 20), padding=1, max_bytes=9),
            MatrixTooLargeError,
            "dense matrix",
        ),
        (
            lambda: condition_number(np.ones((64, 64, 3, 3)), (64, 64, 64)),
            MatrixTooLargeError,
            "the band of geometry.* use a smaller input",
        ),
        (lambda: determinant([1, 2], 3), ShapeError, r"square, got matrix=\(2, 3\)"),
        (lambda: rank([1, 2], 3, threshold=-1), ConvmatError, "threshold must be"),
        (lambda: rank([1, 2], 3, threshold="a"), ConvmatTypeError, "threshold must"),
        (lambda: pseudo_inverse_apply([1], [1, 2], 3), ShapeError, "y.shape must be"),
        (
            lambda: pseudo_inverse_apply([1, np.inf], [1, 2], 3),
            ConvmatError,
            "y must hold finite",
        ),
        (lambda: spectral_norm([10**400, 1], 3), ConvmatError, "float64 can hold"),
        (
            lambda: spectral_norm([1.5e308, 1.5e308], 9),
            ConvmatError,
            "whose values float64",
        ),
        (
            lambda: null_space(np.ones((2, 2)), (900, 900), stride=300),
            MatrixTooLargeError,
            "the null space of",
        ),
    ],
)
def test_bad_input_is_named(call, error, match):
    with pytest.raises(error, match=match):
        call()


def test_symbols_are_refused():
    sympy = pytest.importorskip("sympy")
    with pytest.raises(ConvmatTypeError, match="put numbers in"):
        spectral_norm(np.array([sympy.Symbol("a"), 1], object), 3)


def test_integers_and_fractions_are_read():
    assert singular_values([Fraction(3, 2)], 2).values.tolist() == [1.5, 1.5]
    assert singular_values(np.array([3], np.uint8), 2).values.tolist() == [3.0, 3.0]


def test_single_precision_is_measured_in_double_by_blocks():
    g = circular((2, 6, 6), (2, 2, 3, 3), padding=1)
    kernel = drawn(g, 0, np.float32)
    wide = singular_values(kernel.astype(float), g.input_shape, **g.keywords)
    narrow = singular_values(kernel, g.input_shape, **g.keywords)
    assert np.array_equal(narrow.values, wide.values)


@pytest.mark.parametrize("kernel", [[1.0, np.nan], [np.inf, 1.0]])
def test_sum_of_squares_of_what_is_not_finite_is_refused(kernel):
    with pytest.raises(ConvmatError, match="kernel must hold finite numbers"):
        squared_frobenius(kernel, 4)


def test_sum_of_squares_that_is_too_large_is_infinite():
    assert squared_frobenius([1e308, 1e308], 4) == np.inf
