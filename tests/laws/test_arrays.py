"""How an array lies in memory changes nothing, and nothing is written to it."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from convmat import conv, conv_input_grad, conv_kernel_grad, conv_matrix, conv_operator
from convmat.verify import Route
from convmat.verify.strategies import cases


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


@given(
    case=cases(max_rank=2),
    dtype=st.sampled_from([np.int64, np.int16, np.float32, np.complex128]),
)
def test_public_functions_read_swapped_bytes_and_answer_in_native_ones(case, dtype):
    g, *arrays = case
    arrays = [array.astype(dtype) for array in arrays]
    keywords = {
        **g.keywords,
    }
    shape = (g.in_channels, *g.input_size)

    def answers(kernel, x, grad):
        return [
            conv(x, kernel, **keywords),
            conv_input_grad(grad, kernel, shape, **keywords),
            conv_kernel_grad(grad, x, kernel.shape, **keywords),
            conv_matrix(kernel, shape, **keywords).toarray(),
            conv_operator(kernel, shape, **keywords) @ x[0].ravel(),
        ]

    native, swapped = answers(*arrays), answers(*map(byte_swapped, arrays))
    for expected, got in zip(native, swapped, strict=True):
        assert got.dtype == expected.dtype
        assert got.dtype.isnative
        assert np.array_equal(got, expected)


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
