"""What arrays the transposed convolution reads, and what it refuses."""

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from convmat import (
    ConvmatTypeError,
    GeometryError,
    MatrixTooLargeError,
    ShapeError,
    geometry,
    tie_map,
)
from convmat.geometry import read_beside, transposed_geometry
from convmat.matrix import matrix_bytes
from convmat.transposed import (
    conv_transpose,
    conv_transpose_matrix,
    conv_transpose_operator,
    scatter,
    stretched,
)
from convmat.transposed.apply import transposed
from convmat.verify.rounding import gamma
from convmat.verify.strategies import cases


def settings_of(g):
    return {"output_shape": g.input_shape, **g.keywords}


@given(cases(object, max_rank=2))
def test_fractions_stay_exact(case):
    g, kernel, _, y = case
    common = 2 * 3 * 2 * 5 * 7
    whole = [(array * common).astype(int) for array in (y, kernel)]
    result = conv_transpose(y, kernel, **settings_of(g))
    assert result.dtype == object
    assert np.array_equal(result * common**2, scatter(*whole, g))
    assert np.array_equal(scatter(y, kernel, g), result)


@given(cases(max_rank=2), st.integers(70, 90))
def test_large_integers_do_not_wrap(case, power):
    g, kernel, _, y = case
    result = conv_transpose(
        y.astype(object), kernel.astype(object) * 2**power, **settings_of(g)
    )
    assert np.array_equal(result, scatter(y, kernel, g).astype(object) * 2**power)


def test_symbols_pass():
    sympy = pytest.importorskip("sympy")
    a, b, c, p, q = sympy.symbols("a b c p q")
    result = conv_transpose(np.array([p, q]), np.array([a, b, c]), stride=2)
    assert result.tolist() == [a * p, b * p, c * p + a * q, b * q, c * q]
    operator = conv_transpose_operator(np.array([a, b, c]), 2, stride=2)
    assert (operator @ np.array([p, q])).tolist() == result.tolist()
    direct = stretched(transposed_geometry(2, 3, stride=2))
    assert direct.input([p, q]).tolist() == [p, 0, q]


@pytest.mark.parametrize("dtype", ["f2", "f4", "f8"])
@given(data=st.data())
def test_floats_stay_within_the_rounding_bound(dtype, data):
    g, kernel, _, y = data.draw(cases(dtype, max_rank=2))
    result = conv_transpose(y, kernel, **settings_of(g))
    assert result.dtype == dtype

    def exactly(array):
        return np.vectorize(lambda x: Fraction(float(x)), otypes=[object])(array)

    exact = scatter(exactly(y), exactly(kernel), g)
    sizes = scatter(exactly(abs(y)), exactly(abs(kernel)), g)
    # A cell sums as many products as its column of the paired matrix has taps.
    terms = np.bincount(tie_map(g).cols, minlength=1).max()
    bound = Fraction(gamma(terms, float(np.finfo(dtype).eps) / 2))
    assert np.all(abs(exactly(result) - exact) <= bound * sizes)


@given(cases("c16", max_rank=1))
def test_nothing_is_conjugated(case):
    g, kernel, _, y = case
    # Small integers as parts: complex products and sums of them are exact.
    kernel, y = (np.round(z.real) + 1j * np.round(z.imag) for z in (kernel, y))
    expected = scatter(y, kernel, g)
    assert np.array_equal(conv_transpose(y, kernel, **settings_of(g)), expected)
    kernel = kernel.reshape(g.kernel_shape)
    columns = y.reshape(len(y), -1).T
    W = conv_transpose_matrix(kernel, g.output_shape, **settings_of(g))
    A = conv_transpose_operator(kernel, g.output_shape, **settings_of(g))
    assert A.dtype == np.complex128
    for linear in (W, A):
        result = (linear @ columns).T.reshape(expected.shape)
        assert np.array_equal(result, expected)
    x = np.arange(g.matrix_shape[1]) * (1 - 2j)
    assert np.array_equal(A.H @ x, W.toarray().conj().T @ x)
    assert np.array_equal(A.T @ x, W.toarray().T @ x)


LOOKS = {
    "fortran": np.asfortranarray,
    "reversed": lambda array: array[::-1, ..., ::-1].copy()[::-1, ..., ::-1],
    "every second": lambda array: np.repeat(array, 2, axis=-1)[..., ::2],
    "byte-swapped": lambda array: array.astype(array.dtype.newbyteorder()),
    "read-only": lambda array: np.broadcast_to(array, array.shape),
}
PAIRED = geometry((4, 6, 5), (6, 2, 3, 2), stride=(2, 1), padding=1, groups=2)


