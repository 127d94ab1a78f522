"""Every route of the transposed convolution gives the same matrix and numbers."""

from itertools import product

import numpy as np
import pytest
from hypothesis import example, given

from convmat import conv, conv_matrix, geometry, sliding
from convmat.geometry import PADDING_MODES, Geometry, transposed_geometry
from convmat.transposed import (
    conv_transpose,
    conv_transpose_matrix,
    conv_transpose_operator,
    scatter,
    stretched,
)
from convmat.verify.strategies import Case, cases, geometries


def arguments(g: Geometry):
    """What says this transposed convolution to every function."""
    return {"output_shape": g.input_shape, **g.keywords}


def kernel_of(g: Geometry):
    """Distinct taps, one of them 0."""
    return np.arange(-1, g.free_parameters - 1).reshape(g.kernel_shape)


def eye(g: Geometry):
    """Every unit input, as a batch."""
    rows = g.matrix_shape[0]
    return np.eye(rows, dtype=int).reshape(rows, g.out_channels, *g.output_size)


def assert_all_agree(g: Geometry):
    kernel = kernel_of(g)
    rows, columns = g.matrix_shape
    units, bank = eye(g), kernel.reshape(g.weight_shape)
    by_loop = scatter(units, bank, g).reshape(rows, columns).T
    matrix = conv_transpose_matrix(kernel, g.output_shape, **arguments(g))
    assert np.array_equal(matrix.toarray(), by_loop)
    assert matrix.nnz == g.nnz
    paired = conv_matrix(kernel, g.input_shape, **g.keywords)
    assert np.array_equal(paired.toarray().T, by_loop)
    by_function = conv_transpose(units, bank, **arguments(g))
    assert np.array_equal(by_function.reshape(rows, columns).T, by_loop)
    if g.padding_mode == "zeros":
        assert_the_direct_convolution_agrees(g, kernel, by_loop)


def assert_the_direct_convolution_agrees(g: Geometry, kernel, expected):
    direct = stretched(g)
    flipped, units = direct.kernel(kernel), eye(g)
    bank = flipped.reshape(direct.geometry.weight_shape)
    by_windows = conv(direct.input(units), bank, **direct.keywords)
    assert np.array_equal(by_windows.reshape(len(units), -1).T, expected)
    W = conv_matrix(flipped, direct.geometry.input_shape, **direct.keywords)
    assert np.array_equal((W @ direct.matrix()).toarray(), expected)


PADS = [(0, 0), (0, 1), (2, 0), (1, 2)]


def box(mode):
    """1-D: n 1-3, k 1-3, strides, dilations, pads, groups, every output padding."""
    channels = [(1, 1, 1), (1, 1, 2), (2, 3, 2)]  # inputs, outputs of a group, groups
    kinds = product((1, 2, 3), (1, 2), PADS, channels, (1, 3), (1, 2, 3))
    for stride, dilation, pad, (into, out_of, groups), n, k in kinds:
        for extra in range(stride):
            size = (n - 1) * stride - sum(pad) + dilation * (k - 1) + 1 + extra
            reach = {"circular": 0, "symmetric": 0, "reflect": 1}.get(mode, -9)
            if size >= max(1, max(pad) + reach):
                yield transposed_geometry(
                    (into * groups, n),
                    (into * groups, out_of, k),
                    stride=stride,
                    dilation=dilation,
                    padding=[pad],
                    groups=groups,
                    padding_mode=mode,
                    output_padding=extra,
                )


@pytest.mark.parametrize("mode", PADDING_MODES)
def test_all_routes_agree_on_a_whole_box(mode):
    count = 0
    for g in box(mode):
        assert_all_agree(g)
        count += 1
    assert count > 500


WITNESSES = [
    # input_shape, kernel_shape, settings; all in every padding mode
    ((2, 3), (2, 3), {"stride": (1, 2), "padding": [(1, 0), (0, 1)]}),
    (
        (3, 2),
        (2, 3),
        {"stride": (3, 2), "padding": [(0, 1), (2, 1)], "output_padding": (2, 1)},
    ),
    (
        (2, 3, 3),
        (2, 2, 3, 2),
        {"stride": (2, 1), "dilation": (1, 2), "padding": [(1, 2), 0]},
    ),
    (
        (4, 2, 2),
        (4, 1, 1, 3),
        {"stride": (3, 1), "output_padding": (1, 0), "groups": 2},
    ),
    (
        (2, 2, 1, 2),
        (2, 1, 3, 1, 2),
        {"stride": (1, 2, 3), "padding": [1, 0, (0, 1)], "groups": 2},
    ),
    (
        (1, 2, 1, 2),
        (1, 2, 2, 2, 2),
        {"stride": (2, 1, 2), "dilation": (1, 2, 1), "output_padding": (1, 0, 0)},
    ),
]


