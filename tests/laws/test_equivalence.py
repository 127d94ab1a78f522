"""Every route gives what the sliding window gives, in values and in dtype."""

import numpy as np
from hypothesis import example, given
from hypothesis import strategies as st

from convmat import conv, conv_matrix, conv_operator, geometry, sliding
from convmat.verify import Route
from convmat.verify.strategies import Case, cases


def numbered(*arguments, **keywords) -> Case:
    """A witness whose kernel, inputs and gradients are all different numbers."""
    g = geometry(*arguments, **keywords)
    x = np.arange(2 * g.matrix_shape[1]).reshape(2, g.in_channels, *g.input_size)
    grad = np.arange(2 * g.matrix_shape[0]).reshape(2, g.out_channels, *g.output_size)
    return Case(g, 1 + np.arange(g.free_parameters).reshape(g.weight_shape), x, grad)


def dtypes(route: Route, sizes) -> st.SearchStrategy:
    """Those that the route carries and that hold integers up to `sizes` exactly."""
    largest = np.max(sizes, initial=0)
    fitting = [d for d in route.carries if d != np.float16 or largest <= 2**11]
    return st.sampled_from(sorted(fitting, key=str))


@given(case=cases(), data=st.data())
@example(case=numbered((3, 4), (2, 3), padding=[(0, 2), (1, 0)]), data=None)
@example(case=numbered((4, 7), (6, 2, 3), stride=2, groups=2), data=None)
@example(case=numbered((1,), (3,), padding=1), data=None)
@example(case=numbered((7,), (2,), stride=3, dilation=2), data=None)
def test_route_is_the_sliding_window_in_value_and_dtype(route: Route, case, data):
    g, kernel, x, _ = case
    dtype = np.dtype(np.int64)
    if data is not None:
        sizes = sliding.forward(abs(x), abs(kernel), g)
        dtype = data.draw(dtypes(route, sizes), "dtype")
    y = route.apply(kernel.astype(dtype), x.astype(dtype), g)
    expected = sliding.forward(x, kernel, g)
    assert y.dtype == dtype
    assert y.shape == expected.shape
    assert np.array_equal(y, expected)


@given(case=cases(), data=st.data())
def test_input_gradient_is_that_of_the_sliding_window(input_route: Route, case, data):
    g, kernel, _, grad = case
    sizes = sliding.input_grad(abs(grad), abs(kernel), g)
    dtype = data.draw(dtypes(input_route, sizes), "dtype")
    x_grad = input_route.input_grad(grad.astype(dtype), kernel.astype(dtype), g)
    assert x_grad.dtype == dtype
    assert np.array_equal(x_grad, sliding.input_grad(grad, kernel, g))


@given(case=cases(), data=st.data())
def test_kernel_gradient_is_that_of_the_sliding_window(kernel_route: Route, case, data):
    g, _, x, grad = case
    sizes = sliding.kernel_grad(abs(grad), abs(x), g)
    dtype = data.draw(dtypes(kernel_route, sizes), "dtype")
    gradient = kernel_route.kernel_grad(grad.astype(dtype), x.astype(dtype), g)
    assert gradient.dtype == dtype
    assert np.array_equal(gradient, sliding.kernel_grad(grad, x, g))


@given(cases())
def test_public_functions_agree_on_what_people_write(case):
    g, kernel, x, _ = case
    keywords = g.keywords
    image, kernel = x[0].reshape(g.input_shape), kernel.reshape(g.kernel_shape)
    if g.rank >= 3 and not g.has_channels:  # else read as a batch of channels
        y = conv(image[None], kernel, **keywords)[0]
    else:
        y = conv(image, kernel, **keywords)
    assert y.shape == g.output_shape
    for linear in (
        conv_matrix(kernel, g.input_shape, **keywords),
        conv_operator(kernel, g.input_shape, **keywords),
    ):
        assert np.array_equal(linear @ image.ravel(), y.ravel())