@pytest.mark.parametrize("look", LOOKS.values(), ids=LOOKS)
@pytest.mark.parametrize("dtype", ["i2", "i8", "f4", "c16"])
def test_the_look_of_an_array_does_not_matter(look, dtype):
    rng = np.random.default_rng(3)
    y = rng.integers(-9, 9, (2, *PAIRED.output_shape)).astype(dtype)
    kernel = rng.integers(-9, 9, PAIRED.kernel_shape).astype(dtype)
    before = y.copy(), kernel.copy()
    result = conv_transpose(look(y), look(kernel), **settings_of(PAIRED))
    assert result.dtype.isnative
    assert result.dtype == np.result_type(y, kernel, "i8" if dtype == "i2" else dtype)
    assert np.array_equal(result, conv_transpose(y, kernel, **settings_of(PAIRED)))
    assert not np.shares_memory(result, y)
    matrix = conv_transpose_matrix(
        look(kernel), PAIRED.output_shape, **settings_of(PAIRED)
    )
    assert matrix.dtype == result.dtype
    assert np.array_equal(matrix @ y[0].ravel(), result[0].ravel())
    assert np.array_equal(y, before[0])
    assert np.array_equal(kernel, before[1])


@pytest.mark.parametrize("dtype", [int, float, object])
@pytest.mark.parametrize("mode", ["zeros", "circular"])
def test_an_empty_batch_stays_empty(dtype, mode):
    y, kernel = np.zeros((0, 2, 3), dtype), np.ones((2, 1, 2), dtype)
    settings = {"padding": 1, "padding_mode": mode, "stride": 2, "output_padding": 1}
    result = conv_transpose(y, kernel, [1], **settings)
    assert result.shape == (0, 1, 5)
    assert result.dtype == kernel.dtype
    g = transposed_geometry((2, 3), (2, 1, 2), **settings)
    assert scatter(y, kernel, g).shape == (0, 1, 5)


def test_an_empty_batch_of_columns_stays_empty():
    A = conv_transpose_operator(np.ones((2, 3)), (2, 2))
    assert (A @ np.zeros((4, 0), int)).shape == (12, 0)


@given(cases("f4", max_rank=2, modes=["zeros"]))
def test_the_fast_route_is_taken_where_it_carries_the_numbers(case):
    # Small integers as floats are exact in any order of summing.
    g, kernel, _, y = case
    kernel, y = np.round(kernel), np.round(y)
    expected = scatter(y.astype(int), kernel.astype(int), g)
    assert np.array_equal(transposed(y, kernel, g), expected)


def test_bias_is_added_to_every_cell_of_its_channel():
    y, kernel = [[[1, 2]]], np.ones((1, 3, 1), int)
    result = conv_transpose(y, kernel, [10, 20, 30])
    assert result.tolist() == [[[11, 12], [21, 22], [31, 32]]]
    assert conv_transpose([1, 2], [3], 5).tolist() == [8, 11]
    assert conv_transpose([1, 2], [3], [5]).tolist() == [8, 11]
    with pytest.raises(ShapeError, match=r"bias\.shape must be \(3,\), one number per"):
        conv_transpose(y, kernel, [10, 20])
    with pytest.raises(ShapeError, match=r"bias\.shape must be \(3,\)"):
        conv_transpose(y, kernel, 10)


RANKS = [(y, k) for y in range(6) for k in range(6)]


@pytest.mark.parametrize(("y_rank", "kernel_rank"), RANKS)
def test_ranks_are_read_as_those_of_the_convolution(y_rank, kernel_rank):
    # All sizes are 1, so that whatever the ranks mean fits.
    y, kernel = np.ones((1,) * y_rank, int), np.full((1,) * kernel_rank, 2)
    try:
        g = read_beside(y.shape, kernel.shape)
    except ShapeError:
        with pytest.raises(ShapeError, match=r"y\.shape must be \(\*spatial\), \(chan"):
            conv_transpose(y, kernel)
        return
    leading = max(y_rank - g.rank, int(g.has_channels))
    result = conv_transpose(y, kernel)
    assert result.shape == (1,) * (leading + g.rank)
    assert result.sum() == 2


def test_a_volume_without_its_channel_axis_is_told_so():
    y, kernel = np.ones((4, 4, 4)), np.ones((3, 3, 3))
    with pytest.raises(ShapeError, match=r"give y its channel axis: y\[None\]"):
        conv_transpose(y, kernel)
    assert conv_transpose(y[None], kernel).shape == (1, 6, 6, 6)


def test_other_mistakes_keep_their_sentence_beside_a_batch():
    with pytest.raises(ShapeError, match="output_shape must be 6 on axis 0"):
        conv_transpose(np.ones((5, 2, 4)), np.ones((2, 1, 3)), output_shape=7)


@pytest.mark.parametrize("dtype", ["f2", object])
def test_the_matrix_refuses_what_sparse_arrays_do_not_carry(dtype):
    kernel = np.ones(3).astype(dtype)
    with pytest.raises(ConvmatTypeError, match="use conv_transpose, which carries it"):
        conv_transpose_matrix(kernel, 3)