@pytest.mark.parametrize("mode", PADDING_MODES)
@pytest.mark.parametrize(("inputs", "kernel", "settings"), WITNESSES)
def test_all_routes_agree_in_two_and_three_dimensions(inputs, kernel, settings, mode):
    assert_all_agree(transposed_geometry(inputs, kernel, padding_mode=mode, **settings))


def case(g, seed=1):
    rng = np.random.default_rng(seed)
    shapes = (
        g.weight_shape,
        (2, g.in_channels, *g.input_size),
        (2, g.out_channels, *g.output_size),
    )
    return Case(g, *(rng.integers(-9, 9, shape) for shape in shapes))


DEAD = geometry(1, 3, padding=1)  # two dead taps
CROPPED = transposed_geometry(4, 2, padding=[(3, 0)])  # padding beyond the span
UNREACHED = transposed_geometry(1, 1, stride=3, padding=1, output_padding=2)
GAPS = transposed_geometry((2, 3), (2, 1, 2), stride=4, output_padding=3, groups=2)


@given(cases())
@example(case(DEAD))
@example(case(CROPPED))
@example(case(UNREACHED))
@example(case(GAPS))
def test_the_function_is_the_loop(case):
    g, kernel, _, y = case
    result = conv_transpose(y, kernel, **arguments(g))
    assert result.dtype == np.int64
    assert np.array_equal(result, scatter(y, kernel, g))


@given(cases())
@example(case(DEAD))
@example(case(GAPS))
def test_the_loop_is_the_gradient_by_the_input(case):
    g, kernel, _, y = case
    assert np.array_equal(scatter(y, kernel, g), sliding.input_grad(y, kernel, g))


@given(cases())
def test_the_transposed_convolution_is_the_adjoint(case):
    g, kernel, x, y = case
    forward = conv(x, kernel, **g.keywords)
    back = conv_transpose(y, kernel, **arguments(g))
    assert (forward * y).sum() == (x * back).sum()


@given(cases(modes=["zeros"]))
@example(case(CROPPED))
@example(case(UNREACHED))
@example(case(GAPS))
def test_the_direct_convolution_is_the_transposed_one(case):
    g, kernel, _, y = case
    direct = stretched(g)
    bank = direct.kernel(kernel).reshape(direct.geometry.weight_shape)
    result = conv(direct.input(y), bank, **direct.keywords)
    assert np.array_equal(result, scatter(y, kernel, g))
    flat = direct.input(y[0]).reshape(-1)
    assert np.array_equal(direct.matrix() @ y[0].ravel(), flat)


@given(cases(batch=1))
def test_the_operator_is_the_matrix(case):
    g, kernel, x, y = case
    kernel = kernel.reshape(g.kernel_shape)
    matrix = conv_transpose_matrix(kernel, g.output_shape, **arguments(g))
    operator = conv_transpose_operator(kernel, g.output_shape, **arguments(g))
    assert operator.shape == matrix.shape
    assert operator.dtype == matrix.dtype
    assert np.array_equal(operator @ y.ravel(), matrix @ y.ravel())
    assert np.array_equal(operator.H @ x.ravel(), matrix.T @ x.ravel())
    assert np.array_equal(operator.T @ x.ravel(), matrix.T @ x.ravel())


@given(geometries())
def test_the_matrix_is_in_canonical_form_whatever_the_values(g):
    nothing = np.zeros(g.kernel_shape, int)
    matrix = conv_transpose_matrix(nothing, g.output_shape, **arguments(g))
    assert matrix.format == "csr"
    assert matrix.dtype == np.int64
    assert matrix.nnz == g.nnz
    for start, stop in zip(matrix.indptr, matrix.indptr[1:], strict=False):
        assert (np.diff(matrix.indices[start:stop]) > 0).all()


@given(geometries())
def test_one_input_may_come_without_a_batch_axis(g):
    kernel = kernel_of(g)
    y = np.arange(g.matrix_shape[0]).reshape(g.output_shape)
    expected = scatter(
        y.reshape(1, g.out_channels, *g.output_size), kernel.reshape(g.weight_shape), g
    )
    if g.rank >= 3 and not g.has_channels:  # else read as a batch of channels
        result = conv_transpose(y[None], kernel, **arguments(g))[0]
    else:
        result = conv_transpose(y, kernel, **arguments(g))
    assert result.shape == g.input_shape
    assert np.array_equal(result.ravel(), expected.ravel())
