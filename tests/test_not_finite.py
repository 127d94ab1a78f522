"""Infinities and NaN spread as in a sum of products, and nothing is warned of.

Every warning is an error in these tests, and `loud` lets NumPy warn of all it can.
"""

from itertools import product

import numpy as np
import pytest

import convmat
from convmat import conv, conv_matrix, geometry, matrix_rows, refill, sliding
from convmat.transposed import scatter

DTYPES = ["float16", "float32", "float64", "longdouble", "complex64"]
SETTINGS = {
    "plain": {},
    "strided": {"stride": 2, "padding": 1},
    "circular": {"padding": [(2, 1), (0, 2)], "padding_mode": "circular"},
    "reflect": {"padding": 2, "padding_mode": "reflect"},
}
every_setting = pytest.mark.parametrize("keywords", SETTINGS.values(), ids=SETTINGS)
every_dtype = pytest.mark.parametrize("dtype", DTYPES)


@pytest.fixture(autouse=True)
def _loud():
    with np.errstate(all="warn"):
        yield


def wild(shape, dtype, seed):
    """Small integers, with infinities of both signs, zeros and a NaN."""
    rng = np.random.default_rng(seed)
    array = rng.integers(-3, 4, shape).astype(dtype)
    places = rng.permutation(array.size)[:4]
    array.flat[places] = [np.inf, -np.inf, np.nan, 0]
    return array


NUMPY_MODES = {"zeros": "constant", "circular": "wrap", "reflect": "reflect"}


def summed(x, kernel, g):
    """The convolution with Python's floats, which warn of nothing.

    Zeros of the padding are multiplied, too: times infinity they are NaN.
    """
    x = np.pad(x.astype(float), g.padding, NUMPY_MODES[g.padding_mode])
    y = np.empty(g.output_size)
    for out in np.ndindex(y.shape):
        total = 0.0
        for tap in np.ndindex(kernel.shape):
            cell = tuple(o * s + t for o, s, t in zip(out, g.stride, tap, strict=True))
            total += float(x[cell]) * float(kernel[tap])
        y[out] = total
    return y


@every_setting
@pytest.mark.parametrize("dtype", DTYPES[:4])
@pytest.mark.parametrize("route", [convmat, sliding])
def test_forward_has_what_the_sum_of_products_has(route, dtype, keywords):
    g = geometry((6, 7), (3, 3), **keywords)
    x, kernel = wild((6, 7), dtype, 1), np.arange(9).reshape(3, 3).astype(dtype)
    np.testing.assert_array_equal(
        route.conv(x, kernel, **keywords).astype(float), summed(x, kernel, g)
    )
    x, kernel = np.arange(42).reshape(6, 7).astype(dtype), wild((3, 3), dtype, 2)
    np.testing.assert_array_equal(
        route.conv(x, kernel, **keywords).astype(float), summed(x, kernel, g)
    )


@every_setting
@every_dtype
@pytest.mark.parametrize("channels", [1, 16])
@pytest.mark.parametrize("route", [convmat, sliding])
def test_no_map_warns(route, channels, dtype, keywords):
    g = geometry((channels, 12, 13), (channels, channels, 3, 3), **keywords)
    x, kernel = wild((2, *g.input_shape), dtype, 3), wild(g.kernel_shape, dtype, 4)
    grad = wild((2, *g.output_shape), dtype, 5)
    bias = wild((max(channels, 4),), dtype, 6)[:channels]
    assert not np.isfinite(route.conv(x, kernel, bias, **keywords)).all()
    x_grad = route.conv_input_grad(grad, kernel, g.input_shape, **keywords)
    assert not np.isfinite(x_grad).all()
    total = route.conv_kernel_grad(grad, x, g.kernel_shape, **keywords)
    assert not np.isfinite(total).all()


@every_setting
@every_dtype
def test_operator_transposed_and_matrix_do_not_warn(dtype, keywords):
    g = geometry((6, 7), (3, 3), **keywords)
    kernel, x, y = (
        wild(shape, dtype, seed)
        for seed, shape in enumerate([(3, 3), (6, 7), g.output_shape])
    )
    operator = convmat.conv_operator(kernel, (6, 7), **keywords)
    assert np.isnan(operator @ x.ravel()).any()
    assert np.isnan(operator.H @ y.ravel()).any()
    back = scatter(y[None, None], kernel[None, None], g)
    settings = {**g.keywords, "output_shape": (6, 7)}
    given = convmat.conv_transpose(y, kernel, **settings)
    np.testing.assert_array_equal(np.isnan(given), np.isnan(back[0, 0]))
    if dtype == "float16":
        return
    matrix = conv_matrix(kernel, (6, 7), **keywords)
    assert np.isnan(matrix.data).any()
    slabs = matrix_rows(kernel, (6, 7), block=4, **keywords)
    data = np.concatenate([slab.data for slab in slabs])
    np.testing.assert_array_equal(data, matrix.data)
    other = conv_matrix(np.ones_like(kernel), (6, 7), **keywords)
    np.testing.assert_array_equal(refill(other, kernel, g).data, matrix.data)


@pytest.mark.parametrize("route", [convmat, sliding])
def test_what_is_beyond_a_dtype_is_infinite(route):
    for dtype, channels in product(DTYPES[:3], (1, 8)):
        most = np.full((channels, 9, 9), np.finfo(dtype).max, dtype)
        kernel = np.ones((channels, channels, 3, 3), dtype)
        assert np.isposinf(route.conv(most, kernel)).all()
        assert np.isneginf(route.conv(-most, kernel)).all()


def test_a_caller_who_asks_for_errors_gets_infinities_as_well():
    with np.errstate(all="raise"):
        y = conv(np.full((9, 9), 1e308), np.full((2, 2), 9.0), -np.inf)
    assert np.isnan(y).all()


def test_taps_that_cancel_in_one_entry_do_not_warn():
    kernel = np.array([np.inf, 1.0, -np.inf])  # a circle of two cells: first and last
    keywords = {"padding": 1, "padding_mode": "circular"}
    g = geometry(2, 3, **keywords)
    matrix = conv_matrix(kernel, 2, **keywords)
    expected = [[1, np.nan], [np.nan, 1]]
    np.testing.assert_array_equal(matrix.toarray(), expected)
    slabs = [slab.toarray() for slab in matrix_rows(kernel, 2, block=1, **keywords)]
    np.testing.assert_array_equal(np.concatenate(slabs), expected)
    matrix = conv_matrix(np.ones(3), 2, **keywords)
    np.testing.assert_array_equal(refill(matrix, kernel, g).toarray(), expected)