@pytest.mark.parametrize("value", [[True], ["a"], np.ones(3, np.uint64)])
def test_what_is_no_number_is_refused(value):
    for call in (
        lambda: conv_transpose(value, [1]),
        lambda: conv_transpose_matrix(value, 3),
        lambda: conv_transpose_operator(value, 3),
        lambda: stretched(geometry(3, 1)).input(value),
    ):
        with pytest.raises(ConvmatTypeError, match="must hold numbers"):
            call()


def test_a_matrix_is_refused_before_it_is_built():
    g = transposed_geometry((3, 9, 9), (3, 2, 3, 3), stride=2)
    settings = {"stride": 2}
    kernel = np.ones((3, 2, 3, 3))
    built = conv_transpose_matrix(kernel, (3, 9, 9), **settings)
    held = built.data.nbytes + built.indices.nbytes + built.indptr.nbytes
    both = held + matrix_bytes(g)
    assert conv_transpose_matrix(kernel, (3, 9, 9), max_bytes=both, **settings).nnz
    with pytest.raises(MatrixTooLargeError, match="the transposed matrix of") as error:
        conv_transpose_matrix(kernel, (3, 9, 9), max_bytes=both - 1, **settings)
    assert error.value.needed == both
    with pytest.raises(MatrixTooLargeError, match="conv_transpose_operator needs no"):
        conv_transpose_matrix(np.ones((3, 3)), (10**6, 10**6))


def test_the_operator_stores_the_kernel_only():
    A = conv_transpose_operator(np.ones((3, 3)), (10**6, 10**6), stride=2)
    assert A.shape == ((2 * 10**6 + 1) ** 2, 10**12)


@pytest.mark.parametrize("dtype", [int, float])
def test_a_result_beyond_memory_is_refused(dtype):
    y, kernel = np.ones((1, 1), dtype), np.ones((1, 1), dtype)
    settings = {"stride": 2**40, "output_padding": 2**39}
    with pytest.raises(MatrixTooLargeError, match="the transpose of geometry"):
        conv_transpose(y, kernel, **settings)
    g = transposed_geometry((1, 1), (1, 1), **settings)
    with pytest.raises(MatrixTooLargeError, match="the transpose of geometry"):
        scatter(y[None, None], kernel[None, None], g)
    with pytest.raises(MatrixTooLargeError, match="the stretched input of geometry"):
        stretched(g).input(y)
    with pytest.raises(MatrixTooLargeError, match="the stretching matrix of geometry"):
        stretched(g).matrix()


def test_a_direct_convolution_has_zeros_in_its_padding():
    g = transposed_geometry(4, 3, padding=1, padding_mode="circular")
    with pytest.raises(GeometryError, match=r"must be 'zeros' .* got padding_mode='ci"):
        stretched(g)
    with pytest.raises(ConvmatTypeError, match="geometry must be a Geometry"):
        stretched((4, 3))
    # Without padding the mode has nothing to say.
    bare = transposed_geometry(4, 3, padding_mode="circular")
    assert stretched(bare).geometry == geometry(4, 3, padding=2)


@pytest.mark.parametrize("mode", ["circular", "reflect", "replicate", "symmetric"])
def test_other_modes_are_the_direct_convolution_and_a_fold(mode):
    g = geometry(5, 3, stride=2, padding=[(2, 1)], padding_mode=mode)
    y, kernel = np.array([1, 10, 100]), np.array([1, 2, 3])
    padded = stretched(transposed_geometry(3, 3, stride=2, output_shape=8))
    whole = scatter(y[None, None], kernel[None, None], padded.paired)[0, 0]
    folded = {
        "circular": lambda p: np.add(p[2:7], [p[7], 0, 0, p[0], p[1]]),
        "reflect": lambda p: np.add(p[2:7], [0, p[1], p[0], p[7], 0]),
        "replicate": lambda p: np.add(p[2:7], [p[0] + p[1], 0, 0, 0, p[7]]),
        "symmetric": lambda p: np.add(p[2:7], [p[1], p[0], 0, 0, p[7]]),
    }[mode](whole)
    result = conv_transpose(y, kernel, output_shape=5, **g.keywords)
    assert result.tolist() == folded.tolist()


def test_shapes_of_the_direct_convolution_are_checked():
    direct = stretched(transposed_geometry((2, 3), (2, 2)))
    with pytest.raises(ShapeError, match=r"y\.shape must end in \(2, 3\), the outputs"):
        direct.input(np.ones((3, 2)))
    with pytest.raises(ShapeError, match=r"y\.shape must end in \(2, 3\)"):
        direct.input(np.ones(3))
    with pytest.raises(ShapeError, match=r"kernel\.shape must be \(2, 2\), got"):
        direct.kernel(np.ones((4, 1)))
