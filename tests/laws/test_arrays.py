"""How an array lies in memory changes nothing, and nothing is written to it."""

import numpy as np
from hypothesis import example, given
from hypothesis import strategies as st

from convmat import (
    ConvConstraint,
    conv,
    conv_input_grad,
    conv_kernel_grad,
    conv_matrix,
    conv_operator,
    geometry,
    refill,
)
from convmat.verify import Route
from convmat.verify.strategies import Case, cases


def fortran(array):
    return np.asfortranarray(array)


def negative_strides(array):
    turned = tuple(slice(None, None, -1) for _ in array.shape)
    return array[turned].copy()[turned]


def every_other(array):
    return np.repeat(array, 2, axis=-1)[..., ::2]


def byte_swapped(array):
    return array.astype(array.dtype.newbyteorder())


def read_only(array):
    array = array.copy()
    array.flags.writeable = False
    return array


G = geometry((4, 3, 4), (6, 2, 2, 3), stride=(2, 1), padding=[(0, 1), 1], groups=2)
WITNESS = Case(
    G,
    np.arange(72).reshape(G.weight_shape) % 7 - 3,
    np.arange(96).reshape(2, *G.input_shape) % 5,
    np.arange(2 * G.matrix_shape[0]).reshape(2, *G.output_shape) % 9,
)

lies = st.sampled_from([fortran, negative_strides, every_other, read_only])


@given(case=cases(max_rank=2), lie=lies)
def test_forward_reads_arrays_however_they_lie(route: Route, case, lie):
    g, kernel, x, _ = case
    y = route.apply(lie(kernel), lie(x), g)
    assert np.array_equal(y, route.apply(kernel, x, g))


@given(case=cases(max_rank=2), lie=lies)
def test_input_gradient_reads_arrays_however_they_lie(input_route: Route, case, lie):
    g, kernel, _, grad = case
    x_grad = input_route.input_grad(lie(grad), lie(kernel), g)
    assert np.array_equal(x_grad, input_route.input_grad(grad, kernel, g))


@given(case=cases(max_rank=2), lie=lies)
def test_kernel_gradient_reads_arrays_however_they_lie(kernel_route: Route, case, lie):
    g, _, x, grad = case
    gradient = kernel_route.kernel_grad(lie(grad), lie(x), g)
    assert np.array_equal(gradient, kernel_route.kernel_grad(grad, x, g))


def repeated(array):
    """The first of the last axis all along it, without taking memory."""
    return np.broadcast_to(array[..., :1], array.shape)


@given(case=cases(max_rank=2))
def test_views_without_strides_are_read_like_their_copies(route: Route, case):
    g, *arrays = case
    views = list(map(repeated, arrays))
    kernel, x, grad = views
    kernel_copy, x_copy, grad_copy = (view.copy() for view in views)
    y = route.apply(kernel, x, g)
    assert np.array_equal(y, route.apply(kernel_copy, x_copy, g))
    if route.input_grad is not None:
        x_grad = route.input_grad(grad, kernel, g)
        assert np.array_equal(x_grad, route.input_grad(grad_copy, kernel_copy, g))
    if route.kernel_grad is not None:
        gradient = route.kernel_grad(grad, x, g)
        assert np.array_equal(gradient, route.kernel_grad(grad_copy, x_copy, g))


