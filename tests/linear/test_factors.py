"""`conv_factors`: padding and the rest of a convolution, multiplied together again."""

from itertools import product

import numpy as np
import pytest
from hypothesis import example, given

from convmat import conv_matrix, geometry, tie_map
from convmat.geometry import PADDING_MODES
from convmat.linear import conv_factors, pad_matrix
from convmat.verify.strategies import Case, cases

NUMPY = {
    "zeros": "constant",
    "circular": "wrap",
    "reflect": "reflect",
    "replicate": "edge",
    "symmetric": "symmetric",
}
PADS = [(0, 0), (0, 1), (1, 0), (2, 1), (0, 2), (2, 2)]


def line_box(mode):
    """Strides, dilations, unequal pads and groups on one axis, and what fits them."""
    settings = product((1, 2, 3), (1, 2), PADS, (1, 2))
    for stride, dilation, pad, groups in settings:
        for size, kernel in product((1, 2, 3, 4), (1, 2, 4)):
            most = {"circular": size, "symmetric": size, "reflect": size - 1}
            fits = dilation * (kernel - 1) < size + sum(pad)
            if fits and max(pad) <= most.get(mode, 2):
                yield geometry(
                    (size,) if groups == 1 else (2, size),
                    (kernel,) if groups == 1 else (4, 1, kernel),
                    stride=stride,
                    dilation=dilation,
                    padding=[pad],
                    groups=groups,
                    padding_mode=mode,
                )


def witnesses(mode):
    """Planes and volumes with nothing symmetric about them."""
    box = [
        ((3, 4), (2, 3), {"stride": (1, 2), "padding": [(2, 0), (1, 2)]}),
        ((4, 3), (3, 2), {"dilation": (1, 2), "padding": [(0, 2), (2, 1)]}),
        ((3, 3, 3), (2, 3, 2, 2), {"stride": (2, 1), "padding": [(1, 2), (0, 1)]}),
        ((4, 3, 4), (2, 2, 2, 2), {"groups": 2, "stride": 2, "padding": [(1, 0), 2]}),
        ((3, 2, 4), (2, 1, 3), {"padding": [(2, 1), (1, 0), (0, 2)], "stride": 2}),
        (
            (2, 2, 3, 2),
            (4, 1, 2, 2, 1),
            {"groups": 2, "padding": [(1, 1), (0, 2), (1, 0)], "dilation": (1, 2, 1)},
        ),
    ]
    for inputs, kernel, settings in box:
        yield geometry(inputs, kernel, **settings, padding_mode=mode)


def assert_equal(left, right):
    assert left.shape == right.shape
    assert (left != right).nnz == 0


def assert_factors_are_the_convolution(g):
    # No partial sum of these is 0, so that SciPy's product stores all of them.
    kernel = np.arange(1, g.free_parameters + 1).reshape(g.kernel_shape)
    W = conv_matrix(kernel, g.input_shape, **g.keywords)
    K, P = conv_factors(kernel, g.input_shape, **g.keywords)
    product_ = K @ P
    product_.sort_indices()
    for name in ("indptr", "indices", "data"):
        assert np.array_equal(getattr(product_, name), getattr(W, name)), g
    assert product_.shape == W.shape, g
    assert product_.dtype == np.int64, g


@pytest.mark.parametrize("mode", PADDING_MODES)
def test_every_small_line_is_its_padding_and_then_the_rest(mode):
    count = 0
    for g in line_box(mode):
        assert_factors_are_the_convolution(g)
        count += 1
    assert count > 350


@pytest.mark.parametrize("mode", PADDING_MODES)
def test_planes_and_volumes_are_their_padding_and_then_the_rest(mode):
    for g in witnesses(mode):
        assert_factors_are_the_convolution(g)


def case_of(g):
    kernel = np.arange(1, g.free_parameters + 1).reshape(g.weight_shape)
    x = np.arange(2 * g.matrix_shape[1]).reshape(2, g.in_channels, *g.input_size) - 3
    return Case(g, kernel, x, None)


@example(case_of(geometry(1, 3, padding=1)))  # two dead taps
@example(case_of(geometry((2, 3), (2, 1, 2), groups=2, stride=3)))
@given(cases())
def test_second_factor_pads_and_the_first_convolves_what_is_padded(case):
    g, kernel, batch, _ = case
    x = batch[0]
    K, P = conv_factors(kernel.reshape(g.kernel_shape), g.input_shape, **g.keywords)
    padded = np.pad(x, [(0, 0), *g.padding], NUMPY[g.padding_mode])
    assert np.array_equal(P @ x.ravel(), padded.ravel())
    shape = padded.shape if g.has_channels else padded.shape[1:]
    settings = {"stride": g.stride, "dilation": g.dilation, "groups": g.groups}
    unpadded = conv_matrix(kernel.reshape(g.kernel_shape), shape, **settings)
    assert_equal(K, unpadded)
    W = conv_matrix(kernel.reshape(g.kernel_shape), g.input_shape, **g.keywords)
    assert np.array_equal((K @ P).toarray(), W.toarray())


@given(cases(modes=["zeros"]))
def test_columns_that_the_padding_leaves_out_hold_the_dropped_taps(case):
    g, kernel = case.geometry, np.ones(case.geometry.kernel_shape, int)
    K, P = conv_factors(kernel, g.input_shape, **g.keywords)
    zeros = np.flatnonzero(np.diff(P.indptr) == 0)
    left_out = K.tocsc()[:, zeros].tocsr()
    rows, columns = left_out.nonzero()
    dropped_rows, dropped_cells, _ = tie_map(g).dropped
    found = sorted(zip(rows.tolist(), zeros[columns].tolist(), strict=True))
    expected = zip(dropped_rows.tolist(), dropped_cells.tolist(), strict=True)
    # TieMap counts padded cells of all channels, so both name a cell alike.
    assert found == sorted(expected)


@pytest.mark.parametrize("dtype", ["float32", "float64", "complex64", "longdouble"])
def test_factors_and_their_product_keep_the_dtype_of_the_kernel(dtype):
    kernel = np.array([0.1, 0.7, -0.3], dtype)
    settings = {"padding": 1, "padding_mode": "circular"}
    K, P = conv_factors(kernel, 2, **settings)
    assert K.dtype == P.dtype == (K @ P).dtype == dtype
    assert_equal(K @ P, conv_matrix(kernel, 2, **settings))


def test_without_padding_the_second_factor_is_the_identity():
    K, P = conv_factors([1, 2], 4)
    assert_equal(P, pad_matrix(4, 0))
    assert np.array_equal(P.toarray(), np.eye(4))
    assert_equal(K, conv_matrix([1, 2], 4))


def test_factors_have_names():
    factors = conv_factors([1, 2], 4, padding=1)
    assert factors.conv.shape == (5, 6)
    assert factors.pad.shape == (6, 4)