def answers(g, kernel, x, grad):
    """What every public function makes of three arrays; SciPy's where it can."""
    keywords, shape = g.keywords, (g.in_channels, *g.input_size)
    bias = kernel.reshape(g.out_channels, -1)[:, 0]
    operator = conv_operator(kernel, shape, **keywords)
    constraint = ConvConstraint(g)
    inputs, outputs = x.reshape(len(x), -1).T, grad.reshape(len(grad), -1).T
    found = {
        "conv": conv(x, kernel, bias, **keywords),
        "conv of one": conv(x[0], kernel, **keywords),
        "conv_input_grad": conv_input_grad(grad, kernel, shape, **keywords),
        "conv_kernel_grad": conv_kernel_grad(grad, x, kernel.shape, **keywords),
        "operator.matvec": operator @ inputs[:, 0],
        "operator.matmat": operator @ inputs,
        "operator.rmatvec": operator.H @ outputs[:, 0],
        "operator.rmatmat": operator.H @ outputs,
        "embed": (dense := constraint.embed(kernel)),
        "pull_back": constraint.pull_back(np.resize(inputs, dense.shape)),
    }
    if kernel.dtype.newbyteorder("=") not in (np.float16, object):
        matrix = conv_matrix(kernel, shape, **keywords)
        found["conv_matrix"] = matrix.toarray()
        found["refill"] = refill(matrix, kernel[..., ::-1], g).toarray()
    return found


DTYPES = [np.int64, np.int16, np.float16, np.float32, np.complex128, object]


def assert_same_answers(case, lie, dtype):
    g, *arrays = case
    arrays = [array.astype(dtype) for array in arrays]
    expected, found = answers(g, *arrays), answers(g, *map(lie, arrays))
    for name, right in expected.items():
        assert found[name].dtype == right.dtype, name
        assert found[name].dtype.isnative, name
        assert np.array_equal(found[name], right), name


@given(case=cases(max_rank=2), lie=lies, dtype=st.sampled_from(DTYPES))
@example(case=WITNESS, lie=fortran, dtype=np.float32)
@example(case=WITNESS, lie=negative_strides, dtype=object)
def test_public_functions_read_arrays_however_they_lie(case, lie, dtype):
    assert_same_answers(case, lie, dtype)


@given(case=cases(max_rank=2), dtype=st.sampled_from(DTYPES[:-1]))
def test_public_functions_read_swapped_bytes_and_answer_in_native_ones(case, dtype):
    assert_same_answers(case, byte_swapped, dtype)


@given(case=cases(max_rank=2), dtype=st.sampled_from(DTYPES))
def test_public_functions_read_views_without_strides_like_their_copies(case, dtype):
    g, *arrays = case
    views = [repeated(array.astype(dtype)) for array in arrays]
    expected = answers(g, *(view.copy() for view in views))
    for name, found in answers(g, *views).items():
        assert np.array_equal(found, expected[name]), name


@given(cases())
def test_nothing_is_written_to_the_arrays(route: Route, case):
    g, *arrays = case
    kernel, x, grad = arrays
    before = [array.copy() for array in arrays]
    route.apply(kernel, x, g)
    for gradient, pair in (
        (route.input_grad, (grad, kernel)),
        (route.kernel_grad, (grad, x)),
    ):
        if gradient is not None:
            gradient(*pair, g)
    assert all(map(np.array_equal, arrays, before))


@given(cases(max_rank=2))
def test_result_shares_no_memory_with_the_arrays(route: Route, case):
    g, kernel, x, _ = case
    y = route.apply(kernel, x, g)
    assert not np.shares_memory(y, x)
    assert not np.shares_memory(y, kernel)


@given(cases(batch=0))
def test_empty_batch_gives_an_empty_batch(route: Route, case):
    g, kernel, x, _ = case
    y = route.apply(kernel, x, g)
    assert y.shape == (0, g.out_channels, *g.output_size)
    assert y.dtype == np.int64


@given(cases(batch=0))
def test_empty_batch_gives_empty_input_gradients(input_route: Route, case):
    g, kernel, _, grad = case
    x_grad = input_route.input_grad(grad, kernel, g)
    assert x_grad.shape == (0, g.in_channels, *g.input_size)


@given(cases(batch=0))
def test_empty_batch_gives_a_kernel_gradient_of_zero(kernel_route: Route, case):
    g, _, x, grad = case
    gradient = kernel_route.kernel_grad(grad, x, g)
    assert gradient.shape == g.weight_shape
    assert not gradient.any()
